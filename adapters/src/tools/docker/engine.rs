//! The private engine of a session.

use super::{CONTAINERD_STORE, DockerSession, LOOK};
use crate::{
    Flavour, StartError,
    process::{Daemon, DaemonError, DaemonSpec, Readiness, RunError},
};
use std::{fs, time::Duration};

/// How long the engine may take to answer after its start.
const START: Duration = Duration::from_secs(60);

impl DockerSession {
    pub(super) fn start_engine(&self) -> Result<Daemon, DaemonError> {
        let path = |name: &str| self.room.dir().join(name).to_string_lossy().into_owned();
        // What an engine that died has left would keep the next one from starting.
        for stale in ["docker.pid", "docker.sock"] {
            let _ = fs::remove_file(self.room.dir().join(stale));
        }
        let _ = fs::remove_dir_all(self.room.dir().join("exec"));
        let args = [
            "--config-file",
            &path("daemon.json"),
            "--iptables=false",
            "--ip6tables=false",
            "--bridge=none",
            "--ip-forward=false",
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
        let spec = DaemonSpec {
            name: "dockerd",
            invocation: self
                .room
                .invocation(&self.runtime.binary("daemon"), &args, START),
            log: self.room.dir().join("dockerd.log"),
            ready: &|| {
                if !self.room.dir().join("docker.sock").exists() {
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
        Daemon::start(&spec, self.room.cancel())
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
