//! Why there is no corpus.

use crate::Mistake;
use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a corpus could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// Files that people wrote have mistakes.
    #[error("{}", list(.0, "mistakes in the corpus"))]
    Mistakes(Vec<Mistake>),
    /// A file or directory cannot be read.
    #[error("cannot read {}: {error} (hint: see that it is there and that you may read it)", path.display())]
    Read {
        /// What cannot be read.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

impl CorpusError {
    pub(crate) fn read(path: &Path, error: io::Error) -> Self {
        Self::Read {
            path: path.to_owned(),
            error,
        }
    }

    pub(crate) fn walk(dir: &Path, error: walkdir::Error) -> Self {
        let path = error.path().unwrap_or(dir).to_owned();
        Self::Read {
            path,
            error: error.into(),
        }
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
