//! The harness of ocipick.

pub mod registry;
