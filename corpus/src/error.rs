//! Why there is no corpus.

use crate::{Diagnostic, LayoutError};
use ocipick_records::FileError;
use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a corpus could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// Files that people wrote have mistakes.
    #[error("{}", list(.0, "mistakes in the corpus"))]
    Mistakes(Vec<Diagnostic>),
    /// Layouts of a foreign corpus cannot be read.
    #[error("{}", list(.0, "layouts cannot be read"))]
    Layouts(Vec<LayoutError>),
    /// A file or directory cannot be read.
    #[error("cannot read {}: {error} (hint: see that it is there and that you may read it)", path.display())]
    Read {
        /// What cannot be read.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A file is no regular one, or too large, or elsewhere.
    #[error("{}: {error}", path.display())]
    File {
        /// What is not read.
        path: PathBuf,
        /// Why not.
        error: FileError,
    },
}

impl CorpusError {
    pub(crate) fn read(path: &Path, error: io::Error) -> Self {
        Self::Read {
            path: path.to_owned(),
            error,
        }
    }

    pub(crate) fn file(path: &Path, error: FileError) -> Self {
        match error {
            FileError::System(error) => Self::read(path, error),
            error @ (FileError::Kind(_) | FileError::TooLarge { .. } | FileError::LeadsOut(_)) => {
                Self::File {
                    path: path.to_owned(),
                    error,
                }
            }
        }
    }

    pub(crate) fn walk(dir: &Path, error: walkdir::Error) -> Self {
        let path = error.path().unwrap_or(dir).to_owned();
        // Links are not followed, so that every error of the walk is one of the system.
        let error = error
            .into_io_error()
            .unwrap_or_else(|| io::Error::other("no reason given"));
        Self::Read { path, error }
    }
}

/// One error as it stands, or several below a line that counts them.
fn list<E: std::fmt::Display>(errors: &[E], what: &str) -> String {
    match errors {
        [one] => one.to_string(),
        several => {
            let mut text = format!("{} {what}:", several.len());
            for error in several {
                text.push_str("\n  ");
                text.push_str(&error.to_string());
            }
            text
        }
    }
}
