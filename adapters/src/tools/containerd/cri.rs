//! Kubernetes' path through containerd: the plugin that answers the kubelet, asked as the kubelet asks it.
//!
//! What it selects is not what `ctr` selects, though both are in one binary: the plugin fetches with a matcher of its
//! own, and from 2.1 on one setting changes which of two ways it goes.

use super::{
    LEASE,
    api::{
        CreateLeaseRequest, DeleteImageRequest, DeleteLeaseRequest, ImageRequest, ImageSpec,
        ImageStatusRequest, ImageStatusResponse, ListImagesResponse, Nothing, PullImageResponse,
        RemoveSnapshotRequest, ViewSnapshotRequest, ViewSnapshotResponse,
    },
    ctr, mount_point,
};
use crate::{
    Asked, Call, Cleanup, Flavour, HarnessError, Look, MARKER_LABEL, Protocol, RawObservation,
    Request, Runtime, SandboxedTool, Support, Unary,
    driver::LOOK,
    process::{Ran, quoted},
    rootfs,
    tools::image::sign,
};
use ocipick_records::{Identity, is_at_least};
use prost::Message;
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// The plugin of Kubernetes, as it is when it is left alone.
pub(super) const CRI: Flavour = Flavour::new("cri");
/// The same with the pull inside the plugin, as before the transfer service.
pub(super) const CRI_LOCAL: Flavour = Flavour::new("cri-local");

/// The namespace in which the plugin keeps what it pulls.
const NAMESPACE: &str = "k8s.io";
/// What keeps the file systems of its images when it is left alone.
const SNAPSHOTTER: &str = "overlayfs";

/// The flavours that ask the plugin of this version.
pub(super) fn flavours(version: &str) -> Vec<Flavour> {
    let mut flavours = vec![CRI];
    if has_choice(version) {
        flavours.push(CRI_LOCAL);
    }
    flavours
}

/// Since 2.1 the plugin pulls through the transfer service, unless `use_local_image_pull` is set.
pub(super) fn has_choice(version: &str) -> bool {
    is_at_least(version, "2.1")
}

/// Whether the plugin is asked, and not `ctr`.
pub(super) fn is_asked(flavour: Option<Flavour>) -> bool {
    flavour.is_some_and(|flavour| flavour == CRI || flavour == CRI_LOCAL)
}

/// A request names no platform, so that only what a node takes for itself can be asked for.
pub(super) fn can_be_asked(request: &Request<'_>) -> Support {
    Support::where_(
        request.is_for_host(),
        "a request of the CRI names no platform: a node takes what it takes for its own",
    )
}

/// The call that pulls.
pub(super) fn pull(asked: &Asked<'_>) -> Call {
    let reference = asked.request.reference();
    let question = ImageRequest {
        image: image(&reference),
    };
    let deadline = asked.request.deadline;
    crictl::<PullImageResponse>(
        asked.tool,
        "PullImage",
        &question,
        &["pull", &reference],
        deadline,
    )
}

/// A call that the plugin answers only when it is ready: the daemon answers earlier.
pub(super) fn question(tool: &SandboxedTool) -> Call {
    crictl::<ListImagesResponse>(tool, "ListImages", &Nothing {}, &["images"], LOOK)
}

/// Looks at what the plugin says of the image, and into the snapshot that a container would begin with.
pub(super) fn observe(asked: &Asked<'_>, look: &mut Look<'_>) -> Result<(), HarnessError> {
    let id = look.decisive().and_then(pulled);
    let Some(id) = id else {
        return nothing(look, "PullImage answered without an image");
    };
    look.image = Some(id.clone());
    let question = ImageStatusRequest {
        image: image(&id),
        verbose: true,
    };
    let status = look.call(crictl::<ImageStatusResponse>(
        asked.tool,
        "ImageStatus",
        &question,
        &["inspecti", &id],
        LOOK,
    ))?;
    if !status.exit.is_success() {
        return nothing(look, &status.last_words());
    }
    let Ok(status) = serde_json::from_str::<Value>(&status.stdout()) else {
        let words = "what ImageStatus answered is too long to be read".to_owned();
        look.reported = RawObservation::Failed(words.clone());
        look.materialised = RawObservation::Failed(words);
        return Ok(());
    };
    if status["image"].is_null() {
        return nothing(look, "ImageStatus knows no such image");
    }
    let mut reported = vec![sign("PullImage", Identity::ConfigDigest(id.clone()))];
    let info = status["info"]["info"].as_str().unwrap_or_default();
    let info: Value = serde_json::from_str(info).unwrap_or_default();
    let label = &info["imageSpec"]["config"]["Labels"][MARKER_LABEL];
    if let Some(label) = label.as_str() {
        reported.push(sign("ImageStatus", Identity::Label(label.to_owned())));
    }
    let chain = info["chainID"].as_str().unwrap_or_default();
    if !chain.is_empty() {
        reported.push(sign("ImageStatus", Identity::ChainId(chain.to_owned())));
    }
    look.reported = RawObservation::Seen(reported);
    look.materialised = if chain.is_empty() {
        RawObservation::Empty("ImageStatus names no chain of layers".to_owned())
    } else {
        snapshot(asked, look, &id, chain)?
    };
    Ok(())
}

