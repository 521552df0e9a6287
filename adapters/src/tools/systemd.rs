//! systemd: `systemd-pull oci`, the program that systemd-importd starts for `importctl pull-oci`. It is written in C,
//! selects by code of its own, and knows no platform but the machine's own.

use super::image::{looked, sign, with_algorithm};
use crate::{
    Action, Adapter, Asked, Cleanup, Detected, HarnessError, Installation, Look, MARKER_LABEL,
    Missing, RawObservation, Request, Runtime, Sandbox, Support, Tool, Transport,
    channel::DebianRelease, detect, installation::is_program, process::Ran, rootfs,
};
use ocipick_corpus::Digest;
use ocipick_records::{
    Configuration, Identity, Operation, Platform, Project, ToolInfo, host_architecture,
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::LazyLock,
};

pub(super) struct Systemd;

/// Where releases put the program, which is in nobody's PATH.
const PROGRAM: &str = "/usr/lib/systemd/systemd-pull";
/// What the image of a trial is called.
const PICKED: &str = "picked";
/// How much of a document is read.
const DOCUMENT_LIMIT: u64 = 64 << 20;

static INFO: LazyLock<ToolInfo> = LazyLock::new(|| ToolInfo {
    name: "systemd".to_owned(),
    binaries: vec!["systemd-pull".to_owned()],
    package: "systemd-container".to_owned(),
    configurations: vec![Configuration {
        lineage: "systemd".to_owned(),
        commands: BTreeMap::from([("pull".to_owned(), "systemd-pull oci".to_owned())]),
        ..Configuration::default()
    }],
    project: Some(Project::new(
        "systemd/systemd",
        "https://github.com/systemd/systemd/security (Security policy)",
        "",
        &[],
    )),
});

impl Adapter for Systemd {
    fn info(&self) -> &'static ToolInfo {
        &INFO
    }

    fn libraries(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    fn messages(&self) -> &'static [&'static str] {
        &[include_str!("systemd.messages.toml")]
    }

    fn packages(&self, release: &DebianRelease) -> Vec<&'static str> {
        // What older releases have under this name pulls no images (systemd 260 was the first).
        match release.name() {
            "bullseye" | "bookworm" | "trixie" => Vec::new(),
            _ => vec!["systemd-container"],
        }
    }

    fn needs(&self, release: &DebianRelease) -> Vec<&'static str> {
        // It opens both when it starts to work, and its package only suggests them.
        match release.name() {
            "bullseye" | "bookworm" | "trixie" => Vec::new(),
            _ => vec!["libcurl4t64", "libarchive13t64"],
        }
    }

    fn is_provisioned_unasked(&self) -> bool {
        false
    }

    fn transport(&self) -> Transport {
        Transport::Tls
    }

    fn detect(&self, tool: Tool, installation: &Installation, sandbox: &Sandbox) -> Detected {
        let installed = || {
            let path = PathBuf::from(PROGRAM);
            is_program(&installation.on_machine(&path)).then_some(path)
        };
        let found = installation.find("systemd-pull").or_else(installed);
        let Some(binary) = found else {
            return detect::missing(tool, installation, "`systemd-pull` is not there".to_owned());
        };
        let absent = |why: &str, remedy: &str| Detected {
            runtimes: Vec::new(),
            missing: vec![Missing {
                tool,
                flavour: None,
                channel: installation.channel.clone(),
                why: why.to_owned(),
                remedy: remedy.to_owned(),
            }],
        };
        if !detect::KnownOptions::default().knows(&binary, &[], "\n  oci ", sandbox) {
            let why = "this systemd-pull has no `oci`, and pulls no images";
            return absent(why, "take systemd 260 or later");
        }
        if !installation.privileges.namespaces {
            let why = "systemd-pull trusts what the machine trusts, and a registry for one run is to be trusted by \
                       nobody else, which takes root and mount namespaces";
            return absent(why, "run as root where mount namespaces can be made");
        }
        detect::one_binary(tool, installation, sandbox, binary)
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
        let other = request.platform.filter(|platform| !is_own(platform));
        other.map_or(Support::Yes, |platform| {
            Support::No(format!(
                "systemd-pull takes no platform but the machine's own, and cannot be asked for {platform}"
            ))
        })
    }

    fn prepare(&self, _: &Runtime, sandbox: &mut Sandbox) -> io::Result<()> {
        sandbox.mount_authority();
        // Otherwise nothing tells its errors from all else that it says.
        sandbox.set_env("SYSTEMD_LOG_TARGET", "console-prefixed");
        Ok(())
    }

    fn actions(&self, asked: &Asked<'_>) -> Vec<Action> {
        let root = format!("--image-root={}", directory(asked).display());
        let reference = asked.request.reference();
        // Nobody needs the image after a failure of power.
        let args = ["oci", &root, "--sync=no", &reference, PICKED];
        vec![asked.tool.client(&args, asked.request.deadline).into()]
    }

    fn observe(&self, asked: &Asked<'_>, look: &mut Look<'_>) -> Result<(), HarnessError> {
        let directory = directory(asked);
        let failed = |error: io::Error| RawObservation::Failed(error.to_string());
        let printed = look.decisive().map(Ran::stderr).unwrap_or_default();
        look.reported = reported(&directory, &printed).unwrap_or_else(failed);
        look.materialised = materialised(&directory).unwrap_or_else(failed);
        Ok(())
    }

    fn cleanup(&self, asked: &Asked<'_>, _: Option<&str>) -> Cleanup {
        Cleanup {
            image_files: vec![directory(asked)],
            ..Cleanup::default()
        }
    }
}

