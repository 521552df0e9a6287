//! Crane, of go-containerregistry: stateless; `pull` writes an archive as `docker load` takes it.

use super::image::{looked, sign, with_algorithm};
use crate::{
    Action, Adapter, Asked, Cleanup, Detected, GoModule, HarnessError, Installation, Look,
    RawObservation, Runtime, Sandbox, Support, Tool, channel::DebianRelease, detect, rootfs,
};
use ocipick_corpus::marker_in_layers;
use ocipick_records::{Configuration, FieldKind, Identity, Operation, Project, ToolInfo};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    sync::LazyLock,
};

pub(super) struct Crane;

/// The labels are those of the template in the project's repository in November 2026. It has no security
/// policy of its own that we know of; the contact is where its owner takes reports.
static INFO: LazyLock<ToolInfo> = LazyLock::new(|| ToolInfo {
    name: "crane".to_owned(),
    binaries: vec!["crane".to_owned()],
    package: "crane".to_owned(),
    configurations: vec![Configuration {
        lineage: "go-containerregistry".to_owned(),
        reproduce: vec![
            "crane pull --insecure {platform}REFERENCE picked.tar".to_owned(),
            "tar -xOf picked.tar manifest.json".to_owned(),
        ],
        ..Configuration::default()
    }],
    project: Some(Project::new(
        "google/go-containerregistry",
        "https://g.co/vulnz",
        "crane: ",
        &[
            ("Describe the bug", FieldKind::Description),
            ("To Reproduce", FieldKind::Steps),
            ("Expected behavior", FieldKind::Expected),
            ("Additional context", FieldKind::More),
            ("Output of `crane version`", FieldKind::Version),
            (
                "Registry used (e.g., GCR, ECR, Quay)",
                FieldKind::Choice(
                    "a local one that serves these bytes; any registry that takes them does"
                        .to_owned(),
                ),
            ),
        ],
    )),
});

impl Adapter for Crane {
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
        &[include_str!("go-containerregistry.messages.toml")]
    }

    fn version_argument(&self) -> &'static str {
        "version"
    }

    fn go_modules(&self) -> &'static [GoModule] {
        &[GoModule {
            path: "github.com/google/go-containerregistry",
            commands: &["cmd/crane"],
            tags: &[],
            cgo: false,
            names: None,
        }]
    }

    fn packages(&self, _: &DebianRelease) -> Vec<&'static str> {
        vec!["crane"]
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
            Operation::Import => Support::No(
                "crane sends a layout to a registry as it is, and selects nothing from it"
                    .to_owned(),
            ),
            operation @ (Operation::Run
            | Operation::Inspect
            | Operation::Scan
            | Operation::Copy
            | Operation::Push) => Support::not_carried_out(operation),
        }
    }

    fn actions(&self, asked: &Asked<'_>) -> Vec<Action> {
        let target = archive(asked).to_string_lossy().into_owned();
        let platform = asked.request.platform_args();
        let reference = asked.request.reference();
        let mut args = vec!["pull", "--insecure"];
        args.extend(platform.iter().map(String::as_str));
        args.extend([reference.as_str(), &target]);
        vec![asked.tool.client(&args, asked.request.deadline).into()]
    }

    fn observe(&self, asked: &Asked<'_>, look: &mut Look<'_>) -> Result<(), HarnessError> {
        (look.reported, look.materialised) = look_into(&archive(asked));
        Ok(())
    }

    fn cleanup(&self, asked: &Asked<'_>, _: Option<&str>) -> Cleanup {
        Cleanup {
            image_files: vec![archive(asked)],
            ..Cleanup::default()
        }
    }
}

/// The archive of a trial.
fn archive(asked: &Asked<'_>) -> PathBuf {
    asked.tool.path(&format!("image{}.tar", asked.number))
}

/// The regular files of an archive: where each begins, and how long it is. Of several of one name
/// the last is right.
type Members = BTreeMap<String, (u64, u64)>;

fn members(archive: &File) -> io::Result<Members> {
    let mut members = Members::new();
    for entry in tar::Archive::new(archive).entries_with_seek()? {
        let entry = entry?;
        let name = entry.path()?.to_string_lossy().into_owned();
        if entry.header().entry_type().is_file() {
            members.insert(name, (entry.raw_file_position(), entry.size()));
        }
    }
    Ok(members)
}

/// A file of the archive.
fn member(archive: &File, members: &Members, name: &str) -> Option<io::Take<BufReader<File>>> {
    let (begin, length) = *members.get(name)?;
    let mut file = archive.try_clone().ok()?;
    file.seek(SeekFrom::Start(begin)).ok()?;
    Some(BufReader::new(file).take(length))
}

