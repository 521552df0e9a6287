//! Finds out what an index that somebody else wrote may lead to.

use super::{blobs::Blobs, lenient, limit};
use crate::{
    Algorithm, Child, Digest, Document, Layer,
    json::Json,
    marker::marker_in_layers,
    media_type::{self, Format},
    unpack::digest_unpacked,
};
use oci_spec::image::ImageConfiguration;
use ocipick_records::Platform;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What an index leads to.
#[derive(Default)]
pub(crate) struct Explored {
    /// The manifests that can be picked, named by their places.
    pub(crate) children: Vec<Child>,
    /// Manifests and nested indexes that are there, in the order in which they are listed.
    pub(crate) documents: Vec<Document>,
}

/// A descriptor of an index, as far as it can be followed.
struct Pointer {
    /// Its place, such as `manifests[0].manifests[1]`.
    place: String,
    digest: String,
    media_type: Option<String>,
}

/// What a document is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Index,
    Manifest,
}

/// Follows every descriptor of the index, depth first, in the order in which they are listed.
///
/// Where the document is a plain manifest, that is the one thing to pick; it is named `manifest`.
pub(crate) fn explore(index: &Document, blobs: &Blobs) -> Explored {
    let mut explored = Explored::default();
    let body = lenient::read(&index.bytes);
    if role(Some(&index.media_type), body.as_ref()) == Role::Manifest {
        explored.children.push(child(
            "manifest".to_owned(),
            index.digest.clone(),
            body.as_ref(),
            blobs,
        ));
        return explored;
    }
    let mut seen = BTreeSet::from([index.digest.as_str().to_owned()]);
    // A stack rather than recursion, because nothing bounds the depth of what others wrote.
    let mut open = pointers(body.as_ref(), "");
    open.reverse();
    while let Some(pointer) = open.pop() {
        if !seen.insert(pointer.digest.clone()) {
            continue;
        }
        let bytes = blobs.get(&pointer.digest);
        let body = bytes.and_then(|bytes| lenient::read(bytes));
        let role = role(pointer.media_type.as_deref(), body.as_ref());
        let digest = Digest::verbatim(&pointer.digest);
        if let Some(bytes) = bytes {
            let media_type = media_type(pointer.media_type, body.as_ref(), role);
            explored.documents.push(Document {
                digest: digest.clone(),
                media_type,
                bytes: Arc::clone(bytes),
            });
        }
        match (role, bytes) {
            (Role::Index, _) => {
                let mut inner = pointers(body.as_ref(), &format!("{}.", pointer.place));
                inner.reverse();
                open.append(&mut inner);
            }
            (Role::Manifest, Some(_)) => {
                let child = child(pointer.place, digest, body.as_ref(), blobs);
                explored.children.push(child);
            }
            (Role::Manifest, None) => explored.children.push(Child {
                name: pointer.place,
                manifest: digest,
                other_digests: Vec::new(),
                config: None,
                layers: Vec::new(),
                marker: None,
                label: None,
                unpacked: None,
                platform: None,
                served: false,
            }),
        }
    }
    explored
}

/// The descriptors of an index. Where `manifests` stands there twice, the places of the second
/// list go on from those of the first; where a digest does, each of them is followed.
fn pointers(index: Option<&Json>, prefix: &str) -> Vec<Pointer> {
    let mut pointers = Vec::new();
    let descriptors = index.into_iter().flat_map(|index| index.items("manifests"));
    for (place, descriptor) in descriptors.enumerate() {
        let media_type = descriptor.texts("mediaType").next();
        for (repetition, digest) in descriptor.texts("digest").enumerate() {
            let again = match repetition {
                0 => String::new(),
                more => format!("#{}", more + 1),
            };
            pointers.push(Pointer {
                place: format!("{prefix}manifests[{place}]{again}"),
                digest: digest.to_owned(),
                media_type: media_type.map(str::to_owned),
            });
        }
    }
    pointers
}

/// What a document is: by what it holds, and by what it is said to be where it holds both, neither,
/// or is not there.
fn role(media_type: Option<&str>, body: Option<&Json>) -> Role {
    let has = |key| body.is_some_and(|body| body.all(key).next().is_some());
    let is_image = has("config") || has("layers") || has("fsLayers");
    match (has("manifests"), is_image) {
        (true, false) => Role::Index,
        (false, true) => Role::Manifest,
        (true, true) | (false, false) => {
            let index = [Format::Oci.index(), Format::Docker.index()];
            if media_type.is_some_and(|media_type| index.contains(&media_type)) {
                Role::Index
            } else {
                Role::Manifest
            }
        }
    }
}

