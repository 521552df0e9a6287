//! Skopeo: stateless; `pull` is a copy into a plain directory.

use super::image::{looked, marker_in_tar, sign, with_algorithm};
use crate::{
    Adapter, Ask, Attempt, Detected, Identity, Looked, Place, Room, Runtime, Session, StartError,
    Tool, adapter::attempt, detect,
};
use serde_json::Value;
use std::{
    fs::{self, File},
    path::Path,
};

pub(super) struct Skopeo;

impl Adapter for Skopeo {
    fn tool(&self) -> Tool {
        Tool::Skopeo
    }

    fn detect(&self, place: &Place, room: &Room) -> Detected {
        detect::single_binary(Tool::Skopeo, "skopeo", place, room)
    }

    fn is_stateless(&self) -> bool {
        true
    }

    fn open(&self, runtime: &Runtime, room: Room) -> std::io::Result<Box<dyn Session>> {
        Ok(Box::new(SkopeoSession {
            runtime: runtime.clone(),
            room,
            trials: 0,
        }))
    }
}

struct SkopeoSession {
    runtime: Runtime,
    room: Room,
    trials: u32,
}

impl Session for SkopeoSession {
    fn start(&mut self) -> Result<(), StartError> {
        Ok(())
    }

    fn pull(&mut self, ask: &Ask<'_>) -> Attempt {
        let mut attempt = Attempt::default();
        self.trials += 1;
        let into = self.room.dir().join(format!("image{}", self.trials));
        let digest_file = self.room.dir().join(format!("digest{}", self.trials));
        let source = format!("docker://{}", ask.reference());
        let target = format!("dir:{}", into.display());
        let digest_text = digest_file.to_string_lossy().into_owned();
        let policy = self.room.policy().to_string_lossy().into_owned();
        let mut args = vec!["--policy", &policy];
        if let Some(platform) = ask.platform {
            args.extend(["--override-os", &platform.os]);
            args.extend(["--override-arch", &platform.architecture]);
            if let Some(variant) = &platform.variant {
                args.extend(["--override-variant", variant]);
            }
        }
        args.extend([
            "copy",
            "--src-tls-verify=false",
            "--digestfile",
            &digest_text,
            &source,
            &target,
        ]);
        let program = self.runtime.binary("client");
        let copied = attempt!(attempt, self.room.run(&program, &args, ask.deadline));
        (ask.pulled)();
        attempt.decisive = Some(copied);
        if attempt.succeeded() {
            let digest = fs::read_to_string(&digest_file).unwrap_or_default();
            let digest = digest.trim();
            attempt.reported = if digest.is_empty() {
                Looked::Absent("skopeo wrote no digest file".to_owned())
            } else {
                Looked::Seen(vec![sign(
                    "skopeo copy --digestfile",
                    Identity::ManifestDigest(digest.to_owned()),
                )])
            };
            attempt.materialised = look_into(&into);
        }
        let _ = fs::remove_dir_all(&into);
        let _ = fs::remove_file(&digest_file);
        attempt
    }
}

/// What a directory of the `dir:` transport holds: a manifest, and a file per blob.
fn look_into(dir: &Path) -> Looked {
    let manifest = match fs::read(dir.join("manifest.json")) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Looked::Absent("the directory has no manifest.json".to_owned());
        }
        Err(error) => return Looked::Failed(format!("manifest.json: {error}")),
    };
    let Ok(manifest) = serde_json::from_slice::<Value>(&manifest) else {
        return Looked::Failed("manifest.json is not JSON".to_owned());
    };
    let mut signs = Vec::new();
    if let Some(config) = manifest["config"]["digest"].as_str() {
        signs.push(sign(
            "manifest.json",
            Identity::ConfigDigest(with_algorithm(config)),
        ));
    }
    let layers: Vec<&str> = manifest["layers"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|layer| layer["digest"].as_str())
        .collect();
    for layer in &layers {
        let name = layer.split_once(':').map_or(*layer, |(_, encoded)| encoded);
        let Ok(file) = File::open(dir.join(name)) else {
            return Looked::Failed(format!("the layer {layer} is not in the directory"));
        };
        // A layer of an unknown type need not be an archive.
        if let Ok(Some(marker)) = marker_in_tar(file) {
            signs.push(sign("layer", Identity::Marker(marker)));
        }
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
