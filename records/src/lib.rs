//! What ocipick writes down, and nothing of how it comes about: ids, platforms, operations, versions,
//! outcomes, evidence, and the results file (`ocipick.results/1`: a header, one record per trial, and
//! a footer). Whoever reads results depends on this crate alone.

mod evidence;
mod files;
mod gzip;
mod id;
mod operation;
mod outcome;
mod platform;
mod read;
mod record;
mod schema;
mod tool;
mod unknown;
mod version;

pub use evidence::{Command, Evidence, Exit, HttpRequest, Identity, Observation, Sighting};
pub use files::{FileError, Root, open_regular, read_regular};
pub use gzip::{pack, unpack};
pub use id::{CaseId, CaseIdError};
pub use operation::{Operation, OperationError};
pub use outcome::{
    Observed, Outcome, OutcomeClass, OutcomeKind, RefusalReason, RepeatedCells, SURVIVED,
    UnknownWord, UnmeasuredWhy,
};
pub use platform::{Platform, PlatformError, host_architecture};
pub use read::{ReadError, ReadErrorKind, Results};
pub use record::{
    ArchiveRecord, ChannelRecord, CorpusStamp, Derived, Footer, Header, Host, Linked, LinkedSource,
    MissingRecord, ModuleOrigin, Private, Provenance, Record, Repeats, RuntimeRecord, SCHEMA,
    Trial,
};
pub use schema::{document_schema, json_schema};
pub use tool::{Configuration, FieldKind, FormField, Project, ToolInfo, Way};
pub use version::{compare_versions, is_at_least, is_release};