/// What the archive says it holds (`manifest.json`), and what its layers hold.
fn look_into(path: &Path) -> (RawObservation, RawObservation) {
    let (dir, name) = (path.parent(), path.file_name());
    let opened = dir
        .zip(name)
        .map_or(Ok(None), |(dir, name)| rootfs::file(dir, Path::new(name)));
    let file = match opened {
        Ok(Some(file)) => file,
        Ok(None) => {
            let words = "crane wrote no archive".to_owned();
            return (
                RawObservation::Absent(words.clone()),
                RawObservation::Absent(words),
            );
        }
        Err(error) => {
            let words = format!("the archive: {error}");
            return (
                RawObservation::Failed(words.clone()),
                RawObservation::Failed(words),
            );
        }
    };
    let members = match members(&file) {
        Ok(members) => members,
        Err(error) => {
            let words = format!("the archive: {error}");
            return (
                RawObservation::Failed(words.clone()),
                RawObservation::Failed(words),
            );
        }
    };
    let manifest = member(&file, &members, "manifest.json").and_then(|manifest| {
        let mut bytes = Vec::new();
        manifest.take(4 << 20).read_to_end(&mut bytes).ok()?;
        serde_json::from_slice::<Value>(&bytes).ok()
    });
    let image = manifest
        .as_ref()
        .map_or(&Value::Null, |manifest| &manifest[0]);
    let config = image["Config"].as_str();
    let reported = config
        .map(|config| {
            let digest = with_algorithm(config.trim_end_matches(".json"));
            sign(
                "manifest.json of crane pull",
                Identity::ConfigDigest(digest),
            )
        })
        .into_iter()
        .collect();
    let names: Vec<&str> = image["Layers"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let topmost_first = names.iter().rev();
    let marker = marker_in_layers(topmost_first.filter_map(|name| member(&file, &members, name)));
    let mut signs: Vec<_> = marker
        .map(|marker| sign("layer of crane pull", Identity::Marker(marker)))
        .into_iter()
        .collect();
    let layers: Vec<String> = names
        .iter()
        .filter_map(|layer| Some(with_algorithm(layer.split('.').next()?)))
        .collect();
    if !layers.is_empty() {
        signs.push(sign(
            "manifest.json of crane pull",
            Identity::LayerDigests(layers),
        ));
    }
    let materialised = if signs.is_empty() {
        RawObservation::Empty("the archive has no layers".to_owned())
    } else {
        RawObservation::Seen(signs)
    };
    (
        looked(reported, "the archive has no manifest.json with a config"),
        materialised,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn tar_of(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, bytes) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, path, *bytes).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn look(files: &[(&str, &[u8])], layers: &[&str]) -> (RawObservation, RawObservation) {
        let manifest = serde_json::json!([{ "Config": "sha256:c", "Layers": layers }]).to_string();
        let mut files = files.to_vec();
        files.push(("manifest.json", manifest.as_bytes()));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("image.tar");
        fs::write(&path, tar_of(&files)).unwrap();
        look_into(&path)
    }

    #[test]
    fn the_topmost_layer_that_says_something_of_the_marker_is_right() {
        let (a, b) = (
            tar_of(&[("ocipick/child", b"a")]),
            tar_of(&[("ocipick/child", b"b")]),
        );
        let gone = tar_of(&[("ocipick/.wh.child", b"")]);
        let files: &[(&str, &[u8])] = &[("b.tar", &b), ("gone.tar", &gone), ("a.tar", &a)];
        let marker = |layers: &[&str]| match look(files, layers).1 {
            RawObservation::Seen(signs) => signs.into_iter().find_map(|sign| match sign.identity {
                Identity::Marker(text) => Some(text),
                _ => None,
            }),
            _ => None,
        };
        assert_eq!(marker(&["a.tar", "b.tar"]).unwrap(), "b");
        assert_eq!(marker(&["b.tar", "a.tar"]).unwrap(), "a");
        assert_eq!(marker(&["a.tar", "gone.tar"]), None);
        assert_eq!(marker(&["../../etc/passwd"]), None);
    }

    /// A file `child` at the root of an image is no marker; it was once taken for one.
    #[test]
    fn a_file_of_another_name_is_no_marker() {
        let layer = tar_of(&[("child", b"hello")]);
        let (_, materialised) = look(&[("l.tar", &layer)], &["l.tar"]);
        let layers = Identity::LayerDigests(vec!["sha256:l".to_owned()]);
        let expected = vec![sign("manifest.json of crane pull", layers)];
        assert_eq!(materialised, RawObservation::Seen(expected));
    }

    #[test]
    fn an_image_without_layers_is_empty_and_an_archive_that_is_none_is_absent() {
        assert!(matches!(look(&[], &[]).1, RawObservation::Empty(_)));
        assert!(matches!(
            look_into(Path::new("/absent/image.tar")).1,
            RawObservation::Absent(_)
        ));
    }
}
