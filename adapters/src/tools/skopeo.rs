//! Skopeo: stateless; `pull` is a copy into a plain directory.

use super::image::{looked, manifest_in, sign, with_algorithm};
use crate::{
    Action, Adapter, Asked, Cleanup, Detected, GoModule, HarnessError, ImageSource, Installation,
    Look, RawObservation, Runtime, Sandbox, SandboxedTool, Support, Tool, channel::DebianRelease,
    detect, process::Ran, rootfs,
};
use ocipick_records::{Configuration, Identity, Operation, Project, ToolInfo};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::LazyLock,
};

pub(super) struct Skopeo;

/// There is no template for reports; the repository shares its policies with podman. It moved from
/// `containers` to `podman-container-tools` before August 2026, as the library did that chooses for both.
static INFO: LazyLock<ToolInfo> = LazyLock::new(|| ToolInfo {
    name: "skopeo".to_owned(),
    binaries: vec!["skopeo".to_owned()],
    package: "skopeo".to_owned(),
    configurations: vec![Configuration {
        lineage: "containers/image".to_owned(),
        commands: BTreeMap::from(
            ["pull", "import"].map(|operation| (operation.to_owned(), "skopeo copy".to_owned())),
        ),
        reproduce: vec![
            "skopeo {override}copy --src-tls-verify=false docker://REFERENCE dir:picked".to_owned(),
            "sha256sum picked/manifest.json; cat picked/manifest.json".to_owned(),
        ],
        ..Configuration::default()
    }],
    project: Some(Project::new(
        "podman-container-tools/skopeo",
        "security@lists.podman.io",
        "",
        &[],
    )),
});

impl Adapter for Skopeo {
    fn info(&self) -> &'static ToolInfo {
        &INFO
    }

    fn libraries(&self) -> &'static [(&'static str, &'static str)] {
        super::lineages::CONTAINERS_IMAGE
    }

    fn messages(&self) -> &'static [&'static str] {
        &[include_str!("containers-image.messages.toml")]
    }

    fn go_modules(&self) -> &'static [GoModule] {
        const OLD: GoModule = GoModule {
            path: "github.com/containers/skopeo",
            commands: &["cmd/skopeo"],
            // Storage takes libraries of the system for drivers that a copy does not use, and gpgme
            // only checks signatures. The last one is a driver that is gone since 2023.
            tags: &[
                "containers_image_openpgp",
                "exclude_graphdriver_btrfs",
                "exclude_graphdriver_devicemapper",
            ],
            cgo: false,
            names: None,
        };
        &[
            GoModule {
                path: "go.podman.io/skopeo",
                ..OLD
            },
            OLD,
        ]
    }

    fn packages(&self, _: &DebianRelease) -> Vec<&'static str> {
        vec!["skopeo"]
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

    fn actions(&self, asked: &Asked<'_>) -> Vec<Action> {
        let (source, transport_args) = match &asked.request.source {
            ImageSource::Registry { .. } => (
                format!("docker://{}", asked.request.reference()),
                &["--src-tls-verify=false"][..],
            ),
            ImageSource::Layout(layout) => (format!("oci:{}", layout.path(layout.dir)), &[][..]),
        };
        let target = format!("dir:{}", directory(asked).display());
        let digest_text = digest_file(asked).to_string_lossy().into_owned();
        let policy = asked.tool.sandbox().policy();
        let policy = policy.to_string_lossy().into_owned();
        let mut args = vec!["--policy", &policy];
        if let Some(platform) = asked.request.platform {
            args.extend(["--override-os", &platform.os]);
            args.extend(["--override-arch", &platform.architecture]);
            if let Some(variant) = &platform.variant {
                args.extend(["--override-variant", variant]);
            }
        }
        args.push("copy");
        args.extend(transport_args);
        if writes_digest(asked.tool) {
            args.extend(["--digestfile", &digest_text]);
        }
        args.extend([source.as_str(), target.as_str()]);
        vec![asked.tool.client(&args, asked.request.deadline).into()]
    }

    fn observe(&self, asked: &Asked<'_>, look: &mut Look<'_>) -> Result<(), HarnessError> {
        look.reported = if writes_digest(asked.tool) {
            written_digest(&digest_file(asked))
        } else {
            printed_config(&look.decisive().map(Ran::stdout).unwrap_or_default())
        };
        look.materialised = look_into(&directory(asked));
        Ok(())
    }

    fn cleanup(&self, asked: &Asked<'_>, _: Option<&str>) -> Cleanup {
        Cleanup {
            image_files: vec![directory(asked)],
            look_files: vec![digest_file(asked)],
            ..Cleanup::default()
        }
    }
}

