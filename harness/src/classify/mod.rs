//! From what was seen to what it amounts to.

mod judge;
mod phrasebook;
mod words;

#[cfg(test)]
pub(crate) use judge::tests::TESTS as JUDGE_TESTS;
pub use judge::{Observed, judge};
pub use phrasebook::{Meaning, Phrasebook, PhrasebookError};
pub use words::{last_error, plain};
