//! The order of versions: one for everything that compares any.

use semver::Prerelease;
use std::cmp::Ordering;

/// Compares versions as people count them.
///
/// Numbers are compared as numbers, and what is left out is zero: `1.10` is `1.10.0`. A
/// pre-release comes before its release, and `rc.10` after `rc.2`, however they are written
/// (`-rc.10`, `-rc10`, `~rc10`). What was built after a version comes after it
/// (`1.2.3-12-gdeadbee`, `1.2.3_unknown`, `1.2.3+dfsg1`), and before the next; what Go calls by the date and the
/// hash of a commit comes before the release that it names (`1.2.4-0.20260131120000-0a1b2c3d4e5f`). What has no number
/// (`dev-0a1b2c3d`) comes after all that have one, because nobody builds an old one.
///
/// This is an order of what versions mean: two texts can be equal.
#[must_use]
pub fn compare_versions(left: &str, right: &str) -> Ordering {
    Parsed::of(left).cmp(&Parsed::of(right))
}

/// Whether a version is at least another one, by its release: a pre-release and a build of what is
/// not yet released are taken for the release that they lead to.
#[must_use]
pub fn is_at_least(version: &str, least: &str) -> bool {
    let (version, least) = (Parsed::of(version), Parsed::of(least));
    version.numbers.is_none() || version.numbers >= least.numbers
}

/// Whether a version is a release, and neither a pre-release nor a build after one or of none.
#[must_use]
pub fn is_release(version: &str) -> bool {
    let parsed = Parsed::of(version);
    parsed.numbers.is_some() && parsed.pre.is_none() && parsed.after.is_empty()
}

/// A number of any size: how many digits, and the digits, without leading zeros.
type Number<'a> = (usize, &'a str);

#[derive(PartialEq, Eq)]
struct Parsed<'a> {
    /// Without zeros at the end; `None` where there is no number at all.
    numbers: Option<Vec<Number<'a>>>,
    pre: Option<Prerelease>,
    /// What follows.
    after: Vec<Part<'a>>,
}

/// A part of what follows a version. The order of the variants is theirs.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
    Words(&'a str),
    Number(Number<'a>),
}

impl<'a> Parsed<'a> {
    fn of(version: &'a str) -> Self {
        let text = version.strip_prefix('v').unwrap_or(version);
        if !text.starts_with(|c: char| c.is_ascii_digit()) {
            return Self {
                numbers: None,
                pre: None,
                after: parts(version),
            };
        }
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
        let (numbers, rest) = text.split_at(end.unwrap_or(text.len()));
        let mut numbers: Vec<Number<'_>> = numbers.split('.').map(number).collect();
        while numbers.last().is_some_and(|number| number.0 == 0) {
            numbers.pop();
        }
        let (pre, after) = pre_release(rest);
        Self {
            numbers: Some(numbers),
            pre,
            after: parts(after),
        }
    }
}

impl PartialOrd for Parsed<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Parsed<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_numbers = match (&self.numbers, &other.numbers) {
            (Some(own), Some(others)) => own.cmp(others),
            // Whatever has no number is newer.
            (own, others) => others.is_some().cmp(&own.is_some()),
        };
        let by_pre = || match (&self.pre, &other.pre) {
            (Some(own), Some(others)) => own.cmp(others),
            // A release comes after its pre-releases.
            (own, others) => others.is_some().cmp(&own.is_some()),
        };
        by_numbers
            .then_with(by_pre)
            .then_with(|| self.after.cmp(&other.after))
    }
}

/// The pre-release at the beginning of what follows the numbers, and the rest.
fn pre_release(rest: &str) -> (Option<Prerelease>, &str) {
    let none = (None, rest);
    let Some(words) = rest.strip_prefix(['-', '~']) else {
        return none;
    };
    let is_word = words.starts_with(|c: char| c.is_ascii_alphabetic());
    if !is_word && !is_pseudo(words) && !rest.starts_with('~') {
        return none;
    }
    let end = words.find(|c: char| !c.is_ascii_alphanumeric() && c != '.');
    let (words, after) = words.split_at(end.unwrap_or(words.len()));
    match Prerelease::new(&spelled(words)) {
        Ok(pre) if !pre.is_empty() => (Some(pre), after),
        Ok(_) | Err(_) => none,
    }
}

/// Whether this begins as what Go calls the version of a commit: the commit comes before the release that the
/// numbers name (`1.2.4-0.20260131120000-0a1b2c3d4e5f`, `0.0.0-20260131120000-0a1b2c3d4e5f`).
fn is_pseudo(words: &str) -> bool {
    let dated = words.strip_prefix("0.").unwrap_or(words);
    let Some((date, commit)) = dated.split_once('-') else {
        return false;
    };
    let commit: Vec<char> = commit.chars().take(12).collect();
    date.len() == 14
        && date.chars().all(|c| c.is_ascii_digit())
        && commit.len() == 12
        && commit.iter().all(char::is_ascii_hexdigit)
}

