//! Skopeo: stateless; `pull` is a copy into a plain directory.

use super::image::{looked, sign, with_algorithm};
use crate::{
    Adapter, Detected, Execution, ImageSource, Installation, RawObservation, Request, Runtime,
    Sandbox, Session, StartError, Support, Tool, ToolInfo, adapter::execution, detect, mutant,
    rootfs,
};
use ocipick_corpus::marker_in_layers;
use ocipick_records::{Identity, Operation};
use serde_json::Value;
use std::{
    fs,
    io::BufReader,
    path::{Path, PathBuf},
};

/// What there is to know of it.
pub(super) const INFO: ToolInfo = ToolInfo {
    name: "skopeo",
    binaries: &["skopeo"],
    package: "skopeo",
    packages: |_| vec!["skopeo"],
    needs: |_| Vec::new(),
    snapshotter: |_| None,
};

pub(super) struct Skopeo;

impl Adapter for Skopeo {
    fn tool(&self) -> Tool {
        Tool::Skopeo
    }

    fn detect(&self, installation: &Installation, sandbox: &Sandbox) -> Detected {
        detect::single_binary(Tool::Skopeo, "skopeo", installation, sandbox)
    }

    fn is_stateless(&self) -> bool {
        true
    }

    fn supports(&self, _: &Runtime, operation: Operation) -> Support {
        match operation {
            Operation::Pull | Operation::Import => Support::Yes,
            operation @ (Operation::Run
            | Operation::Inspect
            | Operation::Copy
            | Operation::Push) => Support::not_carried_out(operation),
        }
    }

    fn open(&self, runtime: &Runtime, sandbox: Sandbox) -> std::io::Result<Box<dyn Session>> {
        Ok(Box::new(SkopeoSession {
            runtime: runtime.clone(),
            sandbox,
            trials: 0,
            writes_digest: None,
        }))
    }
}

struct SkopeoSession {
    runtime: Runtime,
    sandbox: Sandbox,
    trials: u32,
    /// Whether `skopeo copy` can write the digest to a file, once it was asked; 1.2 cannot.
    writes_digest: Option<bool>,
}

impl SkopeoSession {
    fn writes_digest(&mut self) -> bool {
        *self.writes_digest.get_or_insert_with(|| {
            let program = self.runtime.binary("client");
            !detect::lacks_option(&program, &["copy"], "--digestfile", &self.sandbox)
        })
    }
}

impl Session for SkopeoSession {
    fn start(&mut self) -> Result<(), StartError> {
        Ok(())
    }

    fn execute(&mut self, request: &Request<'_>) -> Execution {
        let mut execution = Execution::default();
        self.trials += 1;
        let into = self.sandbox.dir().join(format!("image{}", self.trials));
        let digest_file = self.sandbox.dir().join(format!("digest{}", self.trials));
        let (source, transport_args) = match &request.source {
            ImageSource::Registry { .. } => (
                format!("docker://{}", request.reference()),
                &["--src-tls-verify=false"][..],
            ),
            ImageSource::Layout(layout) => (format!("oci:{}", layout.path(layout.dir)), &[][..]),
        };
        let target = format!("dir:{}", into.display());
        let into = PathBuf::from(mutant::looked_at(&into.to_string_lossy()));
        let digest_text = digest_file.to_string_lossy().into_owned();
        let policy = self.sandbox.policy().to_string_lossy().into_owned();
        let mut args = vec!["--policy", &policy];
        if let Some(platform) = request.wanted() {
            args.extend(["--override-os", &platform.os]);
            args.extend(["--override-arch", &platform.architecture]);
            if let Some(variant) = &platform.variant {
                args.extend(["--override-variant", variant]);
            }
        }
        args.push("copy");
        args.extend(transport_args);
        let writes_digest = self.writes_digest();
        if writes_digest {
            args.extend(["--digestfile", &digest_text]);
        }
        args.extend([source.as_str(), target.as_str()]);
        let program = self.runtime.binary("client");
        let copied = execution!(
            execution,
            self.sandbox.run(&program, &args, request.deadline)
        );
        (request.done)();
        execution.decisive = Some(copied);
        if execution.succeeded() {
            execution.reported = if writes_digest {
                written_digest(&digest_file)
            } else {
                printed_config(&execution.commands[copied].stdout())
            };
            execution.materialised = look_into(&into);
            mutant::has_looked(&mut execution);
        }
        if !request.leaves_image() {
            let _ = fs::remove_dir_all(&into);
        }
        let _ = fs::remove_file(&digest_file);
        execution
    }
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

/// The digests of the layers of a manifest, from the lowest to the topmost.
///
/// Manifests of the first schema, which skopeo copies as they are, call them something else and
/// list the topmost first.
fn layers_of(manifest: &Value) -> Vec<&str> {
    let items = |list: &str, key: &str| -> Vec<&str> {
        let items = manifest[list].as_array().into_iter().flatten();
        items.filter_map(|item| item[key].as_str()).collect()
    };
    let layers = items("layers", "digest");
    if !layers.is_empty() {
        return layers;
    }
    let mut layers = items("fsLayers", "blobSum");
    layers.reverse();
    layers
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
    let mut signs = Vec::new();
    if let Some(config) = manifest["config"]["digest"].as_str() {
        signs.push(sign(
            "manifest.json",
            Identity::ConfigDigest(with_algorithm(config)),
        ));
    }
    let layers = layers_of(&manifest);
    // What a manifest calls its layers is a path only if it is one name.
    let open = |layer: &str| {
        let name = layer.split_once(':').map_or(layer, |(_, encoded)| encoded);
        rootfs::file(dir, Path::new(name)).ok().flatten()
    };
    if let Some(gone) = layers.iter().find(|layer| open(layer).is_none()) {
        return RawObservation::Failed(format!("the layer {gone} is not in the directory"));
    }
    // A layer of an unknown type need not be an archive.
    let topmost_first = layers.iter().rev().filter_map(|layer| open(layer));
    if let Some(marker) = marker_in_layers(topmost_first.map(BufReader::new)) {
        signs.push(sign("layer", Identity::Marker(marker)));
    }
    if !layers.is_empty() {
        let layers = layers.into_iter().map(str::to_owned).collect();
        signs.push(sign("manifest.json", Identity::LayerDigests(layers)));
    }
    looked(
        signs,
        "the directory holds a manifest without config and layers",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_of_the_first_schema_are_turned_around() {
        let manifest =
            serde_json::json!({ "fsLayers": [{ "blobSum": "top" }, { "blobSum": "base" }] });
        assert_eq!(layers_of(&manifest), ["base", "top"]);
        let manifest = serde_json::json!({ "layers": [{ "digest": "base" }, { "digest": "top" }] });
        assert_eq!(layers_of(&manifest), ["base", "top"]);
        assert!(layers_of(&serde_json::json!({ "manifests": [] })).is_empty());
    }

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