/// The type that a document is served with: as its descriptor says, else as it says itself.
fn media_type(of_descriptor: Option<String>, body: Option<&Json>, role: Role) -> String {
    let of_body = || body?.texts("mediaType").next().map(str::to_owned);
    of_descriptor.or_else(of_body).unwrap_or_else(|| {
        let first_schema = body.filter(|body| body.all("fsLayers").next().is_some());
        let default = match (role, first_schema) {
            (Role::Index, _) => Format::Oci.index(),
            (Role::Manifest, Some(body)) => schema1(body),
            (Role::Manifest, None) => Format::Oci.manifest(),
        };
        default.to_owned()
    })
}

fn child(name: String, manifest: Digest, body: Option<&Json>, blobs: &Blobs) -> Child {
    let first = |key| body.and_then(|body| body.all(key).next());
    let config = first("config").and_then(|config| config.texts("digest").next());
    let content = match config {
        Some(digest) => blobs.get(digest).map(|bytes| Config::read(bytes)),
        None => body.and_then(Config::of_first_schema),
    };
    let content = content.unwrap_or_default();
    let layers = layers(body);
    let topmost_first = layers.iter().rev();
    let marker = marker_in_layers(topmost_first.filter_map(|digest| Some(&**blobs.get(digest)?)));
    let sha256 = manifest.algorithm() == Some(Algorithm::Sha256.as_str());
    let other_digests = match blobs.get(manifest.as_str()) {
        Some(bytes) if !sha256 => manifest.others(bytes),
        Some(_) | None => Vec::new(),
    };
    Child {
        name,
        manifest,
        other_digests,
        config: config.map(Digest::verbatim),
        layers: layers
            .into_iter()
            .enumerate()
            .map(|(place, digest)| Layer {
                digest: Digest::verbatim(digest),
                // Where no config says what the layer unpacks to, it is seen; what is not there is
                // taken to be stored as it is.
                diff_id: match content.diff_ids.get(place) {
                    Some(said) => Digest::verbatim(said),
                    None => blobs
                        .get(digest)
                        .and_then(|bytes| digest_unpacked(bytes, limit::UNPACKED))
                        .unwrap_or_else(|| Digest::verbatim(digest)),
                },
            })
            .collect(),
        marker,
        label: content.label,
        unpacked: content.unpacked,
        platform: content.platform,
        served: true,
    }
}

/// The layers that a manifest names, base first. The first schema of docker has them in `fsLayers`,
/// the topmost first.
fn layers(manifest: Option<&Json>) -> Vec<&str> {
    let named = |list, key| {
        let items = manifest.into_iter().flat_map(move |it| it.items(list));
        items.filter_map(move |layer: &Json| layer.texts(key).next())
    };
    let layers: Vec<&str> = named("layers", "digest").collect();
    if !layers.is_empty() {
        return layers;
    }
    let mut layers: Vec<&str> = named("fsLayers", "blobSum").collect();
    layers.reverse();
    layers
}

/// What to serve blobs as to those that ask for them as manifests, by their digests.
pub(crate) struct Types {
    /// What a descriptor says, wherever it is: in a document that no entry leads to, as a subject,
    /// in a list of artifacts.
    described: BTreeMap<String, String>,
    /// What a document says of itself, or what its keys are those of.
    own: BTreeMap<String, String>,
}

impl Types {
    /// Looks through every blob that is JSON.
    pub(crate) fn of(blobs: &Blobs) -> Self {
        let mut types = Self {
            described: BTreeMap::new(),
            own: BTreeMap::new(),
        };
        for (digest, bytes) in blobs.iter() {
            // An archive is not looked through for JSON.
            let start = bytes.trim_ascii_start();
            if !start.starts_with(b"{") && !start.starts_with("\u{feff}".as_bytes()) {
                continue;
            }
            if let Some(body) = lenient::read(bytes) {
                types.own.insert(digest.to_owned(), own_type(&body));
                types.describe(&body);
            }
        }
        types
    }

    /// The type of a blob.
    pub(crate) fn get(&self, digest: &str) -> &str {
        let known = self.described.get(digest).or_else(|| self.own.get(digest));
        known.map_or("application/octet-stream", String::as_str)
    }

    fn describe(&mut self, body: &Json) {
        let mut open = vec![body];
        while let Some(value) = open.pop() {
            let types = value.texts("mediaType").find(|it| is_header(it));
            if let Some(media_type) = types {
                for digest in value.texts("digest") {
                    self.described
                        .entry(digest.to_owned())
                        .or_insert_with(|| media_type.to_owned());
                }
            }
            open.extend(value.members().iter().map(|(_, value)| value).rev());
            if let Json::Arr(items) = value {
                open.extend(items.iter().rev());
            }
        }
    }
}

