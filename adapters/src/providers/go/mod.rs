//! `go`: releases as upstream tags them, built from their module at a version.
//!
//! Debian links its builds with its own versions of libraries; what is built here is linked with those
//! that the release pins, and says so of itself: its build information names the module, the version and
//! every library.

mod build;
mod companions;
mod error;
mod module_file;
mod names;
mod record;
mod request;
mod store;
mod toolchain;

pub use build::{GoBuilder, GoOutcome};
pub use companions::Companion;
pub use error::GoError;
pub use names::ReleaseNames;
pub use record::{GoRecord, GoRelease, PinDifference, Pins};
pub use request::{ReleaseRequest, WhichRelease};

use super::{MachineDaemon, Provider};
use crate::{Installation, Privileges};
use std::{ffi::OsStr, path::PathBuf};

/// Name of the channel of what is built from Go modules.
pub const GO_CHANNEL: &str = "go";

/// The module that a tool is built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoModule {
    /// Its path, with the major version where it has one.
    pub path: &'static str,
    /// The packages of the commands, below the module.
    pub commands: &'static [&'static str],
    /// The tags of the build: what it is without is what takes libraries of the system.
    pub tags: &'static [&'static str],
    /// Whether it takes a compiler of C.
    pub cgo: bool,
    /// What upstream calls its versions, where that is something else.
    pub names: Option<&'static ReleaseNames>,
}

impl GoModule {
    /// Whether a version can be of this module, by the major version in its path.
    fn may_have(&self, version: &str) -> bool {
        let major = version.trim_start_matches('v').split('.').next();
        let of_path = self.path.rsplit_once("/v").map(|(_, major)| major);
        match of_path.filter(|it| it.bytes().all(|byte| byte.is_ascii_digit())) {
            Some(of_path) => major == Some(of_path),
            None => matches!(major, Some("0" | "1")),
        }
    }

    /// The packages of the commands, in full.
    fn packages(&self) -> impl Iterator<Item = String> + '_ {
        let commands = self.commands.iter();
        commands.map(|command| format!("{}/{command}", self.path))
    }

    /// What the commands are called.
    fn programs(&self) -> impl Iterator<Item = &'static str> {
        let commands = self.commands.iter();
        commands.map(|command| command.rsplit('/').next().unwrap_or(command))
    }
}

/// What an installation was built from, to which every binary of it has to own up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltModule {
    /// Path of the module.
    pub path: String,
    /// Its version.
    pub version: String,
    /// What upstream calls that.
    pub release: String,
    /// Its checksum, as in `go.sum`.
    pub sum: String,
    /// How it was built.
    pub how: String,
    /// Where its binaries lie.
    pub bin: PathBuf,
}

impl Installation {
    /// A release that was built. What it starts besides is the machine's (`path`, as in the variable
    /// PATH), as of every binary that comes without a root directory.
    #[must_use]
    pub fn built(release: &GoRelease, path: &OsStr, privileges: Privileges) -> Self {
        let machine = Self::this_machine(path, privileges);
        let record = &release.record;
        let mut notes = Vec::new();
        if let Pins::Differ(list) = &record.pins {
            let words: Vec<String> = list.iter().map(ToString::to_string).collect();
            notes.push(format!(
                "linked otherwise than pinned: {}",
                words.join(", ")
            ));
        }
        Self {
            channel: GO_CHANNEL.to_owned(),
            provider: Provider::Go,
            machine_daemon: MachineDaemon::Never,
            folders: [release.bin()].into_iter().chain(machine.folders).collect(),
            distribution: None,
            dpkg: PathBuf::new(),
            module: Some(BuiltModule {
                path: record.module.clone(),
                version: record.version.clone(),
                release: record.release().to_owned(),
                sum: record.sum.clone(),
                how: record.how.clone(),
                bin: release.bin(),
            }),
            notes,
            ..machine
        }
    }
}

#[cfg(test)]
mod tests;
