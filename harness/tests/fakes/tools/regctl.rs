//! `regctl image copy --platform P … ocidir://DIR:TAG`.

use super::{Call, Played, oras::copy, out};
use std::{fs, path::Path};

const WITH_VALUE: [&str; 2] = ["--host", "--platform"];
const LAYOUT: &str = "ocidir://";

pub(super) fn play(call: &Call) -> Played {
    if call.args == ["version"] {
        out("VCSTag:     v9.9.9");
        return Ok(0);
    }
    match call.words(&WITH_VALUE)[..] {
        ["image", "copy", source, target] => {
            let source = source.trim_start_matches(LAYOUT);
            let platform = call.option("--platform").unwrap_or_default();
            let copied = target.trim_start_matches(LAYOUT);
            copy(call, source, copied, platform, |source| {
                format!("failed to get platform for {source}: platform not found")
            })?;
            out(target);
            Ok(0)
        }
        ["image", "digest", layout] => {
            let layout = layout.trim_start_matches(LAYOUT);
            let (dir, tag) = layout.rsplit_once(':').unwrap_or((layout, "latest"));
            let index = fs::read(Path::new(dir).join("index.json"))?;
            let index: serde_json::Value = serde_json::from_slice(&index).unwrap_or_default();
            let entries = index["manifests"].as_array().into_iter().flatten();
            let mut tagged = entries
                .filter(|entry| entry["annotations"]["org.opencontainers.image.ref.name"] == tag);
            match tagged.next() {
                Some(entry) => {
                    out(entry["digest"].as_str().unwrap_or_default());
                    Ok(0)
                }
                None => Err("not found".to_owned().into()),
            }
        }
        _ => Err("unknown command".to_owned().into()),
    }
}