/// That by the words of the tool there is no image.
fn nothing(look: &mut Look<'_>, words: &str) -> Result<(), HarnessError> {
    look.reported = RawObservation::Absent(words.to_owned());
    look.materialised = RawObservation::Absent(words.to_owned());
    Ok(())
}

/// What removes the image, and all that a pull that failed has left of one. All trials share the namespace of the
/// plugin, and what is left in it would not be fetched again.
pub(super) fn cleanup(asked: &Asked<'_>, id: Option<&str>) -> Cleanup {
    let (tool, reference) = (asked.tool, asked.request.reference());
    let known = id.unwrap_or(&reference);
    let question = ImageRequest {
        image: image(known),
    };
    let delete = DeleteImageRequest {
        name: reference.clone(),
        sync: true,
    };
    let create = CreateLeaseRequest {
        id: LEASE.to_owned(),
    };
    let collect = DeleteLeaseRequest {
        id: LEASE.to_owned(),
        sync: true,
    };
    Cleanup {
        calls: vec![
            crictl::<Nothing>(tool, "RemoveImage", &question, &["rmi", known], LOOK),
            // What the plugin does not know, because it failed over it, containerd may.
            direct::<Nothing>(
                tool,
                "images.v1.Images/Delete",
                &delete,
                &["images", "rm", "--sync", &reference],
            ),
            direct::<Nothing>(
                tool,
                "leases.v1.Leases/Create",
                &create,
                &["leases", "create", "--id", LEASE],
            ),
            direct::<Nothing>(
                tool,
                "leases.v1.Leases/Delete",
                &collect,
                &["leases", "delete", "--sync", LEASE],
            ),
        ],
        ..Cleanup::default()
    }
}

/// The image that was pulled, as the plugin calls it.
fn pulled(ran: &Ran) -> Option<String> {
    let answer: Value = serde_json::from_str(&ran.stdout()).ok()?;
    let id = answer["imageRef"].as_str()?;
    (!id.is_empty()).then(|| id.to_owned())
}

/// What is in the snapshot of a chain of layers. Nothing is mounted: the layers lie unpacked below the private root,
/// and a view of the snapshot names them.
///
/// A pull may have left the layers packed. Whoever creates a container has them unpacked then, and so does the look.
fn snapshot(
    asked: &Asked<'_>,
    look: &mut Look<'_>,
    id: &str,
    chain: &str,
) -> Result<RawObservation, HarnessError> {
    let mut viewed = view(asked, look, chain)?;
    if !viewed.exit.is_success() {
        if let Some(why) = unpack(asked, look, id)? {
            return Ok(RawObservation::Absent(why));
        }
        look.note("the pull did not unpack the layers, as creating a container would".to_owned());
        viewed = view(asked, look, chain)?;
        if !viewed.exit.is_success() {
            return Ok(RawObservation::Absent(viewed.last_words()));
        }
    }
    let view: Value = serde_json::from_str(&viewed.stdout()).unwrap_or_default();
    let seen = seen_in(&layers_of(&view), asked.tool.sandbox().dir(), chain);
    let question = RemoveSnapshotRequest {
        snapshotter: SNAPSHOTTER.to_owned(),
        key: key(asked),
    };
    look.call(direct::<Nothing>(
        asked.tool,
        "snapshots.v1.Snapshots/Remove",
        &question,
        &["snapshots", "rm", &question.key],
    ))?;
    Ok(seen)
}

