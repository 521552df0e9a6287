//! From what was seen to what it amounts to.

mod classifier;
mod patterns;
mod text;

pub use classifier::{TrialObservations, classify};
pub use patterns::{Meaning, MessagePatterns, MessagePatternsError};
pub use text::{last_error, plain};
