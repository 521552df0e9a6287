//! Crane: stateless; `pull` writes an archive as `docker load` takes it.

use super::image::{looked, marker_in_tar, sign, with_algorithm};
use crate::{
    Adapter, Ask, Attempt, Detected, Identity, Looked, Operation, Place, Room, Runtime, Session,
    StartError, Tool, adapter::attempt, detect, mutant,
};
use serde_json::Value;
use std::{
    fs::{self, File},
    io::Read as _,
    path::Path,
};

pub(super) struct Crane;

impl Adapter for Crane {
    fn tool(&self) -> Tool {
        Tool::Crane
    }

    fn detect(&self, place: &Place, room: &Room) -> Detected {
        detect::single_binary(Tool::Crane, "crane", place, room)
    }

    fn is_stateless(&self) -> bool {
        true
    }

    fn cannot(&self, _: &Runtime, operation: Operation) -> Option<String> {
        match operation {
            Operation::Pull => None,
            Operation::Import => Some(
                "crane sends a layout to a registry as it is, and selects nothing from it"
                    .to_owned(),
            ),
        }
    }

    fn open(&self, runtime: &Runtime, room: Room) -> std::io::Result<Box<dyn Session>> {
        Ok(Box::new(CraneSession {
            runtime: runtime.clone(),
            room,
            trials: 0,
        }))
    }
}

struct CraneSession {
    runtime: Runtime,
    room: Room,
    trials: u32,
}

impl Session for CraneSession {
    fn start(&mut self) -> Result<(), StartError> {
        Ok(())
    }

    fn take(&mut self, ask: &Ask<'_>) -> Attempt {
        let mut attempt = Attempt::default();
        self.trials += 1;
        let archive = self.room.dir().join(format!("image{}.tar", self.trials));
        let target = archive.to_string_lossy().into_owned();
        let (platform, reference) = (ask.platform_args(), ask.reference());
        let mut args = vec!["pull", "--insecure"];
        args.extend(platform.iter().map(String::as_str));
        args.extend([reference.as_str(), &target]);
        let program = self.runtime.binary("client");
        let pulled = attempt!(attempt, self.room.run(&program, &args, ask.deadline));
        (ask.pulled)();
        attempt.decisive = Some(pulled);
        if attempt.succeeded() {
            let looked_at = mutant::looked_at(&target);
            (attempt.reported, attempt.materialised) = look_into(Path::new(&looked_at));
            mutant::has_looked(&mut attempt);
        }
        if !ask.leaves_image() {
            let _ = fs::remove_file(&archive);
        }
        attempt
    }
}

/// What the archive says it holds (`manifest.json`), and what its layers hold.
fn look_into(path: &Path) -> (Looked, Looked) {
    let mut manifest = None;
    let mut markers = Vec::new();
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let words = "crane wrote no archive".to_owned();
            return (Looked::Absent(words.clone()), Looked::Absent(words));
        }
        Err(error) => {
            let words = format!("the archive: {error}");
            return (Looked::Failed(words.clone()), Looked::Failed(words));
        }
    };
    let read = || -> std::io::Result<()> {
        for entry in tar::Archive::new(file).entries()? {
            let mut entry = entry?;
            if entry.path()?.as_os_str() == "manifest.json" {
                let mut bytes = Vec::new();
                entry.by_ref().take(4 << 20).read_to_end(&mut bytes)?;
                manifest = serde_json::from_slice::<Value>(&bytes).ok();
            // Everything else is a config or a layer, and a config is no archive.
            } else if let Ok(Some(marker)) = marker_in_tar(entry) {
                markers.push(marker);
            }
        }
        Ok(())
    };
    if let Err(error) = read() {
        let words = format!("the archive: {error}");
        return (Looked::Failed(words.clone()), Looked::Failed(words));
    }
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
    let mut signs: Vec<_> = markers
        .into_iter()
        .map(|marker| sign("layer of crane pull", Identity::Marker(marker)))
        .collect();
    let layers: Vec<String> = image["Layers"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|layer| Some(with_algorithm(layer.as_str()?.split('.').next()?)))
        .collect();
    if !layers.is_empty() {
        signs.push(sign(
            "manifest.json of crane pull",
            Identity::LayerDigests(layers),
        ));
    }
    (
        looked(reported, "the archive has no manifest.json with a config"),
        looked(signs, "the archive has no layers"),
    )
}
