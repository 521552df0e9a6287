//! Charliecloud: `ch-image pull` unpacks an image into a directory. It is written in Python, selects by code of its own, and
//! speaks HTTPS alone.

use super::image::{looked, sign, with_algorithm};
use crate::{
    Action, Adapter, Asked, Cleanup, Detected, HarnessError, Installation, KnownOptions, Look,
    MARKER_LABEL, Missing, RawFingerprint, RawObservation, Request, Runtime, Sandbox, Support,
    Tool, Transport,
    channel::{DebianRelease, sum_of_file},
    detect, rootfs,
};
use ocipick_corpus::{Digest, MARKER_FILE, marker_text};
use ocipick_records::{Configuration, Identity, Operation, Project, ToolInfo};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::LazyLock,
};

pub(super) struct Charliecloud;

/// The file whose authorities Python's requests trusts in place of all others.
const TRUSTED: &str = "REQUESTS_CA_BUNDLE";
/// How much of a document is read.
const DOCUMENT_LIMIT: u64 = 64 << 20;

static INFO: LazyLock<ToolInfo> = LazyLock::new(|| ToolInfo {
    name: "charliecloud".to_owned(),
    binaries: vec!["ch-image".to_owned()],
    package: "charliecloud".to_owned(),
    configurations: vec![Configuration {
        lineage: "charliecloud".to_owned(),
        commands: BTreeMap::from([("pull".to_owned(), "ch-image pull".to_owned())]),
        ..Configuration::default()
    }],
    project: Some(Project::new(
        "charliecloud/charliecloud",
        "https://charliecloud.io (its authors)",
        "",
        &[],
    )),
});

impl Adapter for Charliecloud {
    fn info(&self) -> &'static ToolInfo {
        &INFO
    }

    fn libraries(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    fn messages(&self) -> &'static [&'static str] {
        &[include_str!("charliecloud.messages.toml")]
    }

    fn packages(&self, _: &DebianRelease) -> Vec<&'static str> {
        vec!["charliecloud-builders"]
    }

    fn needs(&self, _: &DebianRelease) -> Vec<&'static str> {
        // It is started by `env`, and does nothing without the program that runs what it pulls.
        vec!["charliecloud-common", "charliecloud-runtime", "coreutils"]
    }

    fn is_provisioned_unasked(&self) -> bool {
        false
    }

    fn transport(&self) -> Transport {
        Transport::Tls
    }

    fn detect(&self, tool: Tool, installation: &Installation, sandbox: &Sandbox) -> Detected {
        let mut detected = detect::single_binary(tool, installation, sandbox);
        let options = KnownOptions::default();
        let selects =
            |runtime: &Runtime| options.knows(&runtime.binary("client"), &[], "--arch", sandbox);
        let (kept, old): (Vec<_>, Vec<_>) = detected.runtimes.into_iter().partition(selects);
        detected.runtimes = kept;
        detected.missing.extend(old.iter().map(|runtime| Missing {
            tool,
            flavour: None,
            channel: installation.channel.clone(),
            why: format!(
                "ch-image {} asks for a manifest and reads no index, so that there is nothing that it selects",
                runtime.version
            ),
            remedy: "take a later one, which knows --arch".to_owned(),
        }));
        detected
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
        let other = request.platform.filter(|platform| platform.os != "linux");
        other.map_or(Support::Yes, |platform| {
            Support::No(format!(
                "ch-image takes an architecture and no operating system, so that {platform} cannot be asked for"
            ))
        })
    }

    fn prepare(&self, _: &Runtime, sandbox: &mut Sandbox) -> io::Result<()> {
        if let Some(authority) = sandbox.authority() {
            sandbox.set_env(TRUSTED, &authority.to_string_lossy());
        }
        Ok(())
    }

    fn actions(&self, asked: &Asked<'_>) -> Vec<Action> {
        let storage = storage(asked).to_string_lossy().into_owned();
        let reference = asked.request.reference();
        let architecture = asked.request.platform.map(|platform| {
            let variant = platform.variant.iter().map(|variant| format!("/{variant}"));
            variant.fold(platform.architecture.clone(), |text, part| text + &part)
        });
        let mut args = vec!["--storage", &storage];
        if let Some(architecture) = &architecture {
            args.extend(["--arch", architecture]);
        }
        args.extend(["pull", &reference]);
        vec![asked.tool.client(&args, asked.request.deadline).into()]
    }

    fn observe(&self, asked: &Asked<'_>, look: &mut Look<'_>) -> Result<(), HarnessError> {
        let storage = storage(asked);
        let root = match the_image(&storage) {
            Ok(Some(root)) => root,
            Ok(None) => {
                look.reported = RawObservation::Absent("ch-image keeps no image".to_owned());
                look.materialised = look.reported.clone();
                return Ok(());
            }
            Err(error) => {
                let words = format!("{}: {error}", storage.display());
                look.reported = RawObservation::Failed(words.clone());
                look.materialised = RawObservation::Failed(words);
                return Ok(());
            }
        };
        let failed = |error: io::Error| RawObservation::Failed(error.to_string());
        let manifest = manifest_of(&storage);
        look.reported = match &manifest {
            Ok(manifest) => reported(&root, manifest.as_ref()).unwrap_or_else(failed),
            Err(error) => RawObservation::Failed(error.to_string()),
        };
        look.materialised = match &manifest {
            Ok(manifest) => materialised(&storage, &root, manifest.as_ref()).unwrap_or_else(failed),
            Err(error) => RawObservation::Failed(error.to_string()),
        };
        Ok(())
    }

    fn cleanup(&self, asked: &Asked<'_>, _: Option<&str>) -> Cleanup {
        Cleanup {
            image_files: vec![storage(asked)],
            ..Cleanup::default()
        }
    }
}

