//! regctl, of regclient: stateless; `pull` is a copy into an OCI layout, which selects only where a platform is
//! asked for.

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

pub(super) struct Regctl;

const COPY: Copier = Copier {
    name: "regctl",
    source: "manifest in the layout of regctl image copy",
};

static INFO: LazyLock<ToolInfo> = LazyLock::new(|| {
    ToolInfo {
    name: "regctl".to_owned(),
    binaries: vec!["regctl".to_owned()],
    package: "regctl".to_owned(),
    configurations: vec![Configuration {
        lineage: "regclient".to_owned(),
        commands: BTreeMap::from(
            ["pull", "import"]
                .map(|operation| (operation.to_owned(), "regctl image copy".to_owned())),
        ),
        reproduce: vec![
            "regctl image copy --host reg=$(echo REFERENCE | cut -d/ -f1),tls=disabled {platform}REFERENCE ocidir://picked:picked"
                .to_owned(),
            "cat picked/index.json".to_owned(),
        ],
        ..Configuration::default()
    }],
    // Its security policy takes reports through the project's own form.
    project: Some(Project::new(
        "regclient/regclient",
        "https://github.com/regclient/regclient/security (Security policy)",
        "",
        &[],
    )),
}
});

impl Adapter for Regctl {
    fn info(&self) -> &'static ToolInfo {
        &INFO
    }

    fn libraries(&self) -> &'static [(&'static str, &'static str)] {
        &[("github.com/regclient/regclient", "regclient")]
    }

    fn messages(&self) -> &'static [&'static str] {
        &[include_str!("regctl.messages.toml")]
    }

    fn version_argument(&self) -> &'static str {
        "version"
    }

    fn go_modules(&self) -> &'static [GoModule] {
        &[GoModule {
            path: "github.com/regclient/regclient",
            commands: &["cmd/regctl"],
            tags: &[],
            cgo: false,
            names: None,
        }]
    }

    fn packages(&self, _: &DebianRelease) -> Vec<&'static str> {
        Vec::new()
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
                "without --platform regctl copies the index as it is, and selects nothing"
                    .to_owned(),
            );
        }
        Support::where_(
            !request.is_nameless(),
            "regctl reads nothing from a layout but by a tag or a digest, and this one has no tag",
        )
    }

    fn actions(&self, asked: &Asked<'_>) -> Vec<Action> {
        let platform = asked.request.platform_args();
        let (host, source) = match &asked.request.source {
            ImageSource::Registry { address, .. } => (
                Some(format!("reg={address},tls=disabled")),
                asked.request.reference(),
            ),
            ImageSource::Layout(layout) => (None, format!("ocidir://{}", layout.path(layout.dir))),
        };
        let target = copied(asked);
        let mut args = vec!["image", "copy"];
        if let Some(host) = &host {
            args.extend(["--host", host]);
        }
        args.extend(platform.iter().map(String::as_str));
        args.extend([source.as_str(), &target]);
        vec![asked.tool.client(&args, asked.request.deadline).into()]
    }

    fn observe(&self, asked: &Asked<'_>, look: &mut Look<'_>) -> Result<(), HarnessError> {
        let digest = ["image", "digest", &copied(asked)];
        let digest = look.run(&asked.tool.client(&digest, asked.request.deadline))?;
        look.reported = printed_digest(&digest);
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

/// What regctl calls the image that a trial copies.
fn copied(asked: &Asked<'_>) -> String {
    format!("ocidir://{}:{PICKED}", directory(asked).display())
}

/// The digest that `regctl image digest` prints of what was copied.
fn printed_digest(ran: &Ran) -> RawObservation {
    let printed = ran.stdout();
    let digest = printed.trim();
    if !ran.exit.is_success() || digest.is_empty() {
        return RawObservation::Absent(ran.last_words());
    }
    RawObservation::Seen(vec![sign(
        "regctl image digest",
        Identity::ManifestDigest(digest.to_owned()),
    )])
}
