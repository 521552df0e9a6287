//! What changed: between the versions of a tool, between its configurations, and between results.
//!
//! Whatever two cells are compared, [`CellComparison`] says whether they can be compared at all,
//! [`OutcomeChange`] in which way they differ, and [`CellChange`] how far to trust it. What is put
//! side by side differs: [`versions`] goes along the versions within one matrix, and [`results`]
//! brings together two matrices. Another case from which a case was derived is compared in
//! [`metamorphic`](super::metamorphic).

mod cell;
mod kind;
pub mod results;
pub mod versions;

pub use cell::{CellChange, CellComparison};
pub use kind::{ChangeKind, OutcomeChange, is_same_choice, is_steady};
