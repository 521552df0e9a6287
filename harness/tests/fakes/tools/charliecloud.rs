//! `ch-image --storage DIR [--arch A] pull REFERENCE`.

use super::{
    Call, MOON, Played, err,
    image::{Reference, matching, unpack_layers},
    out, remembered,
};
use std::{env, fs, path::Path};

pub(super) fn play(call: &Call) -> Played {
    match call.args.first().map(String::as_str) {
        Some("--version") => {
            out("9.9.9");
            return Ok(0);
        }
        Some("--help") => {
            out("  -a, --arch ARCH     architecture for image registries (default: host)");
            return Ok(0);
        }
        _ => {}
    }
    let ["pull", source] = call.words(&["--storage", "--arch"])[..] else {
        return Err("error: unrecognized arguments".to_owned().into());
    };
    let storage = Path::new(call.option("--storage").unwrap_or_default());
    // So it trusts nobody but whom the variable names.
    let authority = env::var_os("REQUESTS_CA_BUNDLE").unwrap_or_default();
    let reference = Reference::over_tls(source, Path::new(&authority))?;
    let platform = call.option("--arch").map(|arch| format!("linux/{arch}"));
    let entries = reference.entries()?;
    let found = matching(&entries, platform.as_deref().unwrap_or_default());
    let Some(chosen) = found.first() else {
        return Err("error: requested arch unavailable: amd64".to_owned().into());
    };
    let image = reference.image(&chosen.digest)?;
    let mode = call.mode_for(&reference.repository);
    match (mode, remembered(storage, "storage")) {
        ("remembers", Some(earlier)) => fs::rename(earlier, storage)?,
        _ => {
            let content = match (mode, found.last()) {
                ("swaps-content", Some(last)) => reference.image(&last.digest)?.layers,
                _ => Vec::new(),
            };
            let content = if content.is_empty() {
                &image.layers
            } else {
                &content
            };
            let root = storage.join("img").join("fake+latest");
            unpack_layers(content, &root)?;
            // A directory that holds everything is left out.
            for entry in fs::read_dir(root.join("ocipick"))? {
                let entry = entry?;
                fs::rename(entry.path(), root.join(entry.file_name()))?;
            }
            fs::create_dir_all(root.join("ch"))?;
            fs::write(root.join("ch/config.pulled.json"), &image.config.bytes)?;
            let cache = storage.join("dlcache");
            fs::create_dir_all(&cache)?;
            fs::write(cache.join("fake+latest.fat.json"), "{}")?;
            fs::write(cache.join("fake+latest%0.manifest.json"), &image.manifest)?;
        }
    }
    if mode == "fails-after-all" {
        return Err(format!("error: {MOON}").into());
    }
    err("done");
    Ok(0)
}
