//! What was broken by whom, for the page.

use super::table::Anchors;
use crate::{
    analysis::{conformance::Verdicts, matrix::Matrix},
    render::{
        cell,
        verdicts::{Overall, remarks, runtimes},
    },
    text,
};
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct VerdictsView {
    revisions: String,
    counted: &'static [&'static str],
    runtimes: Vec<TallyView>,
    clauses: Vec<ClauseView>,
}

#[derive(Serialize)]
struct TallyView {
    runtime: String,
    numbers: Vec<usize>,
}

#[derive(Serialize)]
struct ClauseView {
    keyword: &'static str,
    clause: String,
    says: String,
    link: String,
    since: String,
    broken: usize,
    judged: usize,
    breaches: Vec<ViolationView>,
}

#[derive(Serialize)]
struct ViolationView {
    runtimes: String,
    operation: String,
    rows: Vec<RowLink>,
}

#[derive(Serialize)]
struct RowLink {
    label: String,
    anchor: String,
}

impl VerdictsView {
    pub(super) fn of(
        matrix: &Matrix<'_>,
        verdicts: &Verdicts<'_>,
        anchors: &Anchors<'_>,
    ) -> Option<Self> {
        let overall = Overall::of(matrix, verdicts)?;
        let tallies = overall.runtimes.into_iter();
        let clauses = verdicts.broken().into_iter().map(|tally| ClauseView {
            keyword: crate::render::verdicts::keyword(tally.level),
            clause: tally.clause.to_owned(),
            says: tally.says.to_owned(),
            link: tally.link.to_owned(),
            since: tally.since(),
            broken: tally.broken,
            judged: tally.judged,
            breaches: tally
                .breaches
                .iter()
                .map(|breaches| {
                    let tools: Vec<String> = runtimes(matrix, &breaches.columns)
                        .into_iter()
                        .map(|(tool, versions)| format!("{tool} {}", text::list(&versions)))
                        .collect();
                    let rows = breaches.rows.iter().map(|row| {
                        let key = (
                            breaches.operation.as_str(),
                            row.case.as_str(),
                            row.platform.as_str(),
                        );
                        RowLink {
                            label: text::line(&row.label),
                            anchor: anchors.get(&key).cloned().unwrap_or_default(),
                        }
                    });
                    let remarks = remarks(matrix, breaches);
                    ViolationView {
                        runtimes: format!("{}{remarks}", tools.join("; ")),
                        operation: text::line(&breaches.operation),
                        rows: rows.collect(),
                    }
                })
                .collect(),
        });
        Some(Self {
            revisions: overall.revisions,
            counted: &super::super::verdicts::COUNTED,
            runtimes: tallies
                .map(|(column, numbers)| TallyView {
                    runtime: matrix
                        .runtimes
                        .get(column)
                        .map_or_else(String::new, cell::full_name),
                    numbers: numbers.to_vec(),
                })
                .collect(),
            clauses: clauses.collect(),
        })
    }
}