/// The directory that a trial copies to.
fn directory(asked: &Asked<'_>) -> PathBuf {
    asked.tool.path(&format!("image{}", asked.number))
}

/// The file that takes the digest of what a trial copies.
fn digest_file(asked: &Asked<'_>) -> PathBuf {
    asked.tool.path(&format!("digest{}", asked.number))
}

/// Whether `skopeo copy` can write the digest to a file; 1.2 cannot.
fn writes_digest(tool: &SandboxedTool) -> bool {
    tool.knows_option(&["copy"], "--digestfile")
}

/// How much of a file is read that a tool writes about an image. It holds what the image says, and a
/// manifest of more than 4 MiB is no mistake: it is imported from a layout.
const FILE_LIMIT: u64 = 64 << 20;

/// The digest that `skopeo copy` wrote to a file.
fn written_digest(file: &Path) -> RawObservation {
    let (dir, name) = (file.parent(), file.file_name());
    let bytes = dir
        .zip(name)
        .and_then(|(dir, name)| rootfs::read(dir, Path::new(name), FILE_LIMIT).ok()?);
    let digest = String::from_utf8(bytes.unwrap_or_default()).unwrap_or_default();
    let digest = digest.trim();
    if digest.is_empty() {
        return RawObservation::Absent("skopeo wrote no digest file".to_owned());
    }
    RawObservation::Seen(vec![sign(
        "skopeo copy --digestfile",
        Identity::ManifestDigest(digest.to_owned()),
    )])
}

/// The config that `skopeo copy` said it copies: all that a version without `--digestfile` says of
/// what it chose.
fn printed_config(stdout: &str) -> RawObservation {
    let config = stdout
        .lines()
        .filter_map(|line| line.strip_prefix("Copying config "))
        .find_map(|rest| rest.split_whitespace().next());
    match config {
        Some(config) => RawObservation::Seen(vec![sign(
            "skopeo copy",
            Identity::ConfigDigest(with_algorithm(config)),
        )]),
        // An image without config can be copied, and then skopeo just names nothing.
        None => RawObservation::Failed("skopeo copy named no config".to_owned()),
    }
}

/// What a directory of the `dir:` transport holds: a manifest, and a file per blob.
fn look_into(dir: &Path) -> RawObservation {
    let manifest = match rootfs::read(dir, Path::new("manifest.json"), FILE_LIMIT) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return RawObservation::Absent("the directory has no manifest.json".to_owned()),
        Err(error) => return RawObservation::Failed(format!("manifest.json: {error}")),
    };
    let Ok(manifest) = serde_json::from_slice::<Value>(&manifest) else {
        return RawObservation::Failed("manifest.json is not JSON".to_owned());
    };
    // What a manifest calls its layers is a path only if it is one name.
    let open = |layer: &str| {
        let name = layer.split_once(':').map_or(layer, |(_, encoded)| encoded);
        rootfs::file(dir, Path::new(name)).ok().flatten()
    };
    let signs = match manifest_in("manifest.json", &manifest, open) {
        Ok(signs) => signs,
        Err(gone) => {
            return RawObservation::Failed(format!("the layer {gone} is not in the directory"));
        }
    };
    looked(
        signs,
        "the directory holds a manifest without config and layers",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn an_old_skopeo_names_the_config_that_it_copies() {
        let printed = "Getting image source signatures\n\
                       Copying blob sha256:3d44\n\
                       Copying config sha256:fc55\n\
                       Writing manifest to image destination\n";
        let expected = Identity::ConfigDigest("sha256:fc55".to_owned());
        assert_eq!(
            printed_config(printed),
            RawObservation::Seen(vec![sign("skopeo copy", expected)])
        );
        assert!(matches!(
            printed_config("Copying blob sha256:3d44\n"),
            RawObservation::Failed(_)
        ));
    }

    /// A manifest may call its layers anything, also something that leads out of the directory.
    #[test]
    fn only_files_of_the_directory_are_layers() {
        let dir = tempfile::tempdir().unwrap();
        let into = dir.path().join("into");
        fs::create_dir(&into).unwrap();
        fs::write(dir.path().join("outside"), "x").unwrap();
        std::os::unix::fs::symlink("../outside", into.join("link")).unwrap();
        nix::unistd::mkfifo(&into.join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        for layer in [
            "sha256:../outside",
            "sha256:link",
            "sha256:pipe",
            "sha256:/etc/passwd",
        ] {
            let manifest = serde_json::json!({ "layers": [{ "digest": layer }] });
            fs::write(into.join("manifest.json"), manifest.to_string()).unwrap();
            let words = format!("the layer {layer} is not in the directory");
            assert_eq!(look_into(&into), RawObservation::Failed(words));
        }
    }
}
