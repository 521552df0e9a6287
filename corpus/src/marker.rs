//! The marker of a child, read back out of its layers.

use crate::unpack::unpacked;
use std::io::Read;

/// Where the marker lies in the root file system of a child.
const MARKER_PATH: &str = "ocipick/child";
/// Foreign layers can be huge, and their markers, if they have any, are small.
const ENTRY_LIMIT: u64 = 4096;

/// The marker in the topmost of `layers` that has one, so that a foreign layout which was
/// copied from a built-in case is recognised by what its images contain.
pub(crate) fn marker_in<'a>(layers: impl DoubleEndedIterator<Item = &'a [u8]>) -> Option<String> {
    layers
        .rev()
        .find_map(|layer| marker_in_tar(unpacked(layer).ok()?))
}

fn marker_in_tar(archive: impl Read) -> Option<String> {
    let mut archive = tar::Archive::new(archive);
    // What cannot be read as an archive has no marker; the blob is served all the same.
    for entry in archive.entries().ok()? {
        let entry = entry.ok()?;
        let path = entry.path().ok()?.to_string_lossy().into_owned();
        if path.trim_start_matches("./").trim_start_matches('/') == MARKER_PATH {
            let mut text = String::new();
            entry.take(ENTRY_LIMIT).read_to_string(&mut text).ok()?;
            return Some(text.trim_end_matches('\n').to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Corpus;

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
        assert_eq!(marker_in(layers.into_iter()), child.marker);
    }

    #[test]
    fn what_is_no_archive_has_no_marker() {
        assert_eq!(
            marker_in([&b"not an archive"[..], &[0x1f, 0x8b, 0, 0]].into_iter()),
            None
        );
    }
}
