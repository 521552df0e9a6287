//! Layouts of other people, with every adapter: images without our marker, and images that hold
//! something else where it would be. Each is a good image, and each tool here is honest, so that
//! each must be picked; and no file of the machine may show.

use crate::{
    Test,
    stage::{Seen, Stage, same},
};
use anyhow::{Context as _, Result, ensure};
use flate2::{Compression, write::GzEncoder};
use ocipick_adapters::Flavour;
use ocipick_corpus::{Case, Corpus, Digest, PlatformRequest};
use ocipick_records::{Operation, Outcome};
use serde_json::{Value, json};
use std::{
    fs,
    io::{self, Write as _},
    path::Path,
    sync::OnceLock,
};
use tar::EntryType;
use tempfile::TempDir;

pub(crate) const TESTS: &[Test] = &[
    ("foreign::skopeo", || {
        picks_all(&["skopeo"], "honest", None, None)
    }),
    ("foreign::crane", || picks_all(&["crane"], "", None, None)),
    ("foreign::podman", || picks_all(&["podman"], "", None, None)),
];

pub(crate) const TESTS_OF_DAEMONS: &[Test] = &[
    ("foreign::docker", || {
        picks_all(&["docker", "dockerd"], "", None, None)
    }),
    ("foreign::docker+containerd-store", || {
        let programs = ["docker", "dockerd", "ctr"];
        picks_all(
            &programs,
            "store",
            Some(Flavour::new("containerd-store")),
            None,
        )
    }),
    (
        "foreign::docker+containerd-store-without-ctr",
        store_without_client,
    ),
    ("foreign::containerd", || {
        picks_all(&["ctr", "containerd"], "", None, None)
    }),
    ("foreign::containerd-imports", || {
        picks_all(&["ctr", "containerd"], "", None, Some(Operation::Import))
    }),
];

/// What must never be seen in any result.
const SECRET: &str = "SECRET-OF-THE-MACHINE";

/// A file of a layer: its path, what it is, and its content or target.
type Entry = (&'static str, EntryType, String);

fn archive(entries: &[Entry]) -> Result<Vec<u8>> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, kind, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(*kind);
        header.set_mode(0o755);
        header.set_size(0);
        match kind {
            EntryType::Regular => {
                header.set_size(content.len() as u64);
                builder.append_data(&mut header, path, content.as_bytes())?;
            }
            EntryType::Symlink => builder.append_link(&mut header, path, content)?,
            _ => builder.append_data(&mut header, path, io::empty())?,
        }
    }
    Ok(builder.into_inner()?)
}

/// The layouts, each with one image for linux/amd64 and one for linux/arm64.
fn layers(machine: &Path) -> Vec<(&'static str, Vec<Entry>)> {
    let file = |path, content: &str| (path, EntryType::Regular, content.to_owned());
    let link = |path, target: &Path| {
        let target = target.to_string_lossy().into_owned();
        (path, EntryType::Symlink, target)
    };
    let folder = ("ocipick", EntryType::Directory, String::new());
    let child = "ocipick/child";
    let secret = machine.join("secret");
    let up = Path::new("../../../../../../../../../../..");
    let relative = up.join(secret.strip_prefix("/").unwrap_or(&secret));
    vec![
        ("ordinary", vec![file("etc/os-release", "NAME=x")]),
        ("child-at-the-root", vec![file("child", "hello")]),
        ("file-for-folder", vec![file("ocipick", "hello")]),
        ("empty-marker", vec![folder.clone(), file(child, "")]),
        (
            "huge-marker",
            vec![folder.clone(), file(child, &"x".repeat(100_000))],
        ),
        (
            "marker-of-its-own",
            vec![folder.clone(), file(child, "somebody's\n")],
        ),
        ("link", vec![folder.clone(), link(child, &secret)]),
        (
            "relative-link",
            vec![folder.clone(), link(child, &relative)],
        ),
        (
            "link-within",
            vec![
                file("x", "hello"),
                folder.clone(),
                link(child, Path::new("../x")),
            ],
        ),
        (
            "magic-link",
            vec![folder.clone(), link(child, Path::new("/proc/self/environ"))],
        ),
        (
            "folder-is-link",
            vec![link("ocipick", &machine.join("folder"))],
        ),
        (
            "folder-is-link-to-root",
            vec![file("child", "x"), link("ocipick", Path::new("/"))],
        ),
        (
            "pipe",
            vec![folder, (child, EntryType::Fifo, String::new())],
        ),
    ]
}

