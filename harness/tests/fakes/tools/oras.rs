//! `oras copy --platform P --to-oci-layout … DIR:TAG`.

use super::{
    Call, MOON, Played, Refusal, copy_dir,
    image::{Image, Reference, matching},
    out, remembered,
};
use serde_json::json;
use std::{fs, io, path::Path};

pub(super) fn play(call: &Call) -> Played {
    if call.args == ["version"] {
        out("Version:        9.9.9");
        return Ok(0);
    }
    let platform = call.option("--platform").unwrap_or_default();
    let ["copy", source, target] = call.words(&["--platform"])[..] else {
        return Err("Error: unknown command".to_owned().into());
    };
    let found = copy(call, source, target, platform, |source| {
        format!("Error: {source}: no matching manifest was found in the manifest list")
    })?;
    out(&format!(
        "Copied [registry] {source} => [oci-layout] {target}"
    ));
    out(&format!("Digest: {found}"));
    Ok(0)
}

/// Copies what is asked for to a layout, `DIR:TAG`. Returns its digest.
pub(super) fn copy(
    call: &Call,
    source: &str,
    target: &str,
    platform: &str,
    no_match: fn(&str) -> String,
) -> Result<String, Refusal> {
    let (target, tag) = target.rsplit_once(':').unwrap_or((target, "latest"));
    let target = Path::new(target);
    let reference = Reference::parse(source)?;
    let entries = reference.entries()?;
    let found = matching(&entries, platform);
    let Some(chosen) = found.first().filter(|chosen| !chosen.is_index) else {
        return Err(no_match(source).into());
    };
    let mut image = reference.image(&chosen.digest)?;
    let mode = call.mode_for(&reference.repository);
    match (mode, remembered(target, "image")) {
        ("swaps-content", _) => {
            let last = found.last().unwrap_or(chosen);
            let other = reference.image(&last.digest)?;
            for (layer, theirs) in image.layers.iter_mut().zip(other.layers) {
                layer.bytes = theirs.bytes;
            }
            layout(&image, tag, target)?;
        }
        ("remembers", Some(earlier)) => copy_layout(&earlier, target)?,
        _ => layout(&image, tag, target)?,
    }
    if mode == "fails-after-all" {
        return Err(format!("Error: {MOON}").into());
    }
    Ok(image.digest.clone())
}

fn copy_layout(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to.join("blobs"))?;
    copy_dir(&from.join("blobs/sha256"), &to.join("blobs/sha256"))?;
    fs::copy(from.join("index.json"), to.join("index.json"))?;
    Ok(())
}

/// Writes an image as a layout, under a tag.
fn layout(image: &Image, tag: &str, dir: &Path) -> io::Result<()> {
    let blobs = dir.join("blobs/sha256");
    fs::create_dir_all(&blobs)?;
    fs::write(
        blobs.join(image.digest.trim_start_matches("sha256:")),
        &image.manifest,
    )?;
    for blob in image.layers.iter().chain([&image.config]) {
        fs::write(blobs.join(blob.encoded()), &blob.bytes)?;
    }
    let entry = json!({
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "digest": image.digest,
        "size": image.manifest.len(),
        "annotations": { "org.opencontainers.image.ref.name": tag },
    });
    fs::write(dir.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#)?;
    let index = json!({ "schemaVersion": 2, "manifests": [entry] });
    fs::write(dir.join("index.json"), index.to_string())
}
