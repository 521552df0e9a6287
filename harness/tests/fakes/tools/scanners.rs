//! `trivy image` and `syft scan`, which read an image and leave a report on it.

use super::{
    Call, MOON, Played,
    image::{Image, Reference, matching},
    out, remembered,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use std::{fs, path::Path};

/// An image that was scanned: what it is said to be, and what was read of it.
struct Scanned {
    image: Image,
    contents: Vec<String>,
}

pub(super) fn trivy(call: &Call) -> Played {
    if call.args == ["--version"] {
        out("Version: 9.9.9");
        return Ok(0);
    }
    let with_value = [
        "--image-src",
        "--platform",
        "--scanners",
        "--secret-config",
        "--format",
        "--output",
        "--cache-dir",
    ];
    let ["image", source] = call.words(&with_value)[..] else {
        return Err("Error: unknown command".to_owned().into());
    };
    let report = Path::new(call.option("--output").unwrap_or_default());
    scan(call, source, report, |scanned| {
        let diff_id = scanned.image.diff_id()?;
        let found = |line: &String| json!({ "RuleID": "ocipick-marker", "Match": line, "Layer": { "DiffID": diff_id } });
        let found: Vec<Value> = scanned.contents.iter().map(found).collect();
        let labels = json!({ "ocipick.child": scanned.image.marker()? });
        Ok(json!({
            "Metadata": {
                "ImageID": scanned.image.config.digest,
                "DiffIDs": [diff_id],
                "ImageConfig": { "config": { "Labels": labels } },
            },
            "Results": [{ "Target": "/ocipick/child", "Secrets": found }],
        }))
    })
}

pub(super) fn syft(call: &Call) -> Played {
    if call.args == ["--version"] {
        out("syft 9.9.9");
        return Ok(0);
    }
    let output = call
        .args
        .iter()
        .find_map(|it| it.strip_prefix("syft-json="));
    let ["scan", source, "-o", _] = call.words(&["--platform"])[..] else {
        return Err("unknown command".to_owned().into());
    };
    let source = source.trim_start_matches("registry:");
    let report = Path::new(output.unwrap_or_default());
    scan(call, source, report, |scanned| {
        let file = |content: &String| {
            let contents = STANDARD.encode(format!("{content}\n"));
            json!({ "location": { "path": "/ocipick/child" }, "contents": contents })
        };
        let files: Vec<Value> = scanned.contents.iter().map(file).collect();
        Ok(json!({
            "files": files,
            "source": { "metadata": {
                "manifestDigest": scanned.image.digest,
                "imageID": scanned.image.config.digest,
                "layers": [{ "digest": scanned.image.diff_id()? }],
                "labels": { "ocipick.child": scanned.image.marker()? },
            } },
        }))
    })
}

fn scan(
    call: &Call,
    source: &str,
    report: &Path,
    write: impl Fn(&Scanned) -> Result<Value, String>,
) -> Played {
    let platform = call.option("--platform").unwrap_or_default();
    let reference = Reference::parse(source)?;
    let mode = call.mode_for(&reference.repository);
    let entries = reference.entries()?;
    let found = matching(&entries, platform);
    let chosen = match mode {
        "always-last" => entries.last(),
        _ => found.first().copied(),
    };
    let Some(chosen) = chosen.filter(|chosen| !chosen.is_index) else {
        let words = format!("no child with platform {platform} in index {source}");
        return Err(words.into());
    };
    let image = reference.image(&chosen.digest)?;
    let last = || match found.last() {
        Some(last) => reference.image(&last.digest)?.marker(),
        None => image.marker(),
    };
    let contents = match mode {
        "reads-nothing" => Vec::new(),
        "swaps-content" => vec![last()?],
        "reads-both" => vec![image.marker()?, last()?],
        _ => vec![image.marker()?],
    };
    match (mode, remembered(report, "report")) {
        ("writes-nothing", _) => {}
        ("remembers", Some(earlier)) => {
            fs::copy(earlier, report)?;
        }
        _ => fs::write(report, write(&Scanned { image, contents })?.to_string())?,
    }
    if mode == "fails-after-all" {
        return Err(MOON.to_owned().into());
    }
    Ok(0)
}
