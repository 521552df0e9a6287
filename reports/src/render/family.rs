//! How a family is named above its rows.

use crate::text;

/// What stands above the rows of a family, and what follows it where that says more. An id and a
/// title that say the same are said once.
pub(crate) fn heading(id: &str, title: &str) -> (String, Option<String>) {
    let (id, title) = (text::line(id), text::line(title));
    let letters = |text: &str| -> String {
        let letters = text.chars().filter(|c| c.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    match (id.is_empty(), title.is_empty()) {
        (true, true) => ("Layouts".to_owned(), None),
        (true, false) => (title, None),
        (false, true) => (id, None),
        (false, false) if letters(&title).contains(&letters(&id)) => (title, None),
        (false, false) => (id, Some(title)),
    }
}

#[cfg(test)]
mod tests {
    use super::heading;

    #[test]
    fn a_family_is_named_once() {
        let of = |id: &str, title: &str| {
            let (heading, note) = heading(id, title);
            (heading, note.unwrap_or_default())
        };
        let both = |heading: &str, note: &str| (heading.to_owned(), note.to_owned());
        assert_eq!(
            of("missing", "Missing content"),
            both("Missing content", "")
        );
        assert_eq!(of("schema1", "Schema 1"), both("Schema 1", ""));
        assert_eq!(of("scale", "Large indexes"), both("scale", "Large indexes"));
        assert_eq!(of("", ""), both("Layouts", ""));
    }
}
