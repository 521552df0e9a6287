//! Recipes: from a TOML file to cases. `docs/recipes.md` describes the format.
//!
//! The way is `value` (TOML with places) → `expand` (one table per combination of axis values) →
//! `spec` (what the table means, defaults filled in) → `render` (bytes).

mod expand;
pub(crate) mod keys;
mod placeholder;
#[cfg(test)]
pub(crate) mod properties;
mod render;
mod spec;
#[cfg(test)]
mod tests;

pub(crate) use placeholder::none_in as no_placeholders;
pub(crate) use spec::is_origin;

use crate::{
    Case, Clause,
    diagnostic::{Diagnostic, DiagnosticKind, DiagnosticReport},
    value::{self, Table},
};
use ocipick_records::CaseId;
use std::collections::{BTreeMap, BTreeSet};

/// The clauses that recipes may exercise, by id.
pub(crate) type Clauses<'a> = BTreeMap<&'a str, &'a Clause>;

/// A recipe file: where it lies and what it says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    /// The path that people are shown.
    pub(crate) path: &'a str,
    /// The folder it lies in.
    pub(crate) family: &'a str,
    /// The file name without its extension.
    pub(crate) stem: &'a str,
    /// The content.
    pub(crate) text: &'a str,
}

/// Something that a recipe defines and an index may lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Child,
    Index,
    Entry,
}

/// Makes the cases of a recipe; all its mistakes where there are any.
pub(crate) fn cases(
    source: Source<'_>,
    clauses: &Clauses<'_>,
) -> Result<Vec<Case>, Vec<Diagnostic>> {
    let mut report = DiagnosticReport::new(source.path, source.text);
    let cases = value::parse(source.text, &mut report)
        .map(|table| expand_and_render(source, &table, clauses, &mut report))
        .unwrap_or_default();
    if report.is_empty() {
        Ok(cases)
    } else {
        Err(report.into_mistakes())
    }
}

fn expand_and_render(
    source: Source<'_>,
    table: &Table,
    clauses: &Clauses<'_>,
    report: &mut DiagnosticReport<'_>,
) -> Vec<Case> {
    table.check_keys("a recipe", keys::TOP_LEVEL, report);
    spec::check_names(table, report);
    let expansions = expand::expand(table, source.stem, report);
    let mut cases: BTreeMap<CaseId, Case> = BTreeMap::new();
    let mut used = BTreeSet::new();
    for expansion in &expansions {
        let id = format!("{}/{}", source.family, expansion.name);
        let Ok(id) = id.parse::<CaseId>() else {
            report.add(&expansion.name_span, DiagnosticKind::BadId(id));
            continue;
        };
        let Some(spec) = spec::decode(&expansion.table, clauses, report) else {
            continue;
        };
        let Some(mut case) = render::render(&spec, &id, source.path, &mut used, report) else {
            continue;
        };
        for (alias, span) in &expansion.aliases {
            match alias.parse() {
                Ok(alias) => case.aliases.push(alias),
                Err(_) => report.add(span, DiagnosticKind::BadId(alias.clone())),
            }
        }
        if cases.insert(id.clone(), case).is_some() {
            let kind = DiagnosticKind::DuplicateExpansion(id.as_str().to_owned());
            report.add(&expansion.name_span, kind);
        }
    }
    // Where something did not come through, what is left does not tell what is used.
    if report.is_empty() {
        note_unused(table, &used, report);
    }
    cases.into_values().collect()
}

fn note_unused(table: &Table, used: &BTreeSet<(What, String)>, report: &mut DiagnosticReport<'_>) {
    for (what, section, word) in [
        (What::Child, "children", "child"),
        (What::Index, "indexes", "index"),
        (What::Entry, "entries", "entry"),
    ] {
        for key in spec::section_keys(table, section) {
            if !used.contains(&(what, key.name.clone())) {
                let kind = DiagnosticKind::Unused {
                    what: word,
                    name: key.name.clone(),
                };
                report.add(&key.span, kind);
            }
        }
    }
}
