//! The marker of a child, read back out of its layers.

use crate::unpack::unpacked;
use std::io::Read;

/// Where the marker lies in the root file system of a child.
const MARKER_PATH: &str = "ocipick/child";
const FOLDER: &str = "ocipick";
/// Foreign layers can be huge, and their markers, if they have any, are small.
const ENTRY_LIMIT: u64 = 4096;
/// How much of a layer is unpacked in search of a marker: a bomb has no end.
const LAYER_LIMIT: u64 = 1 << 30;

/// What a layer says of the marker.
#[derive(Debug, PartialEq, Eq)]
enum Says {
    /// It has one, a regular file.
    Marker(String),
    /// What layers below it have is not seen any more, and it has none itself.
    Hidden,
    /// Nothing.
    Nothing,
}

/// The marker that the root file system of these layers has, so that a foreign layout which was
/// copied from a built-in case is recognised by what its images contain. Only a regular file is one:
/// a link could lead anywhere.
pub(crate) fn marker_in<'a>(layers: impl DoubleEndedIterator<Item = &'a [u8]>) -> Option<String> {
    for layer in layers.rev() {
        // What cannot be read as an archive has no marker; the blob is served all the same.
        let says = unpacked(layer).map_or(Says::Nothing, said_by_tar);
        match says {
            Says::Marker(text) => return Some(text),
            Says::Hidden => return None,
            Says::Nothing => {}
        }
    }
    None
}

fn said_by_tar(archive: impl Read) -> Says {
    let mut archive = tar::Archive::new(archive.take(LAYER_LIMIT));
    let mut says = Says::Nothing;
    let Ok(entries) = archive.entries() else {
        return says;
    };
    // The last entry of a path counts, as for whoever unpacks them one after the other.
    for entry in entries {
        let Ok(entry) = entry else { break };
        let Ok(path) = entry.path() else { break };
        let path = path.to_string_lossy().into_owned();
        let path = path.trim_start_matches("./").trim_start_matches('/');
        let kind = entry.header().entry_type();
        let path = path.trim_end_matches('/');
        match path {
            MARKER_PATH if kind.is_file() => {
                let mut text = String::new();
                says = match entry.take(ENTRY_LIMIT).read_to_string(&mut text) {
                    Ok(_) => Says::Marker(text.trim_end_matches('\n').to_owned()),
                    Err(_) => Says::Hidden,
                };
            }
            MARKER_PATH
            | "ocipick/.wh.child"
            | "ocipick/.wh..wh..opq"
            | ".wh.ocipick"
            | ".wh..wh..opq" => says = says.or_hidden(path == MARKER_PATH),
            FOLDER if !kind.is_dir() => says = Says::Hidden,
            _ => {}
        }
    }
    says
}

impl Says {
    /// What is said once there is a whiteout, which hides only what lies below its layer, or another
    /// kind of file in the place of the marker.
    fn or_hidden(self, in_its_place: bool) -> Self {
        match self {
            Self::Marker(text) if !in_its_place => Self::Marker(text),
            Self::Marker(_) | Self::Hidden | Self::Nothing => Self::Hidden,
        }
    }
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

    /// An archive of entries: a name, what kind it is, and what it holds or leads to.
    fn layer(entries: &[(&str, tar::EntryType, &str)]) -> Vec<u8> {
        let mut archive = tar::Builder::new(Vec::new());
        for (name, kind, content) in entries {
            let mut header = tar::Header::new_ustar();
            header.set_path(name).unwrap();
            header.set_entry_type(*kind);
            header.set_mode(0o644);
            let mut bytes = content.as_bytes();
            if matches!(kind, tar::EntryType::Symlink | tar::EntryType::Link) {
                header.set_link_name(content).unwrap();
                bytes = b"";
            }
            header.set_size(bytes.len() as u64);
            header.set_cksum();
            archive.append(&header, bytes).unwrap();
        }
        archive.into_inner().unwrap()
    }

    #[test]
    fn only_a_regular_file_that_no_layer_above_hides_is_a_marker() {
        use tar::EntryType::{Directory, Fifo, Link, Regular, Symlink};
        let base = layer(&[
            ("ocipick/", Directory, ""),
            ("ocipick/child", Regular, "a\n"),
        ]);
        let seen = |above: &[(&str, tar::EntryType, &str)]| {
            let above = layer(above);
            marker_in([base.as_slice(), above.as_slice()].into_iter())
        };
        let below = Some("a".to_owned());
        assert_eq!(seen(&[]), below);
        assert_eq!(seen(&[("ocipick/", Directory, "")]), below);
        assert_eq!(seen(&[("child", Regular, "x")]), below);
        assert_eq!(
            seen(&[("./ocipick/child", Regular, "b")]),
            Some("b".to_owned())
        );
        assert_eq!(seen(&[("ocipick/child", Regular, "")]), Some(String::new()));
        for hidden in [
            ("ocipick/child", Symlink, "/etc/shadow"),
            ("ocipick/child", Link, "etc/shadow"),
            ("ocipick/child", Fifo, ""),
            ("ocipick/child/", Directory, ""),
            ("ocipick", Regular, "x"),
            ("ocipick", Symlink, "etc"),
            ("ocipick/.wh.child", Regular, ""),
            ("ocipick/.wh..wh..opq", Regular, ""),
            (".wh.ocipick", Regular, ""),
        ] {
            assert_eq!(seen(&[hidden]), None, "{hidden:?}");
            let also = [("ocipick/child", Regular, "b"), hidden];
            let is_whiteout = hidden.0.contains(".wh.");
            assert_eq!(seen(&also).is_some(), is_whiteout, "{hidden:?}");
        }
    }
}
