//! Tests of the reports, over a fixed sample of results.

mod diff;
mod draft;
mod findings;
mod history;
mod hostile;
mod house;
mod matrix;
mod records;
mod render;
mod sample;
mod schema;
mod site;
mod summary;
mod verdicts;
mod views;
mod wide;

/// A runtime that the sample does not have.
const CRANE: sample::Tool = ("crane", "0.20.2", None);
