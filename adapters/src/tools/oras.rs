//! ORAS: stateless; `pull` is a copy into an OCI layout, which selects only where a platform is asked for.

use super::{
    copied_layout::{self, Copier, PICKED},
    image::sign,
};
use crate::{
    Action, Adapter, Asked, Cleanup, Detected, GoModule, HarnessError, ImageSource, Installation,
    Look, RawObservation, Request, Runtime, Sandbox, Support, Tool, channel::DebianRelease, detect,
    process::Ran,
};
use ocipick_records::{Configuration, Identity, Operation, Project, ToolInfo};
use std::{collections::BTreeMap, path::PathBuf, sync::LazyLock};

pub(super) struct Oras;

const COPY: Copier = Copier {
    name: "oras",
    source: "manifest in the layout of oras copy",
};

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
            names: None,
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
        look.materialised = copied_layout::look_into(&COPY, &directory(asked))
            .map_err(HarnessError::CannotBeAsked)?;
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
