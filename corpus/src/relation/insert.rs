//! Where something can be inserted into an index without touching what is there.

use crate::fold::{folded_key, is_same_key};
use std::{collections::BTreeSet, ops::Range};

/// An index that is plain enough for it to be clear where something belongs.
#[derive(Debug)]
pub(super) struct Plain<'a> {
    bytes: &'a [u8],
    /// The whole index, from its brace to its brace.
    root: Object,
    entries: Vec<Object>,
    /// Whether each entry names an operating system and an architecture.
    pub(super) entries_have_platforms: bool,
}

/// An object: where it lies, and its members.
#[derive(Debug)]
struct Object {
    at: Range<usize>,
    members: Vec<(String, Range<usize>)>,
}

/// What is put in after which byte.
type Insertion = (usize, String);

impl<'a> Plain<'a> {
    /// Reads an index, as far as that is needed; why it is not plain, otherwise.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, &'static str> {
        // What follows may now rely on the grammar.
        if serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_err() {
            return Err("its index is no plain JSON");
        }
        let root = object(bytes, skip_space(bytes, 0)).ok_or("its index is no object")?;
        if !root.has_distinct_keys() {
            return Err("its index has a key twice");
        }
        let list = root
            .get("manifests")
            .filter(|list| bytes[list.start] == b'[')
            .ok_or("its index has no array of manifests")?;
        let entries = items(bytes, list.start)
            .into_iter()
            .map(|item| object(bytes, item.start))
            .collect::<Option<Vec<Object>>>()
            .ok_or("an entry is no object")?;
        if entries.is_empty() {
            return Err("its index has no entries");
        }
        if !entries.iter().all(Object::has_distinct_keys) {
            return Err("an entry has a key twice");
        }
        let has_platform = |entry: &Object| {
            let platform = entry.get("platform")?;
            let platform = object(bytes, platform.start)?;
            let is_word = |key| {
                let value = platform.get(key)?;
                let text: String = serde_json::from_slice(&bytes[value]).ok()?;
                (!text.is_empty()).then_some(())
            };
            is_word("os").and_then(|()| is_word("architecture"))
        };
        let entries_have_platforms = entries.iter().all(|entry| has_platform(entry).is_some());
        Ok(Self {
            bytes,
            root,
            entries,
            entries_have_platforms,
        })
    }

    pub(super) fn with_first_entry(&self, entry: &str) -> Vec<u8> {
        self.with(&[(self.entries[0].at.start, format!("{entry},\n    "))])
    }

    pub(super) fn with_last_entry(&self, entry: &str) -> Vec<u8> {
        let last = &self.entries[self.entries.len() - 1];
        self.with(&[(last.at.end, format!(",\n    {entry}"))])
    }

    /// The index with one more member, unless it has one of that name.
    pub(super) fn with_member(&self, key: &str, value: &str) -> Result<Vec<u8>, &'static str> {
        Ok(self.with(&[self.root.member(key, value)?]))
    }

    /// The same for each entry.
    pub(super) fn with_member_of_entries(
        &self,
        key: &str,
        value: &str,
    ) -> Result<Vec<u8>, &'static str> {
        let insertions = self.entries.iter().map(|entry| entry.member(key, value));
        Ok(self.with(&insertions.collect::<Result<Vec<_>, _>>()?))
    }

    /// The bytes with all of this inserted; the places ascend.
    fn with(&self, insertions: &[Insertion]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut done = 0;
        for (at, text) in insertions {
            bytes.extend(&self.bytes[done..*at]);
            bytes.extend(text.as_bytes());
            done = *at;
        }
        bytes.extend(&self.bytes[done..]);
        bytes
    }
}

impl Object {
    fn get(&self, key: &str) -> Option<Range<usize>> {
        let mut members = self.members.iter();
        let (_, value) = members.find(|(name, _)| name == key)?;
        Some(value.clone())
    }

    /// Whether no key is there twice, in whatever letters: readers differ in what they make of it.
    fn has_distinct_keys(&self) -> bool {
        let names = self.members.iter().map(|(name, _)| folded_key(name));
        names.collect::<BTreeSet<_>>().len() == self.members.len()
    }

    /// One more member behind the last.
    fn member(&self, key: &str, value: &str) -> Result<Insertion, &'static str> {
        let has_it = |(name, _): &(String, _)| is_same_key(name, key);
        if self.members.iter().any(has_it) {
            return Err("it has such a member already");
        }
        let member = format!("\"{key}\":{value}");
        Ok(match self.members.last() {
            Some((_, last)) => (last.end, format!(",{member}")),
            None => (self.at.start + 1, member),
        })
    }
}

/// The object that begins at `start`; none where something else does.
fn object(bytes: &[u8], start: usize) -> Option<Object> {
    if bytes.get(start) != Some(&b'{') {
        return None;
    }
    let mut members = Vec::new();
    let mut at = skip_space(bytes, start + 1);
    while bytes.get(at) != Some(&b'}') {
        if bytes.get(at) == Some(&b',') {
            at = skip_space(bytes, at + 1);
        }
        let key_end = skip_value(bytes, at)?;
        let key = serde_json::from_slice(&bytes[at..key_end]).ok()?;
        let colon = skip_space(bytes, key_end);
        let value = skip_space(bytes, colon + 1);
        let end = skip_value(bytes, value)?;
        members.push((key, value..end));
        at = skip_space(bytes, end);
    }
    let at = start..at + 1;
    Some(Object { at, members })
}

/// The items of the array that begins at `start`.
fn items(bytes: &[u8], start: usize) -> Vec<Range<usize>> {
    let mut items = Vec::new();
    let mut at = skip_space(bytes, start + 1);
    while let Some(&byte) = bytes.get(at)
        && byte != b']'
    {
        if byte == b',' {
            at = skip_space(bytes, at + 1);
        }
        let Some(end) = skip_value(bytes, at) else {
            break;
        };
        items.push(at..end);
        at = skip_space(bytes, end);
    }
    items
}

fn skip_space(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let space = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    from + rest.iter().take_while(space).count()
}

/// Where the value ends that begins at `from`.
fn skip_value(bytes: &[u8], from: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = from;
    loop {
        match bytes.get(at)? {
            b'"' => at = skip_string(bytes, at)?,
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                at += 1;
            }
            b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' => at += 1,
            // A number, or a word.
            _ => {
                let rest = bytes.get(at..)?;
                let ends = |byte: &u8| b" \t\n\r,:]}".contains(byte);
                at += rest.iter().position(ends).unwrap_or(rest.len());
            }
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

fn skip_string(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}
