//! Metamorphic relations: changes to a case that must not change what is picked from it.
//!
//! A derived case needs no expectation. Whatever the right answer to the case it comes from is, the
//! answer to this one is the same.

mod insert;
#[cfg(test)]
mod tests;

use crate::{
    Algorithm, Blob, Case, Child, Digest, Document,
    child::{self, ChildSpec, Kind, ManifestSpec},
    json::{Json, Members, push, size},
    layer::Compression,
    media_type::Format,
    value::Table,
};
use insert::Plain;
use ocipick_records::{CaseId, Operation};
use std::collections::BTreeSet;
use strum::VariantArray as _;

/// A change to a case, or to what comes before it, that must not change what is picked.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(serialize_all = "kebab-case", parse_err_ty = RelationError, parse_err_fn = RelationError::of)]
pub enum Relation {
    /// Another entry stands behind all others, for a platform that nobody asks for.
    OtherPlatformLast,
    /// The same entry stands before all others.
    OtherPlatformFirst,
    /// The index has an annotation.
    IndexAnnotation,
    /// Every entry has an annotation.
    EntryAnnotations,
    /// The index has a field that no specification knows.
    UnknownIndexField,
    /// Every entry has a field that no specification knows.
    UnknownEntryFields,
    /// The store still has the images of other cases.
    WarmStore,
}

/// What a derived case comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derivation {
    /// What was changed.
    pub relation: Relation,
    /// The case that it was changed in.
    pub base: CaseId,
}

/// Why a relation says nothing about a case.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{relation} says nothing about {case}: {why}")]
pub struct Inapplicable {
    /// The relation.
    pub relation: Relation,
    /// The case.
    pub case: CaseId,
    /// Why.
    pub why: &'static str,
}

/// A text that is no relation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no relation (hint: {known})", known = known())]
pub struct RelationError(String);

