//! `podman pull` and `podman image mount`, with a store of files.

use super::{
    Call, MOON, Played, Refusal,
    image::{Reference, json, matching, text, unpack},
    out, remembered,
};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};

const WITH_VALUE: [&str; 6] = [
    "--root",
    "--runroot",
    "--storage-driver",
    "--cgroup-manager",
    "--events-backend",
    "--platform",
];

pub(super) fn play(call: &Call) -> Played {
    if call.args == ["--version"] {
        out("podman version 5.9.9");
        return Ok(0);
    }
    match call.words(&WITH_VALUE)[..] {
        ["pull", source] => pull(call, source),
        ["image", "mount", id] | ["unshare", "podman", "image", "mount", id] => {
            let point = file(call, id).with_file_name(format!("mount-{id}"));
            lay_out(&image(call, id)?, &point)?;
            out(&point.to_string_lossy());
            Ok(0)
        }
        ["image", "inspect", id] => {
            let image = image(call, id)?;
            out(&json!([{ "RootFS": { "Layers": image["diff_ids"] } }]).to_string());
            Ok(0)
        }
        ["rmi", id] => {
            fs::remove_file(file(call, id))?;
            Ok(0)
        }
        // How the private store goes without root.
        ["unshare", "rm", ..] => Ok(0),
        _ => Err("Error: unrecognized command".to_owned().into()),
    }
}

/// Where the store keeps an image.
pub(super) fn file(call: &Call, id: &str) -> PathBuf {
    let root = PathBuf::from(call.option("--root").unwrap_or_default());
    root.join(format!("fake-{id}"))
}

/// What the store keeps of an image.
pub(super) fn image(call: &Call, id: &str) -> Result<Value, Refusal> {
    Ok(json(&fs::read(file(call, id))?)?)
}

/// Lays out the file system of an image.
pub(super) fn lay_out(image: &Value, dir: &Path) -> Result<(), Refusal> {
    if image["marker"] == "" {
        fs::create_dir_all(dir)?;
        unpack(&image["layers"], dir)?;
    } else {
        fs::create_dir_all(dir.join("ocipick"))?;
        fs::write(dir.join("ocipick/child"), text(&image["marker"]))?;
    }
    Ok(())
}

fn pull(call: &Call, source: &str) -> Played {
    let (id, mode) = fetch(call, source)?;
    out(&id);
    if mode == "fails-after-all" {
        return Err(format!("Error: {MOON}").into());
    }
    Ok(0)
}

/// Fetches an image into the store. Returns its id, and how this fake behaves.
pub(super) fn fetch<'a>(call: &'a Call, source: &str) -> Result<(String, &'a str), Refusal> {
    let reference = Reference::parse(source)?;
    let mode = call.mode_for(&reference.repository);
    let entries = reference.entries()?;
    let found = matching(&entries, call.option("--platform").unwrap_or_default());
    let Some(chosen) = found.first().filter(|chosen| !chosen.is_index) else {
        return Err(
            "Error: choosing an image from manifest list: no image found in image index for \
             architecture amd64, variant \"\", OS linux"
                .to_owned()
                .into(),
        );
    };
    let image = reference.image(&chosen.digest)?;
    let mut marker = image.marker()?;
    if let ("swaps-content", Some(last)) = (mode, found.last()) {
        marker = reference.image(&last.digest)?.marker()?;
    }
    let id = image.config.encoded();
    let file = file(call, id);
    let mut kept = json!({
        "marker": marker,
        "layers": image.keep_layers(&file)?,
        "diff_ids": json(&image.config.bytes)?["rootfs"]["diff_ids"],
    });
    if mode == "remembers"
        && let Some(earlier) = remembered(&file, "fake-")
    {
        kept = json(&fs::read(earlier)?)?;
    }
    fs::create_dir_all(file.with_file_name(""))?;
    fs::write(file, kept.to_string())?;
    Ok((id.to_owned(), mode))
}
