//! The crate oci-client, by a small program of ours that pulls with it: stateless; it writes the manifest and the
//! layers that the library gives.

use super::image::{looked, manifest_in, sign, with_algorithm};
use crate::{
    Action, Adapter, Asked, Cleanup, Detected, HarnessError, Installation, Look, RawObservation,
    Request, Runtime, Sandbox, Support, Tool, channel::DebianRelease, detect, process::Ran, rootfs,
};
use ocipick_records::{Configuration, Identity, Operation, Project, ToolInfo};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    sync::LazyLock,
};

pub(super) struct OciClient;

/// How a person comes to have the program.
const HOW: &str = "cargo install --locked --path drivers/oci-client";

static INFO: LazyLock<ToolInfo> = LazyLock::new(|| ToolInfo {
    name: "oci-client".to_owned(),
    binaries: vec!["ocipick-oci-client".to_owned()],
    package: "oci-client".to_owned(),
    configurations: vec![Configuration {
        lineage: "oci-client".to_owned(),
        reproduce: vec![
            format!("# {HOW}"),
            "ocipick-oci-client pull REFERENCE picked".to_owned(),
            "cat picked/manifest.json".to_owned(),
        ],
        ..Configuration::default()
    }],
    project: Some(Project::new(
        "oras-project/rust-oci-client",
        "https://github.com/oras-project/rust-oci-client/security (Security policy)",
        "",
        &[],
    )),
});

impl Adapter for OciClient {
    fn info(&self) -> &'static ToolInfo {
        &INFO
    }

    fn libraries(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    fn messages(&self) -> &'static [&'static str] {
        &[include_str!("oci-client.messages.toml")]
    }

    fn version_argument(&self) -> &'static str {
        "version"
    }

    fn packages(&self, _: &DebianRelease) -> Vec<&'static str> {
        Vec::new()
    }

    fn how_to_get(&self) -> Option<String> {
        Some(format!("`{HOW}` in a checkout of ocipick"))
    }

    fn detect(&self, tool: Tool, installation: &Installation, sandbox: &Sandbox) -> Detected {
        detect::single_binary(tool, installation, sandbox)
    }

    fn is_stateless(&self) -> bool {
        true
    }

    fn supports(&self, _: &Runtime, operation: Operation) -> Support {
        match operation {
            Operation::Pull => Support::Yes,
            operation @ (Operation::Run
            | Operation::Inspect
            | Operation::Scan
            | Operation::Copy
            | Operation::Import
            | Operation::Push) => Support::not_carried_out(operation),
        }
    }

    fn can_be_asked(&self, _: &Runtime, request: &Request<'_>) -> Support {
        Support::where_(
            request.is_for_host(),
            "the library selects for the machine that it runs on: for another platform it takes a function of the user's own",
        )
    }

    fn actions(&self, asked: &Asked<'_>) -> Vec<Action> {
        let target = directory(asked).to_string_lossy().into_owned();
        let reference = asked.request.reference();
        let args = ["pull", &reference, &target];
        vec![asked.tool.client(&args, asked.request.deadline).into()]
    }

    fn observe(&self, asked: &Asked<'_>, look: &mut Look<'_>) -> Result<(), HarnessError> {
        look.reported = printed_digest(&look.decisive().map(Ran::stdout).unwrap_or_default());
        look.materialised = look_into(&directory(asked));
        Ok(())
    }

    fn cleanup(&self, asked: &Asked<'_>, _: Option<&str>) -> Cleanup {
        Cleanup {
            image_files: vec![directory(asked)],
            ..Cleanup::default()
        }
    }
}

/// The directory of a trial.
fn directory(asked: &Asked<'_>) -> PathBuf {
    asked.tool.path(&format!("image{}", asked.number))
}

/// The digest that the library gives with the image.
fn printed_digest(stdout: &str) -> RawObservation {
    match stdout.trim() {
        "" => RawObservation::Absent("no digest was printed".to_owned()),
        digest => RawObservation::Seen(vec![sign(
            "digest of oci-client",
            Identity::ManifestDigest(digest.to_owned()),
        )]),
    }
}

/// How much of the manifest is read.
const MANIFEST_LIMIT: u64 = 64 << 20;

/// The manifest that the library gives, and its layers.
fn look_into(dir: &Path) -> RawObservation {
    let manifest = match rootfs::read(dir, Path::new("manifest.json"), MANIFEST_LIMIT) {
        Ok(Some(bytes)) => serde_json::from_slice::<Value>(&bytes),
        Ok(None) => return RawObservation::Absent("no manifest was written".to_owned()),
        Err(error) => return RawObservation::Failed(format!("manifest.json: {error}")),
    };
    let Ok(manifest) = manifest else {
        return RawObservation::Failed("manifest.json is not JSON".to_owned());
    };
    // A layer has the name of its own content, which is that of its descriptor.
    let open = |layer: &str| {
        let name = with_algorithm(layer);
        rootfs::file(dir, Path::new(&name)).ok().flatten()
    };
    match manifest_in("manifest of oci-client", &manifest, open) {
        Ok(signs) => looked(signs, "the manifest has neither config nor layers"),
        Err(gone) => {
            RawObservation::Failed(format!("the layer {gone} is not among what was given"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_the_library_gave_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
        assert!(matches!(look_into(dir.path()), RawObservation::Absent(_)));
        put("manifest.json", "{");
        assert!(matches!(look_into(dir.path()), RawObservation::Failed(_)));
        let manifest = r#"{"config":{"digest":"sha256:c"},"layers":[{"digest":"sha256:l"}]}"#;
        put("manifest.json", manifest);
        assert!(matches!(look_into(dir.path()), RawObservation::Failed(_)));
        put("sha256:l", "");
        let source = "manifest of oci-client";
        let expected = vec![
            sign(source, Identity::ConfigDigest("sha256:c".to_owned())),
            sign(source, Identity::LayerDigests(vec!["sha256:l".to_owned()])),
        ];
        assert_eq!(look_into(dir.path()), RawObservation::Seen(expected));
    }

    #[test]
    fn the_digest_is_what_is_printed() {
        let digest = Identity::ManifestDigest("sha256:a".to_owned());
        let seen = RawObservation::Seen(vec![sign("digest of oci-client", digest)]);
        assert_eq!(printed_digest("sha256:a\n"), seen);
        assert!(matches!(printed_digest("\n"), RawObservation::Absent(_)));
    }
}
