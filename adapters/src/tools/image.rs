//! What several adapters look for in an image.

use crate::{RawFingerprint, RawObservation, process::Ran};
use ocipick_corpus::marker_in_layers;
use ocipick_records::Identity;
use serde_json::Value;
use std::{fs::File, io::BufReader};

/// What a look at several signs amounts to: something seen, or nothing in these words.
pub(super) fn looked(signs: Vec<RawFingerprint>, otherwise: &str) -> RawObservation {
    if signs.is_empty() {
        RawObservation::Absent(otherwise.to_owned())
    } else {
        RawObservation::Seen(signs)
    }
}

/// A sign, in one line.
pub(super) fn sign(source: &'static str, identity: Identity) -> RawFingerprint {
    RawFingerprint { source, identity }
}

/// A config digest with its algorithm, which some tools leave out.
pub(super) fn with_algorithm(digest: &str) -> String {
    if digest.contains(':') {
        digest.to_owned()
    } else {
        format!("sha256:{digest}")
    }
}

/// What is in a store, from a command that lists digests, one a line.
pub(super) fn stored(source: &'static str, listed: &Ran) -> Option<RawFingerprint> {
    let printed = listed.stdout();
    let digests: Vec<String> = printed
        .lines()
        .map(str::trim)
        .filter(|line| line.contains(':'))
        .map(str::to_owned)
        .collect();
    let is_something = listed.exit.is_success() && !digests.is_empty();
    is_something.then(|| sign(source, Identity::Stored(digests)))
}

/// What a manifest and its layers say of whose they are: the config, the marker, and the digests of the
/// layers. `open` opens a layer by its digest.
///
/// # Errors
/// The digest of a layer that is not there.
pub(super) fn manifest_in(
    source: &'static str,
    manifest: &Value,
    open: impl Fn(&str) -> Option<File>,
) -> Result<Vec<RawFingerprint>, String> {
    let mut signs = Vec::new();
    if let Some(config) = manifest["config"]["digest"].as_str() {
        signs.push(sign(source, Identity::ConfigDigest(with_algorithm(config))));
    }
    let layers = layers_of(manifest);
    if let Some(gone) = layers.iter().find(|layer| open(layer).is_none()) {
        return Err((*gone).to_owned());
    }
    // A layer of an unknown type need not be an archive.
    let topmost_first = layers.iter().rev().filter_map(|layer| open(layer));
    if let Some(marker) = marker_in_layers(topmost_first.map(BufReader::new)) {
        signs.push(sign("layer", Identity::Marker(marker)));
    }
    if !layers.is_empty() {
        let layers = layers.into_iter().map(str::to_owned).collect();
        signs.push(sign(source, Identity::LayerDigests(layers)));
    }
    Ok(signs)
}

/// The digests of the layers of a manifest, from the lowest to the topmost.
///
/// Manifests of the first schema, which tools copy as they are, call them something else and
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
}
