//! Where pages and their parts are: addresses that stay the same from one site to the next.
//!
//! Ids of built-in cases, clauses and tools stand in addresses as they are. Whatever else an id
//! holds (foreign layouts may be called anything) is replaced, and a digest of the whole id is added,
//! so that no two ids share an address, and no id leads out of the site.

use ocipick_corpus::{Algorithm, Digest};

/// How many characters of an id stand in an address.
const LONGEST: usize = 80;
/// How many digits of a digest tell ids apart.
const DIGITS: usize = 12;

/// A part of an address: no separator, nothing that is written in another way in a URL, and no
/// letters that a file system might take for each other.
pub(crate) fn part(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| if is_plain(c) { c } else { '-' })
        .take(LONGEST)
        .collect();
    let hidden = plain.starts_with('.') || plain.ends_with('.');
    if plain == text && !plain.is_empty() && !hidden {
        return plain;
    }
    let digest = Digest::of(Algorithm::Sha256, text.as_bytes());
    let digits = digest.as_str().split_once(':').map_or("", |(_, hex)| hex);
    let digits = digits.get(..DIGITS).unwrap_or(digits);
    format!("{}-{digits}", plain.trim_matches('.'))
}

fn is_plain(c: char) -> bool {
    matches!(c, 'a'..='z' | '0'..='9' | '.' | '_' | '-' | '+' | '@' | '~')
}

/// The parts of an id with slashes, as a path.
pub(crate) fn parts(text: &str) -> String {
    let parts: Vec<String> = text.split('/').map(part).collect();
    parts.join("/")
}

/// A page below a folder.
pub(crate) fn page(folder: &str, id: &str) -> String {
    format!("{folder}/{}.html", parts(id))
}

/// The way from a page to the top of the site: empty, or `../` as often as needed.
pub(crate) fn root(path: &str) -> String {
    "../".repeat(path.matches('/').count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_ids_stand_as_they_are() {
        assert_eq!(
            page("case", "duplicates/two-entries"),
            "case/duplicates/two-entries.html"
        );
        assert_eq!(
            page("runtime", "docker@28.5.2+containerd-store"),
            "runtime/docker@28.5.2+containerd-store.html"
        );
        assert_eq!(root("case/duplicates/two-entries.html"), "../../");
        assert_eq!(root("index.html"), "");
    }

    #[test]
    fn no_id_leads_out_of_the_site_or_onto_another_page() {
        for odd in [
            "..", ".", "", "a b", "A", "a#b", "é", "%2e", "a\\b", ".hidden", "a.",
        ] {
            let part = part(odd);
            assert!(
                !part.is_empty() && !part.starts_with('.'),
                "{odd:?}: {part}"
            );
            assert!(part.chars().all(is_plain), "{odd:?}: {part}");
        }
        assert_eq!(parts("../../etc/passwd").matches("..").count(), 0);
        assert_ne!(part("a b"), part("a?b"));
        assert_ne!(part("A"), part("a"));
        assert!(part(&"x".repeat(1000)).len() < 120);
    }
}
