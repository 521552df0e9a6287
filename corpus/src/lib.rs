//! The corpus of ocipick: image indexes that are valid, or nearly so, and still ambiguous.
//!
//! Recipes (data files below `corpus/recipes`) become [`Case`]s, which are exact bytes.
//! Nothing here knows any tool, and nothing here touches the network.

mod ask;
mod base64;
mod case;
mod child;
mod clause;
mod corpus;
pub mod coverage;
mod digest;
mod elf;
mod error;
mod export;
mod family;
mod fault;
mod files;
mod fold;
mod id;
mod json;
mod layer;
mod layout;
pub mod lint;
mod marker;
mod media_type;
mod mistake;
mod nearest;
mod operation;
mod platform;
mod recipe;
mod refusal;
mod relation;
mod reserved;
mod unpack;
mod value;
mod version;

use base64::base64;

pub use ask::Ask;
pub use case::{Blob, Case, Child, ClauseUse, Document, Expectation, Layer, LayoutRef, Sign};
pub use clause::{Clause, Level, Release, Specification, Wording};
pub use corpus::{Corpus, built_in_clauses, built_in_specifications, digest_of, digest_of_content};
pub use digest::{Algorithm, Digest};
pub use error::CorpusError;
pub use export::{CASE_SCHEMA, CORPUS_SCHEMA, corpus_json_schema, exported, write_corpus};
pub use family::Family;
pub use fault::{Answer, Effects, Fault, HeaderFault, Methods, Part, Substitute};
pub use files::{FileError, Root, open_regular, read_regular};
pub use id::{CaseId, CaseIdError};
pub use layout::{Files, LayoutError, LayoutErrorKind, Place, Unread, image_name, write_layout};
pub use marker::{
    InLayer, MARKER_FILE, MARKER_LIMIT, marker_in_layers, marker_in_tar, marker_text,
};
pub use mistake::{Mistake, MistakeKind, PlaceholderFault};
pub use operation::{Operation, OperationError};
pub use platform::{Platform, PlatformError};
pub use refusal::Refusal;
pub use relation::{Derivation, Inapplicable, Relation, RelationError};
pub use reserved::ReservedIds;
pub use unpack::{UNPACKED_LIMIT, unpacked};
pub use version::{compare_versions, is_at_least, is_release};
