//! What all pages look things up in: which page tells of what, and where.

use super::{
    Sources, builds,
    page_layout::{NavigationEntry, SiteSection},
    path, views,
};
use crate::{
    analysis::{
        builds::BuildPair,
        changes::versions::{FoldMode, History},
        conformance::Verdicts,
        matrix::{FamilyRows, Matrix, MatrixRuntime, Row, Table},
        split_views::SplitViews,
    },
    render::Summary,
};
use ocipick_corpus::{Case, Corpus};
use std::collections::BTreeMap;

/// A matrix with the addresses of everything in it.
pub(super) struct SiteIndex<'s> {
    pub(super) matrix: &'s Matrix<'s>,
    pub(super) verdicts: &'s Verdicts<'s>,
    pub(super) corpus: &'s Corpus,
    /// Whether columns are folded as those of a wide table.
    pub(super) fold: FoldMode,
    pub(super) history: History<'s, 's>,
    pub(super) summary: Summary,
    /// Every case that was measured, in the order of the matrix.
    pub(super) cases: Vec<CaseRows<'s>>,
    by_id: BTreeMap<&'s str, usize>,
    labels: BTreeMap<(&'s str, String), String>,
    /// The address of the page of each runtime.
    runtimes: Vec<String>,
    /// The parts of the site that only some have.
    pub(super) extra_parts: Vec<NavigationEntry>,
    /// Whether there is no page but the matrix.
    pub(super) alone: bool,
}

/// One case, and the rows in which it was measured.
pub(super) struct CaseRows<'s> {
    pub(super) id: &'s str,
    pub(super) family: &'s FamilyRows<'s>,
    pub(super) path: String,
    pub(super) rows: Vec<(&'s Table<'s>, &'s Row<'s>)>,
    /// What is known of the case, where this version knows it.
    pub(super) case: Option<&'s Case>,
}

impl<'s> SiteIndex<'s> {
    pub(super) fn of(sources: &Sources<'s>) -> Self {
        let matrix = sources.matrix;
        let built_in = matrix
            .runs
            .iter()
            .all(|run| run.header.corpus.is_built_in());
        let mut cases: Vec<CaseRows<'s>> = Vec::new();
        let mut by_id: BTreeMap<&str, usize> = BTreeMap::new();
        for table in &matrix.tables {
            for family in &table.families {
                for row in &family.rows {
                    let place = *by_id.entry(row.case).or_insert_with(|| {
                        cases.push(CaseRows {
                            id: row.case,
                            family,
                            path: path::page("case", row.case),
                            rows: Vec::new(),
                            case: sources.corpus.get_by_any_id(row.case).filter(|_| built_in),
                        });
                        cases.len() - 1
                    });
                    if let Some(place) = cases.get_mut(place) {
                        place.rows.push((table, row));
                    }
                }
            }
        }
        let runtimes = matrix.runtimes.iter();
        let mut site_index = Self {
            matrix,
            verdicts: sources.verdicts,
            corpus: sources.corpus,
            fold: sources.fold,
            history: History::of(matrix),
            summary: Summary::of(matrix),
            cases,
            by_id,
            labels: BTreeMap::new(),
            runtimes: runtimes.map(|it| path::page("runtime", &it.id)).collect(),
            extra_parts: extra_parts(matrix),
            alone: false,
        };
        let mut labels = BTreeMap::new();
        for table in &matrix.tables {
            for row in table.rows() {
                let link = site_index.row(table.operation, row.case, row.platform);
                labels.entry((table.operation, row.label())).or_insert(link);
            }
        }
        site_index.labels = labels;
        site_index
    }

    /// The same where there is no page but the matrix, so that nothing can be linked to.
    pub(super) fn alone(sources: &Sources<'s>) -> Self {
        Self {
            alone: true,
            ..Self::of(sources)
        }
    }

    /// The address of another page, where there are others.
    pub(super) fn elsewhere(&self, page: impl FnOnce() -> String) -> Option<String> {
        (!self.alone).then(page)
    }