fn known() -> String {
    Relation::ALL
        .iter()
        .map(|relation| relation.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

impl RelationError {
    fn of(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// A larger index may be near a limit of size, and a change could cross it.
const LARGEST: usize = 1 << 16;

/// Platforms to choose one from that nobody asks for.
const OTHERS: [&str; 4] = ["s390x", "riscv64", "ppc64le", "mips64le"];

/// The name of the child that another entry points at.
const OTHER: &str = "other-platform";

impl Relation {
    /// Every relation.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// Its name, as in ids of derived cases and in results.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// What is changed, to be read after "with".
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::OtherPlatformLast => "an entry for another platform behind all others",
            Self::OtherPlatformFirst => "an entry for another platform before all others",
            Self::IndexAnnotation => "an annotation of the index",
            Self::EntryAnnotations => "an annotation of every entry",
            Self::UnknownIndexField => "an unknown field in the index",
            Self::UnknownEntryFields => "an unknown field in every entry",
            Self::WarmStore => "images of other cases still in the store",
        }
    }

    /// The case with this change.
    ///
    /// Bytes are only inserted; nothing that was authored is written anew. Children stay as they
    /// are.
    ///
    /// # Errors
    /// When the relation says nothing about this case.
    pub fn derive(self, case: &Case) -> Result<Case, Inapplicable> {
        let inapplicable = |why| Inapplicable {
            relation: self,
            case: case.id.clone(),
            why,
        };
        let mut derived = self.changed(case).map_err(inapplicable)?;
        derived.id = CaseId::foreign(format!("{}~{self}", case.id));
        derived.title = format!("{}, with {}", case.title, self.about());
        // Ids and statements of the specification are those of the case that it comes from.
        derived.aliases = Vec::new();
        derived.clauses = Vec::new();
        derived.operations = BTreeSet::from([Operation::Pull]);
        derived.derivation = Some(Derivation {
            relation: self,
            base: case.id.clone(),
        });
        Ok(derived)
    }

    fn changed(self, case: &Case) -> Result<Case, &'static str> {
        if !case.is_for(Operation::Pull) {
            return Err("it is not for pulls");
        }
        if self == Self::WarmStore {
            return Ok(case.clone());
        }
        if !case.faults.is_empty() {
            return Err("the registry misbehaves in it");
        }
        if case.index.bytes.len() > LARGEST {
            return Err("it is about size");
        }
        if case.index.digest != Digest::sha256(&case.index.bytes) {
            return Err("its index is not known by its sha256");
        }
        let plain = Plain::read(&case.index.bytes)?;
        let oci = case.index.media_type == Format::Oci.index();
        match self {
            Self::OtherPlatformLast | Self::OtherPlatformFirst => {
                let format = if oci {
                    Format::Oci
                } else if case.index.media_type == Format::Docker.index() {
                    Format::Docker
                } else {
                    return Err("its media type is of no index");
                };
                if !plain.entries_have_platforms {
                    return Err("an entry names no platform");
                }
                let (entry, stranger) = stranger(case, format)?;
                let bytes = match self {
                    Self::OtherPlatformFirst => plain.with_first_entry(&entry),
                    _ => plain.with_last_entry(&entry),
                };
                let mut derived = with_index(case, bytes);
                stranger.add_to(&mut derived);
                Ok(derived)
            }
            Self::IndexAnnotation | Self::EntryAnnotations if !oci => {
                Err("lists of Docker know no annotations")
            }
            Self::IndexAnnotation => plain
                .with_member("annotations", ANNOTATION)
                .map(|bytes| with_index(case, bytes)),
            Self::EntryAnnotations => plain
                .with_member_of_entries("annotations", ANNOTATION)
                .map(|bytes| with_index(case, bytes)),
            Self::UnknownIndexField => plain
                .with_member(UNKNOWN, "\"nothing\"")
                .map(|bytes| with_index(case, bytes)),
            Self::UnknownEntryFields => plain
                .with_member_of_entries(UNKNOWN, "\"nothing\"")
                .map(|bytes| with_index(case, bytes)),
            Self::WarmStore => Ok(case.clone()),
        }
    }
}

/// An annotation of no consequence.
const ANNOTATION: &str = "{\"org.example.note\":\"nothing\"}";

/// A field that no specification knows.
const UNKNOWN: &str = "org.example.unknown";

/// The case with another index.
fn with_index(case: &Case, bytes: Vec<u8>) -> Case {
    let index = Document::new(&case.index.media_type, bytes);
    let mut derived = case.clone();
    for entry in &mut derived.layout_refs {
        if entry.digest == case.index.digest {
            entry.digest = index.digest.clone();
            entry.size = index.bytes.len() as u64;
        }
    }
    derived.index = index;
    derived
}

/// A child for a platform that nobody asks for.
struct ForeignChild {
    child: Child,
    manifest: Document,
    blobs: [Blob; 2],
}

impl ForeignChild {
    fn add_to(self, case: &mut Case) {
        case.children.push(self.child);
        case.documents.push(self.manifest);
        case.blobs.extend(self.blobs);
    }
}

/// An entry for a platform that nobody asks for, and what it points at.
fn stranger(case: &Case, format: Format) -> Result<(String, ForeignChild), &'static str> {
    if case.child(OTHER).is_some() {
        return Err("it has such a child");
    }
    let text = String::from_utf8_lossy(&case.index.bytes);
    let asked: Vec<String> = case.asks.iter().map(ToString::to_string).collect();
    let is_free = |architecture: &&str| {
        !text.contains(architecture) && asked.iter().all(|ask| !ask.contains(architecture))
    };
    let architecture = OTHERS
        .into_iter()
        .find(is_free)
        .ok_or("every platform that nobody asks for is there")?;
    let mut platform = Members::new();
    push(&mut platform, "architecture", Json::str(architecture));
    push(&mut platform, "os", Json::str("linux"));
    let (config_type, layer_type) = Kind::Image.types(format, Compression::Gzip);
    let spec = ChildSpec {
        name: OTHER.to_owned(),
        kind: Kind::Image,
        manifest_type: format.manifest().to_owned(),
        body_type: Some(format.manifest().to_owned()),
        config_type: config_type.to_owned(),
        layer_type: layer_type.to_owned(),
        artifact_type: None,
        annotations: None,
        platform: Some(platform.clone()),
        served: true,
        algorithm: Algorithm::Sha256,
        compression: Compression::Gzip,
        rootfs_type: "layers".to_owned(),
        config_extra: Members::new(),
        manifest: ManifestSpec::Ordinary {
            subject: None,
            extra: Table::default(),
        },
    };
    let parts = child::parts(&spec, &case.id, architecture);
    let manifest = Json::Obj(child::manifest(&spec, &parts, None, Members::new()));
    let built = child::build(&spec, parts, manifest.pretty().into_bytes());
    let mut entry = Members::new();
    push(&mut entry, "mediaType", Json::str(format.manifest()));
    push(
        &mut entry,
        "digest",
        Json::str(built.manifest.digest.as_str()),
    );
    push(&mut entry, "size", Json::Int(size(&built.manifest.bytes)));
    push(&mut entry, "platform", Json::Obj(platform));
    let stranger = ForeignChild {
        blobs: [built.parts.config.clone(), built.parts.layer.clone()],
        child: built.child,
        manifest: built.manifest,
    };
    Ok((Json::Obj(entry).pretty(), stranger))
}
