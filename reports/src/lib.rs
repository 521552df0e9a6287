//! What results of ocipick amount to, and everything people look at.
//!
//! Pure: records in, text out. Nothing here runs a tool or judges evidence.
//!
//! [`analysis::matrix`] arranges records as cases by runtimes, [`analysis::changes`] compares
//! versions and results, [`analysis::findings`] picks out what is most surprising and what changed,
//! [`check`] decides whether trials pass, and [`render`] puts it into words and writes it down for a
//! terminal, for Markdown and for other programs. [`site`] makes it pages for a browser, one or many
//! that link to each other.

pub mod analysis;
pub mod baseline;
pub mod check;
pub mod draft;
pub mod publish;
pub mod render;
pub mod site;
pub mod versions;

#[cfg(test)]
mod made;
mod text;
mod ways;

pub use text::{block as printable_text, line as printable_line};