/// The name of the view of a trial.
fn key(asked: &Asked<'_>) -> String {
    format!("ocipick-{}", asked.number)
}

/// Makes a view of the snapshot of a chain of layers.
fn view(asked: &Asked<'_>, look: &mut Look<'_>, chain: &str) -> Result<Ran, HarnessError> {
    let question = ViewSnapshotRequest {
        snapshotter: SNAPSHOTTER.to_owned(),
        key: key(asked),
        parent: chain.to_owned(),
    };
    look.call(direct::<ViewSnapshotResponse>(
        asked.tool,
        "snapshots.v1.Snapshots/View",
        &question,
        &["snapshots", "view", &question.key, chain],
    ))
}

/// Has an image unpacked, which `ctr` does before it mounts one. The mount itself is nothing to look at. Returns why
/// it cannot be.
fn unpack(
    asked: &Asked<'_>,
    look: &mut Look<'_>,
    id: &str,
) -> Result<Option<String>, HarnessError> {
    let point = mount_point(asked);
    fs::create_dir_all(&point)
        .map_err(|error| HarnessError::Harness(format!("{}: {error}", point.display())))?;
    let target = point.to_string_lossy().into_owned();
    let args = ["images", "mount", id, &target];
    let mounted = look.run(&ctr(asked.tool, NAMESPACE, &args, asked.request.deadline))?;
    let why = (!mounted.exit.is_success()).then(|| mounted.last_words());
    if why.is_none() {
        let args = ["images", "unmount", "--rm", &target];
        look.run(&ctr(asked.tool, NAMESPACE, &args, LOOK))?;
    }
    let _ = fs::remove_dir(&point);
    Ok(why)
}

/// The directories of unpacked layers that a view would mount, the topmost first.
fn layers_of(view: &Value) -> Vec<PathBuf> {
    let mut layers = Vec::new();
    for mount in view["mounts"].as_array().into_iter().flatten() {
        let options = mount["options"].as_array().into_iter().flatten();
        let lower = options
            .filter_map(Value::as_str)
            .find_map(|option| option.strip_prefix("lowerdir="));
        match (lower, mount["source"].as_str()) {
            (Some(lower), _) => layers.extend(lower.split(':').map(PathBuf::from)),
            // One layer needs no overlay.
            (None, Some(source)) => layers.push(PathBuf::from(source)),
            (None, None) => {}
        }
    }
    layers
}

/// Whose the unpacked layers are. The topmost marker is the one that a container would see.
fn seen_in(layers: &[PathBuf], room: &Path, chain: &str) -> RawObservation {
    if layers.is_empty() {
        return RawObservation::Failed("the view of the snapshot names no directory".to_owned());
    }
    let source = "snapshot";
    for layer in layers {
        if !layer.starts_with(room) {
            let words = format!("{}: not of the private store", layer.display());
            return RawObservation::Failed(words);
        }
        match rootfs::marker(layer) {
            Ok(Some(marker)) => {
                return RawObservation::Seen(vec![sign(source, Identity::Marker(marker))]);
            }
            Ok(None) => {}
            Err(error) => {
                return RawObservation::Failed(format!("{}: {error}", layer.display()));
            }
        }
    }
    RawObservation::Seen(vec![sign(source, Identity::ChainId(chain.to_owned()))])
}

fn image(name: &str) -> Option<ImageSpec> {
    Some(ImageSpec {
        image: name.to_owned(),
    })
}

/// A call of the plugin, and how a person repeats it.
fn crictl<Reply: Message + Default + serde::Serialize>(
    tool: &SandboxedTool,
    method: &str,
    question: &impl Message,
    args: &[&str],
    deadline: Duration,
) -> Call {
    let socket = tool.path("c.sock");
    let endpoint = format!("unix://{}", socket.display());
    let words = ["crictl", "--runtime-endpoint", &endpoint];
    let line = quoted(words.iter().chain(args).copied());
    let package = package(tool.runtime());
    let protocol = Protocol::Grpc(Unary::new::<Reply>(
        format!("/{package}.ImageService/{method}"),
        question,
    ));
    tool.sandbox().call(socket, protocol, line, deadline)
}

