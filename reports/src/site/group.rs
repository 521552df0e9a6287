//! Runtimes that did the same, named by tool and ranges of versions.

use super::index::{self, SiteIndex};
use crate::{
    analysis::{changes::versions::ReleaseSeries, matrix::Row},
    render::cell,
};
use serde::Serialize;

/// The versions of one tool in one configuration that did the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct VersionGroup {
    /// The tool, with its configuration where that is not the plain one.
    pub(super) name: String,
    /// `20.10.24–28.5.2`, or `4.3.1, 5.8.6`.
    pub(super) versions: String,
    /// The page of the tool.
    pub(super) href: String,
}

/// Names runtimes. Three or more neighbouring versions of those that were measured in the row are
/// named by the first and the last of them.
pub(super) fn of(
    site_index: &SiteIndex<'_>,
    row: &Row<'_>,
    columns: &[usize],
) -> Vec<VersionGroup> {
    let measured: Vec<usize> = row.measured().map(|(column, _)| column).collect();
    of_those(site_index, &measured, columns)
}

/// The same where it is given which runtimes count as neighbours.
pub(super) fn of_those(
    site_index: &SiteIndex<'_>,
    among: &[usize],
    columns: &[usize],
) -> Vec<VersionGroup> {
    let lines = site_index.history.lines.iter();
    lines
        .filter_map(|line| crowd(site_index, line, among, columns))
        .collect()
}

fn crowd(
    site_index: &SiteIndex<'_>,
    line: &ReleaseSeries<'_>,
    among: &[usize],
    columns: &[usize],
) -> Option<VersionGroup> {
    let mut runs: Vec<Vec<usize>> = Vec::new();
    let mut open = false;
    for column in &line.columns {
        if columns.contains(column) {
            match runs.last_mut() {
                Some(run) if open => run.push(*column),
                Some(_) | None => runs.push(vec![*column]),
            }
            open = true;
        } else if among.contains(column) {
            open = false;
        }
    }
    let version = |column: &usize| cell::version(site_index.matrix, *column);
    let runs: Vec<String> = runs
        .iter()
        .flat_map(|run| match run.as_slice() {
            [first, _, .., last] => vec![format!("{}–{}", version(first), version(last))],
            few => few.iter().map(version).collect(),
        })
        .collect();
    (!runs.is_empty()).then(|| VersionGroup {
        name: line.name(),
        versions: runs.join(", "),
        href: index::tool(line.tool),
    })
}

/// Crowds as text, for places where there can be no links.
pub(super) fn text(crowds: &[VersionGroup]) -> String {
    let crowds: Vec<String> = crowds
        .iter()
        .map(|crowd| format!("{} {}", crowd.name, crowd.versions))
        .collect();
    crowds.join("; ")
}
