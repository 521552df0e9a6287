//! What is wrong with an OCI layout.

use ocipick_records::FileError;
use std::{
    fmt, io,
    path::{Path, PathBuf},
};

/// Why a layout cannot be read or written, with the file to look at.
#[derive(Debug, thiserror::Error)]
#[error("{}{place}: {kind}", path.display())]
pub struct LayoutError {
    /// The file or directory that is wrong.
    pub path: PathBuf,
    /// Where in the file, if it is a text and was read that far.
    pub place: FilePosition,
    /// What is wrong with it.
    pub kind: LayoutErrorKind,
}

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilePosition {
    /// The whole of it.
    Whole,
    /// A line and a column, both counted from 1.
    At {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
}

impl fmt::Display for FilePosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::At { line, column } => write!(f, ":{line}:{column}"),
        }
    }
}

/// What is wrong with a layout. Every message ends with a hint.
#[derive(Debug, thiserror::Error)]
pub enum LayoutErrorKind {
    /// The system does not let us read it.
    #[error("cannot be read: {0} (hint: see that it is there and that you may read it)")]
    Unreadable(io::Error),
    /// It is no regular file, or too large, or a link leads elsewhere, or the system does not let us
    /// read it.
    #[error(transparent)]
    File(FileError),
    /// The system does not let us write it.
    #[error("cannot be written: {0} (hint: see that there is room and that you may write there)")]
    Unwritable(io::Error),
    /// A corpus directory without any layout.
    #[error(
        "there is no OCI layout here (hint: a layout is a directory with a file `oci-layout`, or with `index.json` beside `blobs/`)"
    )]
    NoLayouts,
    /// A layout without `index.json`.
    #[error(
        "this layout has no index.json (hint: it should hold one descriptor, of the index under test)"
    )]
    NoIndexJson,
    /// `index.json` is not JSON.
    #[error(
        "this is not JSON: {0} (hint: index.json is only the table of contents; an odd index belongs into blobs/)"
    )]
    BrokenJson(String),
    /// `index.json` without a descriptor.
    #[error(
        "there is no descriptor in `manifests` (hint: each names an index under test, and there should be one at least)"
    )]
    NoDescriptor,
    /// The descriptor says too little.
    #[error(
        "the descriptor has no `{0}` (hint: the index under test is found by its digest and served with its media type)"
    )]
    PoorDescriptor(&'static str),
    /// The index under test is not there.
    #[error(
        "the index under test, {0}, is not below blobs/ (hint: children may be missing, the index may not)"
    )]
    MissingIndex(String),
    /// A blob that is not what its name says.
    #[error(
        "this blob is {actual} (hint: the name of a blob is its digest; the file was changed or cut short)"
    )]
    WrongBlob {
        /// The digest that it does have.
        actual: String,
    },
    /// Two layouts with one id, which happens to names that are no text.
    #[error("the case id `{0}` is taken by another layout (hint: rename the directory)")]
    IdTaken(String),
    /// A blob that is larger than what is held in memory.
    #[error(
        "this blob has {size} bytes, and blobs are held in memory up to {limit} (hint: take a smaller image)"
    )]
    LargeBlob {
        /// How many bytes it has.
        size: u64,
        /// How many one blob can have.
        limit: u64,
    },
    /// More blobs than what is held in memory.
    #[error(
        "with this blob the layouts have more than {limit} bytes, which are held in memory (hint: measure them in parts)"
    )]
    LargeCorpus {
        /// How many bytes all blobs can have together.
        limit: u64,
    },
    /// An index that is larger than what any tool reads.
    #[error(
        "the index under test has {size} bytes, and indexes are read up to {limit} (hint: registries and tools stop at 8 MiB or before)"
    )]
    LargeIndex {
        /// How many bytes it has.
        size: u64,
        /// How many are read.
        limit: u64,
    },
    /// A link that leads out of the directory of layouts.
    #[error(
        "this link leads to a layout that is elsewhere, and links are followed within {} only (hint: name that layout itself, or copy it here)",
        .0.display()
    )]
    LinkedLayout(PathBuf),
    /// A digest that cannot be a file name.
    #[error("{0} cannot be the name of a blob (hint: such a digest cannot be held by a layout)")]
    UnstorableDigest(String),
    /// Something of somebody's stands where a layout should be written.
    #[error(
        "this does not belong to the layout that should be written here (hint: choose an empty directory)"
    )]
    Occupied,
}

impl LayoutError {
    pub(crate) fn new(path: &Path, kind: LayoutErrorKind) -> Self {
        Self {
            path: path.to_owned(),
            place: FilePosition::Whole,
            kind,
        }
    }

    pub(crate) fn unreadable(path: &Path, error: io::Error) -> Self {
        Self::new(path, LayoutErrorKind::Unreadable(error))
    }

    pub(crate) fn file(path: &Path, error: FileError) -> Self {
        let kind = match error {
            FileError::System(error) => LayoutErrorKind::Unreadable(error),
            error @ (FileError::Kind(_) | FileError::TooLarge { .. } | FileError::LeadsOut(_)) => {
                LayoutErrorKind::File(error)
            }
        };
        Self::new(path, kind)
    }

    pub(crate) fn unwritable(path: &Path, error: io::Error) -> Self {
        Self::new(path, LayoutErrorKind::Unwritable(error))
    }

    pub(crate) fn walk(dir: &Path, error: walkdir::Error) -> Self {
        let path = error.path().unwrap_or(dir).to_owned();
        let error = error.into_io_error().unwrap_or_else(|| {
            io::Error::other("a symbolic link leads back to a directory that it is in")
        });
        Self::unreadable(&path, error)
    }

    pub(crate) fn json(path: &Path, error: &serde_json::Error) -> Self {
        // serde_json ends its messages with the place, which stands in front here.
        let text = error.to_string();
        let message = text.split(" at line ").next().unwrap_or(&text).to_owned();
        Self {
            path: path.to_owned(),
            place: FilePosition::At {
                line: error.line(),
                column: error.column().max(1),
            },
            kind: LayoutErrorKind::BrokenJson(message),
        }
    }
}
