//! Podman: no daemon, but a store of its own.

use super::{
    containers_storage::{self, texts},
    image::sign,
};
use crate::{
    Action, Adapter, Asked, Cleanup, Detected, Flavour, HarnessError, ImageSource, Installation,
    Look, RawObservation, Request, Runtime, Sandbox, SandboxedTool, Support, Tool,
    channel::DebianRelease,
    detect,
    process::{Invocation, Mount, Ran},
    rootfs,
};
use ocipick_corpus::MARKER_FILE;
use ocipick_records::{
    Configuration, FieldKind, Identity, Operation, Project, ToolInfo, is_at_least,
};
use serde_json::Value;
use std::{io, path::Path, sync::LazyLock, time::Duration};

pub(super) struct Podman;

/// The labels are those of the template in the project's repository, and the contact that of its security
/// policy, as they stood in November 2026. It moved from `containers` to `podman-container-tools` before August
/// 2026. The library that chooses for podman and skopeo is in `podman-container-tools/container-libs`.
static INFO: LazyLock<ToolInfo> = LazyLock::new(|| ToolInfo {
    name: "podman".to_owned(),
    binaries: vec!["podman".to_owned()],
    package: "podman".to_owned(),
    configurations: vec![Configuration {
        lineage: "containers/image".to_owned(),
        reproduce: vec![
            "podman pull --tls-verify=false {platform}REFERENCE".to_owned(),
            "podman image inspect --format '{{.Id}} {{.Digest}} {{.Architecture}}' REFERENCE"
                .to_owned(),
        ],
        ..Configuration::default()
    }],
    project: Some(Project::new(
        "podman-container-tools/podman",
        "security@lists.podman.io",
        "[Bug]: ",
        &[
            ("Issue Description", FieldKind::Description),
            ("Steps to reproduce the issue", FieldKind::Steps),
            ("Describe the results you received", FieldKind::Received),
            ("Describe the results you expected", FieldKind::Expected),
            (
                "podman info output",
                FieldKind::Output("podman info".to_owned()),
            ),
            (
                "Podman in a container",
                FieldKind::Choice("No, unless you reproduce it in one".to_owned()),
            ),
            (
                "Privileged Or Rootless",
                FieldKind::Choice("Privileged: the trials ran as root".to_owned()),
            ),
            (
                "Upstream Latest Release",
                FieldKind::Choice("say whether you tried it with the latest release".to_owned()),
            ),
            ("Additional environment details", FieldKind::Version),
            ("Additional information", FieldKind::More),
        ],
    )),
});

impl Adapter for Podman {
    fn info(&self) -> &'static ToolInfo {
        &INFO
    }

    fn libraries(&self) -> &'static [(&'static str, &'static str)] {
        super::lineages::CONTAINERS_IMAGE
    }

    fn messages(&self) -> &'static [&'static str] {
        &[include_str!("containers-image.messages.toml")]
    }

    fn packages(&self, _: &DebianRelease) -> Vec<&'static str> {
        vec!["podman"]
    }

    fn needs(&self, release: &DebianRelease) -> Vec<&'static str> {
        // Before netavark podman asks for `nsenter` and does nothing without it.
        if release.is_at_least("bookworm") {
            vec!["runc"]
        } else {
            vec!["runc", "util-linux"]
        }
    }

    /// The plain directories of `vfs` need nothing of the kernel and can be read without mounting.
    fn snapshotter(&self, _: Option<Flavour>) -> Option<&'static str> {
        Some("vfs")
    }

    fn detect(&self, tool: Tool, installation: &Installation, sandbox: &Sandbox) -> Detected {
        let mut detected = detect::single_binary(tool, installation, sandbox);
        for runtime in &mut detected.runtimes {
            if unified_cgroups(&runtime.version).is_some() {
                let note =
                    "podman was shown the unified cgroups alone, since it refuses mixed ones";
                runtime.notes.push(note.to_owned());
            }
        }
        detected
    }

    fn is_stateless(&self) -> bool {
        false
    }

    fn supports(&self, _: &Runtime, operation: Operation) -> Support {
        match operation {
            Operation::Pull | Operation::Import => Support::Yes,
            operation @ (Operation::Run
            | Operation::Inspect
            | Operation::Scan
            | Operation::Copy
            | Operation::Push) => Support::not_carried_out(operation),
        }
    }

    fn prepare(&self, runtime: &Runtime, sandbox: &mut Sandbox) -> io::Result<()> {
        if let Some(mount) = unified_cgroups(&runtime.version) {
            sandbox.add_mount(mount);
        }
        Ok(())
    }

    fn actions(&self, asked: &Asked<'_>) -> Vec<Action> {
        let request = asked.request;
        let platform = platform_args(&asked.tool.runtime().version, request);
        let reference = match &request.source {
            ImageSource::Registry { .. } => request.reference(),
            ImageSource::Layout(layout) => {
                format!("oci-archive:{}", layout.path(layout.archive))
            }
        };
        let mut args = vec!["pull", "--tls-verify=false"];
        args.extend(platform.iter().map(String::as_str));
        args.push(&reference);
        vec![podman(asked.tool, &args, request.deadline).into()]
    }

    fn observe(&self, asked: &Asked<'_>, look: &mut Look<'_>) -> Result<(), HarnessError> {
        let stdout = look.decisive().map(Ran::stdout).unwrap_or_default();
        let id = stdout
            .lines()
            .map(str::trim)
            .rfind(|line| !line.is_empty())
            .unwrap_or_default();
        if id.is_empty() {
            look.reported = RawObservation::Absent("podman pull printed no image id".to_owned());
            look.materialised = look.reported.clone();
            return Ok(());
        }
        look.image = Some(id.to_owned());
        look_at(asked, look, id)
    }

    fn cleanup(&self, asked: &Asked<'_>, image: Option<&str>) -> Cleanup {
        // This unmounts it, too.
        let image =
            image.map(|id| podman(asked.tool, &["rmi", "--force", id], asked.request.deadline));
        Cleanup {
            image: image.into_iter().collect(),
            ..Cleanup::default()
        }
    }

    /// Rootless, files in the store belong to the user's subordinate ids, and only the user's own namespace
    /// may remove them.
    fn farewell(&self, tool: &SandboxedTool) -> Vec<Invocation> {
        if tool.sandbox().installation().privileges.root {
            return Vec::new();
        }
        let (root, runroot) = (store(tool), runroot(tool));
        let args = ["unshare", "rm", "-rf", &root, &runroot];
        vec![podman(tool, &args, Duration::from_secs(60))]
    }
}

