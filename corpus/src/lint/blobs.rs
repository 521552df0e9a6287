//! The contents that descriptors of a case refer to.

use super::json;
use crate::media_type::{Format, is_image_config};
use std::{cell::RefCell, collections::BTreeMap};

/// Everything that a case or layout holds, by its digest.
#[derive(Default)]
pub(super) struct BlobIndex<'s> {
    contents: BTreeMap<&'s str, IndexedBlob<'s>>,
    /// What manifests say, as far as it matters to those that point at them. Many entries can
    /// point at one manifest.
    manifests: RefCell<BTreeMap<&'s str, Option<Manifest>>>,
}

/// What is known of a content.
#[derive(Clone, Copy, Debug)]
pub(super) struct IndexedBlob<'s> {
    /// Its length in bytes.
    pub(super) length: u64,
    /// The content, where it is at hand.
    pub(super) bytes: Option<&'s [u8]>,
}

impl<'s> IndexedBlob<'s> {
    pub(super) fn of(bytes: &'s [u8]) -> Self {
        Self {
            length: bytes.len() as u64,
            bytes: Some(bytes),
        }
    }
}

/// What a manifest or nested index says of itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Manifest {
    pub(super) own_type: Option<String>,
    pub(super) config_type: Option<String>,
    pub(super) artifact_type: Option<String>,
    /// The operating system that its config names.
    pub(super) os: Option<String>,
}

impl Manifest {
    /// Whether it is the manifest of an image, and not of something else.
    pub(super) fn is_image(&self) -> bool {
        self.config_type.as_deref().is_some_and(is_image_config)
    }
}

impl<'s> BlobIndex<'s> {
    pub(super) fn add(&mut self, digest: &'s str, content: IndexedBlob<'s>) {
        self.contents.insert(digest, content);
    }

    /// The content of that digest.
    pub(super) fn get(&self, digest: &str) -> Option<IndexedBlob<'s>> {
        self.contents.get(digest).copied()
    }

    /// What the manifest of that digest says; nothing where it is not here or cannot be read.
    pub(super) fn manifest(&self, digest: &str) -> Option<Manifest> {
        let (&digest, content) = self.contents.get_key_value(digest)?;
        let mut manifests = self.manifests.borrow_mut();
        let known = manifests
            .entry(digest)
            .or_insert_with(|| self.read(content.bytes?));
        known.clone()
    }

    fn read(&self, bytes: &[u8]) -> Option<Manifest> {
        let read = json::read(bytes);
        let value = read.value()?;
        let text = |value: json::Value<'_, '_>, key| value.text_of(key).map(str::to_owned);
        let config = value.get("config");
        let content = config
            .and_then(|config| config.text_of("digest"))
            .and_then(|digest| self.get(digest)?.bytes);
        let os = content.and_then(|bytes| {
            let config = json::read(bytes);
            config.value().and_then(|config| text(config, "os"))
        });
        Some(Manifest {
            own_type: text(value, "mediaType"),
            config_type: config.and_then(|config| text(config, "mediaType")),
            artifact_type: text(value, "artifactType"),
            os,
        })
    }
}

/// What a document is to be read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// An OCI index.
    Index,
    /// A docker manifest list.
    List,
    /// An OCI manifest.
    Manifest,
    /// A docker manifest, of which no clause is known.
    DockerManifest,
}

impl Form {
    /// What a media type stands for; nothing where it is none of these. Parameters do not count.
    pub(super) fn of_type(media_type: &str) -> Option<Self> {
        let essence = essence(media_type);
        let is = |known: &str| essence.eq_ignore_ascii_case(known);
        if is(Format::Oci.index()) {
            Some(Self::Index)
        } else if is(Format::Docker.index()) {
            Some(Self::List)
        } else if is(Format::Oci.manifest()) {
            Some(Self::Manifest)
        } else if is(Format::Docker.manifest()) {
            Some(Self::DockerManifest)
        } else {
            None
        }
    }

    /// What a document must be that does not say: what its keys are those of.
    pub(super) fn of_keys(document: json::Value<'_, '_>) -> Option<Self> {
        if document.get("manifests").is_some() {
            Some(Self::Index)
        } else if document.get("config").is_some() || document.get("layers").is_some() {
            Some(Self::Manifest)
        } else {
            None
        }
    }
}

/// A media type without its parameters.
pub(super) fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}
