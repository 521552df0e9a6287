//! The matrix: cases by runtimes, of outcomes.

mod book;
mod build;
mod notes;
mod runtime;
mod table;

pub use book::{CaseBook, CaseNote, FamilyNote};
pub use build::{Matrix, MeasuredRun};
pub use notes::{MatrixNote, MatrixWarning, MeasuredAgain, WarningKind};
pub use runtime::MatrixRuntime;
pub use table::{CollapsedRow, FamilyRows, Row, Table};
