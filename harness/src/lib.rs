//! The harness of ocipick.
