//! What analysis finds, in the words that all formats share.
//!
//! The types are those of [`analysis`](crate::analysis), which hold no sentences; what is said of
//! them is here, as methods and as [`Display`](std::fmt::Display).

mod builds;
mod conformance;
mod matrix;
mod metamorphic;
mod split;
mod split_views;
