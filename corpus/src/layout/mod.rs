//! OCI layouts: cases as directories, to be written and read.

mod blobs;
mod error;
mod explore;
mod lenient;
mod limit;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use blobs::places;
pub use error::{FilePosition, LayoutError, LayoutErrorKind};
pub(crate) use explore::unpacked_and_label;
pub(crate) use limit::UNPACKED;
pub use read::Unread;
pub(crate) use read::{Found, contents as file_contents, layouts, read_all};
pub use write::{LayoutFiles, image_name, write as write_layout};
pub(crate) use write::{contents, files, write_files};
