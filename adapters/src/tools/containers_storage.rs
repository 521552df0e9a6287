//! The store of containers/storage with its driver `vfs`, as podman and buildah keep images in it.

use super::image::{sign, with_algorithm};
use crate::{RawObservation, Request, rootfs};
use ocipick_records::Identity;
use serde_json::Value;
use std::{
    iter,
    path::{Path, PathBuf},
};

/// How much of a file of the store is read.
const STORE_LIMIT: u64 = 16 << 20;

/// The platform in options of its own, for versions that take everything after the first slash of
/// `--platform` for the architecture.
pub(super) fn separate_platform_args(request: &Request<'_>) -> Vec<String> {
    let Some(platform) = request.platform else {
        return Vec::new();
    };
    let mut args = vec![
        "--os".to_owned(),
        platform.os.clone(),
        "--arch".to_owned(),
        platform.architecture.clone(),
    ];
    if let Some(variant) = &platform.variant {
        args.extend(["--variant".to_owned(), variant.clone()]);
    }
    args
}

/// What a pull is known to have left: the id that `command` printed, and the manifest that the store has
/// recorded for it.
pub(super) fn reported(command: &'static str, store: &Path, id: &str) -> RawObservation {
    let mut reported = vec![sign(command, Identity::ConfigDigest(with_algorithm(id)))];
    // The id of a schema 1 image is of a config that the library made up.
    if let Some(manifest) = recorded_manifest(store, id) {
        reported.push(sign(
            "images.json of the store",
            Identity::ManifestDigest(manifest),
        ));
    }
    RawObservation::Seen(reported)
}

/// The layers of an image without marker file: as `command` lists them unpacked, else as the store has
/// recorded them.
pub(super) fn layers(
    store: &Path,
    id: &str,
    command: &'static str,
    listed: Result<Vec<String>, String>,
) -> RawObservation {
    let recorded = |otherwise: RawObservation| match recorded_layers(store, id) {
        Some(layers) => RawObservation::Seen(vec![sign(
            "layers.json of the store",
            Identity::LayerDigests(layers),
        )]),
        None => otherwise,
    };
    match listed {
        Err(words) => recorded(RawObservation::Failed(words)),
        Ok(layers) if layers.is_empty() => {
            RawObservation::Empty("the image has no layers".to_owned())
        }
        // Of a manifest of the first schema the library does not know what its layers unpack to.
        Ok(layers) if layers.iter().any(String::is_empty) => recorded(RawObservation::Unmarked(
            format!("{command} does not say what the layers are"),
        )),
        Ok(layers) => RawObservation::Seen(vec![sign(command, Identity::DiffIds(layers))]),
    }
}

/// Where the layers of an image are unpacked, one over the other.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FileSystem {
    /// In this directory.
    Directory(PathBuf),
    /// It has no layers.
    Empty,
    /// The store looks different.
    Unknown,
}

/// The file system of an image in the store.
pub(super) fn file_system(store: &Path, id: &str) -> FileSystem {
    let Some(image) = recorded_image(store, id) else {
        return FileSystem::Unknown;
    };
    match image["layer"].as_str() {
        None | Some("") => FileSystem::Empty,
        Some(layer) if is_id(layer) => FileSystem::Directory(store.join("vfs/dir").join(layer)),
        Some(_) => FileSystem::Unknown,
    }
}

