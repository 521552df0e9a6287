//! The matrix: cases by runtimes, of outcomes.

mod book;
mod build;
mod runtime;
mod summary;
mod table;

pub use book::{CaseBook, CaseNote, FamilyNote};
pub use build::{Matrix, MeasuredRun};
pub use runtime::MatrixRuntime;
pub use summary::{RunSummary, Summary, UnmeasuredRuntime};
pub use table::{CollapsedRow, FamilyRows, Row, Table};
