//! Reads foreign corpora: every OCI layout below a directory is a case.

use super::{
    blobs::Blobs,
    error::{LayoutError, LayoutErrorKind},
    explore::explore,
    lenient,
};
use crate::{
    Ask, Blob, CASE_SCHEMA, Case, CaseId, Digest, Document, LayoutRef, export::CASE_FILE,
    json::Json,
};
use oci_spec::image::ImageIndex;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// A layout that was found, and the case that it is.
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    pub(crate) case: Result<Case, LayoutError>,
}

/// Reads every layout below `dir`, each by itself, in the order of their paths.
pub(crate) fn layouts(dir: &Path, ask: &Ask) -> Result<Vec<Found>, LayoutError> {
    let read = |path: PathBuf| {
        let case = id(dir, &path).and_then(|id| read(&path, id, ask));
        Found { path, case }
    };
    Ok(find(dir)?.into_iter().map(read).collect())
}

/// Reads every layout below `dir`, as cases in the order of their ids. Every layout that cannot be
/// read is an error of its own.
pub(crate) fn read_all(dir: &Path, ask: &Ask) -> Result<Vec<Case>, Vec<LayoutError>> {
    let found = layouts(dir, ask).map_err(|error| vec![error])?;
    let mut cases = BTreeMap::new();
    let mut errors = Vec::new();
    if found.is_empty() {
        errors.push(LayoutError::new(dir, LayoutErrorKind::NoLayouts));
    }
    for Found { path, case } in found {
        match case {
            Ok(case) => {
                if let Some(earlier) = cases.insert(case.id.clone(), case) {
                    let kind = LayoutErrorKind::IdTaken(earlier.id.as_str().to_owned());
                    errors.push(LayoutError::new(&path, kind));
                }
            }
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() {
        Ok(cases.into_values().collect())
    } else {
        Err(errors)
    }
}

/// The directories that are layouts, `dir` itself perhaps among them.
fn find(dir: &Path) -> Result<Vec<PathBuf>, LayoutError> {
    let mut layouts = Vec::new();
    let mut directories = walkdir::WalkDir::new(dir)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter();
    while let Some(entry) = directories.next() {
        let entry = entry.map_err(|error| LayoutError::walk(dir, error))?;
        if !entry.file_type().is_dir() {
            continue;
        }
        let inside = entry.depth() > 0 && entry.file_name() == "blobs";
        if inside && entry.path().parent().is_some_and(is_layout) {
            directories.skip_current_dir();
        } else if is_layout(entry.path()) {
            layouts.push(entry.into_path());
        }
    }
    Ok(layouts)
}

fn is_layout(path: &Path) -> bool {
    path.join("oci-layout").is_file()
        || (path.join("index.json").is_file() && path.join("blobs").is_dir())
}

/// The path below `dir`, with slashes; the name of the directory where that is the layout.
fn id(dir: &Path, layout: &Path) -> Result<CaseId, LayoutError> {
    let relative = layout.strip_prefix(dir).unwrap_or(layout);
    let parts: Vec<String> = relative
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    if !parts.is_empty() {
        return Ok(CaseId::foreign(parts.join("/")));
    }
    let whole = layout
        .canonicalize()
        .map_err(|error| LayoutError::unreadable(layout, error))?;
    let name = whole
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    // Only the root of the file system has no name.
    Ok(CaseId::foreign(name.unwrap_or_else(|| "layout".to_owned())))
}

fn read(layout: &Path, id: CaseId, ask: &Ask) -> Result<Case, LayoutError> {
    let (digest, media_type) = match described_index(layout)? {
        Some(described) => described,
        None => index_descriptor(&layout.join("index.json"))?,
    };
    let blobs = Blobs::read(&layout.join("blobs"))?;
    let Some(bytes) = blobs.get(&digest) else {
        let kind = LayoutErrorKind::MissingIndex(digest);
        return Err(LayoutError::new(&layout.join("index.json"), kind));
    };
    let index = Document {
        digest: Digest::verbatim(digest),
        media_type,
        bytes: Arc::clone(bytes),
    };
    let explored = explore(&index, &blobs);
    let is_document = |digest: &str| {
        index.digest.as_str() == digest
            || explored
                .documents
                .iter()
                .any(|document| document.digest.as_str() == digest)
    };
    let rest = blobs
        .iter()
        .filter(|(digest, _)| !is_document(digest))
        .map(|(digest, bytes)| Blob {
            digest: Digest::verbatim(digest),
            bytes: Arc::clone(bytes),
        })
        .collect();
    Ok(Case {
        title: format!("The OCI layout {id}"),
        id,
        aliases: Vec::new(),
        why: String::new(),
        origins: Vec::new(),
        clauses: Vec::new(),
        asks: vec![ask.clone()],
        operations: BTreeSet::new(),
        faults: Vec::new(),
        layout_refs: vec![LayoutRef::latest(&index)],
        index,
        documents: explored.documents,
        blobs: rest,
        children: explored.children,
        source: layout.display().to_string(),
        derivation: None,
    })
}

/// Digest and media type of the index under test by the description beside the layout, where ocipick
/// wrote one: `index.json` may have other entries, or none.
fn described_index(layout: &Path) -> Result<Option<(String, String)>, LayoutError> {
    let path = layout.join(CASE_FILE);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(LayoutError::unreadable(&path, error)),
    };
    // A file of that name that is not ours says nothing.
    let described: Option<Described> = serde_json::from_slice(&bytes).ok();
    let index = described.filter(|described| described.schema == CASE_SCHEMA);
    Ok(index.map(|described| (described.index.digest, described.index.media_type)))
}

/// As much of `case.json` as tells which index is under test.
#[derive(serde::Deserialize)]
struct Described {
    schema: String,
    index: DescribedIndex,
}

#[derive(serde::Deserialize)]
struct DescribedIndex {
    digest: String,
    media_type: String,
}

/// Digest and media type of the one descriptor in `index.json`.
fn index_descriptor(path: &Path) -> Result<(String, String), LayoutError> {
    let bytes = fs::read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => LayoutError::new(path, LayoutErrorKind::NoIndexJson),
        _ => LayoutError::unreadable(path, error),
    })?;
    if let Ok(index) = ImageIndex::from_reader(bytes.as_slice()) {
        return match index.manifests().as_slice() {
            [one] => Ok((one.digest().to_string(), one.media_type().to_string())),
            other => Err(LayoutError::new(
                path,
                LayoutErrorKind::NotOneDescriptor(other.len()),
            )),
        };
    }
    // Not as the specification has it; what is needed may be there all the same.
    if let Err(error) = serde_json::from_slice::<serde_json::Value>(&bytes) {
        return Err(LayoutError::json(path, &error));
    }
    let json = lenient::read(&bytes).unwrap_or(Json::Null);
    let descriptors: Vec<&Json> = json.items("manifests").collect();
    let &[descriptor] = descriptors.as_slice() else {
        let kind = LayoutErrorKind::NotOneDescriptor(descriptors.len());
        return Err(LayoutError::new(path, kind));
    };
    let text = |key: &'static str| {
        let text = descriptor.texts(key).next().map(str::to_owned);
        text.ok_or_else(|| LayoutError::new(path, LayoutErrorKind::PoorDescriptor(key)))
    };
    Ok((text("digest")?, text("mediaType")?))
}