/// Whether this is an id of a layer, and so one name in a path.
fn is_id(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The texts of a list, with an empty one for what is none.
pub(super) fn texts(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items
        .map(|item| item.as_str().unwrap_or_default().to_owned())
        .collect()
}

/// A list in the store; nothing where it looks different.
fn listed(store: &Path, list: &str) -> Vec<Value> {
    let bytes = rootfs::read(store, Path::new(list), STORE_LIMIT)
        .ok()
        .flatten();
    bytes
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default()
}

fn recorded_image(store: &Path, id: &str) -> Option<Value> {
    let id = id.rsplit(':').next()?;
    let mut images = listed(store, "vfs-images/images.json").into_iter();
    images.find(|image| image["id"].as_str() == Some(id))
}

/// The manifest that is recorded for an image; none where the store looks different.
fn recorded_manifest(store: &Path, id: &str) -> Option<String> {
    let image = recorded_image(store, id)?;
    let digest = image["big-data-digests"]["manifest"].as_str()?;
    Some(digest.to_owned())
}

/// The layers that are recorded for an image, as they were fetched, base first; none unless all of them
/// are.
fn recorded_layers(store: &Path, id: &str) -> Option<Vec<String>> {
    let image = recorded_image(store, id)?;
    let all = listed(store, "vfs-layers/layers.json");
    let find = |id: &str| all.iter().find(|layer| layer["id"].as_str() == Some(id));
    let top = find(image["layer"].as_str()?)?;
    let chain = iter::successors(Some(top), |layer| find(layer["parent"].as_str()?));
    // A store that is broken might go round in circles.
    let chain: Vec<&Value> = chain.take(all.len()).collect();
    let digest = |layer: &&Value| Some(layer["compressed-diff-digest"].as_str()?.to_owned());
    chain.iter().rev().map(digest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_recorded_from_the_topmost_down() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str, list: Value| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, list.to_string()).unwrap();
        };
        put(
            "vfs-images/images.json",
            serde_json::json!([{ "id": "i", "layer": "top" }]),
        );
        let base = serde_json::json!({ "id": "base", "compressed-diff-digest": "sha256:b" });
        let top = serde_json::json!(
            { "id": "top", "parent": "base", "compressed-diff-digest": "sha256:t" });
        put("vfs-layers/layers.json", serde_json::json!([top, base]));
        assert_eq!(
            recorded_layers(dir.path(), "sha256:i").unwrap(),
            ["sha256:b", "sha256:t"]
        );
        let unknown = serde_json::json!({ "id": "base" });
        put("vfs-layers/layers.json", serde_json::json!([top, unknown]));
        assert_eq!(recorded_layers(dir.path(), "i"), None);
        let circle =
            serde_json::json!({ "id": "top", "parent": "top", "compressed-diff-digest": "x" });
        put("vfs-layers/layers.json", serde_json::json!([circle]));
        assert_eq!(recorded_layers(dir.path(), "i").unwrap(), ["x"]);
    }

    #[test]
    fn the_file_system_is_the_directory_of_the_topmost_layer() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("vfs-images")).unwrap();
        let put = |layer: &str| {
            let images = serde_json::json!([{ "id": "i", "layer": layer }]).to_string();
            std::fs::write(dir.path().join("vfs-images/images.json"), images).unwrap();
        };
        let look = || file_system(dir.path(), "sha256:i");
        assert_eq!(look(), FileSystem::Unknown);
        put("0af");
        let topmost = dir.path().join("vfs/dir/0af");
        assert_eq!(look(), FileSystem::Directory(topmost));
        put("");
        assert_eq!(look(), FileSystem::Empty);
        for other in ["..", "../../x"] {
            put(other);
            assert_eq!(look(), FileSystem::Unknown, "{other}");
        }
    }

    #[test]
    fn layers_that_are_not_listed_are_those_that_are_recorded() {
        let empty = Path::new("/absent");
        let listed = |list: &[&str]| Ok(list.iter().map(|&it| it.to_owned()).collect());
        let look = |list| layers(empty, "i", "inspect", list);
        assert!(matches!(look(listed(&[])), RawObservation::Empty(_)));
        assert!(matches!(look(listed(&[""])), RawObservation::Unmarked(_)));
        assert!(matches!(
            look(Err("no".to_owned())),
            RawObservation::Failed(_)
        ));
        let ids = Identity::DiffIds(vec!["sha256:a".to_owned()]);
        let seen = RawObservation::Seen(vec![sign("inspect", ids)]);
        assert_eq!(look(listed(&["sha256:a"])), seen);
    }
}
