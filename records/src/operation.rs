//! What a tool may be asked to do with a case.

use std::{fmt, str::FromStr};

/// What a tool may be asked to do. A recipe can restrict its cases to some of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Fetch the image for one platform, so that it could be used.
    Pull,
    /// Fetch and run it.
    Run,
    /// Say what there is, without fetching it.
    Inspect,
    /// Fetch what is in it and report on that, without keeping the image.
    Scan,
    /// Copy it from the registry to somewhere else.
    Copy,
    /// Take it from an OCI layout.
    Import,
    /// Send it to a registry.
    Push,
}

impl Operation {
    /// Every operation.
    pub const ALL: &[Self] = &[
        Self::Pull,
        Self::Run,
        Self::Inspect,
        Self::Scan,
        Self::Copy,
        Self::Import,
        Self::Push,
    ];

    /// The word for it, in recipes and results.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Run => "run",
            Self::Inspect => "inspect",
            Self::Scan => "scan",
            Self::Copy => "copy",
            Self::Import => "import",
            Self::Push => "push",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that names no operation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no operation (hint: there are pull, run, inspect, scan, copy, import and push)")]
pub struct OperationError(String);

impl FromStr for Operation {
    type Err = OperationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|operation| operation.as_str() == text)
            .ok_or_else(|| OperationError(text.to_owned()))
    }
}
