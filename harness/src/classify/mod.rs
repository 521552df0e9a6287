//! From what was seen to what it amounts to.

mod judge;
mod phrasebook;
mod words;

pub use judge::{Observed, judge};
pub use phrasebook::{Meaning, Phrasebook, PhrasebookError};
pub use words::{last_error, plain};
