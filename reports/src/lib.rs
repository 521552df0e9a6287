//! Results of ocipick: the records of a results file, and everything people look at.
//!
//! Pure: records in, text out. Nothing here runs a tool or judges evidence.

pub mod results;
