//! Writes a case as an OCI layout.

use super::{
    blobs,
    error::{LayoutError, LayoutErrorKind},
};
use crate::{
    Case, LayoutRef,
    json::{Json, Members, push},
    media_type::Format,
};
use std::{
    borrow::Cow,
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// Files by their paths below a directory, with slashes.
pub type LayoutFiles<'c> = BTreeMap<String, Cow<'c, [u8]>>;

/// Writes the case as an OCI layout into `dir`, which is made where it is not there.
///
/// `index.json` holds the descriptors that the case wants, mostly one, of the index under test, with
/// the tag `latest` and the name [`image_name`]. Children that are not served have no blobs. Writing
/// the same case twice does no harm; a directory with anything else in it is refused, because a
/// layout with more blobs than it should have is another case.
///
/// # Errors
///
/// Where the directory is occupied or cannot be written, or a digest cannot be a file name.
pub fn write(case: &Case, dir: &Path) -> Result<(), LayoutError> {
    let layout = files(case);
    if let Some((digest, _)) = layout.unstorable.first() {
        let kind = LayoutErrorKind::UnstorableDigest((*digest).to_owned());
        return Err(LayoutError::new(dir, kind));
    }
    write_files(dir, &layout.files)
}

/// Writes files into a directory in which there may be no others.
pub(crate) fn write_files(dir: &Path, files: &LayoutFiles<'_>) -> Result<(), LayoutError> {
    let files: BTreeMap<PathBuf, &[u8]> = files
        .iter()
        .map(|(path, bytes)| (dir.join(path), &**bytes))
        .collect();
    check_room(dir, &files)?;
    for (path, bytes) in &files {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| LayoutError::unwritable(folder, error))?;
        }
        fs::write(path, bytes).map_err(|error| LayoutError::unwritable(path, error))?;
    }
    Ok(())
}

/// The name under which tools with a store of names take the index from its layout, with its tag:
/// the annotation `io.containerd.image.name`, without which docker loads an image that no
/// reference finds. The host is one that does not exist (RFC 6761).
#[must_use]
pub fn image_name(case: &Case) -> String {
    named(case, LayoutRef::LATEST)
}

fn named(case: &Case, name: &str) -> String {
    format!("ocipick.invalid/{}:{name}", case.id.repository_path())
}

/// A case as files.
pub(crate) struct WrittenLayout<'c> {
    pub(crate) files: LayoutFiles<'c>,
    /// Digests that cannot be the names of files, with their content.
    pub(crate) unstorable: Vec<(&'c str, &'c [u8])>,
}

/// Every file of the layout.
pub(crate) fn files(case: &Case) -> WrittenLayout<'_> {
    let mut layout = WrittenLayout {
        files: LayoutFiles::new(),
        unstorable: Vec::new(),
    };
    let version = Json::object([("imageLayoutVersion", Json::str("1.0.0"))]);
    for (path, content) in [("oci-layout", version), ("index.json", contents(case))] {
        let text = content.pretty().into_bytes();
        layout.files.insert(path.to_owned(), text.into());
    }
    let documents = std::iter::once(&case.index)
        .chain(&case.documents)
        .map(|document| (&document.digest, &*document.bytes));
    let blobs = case.blobs.iter().map(|blob| (&blob.digest, &*blob.bytes));
    for (digest, bytes) in documents.chain(blobs) {
        match blobs::path(digest) {
            Some(path) => {
                layout.files.insert(path, bytes.into());
            }
            None => layout.unstorable.push((digest.as_str(), bytes)),
        }
    }
    layout
}

/// The table of contents, which is `index.json`.
pub(crate) fn contents(case: &Case) -> Json {
    let entries = case.layout_refs.iter().map(|entry| contained(case, entry));
    Json::object([
        ("schemaVersion", Json::Int(2)),
        ("mediaType", Json::str(Format::Oci.index())),
        ("manifests", Json::Arr(entries.collect())),
    ])
}

fn contained(case: &Case, entry: &LayoutRef) -> Json {
    let mut descriptor = Members::new();
    push(&mut descriptor, "mediaType", Json::str(&entry.media_type));
    push(&mut descriptor, "digest", Json::str(entry.digest.as_str()));
    push(&mut descriptor, "size", Json::Int(entry.size.into()));
    if let Some(name) = &entry.name {
        let names = Json::object([
            ("io.containerd.image.name", Json::str(named(case, name))),
            ("org.opencontainers.image.ref.name", Json::str(name)),
        ]);
        push(&mut descriptor, "annotations", names);
    }
    Json::Obj(descriptor)
}

/// Refuses a directory in which there is anything that would not be written there.
fn check_room(dir: &Path, files: &BTreeMap<PathBuf, &[u8]>) -> Result<(), LayoutError> {
    for entry in walkdir::WalkDir::new(dir) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) if is_absent(&error) => return Ok(()),
            Err(error) => return Err(LayoutError::walk(dir, error)),
        };
        if entry.file_type().is_dir() {
            continue;
        }
        let path = entry.path();
        let same = match files.get(path) {
            Some(bytes) => {
                let there = fs::read(path).map_err(|error| LayoutError::unreadable(path, error))?;
                *bytes == there
            }
            None => false,
        };
        if !same {
            return Err(LayoutError::new(path, LayoutErrorKind::Occupied));
        }
    }
    Ok(())
}

fn is_absent(error: &walkdir::Error) -> bool {
    error
        .io_error()
        .is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
}
