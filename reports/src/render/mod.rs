//! The formats in which a matrix is written down. Each is one function from a matrix to text.
//!
//! Warnings come first in every one of them, and a cell that was not measured never looks like
//! one in which all is well. Text that tools wrote is foreign: each format takes out control
//! characters and escapes what has a meaning in that format.

pub(crate) mod cell;
pub(crate) mod evidence;
pub(crate) mod family;
pub(crate) mod head;
mod headline;
mod paint;
mod words;

pub mod against;
pub mod badge;
pub mod diff;
pub mod draft;
pub mod findings;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod summary;
pub mod terminal;
pub mod verdicts;

pub use headline::{RunSummary, Summary, UnmeasuredRuntime};
