//! Builds a child: its config, its layer and its manifest, as exact bytes.

use crate::{
    Algorithm, Blob, Child, Digest, Document, Layer, elf,
    json::{Json, Members, push, size},
    layer::{self, Compression},
    layout::unpacked_and_label,
    media_type::{self, Format},
    value::Table,
};
use ocipick_records::{CaseId, Platform};
use std::ops::Range;

/// What a recipe says of a child, with every default filled in.
#[derive(Clone, Debug)]
pub(crate) struct ChildSpec {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// `mediaType` of the descriptor that points here, and the Content-Type.
    pub(crate) manifest_type: String,
    /// `mediaType` in the body; none where the key is left out.
    pub(crate) body_type: Option<String>,
    pub(crate) config_type: String,
    pub(crate) layer_type: String,
    pub(crate) artifact_type: Option<String>,
    pub(crate) annotations: Option<Vec<(String, String)>>,
    /// The platform keys of the config, as they are written; none for neither.
    pub(crate) platform: Option<Members>,
    pub(crate) served: bool,
    /// What its manifest is known by.
    pub(crate) algorithm: Algorithm,
    pub(crate) compression: Compression,
    /// The type of the root file system in its config.
    pub(crate) rootfs_type: String,
    /// More members of its config, which stand at its end.
    pub(crate) config_extra: Members,
    pub(crate) manifest: ManifestSpec,
}

/// How the manifest of a child is written.
#[derive(Clone, Debug)]
pub(crate) enum ManifestSpec {
    /// As every manifest.
    Ordinary {
        /// The name of what it is about, and where that was written.
        subject: Option<(String, Range<usize>)>,
        /// More members, which stand at its end.
        extra: Table,
    },
    /// As raw text with placeholders.
    Text(String, Range<usize>),
}

/// What a child is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum Kind {
    /// An image that can run.
    Image,
    /// An in-toto statement, attached the way BuildKit attaches one.
    Attestation,
    /// Something that is not an image.
    Artifact,
}

impl Kind {
    /// The media types of config and layer where a recipe does not say.
    pub(crate) const fn types(
        self,
        format: Format,
        compression: Compression,
    ) -> (&'static str, &'static str) {
        match self {
            Self::Image => (format.config(), format.layer(compression)),
            Self::Attestation => (format.config(), media_type::IN_TOTO),
            Self::Artifact => (media_type::ARTIFACT_CONFIG, media_type::ARTIFACT_NOTE),
        }
    }
}

/// What the manifest of a child is about: a config and a layer.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) config: Blob,
    pub(crate) layer: Blob,
    built_layer: Layer,
    layer_annotations: Option<Json>,
    marker: String,
}

/// A child as bytes.
#[derive(Clone, Debug)]
pub(crate) struct BuiltChild {
    pub(crate) child: Child,
    pub(crate) manifest: Document,
    pub(crate) parts: Parts,
}

/// The moment at which everything was made.
const EPOCH: &str = "1970-01-01T00:00:00Z";

/// Makes the config and the layer of a child of `case`. Where its config names no architecture, its
/// program is made for the architecture `asked`.
pub(crate) fn parts(spec: &ChildSpec, case: &CaseId, asked: &str) -> Parts {
    let marker = format!("{case} {}", spec.name);
    let (layer, built_layer, layer_annotations) = content(spec, &marker, asked);
    let config = Blob::new(config(spec, &marker, &built_layer).pretty().into_bytes());
    Parts {
        config,
        layer,
        built_layer,
        layer_annotations,
        marker,
    }
}

/// The members of an ordinary manifest.
pub(crate) fn manifest(
    spec: &ChildSpec,
    parts: &Parts,
    subject: Option<Members>,
    extra: Members,
) -> Members {
    let mut layer = descriptor(&spec.layer_type, &parts.layer);
    if let Some(annotations) = &parts.layer_annotations {
        push(&mut layer, "annotations", annotations.clone());
    }
    let mut members = Members::new();
    push(&mut members, "schemaVersion", Json::Int(2));
    if let Some(body_type) = &spec.body_type {
        push(&mut members, "mediaType", Json::str(body_type));
    }
    if let Some(artifact_type) = &spec.artifact_type {
        push(&mut members, "artifactType", Json::str(artifact_type));
    }
    let config = descriptor(&spec.config_type, &parts.config);
    push(&mut members, "config", Json::Obj(config));
    push(&mut members, "layers", Json::Arr(vec![Json::Obj(layer)]));
    if let Some(subject) = subject {
        push(&mut members, "subject", Json::Obj(subject));
    }
    if let Some(annotations) = &spec.annotations {
        push(&mut members, "annotations", Json::strings(annotations));
    }
    members.extend(extra);
    members
}

