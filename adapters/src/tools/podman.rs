//! Podman: no daemon, but a store of its own.

use super::image::{sign, with_algorithm};
use crate::{
    Adapter, Detected, Execution, ImageSource, Installation, RawObservation, Request, Runtime,
    Sandbox, Session, StartError, Support, Tool, ToolInfo,
    adapter::execution,
    detect, mutant,
    process::{Invocation, Mount, Ran, RunError, run},
    rootfs,
};
use ocipick_corpus::MARKER_FILE;
use ocipick_records::{Identity, Operation, is_at_least};
use serde_json::Value;
use std::{iter, path::Path, time::Duration};

/// What there is to know of it.
pub(super) const INFO: ToolInfo = ToolInfo {
    name: "podman",
    binaries: &["podman"],
    package: "podman",
    packages: |_| vec!["podman"],
    needs: |release| {
        // Before netavark podman asks for `nsenter` and does nothing without it.
        if release.is_at_least("bookworm") {
            vec!["runc"]
        } else {
            vec!["runc", "util-linux"]
        }
    },
    snapshotter: |_| Some("vfs"),
};

pub(super) struct Podman;

impl Adapter for Podman {
    fn tool(&self) -> Tool {
        Tool::Podman
    }

    fn detect(&self, installation: &Installation, sandbox: &Sandbox) -> Detected {
        let mut detected = detect::single_binary(Tool::Podman, "podman", installation, sandbox);
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
            | Operation::Copy
            | Operation::Push) => Support::not_carried_out(operation),
        }
    }

    fn open(&self, runtime: &Runtime, mut sandbox: Sandbox) -> std::io::Result<Box<dyn Session>> {
        if let Some(mount) = unified_cgroups(&runtime.version) {
            sandbox.add_mount(mount);
        }
        let root = sandbox.dir().join("store").to_string_lossy().into_owned();
        let runroot = sandbox.dir().join("runroot").to_string_lossy().into_owned();
        Ok(Box::new(PodmanSession {
            runtime: runtime.clone(),
            sandbox,
            root,
            runroot,
        }))
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
    let Some(platform) = request.wanted().filter(|_| !is_at_least(version, "4")) else {
        return request.platform_args();
    };
    let mut args = vec![
        "--os".to_owned(),
        platform.os.clone(),
        "--arch".to_owned(),
        platform.architecture.clone(),
    ];
    if let Some(variant) = &platform.variant {
        args.extend(["--variant".to_owned(), variant.clone()]);
    }
    args
}

struct PodmanSession {
    runtime: Runtime,
    sandbox: Sandbox,
    root: String,
    runroot: String,
}

impl PodmanSession {
    /// Runs podman on the private store. The plain directories of `vfs` need nothing of the
    /// kernel and can be read without mounting.
    fn podman(&self, args: &[&str], deadline: Duration) -> Result<Ran, RunError> {
        run(&self.invocation(args, deadline), self.sandbox.cancel())
    }

    fn invocation(&self, args: &[&str], deadline: Duration) -> Invocation {
        let mut all = vec![
            "--root",
            &self.root,
            "--runroot",
            &self.runroot,
            "--storage-driver",
            "vfs",
            "--cgroup-manager",
            "cgroupfs",
            "--events-backend",
            "none",
        ];
        all.extend(args);
        self.sandbox
            .invocation(&self.runtime.binary("client"), &all, deadline)
    }
}

impl Session for PodmanSession {
    fn start(&mut self) -> Result<(), StartError> {
        Ok(())
    }

    fn execute(&mut self, request: &Request<'_>) -> Execution {
        let mut execution = Execution::default();
        let platform = platform_args(&self.runtime.version, request);
        let reference = match &request.source {
            ImageSource::Registry { .. } => request.reference(),
            ImageSource::Layout(layout) => {
                format!("oci-archive:{}", layout.path(layout.archive))
            }
        };
        let mut args = vec!["pull", "--tls-verify=false"];
        args.extend(platform.iter().map(String::as_str));
        args.push(&reference);
        let pulled = execution!(execution, self.podman(&args, request.deadline));
        (request.done)();
        execution.decisive = Some(pulled);
        if !execution.succeeded() {
            return execution;
        }
        let stdout = execution.commands[pulled].stdout();
        let id = stdout
            .lines()
            .map(str::trim)
            .rfind(|line| !line.is_empty())
            .unwrap_or_default();
        if id.is_empty() {
            execution.reported =
                RawObservation::Absent("podman pull printed no image id".to_owned());
            execution.materialised = execution.reported.clone();
            return execution;
        }
        let id = mutant::looked_at(id);
        let mut reported = vec![sign(
            "podman pull",
            Identity::ConfigDigest(with_algorithm(&id)),
        )];
        // The id of a schema 1 image is of a config that podman made up.
        if let Some(manifest) = recorded_manifest(Path::new(&self.root), &id) {
            reported.push(sign(
                "images.json of podman's store",
                Identity::ManifestDigest(manifest),
            ));
        }
        execution.reported = RawObservation::Seen(reported);
        // Rootless, an image can only be mounted inside the user's own namespace.
        let mount: &[&str] = if self.sandbox.installation().privileges.root {
            &["image", "mount", &id]
        } else {
            &[
                "unshare",
                "podman",
                "--root",
                &self.root,
                "--storage-driver",
                "vfs",
                "image",
                "mount",
                &id,
            ]
        };
        let mounted = execution!(execution, self.podman(mount, request.deadline));
        let mounted = &execution.commands[mounted];
        if mounted.exit.is_success() {
            let point = mounted.stdout().trim().to_owned();
            execution.materialised = match rootfs::marker(Path::new(&point)) {
                Ok(Some(marker)) => {
                    RawObservation::Seen(vec![sign("podman image mount", Identity::Marker(marker))])
                }
                Ok(None) => {
                    let inspected = execution!(
                        execution,
                        self.podman(&["image", "inspect", &id], request.deadline)
                    );
                    layers_of(&execution.commands[inspected], Path::new(&self.root), &id)
                }
                Err(error) => RawObservation::Failed(format!("/{MARKER_FILE}: {error}")),
            };
        } else {
            execution.materialised = RawObservation::Absent(mounted.last_words());
        }
        mutant::has_looked(&mut execution);
        if request.leaves_image() {
            return execution;
        }
        // This unmounts it, too.
        match self.podman(&["rmi", "--force", &id], request.deadline) {
            Ok(ran) => execution.removal += ran.duration,
            Err(error) => execution.notes.push(format!("podman rmi: {error}")),
        }
        execution
    }
}

