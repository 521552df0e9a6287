//! Runtimes that did the same, named by tool and ranges of versions.

use super::index::{self, Atlas};
use crate::{
    analysis::{history::Line, matrix::Row},
    render::cell,
};
use serde::Serialize;

/// The versions of one tool in one configuration that did the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Crowd {
    /// The tool, with its configuration where that is not the plain one.
    pub(super) name: String,
    /// `20.10.24–28.5.2`, or `4.3.1, 5.8.6`.
    pub(super) versions: String,
    /// The page of the tool.
    pub(super) href: String,
}

/// Names runtimes. Three or more neighbouring versions of those that were measured in the row are
/// named by the first and the last of them.
pub(super) fn of(atlas: &Atlas<'_>, row: &Row<'_>, columns: &[usize]) -> Vec<Crowd> {
    let measured: Vec<usize> = row.measured().map(|(column, _)| column).collect();
    of_those(atlas, &measured, columns)
}

/// The same where it is given which runtimes count as neighbours.
pub(super) fn of_those(atlas: &Atlas<'_>, among: &[usize], columns: &[usize]) -> Vec<Crowd> {
    let lines = atlas.history.lines.iter();
    lines
        .filter_map(|line| crowd(atlas, line, among, columns))
        .collect()
}

fn crowd(atlas: &Atlas<'_>, line: &Line<'_>, among: &[usize], columns: &[usize]) -> Option<Crowd> {
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
    let version = |column: &usize| cell::version(atlas.matrix, *column);
    let runs: Vec<String> = runs
        .iter()
        .flat_map(|run| match run.as_slice() {
            [first, _, .., last] => vec![format!("{}–{}", version(first), version(last))],
            few => few.iter().map(version).collect(),
        })
        .collect();
    (!runs.is_empty()).then(|| Crowd {
        name: line.name(),
        versions: runs.join(", "),
        href: index::tool(line.tool),
    })
}

/// Crowds as text, for places where there can be no links.
pub(super) fn text(crowds: &[Crowd]) -> String {
    let crowds: Vec<String> = crowds
        .iter()
        .map(|crowd| format!("{} {}", crowd.name, crowd.versions))
        .collect();
    crowds.join("; ")
}
