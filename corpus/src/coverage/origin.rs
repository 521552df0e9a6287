//! Reports from the real world, as `corpus/origins.toml` lists them.

use crate::{
    diagnostic::{DiagnosticKind, DiagnosticReport},
    recipe::is_origin,
    value::{self, Fields, Node, wrong},
};
use std::collections::BTreeMap;

/// A report from the real world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// How cases name it.
    pub id: String,
    /// What it is about, in a few words.
    pub about: String,
    /// Further reports of the same thing.
    pub also: Vec<String>,
}

impl Origin {
    /// The ids of all reports of this thing.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.id)
            .chain(&self.also)
            .map(String::as_str)
    }

    /// Whether one of the reports has this id.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.ids().any(|known| known == id)
    }
}

/// Reads `origins.toml`.
pub(super) fn read(text: &str, report: &mut DiagnosticReport<'_>) -> Vec<Origin> {
    let mut origins: Vec<Origin> = Vec::new();
    let mut taken: BTreeMap<String, String> = BTreeMap::new();
    let Some(table) = value::parse(text, report) else {
        return origins;
    };
    table.check_keys("origins.toml", &["origin"], report);
    let Some(value) = table.get("origin") else {
        return origins;
    };
    let Node::List(items) = &value.node else {
        wrong(report, "origin", value, "a list of tables ([[origin]])");
        return origins;
    };
    for item in items {
        let Node::Table(table) = &item.node else {
            wrong(report, "origin", item, "a table");
            continue;
        };
        let mut fields = Fields::new(table, "[[origin]]", &["id", "about", "also"], report);
        let span = &item.span;
        let id = fields.required("id", span, "owner/repository#number, CVE-… or GHSA-…");
        let about = fields.required("about", span, "what it is about, in a few words");
        let also = fields.texts("also");
        let all = std::iter::once((&id, span)).chain(also.iter().map(|(id, span)| (id, span)));
        for (one, span) in all {
            if !is_origin(one) {
                report.add(span, DiagnosticKind::BadOrigin(one.clone()));
            }
            if let Some(other) = taken.insert(one.clone(), id.clone()) {
                let other = format!("the [[origin]] {other}");
                report.add(
                    span,
                    DiagnosticKind::IdTaken {
                        id: one.clone(),
                        other,
                    },
                );
            }
        }
        let also = also.into_iter().map(|(id, _)| id).collect();
        origins.push(Origin { id, about, also });
    }
    origins
}
