//! Buildah: no daemon, but a store of its own; the library that selects is podman's, with other defaults.

use super::{
    containers_storage::{self, FileSystem, texts},
    image::sign,
};
use crate::{
    Action, Adapter, Asked, Cleanup, Detected, Flavour, HarnessError, ImageSource, Installation,
    Look, RawObservation, Runtime, Sandbox, SandboxedTool, Support, Tool,
    channel::DebianRelease,
    detect,
    process::{Invocation, Ran},
    rootfs,
};
use ocipick_corpus::MARKER_FILE;
use ocipick_records::{Configuration, Identity, Operation, Project, ToolInfo, is_at_least};
use serde_json::Value;
use std::{path::Path, sync::LazyLock, time::Duration};

pub(super) struct Buildah;

/// It moved from `containers` to `podman-container-tools` with podman and skopeo, and shares their policy for
/// security. Its template for reports asks for nothing but a description and outputs.
static INFO: LazyLock<ToolInfo> = LazyLock::new(|| ToolInfo {
    name: "buildah".to_owned(),
    binaries: vec!["buildah".to_owned()],
    package: "buildah".to_owned(),
    configurations: vec![Configuration {
        lineage: "containers/image".to_owned(),
        reproduce: vec![
            "buildah pull --tls-verify=false {platform}REFERENCE".to_owned(),
            "buildah inspect --type image REFERENCE".to_owned(),
        ],
        ..Configuration::default()
    }],
    project: Some(Project::new(
        "podman-container-tools/buildah",
        "security@lists.podman.io",
        "",
        &[],
    )),
});

impl Adapter for Buildah {
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
        vec!["buildah"]
    }

    /// The plain directories of `vfs` need nothing of the kernel and can be read without mounting.
    fn snapshotter(&self, _: Option<Flavour>) -> Option<&'static str> {
        Some("vfs")
    }

    fn detect(&self, tool: Tool, installation: &Installation, sandbox: &Sandbox) -> Detected {
        detect::single_binary(tool, installation, sandbox)
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

    fn actions(&self, asked: &Asked<'_>) -> Vec<Action> {
        let request = asked.request;
        let platform = if is_at_least(&asked.tool.runtime().version, "1.24") {
            request.platform_args()
        } else {
            // Version 1.19 has no `--platform`, and those after it read it as podman 3 did.
            containers_storage::separate_platform_args(request)
        };
        let reference = match &request.source {
            ImageSource::Registry { .. } => request.reference(),
            ImageSource::Layout(layout) => format!("oci-archive:{}", layout.path(layout.archive)),
        };
        let mut args = vec!["pull", "--tls-verify=false"];
        args.extend(platform.iter().map(String::as_str));
        args.push(&reference);
        vec![buildah(asked.tool, &args, request.deadline).into()]
    }

    fn observe(&self, asked: &Asked<'_>, look: &mut Look<'_>) -> Result<(), HarnessError> {
        let stdout = look.decisive().map(Ran::stdout).unwrap_or_default();
        let printed = stdout.lines().map(str::trim);
        let Some(id) = printed.rev().find(|line| !line.is_empty()) else {
            look.reported = RawObservation::Absent("buildah pull printed no image id".to_owned());
            look.materialised = look.reported.clone();
            return Ok(());
        };
        look.image = Some(id.to_owned());
        let store = store(asked.tool);
        look.reported = containers_storage::reported("buildah pull", Path::new(&store), id);
        look.materialised = look_into(asked, look, id)?;
        Ok(())
    }

    fn cleanup(&self, asked: &Asked<'_>, image: Option<&str>) -> Cleanup {
        let deadline = asked.request.deadline;
        let image = image.map(|id| buildah(asked.tool, &["rmi", "--force", id], deadline));
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
        let (root, runroot) = (store(tool), tool.path_text("runroot"));
        let args = ["unshare", "rm", "-rf", &root, &runroot];
        vec![buildah(tool, &args, Duration::from_secs(60))]
    }
}

/// The directory of the private store.
fn store(tool: &SandboxedTool) -> String {
    tool.path_text("store")
}

/// A command on the private store.
fn buildah(tool: &SandboxedTool, args: &[&str], deadline: Duration) -> Invocation {
    let (root, runroot) = (store(tool), tool.path_text("runroot"));
    let mut all = vec![
        "--root",
        &root,
        "--runroot",
        &runroot,
        "--storage-driver",
        "vfs",
    ];
    all.extend(args);
    tool.client(&all, deadline)
}

/// What is in the file system of the image. `buildah from` and `buildah mount` show the same directory,
/// and take two more commands.
fn look_into(
    asked: &Asked<'_>,
    look: &mut Look<'_>,
    id: &str,
) -> Result<RawObservation, HarnessError> {
    let store = store(asked.tool);
    let store = Path::new(&store);
    let marker = match containers_storage::file_system(store, id) {
        FileSystem::Directory(dir) => rootfs::marker(&dir),
        FileSystem::Empty => {
            let words = "the image has no layers".to_owned();
            return Ok(RawObservation::Empty(words));
        }
        FileSystem::Unknown => Ok(None),
    };
    Ok(match marker {
        Ok(Some(marker)) => RawObservation::Seen(vec![sign(
            "directory of the topmost layer in the store",
            Identity::Marker(marker),
        )]),
        Ok(None) => {
            let inspect = ["inspect", "--type", "image", id];
            let inspected = look.run(&buildah(asked.tool, &inspect, asked.request.deadline))?;
            let listed = listed_layers(&inspected);
            containers_storage::layers(store, id, "buildah inspect", listed)
        }
        Err(error) => RawObservation::Failed(format!("/{MARKER_FILE}: {error}")),
    })
}

/// The layers of an image in the words of `buildah inspect`, base first.
fn listed_layers(inspected: &Ran) -> Result<Vec<String>, String> {
    if !inspected.exit.is_success() {
        return Err(format!("buildah inspect: {}", inspected.last_words()));
    }
    let printed: Value = serde_json::from_str(&inspected.stdout()).unwrap_or_default();
    Ok(texts(&printed["OCIv1"]["rootfs"]["diff_ids"]))
}