/// The storage directory of a trial. One of its own, since what was downloaded once is never asked for again.
fn storage(asked: &Asked<'_>) -> PathBuf {
    asked.tool.path(&format!("storage{}", asked.number))
}

/// The names in a directory that ch-image has made.
fn names(dir: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names: Vec<String> = names.collect::<io::Result<_>>()?;
    names.sort();
    Ok(names)
}

/// The root directory of the one image that was pulled.
fn the_image(storage: &Path) -> io::Result<Option<PathBuf>> {
    let images = storage.join("img");
    let mut names = names(&images)?.into_iter();
    let name = names.find(|name| !name.starts_with('.'));
    Ok(name.map(|name| images.join(name)))
}

/// A manifest, and the digest of its bytes.
struct Manifest {
    digest: String,
    document: Value,
}

/// The manifest that was taken, as it was downloaded. What came in place of an index is kept under another name.
fn manifest_of(storage: &Path) -> io::Result<Option<Manifest>> {
    let cache = storage.join("dlcache");
    let names = names(&cache)?;
    let read = |name: &String| rootfs::read(&cache, Path::new(name), DOCUMENT_LIMIT);
    for ending in [".manifest.json", ".fat.json"] {
        let mut candidates = names.iter().filter(|name| name.ends_with(ending));
        if let Some(bytes) = candidates.find_map(|name| read(name).transpose()) {
            let bytes = bytes?;
            return Ok(Some(Manifest {
                digest: Digest::sha256(&bytes).to_string(),
                document: serde_json::from_slice(&bytes).unwrap_or_default(),
            }));
        }
    }
    Ok(None)
}

/// What it writes down of the image: the config as it was pulled, and the manifest.
fn reported(root: &Path, manifest: Option<&Manifest>) -> io::Result<RawObservation> {
    let mut signs = Vec::new();
    if let Some(manifest) = manifest {
        let digest = Identity::ManifestDigest(manifest.digest.clone());
        signs.push(sign("manifest that ch-image keeps", digest));
    }
    let config = rootfs::read(root, Path::new("ch/config.pulled.json"), DOCUMENT_LIMIT)?;
    if let Some(config) = config {
        let source = "ch/config.pulled.json";
        let digest = Identity::ConfigDigest(Digest::sha256(&config).to_string());
        signs.push(sign(source, digest));
        let document: Value = serde_json::from_slice(&config).unwrap_or_default();
        let label = document["config"]["Labels"][MARKER_LABEL].as_str();
        signs.extend(label.map(|label| sign(source, Identity::Label(label.to_owned()))));
    }
    Ok(looked(signs, "ch-image keeps neither manifest nor config"))
}

