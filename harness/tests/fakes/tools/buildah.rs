//! `buildah pull`, with a store that looks like that of `vfs`.

use super::{
    Call, MOON, Played, out,
    podman::{fetch, file, image, lay_out},
};
use serde_json::{Value, json};
use std::{fs, io, path::PathBuf};

const WITH_VALUE: [&str; 5] = [
    "--root",
    "--runroot",
    "--storage-driver",
    "--platform",
    "--type",
];

pub(super) fn play(call: &Call) -> Played {
    if call.args == ["--version"] {
        out("buildah version 1.99.9 (image-spec 1.1.1, runtime-spec 1.2.1)");
        return Ok(0);
    }
    match call.words(&WITH_VALUE)[..] {
        ["pull", source] => {
            let (id, mode) = fetch(call, source)?;
            lay_out(&image(call, &id)?, &layer(call, &id))?;
            list(call, |images| {
                images.push(json!({ "id": id, "layer": id }));
            })?;
            out(&id);
            if mode == "fails-after-all" {
                return Err(format!("Error: {MOON}").into());
            }
            Ok(0)
        }
        ["inspect", id] => {
            let image = image(call, id)?;
            out(&json!({ "OCIv1": { "rootfs": { "diff_ids": image["diff_ids"] } } }).to_string());
            Ok(0)
        }
        ["rmi", id] => {
            list(call, |images| images.retain(|image| image["id"] != id))?;
            fs::remove_dir_all(layer(call, id))?;
            fs::remove_file(file(call, id))?;
            Ok(0)
        }
        // How the private store goes without root.
        ["unshare", "rm", ..] => Ok(0),
        _ => Err("Error: unknown command".to_owned().into()),
    }
}

/// The directory of the one layer of an image.
fn layer(call: &Call, id: &str) -> PathBuf {
    file(call, id).with_file_name("vfs").join("dir").join(id)
}

/// Changes the list of images.
fn list(call: &Call, change: impl FnOnce(&mut Vec<Value>)) -> io::Result<()> {
    let dir = file(call, "").with_file_name("vfs-images");
    fs::create_dir_all(&dir)?;
    let path = dir.join("images.json");
    let mut images = fs::read(&path)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    change(&mut images);
    fs::write(path, Value::Array(images).to_string())
}
