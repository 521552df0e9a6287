//! What no case tests, and why, as `corpus/untested.toml` lists it.

use super::Origin;
use crate::{
    Clause,
    diagnostic::{DiagnosticKind, DiagnosticReport},
    nearest::nearest,
    value::{self, Fields, Node, Table, wrong},
};
use std::{collections::BTreeMap, ops::Range};

/// Clauses and reports without a case, with the reason for each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Untested {
    /// Reasons by the ids of clauses.
    pub clauses: BTreeMap<String, String>,
    /// Reasons by the ids of reports.
    pub origins: BTreeMap<String, String>,
}

/// Reads `untested.toml`, whose entries have to be of clauses and reports that are known.
pub(super) fn read(
    text: &str,
    clauses: &[Clause],
    origins: &[Origin],
    report: &mut DiagnosticReport<'_>,
) -> Untested {
    let Some(table) = value::parse(text, report) else {
        return Untested::default();
    };
    table.check_keys("untested.toml", &["clause", "origin"], report);
    let clauses = entries(&table, "clause", report, |id| {
        let known = || clauses.iter().map(|clause| clause.id.as_str());
        let nearest = || nearest(id, known()).map(str::to_owned);
        (!known().any(|known| known == id)).then(|| DiagnosticKind::ClauseUnknown {
            id: id.to_owned(),
            nearest: nearest(),
        })
    });
    let origins = entries(&table, "origin", report, |id| {
        let known = || origins.iter().flat_map(Origin::ids);
        let nearest = || nearest(id, known()).map(str::to_owned);
        (!known().any(|known| known == id)).then(|| DiagnosticKind::OriginUnknown {
            id: id.to_owned(),
            nearest: nearest(),
        })
    });
    Untested { clauses, origins }
}

fn entries(
    table: &Table,
    key: &'static str,
    report: &mut DiagnosticReport<'_>,
    unknown: impl Fn(&str) -> Option<DiagnosticKind>,
) -> BTreeMap<String, String> {
    let mut entries = BTreeMap::new();
    let Some(value) = table.get(key) else {
        return entries;
    };
    let Node::List(items) = &value.node else {
        wrong(report, key, value, "a list of tables");
        return entries;
    };
    for item in items {
        let Node::Table(table) = &item.node else {
            wrong(report, key, item, "a table");
            continue;
        };
        let (id, reason) = entry(table, &format!("[[{key}]]"), &item.span, report);
        let span = table
            .get("id")
            .map_or(&item.span, |written| &written.span)
            .clone();
        if let Some(kind) = unknown(&id) {
            report.add(&span, kind);
        } else if entries.insert(id.clone(), reason).is_some() {
            let other = format!("an earlier [[{key}]]");
            report.add(&span, DiagnosticKind::IdTaken { id, other });
        }
    }
    entries
}

fn entry(
    table: &Table,
    place: &str,
    span: &Range<usize>,
    report: &mut DiagnosticReport<'_>,
) -> (String, String) {
    let mut fields = Fields::new(table, place, &["id", "reason"], report);
    let id = fields.required("id", span, "as in corpus/clauses or corpus/origins.toml");
    let reason = fields.required("reason", span, "why no case tests it, in a sentence");
    (id, reason)
}
