//! `path`: the tools of this machine.

use super::{MachineDaemon, Provider};
use crate::{Installation, Privileges, channel::running_distribution};
use std::{
    collections::BTreeMap,
    ffi::OsStr,
    path::{Path, PathBuf},
};

/// Name of the channel that is this machine.
pub const PATH_CHANNEL: &str = "path";

impl Installation {
    /// This machine, with the tools on `path` (as in the variable PATH) and in the usual
    /// folders of administrators, where `dockerd` lies.
    #[must_use]
    pub fn this_machine(path: &OsStr, privileges: Privileges) -> Self {
        let mut folders: Vec<PathBuf> = std::env::split_paths(path)
            .filter(|folder| folder.is_absolute())
            .collect();
        for folder in ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from) {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
        Self {
            channel: PATH_CHANNEL.to_owned(),
            provider: Provider::Path,
            machine_daemon: MachineDaemon::Allowed,
            root: None,
            folders,
            packages: BTreeMap::new(),
            built_using: BTreeMap::new(),
            dpkg: Path::new("/var/lib/dpkg").to_owned(),
            distribution: running_distribution(),
            copied_from: BTreeMap::new(),
            companions: BTreeMap::new(),
            module: None,
            notes: Vec::new(),
            privileges,
        }
    }
}
