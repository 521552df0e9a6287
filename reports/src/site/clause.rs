//! The page of a clause: what it says and said, the cases that exercise it, and what came of it.
//! And the list of clauses.

use super::{
    Sink, findings,
    index::{self, SiteIndex},
    page_layout::{self, SiteSection},
    wording::{self, LinkView},
};
use crate::{analysis::conformance::Verdict, render::verdicts};
use ocipick_corpus::{Clause, Wording};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Serialize)]
struct ClausePage {
    id: String,
    /// The release that outcomes are held against, and whether it has the clause.
    release: String,
    in_force: bool,
    keyword: &'static str,
    says: String,
    link: String,
    wordings: Vec<WordingView>,
    history: Option<String>,
    /// How often each verdict was given.
    counts: Vec<(Verdict, usize)>,
    rows: Vec<RowView>,
}

#[derive(Serialize)]
struct WordingView {
    since: String,
    until: Option<String>,
    keyword: &'static str,
    says: String,
    link: String,
}

#[derive(Serialize)]
struct RowView {
    row: LinkView,
    title: String,
    operation: Option<String>,
    verdicts: Vec<(Verdict, String)>,
}

#[derive(Serialize)]
struct ClausesPage {
    revisions: Vec<String>,
    specifications: Vec<SpecificationView>,
}

#[derive(Serialize)]
struct SpecificationView {
    name: String,
    clauses: Vec<ListedView>,
}

#[derive(Serialize)]
struct ListedView {
    clause: LinkView,
    keyword: &'static str,
    says: String,
    rows: usize,
    broken: usize,
    kept: usize,
}

/// The page of every clause, and the list of them.
pub(super) fn pages(site_index: &SiteIndex<'_>, sink: &mut impl Sink) {
    let mut rows: BTreeMap<&str, Vec<RowView>> = BTreeMap::new();
    let mut counts: BTreeMap<&str, BTreeMap<Verdict, usize>> = BTreeMap::new();
    collect(site_index, &mut rows, &mut counts);
    let mut specifications: BTreeMap<&str, Vec<ListedView>> = BTreeMap::new();
    for clause in site_index.corpus.clauses() {
        let rows = rows.remove(clause.id.as_str()).unwrap_or_default();
        let counts = counts.remove(clause.id.as_str()).unwrap_or_default();
        let count = |verdict| counts.get(&verdict).copied().unwrap_or(0);
        let wording = site_index.verdicts.wording(&clause.id);
        let shown = wording.unwrap_or_else(|| clause.newest());
        let listed = specifications.entry(clause.specification()).or_default();
        listed.push(ListedView {
            clause: LinkView {
                text: clause.id.clone(),
                href: index::clause(&clause.id),
            },
            keyword: keyword(wording),
            says: shown.says.clone(),
            rows: rows.len(),
            broken: count(Verdict::Violates) + count(Verdict::Deviates),
            kept: count(Verdict::Conforms),
        });
        let page = ClausePage {
            counts: counts.into_iter().rev().collect(),
            rows,
            ..ClausePage::of(site_index, clause)
        };
        let path = index::clause(&clause.id);
        let sheet = (path.as_str(), clause.id.as_str(), "clause.html");
        page_layout::page(site_index, sink, SiteSection::Clauses, sheet, &page);
    }
    let page = ClausesPage {
        revisions: revisions(site_index),
        specifications: specifications
            .into_iter()
            .map(|(name, clauses)| SpecificationView {
                name: name.to_owned(),
                clauses,
            })
            .collect(),
    };
    let sheet = ("clauses.html", "Clauses", "clauses.html");
    page_layout::page(site_index, sink, SiteSection::Clauses, sheet, &page);
}

fn revisions(site_index: &SiteIndex<'_>) -> Vec<String> {
    let revisions = site_index.verdicts.revisions();
    revisions
        .map(|(name, release)| format!("{name} {release}"))
        .collect()
}

fn keyword(wording: Option<&Wording>) -> &'static str {
    wording.map_or("not in force", |wording| verdicts::keyword(wording.level))
}

/// What came of every clause in every row.
fn collect<'a>(
    site_index: &'a SiteIndex<'_>,
    rows: &mut BTreeMap<&'a str, Vec<RowView>>,
    counts: &mut BTreeMap<&'a str, BTreeMap<Verdict, usize>>,
) {
    let several = site_index.matrix.tables.len() > 1;
    for table in &site_index.matrix.tables {
        for row in table.rows() {
            let entries = site_index
                .verdicts
                .of_row(table.operation, row.case, row.platform);
            let ids: BTreeSet<&str> = entries.iter().map(|it| it.rule.clause.as_str()).collect();
            for id in ids {
                let mut verdicts: BTreeMap<(Verdict, bool), Vec<usize>> = BTreeMap::new();
                for entry in entries.iter().filter(|it| it.rule.clause == id) {
                    let verdict = entry.reasoned.verdict;
                    let key = (verdict, entry.reasoned.arguable);
                    verdicts.entry(key).or_default().push(entry.column);
                    *counts.entry(id).or_default().entry(verdict).or_default() += 1;
                }
                rows.entry(id).or_default().push(RowView {
                    row: LinkView {
                        text: wording::title(&row.label()),
                        href: site_index.row(table.operation, row.case, row.platform),
                    },
                    title: crate::text::line(row.title),
                    operation: several.then(|| wording::title(table.operation)),
                    verdicts: verdicts
                        .into_iter()
                        .rev()
                        .filter(|((verdict, _), _)| *verdict > Verdict::Silent)
                        .map(|((verdict, arguable), columns)| {
                            let mark = if arguable { " (arguable)" } else { "" };
                            let runtimes = findings::runtimes(site_index, &columns);
                            (verdict, format!("{runtimes}{mark}"))
                        })
                        .collect(),
                });
            }
        }
    }
}

impl ClausePage {
    fn of(site_index: &SiteIndex<'_>, clause: &Clause) -> Self {
        let wording = site_index.verdicts.wording(&clause.id);
        let shown = wording.unwrap_or_else(|| clause.newest());
        let mut revisions = site_index.verdicts.revisions();
        let release = revisions.find(|(name, _)| *name == clause.specification());
        Self {
            id: clause.id.clone(),
            release: release
                .map_or_else(String::new, |(name, release)| format!("{name} {release}")),
            in_force: wording.is_some(),
            keyword: verdicts::keyword(shown.level),
            says: shown.says.clone(),
            link: shown.link.clone(),
            wordings: clause
                .wordings
                .iter()
                .map(|wording| WordingView {
                    since: wording.since.name().to_owned(),
                    until: wording.until.as_ref().map(|it| it.name().to_owned()),
                    keyword: verdicts::keyword(wording.level),
                    says: wording.says.clone(),
                    link: wording.link.clone(),
                })
                .collect(),
            history: match (&clause.history, &clause.arguable) {
                (Some(history), Some(arguable)) => Some(format!("{history} {arguable}")),
                (history, arguable) => history.clone().or_else(|| arguable.clone()),
            },
            counts: Vec::new(),
            rows: Vec::new(),
        }
    }
}