/// A pre-release with a dot between words and numbers, and no zeros before numbers: `rc.4` of
/// `rc04`.
fn spelled(words: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    for part in words.split('.') {
        let mut rest = part;
        while let Some(first) = rest.chars().next() {
            let digits = first.is_ascii_digit();
            let end = rest.find(|c: char| c.is_ascii_digit() != digits);
            let (part, after) = rest.split_at(end.unwrap_or(rest.len()));
            parts.push(match part.trim_start_matches('0') {
                "" => "0".to_owned(),
                number if digits => number.to_owned(),
                _ => part.to_owned(),
            });
            rest = after;
        }
    }
    parts.join(".")
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let digits = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != digits);
        let (part, after) = rest.split_at(end.unwrap_or(rest.len()));
        parts.push(if digits {
            Part::Number(number(part))
        } else {
            Part::Words(part)
        });
        rest = after;
    }
    parts
}

fn number(digits: &str) -> Number<'_> {
    let digits = digits.trim_start_matches('0');
    (digits.len(), digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn versions_are_ordered_as_people_count_them() {
        let ordered = [
            "0.20.7",
            "0.20.7-12-gdeadbee",
            "0.20.7-12-gdeadbee-dirty",
            "0.20.8-0.20260130000000-ffffffffffff",
            "0.20.8-0.20260131000000-0a1b2c3d4e5f",
            "0.20.8-0.20260131000000-0a1b2c3d4e5f+dirty",
            "0.20.8-dev",
            "0.20.8-dev-3-gabc",
            "0.20.8",
            "1.6.20~ds1",
            "1.6.20",
            "1.6.20+dfsg1",
            "1.9.3",
            "1.10",
            "2.0.0-alpha",
            "2.0.0-beta.1",
            "2.0.0-rc.2",
            "2.0.0~rc4",
            "2.0.0-rc10",
            "2.0.0-rc.10-45-gabc.m",
            "2.0.0",
            "2.3.0-45-gabc.m",
            "2.4.2",
            "2.4.2_unknown",
            "10.0",
            "18446744073709551616.0",
            "dev-0a1b2c3d",
        ];
        for (at, left) in ordered.iter().enumerate() {
            for (to, right) in ordered.iter().enumerate() {
                assert_eq!(compare_versions(left, right), at.cmp(&to), "{left} {right}");
            }
        }
    }

    #[test]
    fn some_texts_are_one_version() {
        for (left, right) in [
            ("1.10", "1.10.0"),
            ("v1.10.0", "1.10"),
            ("1.0.0-rc.1", "1.0.0~rc1"),
            ("1.06", "1.6.0.0"),
        ] {
            assert_eq!(
                compare_versions(left, right),
                Ordering::Equal,
                "{left} {right}"
            );
        }
    }

    #[test]
    fn what_a_version_can_do_is_what_its_release_can_do() {
        assert!(is_at_least("24.0.0-rc.1", "24") && is_at_least("24.0.0-dev", "24"));
        assert!(is_at_least("1.6", "1.6.0") && !is_at_least("1.5.18", "1.6"));
        assert!(is_at_least("dev-0a1b2c3d", "24"));
        assert!(!is_at_least("9", "24"));
    }

    #[test]
    fn only_releases_are_releases() {
        assert!(is_release("0.20.7") && is_release("1.10"));
        for other in ["0.20.7-1-gabc", "1.0-rc.1", "2.4.2_unknown", "dev-0a1b2c3d"] {
            assert!(!is_release(other), "{other}");
        }
    }

    fn version() -> impl Strategy<Value = String> {
        prop_oneof![
            "[0-9]\\.[0-9]-(0\\.)?2026[0-9]{10}-[0-9a-f]{12}(\\+dirty)?",
            "[0-9]{1,2}(\\.[0-9]{1,2}){0,3}([-~+_.](rc|beta|dev|ds|g)?[.]?[0-9]{0,2}){0,3}",
            "dev-[0-9a-f]{8}",
            "\\PC{0,8}",
        ]
    }

    proptest! {
        #[test]
        fn the_order_is_total(a in version(), b in version(), c in version()) {
            use Ordering::{Equal, Greater, Less};
            prop_assert_eq!(compare_versions(&a, &a), Equal);
            prop_assert_eq!(compare_versions(&a, &b), compare_versions(&b, &a).reverse());
            let (ab, bc, ac) = (
                compare_versions(&a, &b),
                compare_versions(&b, &c),
                compare_versions(&a, &c),
            );
            if ab != Greater && bc != Greater {
                prop_assert_ne!(ac, Greater, "{} {} {}", a, b, c);
            }
            if ab == Less && bc == Less {
                prop_assert_eq!(ac, Less);
            }
            if ab == Equal {
                prop_assert_eq!(bc, ac);
            }
        }
    }
}
