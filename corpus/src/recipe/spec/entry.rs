//! `[entries.NAME]`.

use super::{
    as_table, platform,
    template::{self, Extra, Pairs, Template},
};
use crate::{
    diagnostic::{DiagnosticKind, DiagnosticReport},
    json::Members,
    recipe::keys,
    value::{Fields, Node, Value},
};

/// An entry that is not ordinary.
pub(in crate::recipe) struct EntrySpec {
    pub(in crate::recipe) name: String,
    /// What it points at.
    pub(in crate::recipe) of: Template,
    pub(in crate::recipe) media_type: Field<Template>,
    pub(in crate::recipe) platform: Field<PlatformSpec>,
    pub(in crate::recipe) size: Field<SizeSpec>,
    pub(in crate::recipe) digest: Option<Template>,
    pub(in crate::recipe) artifact_type: Option<Template>,
    pub(in crate::recipe) annotations: Option<Pairs>,
    pub(in crate::recipe) urls: Option<Vec<Template>>,
    pub(in crate::recipe) data: Option<DataSpec>,
    pub(in crate::recipe) extra: Extra,
}

/// A field of an entry.
pub(in crate::recipe) enum Field<T> {
    /// As in an ordinary entry.
    Ordinary,
    /// Left out.
    Absent,
    /// As the recipe says.
    Written(T),
}

/// A platform in an entry.
pub(in crate::recipe) enum PlatformSpec {
    /// JSON null.
    Null,
    /// These keys, in this order.
    Keys(Members),
}

/// A size in an entry.
pub(in crate::recipe) enum SizeSpec {
    /// This number.
    Number(i128),
    /// Off the true size by that much.
    OffBy(i128),
}

/// What an entry embeds.
pub(in crate::recipe) enum DataSpec {
    /// The bytes of its target, in base64.
    True,
    /// This text.
    Text(Template),
}

pub(super) fn read(
    name: &str,
    value: &Value,
    report: &mut DiagnosticReport<'_>,
) -> Option<EntrySpec> {
    let table = as_table(name, value, report)?;
    let mut fields = Fields::new(table, format!("[entries.{name}]"), keys::ENTRY, report);
    let own_name = || (name.to_owned(), value.span.clone());
    let media_type = match table.get("media-type").map(|value| &value.node) {
        Some(Node::Bool(false)) => Field::Absent,
        _ => template::text(&mut fields, "media-type").map_or(Field::Ordinary, Field::Written),
    };
    Some(EntrySpec {
        name: name.to_owned(),
        of: template::text(&mut fields, "of").unwrap_or_else(own_name),
        media_type,
        platform: entry_platform(&mut fields),
        size: entry_size(&mut fields),
        digest: template::text(&mut fields, "digest"),
        artifact_type: template::text(&mut fields, "artifact-type"),
        annotations: fields.templates("annotations"),
        urls: fields.list_of_templates("urls"),
        data: data(&mut fields),
        extra: template::extra(&mut fields),
    })
}

fn data(fields: &mut Fields<'_, '_, '_>) -> Option<DataSpec> {
    let value = fields.table.get("data")?;
    match &value.node {
        Node::Bool(truth) => truth.then_some(DataSpec::True),
        Node::Text(_) => template::text(fields, "data").map(DataSpec::Text),
        Node::Int(_) | Node::Float(_) | Node::Date(_) | Node::List(_) | Node::Table(_) => {
            fields.wrong("data", value, "true or a text");
            None
        }
    }
}

fn entry_platform(fields: &mut Fields<'_, '_, '_>) -> Field<PlatformSpec> {
    let Some(value) = fields.table.get("platform") else {
        return Field::Ordinary;
    };
    match &value.node {
        Node::Bool(false) => Field::Absent,
        Node::Text(text) if text == "null" => Field::Written(PlatformSpec::Null),
        Node::Text(_) | Node::Table(_) => platform::read(value, fields.report)
            .map_or(Field::Absent, |keys| {
                Field::Written(PlatformSpec::Keys(keys))
            }),
        Node::Int(_) | Node::Float(_) | Node::Bool(true) | Node::Date(_) | Node::List(_) => {
            fields.wrong("platform", value, "a text, a table, \"null\" or false");
            Field::Absent
        }
    }
}

fn entry_size(fields: &mut Fields<'_, '_, '_>) -> Field<SizeSpec> {
    let Some(value) = fields.table.get("size") else {
        return Field::Ordinary;
    };
    match &value.node {
        Node::Bool(false) => Field::Absent,
        Node::Int(number) => Field::Written(SizeSpec::Number(*number)),
        Node::Text(text) => {
            let signed = text.starts_with(['+', '-']);
            if let Some(difference) = text.parse().ok().filter(|_| signed) {
                Field::Written(SizeSpec::OffBy(difference))
            } else {
                fields
                    .report
                    .add(&value.span, DiagnosticKind::BadSize(text.clone()));
                Field::Absent
            }
        }
        Node::Float(_) | Node::Bool(true) | Node::Date(_) | Node::List(_) | Node::Table(_) => {
            fields.wrong("size", value, "a number, a text or false");
            Field::Absent
        }
    }
}