/// Puts a child together with its manifest.
pub(crate) fn build(spec: &ChildSpec, parts: Parts, manifest: Vec<u8>) -> BuiltChild {
    // A manifest that the recipe spells out may leave the layer out; then the image has none.
    let names_layer = mentions(&manifest, parts.layer.digest.as_str());
    let manifest = Document::known_by(spec.algorithm, &spec.manifest_type, manifest);
    let (unpacked, label) = unpacked_and_label(&parts.config.bytes);
    BuiltChild {
        child: Child {
            name: spec.name.clone(),
            manifest: manifest.digest.clone(),
            other_digests: match spec.algorithm {
                // Nobody reports another than this where this is what entries say.
                Algorithm::Sha256 => Vec::new(),
                Algorithm::Sha512 => manifest.digest.others(&manifest.bytes),
            },
            config: Some(parts.config.digest.clone()),
            layers: names_layer
                .then(|| parts.built_layer.clone())
                .into_iter()
                .collect(),
            marker: Some(parts.marker.clone()),
            label,
            unpacked,
            platform: spec.platform.as_ref().and_then(named),
            served: spec.served,
        },
        manifest,
        parts,
    }
}

fn mentions(bytes: &[u8], words: &str) -> bool {
    bytes
        .windows(words.len())
        .any(|window| window == words.as_bytes())
}

/// The layer of a child, and the annotations of its descriptor.
fn content(spec: &ChildSpec, marker: &str, asked: &str) -> (Blob, Layer, Option<Json>) {
    match spec.kind {
        Kind::Image => {
            let architecture = spec
                .platform
                .as_ref()
                .and_then(|keys| text(keys, "architecture"))
                .unwrap_or(asked);
            let built = layer::image_layer(
                format!("{marker}\n").as_bytes(),
                elf::Machine::named(architecture),
                spec.compression,
            );
            (built.blob, built.layer, None)
        }
        Kind::Attestation => {
            let (blob, layer) = uncompressed(statement(marker).pretty().into_bytes());
            let predicate = Json::object([("in-toto.io/predicate-type", Json::str(PREDICATE))]);
            (blob, layer, Some(predicate))
        }
        Kind::Artifact => {
            let (blob, layer) = uncompressed(format!("{marker}\n").into_bytes());
            (blob, layer, None)
        }
    }
}

fn uncompressed(bytes: Vec<u8>) -> (Blob, Layer) {
    let blob = Blob::new(bytes);
    let layer = Layer {
        digest: blob.digest.clone(),
        diff_id: blob.digest.clone(),
    };
    (blob, layer)
}

const PREDICATE: &str = "https://slsa.dev/provenance/v0.2";

/// A statement of provenance in the shape of the ones that BuildKit makes.
fn statement(marker: &str) -> Json {
    let digest = Digest::sha256(marker.as_bytes());
    Json::object([
        ("_type", Json::str("https://in-toto.io/Statement/v0.1")),
        ("predicateType", Json::str(PREDICATE)),
        (
            "subject",
            Json::Arr(vec![Json::object([
                ("name", Json::str(marker)),
                (
                    "digest",
                    Json::object([("sha256", Json::str(digest.encoded()))]),
                ),
            ])]),
        ),
        (
            "predicate",
            Json::object([
                ("builder", Json::object([("id", Json::str(""))])),
                (
                    "buildType",
                    Json::str("https://mobyproject.org/buildkit@v1"),
                ),
            ]),
        ),
    ])
}

fn config(spec: &ChildSpec, marker: &str, layer: &Layer) -> Json {
    let rootfs = Json::object([
        ("type", Json::str(&spec.rootfs_type)),
        (
            "diff_ids",
            Json::Arr(vec![Json::str(layer.diff_id.as_str())]),
        ),
    ]);
    let platform = spec.platform.iter().flatten().cloned();
    let mut members = Members::new();
    match spec.kind {
        Kind::Image => {
            push(&mut members, "created", Json::str(EPOCH));
            members.extend(platform);
            let labels = Json::object([("ocipick.child", Json::str(marker))]);
            let entrypoint = Json::Arr(vec![Json::str("/ocipick/say")]);
            push(
                &mut members,
                "config",
                Json::object([("Entrypoint", entrypoint), ("Labels", labels)]),
            );
            push(&mut members, "rootfs", rootfs);
            let history = Json::object([("created", Json::str(EPOCH))]);
            push(&mut members, "history", Json::Arr(vec![history]));
        }
        Kind::Attestation => {
            members.extend(platform);
            push(&mut members, "config", Json::Obj(vec![]));
            push(&mut members, "rootfs", rootfs);
        }
        Kind::Artifact => {
            members.extend(platform);
            push(&mut members, "ocipick.child", Json::str(marker));
        }
    }
    members.extend(spec.config_extra.iter().cloned());
    Json::Obj(members)
}

fn descriptor(media_type: &str, blob: &Blob) -> Members {
    let mut members = Members::new();
    push(&mut members, "mediaType", Json::str(media_type));
    push(&mut members, "digest", Json::str(blob.digest.as_str()));
    push(&mut members, "size", Json::Int(size(&blob.bytes)));
    members
}

fn text<'a>(keys: &'a Members, key: &str) -> Option<&'a str> {
    keys.iter().find_map(|(name, value)| match value {
        Json::Str(text) if name == key => Some(text.as_str()),
        _ => None,
    })
}

/// The platform that keys name, where they name one that can be written and read as text.
fn named(keys: &Members) -> Option<Platform> {
    let mut platform = format!("{}/{}", text(keys, "os")?, text(keys, "architecture")?);
    if let Some(variant) = text(keys, "variant").filter(|variant| !variant.is_empty()) {
        platform.push('/');
        platform.push_str(variant);
    }
    platform.parse().ok()
}