    pub(super) fn place(&self, case: &str) -> Option<&CaseRows<'s>> {
        self.cases.get(*self.by_id.get(case)?)
    }

    /// The page of a case.
    pub(super) fn case(&self, case: &str) -> String {
        self.place(case)
            .map_or_else(|| path::page("case", case), |it| it.path.clone())
    }

    /// Where a row is told of: the page of its case, and there the row where it has several.
    pub(super) fn row(&self, operation: &str, case: &str, platform: &str) -> String {
        let page = self.case(case);
        match self.place(case) {
            Some(place) if place.rows.len() > 1 => {
                format!("{page}#{}", row_anchor(operation, platform))
            }
            Some(_) | None => page,
        }
    }

    /// The same by the name that people are shown.
    pub(super) fn label(&self, operation: &str, label: &str) -> Option<String> {
        let mut labels = self.labels.iter();
        let exact = self.labels.get(&(operation, label.to_owned()));
        exact.cloned().or_else(|| {
            labels
                .find(|((of, known), _)| *of == operation && crate::text::line(known) == label)
                .map(|(_, link)| link.clone())
        })
    }

    /// Where the evidence behind a cell is.
    pub(super) fn cell(&self, row: &Row<'_>, operation: &str, column: usize) -> String {
        let anchor = self.cell_anchor(row, operation, column);
        format!("{}#{anchor}", self.case(row.case))
    }

    /// The part of a page that has the evidence behind a cell: the id of the runtime, behind the
    /// row where that is not the first of its case.
    pub(super) fn cell_anchor(&self, row: &Row<'_>, operation: &str, column: usize) -> String {
        let runtime = self.matrix.runtimes.get(column);
        let runtime = runtime.map_or_else(String::new, |it| path::part(&it.id));
        let first = self.place(row.case).and_then(|it| it.rows.first());
        let is_first = first.is_some_and(|(table, first)| {
            table.operation == operation && first.platform == row.platform
        });
        if is_first {
            runtime
        } else {
            format!("{}/{runtime}", row_anchor(operation, row.platform))
        }
    }

    /// The page of a runtime.
    pub(super) fn runtime(&self, column: usize) -> String {
        self.runtimes.get(column).cloned().unwrap_or_default()
    }

    /// The runtime in a column.
    pub(super) fn runtime_of(&self, column: usize) -> Option<&'s MatrixRuntime<'s>> {
        self.matrix.runtimes.get(column)
    }
}

/// The parts of the site for which these results hold something.
fn extra_parts(matrix: &Matrix<'_>) -> Vec<NavigationEntry> {
    let views = (!SplitViews::of(matrix).is_empty()).then_some(NavigationEntry {
        part: SiteSection::Views,
        href: views::PATH,
        name: "Split views",
    });
    let builds = (!BuildPair::all(matrix).is_empty()).then_some(NavigationEntry {
        part: SiteSection::Builds,
        href: builds::PATH,
        name: "Builds",
    });
    views.into_iter().chain(builds).collect()
}

/// The part of the page of a case that tells of one row.
pub(super) fn row_anchor(operation: &str, platform: &str) -> String {
    format!("{}/{}", path::part(operation), path::parts(platform))
}

/// The page of a tool.
pub(super) fn tool(tool: &str) -> String {
    path::page("tool", tool)
}

/// The page of a clause.
pub(super) fn clause(id: &str) -> String {
    path::page("clause", id)
}

/// The page with the same table in which every runtime has a column of its own.
pub(super) fn unfolded_table(number: usize, operation: &str) -> String {
    if number == 0 {
        "unfolded.html".to_owned()
    } else {
        format!("unfolded-{}.html", path::part(operation))
    }
}

/// The page with the table of an operation.
pub(super) fn table(number: usize, operation: &str) -> String {
    if number == 0 {
        "matrix.html".to_owned()
    } else {
        format!("matrix-{}.html", path::part(operation))
    }
}
