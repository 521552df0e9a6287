//! The marker of a child, read back out of its layers.
//!
//! One rule for everybody who looks: only a regular file at exactly this path is a marker, and of
//! several layers that say something of it the topmost is right. What a link at that path points to
//! is of no interest, wherever that is.

use crate::unpack::unpacked;
use std::{
    collections::BTreeMap,
    io::{BufRead, Read},
    path::{Component, Path, PathBuf},
};

/// Where the marker lies in the root file system of a child.
pub const MARKER_FILE: &str = "ocipick/child";
/// How long a marker is at most: the id of a case and the name of a child. What is longer is
/// something else.
pub const MARKER_LIMIT: u64 = 4096;

/// How much of all layers of an image is unpacked at most.
const IMAGE_LIMIT: u64 = 512 << 20;

/// How many other small files of a layer are remembered.
const OTHERS: usize = 4096;

/// What one layer says of the marker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InLayer {
    /// It has a marker, with this text.
    Marker(String),
    /// It takes away what layers below may have: by a whiteout, or by something else at that path.
    Hidden,
    /// It says nothing.
    Silent,
}

/// The text of a marker, from the file that holds it; `None` where it holds anything else.
#[must_use]
pub fn marker_text(file: impl Read) -> Option<String> {
    let mut bytes = Vec::new();
    file.take(MARKER_LIMIT + 1).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let is_short = u64::try_from(text.len()).is_ok_and(|length| length <= MARKER_LIMIT);
    let text = text.trim_end_matches('\n');
    (is_short && !text.is_empty()).then(|| text.to_owned())
}

/// What an archive says of the marker. It is read to its end, since of two entries at one path the
/// latter is right. What can be read only in part says what was read of it.
#[must_use]
pub fn marker_in_tar(archive: impl Read) -> InLayer {
    let mut archive = tar::Archive::new(archive);
    let (mut hidden, mut found) = (false, None);
    // What a hard link at that path could be: the same file by another name.
    let mut others = BTreeMap::new();
    let Ok(entries) = archive.entries() else {
        return InLayer::Silent;
    };
    for entry in entries {
        let Ok(entry) = entry else { break };
        let Some(path) = entry.path().ok().map(|path| plain(&path)) else {
            break;
        };
        let kind = entry.header().entry_type();
        // So archives said it before there was a type for it.
        let ends_as_dir = is_plain(kind) && entry.path_bytes().ends_with(b"/");
        let is_file = is_plain(kind) && !ends_as_dir;
        match path.to_str() {
            Some(MARKER_FILE) => {
                hidden = true;
                found = match entry.link_name().ok().flatten() {
                    Some(target) if kind == tar::EntryType::Link => {
                        others.get(&plain(&target)).cloned()
                    }
                    _ => is_file.then(|| marker_text(entry)).flatten(),
                };
            }
            // A directory is joined with the one below.
            Some("ocipick") if kind == tar::EntryType::Directory || ends_as_dir => {}
            Some("ocipick") => (hidden, found) = (true, None),
            // These take away what is below, and nothing of this layer.
            Some(".wh.ocipick" | ".wh..wh..opq" | "ocipick/.wh.child" | "ocipick/.wh..wh..opq") => {
                hidden = true;
            }
            Some(_) | None if is_file && entry.size() <= MARKER_LIMIT => {
                if let Some(text) = marker_text(entry).filter(|_| others.len() < OTHERS) {
                    others.insert(path, text);
                }
            }
            Some(_) | None => {}
        }
    }
    match found {
        Some(text) => InLayer::Marker(text),
        None if hidden => InLayer::Hidden,
        None => InLayer::Silent,
    }
}

fn is_plain(kind: tar::EntryType) -> bool {
    matches!(kind, tar::EntryType::Regular | tar::EntryType::Continuous)
}

/// A path as it is below a root, whatever it is written like.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => plain.push(name),
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    plain
}

/// The marker of an image, from its layers: the topmost that says something is right. They are opened
/// from the topmost down, only as far as needed, and unpacked only as far as there is room.
#[must_use]
pub fn marker_in_layers<R: BufRead>(topmost_first: impl IntoIterator<Item = R>) -> Option<String> {
    let mut left = IMAGE_LIMIT;
    for layer in topmost_first {
        let Ok(unpacked) = unpacked(layer) else {
            continue;
        };
        let mut counted = Counted {
            inner: unpacked.take(left),
            read: 0,
        };
        match marker_in_tar(&mut counted) {
            InLayer::Marker(text) => return Some(text),
            InLayer::Hidden => return None,
            InLayer::Silent => left = left.saturating_sub(counted.read),
        }
    }
    None
}

/// Counts what is read.
struct Counted<R> {
    inner: R,
    read: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(into)?;
        self.read += u64::try_from(read).unwrap_or(u64::MAX);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Corpus;
    use tar::EntryType::{self, Block, Char, Directory, Fifo, Link, Regular, Symlink};

