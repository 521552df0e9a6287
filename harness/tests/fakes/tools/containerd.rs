//! `ctr` and `containerd`. The client does the work; the daemon is only there.

use super::{
    Call, MOON, PANIC, Played, err,
    image::{Image, Reference, json, matching, text, unpack},
    out, remembered,
};
use serde_json::{Value, json};
use std::{
    fs,
    io::{Read as _, Write as _},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
};

const VERSION: &str = "github.com/containerd/containerd 1.6.99 fake";

/// The daemon.
pub(super) fn serve(call: &Call) -> Played {
    if call.args == ["--version"] {
        out(&format!("containerd {VERSION}"));
        return Ok(0);
    }
    let settings = fs::read_to_string(call.option("--config").unwrap_or_default())?;
    let address = settings
        .lines()
        .find_map(|line| line.trim().strip_prefix("address = \""))
        .unwrap_or_default();
    // Stricter than the real one, it does not bind where a socket is.
    let listener = UnixListener::bind(address.trim_end_matches('"'))?;
    loop {
        let (mut client, _) = listener.accept()?;
        let mut word = String::new();
        client.read_to_string(&mut word)?;
        if word == "panic" {
            err(PANIC);
            return Ok(2);
        }
    }
}

/// The client.
pub(super) fn play(call: &Call) -> Played {
    if call.args == ["--version"] {
        out(&format!("ctr {VERSION}"));
        return Ok(0);
    }
    if let Some(sandbox) = room_of_docker(call) {
        return play_for_docker(call, &sandbox);
    }
    match call.words(&["--address", "--namespace", "--platform", "--id"])[..] {
        ["content", "ls"] => {
            for image in all(call)? {
                list(&image["stored"]);
            }
            Ok(0)
        }
        ["version"] | ["images", "unmount", _] | ["namespaces", "rm", _] | ["leases", "create"] => {
            Ok(0)
        }
        ["images", "rm", source] => {
            fs::remove_file(file(call, source))?;
            Ok(0)
        }
        ["leases", "delete", _] => collect(call),
        ["images", "import", archive] => import(call, archive),
        ["images", "pull", source] => pull(call, source),
        ["images", "mount", source, target] => mount(call, source, target),
        _ => Err("ctr: unknown command".to_owned().into()),
    }
}

fn list(digests: &Value) {
    for digest in digests.as_array().into_iter().flatten() {
        out(&text(digest));
    }
}

/// Every image that there is.
fn all(call: &Call) -> Result<Vec<Value>, super::Refusal> {
    let beside = file(call, "");
    let mut images = Vec::new();
    for entry in fs::read_dir(beside.parent().unwrap_or(&beside))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("fake-") && !name.ends_with(GARBAGE) {
            images.push(json(&fs::read(&path)?)?);
        }
    }
    Ok(images)
}

/// The sandbox of a fake engine, where the client is asked about the containerd of one.
fn room_of_docker(call: &Call) -> Option<PathBuf> {
    let address = Path::new(call.option("--address")?);
    address
        .ends_with("exec/containerd/containerd.sock")
        .then(|| address.ancestors().nth(3).map(Path::to_owned))?
}

fn play_for_docker(call: &Call, sandbox: &Path) -> Played {
    let load =
        |name: &str| json(&fs::read(sandbox.join(format!("fake-{name}"))).unwrap_or_default());
    match call.words(&["--address", "--namespace", "--snapshotter"])[..] {
        ["content", "ls"] => {
            for entry in fs::read_dir(sandbox)? {
                let name = entry?.file_name().to_string_lossy().into_owned();
                if let Some(name) = name.strip_prefix("fake-") {
                    list(&load(name)?["created"]["stored"]);
                }
            }
        }
        ["snapshots", "info", key] => {
            let parent = match key.strip_suffix("-init") {
                None => format!("{key}-init"),
                Some(name) => text(&load(name)?["created"]["diff_id"]),
            };
            out(&json!({ "Kind": "Committed", "Name": key, "Parent": parent }).to_string());
        }
        _ => return Err("ctr: unknown command".to_owned().into()),
    }
    Ok(0)
}