/// Writes a blob into a layout; returns what describes it.
fn put(dir: &Path, media_type: &str, bytes: &[u8]) -> Result<Value> {
    let digest = Digest::sha256(bytes);
    let blobs = dir.join("blobs/sha256");
    fs::create_dir_all(&blobs)?;
    fs::write(blobs.join(digest.encoded()), bytes)?;
    Ok(json!({ "mediaType": media_type, "digest": digest.as_str(), "size": bytes.len() }))
}

const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

fn write_layout(dir: &Path, unpacked: &[u8]) -> Result<()> {
    let mut entries = Vec::new();
    for architecture in ["amd64", "arm64"] {
        // No two of them have the same layer, or nobody could tell them apart.
        let own = [unpacked, architecture.as_bytes()].concat();
        let diff_id = Digest::sha256(&own);
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&own)?;
        let layer = gzip.finish()?;
        let layer = put(dir, LAYER, &layer)?;
        let config = json!({
            "os": "linux",
            "architecture": architecture,
            "rootfs": { "type": "layers", "diff_ids": [diff_id.as_str()] },
        });
        let config = put(dir, CONFIG, config.to_string().as_bytes())?;
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer],
        });
        let mut entry = put(dir, MANIFEST, manifest.to_string().as_bytes())?;
        entry["platform"] = json!({ "os": "linux", "architecture": architecture });
        entries.push(entry);
    }
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries });
    let index = put(dir, INDEX, index.to_string().as_bytes())?;
    let top = json!({ "schemaVersion": 2, "manifests": [index] });
    fs::write(dir.join("index.json"), top.to_string())?;
    Ok(fs::write(
        dir.join("oci-layout"),
        r#"{"imageLayoutVersion":"1.0.0"}"#,
    )?)
}

/// The cases, and the directory of what they try to reach.
fn cases() -> Result<&'static (Vec<Case>, TempDir)> {
    static CASES: OnceLock<(Vec<Case>, TempDir)> = OnceLock::new();
    if let Some(cases) = CASES.get() {
        return Ok(cases);
    }
    let dir = tempfile::tempdir()?;
    fs::write(dir.path().join("secret"), SECRET)?;
    fs::create_dir(dir.path().join("folder"))?;
    fs::write(dir.path().join("folder/child"), SECRET)?;
    for (name, entries) in layers(dir.path()) {
        let layout = dir.path().join("layouts").join(name);
        write_layout(&layout, &archive(&entries)?)?;
    }
    let ask: PlatformRequest = "linux/amd64".parse()?;
    let corpus = Corpus::foreign(&dir.path().join("layouts"), &ask)?;
    Ok(CASES.get_or_init(|| (corpus.cases().to_vec(), dir)))
}

fn run(
    programs: &[&str],
    mode: &str,
    flavour: Option<Flavour>,
    operation: Option<Operation>,
) -> Result<Seen> {
    let (cases, _) = cases()?;
    let mut stage = Stage::new()?.about(cases.clone()).with(programs, mode)?;
    stage = match flavour {
        Some(flavour) => stage.of_flavour(flavour),
        None => stage,
    };
    stage = match operation {
        Some(operation) => stage.doing(operation),
        None => stage,
    };
    stage.run()
}

fn tool_of<'a>(programs: &[&'a str]) -> &'a str {
    match programs[0] {
        "ctr" => "containerd",
        tool => tool,
    }
}

fn picks_all(
    programs: &[&str],
    mode: &str,
    flavour: Option<Flavour>,
    operation: Option<Operation>,
) -> Result<()> {
    let seen = run(programs, mode, flavour, operation)?;
    let (cases, _) = cases()?;
    ensure!(cases.len() > 10, "{} cases", cases.len());
    for case in cases {
        let child = case.children.first().context("no child")?;
        let picked = Outcome::Picked {
            child: child.name.clone(),
            digest: child.manifest.to_string(),
        };
        seen.expect(tool_of(programs), case.id.as_str(), &picked)?;
        let trial = seen.trial(tool_of(programs), case.id.as_str())?;
        let written = serde_json::to_string(trial)?;
        ensure!(!written.contains(SECRET), "{written}");
    }
    Ok(())
}

/// Where nobody can tell what a container stands on, nothing is said of its image: least of all that
/// there is none.
fn store_without_client() -> Result<()> {
    let programs = ["docker", "dockerd"];
    let seen = run(
        &programs,
        "store",
        Some(Flavour::new("containerd-store")),
        None,
    )?;
    let (cases, _) = cases()?;
    for case in cases
        .iter()
        .filter(|case| case.children[0].marker.is_none())
    {
        let outcome = seen.outcome("docker", case.id.as_str())?;
        same(case.id.as_str(), &outcome.is_measured(), &false)?;
    }
    Ok(())
}
