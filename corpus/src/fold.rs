//! Which keys of JSON objects are one key for readers that do not mind the case.

/// Whether Go's encoding/json, which most tools read with, takes the two for one key. It folds by
/// Unicode's simple folding, in which two characters beyond ASCII are letters of ASCII: U+017F, the
/// long s, and U+212A, the sign of the kelvin.
pub(crate) fn is_same_key(one: &str, other: &str) -> bool {
    one.chars().map(folded).eq(other.chars().map(folded))
}

/// A key as it is when its letters are folded, for sets of keys.
pub(crate) fn folded_key(key: &str) -> String {
    key.chars().map(folded).collect()
}

fn folded(c: char) -> char {
    match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        other => {
            // Simple folding is one character to one; what is lower-cased to several stays.
            let mut lower = other.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(lower), None) => lower,
                _ => other,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_fold_as_go_folds_them() {
        for (one, other) in [
            ("manifests", "MANIFESTS"),
            ("manifests", "manife\u{17f}t\u{17f}"),
            ("key", "\u{212a}ey"),
            ("\u{e4}", "\u{c4}"),
        ] {
            assert!(is_same_key(one, other), "{one} {other}");
            assert_eq!(folded_key(one), folded_key(other));
        }
        for (one, other) in [
            ("manifests", "manifest"),
            ("digest", "d\u{131}gest"),
            ("digest", "d\u{130}gest"),
            ("size", "\u{df}ize"),
        ] {
            assert!(!is_same_key(one, other), "{one} {other}");
        }
    }
}
