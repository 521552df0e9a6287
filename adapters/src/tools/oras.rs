//! ORAS: stateless; `pull` is a copy into an OCI layout, which selects only where a platform is asked for.

use super::image::{looked, manifest_in, sign, with_algorithm};
use crate::{
    Action, Adapter, Asked, Cleanup, Detected, GoModule, HarnessError, ImageSource, Installation,
    Look, RawObservation, Request, Runtime, Sandbox, Support, Tool, channel::DebianRelease, detect,
    process::Ran, rootfs,
};
use ocipick_records::{Configuration, Identity, Operation, Project, ToolInfo};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::LazyLock,
};

pub(super) struct Oras;

/// The tag of what is copied, in the layout that is made.
const PICKED: &str = "picked";

static INFO: LazyLock<ToolInfo> = LazyLock::new(|| ToolInfo {
    name: "oras".to_owned(),
    binaries: vec!["oras".to_owned()],
    package: "oras".to_owned(),
    configurations: vec![Configuration {
        lineage: "oras-go".to_owned(),
        commands: BTreeMap::from(
            ["pull", "import"].map(|operation| (operation.to_owned(), "oras copy".to_owned())),
        ),
        reproduce: vec![
            "oras copy --from-plain-http {platform}--to-oci-layout REFERENCE picked:picked"
                .to_owned(),
            "cat picked/index.json".to_owned(),
        ],
        ..Configuration::default()
    }],
    // Its template for reports asks for nothing but a description.
    project: Some(Project::new(
        "oras-project/oras",
        "https://github.com/oras-project/oras/security (Security policy)",
        "",
        &[],
    )),
});

impl Adapter for Oras {
    fn info(&self) -> &'static ToolInfo {
        &INFO
    }

    fn libraries(&self) -> &'static [(&'static str, &'static str)] {
        &[("oras.land/oras-go", "oras-go")]
    }

    fn messages(&self) -> &'static [&'static str] {
        &[include_str!("oras.messages.toml")]
    }

    fn version_argument(&self) -> &'static str {
        "version"
    }

    fn go_modules(&self) -> &'static [GoModule] {
        &[GoModule {
            path: "oras.land/oras",
            commands: &["cmd/oras"],
            tags: &[],
            cgo: false,
        }]
    }

    fn packages(&self, _: &DebianRelease) -> Vec<&'static str> {
        vec!["oras"]
    }

    fn detect(&self, tool: Tool, installation: &Installation, sandbox: &Sandbox) -> Detected {
        detect::single_binary(tool, installation, sandbox)
    }

    fn is_stateless(&self) -> bool {
        true
    }

    fn supports(&self, _: &Runtime, operation: Operation) -> Support {
        match operation {
            Operation::Pull | Operation::Import => Support::Yes,
            operation @ (Operation::Run
            | Operation::Inspect
            | Operation::Scan
            | Operation::Copy
            | Operation::Push) => Support::not_carried_out(operation),
        }
    }

    fn can_be_asked(&self, _: &Runtime, request: &Request<'_>) -> Support {
        if request.platform.is_none() {
            return Support::No(
                "without --platform oras copies the index as it is, and selects nothing".to_owned(),
            );
        }
        Support::where_(
            !request.is_nameless(),
            "oras reads nothing from a layout but by a tag or a digest, and this one has no tag",
        )
    }

    fn actions(&self, asked: &Asked<'_>) -> Vec<Action> {
        let platform = asked.request.platform_args();
        let (option, source) = match &asked.request.source {
            ImageSource::Registry { .. } => ("--from-plain-http", asked.request.reference()),
            ImageSource::Layout(layout) => ("--from-oci-layout", layout.path(layout.dir)),
        };
        let target = format!("{}:{PICKED}", directory(asked).display());
        let mut args = vec!["copy", option];
        args.extend(platform.iter().map(String::as_str));
        args.extend(["--to-oci-layout", &source, &target]);
        vec![asked.tool.client(&args, asked.request.deadline).into()]
    }

    fn observe(&self, asked: &Asked<'_>, look: &mut Look<'_>) -> Result<(), HarnessError> {
        look.reported = printed_digest(&look.decisive().map(Ran::stdout).unwrap_or_default());
        look.materialised = look_into(&directory(asked)).map_err(HarnessError::CannotBeAsked)?;
        Ok(())
    }

    fn cleanup(&self, asked: &Asked<'_>, _: Option<&str>) -> Cleanup {
        Cleanup {
            image_files: vec![directory(asked)],
            ..Cleanup::default()
        }
    }
}

/// The layout that a trial copies to.
fn directory(asked: &Asked<'_>) -> PathBuf {
    asked.tool.path(&format!("image{}", asked.number))
}