/// Where the fake daemon keeps an image: beside its socket.
fn file(call: &Call, source: &str) -> PathBuf {
    let address = PathBuf::from(call.option("--address").unwrap_or_default());
    address.with_file_name(format!("fake-{}", source.replace(['/', ':'], "-")))
}

fn pull(call: &Call, source: &str) -> Played {
    let reference = Reference::parse(source)?;
    let entries = reference.entries()?;
    let found = matching(&entries, call.option("--platform").unwrap_or_default());
    let Some(chosen) = found.first().filter(|chosen| !chosen.is_index) else {
        return Err(
            "ctr: no match for platform in manifest sha256:a215: not found"
                .to_owned()
                .into(),
        );
    };
    if call.mode_for(&reference.repository) == "panics-on-two" && found.len() == 2 {
        let address = call.option("--address").unwrap_or_default();
        UnixStream::connect(address)?.write_all(b"panic")?;
        return Err("ctr: error reading from server: EOF".to_owned().into());
    }
    let mode = call.mode_for(&reference.repository);
    let image = reference.image(&chosen.digest)?;
    let chain = image.diff_id()?;
    let mut marker = image.marker()?;
    if let ("swaps-content", Some(last)) = (mode, found.last()) {
        marker = reference.image(&last.digest)?.marker()?;
    }
    let file = file(call, source);
    let mut kept = kept(&image, &file)?;
    kept["marker"] = marker.into();
    if mode == "remembers"
        && let Some(earlier) = remembered(&file, "fake-")
    {
        kept = json(&fs::read(earlier)?)?;
    }
    fs::write(file, kept.to_string())?;
    if mode == "fails-after-all" {
        return Err(format!("ctr: {MOON}").into());
    }
    out(&format!(
        "unpacking linux/amd64 {}...\nimage chain ID: {chain}",
        image.digest
    ));
    Ok(0)
}

fn import(call: &Call, archive: &str) -> Played {
    let (reference, name) = Reference::in_archive(Path::new(archive))?;
    let entries = reference.entries()?;
    let found = matching(&entries, call.option("--platform").unwrap_or_default());
    let (chosen, stays) = match (found.first(), entries.first()) {
        (Some(chosen), _) if !chosen.is_index => (*chosen, true),
        (None, Some(other)) if call.mode_for(&name) == "keeps-others" => (other, false),
        _ => {
            return Err(
                "ctr: no match for platform in manifest sha256:a215: not found"
                    .to_owned()
                    .into(),
            );
        }
    };
    let image = reference.image(&chosen.digest)?;
    let file = file(call, &name);
    let kept = kept(&image, &file)?;
    let file = if stays {
        file
    } else {
        file.with_extension(GARBAGE)
    };
    fs::write(file, kept.to_string())?;
    Ok(0)
}

fn kept(image: &Image, file: &Path) -> Result<Value, super::Refusal> {
    Ok(json!({
        "marker": image.marker()?,
        "chain": image.diff_id()?,
        "layers": image.keep_layers(file)?,
        "stored": image.digests(),
    }))
}

/// What nothing refers to, which is there until it is collected.
const GARBAGE: &str = "garbage";

fn collect(call: &Call) -> Played {
    let beside = file(call, "");
    for entry in fs::read_dir(beside.parent().unwrap_or(&beside))? {
        let path = entry?.path();
        if path.extension().is_some_and(|it| it == GARBAGE) {
            fs::remove_file(path)?;
        }
    }
    Ok(0)
}

fn mount(call: &Call, source: &str, target: &str) -> Played {
    let reference = Reference::parse(source)?;
    let file = file(call, source);
    let garbage = fs::read(file.with_extension(GARBAGE));
    let image = json(&garbage.or_else(|_| fs::read(&file))?)?;
    let point = PathBuf::from(target);
    match call.mode_for(&reference.repository) {
        "mount-fails" => return Err("ctr: image not unpacked: not found".to_owned().into()),
        "mounts-nothing" => return Ok(0),
        _ => {}
    }
    if image["marker"] == "" {
        unpack(&image["layers"], &point)?;
    } else {
        fs::create_dir(point.join("ocipick"))?;
        fs::write(point.join("ocipick/child"), text(&image["marker"]) + "\n")?;
    }
    out(&format!("{}\n{target}", text(&image["chain"])));
    Ok(0)
}