/// Whether a platform is the machine's own, as systemd-pull compares it: it looks at no variant, so none may be asked for.
fn is_own(platform: &Platform) -> bool {
    platform.os == "linux"
        && platform.architecture == host_architecture()
        && platform.variant.is_none()
}

/// The image directory of a trial. One of its own, since a layer that is there is not asked for again.
fn directory(asked: &Asked<'_>) -> PathBuf {
    asked.tool.path(&format!("images{}", asked.number))
}

/// What it says of the image: the manifest that it fetched, and the config that it keeps.
fn reported(directory: &Path, printed: &str) -> io::Result<RawObservation> {
    let mut signs = Vec::new();
    if let Some(digest) = printed_manifest(printed) {
        let digest = Identity::ManifestDigest(digest.to_owned());
        signs.push(sign("systemd-pull", digest));
    }
    let name = format!("{PICKED}.oci-config");
    if let Some(config) = rootfs::read(directory, Path::new(&name), DOCUMENT_LIMIT)? {
        let source = "config that systemd-pull keeps";
        let digest = Identity::ConfigDigest(Digest::sha256(&config).to_string());
        signs.push(sign(source, digest));
        let document: Value = serde_json::from_slice(&config).unwrap_or_default();
        let label = document["config"]["Labels"][MARKER_LABEL].as_str();
        signs.extend(label.map(|label| sign(source, Identity::Label(label.to_owned()))));
    }
    Ok(looked(
        signs,
        "systemd-pull says of no manifest that it fetched it",
    ))
}

/// The digest of the last manifest whose download it calls complete.
fn printed_manifest(printed: &str) -> Option<&str> {
    let mut complete = printed.lines().filter_map(|line| {
        let (_, line) = line.split_once("Download of Image Manifest (")?;
        line.strip_suffix(") complete.")
    });
    let digest = complete.next_back()?.rsplit_once("/manifests/")?.1;
    digest.contains(':').then_some(digest)
}

