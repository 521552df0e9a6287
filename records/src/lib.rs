//! The results file, `ocipick.results/1`: a header, one record per trial, and a footer.

mod evidence;
#[cfg(test)]
pub(crate) mod made;
mod outcome;
mod read;
mod record;
mod schema;
mod unknown;

pub use evidence::{Command, Evidence, Exit, Identity, Observation, Request, Sighting};
pub use outcome::{
    Observed, Outcome, OutcomeKind, RefusalReason, RepeatedCells, SURVIVED, UnknownWord,
    UnmeasuredWhy,
};
pub(crate) use read::MOST;
pub use read::{ReadError, ReadErrorKind, Results};
pub use record::{
    ArchiveRecord, ChannelRecord, CorpusStamp, Derived, Footer, Header, Host, Linked, LinkedSource,
    MissingRecord, Private, Provenance, Record, Repeats, RuntimeRecord, SCHEMA, Trial,
};
pub use schema::json_schema;
