//! Where tools come from, one file per kind of source. Each makes an [`Installation`](crate::Installation),
//! and says what may be done with it: nothing is inferred from what an installation lacks.

mod binary;
mod client;
mod debian;
mod go;
mod path;
mod pypi;

pub use binary::{DEFAULT_LABEL, UserBinary, UserBinaryError};
pub use client::{CLIENT_CHANNEL, UserClient, UserClientError};
pub use go::{
    BuiltModule, Companion, GO_CHANNEL, GoBuilder, GoError, GoModule, GoOutcome, GoRecord,
    GoRelease, PinDifference, Pins, ReleaseNames, ReleaseRequest, WhichRelease,
};
pub use path::PATH_CHANNEL;
pub use pypi::{
    InstalledWheel, PYPI_CHANNEL, PypiError, WheelInstaller, WheelRecord, WheelRequest,
};

use std::fmt;

/// The kind of source that an installation is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Provider {
    /// The tools of this machine.
    Path,
    /// Binaries that the user names.
    Binary,
    /// A provisioned release of Debian.
    Debian,
    /// A release of upstream, built from its Go module.
    Go,
    /// A wheel of the Python package index.
    Pypi,
    /// A command of the user's own, for a client that ocipick does not know.
    Client,
}

impl Provider {
    /// The stable word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Binary => "binary",
            Self::Debian => "debian",
            Self::Go => "go",
            Self::Pypi => "pypi",
            Self::Client => "client",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Whether the machine's own daemon may be measured where no private one is possible. Under the name
/// of anything else than the machine's own tools it would be a false one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MachineDaemon {
    /// It may, and the results say so.
    Allowed,
    /// It may not.
    Never,
}
