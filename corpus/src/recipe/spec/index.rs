//! `[index]` and `[indexes.NAME]`.

use super::{
    as_table, child, note_beside_text,
    template::{self, Extra, Pairs, Template},
};
use crate::{
    Algorithm,
    diagnostic::DiagnosticReport,
    json::Json,
    media_type::Format,
    recipe::keys,
    value::{Fields, Node, Table, Value},
};
use std::ops::Range;

/// The index under test, or a nested one.
pub(in crate::recipe) struct IndexSpec {
    /// Its name; empty for the index under test.
    pub(in crate::recipe) name: String,
    pub(in crate::recipe) served_type: String,
    pub(in crate::recipe) served: bool,
    pub(in crate::recipe) algorithm: Algorithm,
    pub(in crate::recipe) content: IndexContent,
}

/// What an index holds.
pub(in crate::recipe) enum IndexContent {
    /// Entries, and what stands around them.
    Entries {
        /// `schemaVersion`; none where the key is left out.
        schema_version: Option<Json>,
        /// `mediaType` in the body; none where the key is left out.
        body_type: Option<String>,
        artifact_type: Option<Template>,
        entries: Vec<Listed>,
        /// What the `subject` names.
        subject: Option<Template>,
        annotations: Option<Pairs>,
        extra: Extra,
    },
    /// Raw text with placeholders.
    Text(String, Range<usize>),
}

/// An element of a list of entries.
pub(in crate::recipe) struct Listed {
    /// An entry, child or nested index.
    pub(in crate::recipe) name: String,
    /// Where that was written.
    pub(in crate::recipe) span: Range<usize>,
    /// How often it stands there, one after the other.
    pub(in crate::recipe) times: usize,
}

/// The most that one element of a list of entries may stand for: some tens of megabytes.
const MOST_TIMES: i128 = 100_000;

pub(super) fn read(
    table: &Table,
    name: String,
    value: &Value,
    format: Format,
    report: &mut DiagnosticReport<'_>,
) -> Option<IndexSpec> {
    let (place, known) = if name.is_empty() {
        ("[index]".to_owned(), keys::INDEX.to_vec())
    } else {
        let known = [keys::INDEX, keys::NESTED].concat();
        (format!("[indexes.{name}]"), known)
    };
    let mut fields = Fields::new(table, place.clone(), &known, report);
    let served_type = fields
        .text("served-type")
        .unwrap_or(format.index())
        .to_owned();
    let body_type = fields
        .text_or_false("body-type")
        .unwrap_or_else(|| Some(served_type.clone()));
    let served = fields.flag("served", true);
    let algorithm = child::algorithm(&mut fields);
    let text = template::text(&mut fields, "text");
    if table.get("entries").is_none() && table.get("text").is_none() {
        let hint = "the names of children, in order; or write `text`";
        fields.missing("entries", &value.span, hint);
    }
    let content = match text {
        Some((text, span)) => {
            let beside = [&["entries"], keys::NOT_BESIDE_INDEX_TEXT].concat();
            note_beside_text(table, &place, &beside, fields.report);
            IndexContent::Text(text, span)
        }
        None => IndexContent::Entries {
            schema_version: schema_version(&mut fields),
            body_type,
            artifact_type: template::text(&mut fields, "artifact-type"),
            entries: entries(&mut fields),
            subject: template::text(&mut fields, "subject"),
            annotations: fields.templates("annotations"),
            extra: template::extra(&mut fields),
        },
    };
    Some(IndexSpec {
        name,
        served_type,
        served,
        algorithm,
        content,
    })
}

/// A number, a text or `false`.
fn schema_version(fields: &mut Fields<'_, '_, '_>) -> Option<Json> {
    let ordinary = Some(Json::Int(2));
    let Some(value) = fields.table.get("schema-version") else {
        return ordinary;
    };
    match &value.node {
        Node::Bool(false) => None,
        Node::Int(number) => Some(Json::Int(*number)),
        Node::Text(_) => fields.text("schema-version").map(Json::str),
        Node::Float(_) | Node::Bool(true) | Node::Date(_) | Node::List(_) | Node::Table(_) => {
            fields.wrong("schema-version", value, "a whole number, a text or false");
            ordinary
        }
    }
}

/// Names, and tables that say how often a name stands there.
fn entries(fields: &mut Fields<'_, '_, '_>) -> Vec<Listed> {
    let Some(value) = fields.table.get("entries") else {
        return Vec::new();
    };
    let Node::List(items) = &value.node else {
        fields.wrong("entries", value, "a list of texts");
        return Vec::new();
    };
    let mut entries = Vec::new();
    for (place, item) in items.iter().enumerate() {
        match &item.node {
            Node::Text(text) => {
                crate::recipe::no_placeholders(text, &item.span, fields.report);
                entries.push(Listed {
                    name: text.clone(),
                    span: item.span.clone(),
                    times: 1,
                });
            }
            Node::Table(_) => entries.extend(repeated(item, fields.report)),
            Node::Int(_) | Node::Float(_) | Node::Bool(_) | Node::Date(_) | Node::List(_) => {
                let key = format!("entries[{place}]");
                fields.wrong(&key, item, "a text, or a table with `of` and `times`");
            }
        }
    }
    entries
}

fn repeated(item: &Value, report: &mut DiagnosticReport<'_>) -> Option<Listed> {
    let table = as_table("entries", item, report)?;
    let mut fields = Fields::new(table, "an element of `entries`", keys::LISTED, report);
    if table.get("of").is_none() {
        let hint = "the name of an entry, child or nested index";
        fields.missing("of", &item.span, hint);
    }
    let name = fields.text("of").map(str::to_owned);
    let span = table.get("of").map_or(0..0, |value| value.span.clone());
    let times = fields.whole("times", 1..=MOST_TIMES).unwrap_or(1);
    Some(Listed {
        name: name?,
        span,
        times: usize::try_from(times).unwrap_or(1),
    })
}
