//! What the store of an engine has: two looks at it, which know nothing of each other.

use super::{container, docker, uses_containerd};
use crate::{
    Asked, HarnessError, Look, RawFingerprint, RawObservation, SandboxedTool, Service,
    adapter::MARKER_LABEL,
    driver::LOOK,
    process::{Invocation, Ran},
    tools::image::{looked, sign, stored},
};
use ocipick_corpus::{InLayer, MARKER_FILE, marker_in_tar};
use ocipick_records::{Exit, Identity, Platform};
use serde_json::Value;
use std::{
    iter,
    path::{Path, PathBuf},
};

/// Looks at what the store has for the reference: by inspecting the image, and by making a container of
/// it and taking the marker file out of that.
pub(super) fn look_at(
    asked: &Asked<'_>,
    look: &mut Look<'_>,
    reference: &str,
) -> Result<(), HarnessError> {
    let classic = !uses_containerd(asked.tool.runtime());
    let container = &*container(asked);
    let mut reported = Vec::new();
    // With containerd's store `image inspect` speaks of the default platform, and some versions cannot
    // inspect what they can run; only the container tells there.
    if classic {
        let (inspected, words) = inspect(asked.tool, look, reference)?;
        let Some(image) = inspected else {
            look.reported = RawObservation::Absent(words);
            look.materialised = look.reported.clone();
            return Ok(());
        };
        if let Some(id) = image["Id"].as_str() {
            reported.push(sign(
                "docker image inspect",
                Identity::ConfigDigest(id.to_owned()),
            ));
        }
        reported.extend(label("docker image inspect", &image));
    }
    if let Some(words) = create(asked, look, reference, container)? {
        look.reported = looked(reported, &words);
        look.materialised = RawObservation::Absent(words);
        return Ok(());
    }
    let inspected = look.run(&docker(
        asked.tool,
        &["container", "inspect", container],
        LOOK,
    ))?;
    let inspected = first(&inspected.stdout());
    let source = "docker container inspect";
    reported.extend(label(source, &inspected));
    if let Some(manifest) = inspected["ImageManifestDescriptor"]["digest"].as_str() {
        reported.push(sign(source, Identity::ManifestDigest(manifest.to_owned())));
    } else if let (true, Some(id)) = (classic, inspected["Image"].as_str()) {
        reported.push(sign(source, Identity::ConfigDigest(id.to_owned())));
    }
    // The whole directory, since of a link in its place only this shows the link itself.
    let folder = format!("{container}:/ocipick");
    let copied = look.run(&docker(asked.tool, &["cp", &folder, "-"], LOOK))?;
    let marker = match copied.exit {
        Exit::Code(0) => match marker_in_tar(&*copied.stdout_bytes()) {
            InLayer::Marker(marker) => Ok(Some(marker)),
            InLayer::Hidden | InLayer::Silent => Ok(None),
        },
        // Ours is small.
        Exit::OutputLimit => Ok(None),
        _ if is_no_such_file(&copied.stderr()) => Ok(None),
        _ => Err(format!("docker cp: {}", copied.last_words())),
    };
    // There `image inspect` may speak of another image under the reference than the container's.
    let asks_store = !classic && (reported.is_empty() || !matches!(marker, Ok(Some(_))));
    let (content, store) = if asks_store {
        look_into_store(asked.tool, look, &inspected)?
    } else {
        (None, RawObservation::Not)
    };
    reported.extend(content);
    look.materialised = match marker {
        Ok(Some(marker)) => RawObservation::Seen(vec![sign("docker cp", Identity::Marker(marker))]),
        Err(words) => RawObservation::Failed(words),
        Ok(None) if classic => listed_layers(asked.tool, look, reference)?,
        Ok(None) => store,
    };
    look.reported = looked(reported, "docker names neither an id nor a label");
    Ok(())
}

/// The layers of an image without marker, as the classic store lists them.
fn listed_layers(
    tool: &SandboxedTool,
    look: &mut Look<'_>,
    reference: &str,
) -> Result<RawObservation, HarnessError> {
    let (inspected, words) = inspect(tool, look, reference)?;
    let Some(image) = inspected else {
        return Ok(RawObservation::Failed(format!(
            "docker image inspect: {words}"
        )));
    };
    let layers = strings(&image["RootFS"]["Layers"]);
    Ok(if layers.is_empty() {
        RawObservation::Empty("the image has no layers".to_owned())
    } else {
        RawObservation::Seen(vec![sign(
            "docker image inspect",
            Identity::DiffIds(layers),
        )])
    })
}

/// What the engine's own containerd has of the image, and which layers its container stands on.
fn look_into_store(
    tool: &SandboxedTool,
    look: &mut Look<'_>,
    container: &Value,
) -> Result<(Option<RawFingerprint>, RawObservation), HarnessError> {
    let unmarked = |why: &str| {
        let words = format!("/{MARKER_FILE} is not in the container, and {why}");
        RawObservation::Unmarked(words)
    };
    let Some(client) = store_client(tool) else {
        let why = "there is no `ctr` to ask the containerd of this engine with";
        return Ok((None, unmarked(why)));
    };
    let listed = look.run(&ctr(tool, &client, &["content", "ls", "--quiet"]))?;
    let content = stored("ctr content ls", &listed);
    let (Some(id), Some(snapshotter)) = (container["Id"].as_str(), container["Driver"].as_str())
    else {
        let why = "docker does not say which snapshot is its own";
        return Ok((None, unmarked(why)));
    };
    let source = "ctr snapshots info";
    // The snapshot of the container, its initial one, and then those of the image.
    let mut key = id.to_owned();
    for _ in 0..3 {
        let args = ["snapshots", "--snapshotter", snapshotter, "info", &key];
        let asked = look.run(&ctr(tool, &client, &args))?;
        let said = serde_json::from_str::<Value>(&asked.stdout());
        let (true, Ok(snapshot)) = (asked.exit.is_success(), said) else {
            let why = format!("ctr: {}", asked.last_words());
            return Ok((content, unmarked(&why)));
        };
        let parent = snapshot["Parent"].as_str().unwrap_or_default();
        if parent.is_empty() {
            let words = "the container stands on no layers".to_owned();
            return Ok((content, RawObservation::Empty(words)));
        }
        if !parent.starts_with(id) {
            let chain = Identity::ChainId(parent.to_owned());
            return Ok((content, RawObservation::Seen(vec![sign(source, chain)])));
        }
        parent.clone_into(&mut key);
    }
    let why = "its snapshots stand on each other without end";
    Ok((None, unmarked(why)))
}

