//! What every fake tool knows of images and registries.

use super::http;
use serde_json::Value;

/// `127.0.0.1:PORT/REPOSITORY:TAG`.
#[derive(Clone)]
pub(super) struct Reference {
    address: String,
    pub(super) repository: String,
    tag: String,
}

impl Reference {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("invalid reference format: {text}");
        let (address, rest) = text.split_once('/').ok_or_else(wrong)?;
        let (repository, tag) = rest.rsplit_once(':').ok_or_else(wrong)?;
        Ok(Self {
            address: address.to_owned(),
            repository: repository.to_owned(),
            tag: tag.to_owned(),
        })
    }

    fn get(&self, kind: &str, of: &str) -> Result<Vec<u8>, String> {
        http::get(
            &self.address,
            &format!("/v2/{}/{kind}/{of}", self.repository),
        )
    }

    /// The index, as it is.
    pub(super) fn index(&self) -> Result<Value, String> {
        json(&self.get("manifests", &self.tag)?)
    }

    /// The entries of the index.
    pub(super) fn entries(&self) -> Result<Vec<Entry>, String> {
        let index = self.index()?;
        let entries = index["manifests"].as_array().cloned().unwrap_or_default();
        Ok(entries
            .iter()
            .map(|entry| Entry {
                digest: text(&entry["digest"]),
                is_index: text(&entry["mediaType"]).ends_with("image.index.v1+json"),
                platform: format!(
                    "{}/{}",
                    text(&entry["platform"]["os"]),
                    text(&entry["platform"]["architecture"])
                ),
            })
            .collect())
    }

    /// The image with this manifest, whole.
    pub(super) fn image(&self, digest: &str) -> Result<Image, String> {
        let bytes = self.get("manifests", digest)?;
        let manifest = json(&bytes)?;
        let blob = |descriptor: &Value| -> Result<Blob, String> {
            let digest = text(&descriptor["digest"]);
            let bytes = self.get("blobs", &digest)?;
            Ok(Blob { digest, bytes })
        };
        let layers = manifest["layers"].as_array().cloned().unwrap_or_default();
        Ok(Image {
            digest: digest.to_owned(),
            manifest: bytes,
            config: blob(&manifest["config"])?,
            layers: layers.iter().map(blob).collect::<Result<_, _>>()?,
        })
    }
}

/// One entry of an index.
pub(super) struct Entry {
    pub(super) digest: String,
    pub(super) is_index: bool,
    platform: String,
}

impl Entry {
    /// Whether it is for this platform.
    pub(super) fn is_for(&self, platform: &str) -> bool {
        self.platform == platform
    }
}

/// The entries for a platform, in their order.
pub(super) fn matching<'a>(entries: &'a [Entry], platform: &str) -> Vec<&'a Entry> {
    // Who is asked for none takes that of its machine, as the real ones do.
    let platform = match platform {
        "" | "/" => "linux/amd64",
        asked => asked,
    };
    entries
        .iter()
        .filter(|entry| entry.platform == platform)
        .collect()
}

/// An image, whole.
pub(super) struct Image {
    pub(super) digest: String,
    pub(super) manifest: Vec<u8>,
    pub(super) config: Blob,
    pub(super) layers: Vec<Blob>,
}

/// A config or layer.
pub(super) struct Blob {
    pub(super) digest: String,
    pub(super) bytes: Vec<u8>,
}

impl Blob {
    /// Its digest without the algorithm.
    pub(super) fn encoded(&self) -> &str {
        self.digest.trim_start_matches("sha256:")
    }
}

impl Image {
    /// Its label that says which child it is, which is also what its marker file says.
    pub(super) fn marker(&self) -> Result<String, String> {
        Ok(text(
            &json(&self.config.bytes)?["config"]["Labels"]["ocipick.child"],
        ))
    }

    /// The digest of its one unpacked layer, which is also its chain id.
    pub(super) fn diff_id(&self) -> Result<String, String> {
        Ok(text(&json(&self.config.bytes)?["rootfs"]["diff_ids"][0]))
    }
}

pub(super) fn json(bytes: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
