//! The engine: how a private one is started, and what it says.

use super::{CONTAINERD_DRIVER, address, docker, uses_containerd};
use crate::{
    Action, DaemonAdapter, DaemonDescription, DaemonWords, HarnessError, Installation, Sandbox,
    SandboxedTool, StartError,
    driver::{DAEMON_START, LOOK},
    process::{SYSTEM_PATH, run},
};
use std::{
    ffi::OsString,
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

pub(super) struct Engine;

/// What the engine starts for itself, and is of no use without.
pub(super) const HELPER: &str = "containerd";

/// Where what comes from elsewhere is linked, and nothing besides it.
const LINKED: &str = "helpers";

/// Makes those helpers that come from elsewhere appear in one folder.
pub(super) fn link_helpers(installation: &Installation, sandbox: &Sandbox) -> io::Result<()> {
    let folder = sandbox.dir().join(LINKED);
    fs::create_dir_all(&folder)?;
    for (program, path) in &installation.companions {
        let link = folder.join(program);
        if !link.is_symlink() {
            symlink(path, &link)?;
        }
    }
    Ok(())
}

/// Where an engine looks for its helpers: beside itself, where it was found, where those are that come from
/// elsewhere, and where the system's programs lie.
fn helpers_path(engine: &Path, folders: &[PathBuf], linked: PathBuf) -> String {
    let beside = engine.parent().map(Path::to_owned);
    let system = std::env::split_paths(SYSTEM_PATH);
    let mut all: Vec<PathBuf> = Vec::new();
    for folder in beside
        .into_iter()
        .chain(folders.iter().cloned())
        .chain([linked])
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

impl DaemonAdapter for Engine {
    fn name(&self) -> &'static str {
        "dockerd"
    }

    fn description(&self, tool: &SandboxedTool) -> DaemonDescription {
        let address = address(tool);
        let path = |name: &str| tool.path_text(name);
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
            &address,
        ]
        .map(str::to_owned);
        let mut args = args.to_vec();
        let mounts = uses_containerd(tool.runtime());
        if !mounts {
            // Plain directories need nothing of the kernel; the driver has no part in choosing.
            args.extend(["--storage-driver", "vfs"].map(str::to_owned));
        }
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let program = tool.runtime().binary("daemon");
        let mut invocation = tool.sandbox().invocation(&program, &args, DAEMON_START);
        let folders = &tool.runtime().installation.folders;
        let path = helpers_path(&program, folders, tool.path(LINKED));
        invocation.env.insert("PATH".to_owned(), path);
        DaemonDescription {
            invocation,
            log: tool.path("dockerd.log"),
            socket: tool.path("docker.sock"),
            longest_socket: tool.path("exec/containerd/containerd.sock.ttrpc"),
            stale: ["docker.pid", "docker.sock", "exec"]
                .map(|name| tool.path(name))
                .to_vec(),
            helper: Some(HELPER),
            mounts,
        }
    }

    fn question(&self, tool: &SandboxedTool) -> Action {
        docker(tool, &["version"], LOOK).into()
    }

    /// Makes sure that the engine uses the store that the flavour names.
    fn check(&self, tool: &SandboxedTool) -> Result<(), StartError> {
        let args = ["info", "--format", "{{.Driver}} {{json .DriverStatus}}"];
        let asked = run(&docker(tool, &args, LOOK), tool.sandbox().cancel());
        let info = asked.map_err(|error| match HarnessError::from(error) {
            HarnessError::Interrupted => StartError::Cancelled,
            other => StartError::NotStarted(other.words().to_owned()),
        })?;
        let has_containerd = info.stdout().contains(CONTAINERD_DRIVER);
        match (uses_containerd(tool.runtime()), has_containerd) {
            (true, true) | (false, false) => Ok(()),
            (true, false) => Err(StartError::Unsupported(format!(
                "this engine did not take up containerd's image store, but {}",
                info.stdout().trim()
            ))),
            (false, true) => Err(StartError::Unsupported(
                "this engine has containerd's image store only".to_owned(),
            )),
        }
    }

    fn words(&self) -> DaemonWords {
        DaemonWords {
            lost: &[
                "unexpected EOF",
                "Cannot connect to the Docker daemon",
                "connection reset",
                "error during connect",
            ],
            aborted: &["error during connect"],
            leaving: Some("Processing signal '"),
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
            "/run/helpers".into(),
        );
        assert!(path.starts_with("/opt/build:/usr/bin:"), "{path}");
        assert_eq!(path.matches("/opt/build").count(), 1);
        assert!(path.contains(":/usr/bin:/run/helpers:"), "{path}");
        assert!(path.ends_with(":/bin"), "{path}");
    }
}
