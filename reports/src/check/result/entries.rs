//! The entries of an index that lead to two children, side by side.

use ocipick_corpus::Case;
use serde_json::Value;
use similar::{ChangeTag, TextDiff};
use std::fmt::Write as _;

/// The entries that lead to two children, as a difference from the first to the second. Nothing
/// where there is no such child, or no entry that can be read.
pub(super) fn difference(case: &Case, from: &str, to: &str) -> Option<String> {
    let left = entry(case, from)?;
    let right = entry(case, to)?;
    let mut text = format!("--- the entry of {from}\n+++ the entry of {to}\n");
    for change in TextDiff::from_lines(&left, &right).iter_all_changes() {
        let sign = match change.tag() {
            ChangeTag::Equal => ' ',
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
        };
        let _ = writeln!(text, "{sign} {}", change.value().trim_end_matches('\n'));
    }
    Some(text)
}

/// The first entry that leads to a child, in whichever index, and where it stands.
fn entry(case: &Case, child: &str) -> Option<String> {
    let digest = case.child(child)?.manifest.as_str();
    std::iter::once(&case.index)
        .chain(&case.documents)
        .find_map(|document| {
            let index: Value = serde_json::from_slice(&document.bytes).ok()?;
            let entries = index.get("manifests")?.as_array()?;
            let place = entries
                .iter()
                .position(|entry| entry.get("digest").and_then(Value::as_str) == Some(digest))?;
            let entry = serde_json::to_string_pretty(entries.get(place)?).ok()?;
            Some(format!("manifests[{place}]\n{entry}\n"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocipick_corpus::Corpus;

    #[test]
    fn two_entries_are_shown_as_a_difference() {
        let corpus = Corpus::built_in().unwrap();
        let case = corpus
            .get(&"duplicates/two-entries".parse().unwrap())
            .unwrap();
        let text = difference(case, "first", "second").unwrap();
        insta::assert_snapshot!("entries-of-two-children", text);
        assert_eq!(difference(case, "first", "third"), None);
        let nested = corpus.get(&"nested/before-flat-with-platform".parse().unwrap());
        let text = difference(nested.unwrap(), "inner", "flat").unwrap();
        assert!(
            text.contains("- manifests[0]") && text.contains("+ manifests[1]"),
            "{text}"
        );
    }
}
