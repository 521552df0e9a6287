//! What several adapters look for in an image: the marker file, and what archives hold.

use crate::{Identity, Looked, Sign, adapter::MARKER_FILE};
use ocipick_corpus::unpacked;
use std::io::{self, Read};

/// How much of a layer is read at most. Built-in layers have a few kilobytes; a foreign one
/// may be huge, and its marker would be near the front if it had one.
const LAYER_LIMIT: u64 = 64 << 20;

/// The marker in a layer or an exported root file system, compressed or not.
///
/// `Ok(None)` is an archive without marker.
pub(super) fn marker_in_tar(archive: impl Read) -> io::Result<Option<String>> {
    let buffered = io::BufReader::new(archive.take(LAYER_LIMIT));
    marker_in_plain_tar(unpacked(buffered)?)
}

fn marker_in_plain_tar(archive: impl Read) -> io::Result<Option<String>> {
    let mut archive = tar::Archive::new(archive);
    for entry in archive.entries()? {
        let entry = entry?;
        let path = entry.path()?.to_string_lossy().into_owned();
        let path = path.trim_start_matches("./").trim_start_matches('/');
        // `docker cp` names the file alone.
        if path == MARKER_FILE || path == "child" {
            return marker_text(entry).map(Some);
        }
    }
    Ok(None)
}

/// The marker, as text, from the file that holds it.
pub(super) fn marker_text(file: impl Read) -> io::Result<String> {
    let mut text = String::new();
    file.take(4096).read_to_string(&mut text)?;
    Ok(text.trim_end_matches('\n').to_owned())
}

/// What a look at several signs amounts to: something seen, or nothing in these words.
pub(super) fn looked(signs: Vec<Sign>, otherwise: &str) -> Looked {
    if signs.is_empty() {
        Looked::Absent(otherwise.to_owned())
    } else {
        Looked::Seen(signs)
    }
}

/// A sign, in one line.
pub(super) fn sign(source: &'static str, identity: Identity) -> Sign {
    Sign { source, identity }
}

/// A config digest with its algorithm, which some tools leave out.
pub(super) fn with_algorithm(digest: &str) -> String {
    if digest.contains(':') {
        digest.to_owned()
    } else {
        format!("sha256:{digest}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tar_of(path: &str, content: &str) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder
            .append_data(&mut header, path, content.as_bytes())
            .unwrap();
        builder.into_inner().unwrap()
    }

    #[test]
    fn markers_are_found_in_every_wrapping() {
        use std::io::Write as _;
        let plain = tar_of("ocipick/child", "a/b c\n");
        assert_eq!(marker_in_tar(&*plain).unwrap().unwrap(), "a/b c");
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&plain).unwrap();
        assert_eq!(
            marker_in_tar(&*gzip.finish().unwrap()).unwrap().unwrap(),
            "a/b c"
        );
        assert_eq!(marker_in_tar(&*tar_of("child", "x")).unwrap().unwrap(), "x");
        assert_eq!(marker_in_tar(&*tar_of("etc/passwd", "x")).unwrap(), None);
    }

    #[test]
    fn garbage_is_no_archive() {
        assert!(
            marker_in_tar(&b"this is no archive, and long enough to be read as one"[..]).is_err()
        );
    }
}