impl Drop for PodmanSession {
    fn drop(&mut self) {
        if !self.sandbox.installation().privileges.root {
            // Rootless, files in the store belong to the user's subordinate ids, and only the
            // user's own namespace may remove them.
            let args = ["unshare", "rm", "-rf", &self.root, &self.runroot];
            let removal = self.invocation(&args, Duration::from_secs(60));
            if let Err(error) = self.sandbox.clean_up(&removal) {
                tracing::warn!(%error, "cannot remove podman's private store");
            }
        }
    }
}

/// How much of a file of the store is read.
const STORE_LIMIT: u64 = 16 << 20;

/// A list in podman's store; nothing where its store looks different.
fn listed(store: &Path, list: &str) -> Vec<Value> {
    let bytes = rootfs::read(store, Path::new(list), STORE_LIMIT)
        .ok()
        .flatten();
    bytes
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default()
}

fn recorded_image(store: &Path, id: &str) -> Option<Value> {
    let id = id.rsplit(':').next()?;
    let mut images = listed(store, "vfs-images/images.json").into_iter();
    images.find(|image| image["id"].as_str() == Some(id))
}

/// The manifest that podman has recorded for an image; none where its store looks different.
fn recorded_manifest(store: &Path, id: &str) -> Option<String> {
    let image = recorded_image(store, id)?;
    let digest = image["big-data-digests"]["manifest"].as_str()?;
    Some(digest.to_owned())
}

/// The layers that podman has recorded for an image, as they were fetched, base first; none unless it
/// has recorded all of them.
fn recorded_layers(store: &Path, id: &str) -> Option<Vec<String>> {
    let image = recorded_image(store, id)?;
    let all = listed(store, "vfs-layers/layers.json");
    let find = |id: &str| all.iter().find(|layer| layer["id"].as_str() == Some(id));
    let top = find(image["layer"].as_str()?)?;
    let chain = iter::successors(Some(top), |layer| find(layer["parent"].as_str()?));
    // A store that is broken might go round in circles.
    let chain: Vec<&Value> = chain.take(all.len()).collect();
    let digest = |layer: &&Value| Some(layer["compressed-diff-digest"].as_str()?.to_owned());
    chain.iter().rev().map(digest).collect()
}

/// The unpacked layers of an image without marker file, as podman lists them.
fn layers_of(inspected: &Ran, store: &Path, id: &str) -> RawObservation {
    let recorded = |otherwise: RawObservation| match recorded_layers(store, id) {
        Some(layers) => RawObservation::Seen(vec![sign(
            "layers.json of podman's store",
            Identity::LayerDigests(layers),
        )]),
        None => otherwise,
    };
    if !inspected.exit.is_success() {
        let words = format!("podman image inspect: {}", inspected.last_words());
        return recorded(RawObservation::Failed(words));
    }
    let layers: Vec<String> = serde_json::from_str::<Value>(&inspected.stdout())
        .ok()
        .and_then(|images| images[0]["RootFS"]["Layers"].as_array().cloned())
        .unwrap_or_default()
        .iter()
        .map(|layer| layer.as_str().unwrap_or_default().to_owned())
        .collect();
    if layers.is_empty() {
        return RawObservation::Empty("the image has no layers".to_owned());
    }
    // Of a manifest of the first schema podman does not know what its layers unpack to.
    if !layers.iter().any(String::is_empty) {
        return RawObservation::Seen(vec![sign(
            "podman image inspect",
            Identity::DiffIds(layers),
        )]);
    }
    recorded(RawObservation::Unmarked(
        "podman does not say what its layers are".to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(version: &str, platform: Option<&str>) -> String {
        let platform = platform.map(|text| text.parse().unwrap());
        let request = Request {
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

    #[test]
    fn layers_are_recorded_from_the_topmost_down() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str, list: Value| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, list.to_string()).unwrap();
        };
        put(
            "vfs-images/images.json",
            serde_json::json!([{ "id": "i", "layer": "top" }]),
        );
        let base = serde_json::json!({ "id": "base", "compressed-diff-digest": "sha256:b" });
        let top = serde_json::json!(
            { "id": "top", "parent": "base", "compressed-diff-digest": "sha256:t" });
        put("vfs-layers/layers.json", serde_json::json!([top, base]));
        assert_eq!(
            recorded_layers(dir.path(), "sha256:i").unwrap(),
            ["sha256:b", "sha256:t"]
        );
        let unknown = serde_json::json!({ "id": "base" });
        put("vfs-layers/layers.json", serde_json::json!([top, unknown]));
        assert_eq!(recorded_layers(dir.path(), "i"), None);
        let circle =
            serde_json::json!({ "id": "top", "parent": "top", "compressed-diff-digest": "x" });
        put("vfs-layers/layers.json", serde_json::json!([circle]));
        assert_eq!(recorded_layers(dir.path(), "i").unwrap(), ["x"]);
    }
}
