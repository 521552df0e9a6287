//! `ocipick-oci-client pull REFERENCE DIRECTORY`.

use super::{
    Call, MOON, Played, copy_dir,
    image::{Image, Reference, matching},
    out, remembered,
};
use std::{fs, io, path::Path};

pub(super) fn play(call: &Call) -> Played {
    if call.args == ["version"] {
        out("oci-client 9.9.9");
        return Ok(0);
    }
    let ["pull", source, target] = call.words(&[])[..] else {
        return Err("error: unrecognized subcommand".to_owned().into());
    };
    let target = Path::new(target);
    let reference = Reference::parse(source)?;
    let entries = reference.entries()?;
    let platform = format!("linux/{}", ocipick_records::host_architecture());
    let found = matching(&entries, &platform);
    let Some(chosen) = found.first().filter(|chosen| !chosen.is_index) else {
        return Err(
            "Error: Image manifest not found: no entry found in image index manifest \
                    matching client's default platform"
                .to_owned()
                .into(),
        );
    };
    let mut image = reference.image(&chosen.digest)?;
    let names: Vec<String> = layer_names(&image);
    let mode = call.mode_for(&reference.repository);
    if let ("swaps-content", Some(last)) = (mode, found.last()) {
        let other = reference.image(&last.digest)?;
        for (layer, theirs) in image.layers.iter_mut().zip(other.layers) {
            layer.bytes = theirs.bytes;
        }
    }
    match (mode, remembered(target, "image")) {
        ("remembers", Some(earlier)) => copy_dir(&earlier, target)?,
        _ => write(&image, &names, target)?,
    }
    if mode == "fails-after-all" {
        return Err(format!("Error: {MOON}").into());
    }
    out(&image.digest);
    Ok(0)
}

fn layer_names(image: &Image) -> Vec<String> {
    let layers = image.layers.iter();
    layers
        .map(|layer| format!("sha256:{}", layer.encoded()))
        .collect()
}

fn write(image: &Image, names: &[String], dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    for (layer, name) in image.layers.iter().zip(names) {
        fs::write(dir.join(name), &layer.bytes)?;
    }
    fs::write(dir.join("manifest.json"), &image.manifest)
}
