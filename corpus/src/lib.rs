//! The corpus of ocipick: image indexes that are valid, or nearly so, and still ambiguous.
//!
//! Recipes (data files below `corpus/recipes`) become [`Case`]s, which are exact bytes.
//! Nothing here knows any tool, and nothing here touches the network.

mod case;
mod child;
mod clause;
mod corpus;
pub mod coverage;
mod diagnostic;
mod digest;
mod elf;
mod error;
mod export;
mod family;
mod fault;
mod fold;
mod generated;
mod json;
mod layer;
mod layout;
pub mod lint;
mod marker;
mod media_type;
mod nearest;
mod platform_request;
mod quick;
mod recipe;
mod relation;
mod reserved;
mod unpack;
mod value;

pub use case::{Blob, Case, Child, ClauseUse, Document, Expectation, Layer, LayoutRef, Sign};
pub use clause::{Clause, Level, Release, Specification, Wording};
pub use corpus::{Corpus, built_in_clauses, built_in_specifications, digest_of, digest_of_content};
pub use diagnostic::{Diagnostic, DiagnosticKind, PlaceholderFault};
pub use digest::{Algorithm, Digest};
pub use error::CorpusError;
pub use export::{CASE_SCHEMA, CORPUS_SCHEMA, corpus_json_schema, exported, write_corpus};
pub use family::Family;
pub use fault::{Effects, Fault, FaultAnswer, FaultPart, HeaderFault, Methods, Substitute};
pub use generated::{GeneratedError, generated};
pub use layout::{
    FilePosition, LayoutError, LayoutErrorKind, LayoutFiles, Unread, image_name, write_layout,
};
pub use marker::{
    InLayer, MARKER_FILE, MARKER_LIMIT, marker_in_layers, marker_in_tar, marker_text,
};
pub use platform_request::PlatformRequest;
pub use quick::is_quick;
pub use relation::{Derivation, Inapplicable, Relation, RelationError};
pub use reserved::ReservedIds;
pub use unpack::{UNPACKED_LIMIT, unpacked};
