//! `debian`: a release of Debian, provisioned into a root directory of its own (see [`crate::channel`]).

use super::{MachineDaemon, Provider};
use crate::{Installation, Privileges};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

impl Installation {
    /// The root directory of a provisioned channel.
    #[must_use]
    pub fn provisioned(
        channel: &str,
        root: &Path,
        packages: BTreeMap<String, String>,
        notes: Vec<String>,
        privileges: Privileges,
    ) -> Self {
        Self {
            channel: channel.to_owned(),
            provider: Provider::Debian,
            machine_daemon: MachineDaemon::Never,
            root: Some(root.to_owned()),
            folders: ["/usr/local/bin", "/usr/bin", "/usr/sbin"]
                .map(PathBuf::from)
                .to_vec(),
            packages,
            built_using: BTreeMap::new(),
            dpkg: PathBuf::new(),
            distribution: Some("Debian".to_owned()),
            copied_from: BTreeMap::new(),
            companions: BTreeMap::new(),
            module: None,
            notes,
            privileges,
        }
    }
}
