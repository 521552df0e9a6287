//! What the table of one case means, with every default filled in.

mod asks;
mod child;
mod clauses;
mod entry;
mod fault;
mod index;
mod layout;
mod names;
mod platform;
mod template;

pub(super) use clauses::ClauseSpec;
pub(super) use entry::{DataSpec, EntrySpec, Field, PlatformSpec, SizeSpec};
pub(super) use fault::{FaultSpec, Target};
pub(super) use index::{IndexContent, IndexSpec, Listed};
pub(super) use layout::RefSpec;
pub(super) use names::{check as check_names, section_keys};
pub(super) use template::{Extra, Pairs};

use super::{Clauses, keys};
use crate::{
    PlatformRequest,
    child::ChildSpec,
    diagnostic::{DiagnosticKind, DiagnosticReport},
    media_type::Format,
    nearest::nearest,
    value::{Fields, Node, Table, Value, owned, wrong},
};
use ocipick_records::Operation;
use std::{collections::BTreeSet, ops::Range};

/// One case, as its recipe has it.
pub(crate) struct Spec {
    pub(super) title: String,
    pub(super) why: String,
    pub(super) origins: Vec<String>,
    pub(super) asks: Vec<PlatformRequest>,
    pub(super) operations: BTreeSet<Operation>,
    pub(super) clauses: Vec<ClauseSpec>,
    pub(super) children: Vec<ChildSpec>,
    pub(super) index: IndexSpec,
    pub(super) indexes: Vec<IndexSpec>,
    pub(super) entries: Vec<EntrySpec>,
    pub(super) faults: Vec<FaultSpec>,
    /// None where the layout is as always.
    pub(super) layout: Option<Vec<RefSpec>>,
}

impl Spec {
    /// The architecture of programs where a config names none: the first that is asked for.
    pub(super) fn program_for(&self) -> &str {
        let mut platforms = self.asks.iter().filter_map(PlatformRequest::platform);
        platforms
            .next()
            .map_or("amd64", |platform| &platform.architecture)
    }
}

/// Reads the table of one case. Nothing where a part is missing without which the rest
/// cannot be read; whatever is wrong is noted.
pub(crate) fn decode(
    table: &Table,
    clauses: &Clauses<'_>,
    report: &mut DiagnosticReport<'_>,
) -> Option<Spec> {
    const START: Range<usize> = 0..0;
    // Unknown keys were noted before the recipe was expanded.
    let mut fields = Fields::new(table, "a recipe", keys::TOP_LEVEL, report);
    let title = fields.required("title", &START, "what the index is, in a line");
    let why = fields.required("why", &START, "why someone should care, in a sentence");
    let origins = fields.texts("origins");
    if table.get("index").is_none() {
        fields.missing("index", &START, "[index] with entries = [\"…\"]");
    }
    let operations = operations(&mut fields);
    for (origin, span) in &origins {
        if !is_origin(origin) {
            report.add(span, DiagnosticKind::BadOrigin(origin.clone()));
        }
    }
    let asks = asks::read(table, &START, report);
    let index = table.get("index").and_then(|value| {
        let inner = as_table("index", value, report)?;
        let format = format(inner, "[index]", Format::Oci, report);
        let spec = index::read(inner, String::new(), value, format, report)?;
        Some((format, spec))
    });
    let clauses = clauses::read(table, clauses, asks.as_deref(), report);
    let (format, index) = index?;
    let children = section(table, "children", report, |name, value, report| {
        child::read(name, value, format, report)
    });
    let indexes = section(table, "indexes", report, |name, value, report| {
        let inner = as_table(name, value, report)?;
        let format = self::format(inner, &format!("[indexes.{name}]"), format, report);
        index::read(inner, name.to_owned(), value, format, report)
    });
    let entries = section(table, "entries", report, entry::read);
    clauses::note_undefined_picks(&clauses, children.as_deref(), report);
    let faults = fault::read(table, report);
    let layout = layout::read(table, report);
    Some(Spec {
        title,
        why,
        origins: origins.into_iter().map(|(origin, _)| origin).collect(),
        asks: asks?,
        operations,
        clauses,
        children: children?,
        index,
        indexes: indexes?,
        entries: entries?,
        faults,
        layout,
    })
}