    /// An archive of entries: path, kind, and text or target.
    fn tar_of(entries: &[(&str, EntryType, &str)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, kind, content) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(*kind);
            header.set_mode(0o644);
            let is_file = *kind == Regular;
            header.set_size(if is_file { content.len() as u64 } else { 0 });
            // As it is written, where `set_path` would refuse.
            let name = &mut header.as_old_mut().name;
            name[..path.len()].copy_from_slice(path.as_bytes());
            if !is_file {
                header.set_link_name_literal(content).unwrap();
            }
            header.set_cksum();
            let bytes = if is_file { content.as_bytes() } else { &[] };
            builder.append(&header, bytes).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn says(entries: &[(&str, EntryType, &str)]) -> InLayer {
        marker_in_tar(&*tar_of(entries))
    }

    fn marker(text: &str) -> InLayer {
        InLayer::Marker(text.to_owned())
    }

    #[test]
    fn the_marker_of_a_built_in_child_is_found_in_its_layers() {
        let corpus = Corpus::built_in().unwrap();
        let case = corpus
            .get(&"controls/multi-platform".parse().unwrap())
            .unwrap();
        let child = &case.children[0];
        let layers: Vec<&[u8]> = child
            .layers
            .iter()
            .filter_map(|layer| Some(case.content(layer.digest.as_str())?.0))
            .collect();
        assert_eq!(marker_in_layers(layers), child.marker);
    }

    #[test]
    fn what_is_no_archive_has_no_marker() {
        let layers = [&b"not an archive"[..], &[0x1f, 0x8b, 0, 0]];
        assert_eq!(marker_in_layers(layers), None);
    }

    #[test]
    fn a_marker_is_found_however_its_path_is_written_and_nowhere_else() {
        for path in [
            "ocipick/child",
            "./ocipick/child",
            "/ocipick//child",
            "a/../ocipick/./child",
        ] {
            assert_eq!(
                says(&[(path, Regular, "a/b c\n")]),
                marker("a/b c"),
                "{path}"
            );
        }
        for path in [
            "child",
            "ocipick/child/x",
            "x/ocipick/child",
            "ocipick/children",
        ] {
            assert_eq!(says(&[(path, Regular, "a/b c")]), InLayer::Silent, "{path}");
        }
    }

    #[test]
    fn only_a_regular_file_with_a_short_text_is_a_marker() {
        for kind in [Symlink, Link, Fifo, Char, Block, Directory] {
            let entry = ("ocipick/child", kind, "/etc/hostname");
            assert_eq!(says(&[entry]), InLayer::Hidden, "{kind:?}");
        }
        let long = "x".repeat(5000);
        for text in ["", "\n\n", &long] {
            let entry = ("ocipick/child", Regular, text);
            assert_eq!(says(&[entry]), InLayer::Hidden, "{} bytes", text.len());
        }
        assert_eq!(marker_text(&b"\xff\xfe"[..]), None);
        assert_eq!(marker_text(std::io::repeat(b'x')), None);
    }

    /// It is no link, but a file with two names, and nobody can tell which was the first.
    #[test]
    fn a_hard_link_is_the_file_that_it_shares() {
        let (file, link) = (("etc/x", Regular, "hi"), ("ocipick/child", Link, "./etc/x"));
        assert_eq!(says(&[file, link]), marker("hi"));
        assert_eq!(says(&[link, file]), InLayer::Hidden);
    }

    #[test]
    fn the_latter_of_two_entries_is_right() {
        let (text, link) = (
            ("ocipick/child", Regular, "x"),
            ("ocipick/child", Symlink, "/etc/hostname"),
        );
        assert_eq!(says(&[link, text]), marker("x"));
        assert_eq!(says(&[text, link]), InLayer::Hidden);
        assert_eq!(says(&[text, ("ocipick", Symlink, "/")]), InLayer::Hidden);
        assert_eq!(says(&[("ocipick", Regular, "x")]), InLayer::Hidden);
        assert_eq!(says(&[("ocipick", Directory, "")]), InLayer::Silent);
    }

    #[test]
    fn of_layers_the_topmost_that_says_something_is_right() {
        let text = |text| tar_of(&[("ocipick/child", Regular, text)]);
        let without = |path| tar_of(&[(path, Regular, "")]);
        let other = tar_of(&[("etc/passwd", Regular, "x")]);
        let of = |layers: &[&[u8]]| marker_in_layers(layers.iter().copied().rev());
        assert_eq!(of(&[&text("a"), &text("b"), &other]).unwrap(), "b");
        for path in [
            ".wh.ocipick",
            ".wh..wh..opq",
            "ocipick/.wh.child",
            "ocipick/.wh..wh..opq",
        ] {
            assert_eq!(of(&[&text("a"), &without(path), &other]), None, "{path}");
            // Only what is below goes.
            let both = tar_of(&[("ocipick/child", Regular, "b"), (path, Regular, "")]);
            assert_eq!(of(&[&text("a"), &both]).unwrap(), "b", "{path}");
        }
        let link = tar_of(&[("ocipick", Symlink, "/etc")]);
        assert_eq!(of(&[&text("a"), &link]), None);
        // What broke off says what was read of it.
        let whole = tar_of(&[
            ("ocipick/child", Regular, "c"),
            ("x", Regular, &"x".repeat(600)),
        ]);
        assert_eq!(of(&[&whole[..whole.len() - 1500]]).unwrap(), "c");
    }
}
