//! `crane pull`, honest unless it is told otherwise: the neighbour of tools that are not.

use super::{
    Call, MOON, Played,
    image::{Image, Reference, matching},
    out, remembered,
};
use serde_json::json;
use std::{
    fs::{self, File},
    io,
    path::Path,
};

pub(super) fn play(call: &Call) -> Played {
    if call.args == ["version"] {
        out("9.9.9");
        return Ok(0);
    }
    let platform = call.option("--platform").unwrap_or_default();
    let ["pull", source, target] = call.words(&["--platform"])[..] else {
        return Err("Error: unknown command".to_owned().into());
    };
    let reference = Reference::parse(source)?;
    let entries = reference.entries()?;
    let found = matching(&entries, platform);
    let Some(chosen) = found.first().filter(|chosen| !chosen.is_index) else {
        return Err(format!("Error: no child with platform {platform} in index {source}").into());
    };
    let mut image = reference.image(&chosen.digest)?;
    let mode = call.mode_for(&reference.repository);
    match (mode, remembered(Path::new(target), "image")) {
        ("swaps-content", _) => {
            let last = found.last().unwrap_or(chosen);
            image.layers = reference.image(&last.digest)?.layers;
            archive(&image, File::create(target)?)?;
        }
        ("remembers", Some(earlier)) => {
            fs::copy(earlier, target)?;
        }
        _ => archive(&image, File::create(target)?)?,
    }
    if mode == "fails-after-all" {
        return Err(format!("Error: {MOON}").into());
    }
    Ok(0)
}

/// Writes an image as `docker load` takes it.
fn archive(image: &Image, file: File) -> io::Result<()> {
    let layers: Vec<String> = image
        .layers
        .iter()
        .map(|layer| format!("{}.tar.gz", layer.encoded()))
        .collect();
    let manifest = json!([{ "Config": image.config.digest, "RepoTags": null, "Layers": layers }]);
    let mut builder = tar::Builder::new(file);
    let mut put = |name: &str, bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, bytes)
    };
    put(&image.config.digest, &image.config.bytes)?;
    for (layer, name) in image.layers.iter().zip(&layers) {
        put(name, &layer.bytes)?;
    }
    put("manifest.json", manifest.to_string().as_bytes())?;
    builder.finish()
}