/// The digest that `oras copy` prints of what it copied.
fn printed_digest(stdout: &str) -> RawObservation {
    let digest = stdout
        .lines()
        .filter_map(|line| line.strip_prefix("Digest: "))
        .map(str::trim)
        .next_back();
    match digest {
        Some(digest) => RawObservation::Seen(vec![sign(
            "oras copy",
            Identity::ManifestDigest(digest.to_owned()),
        )]),
        None => RawObservation::Failed("oras copy printed no digest".to_owned()),
    }
}

/// How much of a document of the layout is read.
const DOCUMENT_LIMIT: u64 = 64 << 20;

/// What is in the layout under the tag that was asked for.
///
/// # Errors
/// Oras copies whatever the entry is that it selects. Where that is an index, or a manifest whose layers it
/// leaves behind, it has selected no image that could be used, and no other try would show one.
fn look_into(dir: &Path) -> Result<RawObservation, String> {
    let document = |path: &Path| -> Result<Value, RawObservation> {
        match rootfs::read(dir, path, DOCUMENT_LIMIT) {
            Ok(Some(bytes)) => serde_json::from_slice(&bytes)
                .map_err(|_| RawObservation::Failed(format!("{} is not JSON", path.display()))),
            Ok(None) => Err(RawObservation::Absent(format!(
                "the layout has no {}",
                path.display()
            ))),
            Err(error) => Err(RawObservation::Failed(format!(
                "{}: {error}",
                path.display()
            ))),
        }
    };
    let look = || -> Result<Result<RawObservation, String>, RawObservation> {
        let index = document(Path::new("index.json"))?;
        let entries = index["manifests"].as_array();
        let is_picked = |entry: &&Value| {
            entry["annotations"]["org.opencontainers.image.ref.name"].as_str() == Some(PICKED)
        };
        let picked = entries.and_then(|entries| entries.iter().find(is_picked));
        let Some(digest) = picked.and_then(|entry| entry["digest"].as_str()) else {
            let words = format!("the layout has nothing that is called {PICKED}");
            return Err(RawObservation::Absent(words));
        };
        let manifest = document(&blob(digest))?;
        if let Some(entries) = manifest["manifests"].as_array() {
            let entries = entries.len();
            let words =
                format!("oras copied an index with {entries} entries, and selects no image");
            return Ok(Err(words));
        }
        let open = |layer: &str| rootfs::file(dir, &blob(layer)).ok().flatten();
        let source = "manifest in the layout of oras copy";
        Ok(match manifest_in(source, &manifest, open) {
            Ok(signs) => Ok(looked(
                signs,
                "the layout holds a manifest without config and layers",
            )),
            Err(gone) => Err(format!(
                "oras copied a manifest without its layer {gone}, which is no image"
            )),
        })
    };
    look().unwrap_or_else(Ok)
}

/// Where a layout keeps a blob. What a manifest calls its layers is a path only if it is one name.
fn blob(digest: &str) -> PathBuf {
    let digest = with_algorithm(digest);
    let (algorithm, encoded) = digest.split_once(':').unwrap_or(("sha256", &digest));
    Path::new("blobs").join(algorithm).join(encoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_digest_is_the_last_that_is_printed() {
        let printed = "Copied [registry] 127.0.0.1:1/a:latest => [oci-layout] image1:picked\n\
                       Digest: sha256:b995\n";
        let expected = Identity::ManifestDigest("sha256:b995".to_owned());
        assert_eq!(
            printed_digest(printed),
            RawObservation::Seen(vec![sign("oras copy", expected)])
        );
        assert!(matches!(
            printed_digest("Copied"),
            RawObservation::Failed(_)
        ));
    }

    #[test]
    fn what_is_picked_is_found_by_its_tag() {
        let dir = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        assert!(matches!(
            look_into(dir.path()),
            Ok(RawObservation::Absent(_))
        ));
        let entry = |digest: &str, name: &str| {
            serde_json::json!({ "digest": digest,
                "annotations": { "org.opencontainers.image.ref.name": name } })
        };
        let index =
            serde_json::json!({ "manifests": [entry("sha256:1", "x"), entry("sha256:2", PICKED)] });
        put("index.json", &index.to_string());
        put("blobs/sha256/1", r#"{"config":{"digest":"sha256:c1"}}"#);
        put("blobs/sha256/2", r#"{"config":{"digest":"sha256:c2"}}"#);
        let source = "manifest in the layout of oras copy";
        let config = sign(source, Identity::ConfigDigest("sha256:c2".to_owned()));
        let seen = RawObservation::Seen(vec![config]);
        assert_eq!(look_into(dir.path()), Ok(seen));
        put("blobs/sha256/2", r#"{"layers":[{"digest":"sha256:3"}]}"#);
        let words = look_into(dir.path()).unwrap_err();
        assert!(words.contains("without its layer sha256:3"), "{words}");
        put("blobs/sha256/2", r#"{"manifests":[{},{}]}"#);
        let words = look_into(dir.path()).unwrap_err();
        assert!(words.contains("an index with 2 entries"), "{words}");
    }
}