/// What is in the image: the marker in its root, or else the layers that were unpacked.
fn materialised(
    storage: &Path,
    root: &Path,
    manifest: Option<&Manifest>,
) -> io::Result<RawObservation> {
    if let Some(marker) = marker(root)? {
        return Ok(RawObservation::Seen(vec![marker]));
    }
    let Some(Manifest { document, .. }) = manifest else {
        return Ok(RawObservation::Unmarked(
            "the image has no marker, and its manifest is not kept".to_owned(),
        ));
    };
    // What is listed need not be what was downloaded, which is called by that and never held against it.
    let mut layers = Vec::new();
    for layer in document["layers"].as_array().into_iter().flatten() {
        let digest = layer["digest"].as_str().map(with_algorithm);
        let encoded = digest.as_deref().and_then(|it| it.split_once(':'));
        let Some((_, encoded)) = encoded else {
            continue;
        };
        let archive = PathBuf::from(format!("dlcache/{encoded}.tar.gz"));
        match rootfs::file(storage, &archive)? {
            Some(file) => layers.push(with_algorithm(&sum_of_file(file)?)),
            None => {
                return Ok(RawObservation::Unmarked(format!(
                    "the image has no marker, and its layer {encoded} is not kept"
                )));
            }
        }
    }
    Ok(if layers.is_empty() {
        RawObservation::Empty("ch-image unpacked no layer".to_owned())
    } else {
        let layers = Identity::LayerDigests(layers);
        RawObservation::Seen(vec![sign("layers that ch-image unpacked", layers)])
    })
}

/// The marker. A layer with nothing but one directory is unpacked without that, as ch-image does with archives that
/// people make of a directory, so the file may lie a step higher.
fn marker(root: &Path) -> io::Result<Option<RawFingerprint>> {
    let place = Path::new(MARKER_FILE);
    let places = [Some(place), place.file_name().map(Path::new)];
    for place in places.into_iter().flatten() {
        let found = rootfs::file(root, place)?.and_then(marker_text);
        if let Some(marker) = found {
            return Ok(Some(sign("ch-image root", Identity::Marker(marker))));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(dir: &Path, path: &str, text: &str) {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn what_is_kept_is_told_by_its_bytes_and_not_by_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let storage = dir.path();
        assert_eq!(the_image(storage).unwrap(), None);
        put(storage, "img/h+1%a+latest/bin/sh", "");
        put(storage, "img/.tmp/x", "");
        let root = the_image(storage).unwrap().unwrap();
        assert!(root.ends_with("h+1%a+latest"));
        let manifest = r#"{"layers":[{"digest":"sha256:aa"}]}"#;
        put(storage, "dlcache/h+1%a+latest.fat.json", "{}");
        put(storage, "dlcache/h+1%a+latest%bb.manifest.json", manifest);
        put(storage, "dlcache/aa.tar.gz", "altered");
        put(
            &root,
            "ch/config.pulled.json",
            r#"{"config":{"Labels":{"ocipick.child":"x/y z"}}}"#,
        );
        let kept = manifest_of(storage).unwrap().unwrap();
        let digest = Digest::sha256(manifest.as_bytes()).to_string();
        assert_eq!(kept.digest, digest);
        let RawObservation::Seen(signs) = reported(&root, Some(&kept)).unwrap() else {
            panic!("nothing is reported");
        };
        assert_eq!(signs[0].identity, Identity::ManifestDigest(digest));
        assert_eq!(signs[2].identity, Identity::Label("x/y z".to_owned()));
        let unpacked = |text: &str| {
            let layers = vec![Digest::sha256(text.as_bytes()).to_string()];
            let layers = Identity::LayerDigests(layers);
            RawObservation::Seen(vec![sign("layers that ch-image unpacked", layers)])
        };
        let seen = materialised(storage, &root, Some(&kept)).unwrap();
        assert_eq!(seen, unpacked("altered"));
    }

    #[test]
    fn the_marker_is_found_where_ch_image_leaves_out_its_directory() {
        for place in ["ocipick/child", "child"] {
            let dir = tempfile::tempdir().unwrap();
            assert_eq!(marker(dir.path()).unwrap(), None);
            put(dir.path(), place, "x/y z\n");
            let expected = sign("ch-image root", Identity::Marker("x/y z".to_owned()));
            assert_eq!(marker(dir.path()).unwrap(), Some(expected), "{place}");
        }
    }

    #[test]
    fn an_image_without_layers_is_empty() {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), "img/a/etc/hosts", "");
        put(dir.path(), "dlcache/a.fat.json", r#"{"layers":[]}"#);
        let root = the_image(dir.path()).unwrap().unwrap();
        let manifest = manifest_of(dir.path()).unwrap();
        let seen = materialised(dir.path(), &root, manifest.as_ref()).unwrap();
        assert!(matches!(seen, RawObservation::Empty(_)), "{seen:?}");
    }
}