fn as_table<'a>(
    key: &str,
    value: &'a Value,
    report: &mut DiagnosticReport<'_>,
) -> Option<&'a Table> {
    if let Node::Table(table) = &value.node {
        Some(table)
    } else {
        wrong(report, key, value, "a table");
        None
    }
}

/// The tables of a list of tables; whatever is none is noted.
fn tables<'a>(
    recipe: &'a Table,
    key: &str,
    report: &mut DiagnosticReport<'_>,
) -> Vec<(&'a Table, &'a Value)> {
    let Some(value) = recipe.get(key) else {
        return Vec::new();
    };
    let Node::List(items) = &value.node else {
        wrong(report, key, value, "a list of tables");
        return Vec::new();
    };
    let tables = items
        .iter()
        .map(|item| Some((as_table(key, item, report)?, item)));
    tables.flatten().collect()
}

/// Reads every member of a table of named things; nothing where one of them cannot be read.
fn section<T>(
    recipe: &Table,
    name: &str,
    report: &mut DiagnosticReport<'_>,
    mut read: impl FnMut(&str, &Value, &mut DiagnosticReport<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let Some(value) = recipe.get(name) else {
        return Some(Vec::new());
    };
    let table = as_table(name, value, report)?;
    let read: Vec<Option<T>> = table
        .members
        .iter()
        .map(|(key, value)| read(&key.name, value, report))
        .collect();
    read.into_iter().collect()
}

/// Whether a text is `owner/repository#number`, or the id of a CVE or GHSA.
pub(crate) fn is_origin(text: &str) -> bool {
    let word = |text: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        !text.is_empty() && text.chars().all(plain)
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if let Some((repository, number)) = text.split_once('#') {
        return digits(number)
            && repository
                .split_once('/')
                .is_some_and(|(owner, name)| word(owner) && word(name));
    }
    text.strip_prefix("CVE-")
        .and_then(|rest| rest.split_once('-'))
        .is_some_and(|(year, number)| digits(year) && digits(number))
        || text.strip_prefix("GHSA-").is_some_and(word)
}

/// The operations that the case is restricted to; none where it is not.
fn operations(fields: &mut Fields<'_, '_, '_>) -> BTreeSet<Operation> {
    let texts = fields.texts("operations");
    if let (Some(value), true) = (fields.table.get("operations"), texts.is_empty()) {
        let kind = DiagnosticKind::EmptyList {
            key: "operations".to_owned(),
            hint: "leave it out where the case is for every operation".to_owned(),
        };
        fields.report.add(&value.span, kind);
    }
    let mut operations = BTreeSet::new();
    for (text, span) in texts {
        if let Ok(operation) = text.parse::<Operation>() {
            operations.insert(operation);
        } else {
            let words = || Operation::ALL.iter().map(|known| known.as_str());
            let kind = DiagnosticKind::BadChoice {
                key: "operation".to_owned(),
                nearest: nearest(&text, words()).map(str::to_owned),
                found: text,
                known: owned(words()),
            };
            fields.report.add(&span, kind);
        }
    }
    operations
}

fn format(
    table: &Table,
    place: &str,
    default: Format,
    report: &mut DiagnosticReport<'_>,
) -> Format {
    let mut fields = Fields {
        table,
        place: place.to_owned(),
        report,
    };
    fields.variant("format", default)
}

/// Notes keys that a raw text leaves without a meaning.
fn note_beside_text(table: &Table, place: &str, keys: &[&str], report: &mut DiagnosticReport<'_>) {
    for key in keys {
        if let Some(span) = table.key_span(key) {
            let kind = DiagnosticKind::MeansNothing {
                key: (*key).to_owned(),
                beside: "text".to_owned(),
                place: place.to_owned(),
                hint: match *key {
                    "entries" => "an index is either a list of entries or a text",
                    "annotations" => "write them in the text",
                    _ => "write it in the text",
                }
                .to_owned(),
            };
            report.add(span, kind);
        }
    }
}
