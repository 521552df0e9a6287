//! Reads foreign corpora: every OCI layout below a directory is a case.

use super::{
    blobs::Blobs,
    error::{LayoutError, LayoutErrorKind},
    explore::{Types, explore},
    lenient,
    limit::{self, Budget},
};
use crate::{
    Blob, CASE_SCHEMA, Case, Digest, Document, LayoutRef, PlatformRequest, export::CASE_FILE,
    json::Json,
};
use oci_spec::image::ImageIndex;
use ocipick_records::{CaseId, Root};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// A layout that was found, and the cases that it is: one of each index that its `index.json` names.
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    pub(crate) cases: Vec<Result<Case, Unread>>,
}

/// What a layout would be a case of, and why it is none.
#[derive(Debug)]
pub struct Unread {
    /// The id that the case would have.
    pub id: CaseId,
    /// What is wrong.
    pub error: LayoutError,
}

/// Reads every layout below `dir`, each by itself, in the order of their paths.
pub(crate) fn layouts(dir: &Path, ask: &PlatformRequest) -> Result<Vec<Found>, LayoutError> {
    let places = find(dir)?;
    // A layout of one index has its path as its id, whatever names others are given.
    let mut taken: BTreeSet<CaseId> = BTreeSet::new();
    let mut ids = Vec::new();
    for place in &places {
        let id = id(dir, &place.path)?;
        taken.insert(id.clone());
        ids.push(id);
    }
    let mut budget = Budget::default();
    let mut found = Vec::new();
    for (LayoutDir { path, wrong }, id) in places.into_iter().zip(ids) {
        let cases = match wrong {
            Some(error) => Err(error),
            None => read(&path, &id, ask, &mut budget, &mut taken),
        };
        let cases = cases.unwrap_or_else(|error| vec![Err(Unread { id, error })]);
        found.push(Found { path, cases });
    }
    Ok(found)
}

/// Reads every layout below `dir`: the cases in the order of their ids, and those that cannot be
/// read.
pub(crate) fn read_all(
    dir: &Path,
    ask: &PlatformRequest,
) -> Result<(Vec<Case>, Vec<Unread>), LayoutError> {
    let (mut cases, mut unread) = (BTreeMap::new(), Vec::new());
    for Found { path, cases: found } in layouts(dir, ask)? {
        for case in found {
            match case {
                // Paths that are no text can come to one id.
                Ok(case) if cases.contains_key(&case.id) => {
                    let kind = LayoutErrorKind::IdTaken(case.id.to_string());
                    let error = LayoutError::new(&path, kind);
                    unread.push(Unread { id: case.id, error });
                }
                Ok(case) => {
                    cases.insert(case.id.clone(), case);
                }
                Err(wrong) => unread.push(wrong),
            }
        }
    }
    if cases.is_empty() && unread.is_empty() {
        return Err(LayoutError::new(dir, LayoutErrorKind::NoLayouts));
    }
    Ok((cases.into_values().collect(), unread))
}

/// A directory that is a layout.
struct LayoutDir {
    path: PathBuf,
    /// Why it is not read.
    wrong: Option<LayoutError>,
}

/// The directories that are layouts, `dir` itself perhaps among them. A link to a layout is one, if
/// that lies below `dir`; other links are not followed.
fn find(dir: &Path) -> Result<Vec<LayoutDir>, LayoutError> {
    let top = fs::canonicalize(dir).map_err(|error| LayoutError::unreadable(dir, error))?;
    let mut layouts = Vec::new();
    let mut directories = walkdir::WalkDir::new(dir).sort_by_file_name().into_iter();
    while let Some(entry) = directories.next() {
        let entry = entry.map_err(|error| LayoutError::walk(dir, error))?;
        let path = entry.path();
        if entry.depth() > 0 && entry.file_type().is_symlink() {
            if is_layout(path) {
                let inside = fs::canonicalize(path).is_ok_and(|target| target.starts_with(&top));
                let wrong =
                    || LayoutError::new(path, LayoutErrorKind::LinkedLayout(dir.to_owned()));
                layouts.push(LayoutDir {
                    path: path.to_owned(),
                    wrong: (!inside).then(wrong),
                });
            }
            continue;
        }
        if !path.is_dir() {
            continue;
        }
        let inside = entry.depth() > 0 && entry.file_name() == "blobs";
        if inside && path.parent().is_some_and(is_layout) {
            directories.skip_current_dir();
        } else if is_layout(path) {
            layouts.push(LayoutDir {
                path: entry.into_path(),
                wrong: None,
            });
        }
    }
    Ok(layouts)
}

