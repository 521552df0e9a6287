//! What packages were built with, of channels that were made before that was written down.

use super::{InstalledChannel, bootstrap::invocation};
use crate::{
    RunDir,
    linked::{built_using, stanzas},
    process::{Cancel, find_on_system, run},
};
use std::path::Path;

/// The packages that matter, if they are there: those that ship tools.
const TOOLS: [&str; 6] = [
    "docker.io",
    "docker-cli",
    "podman",
    "skopeo",
    "crane",
    "containerd",
];

impl InstalledChannel {
    /// Asks the archives that the channel was made of what tools were built with, where its record
    /// does not say so. What cannot be told stays unknown.
    pub fn recall(&mut self, archives: &Path, run_dir: &RunDir, cancel: &Cancel) {
        let packages = &mut self.record.packages;
        if packages
            .values()
            .any(|package| !package.built_using.is_empty())
        {
            return;
        }
        let Some(reader) = find_on_system(Path::new("dpkg-deb")) else {
            return;
        };
        for name in TOOLS {
            let Some(package) = packages.get_mut(name) else {
                continue;
            };
            let start = format!("{name}_{}_", package.version.replace(':', "%3a"));
            let mut files = std::fs::read_dir(archives).into_iter().flatten().flatten();
            let Some(file) = files.find(|file| {
                let name = file.file_name();
                let name = name.to_string_lossy();
                name.starts_with(&start) && name.ends_with(".deb")
            }) else {
                continue;
            };
            let path = file.path();
            let args = ["--field", &path.to_string_lossy()];
            let said = format!("{}-{name}-control", self.record.name);
            if let Ok(ran) = run(&invocation(&reader, &args, run_dir, &said), cancel)
                && ran.exit.is_success()
                && let Some(stanza) = stanzas(&ran.stdout()).first()
            {
                package.built_using = built_using(stanza);
            }
        }
    }
}
