//! Results of ocipick: the records of a results file, and everything people look at.
//!
//! Pure: records in, text out. Nothing here runs a tool or judges evidence.
//!
//! [`results`] are the records. [`matrix`] arranges them as cases by runtimes, [`findings`] says
//! in words what is most surprising about them, and [`render`] writes both down for a terminal,
//! for Markdown, for a browser and for other programs.

pub mod consensus;
pub mod findings;
pub mod matrix;
pub mod render;
pub mod results;
pub mod verdict;

mod text;