/// Whether this looks like a layout, of whatever kind its files are: what is wrong with them is said
/// when they are read.
fn is_layout(path: &Path) -> bool {
    let is_there =
        |name: &str| fs::symlink_metadata(path.join(name)).is_ok_and(|metadata| !metadata.is_dir());
    is_there("oci-layout") || (is_there("index.json") && path.join("blobs").is_dir())
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

/// Reads one layout: a case of each index that it names.
fn read(
    layout: &Path,
    id: &CaseId,
    ask: &PlatformRequest,
    budget: &mut Budget,
    taken: &mut BTreeSet<CaseId>,
) -> Result<Vec<Result<Case, Unread>>, LayoutError> {
    let root = Root::open(layout).map_err(|error| LayoutError::file(layout, error))?;
    contents(&root, "oci-layout")?;
    let entries = match described_index(&root)? {
        Some(described) => vec![described],
        None => index_descriptors(&root)?,
    };
    let blobs = Blobs::read(&root, budget)?;
    let types = Types::of(&blobs);
    let is_one = entries.len() == 1;
    let mut cases = Vec::new();
    for entry in entries {
        let id = if is_one {
            id.clone()
        } else {
            name_of(id, &entry, taken)
        };
        let case = entry.case(&root, id.clone(), ask, &blobs, &types);
        cases.push(case.map_err(|error| Unread { id, error }));
    }
    Ok(cases)
}

/// The id of one of several cases of a layout: its path and the name of the index, as in a
/// reference; its place in `index.json` where it has none, or another one has that id.
fn name_of(layout: &CaseId, entry: &Entry, taken: &mut BTreeSet<CaseId>) -> CaseId {
    let place = format!("[{}]", entry.place);
    let named = match &entry.name {
        Some(name) => format!("{layout}:{name}"),
        None => format!("{layout}{place}"),
    };
    let mut id = CaseId::foreign(named);
    while !taken.insert(id.clone()) {
        id = CaseId::foreign(format!("{id}{place}"));
    }
    id
}

/// An index that a layout names.
struct Entry {
    /// Which of the descriptors of `index.json` is the first that names it.
    place: usize,
    digest: String,
    /// None where the descriptor does not say.
    media_type: Option<String>,
    /// `org.opencontainers.image.ref.name`.
    name: Option<String>,
}

/// How long a name can be that becomes part of an id: as long as a tag.
const NAME_LENGTH: usize = 128;

impl Entry {
    fn case(
        self,
        root: &Root,
        id: CaseId,
        ask: &PlatformRequest,
        blobs: &Blobs,
        types: &Types,
    ) -> Result<Case, LayoutError> {
        let wrong = |kind| Err(LayoutError::new(&root.path().join(INDEX_JSON), kind));
        let Some(media_type) = self.media_type else {
            return wrong(LayoutErrorKind::PoorDescriptor("mediaType"));
        };
        let Some(bytes) = blobs.get(&self.digest) else {
            return wrong(LayoutErrorKind::MissingIndex(self.digest));
        };
        let size = bytes.len() as u64;
        if size > limit::DOCUMENT {
            return wrong(LayoutErrorKind::LargeIndex {
                size,
                limit: limit::DOCUMENT,
            });
        }
        let index = Document {
            digest: Digest::verbatim(self.digest),
            media_type,
            bytes: Arc::clone(bytes),
        };
        let explored = explore(&index, blobs);
        let documents: BTreeSet<&str> = std::iter::once(&index)
            .chain(&explored.documents)
            .map(|document| document.digest.as_str())
            .collect();
        let rest = blobs
            .iter()
            .filter(|(digest, _)| !documents.contains(digest))
            .map(|(digest, bytes)| Blob {
                digest: Digest::verbatim(digest),
                media_type: Some(types.get(digest).to_owned()),
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
            source: root.path().display().to_string(),
            derivation: None,
        })
    }
}

/// A small file of a layout; nothing where it is not there.
pub(crate) fn contents(root: &Root, name: &str) -> Result<Option<Vec<u8>>, LayoutError> {
    match root.read(Path::new(name), limit::DOCUMENT) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.is_absent() => Ok(None),
        Err(error) => Err(LayoutError::file(&root.path().join(name), error)),
    }
}

