//! The versions of one tool in one configuration.

use crate::{analysis::matrix::Matrix, text};
use ocipick_records::compare_versions;
use std::cmp::Ordering;

/// The versions of one tool in one configuration, oldest first: what a change is a change within.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseSeries<'a> {
    /// Name of the tool.
    pub tool: &'a str,
    /// Its configuration; none is what the tool does when it is left alone.
    pub flavour: Option<&'a str>,
    /// Whose code selects for it.
    pub lineage: &'a str,
    /// Whether this configuration goes on with what the plain tool once did.
    pub continues_plain: bool,
    /// Its runtimes, by their place in the matrix.
    pub columns: Vec<usize>,
    /// Where its runtimes come from, where the columns of a table are divided by that; empty elsewhere.
    pub sources: Vec<&'a str>,
    /// Runtimes of another line that go before those, because they run the same code.
    pub before: Vec<usize>,
}

/// The lines of a matrix. Every runtime is among the columns of exactly one, and the columns of
/// all lines one after another are the columns of the matrix.
#[must_use]
pub fn lines<'a>(matrix: &Matrix<'a>) -> Vec<ReleaseSeries<'a>> {
    let mut lines: Vec<ReleaseSeries<'a>> = Vec::new();
    for (column, runtime) in matrix.runtimes.iter().enumerate() {
        match lines.last_mut() {
            Some(line) if line.tool == runtime.tool && line.flavour == runtime.flavour => {
                line.columns.push(column);
            }
            Some(_) | None => lines.push(ReleaseSeries {
                tool: runtime.tool,
                flavour: runtime.flavour,
                lineage: runtime.lineage(),
                continues_plain: runtime
                    .configuration()
                    .is_some_and(|configuration| configuration.continues_plain),
                columns: vec![column],
                sources: Vec::new(),
                before: Vec::new(),
            }),
        }
    }
    let before: Vec<Vec<usize>> = lines
        .iter()
        .map(|line| line.ancestors(matrix, &lines))
        .collect();
    for (line, before) in lines.iter_mut().zip(before) {
        line.before = before;
    }
    lines
}

impl ReleaseSeries<'_> {
    /// The tool, with its configuration where that is not the plain one.
    #[must_use]
    pub fn name(&self) -> String {
        match self.flavour {
            Some(flavour) => text::line(&format!("{}+{flavour}", self.tool)),
            None => text::line(self.tool),
        }
    }

    /// Where its runtimes come from, where its columns are divided by that.
    #[must_use]
    pub fn source(&self) -> Option<String> {
        (!self.sources.is_empty()).then(|| text::line(&self.sources.join(", ")))
    }

    /// The line with these of its own columns only. What goes before it stays, so that it changes
    /// where it changed before.
    #[must_use]
    pub fn only(&self, columns: &[usize]) -> Self {
        let keep = |column: &usize| columns.contains(column);
        Self {
            columns: self.columns.iter().copied().filter(keep).collect(),
            ..self.clone()
        }
    }

    fn ancestors(&self, matrix: &Matrix<'_>, lines: &[ReleaseSeries<'_>]) -> Vec<usize> {
        let version = |column: usize| matrix.runtimes.get(column).map(|it| it.version);
        let Some(first) = self.columns.first().copied().and_then(version) else {
            return Vec::new();
        };
        if !self.continues_plain {
            return Vec::new();
        }
        lines
            .iter()
            .filter(|line| line.tool == self.tool && line.flavour.is_none())
            .flat_map(|line| line.columns.iter().copied())
            .filter(|column| {
                version(*column).is_some_and(|it| compare_versions(it, first) == Ordering::Less)
            })
            .collect()
    }
}
