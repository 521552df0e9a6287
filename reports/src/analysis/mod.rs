//! What results amount to: matrix, changes between versions and between results, verdicts, consensus,
//! splits, highlights, and what is withheld. What is decided here is shown elsewhere.

pub mod against;
pub mod agreement;
pub mod builds;
pub mod changes;
pub mod conformance;
pub mod consensus;
pub mod embargo;
pub mod findings;
pub mod matrix;
pub mod metamorphic;
pub mod quick;
pub mod split;
pub mod split_views;
