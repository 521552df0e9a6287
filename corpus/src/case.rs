//! A case: one image index with its children, as the exact bytes to serve.

use crate::{CaseId, Digest, Platform};
use std::{collections::BTreeSet, sync::Arc};

/// One image index with its children, the platform asked for, and what is known about it.
#[derive(Clone, Debug)]
pub struct Case {
    /// `family/name`, never changed once published.
    pub id: CaseId,
    /// What the index is, in a line.
    pub title: String,
    /// Why someone should care, in a sentence.
    pub why: String,
    /// Reports, pull requests and advisories that this case comes from.
    pub origins: Vec<String>,
    /// The statements of specifications that bear on this case.
    pub clauses: Vec<ClauseUse>,
    /// The platform that tools are asked to resolve.
    pub platform: Platform,
    /// The index under test.
    pub index: Document,
    /// Nested indexes and manifests that the registry serves by digest.
    pub documents: Vec<Document>,
    /// Configs and layers that the registry serves by digest.
    pub blobs: Vec<Blob>,
    /// Everything that an entry points at, by name, served or not.
    pub children: Vec<Child>,
    /// Where the case was written: a recipe file or a layout directory.
    pub source: String,
}

/// A JSON document with the media type it is served as. The bytes are never re-serialised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// sha256 of `bytes`.
    pub digest: Digest,
    /// The `Content-Type` it is served with.
    pub media_type: String,
    /// The document, byte for byte.
    pub bytes: Arc<[u8]>,
}

impl Document {
    /// Makes a document of authored bytes; the digest is computed here and nowhere else.
    #[must_use]
    pub fn new(media_type: impl Into<String>, bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        Self {
            digest: Digest::sha256(&bytes),
            media_type: media_type.into(),
            bytes,
        }
    }
}

/// A config or layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// sha256 of `bytes`.
    pub digest: Digest,
    /// The blob, byte for byte.
    pub bytes: Arc<[u8]>,
}

impl Blob {
    /// Makes a blob of authored bytes.
    #[must_use]
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        Self {
            digest: Digest::sha256(&bytes),
            bytes,
        }
    }
}

/// What an entry of the index points at, with everything by which a tool can name it.
///
/// In built-in cases every child is unique content, so that each of these names it alone.
/// Children of foreign layouts may share parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    /// The name it has in the recipe, or its place in a foreign index (`manifests[0]`).
    pub name: String,
    /// Digest of its manifest.
    pub manifest: Digest,
    /// Digest of its config, which classic stores use as the image id.
    pub config: Option<Digest>,
    /// Its layers, base first.
    pub layers: Vec<Layer>,
    /// What `/ocipick/child` inside the image says; `None` where a foreign image has none.
    pub marker: Option<String>,
    /// The platform that its config names.
    pub platform: Option<Platform>,
    /// Whether the registry has its manifest.
    pub served: bool,
}

/// One layer, as stored and as unpacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Digest of the blob.
    pub digest: Digest,
    /// Digest of the uncompressed tar archive.
    pub diff_id: Digest,
}

/// A clause that a case exercises, and the outcomes that satisfy it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClauseUse {
    /// Id of the clause, as in `corpus/clauses`.
    pub id: String,
    /// The outcomes that satisfy it; empty where the clause is about something else than the pick.
    pub satisfied_by: Vec<Expectation>,
}

/// An outcome that a clause accepts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Expectation {
    /// The tool picks this child.
    Picks(String),
    /// The tool refuses, for whatever reason.
    Refuses,
}

impl Case {
    /// The child of that name.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Child> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The names of the children that satisfy `by`; none where nothing does, several where
    /// foreign children share content.
    pub fn children_where(&self, by: impl Fn(&Child) -> bool) -> BTreeSet<String> {
        self.children
            .iter()
            .filter(|child| by(child))
            .map(|child| child.name.clone())
            .collect()
    }

    /// The document or blob with this digest, and its media type where it is a document.
    #[must_use]
    pub fn content(&self, digest: &str) -> Option<(&[u8], Option<&str>)> {
        std::iter::once(&self.index)
            .chain(&self.documents)
            .find(|document| document.digest.as_str() == digest)
            .map(|document| (&*document.bytes, Some(document.media_type.as_str())))
            .or_else(|| {
                self.blobs
                    .iter()
                    .find(|blob| blob.digest.as_str() == digest)
                    .map(|blob| (&*blob.bytes, None))
            })
    }
}
