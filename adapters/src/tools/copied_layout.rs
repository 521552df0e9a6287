//! The layout that a tool makes which selects by copying: oras, regctl.

use super::image::{looked, manifest_in, with_algorithm};
use crate::{RawObservation, rootfs};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The tag of what is copied, in the layout that is made.
pub(super) const PICKED: &str = "picked";

/// A tool that copies to a layout.
pub(super) struct Copier {
    /// Its name.
    pub(super) name: &'static str,
    /// What its manifest is called among the evidence.
    pub(super) source: &'static str,
}

/// How much of a document of the layout is read.
const DOCUMENT_LIMIT: u64 = 64 << 20;

/// What is in the layout under the tag that was asked for.
///
/// # Errors
/// Copiers take whatever the entry is that they select. Where that is an index, or a manifest whose layers are
/// left behind, they have selected no image that could be used, and no other try would show one.
pub(super) fn look_into(copier: &Copier, dir: &Path) -> Result<RawObservation, String> {
    let name = copier.name;
    let document = |path: &Path| -> Result<Value, RawObservation> {
        match rootfs::read(dir, path, DOCUMENT_LIMIT) {
            Ok(Some(bytes)) => serde_json::from_slice(&bytes)
                .map_err(|_| RawObservation::Failed(format!("{} is not JSON", path.display()))),
            Ok(None) => Err(RawObservation::Absent(format!(
                "the layout has no {}",
                path.display()
            ))),
            Err(error) => Err(RawObservation::Failed(format!(
                "{}: {error}",
                path.display()
            ))),
        }
    };
    let look = || -> Result<Result<RawObservation, String>, RawObservation> {
        let index = document(Path::new("index.json"))?;
        let entries = index["manifests"].as_array();
        let is_picked = |entry: &&Value| {
            entry["annotations"]["org.opencontainers.image.ref.name"].as_str() == Some(PICKED)
        };
        let picked = entries.and_then(|entries| entries.iter().find(is_picked));
        let Some(digest) = picked.and_then(|entry| entry["digest"].as_str()) else {
            let words = format!("the layout has nothing that is called {PICKED}");
            return Err(RawObservation::Absent(words));
        };
        let manifest = document(&blob(digest))?;
        if let Some(entries) = manifest["manifests"].as_array() {
            let entries = entries.len();
            let words =
                format!("{name} copied an index with {entries} entries, and selects no image");
            return Ok(Err(words));
        }
        let open = |layer: &str| rootfs::file(dir, &blob(layer)).ok().flatten();
        Ok(match manifest_in(copier.source, &manifest, open) {
            Ok(signs) => Ok(looked(
                signs,
                "the layout holds a manifest without config and layers",
            )),
            Err(gone) => Err(format!(
                "{name} copied a manifest without its layer {gone}, which is no image"
            )),
        })
    };
    look().unwrap_or_else(Ok)
}

/// Where a layout keeps a blob. What a manifest calls its layers is a path only if it is one name.
fn blob(digest: &str) -> PathBuf {
    let digest = with_algorithm(digest);
    let (algorithm, encoded) = digest.split_once(':').unwrap_or(("sha256", &digest));
    Path::new("blobs").join(algorithm).join(encoded)
}

#[cfg(test)]
mod tests {
    use super::{super::image::sign, *};
    use ocipick_records::Identity;
    use std::fs;

    const COPIER: Copier = Copier {
        name: "copier",
        source: "manifest of copier",
    };

    #[test]
    fn what_is_picked_is_found_by_its_tag() {
        let dir = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        assert!(matches!(
            look_into(&COPIER, dir.path()),
            Ok(RawObservation::Absent(_))
        ));
        let entry = |digest: &str, name: &str| {
            serde_json::json!({ "digest": digest,
                "annotations": { "org.opencontainers.image.ref.name": name } })
        };
        let index =
            serde_json::json!({ "manifests": [entry("sha256:1", "x"), entry("sha256:2", PICKED)] });
        put("index.json", &index.to_string());
        put("blobs/sha256/1", r#"{"config":{"digest":"sha256:c1"}}"#);
        put("blobs/sha256/2", r#"{"config":{"digest":"sha256:c2"}}"#);
        let source = COPIER.source;
        let config = sign(source, Identity::ConfigDigest("sha256:c2".to_owned()));
        let seen = RawObservation::Seen(vec![config]);
        assert_eq!(look_into(&COPIER, dir.path()), Ok(seen));
        put("blobs/sha256/2", r#"{"layers":[{"digest":"sha256:3"}]}"#);
        let words = look_into(&COPIER, dir.path()).unwrap_err();
        assert!(words.contains("without its layer sha256:3"), "{words}");
        put("blobs/sha256/2", r#"{"manifests":[{},{}]}"#);
        let words = look_into(&COPIER, dir.path()).unwrap_err();
        assert!(words.contains("an index with 2 entries"), "{words}");
    }
}
