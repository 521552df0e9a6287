//! The blobs of a layout: files that are named by their digests.

use super::error::{LayoutError, LayoutErrorKind};
use crate::{Digest, digest::hex};
use sha2::{Digest as _, Sha384, Sha512};
use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

/// Every blob of a layout, by its digest.
pub(crate) struct Blobs(BTreeMap<String, Arc<[u8]>>);

impl Blobs {
    /// Reads every blob below `blobs`, and holds each against its name. A layout without that
    /// folder has none.
    pub(crate) fn read(folder: &Path) -> Result<Self, LayoutError> {
        let mut blobs = BTreeMap::new();
        if !folder.is_dir() {
            return Ok(Self(blobs));
        }
        let files = walkdir::WalkDir::new(folder)
            .follow_links(true)
            .min_depth(2)
            .max_depth(2)
            .sort_by_file_name();
        for entry in files {
            let entry = entry.map_err(|error| LayoutError::walk(folder, error))?;
            let path = entry.path();
            let name = |part: Option<&std::ffi::OsStr>| {
                part.map(|part| part.to_string_lossy().into_owned())
                    .unwrap_or_default()
            };
            let encoded = name(path.file_name());
            let algorithm = name(path.parent().and_then(Path::file_name));
            // Tools leave hidden files of their own here, half-written ones among them.
            if !entry.file_type().is_file() || encoded.starts_with('.') {
                continue;
            }
            let bytes = fs::read(path).map_err(|error| LayoutError::unreadable(path, error))?;
            let claimed = format!("{algorithm}:{encoded}");
            if let Some(actual) = computed(&algorithm, &bytes)
                && actual != claimed
            {
                let kind = LayoutErrorKind::WrongBlob { actual };
                return Err(LayoutError::new(path, kind));
            }
            blobs.insert(claimed, bytes.into());
        }
        Ok(Self(blobs))
    }

    /// The blob of that digest.
    pub(crate) fn get(&self, digest: &str) -> Option<&Arc<[u8]>> {
        self.0.get(digest)
    }

    /// Every blob, in the order of their digests.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Arc<[u8]>)> {
        self.0
            .iter()
            .map(|(digest, bytes)| (digest.as_str(), bytes))
    }
}

/// The digest of the algorithms that the image specification registers; what others come to
/// cannot be known here, and is taken as it is.
fn computed(algorithm: &str, bytes: &[u8]) -> Option<String> {
    match algorithm {
        "sha256" => Some(Digest::sha256(bytes).as_str().to_owned()),
        "sha384" => Some(format!("sha384:{}", hex(&Sha384::digest(bytes)))),
        "sha512" => Some(format!("sha512:{}", hex(&Sha512::digest(bytes)))),
        _ => None,
    }
}

/// Where a blob lies in a layout; nothing where its digest would lead elsewhere.
pub(crate) fn path(digest: &Digest) -> Option<String> {
    let plain = |part: &str| {
        let letter =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '.' | '_' | '-' | '=');
        !part.is_empty() && !part.starts_with('.') && part.chars().all(letter)
    };
    let (algorithm, encoded) = (digest.algorithm()?, digest.encoded());
    (plain(algorithm) && plain(encoded)).then(|| format!("blobs/{algorithm}/{encoded}"))
}
