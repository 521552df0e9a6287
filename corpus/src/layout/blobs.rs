//! The blobs of a layout: files that are named by their digests.

use super::{
    error::{LayoutError, LayoutErrorKind},
    limit::Budget,
};
use crate::{Digest, digest::hex};
use ocipick_records::{FileError, Root};
use sha2::{Digest as _, Sha384, Sha512};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Every blob of a layout, by its digest.
#[derive(Debug)]
pub(crate) struct Blobs(BTreeMap<String, Arc<[u8]>>);

/// A file among the blobs.
pub(crate) struct BlobFile {
    /// Its path below the layout.
    pub(crate) path: PathBuf,
    /// The digest that its place stands for.
    pub(crate) claimed: String,
}

/// Every file below `blobs` that stands for a digest, in the order of their names. A layout without
/// that folder has none.
pub(crate) fn places(root: &Root) -> Result<Vec<BlobFile>, LayoutError> {
    let text = |name: &Path| name.to_string_lossy().into_owned();
    let names = |folder: &Path| {
        let wrong = |error| LayoutError::file(&root.path().join(folder), error);
        root.names(folder).map_err(wrong)
    };
    let blobs = Path::new("blobs");
    let mut places = Vec::new();
    for algorithm in names(blobs)? {
        let folder = blobs.join(&algorithm);
        let files = match root.names(&folder) {
            Ok(files) => files,
            // A file beside the folders of the algorithms is no blob.
            Err(FileError::System(error)) if error.kind() == std::io::ErrorKind::NotADirectory => {
                continue;
            }
            Err(error) => return Err(LayoutError::file(&root.path().join(&folder), error)),
        };
        for file in files {
            // Tools leave hidden files of their own here, half-written ones among them.
            if !text(&file).starts_with('.') {
                places.push(BlobFile {
                    path: folder.join(&file),
                    claimed: format!("{}:{}", text(&algorithm), text(&file)),
                });
            }
        }
    }
    Ok(places)
}

impl Blobs {
    /// Reads every blob of a layout, and holds each against its name.
    pub(crate) fn read(root: &Root, budget: &mut Budget) -> Result<Self, LayoutError> {
        let mut blobs = BTreeMap::new();
        for BlobFile { path, claimed } in places(root)? {
            let whole = root.path().join(&path);
            let bytes = match root.read(&path, budget.left()) {
                Ok(bytes) => bytes,
                Err(error) if error.is_directory() => continue,
                Err(FileError::TooLarge { size, .. }) => {
                    let kind = budget.exceeded(size);
                    return Err(LayoutError::new(&whole, kind));
                }
                Err(error) => return Err(LayoutError::file(&whole, error)),
            };
            budget.spend(bytes.len());
            let algorithm = claimed.split(':').next().unwrap_or_default();
            if let Some(actual) = computed(algorithm, &bytes)
                && actual != claimed
            {
                let kind = LayoutErrorKind::WrongBlob { actual };
                return Err(LayoutError::new(&whole, kind));
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