/// What lets a podman start that wants unified cgroups only, on a machine that has both kinds.
/// Pulling does nothing with cgroups.
fn unified_cgroups(version: &str) -> Option<Mount> {
    let all = Path::new("/sys/fs/cgroup");
    let unified = all.join("unified");
    let is_unified = |dir: &Path| dir.join("cgroup.controllers").exists();
    (is_at_least(version, "6") && !is_unified(all) && is_unified(&unified)).then(|| Mount {
        from: unified,
        at: all.to_owned(),
    })
}

/// The platform as options. Version 3 takes everything after the first slash of `--platform` for
/// the architecture.
fn platform_args(version: &str, request: &Request<'_>) -> Vec<String> {
    if is_at_least(version, "4") {
        request.platform_args()
    } else {
        containers_storage::separate_platform_args(request)
    }
}

/// The directory of the private store.
fn store(tool: &SandboxedTool) -> String {
    tool.path_text("store")
}

fn runroot(tool: &SandboxedTool) -> String {
    tool.path_text("runroot")
}

/// A command on the private store.
fn podman(tool: &SandboxedTool, args: &[&str], deadline: Duration) -> Invocation {
    let (root, runroot) = (store(tool), runroot(tool));
    let mut all = vec![
        "--root",
        &root,
        "--runroot",
        &runroot,
        "--storage-driver",
        "vfs",
        "--cgroup-manager",
        "cgroupfs",
        "--events-backend",
        "none",
    ];
    all.extend(args);
    tool.client(&all, deadline)
}

/// Looks at an image in the store: what podman has recorded of it, and what is in its mount.
fn look_at(asked: &Asked<'_>, look: &mut Look<'_>, id: &str) -> Result<(), HarnessError> {
    let (tool, deadline) = (asked.tool, asked.request.deadline);
    let root = store(tool);
    look.reported = containers_storage::reported("podman pull", Path::new(&root), id);
    // Rootless, an image can only be mounted inside the user's own namespace.
    let mount: &[&str] = if tool.sandbox().installation().privileges.root {
        &["image", "mount", id]
    } else {
        &[
            "unshare",
            "podman",
            "--root",
            &root,
            "--storage-driver",
            "vfs",
            "image",
            "mount",
            id,
        ]
    };
    let mounted = look.run(&podman(tool, mount, deadline))?;
    if !mounted.exit.is_success() {
        look.materialised = RawObservation::Absent(mounted.last_words());
        return Ok(());
    }
    let point = mounted.stdout().trim().to_owned();
    look.materialised = match rootfs::marker(Path::new(&point)) {
        Ok(Some(marker)) => {
            RawObservation::Seen(vec![sign("podman image mount", Identity::Marker(marker))])
        }
        Ok(None) => {
            let inspected = look.run(&podman(tool, &["image", "inspect", id], deadline))?;
            let listed = listed_layers(&inspected);
            let store = Path::new(&root);
            containers_storage::layers(store, id, "podman image inspect", listed)
        }
        Err(error) => RawObservation::Failed(format!("/{MARKER_FILE}: {error}")),
    };
    Ok(())
}

/// The layers of an image in the words of `podman image inspect`, base first.
fn listed_layers(inspected: &Ran) -> Result<Vec<String>, String> {
    if !inspected.exit.is_success() {
        return Err(format!("podman image inspect: {}", inspected.last_words()));
    }
    let printed: Value = serde_json::from_str(&inspected.stdout()).unwrap_or_default();
    Ok(texts(&printed[0]["RootFS"]["Layers"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(version: &str, platform: Option<&str>) -> String {
        let platform = platform.map(|text| text.parse().unwrap());
        let request = Request {
            operation: Operation::Pull,
            source: ImageSource::Registry {
                address: ([127, 0, 0, 1], 1).into(),
                repository: "a/b",
                tag: "latest",
            },
            platform: platform.as_ref(),
            leaves: crate::Retention::Nothing,
            deadline: Duration::from_secs(1),
            done: &|| (),
        };
        platform_args(version, &request).join(" ")
    }

    #[test]
    fn a_variant_is_asked_for_as_each_version_understands_it() {
        let arm = Some("linux/arm/v7");
        assert_eq!(args("3.0.1", arm), "--os linux --arch arm --variant v7");
        assert_eq!(
            args("3.4.4", Some("linux/amd64")),
            "--os linux --arch amd64"
        );
        assert_eq!(args("4.3.1", arm), "--platform linux/arm/v7");
        assert_eq!(args("10.0", arm), "--platform linux/arm/v7");
        assert_eq!(args("3.0.1", None), "");
    }
}