/// The index under test by the description beside the layout, where ocipick wrote one: `index.json`
/// may have other entries, or none.
fn described_index(root: &Root) -> Result<Option<Entry>, LayoutError> {
    let Some(bytes) = contents(root, CASE_FILE)? else {
        return Ok(None);
    };
    // A file of that name that is not ours says nothing.
    let described: Option<Described> = serde_json::from_slice(&bytes).ok();
    let index = described.filter(|described| described.schema == CASE_SCHEMA);
    Ok(index.map(|described| Entry {
        place: 0,
        digest: described.index.digest,
        media_type: Some(described.index.media_type),
        name: None,
    }))
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

const INDEX_JSON: &str = "index.json";

/// The indexes that `index.json` names, each once: several descriptors of one digest are several
/// names of it, of which the first counts.
fn index_descriptors(root: &Root) -> Result<Vec<Entry>, LayoutError> {
    let path = root.path().join(INDEX_JSON);
    let Some(bytes) = contents(root, INDEX_JSON)? else {
        return Err(LayoutError::new(&path, LayoutErrorKind::NoIndexJson));
    };
    let entries = match ImageIndex::from_reader(bytes.as_slice()) {
        Ok(index) => plain_entries(&index),
        // Not as the specification has it; what is needed may be there all the same.
        Err(_) => odd_entries(&path, &bytes)?,
    };
    let mut distinct: Vec<Entry> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for entry in entries {
        match places.get(&entry.digest) {
            None => {
                places.insert(entry.digest.clone(), distinct.len());
                distinct.push(entry);
            }
            Some(&place) => {
                let first = &mut distinct[place];
                first.name = first.name.take().or(entry.name);
                first.media_type = first.media_type.take().or(entry.media_type);
            }
        }
    }
    if distinct.is_empty() {
        return Err(LayoutError::new(&path, LayoutErrorKind::NoDescriptor));
    }
    Ok(distinct)
}

const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// The name, where it can be part of an id.
fn short(name: &str) -> Option<String> {
    (!name.is_empty() && name.len() <= NAME_LENGTH).then(|| name.to_owned())
}

fn plain_entries(index: &ImageIndex) -> Vec<Entry> {
    let descriptors = index.manifests().iter().enumerate();
    let entries = descriptors.map(|(place, descriptor)| Entry {
        place,
        digest: descriptor.digest().to_string(),
        media_type: Some(descriptor.media_type().to_string()),
        name: descriptor
            .annotations()
            .as_ref()
            .and_then(|annotations| short(annotations.get(REF_NAME)?)),
    });
    entries.collect()
}

fn odd_entries(path: &Path, bytes: &[u8]) -> Result<Vec<Entry>, LayoutError> {
    if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(bytes) {
        return Err(LayoutError::json(path, &error));
    }
    let json = lenient::read(bytes).unwrap_or(Json::Null);
    let mut entries = Vec::new();
    for (place, descriptor) in json.items("manifests").enumerate() {
        let text = |key: &'static str| descriptor.texts(key).next().map(str::to_owned);
        let Some(digest) = text("digest") else {
            let kind = LayoutErrorKind::PoorDescriptor("digest");
            return Err(LayoutError::new(path, kind));
        };
        let mut annotations = descriptor.all("annotations");
        entries.push(Entry {
            place,
            digest,
            media_type: text("mediaType"),
            name: annotations.find_map(|all| short(all.texts(REF_NAME).next()?)),
        });
    }
    Ok(entries)
}