/// Whether an HTTP header can say it.
fn is_header(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// The type of a manifest of docker's first schema.
fn schema1(body: &Json) -> &'static str {
    match body.all("signatures").next() {
        Some(_) => media_type::SCHEMA1_SIGNED,
        None => media_type::SCHEMA1,
    }
}

fn own_type(body: &Json) -> String {
    if let Some(own) = body.texts("mediaType").find(|own| is_header(own)) {
        return own.to_owned();
    }
    let has = |key| body.all(key).next().is_some();
    let guessed = if has("fsLayers") {
        schema1(body)
    } else if has("manifests") {
        Format::Oci.index()
    } else if has("config") || has("layers") {
        Format::Oci.manifest()
    } else {
        "application/json"
    };
    guessed.to_owned()
}

/// What a config says that matters here.
#[derive(Default)]
struct Config {
    platform: Option<Platform>,
    diff_ids: Vec<String>,
    label: Option<String>,
    /// How many layers there are to unpack, where that can be read.
    unpacked: Option<usize>,
}

impl Config {
    fn read(bytes: &[u8]) -> Self {
        if bytes.len() as u64 > limit::DOCUMENT {
            return Self::default();
        }
        // Reading it in the way the specification has it comes first; it does not matter that
        // some fields are dropped, because nothing is written from it.
        ImageConfiguration::from_reader(bytes)
            .map_or_else(|_| Self::odd(bytes), |config| Self::plain(&config))
    }

    fn plain(config: &ImageConfiguration) -> Self {
        let (os, architecture) = (config.os().to_string(), config.architecture().to_string());
        let labels = config
            .config()
            .as_ref()
            .and_then(|config| config.labels().as_ref());
        Self {
            platform: platform(&os, &architecture, config.variant().as_deref()),
            diff_ids: config.rootfs().diff_ids().clone(),
            label: labels.and_then(|labels| labels.get(LABEL)).cloned(),
            unpacked: Some(config.rootfs().diff_ids().len()),
        }
    }

    fn odd(bytes: &[u8]) -> Self {
        let Some(json) = lenient::read(bytes) else {
            return Self::default();
        };
        let first = |key| json.texts(key).next();
        let diff_ids: Vec<String> = json
            .all("rootfs")
            .flat_map(|rootfs| rootfs.items("diff_ids"))
            .filter_map(Json::as_str)
            .map(str::to_owned)
            .collect();
        Self {
            platform: first("os")
                .zip(first("architecture"))
                .and_then(|(os, architecture)| platform(os, architecture, first("variant"))),
            label: label(&json),
            unpacked: matches!(json, Json::Obj(_)).then_some(diff_ids.len()),
            diff_ids,
        }
    }

    /// What a manifest of the first schema says in place of a config: its own platform and, of its
    /// topmost layer, the rest. Its layers are never said to unpack to anything.
    fn of_first_schema(manifest: &Json) -> Option<Self> {
        let history = manifest.items("history").next()?;
        let top = lenient::read(history.texts("v1Compatibility").next()?.as_bytes())?;
        let said = |key| top.texts(key).next().or_else(|| manifest.texts(key).next());
        Some(Self {
            platform: platform(
                said("os").unwrap_or("linux"),
                said("architecture")?,
                said("variant"),
            ),
            label: label(&top),
            ..Self::default()
        })
    }
}

/// The label of a config by which built-in children say which they are.
const LABEL: &str = "ocipick.child";

fn label(config: &Json) -> Option<String> {
    let mut inner = config.all("config");
    inner.find_map(|config| {
        let labels = config.all("Labels").next()?;
        labels.texts(LABEL).next().map(str::to_owned)
    })
}

/// How many layers a config tells a store to unpack, and its label.
pub(crate) fn unpacked_and_label(config: &[u8]) -> (Option<usize>, Option<String>) {
    let config = Config::read(config);
    (config.unpacked, config.label)
}

/// The platform of these words, where it is one that can be written and read as text.
fn platform(os: &str, architecture: &str, variant: Option<&str>) -> Option<Platform> {
    let variant = variant.filter(|variant| !variant.is_empty());
    let platform = Platform {
        os: os.to_owned(),
        architecture: architecture.to_owned(),
        variant: variant.map(str::to_owned),
    };
    platform.to_string().parse().ok()
}
