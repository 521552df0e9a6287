//! Ids that no case may have.

use crate::digest::hex;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;

/// The file of the built-in ones.
const BUILT_IN: &str = include_str!("../reserved.txt");

/// Ids that no case may have, each known by the SHA-256 of its text alone.
///
/// An id says what the case is, so that a list of ids would say what is not there. Why one is reserved
/// is not recorded: it was given to a case that is no more, it is kept for one to come, or the line
/// only fills the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReservedIds(BTreeSet<String>);

impl ReservedIds {
    /// Reads a file with one SHA-256 in hexadecimal digits on each line, and comments after `#`. What is
    /// no such line is no id, so that a mistake is found by [`ReservedIds::mistakes`].
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self(lines(text).map(str::to_owned).collect())
    }

    /// Those of the built-in corpus, `corpus/reserved.txt`.
    #[must_use]
    pub fn built_in() -> Self {
        Self::parse(BUILT_IN)
    }

    /// Whether this id is reserved.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        !self.0.is_empty() && self.0.contains(&hex(&Sha256::digest(id.as_bytes())))
    }

    /// The lines that are no SHA-256.
    #[must_use]
    pub fn mistakes(&self) -> Vec<&str> {
        let is_hash = |line: &str| {
            line.len() == 64 && line.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
        };
        let lines = self.0.iter().map(String::as_str);
        lines.filter(|line| !is_hash(line)).collect()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_known_by_its_hash_alone() {
        // printf %s a/b | sha256sum
        let hash = "c14cddc033f64b9dea80ea675cf280a015e672516090a5626781153dc68fea11";
        let reserved = ReservedIds::parse(&format!("# why: never\n\n{hash}\n"));
        assert!(reserved.has("a/b"));
        assert!(!reserved.has("a/c") && !reserved.has(hash));
        assert_eq!(reserved.mistakes(), Vec::<&str>::new());
        assert_eq!(ReservedIds::parse("a/b").mistakes(), ["a/b"]);
        assert!(!ReservedIds::default().has("a/b"));
    }

    /// The file is as long as it always was, so that its length says nothing.
    #[test]
    fn the_file_says_nothing_but_hashes() {
        let reserved = ReservedIds::built_in();
        assert_eq!(reserved.mistakes(), Vec::<&str>::new());
        assert_eq!(reserved.len(), 32);
        let sorted: Vec<&str> = reserved.0.iter().map(String::as_str).collect();
        assert_eq!(lines(BUILT_IN).collect::<Vec<_>>(), sorted);
    }
}