/// A client for the containerd that a private engine starts for itself.
fn store_client(tool: &SandboxedTool) -> Option<PathBuf> {
    match tool.runtime().service {
        Service::Private => tool.sandbox().installation().find("ctr"),
        Service::Machine { .. } | Service::None => None,
    }
}

fn ctr(tool: &SandboxedTool, client: &Path, args: &[&str]) -> Invocation {
    let socket = tool.path_text("exec/containerd/containerd.sock");
    let mut all = vec!["--address", &*socket, "--namespace", "moby"];
    all.extend(args);
    tool.sandbox().invocation(client, &all, LOOK)
}

/// What `image inspect` prints, unless it fails; and its last words.
fn inspect(
    tool: &SandboxedTool,
    look: &mut Look<'_>,
    reference: &str,
) -> Result<(Option<Value>, String), HarnessError> {
    let inspected = look.run(&docker(tool, &["image", "inspect", reference], LOOK))?;
    let succeeded = inspected.exit.is_success();
    let image = succeeded.then(|| first(&inspected.stdout()));
    Ok((image, inspected.last_words()))
}

/// Makes a container of the image, without ever pulling again. Returns the words of docker where that is
/// impossible.
fn create(
    asked: &Asked<'_>,
    look: &mut Look<'_>,
    reference: &str,
    container: &str,
) -> Result<Option<String>, HarnessError> {
    let request = asked.request;
    let platform = request.platform_args();
    let create =
        |look: &mut Look<'_>, platform: &[String]| -> Result<Option<String>, HarnessError> {
            let mut args = vec!["create", "--pull", "never", "--name", container];
            args.extend(platform.iter().map(String::as_str));
            // Without a command docker refuses images that name none, which is another matter.
            args.extend([reference, "/ocipick/say"]);
            let created = look.run(&docker(asked.tool, &args, request.deadline))?;
            Ok((!created.exit.is_success()).then(|| created.last_words()))
        };
    // The classic store has one image under a reference. The other has one per platform, and is first asked
    // for the one that was pulled; where that was left to the engine, the container is left to it, too.
    if !uses_containerd(asked.tool.runtime()) || platform.is_empty() {
        return create(look, &[]);
    }
    let Some(words) = create(look, &platform)? else {
        return Ok(None);
    };
    // What was pulled for another variant than the one asked for is there only by its own name.
    let fallbacks = request.platform.map(fallbacks).unwrap_or_default();
    let others = iter::once(None).chain(fallbacks.iter().map(Some));
    for other in others {
        let args = other.map_or_else(Vec::new, |other| {
            vec!["--platform".to_owned(), other.to_string()]
        });
        if create(look, &args)?.is_none() {
            let with = other.map_or_else(
                || format!("without {}", platform.join(" ")),
                |other| format!("with --platform {other}"),
            );
            look.note(format!(
                "a container can be made of the image only {with}: {words}"
            ));
            return Ok(None);
        }
    }
    Ok(Some(words))
}

/// What `docker load` calls the images that it took.
pub(super) fn loaded(load: &Ran) -> Vec<String> {
    let printed = load.stdout();
    let names = printed.lines().filter_map(|line| {
        let name = line.strip_prefix("Loaded image ID: ");
        name.or_else(|| line.strip_prefix("Loaded image: "))
    });
    names.map(|name| name.trim().to_owned()).collect()
}

/// The variants that an image for `asked` may have instead, best first: those that a processor for
/// `asked` runs as well.
fn fallbacks(asked: &Platform) -> Vec<Platform> {
    let variant = asked.variant.as_deref();
    let lower: &[&str] = match (asked.architecture.as_str(), variant) {
        ("arm", Some("v8")) => &["v7", "v6", "v5"],
        ("arm", Some("v7") | None) => &["v6", "v5"],
        ("arm", Some("v6")) => &["v5"],
        ("amd64", Some("v4")) => &["v3", "v2", "v1"],
        ("amd64", Some("v3")) => &["v2", "v1"],
        ("amd64", Some("v2")) => &["v1"],
        _ => &[],
    };
    lower
        .iter()
        .map(|&variant| Platform {
            variant: Some(variant.to_owned()),
            ..asked.clone()
        })
        .collect()
}

/// How every version words that the root file system has no such file.
fn is_no_such_file(stderr: &str) -> bool {
    [
        "Could not find the file",
        "no such file or directory",
        "No such container:path",
        "not a directory",
    ]
    .iter()
    .any(|words| stderr.contains(words))
}

/// The first object of what `inspect` prints.
fn first(printed: &str) -> Value {
    serde_json::from_str::<Value>(printed).map_or(Value::Null, |mut all| all[0].take())
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}

fn label(source: &'static str, inspected: &Value) -> Option<RawFingerprint> {
    inspected["Config"]["Labels"][MARKER_LABEL]
        .as_str()
        .map(|label| sign(source, Identity::Label(label.to_owned())))
}
