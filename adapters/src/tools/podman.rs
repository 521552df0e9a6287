//! Podman: no daemon, but a store of its own.

use super::image::{looked, marker_text, sign, with_algorithm};
use crate::{
    Adapter, Ask, Attempt, Detected, Identity, Looked, Operation, Place, Room, Runtime, Session,
    Source, StartError, Tool,
    adapter::{MARKER_FILE, attempt},
    detect, mutant,
    process::{Invocation, Mount, Ran, RunError, run},
};
use serde_json::Value;
use std::{
    fs::{self, File},
    io::ErrorKind,
    path::Path,
    time::Duration,
};

pub(super) struct Podman;

impl Adapter for Podman {
    fn tool(&self) -> Tool {
        Tool::Podman
    }

    fn detect(&self, place: &Place, room: &Room) -> Detected {
        let mut detected = detect::single_binary(Tool::Podman, "podman", place, room);
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

    fn cannot(&self, _: &Runtime, operation: Operation) -> Option<String> {
        match operation {
            Operation::Pull | Operation::Import => None,
        }
    }

    fn open(&self, runtime: &Runtime, mut room: Room) -> std::io::Result<Box<dyn Session>> {
        if let Some(mount) = unified_cgroups(&runtime.version) {
            room.add_mount(mount);
        }
        let root = room.dir().join("store").to_string_lossy().into_owned();
        let runroot = room.dir().join("runroot").to_string_lossy().into_owned();
        Ok(Box::new(PodmanSession {
            runtime: runtime.clone(),
            room,
            root,
            runroot,
        }))
    }
}

/// Whether a version is at least this one.
fn is_at_least(version: &str, major: u32) -> bool {
    let number = version.split('.').next().unwrap_or_default();
    number.parse::<u32>().is_ok_and(|number| number >= major)
}

/// What lets a podman start that wants unified cgroups only, on a machine that has both kinds.
/// Pulling does nothing with cgroups.
fn unified_cgroups(version: &str) -> Option<Mount> {
    let all = Path::new("/sys/fs/cgroup");
    let unified = all.join("unified");
    let is_unified = |dir: &Path| dir.join("cgroup.controllers").exists();
    (is_at_least(version, 6) && !is_unified(all) && is_unified(&unified)).then(|| Mount {
        from: unified,
        at: all.to_owned(),
    })
}

/// The platform as options. Version 3 takes everything after the first slash of `--platform` for
/// the architecture.
fn platform_args(version: &str, ask: &Ask<'_>) -> Vec<String> {
    let Some(platform) = ask.wanted().filter(|_| !is_at_least(version, 4)) else {
        return ask.platform_args();
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
    room: Room,
    root: String,
    runroot: String,
}

impl PodmanSession {
    /// Runs podman on the private store. The plain directories of `vfs` need nothing of the
    /// kernel and can be read without mounting.
    fn podman(&self, args: &[&str], deadline: Duration) -> Result<Ran, RunError> {
        run(&self.invocation(args, deadline), self.room.cancel())
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
        self.room
            .invocation(&self.runtime.binary("client"), &all, deadline)
    }
}

impl Session for PodmanSession {
    fn start(&mut self) -> Result<(), StartError> {
        Ok(())
    }

    fn take(&mut self, ask: &Ask<'_>) -> Attempt {
        let mut attempt = Attempt::default();
        let platform = platform_args(&self.runtime.version, ask);
        let reference = match &ask.source {
            Source::Registry { .. } => ask.reference(),
            Source::Layout(layout) => format!("oci-archive:{}", layout.path(layout.archive)),
        };
        let mut args = vec!["pull", "--tls-verify=false"];
        args.extend(platform.iter().map(String::as_str));
        args.push(&reference);
        let pulled = attempt!(attempt, self.podman(&args, ask.deadline));
        (ask.pulled)();
        attempt.decisive = Some(pulled);
        if !attempt.succeeded() {
            return attempt;
        }
        let stdout = attempt.commands[pulled].stdout();
        let id = stdout
            .lines()
            .map(str::trim)
            .rfind(|line| !line.is_empty())
            .unwrap_or_default();
        if id.is_empty() {
            attempt.reported = Looked::Absent("podman pull printed no image id".to_owned());
            attempt.materialised = attempt.reported.clone();
            return attempt;
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
        attempt.reported = Looked::Seen(reported);
        // Rootless, an image can only be mounted inside the user's own namespace.
        let mount: &[&str] = if self.room.place().rights.root {
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
        let mounted = attempt!(attempt, self.podman(mount, ask.deadline));
        let mounted = &attempt.commands[mounted];
        if mounted.exit.is_success() {
            let point = mounted.stdout().trim().to_owned();
            attempt.materialised = match File::open(Path::new(&point).join(MARKER_FILE)) {
                Ok(file) => match marker_text(file) {
                    Ok(marker) => {
                        Looked::Seen(vec![sign("podman image mount", Identity::Marker(marker))])
                    }
                    Err(error) => Looked::Failed(format!("/{MARKER_FILE}: {error}")),
                },
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    let inspected = attempt!(
                        attempt,
                        self.podman(&["image", "inspect", &id], ask.deadline)
                    );
                    layers_of(&attempt.commands[inspected])
                }
                Err(error) => Looked::Failed(format!("/{MARKER_FILE}: {error}")),
            };
        } else {
            attempt.materialised = Looked::Absent(mounted.last_words());
        }
        mutant::has_looked(&mut attempt);
        if ask.leaves_image() {
            return attempt;
        }
        // This unmounts it, too.
        match self.podman(&["rmi", "--force", &id], ask.deadline) {
            Ok(ran) => attempt.removal += ran.duration,
            Err(error) => attempt.notes.push(format!("podman rmi: {error}")),
        }
        attempt
    }
}

impl Drop for PodmanSession {
    fn drop(&mut self) {
        if !self.room.place().rights.root {
            // Rootless, files in the store belong to the user's subordinate ids, and only the
            // user's own namespace may remove them.
            let args = ["unshare", "rm", "-rf", &self.root, &self.runroot];
            let removal = self.invocation(&args, Duration::from_secs(60));
            if let Err(error) = self.room.clean_up(&removal) {
                tracing::warn!(%error, "cannot remove podman's private store");
            }
        }
    }
}

/// The manifest that podman has recorded for an image; none where its store looks different.
fn recorded_manifest(store: &Path, id: &str) -> Option<String> {
    let list = fs::read(store.join("vfs-images/images.json")).ok()?;
    let images: Value = serde_json::from_slice(&list).ok()?;
    let id = id.rsplit(':').next()?;
    let image = images
        .as_array()?
        .iter()
        .find(|image| image["id"].as_str() == Some(id))?;
    let digest = image["big-data-digests"]["manifest"].as_str()?;
    Some(digest.to_owned())
}

/// The unpacked layers of an image without marker file, as podman lists them.
fn layers_of(inspected: &Ran) -> Looked {
    if !inspected.exit.is_success() {
        return Looked::Absent(inspected.last_words());
    }
    let layers: Vec<String> = serde_json::from_str::<Value>(&inspected.stdout())
        .ok()
        .and_then(|images| images[0]["RootFS"]["Layers"].as_array().cloned())
        .unwrap_or_default()
        .iter()
        .filter_map(|layer| layer.as_str().map(str::to_owned))
        .collect();
    let signs = if layers.is_empty() {
        Vec::new()
    } else {
        vec![sign("podman image inspect", Identity::DiffIds(layers))]
    };
    looked(signs, "the image has no layers")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(version: &str, platform: Option<&str>) -> String {
        let platform = platform.map(|text| text.parse().unwrap());
        let ask = Ask {
            source: Source::Registry {
                address: ([127, 0, 0, 1], 1).into(),
                repository: "a/b",
                tag: "latest",
            },
            platform: platform.as_ref(),
            leaves: crate::Leaves::Nothing,
            deadline: Duration::from_secs(1),
            pulled: &|| (),
        };
        platform_args(version, &ask).join(" ")
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
