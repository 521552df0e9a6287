//! OCI layouts: cases as directories, to be written and read.

mod blobs;
mod error;
mod explore;
mod lenient;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use error::{LayoutError, LayoutErrorKind, Place};
pub(crate) use read::{Found, layouts, read_all};
pub use write::{Files, image_name, write as write_layout};
pub(crate) use write::{contents, files, write_files};
