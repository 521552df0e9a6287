//! Where the binaries of a runtime live, and what running them there takes.

use crate::{
    BuiltModule, MachineDaemon, Provider,
    process::{Cancel, Invocation, Isolation, Mount, run},
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

/// What this process may do on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Privileges {
    /// It is root.
    pub root: bool,
    /// It may make mount namespaces.
    pub namespaces: bool,
}

impl Privileges {
    /// Finds out, by trying to make a mount namespace in which nothing happens.
    #[must_use]
    pub fn probe(scratch: &Path, cancel: &Cancel) -> Self {
        let root = nix::unistd::geteuid().is_root();
        let attempt = Invocation {
            program: PathBuf::from("/bin/true"),
            args: Vec::new(),
            env: BTreeMap::new(),
            isolation: Isolation::Namespaces { mounts: Vec::new() },
            deadline: Duration::from_secs(10),
            output: scratch.join("rights"),
            reveal: None,
        };
        let namespaces = root && run(&attempt, cancel).is_ok_and(|ran| ran.exit.is_success());
        Self { root, namespaces }
    }
}

/// Where the binaries of one channel are, and what may be done with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// Name of the channel: `path`, that of a release, or the label of the user's own binary.
    pub channel: String,
    /// The kind of source.
    pub provider: Provider,
    /// Whether the machine's own daemon may stand in for a private one.
    pub machine_daemon: MachineDaemon,
    /// Root directory of the channel; `None` for this machine.
    pub root: Option<PathBuf>,
    /// Where binaries are looked for, as seen inside the root.
    pub folders: Vec<PathBuf>,
    /// Packages and their versions, where it was provisioned.
    pub packages: BTreeMap<String, String>,
    /// The source packages that each of them was built with, and their versions, where they say so.
    pub built_using: BTreeMap<String, BTreeMap<String, String>>,
    /// Where dpkg of this machine writes down what is installed.
    pub dpkg: PathBuf,
    /// The distribution that the packages are of.
    pub distribution: Option<String>,
    /// Of programs that are copies, what they are copies of.
    pub copied_from: BTreeMap<PathBuf, PathBuf>,
    /// Programs that are neither in a root directory nor in a folder of it, by name: what a release that was built
    /// takes besides, and this machine lacks.
    pub companions: BTreeMap<&'static str, PathBuf>,
    /// The Go module that it was built from, where it was built here.
    pub module: Option<BuiltModule>,
    /// What a reader must know to judge the provenance.
    pub notes: Vec<String>,
    /// What this process may do.
    pub privileges: Privileges,
}

impl Installation {
    /// The binary of that name, as a path inside the root.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<PathBuf> {
        let mut in_folders = self.folders.iter().map(|folder| folder.join(name));
        in_folders
            .find(|path| is_program(&self.on_machine(path)))
            .or_else(|| self.companions.get(name).cloned())
    }

    /// The path by which this machine sees a path inside the root.
    #[must_use]
    pub fn on_machine(&self, path: &Path) -> PathBuf {
        match &self.root {
            None => path.to_owned(),
            Some(root) => root.join(path.strip_prefix("/").unwrap_or(path)),
        }
    }

    /// How to run a tool of this installation with `run_dir` visible and everything that tools like to
    /// write to (state, caches, sockets) hidden below `masks`.
    #[must_use]
    pub fn isolation(&self, run_dir: &Path, bind_mounts: &BindMounts) -> Isolation {
        let mount = |from: &Path, at: &str| Mount {
            from: from.to_owned(),
            at: at.into(),
        };
        let mut mounts = vec![
            mount(&bind_mounts.state, "/var/lib"),
            mount(&bind_mounts.containers_config, "/etc/containers"),
        ];
        match &self.root {
            None if !self.privileges.namespaces => Isolation::None,
            None => {
                mounts.push(mount(&bind_mounts.run, "/run"));
                // A tool that was installed below a hidden directory could not start.
                mounts.retain(|mount| {
                    let mut places = self.folders.iter().chain(self.companions.values());
                    !places.any(|place| place.starts_with(&mount.at))
                });
                // The run directory stays visible even if it lies below a hidden directory.
                mounts.push(Mount::same(run_dir));
                Isolation::Namespaces { mounts }
            }
            Some(root) => {
                mounts.push(Mount::same(run_dir));
                Isolation::Root {
                    root: root.clone(),
                    mounts,
                }
            }
        }
    }

    /// The version of the package that ships `binary`, where its packages are known.
    #[must_use]
    pub fn package_version(&self, package: &str) -> Option<&str> {
        self.packages.get(package).map(String::as_str)
    }
}

/// Private directories that hide those of the machine.
#[derive(Clone, Debug)]
pub struct BindMounts {
    /// In place of `/var/lib`.
    pub state: PathBuf,
    /// In place of `/run`.
    pub run: PathBuf,
    /// In place of `/etc/containers`.
    pub containers_config: PathBuf,
}

/// Whether there is a file that may be executed.
pub(crate) fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}