/// Since 1.6 the plugin speaks the version of the interface that stayed.
fn package(runtime: &Runtime) -> &'static str {
    if is_at_least(&runtime.version, "1.6") {
        "runtime.v1"
    } else {
        "runtime.v1alpha2"
    }
}

/// A call of containerd itself in the namespace of the plugin, and how a person repeats it.
fn direct<Reply: Message + Default + serde::Serialize>(
    tool: &SandboxedTool,
    method: &str,
    question: &impl Message,
    args: &[&str],
) -> Call {
    let line = ctr(tool, NAMESPACE, args, LOOK).line(&[]);
    let method = format!("/containerd.services.{method}");
    let question = Unary::new::<Reply>(method, question).with("containerd-namespace", NAMESPACE);
    let protocol = Protocol::Grpc(question);
    tool.sandbox()
        .call(tool.path("c.sock"), protocol, line, LOOK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ImageSource, Retention};
    use ocipick_records::{Platform, host_architecture};

    #[test]
    fn only_what_a_node_takes_for_itself_can_be_asked_for() {
        let own = host_architecture();
        let asked = |platform: Option<&str>| {
            let platform: Option<Platform> = platform.map(|text| text.parse().unwrap());
            let request = Request {
                operation: ocipick_records::Operation::Pull,
                source: ImageSource::Registry {
                    address: ([127, 0, 0, 1], 1).into(),
                    repository: "a/b",
                    tag: "latest",
                },
                platform: platform.as_ref(),
                leaves: Retention::Nothing,
                deadline: LOOK,
                done: &|| {},
            };
            can_be_asked(&request) == Support::Yes
        };
        assert!(asked(None));
        assert!(asked(Some(&format!("linux/{own}"))));
        for other in [
            &format!("windows/{own}"),
            &format!("linux/{own}/v3"),
            "linux/riscv128",
        ] {
            assert!(!asked(Some(other)), "{other}");
        }
    }

    #[test]
    fn flavours_are_those_that_a_version_has() {
        assert_eq!(flavours("1.7.24"), [CRI]);
        assert_eq!(flavours("2.0.5"), [CRI]);
        assert_eq!(flavours("2.1.9"), [CRI, CRI_LOCAL]);
        assert!(!is_asked(None) && is_asked(Some(CRI)) && is_asked(Some(CRI_LOCAL)));
    }

    #[test]
    fn the_marker_of_the_topmost_layer_counts_and_only_in_the_private_store() {
        let room = tempfile::tempdir().unwrap();
        let layer = |name: &str, marker: Option<&str>| {
            let dir = room.path().join(name);
            fs::create_dir_all(dir.join("ocipick")).unwrap();
            if let Some(marker) = marker {
                fs::write(dir.join("ocipick/child"), format!("{marker}\n")).unwrap();
            }
            dir
        };
        let (bare, top, base) = (
            layer("3", None),
            layer("2", Some("a/b/top")),
            layer("1", Some("a/b/base")),
        );
        let view = serde_json::json!({ "mounts": [{ "type": "overlay", "source": "overlay", "options": [
            "index=off",
            format!("lowerdir={}:{}:{}", bare.display(), top.display(), base.display()),
        ] }] });
        let layers = layers_of(&view);
        assert_eq!(layers, [bare.clone(), top, base]);
        let seen = |layers: &[PathBuf]| seen_in(layers, room.path(), "sha256:c");
        let RawObservation::Seen(signs) = seen(&layers) else {
            panic!("there is a marker")
        };
        assert_eq!(signs[0].identity, Identity::Marker("a/b/top".to_owned()));
        let view = serde_json::json!({ "mounts": [{ "type": "bind", "source": bare, "options": ["ro"] }] });
        let RawObservation::Seen(signs) = seen(&layers_of(&view)) else {
            panic!("there is a chain")
        };
        assert_eq!(signs[0].identity, Identity::ChainId("sha256:c".to_owned()));
        assert!(matches!(seen(&[]), RawObservation::Failed(_)));
        let elsewhere = [PathBuf::from("/etc")];
        assert!(matches!(seen(&elsewhere), RawObservation::Failed(_)));
    }
}
