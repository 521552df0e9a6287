//! Findings in words: what is most surprising, what changed, and in what configurations differ.
//!
//! Which findings there are is decided in [`analysis::findings`](crate::analysis::findings). Here
//! each of them becomes a [`Sentence`], in which names are marked, so that every format sets them
//! apart in its own way.

mod phrase;
mod rows;
mod say;
mod statement;
mod wording;

pub use phrase::{Sentence, SentencePart};
pub use rows::{RowName, Rows};
pub use say::FindingText;
pub use statement::{
    REASONS, Section, Statement, by_weight, caution, changed, flaky, flavours, sections, unchanged,
};