/// What is in the image: the layers that it is stacked of, by the names under which they were verified, and the marker of
/// the topmost that has one.
fn materialised(directory: &Path) -> io::Result<RawObservation> {
    let stack = directory.join(format!("{PICKED}.mstack"));
    let layers = match layers_of(&stack) {
        Ok(layers) => layers,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let words = "systemd-pull made no stack of layers".to_owned();
            return Ok(RawObservation::Absent(words));
        }
        Err(error) => return Err(error),
    };
    let digests = layers.iter().map(|layer| {
        let digest = layer.trim_start_matches(".oci-");
        with_algorithm(digest)
    });
    let digests = Identity::LayerDigests(digests.collect());
    let mut signs = vec![sign("stack of systemd-pull", digests)];
    for layer in layers.iter().rev() {
        if let Some(marker) = rootfs::marker(&directory.join(layer))? {
            signs.push(sign("layer of systemd-pull", Identity::Marker(marker)));
            break;
        }
    }
    Ok(RawObservation::Seen(signs))
}

/// The names of the directories of the layers, the lowest first. In the stack each is a link that has its number.
fn layers_of(stack: &Path) -> io::Result<Vec<String>> {
    let mut layers = BTreeMap::new();
    for entry in fs::read_dir(stack)? {
        let entry = entry?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("layer@"));
        let Some(number) = number.and_then(|number| number.parse::<usize>().ok()) else {
            continue;
        };
        let target = fs::read_link(entry.path())?;
        let target = target.file_name().unwrap_or_default().to_string_lossy();
        layers.insert(number, target.into_owned());
    }
    Ok(layers.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn only_the_platform_of_the_machine_can_be_asked_for() {
        let own = |text: &str| is_own(&text.parse().unwrap());
        let host = host_architecture();
        assert!(own(&format!("linux/{host}")));
        assert!(!own(&format!("linux/{host}/v8")) && !own(&format!("windows/{host}")));
        assert!(!own("linux/s390x"));
    }

    #[test]
    fn the_manifest_is_the_last_that_was_fetched_by_digest() {
        let printed = "Downloading 1.1K for Image Index (https://127.0.0.1:1/v2/a/manifests/latest).\n\
            Download of Image Index (https://127.0.0.1:1/v2/a/manifests/latest) complete.\n\
            <30>Download of Image Manifest (https://127.0.0.1:1/v2/a/manifests/sha256:6b3c) complete.\n";
        assert_eq!(printed_manifest(printed), Some("sha256:6b3c"));
        let by_tag =
            "Download of Image Manifest (https://127.0.0.1:1/v2/a/manifests/latest) complete.";
        assert_eq!(printed_manifest(by_tag), None);
        assert_eq!(printed_manifest("Exiting."), None);
    }

    #[test]
    fn layers_are_told_by_the_stack_and_the_topmost_marker_counts() {
        let dir = tempfile::tempdir().unwrap();
        let at = |path: &str| dir.path().join(path);
        let none = materialised(dir.path()).unwrap();
        assert!(matches!(none, RawObservation::Absent(_)), "{none:?}");
        fs::create_dir_all(at("picked.mstack/rw")).unwrap();
        for (number, name) in [(10, "cc"), (2, "bb"), (0, "aa")] {
            let layer = format!(".oci-sha256:{name}");
            fs::create_dir_all(at(&layer).join("ocipick")).unwrap();
            if name != "cc" {
                fs::write(at(&layer).join("ocipick/child"), format!("x/y {name}\n")).unwrap();
            }
            symlink(
                format!("../{layer}"),
                at(&format!("picked.mstack/layer@{number}")),
            )
            .unwrap();
        }
        let digests = ["aa", "bb", "cc"].map(|name| format!("sha256:{name}"));
        let expected = vec![
            sign(
                "stack of systemd-pull",
                Identity::LayerDigests(digests.to_vec()),
            ),
            sign(
                "layer of systemd-pull",
                Identity::Marker("x/y bb".to_owned()),
            ),
        ];
        assert_eq!(
            materialised(dir.path()).unwrap(),
            RawObservation::Seen(expected)
        );
    }
}
