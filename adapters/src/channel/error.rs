//! Why a channel could not be installed.

use super::{BOOTSTRAPPER, Component, StoreError, bootstrap::BOOTSTRAPPER_VARIABLE};
use crate::process::RunError;
use std::{io, path::PathBuf};

/// Why a channel could not be installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A program could not be run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The bootstrapper is not there.
    #[error("`{BOOTSTRAPPER}` is not installed (hint: apt-get install {BOOTSTRAPPER})")]
    NoBootstrapper,
    /// The bootstrapper that the user named is not there.
    #[error("{BOOTSTRAPPER_VARIABLE} names {}, which is no program", _0.display())]
    WrongBootstrapper(PathBuf),
    /// Only root may make such a directory.
    #[error("provisioning {0} takes root (hint: run it with sudo, or install the tools yourself)")]
    NotRoot(String),
    /// The archive metadata is past its date.
    #[error(
        "the archive metadata of {release} is past its date ({since}); signatures would still be verified (hint: --allow-expired accepts it, and the results say so)"
    )]
    Expired {
        /// Which release.
        release: String,
        /// Since when, in apt's words.
        since: String,
    },
    /// No release that was looked at has the part.
    #[error("no release from {from} on has {part}")]
    NoRelease {
        /// The first release looked at.
        from: String,
        /// Which part.
        part: Component,
    },
    /// The release has nothing of what was asked for.
    #[error("{release} has none of: {parts}")]
    Nothing {
        /// Which release.
        release: String,
        /// What was asked for.
        parts: String,
    },
    /// The disk is full.
    #[error(
        "no space is left for {release} in {} (hint: free some, or choose another place with {variable})",
        dir.display()
    )]
    NoSpace {
        /// Which release.
        release: String,
        /// Where there is none.
        dir: PathBuf,
        /// The variable that chooses that place.
        variable: &'static str,
    },
    /// The bootstrapper failed.
    #[error("{BOOTSTRAPPER} could not provision {release}: {words}")]
    Failed {
        /// Which release.
        release: String,
        /// Its last words.
        words: String,
    },
    /// Something in the provisioned directory is not as it must be.
    #[error("{}: {what}", path.display())]
    Unfit {
        /// Where.
        path: PathBuf,
        /// What.
        what: String,
    },
}

impl InstallError {
    /// Whether the user wanted to end.
    #[must_use]
    pub fn is_interruption(&self) -> bool {
        matches!(
            self,
            Self::Run(RunError::Cancelled) | Self::Store(StoreError::Cancelled)
        )
    }

    /// Whether the system refused because the disk is full.
    pub(super) fn is_full_disk(&self) -> bool {
        let full = |error: &io::Error| {
            matches!(
                error.kind(),
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
            )
        };
        match self {
            Self::Store(StoreError::Io { source, .. })
            | Self::Run(RunError::Start { source, .. }) => full(source),
            Self::Failed { words, .. } | Self::Unfit { what: words, .. } => {
                words.contains("No space left on device")
                    || words.contains("enough free space")
                    || words.contains("Disk quota exceeded")
            }
            Self::Store(_)
            | Self::Run(_)
            | Self::NoBootstrapper
            | Self::WrongBootstrapper(_)
            | Self::NotRoot(_)
            | Self::Expired { .. }
            | Self::NoRelease { .. }
            | Self::Nothing { .. }
            | Self::NoSpace { .. } => false,
        }
    }
}
