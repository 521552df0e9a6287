//! `[children.NAME]`.

use super::{as_table, format, note_beside_text, platform, template};
use crate::{
    Algorithm,
    child::{ChildSpec, Kind, ManifestSpec},
    diagnostic::{DiagnosticKind, DiagnosticReport},
    json::Members,
    layer::Compression,
    media_type::Format,
    recipe::{keys, placeholder},
    value::{self, Fields, Node, Value},
};

/// The algorithm of a digest, by the key of that name.
pub(super) fn algorithm(fields: &mut Fields<'_, '_, '_>) -> Algorithm {
    fields.variant("algorithm", Algorithm::Sha256)
}

pub(super) fn read(
    name: &str,
    value: &Value,
    default: Format,
    report: &mut DiagnosticReport<'_>,
) -> Option<ChildSpec> {
    let table = as_table(name, value, report)?;
    let place = format!("[children.{name}]");
    let format = format(table, &place, default, report);
    let mut fields = Fields::new(table, place.clone(), keys::CHILD, report);
    let kind = fields.variant("kind", Kind::Image);
    let compression = compression(kind, &mut fields);
    let (config_type, layer_type) = kind.types(format, compression);
    let manifest_type = fields
        .text("manifest-type")
        .unwrap_or(format.manifest())
        .to_owned();
    let body_type = fields
        .text_or_false("body-type")
        .unwrap_or_else(|| Some(manifest_type.clone()));
    let platform = child_platform(kind, &mut fields, value);
    let annotations = fields.templates("annotations");
    for (_, text, span) in annotations.iter().flatten() {
        placeholder::none_in(text, span, fields.report);
    }
    let text = template::text(&mut fields, "text");
    let manifest = match text {
        Some((text, span)) => {
            note_beside_text(table, &place, keys::NOT_BESIDE_CHILD_TEXT, fields.report);
            ManifestSpec::Text(text, span)
        }
        None => ManifestSpec::Ordinary {
            subject: template::text(&mut fields, "subject"),
            extra: template::extra(&mut fields),
        },
    };
    Some(ChildSpec {
        name: name.to_owned(),
        kind,
        manifest_type,
        body_type,
        config_type: fields.text("config-type").unwrap_or(config_type).to_owned(),
        layer_type: fields.text("layer-type").unwrap_or(layer_type).to_owned(),
        artifact_type: fields.text("artifact-type").map(str::to_owned),
        annotations: annotations.map(|annotations| {
            annotations
                .into_iter()
                .map(|(key, text, _)| (key, text))
                .collect()
        }),
        platform,
        served: fields.flag("served", true),
        algorithm: algorithm(&mut fields),
        compression,
        rootfs_type: fields.text("rootfs-type").unwrap_or("layers").to_owned(),
        config_extra: config_extra(&mut fields),
        manifest,
    })
}

/// More members of the config, as they stand.
fn config_extra(fields: &mut Fields<'_, '_, '_>) -> Members {
    match fields.table.get("config-extra") {
        None => Members::new(),
        Some(value) => match &value.node {
            Node::Table(table) => value::to_members(table),
            Node::Text(_)
            | Node::Int(_)
            | Node::Float(_)
            | Node::Bool(_)
            | Node::Date(_)
            | Node::List(_) => {
                fields.wrong("config-extra", value, "a table");
                Members::new()
            }
        },
    }
}

/// How the layer of an image is stored; that of anything else is no archive.
fn compression(kind: Kind, fields: &mut Fields<'_, '_, '_>) -> Compression {
    let compression = fields.variant("compression", Compression::Gzip);
    match (kind, fields.table.key_span("compression")) {
        (Kind::Image, _) => compression,
        (Kind::Attestation | Kind::Artifact, None) => Compression::None,
        (Kind::Attestation | Kind::Artifact, Some(span)) => {
            let kind = DiagnosticKind::MeansNothing {
                key: "compression".to_owned(),
                beside: "kind".to_owned(),
                place: fields.place.clone(),
                hint: "only the layers of images are archives".to_owned(),
            };
            fields.report.add(span, kind);
            Compression::None
        }
    }
}

fn child_platform(kind: Kind, fields: &mut Fields<'_, '_, '_>, child: &Value) -> Option<Members> {
    let Some(value) = fields.table.get("platform") else {
        return match kind {
            Kind::Image => {
                let hint = "what its config says: \"linux/amd64\", or false for nothing";
                fields.missing("platform", &child.span, hint);
                None
            }
            Kind::Attestation => Some(platform::keys("unknown", "unknown", None)),
            Kind::Artifact => None,
        };
    };
    match &value.node {
        Node::Bool(false) => None,
        Node::Text(_) | Node::Table(_) => platform::read(value, fields.report),
        Node::Int(_) | Node::Float(_) | Node::Bool(true) | Node::Date(_) | Node::List(_) => {
            fields.wrong("platform", value, "a text, a table or false");
            None
        }
    }
}
