//! The private engine of a session.

use super::{CONTAINERD_STORE, DockerSession, LOOK};
use crate::{
    Flavour, StartError,
    process::{Daemon, DaemonError, DaemonSpec, Readiness, RunError, SYSTEM_PATH, fits_socket},
};
use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// How long the engine may take to answer after its start.
const START: Duration = Duration::from_secs(60);

/// What the engine starts for itself, and is of no use without.
const HELPER: &str = "containerd";

/// Where an engine looks for its helpers: beside itself, where it was found, and where the system's
/// programs lie.
fn helpers_path(engine: &Path, folders: &[PathBuf]) -> String {
    let beside = engine.parent().map(Path::to_owned);
    let system = std::env::split_paths(SYSTEM_PATH);
    let mut all: Vec<PathBuf> = Vec::new();
    for folder in beside
        .into_iter()
        .chain(folders.iter().cloned())
        .chain(system)
    {
        if !all.contains(&folder) {
            all.push(folder);
        }
    }
    // None of them came from elsewhere than such a variable.
    std::env::join_paths(all).map_or_else(
        |_| SYSTEM_PATH.to_owned(),
        |path: OsString| path.to_string_lossy().into_owned(),
    )
}

impl DockerSession {
    pub(super) fn start_engine(&self) -> Result<Daemon, DaemonError> {
        let deepest = self
            .sandbox
            .dir()
            .join("exec/containerd/containerd.sock.ttrpc");
        fits_socket("dockerd", &deepest)?;
        let path = |name: &str| self.sandbox.dir().join(name).to_string_lossy().into_owned();
        // What an engine that died has left would keep the next one from starting.
        for stale in ["docker.pid", "docker.sock"] {
            let _ = fs::remove_file(self.sandbox.dir().join(stale));
        }
        let _ = fs::remove_dir_all(self.sandbox.dir().join("exec"));
        let args = [
            "--config-file",
            &path("daemon.json"),
            "--iptables=false",
            "--ip6tables=false",
            "--bridge=none",
            "--ip-forward=false",
            "--userland-proxy=false",
            "--data-root",
            &path("data"),
            "--exec-root",
            &path("exec"),
            "--pidfile",
            &path("docker.pid"),
            "--insecure-registry",
            "127.0.0.0/8",
            "-H",
            &self.address,
        ]
        .map(str::to_owned);
        let mut args = args.to_vec();
        if self.runtime.flavour.is_none() {
            // Plain directories need nothing of the kernel; the driver has no part in choosing.
            args.extend(["--storage-driver", "vfs"].map(str::to_owned));
        }
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let program = self.runtime.binary("daemon");
        let mut invocation = self.sandbox.invocation(&program, &args, START);
        let path = helpers_path(&program, &self.runtime.installation.folders);
        invocation.env.insert("PATH".to_owned(), path);
        let spec = DaemonSpec {
            name: "dockerd",
            invocation,
            log: self.sandbox.dir().join("dockerd.log"),
            ready: &|| {
                if !self.sandbox.dir().join("docker.sock").exists() {
                    return Readiness::NotYet;
                }
                let asked = self.docker(&["version", "--format", "{{.Server.Version}}"], LOOK);
                if asked.is_ok_and(|ran| ran.exit.is_success()) {
                    Readiness::Ready
                } else {
                    Readiness::NotYet
                }
            },
        };
        let mut daemon = Daemon::start(&spec, self.sandbox.cancel())?;
        daemon.watch_helper(HELPER);
        Ok(daemon)
    }

    /// Makes sure that the engine uses the store that the flavour names.
    pub(super) fn check_store(&self) -> Result<(), StartError> {
        let info = self
            .docker(
                &["info", "--format", "{{.Driver}} {{json .DriverStatus}}"],
                LOOK,
            )
            .map_err(|error| match error {
                RunError::Cancelled => StartError::Cancelled,
                RunError::Start { .. } | RunError::Isolation(_) => {
                    StartError::NotStarted(error.to_string())
                }
            })?;
        let uses_containerd = info.stdout().contains(CONTAINERD_STORE);
        match (self.runtime.flavour, uses_containerd) {
            (Some(Flavour::ContainerdStore), true) | (None, false) => Ok(()),
            (Some(_), _) => Err(StartError::Unsupported(format!(
                "this engine did not take up containerd's image store, but {}",
                info.stdout().trim()
            ))),
            (None, true) => Err(StartError::Unsupported(
                "this engine has containerd's image store only".to_owned(),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_finds_the_helpers_beside_it_first() {
        let path = helpers_path(
            Path::new("/opt/build/dockerd"),
            &["/usr/bin".into(), "/opt/build".into()],
        );
        assert!(path.starts_with("/opt/build:/usr/bin:"), "{path}");
        assert_eq!(path.matches("/opt/build").count(), 1);
        assert!(path.ends_with(":/bin"), "{path}");
    }
}
