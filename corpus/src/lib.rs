//! The corpus of ocipick: image indexes that are valid, or nearly so, and still ambiguous.
//!
//! Recipes (data files below `corpus/recipes`) become [`Case`]s, which are exact bytes.
//! Nothing here knows any tool, and nothing here touches the network.

mod case;
mod digest;
mod id;
mod platform;

pub use case::{Blob, Case, Child, ClauseUse, Document, Expectation, Layer};
pub use digest::Digest;
pub use id::{CaseId, CaseIdError};
pub use platform::{Platform, PlatformError};
