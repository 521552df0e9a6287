//! Which columns of a table are one: how a matrix of many runtimes stays readable.
//!
//! Columns are folded only where they are neighbours in one [`ReleaseSeries`] and look alike in
//! every row that is shown. In a wide table the versions of a tool are divided by where they come
//! from first, so that an interval of versions is one of releases that one source built; where all
//! versions of all sources look alike, they stay together.

use super::{AlikeVersions, ReleaseSeries, bands};
use crate::analysis::{
    builds::distribution_of,
    matrix::{Matrix, MatrixRuntime, Row, Table},
};
use std::collections::BTreeSet;

/// Up to so many columns a table is not wide. The matrix that is published has fewer.
const NARROW: usize = 30;

/// Whether a table is folded as a wide one is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FoldMode {
    /// Where it is wide.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never: every runtime has a column of its own.
    Never,
}

/// How the columns of one table are folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnFolding {
    /// Not at all.
    Apart,
    /// Neighbouring versions that are alike, whatever their sources.
    ByVersion,
    /// The same within each source, and with the number of runtimes that a column stands for.
    BySource,
}

impl FoldMode {
    /// How a table of so many runtimes is folded.
    #[must_use]
    pub fn of(self, columns: usize) -> ColumnFolding {
        match self {
            Self::Never => ColumnFolding::Apart,
            Self::Always => ColumnFolding::BySource,
            Self::Auto if columns > NARROW => ColumnFolding::BySource,
            Self::Auto => ColumnFolding::ByVersion,
        }
    }
}

impl ColumnFolding {
    /// The lines of a table, each with those of its own columns that have a trial in it. The columns
    /// of all lines together are those of the table, each in exactly one.
    #[must_use]
    pub fn lines<'a>(
        self,
        matrix: &Matrix<'a>,
        all: &[ReleaseSeries<'a>],
        table: &Table<'a>,
    ) -> Vec<ReleaseSeries<'a>> {
        let columns = table.columns();
        all.iter()
            .map(|line| line.only(&columns))
            .filter(|line| !line.columns.is_empty())
            .flat_map(|line| match self {
                Self::Apart | Self::ByVersion => vec![line],
                Self::BySource => divided(matrix, line, table),
            })
            .collect()
    }

    /// The columns that are shown of a line over some rows, oldest first: every column of the line
    /// is in exactly one.
    #[must_use]
    pub fn bands<'r, 'a: 'r>(
        self,
        line: &ReleaseSeries<'_>,
        rows: impl Iterator<Item = &'r Row<'a>> + Clone,
    ) -> Vec<AlikeVersions> {
        match self {
            Self::Apart => line
                .columns
                .iter()
                .map(|column| AlikeVersions {
                    columns: vec![*column],
                })
                .collect(),
            Self::ByVersion | Self::BySource => bands(line, rows),
        }
    }

    /// Of these columns one, the newest, for all neighbours of a line that no row of any table tells
    /// apart; all of them where a table of so many is not wide.
    #[must_use]
    pub fn distinct(
        self,
        matrix: &Matrix<'_>,
        all: &[ReleaseSeries<'_>],
        columns: &[usize],
    ) -> Vec<usize> {
        match self {
            Self::Apart | Self::ByVersion => columns.to_vec(),
            Self::BySource => {
                let rows = || matrix.tables.iter().flat_map(Table::rows);
                let lines = all.iter().map(|line| line.only(columns));
                lines
                    .flat_map(|line| bands(&line, rows()))
                    .map(|band| band.last())
                    .collect()
            }
        }
    }

    /// How many runtimes a column stands for, where that is said.
    #[must_use]
    pub fn count(self, band: &AlikeVersions) -> Option<usize> {
        match self {
            Self::Apart | Self::ByVersion => None,
            Self::BySource => (band.columns.len() > 1).then_some(band.columns.len()),
        }
    }
}

/// A line by the sources of its runtimes, in the order in which they are met; one that is alike
/// throughout, or has one source, stays whole.
fn divided<'a>(
    matrix: &Matrix<'a>,
    line: ReleaseSeries<'a>,
    table: &Table<'a>,
) -> Vec<ReleaseSeries<'a>> {
    let runtime = |column: &usize| matrix.runtimes.get(*column);
    let mut sources: Vec<&'a str> = Vec::new();
    for source in line.columns.iter().filter_map(runtime).map(source) {
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    if sources.len() < 2 || bands(&line, table.rows()).len() < 2 {
        let known: BTreeSet<&str> = matrix.runtimes.iter().map(source).collect();
        return vec![ReleaseSeries {
            sources: if known.len() > 1 { sources } else { Vec::new() },
            ..line
        }];
    }
    sources
        .into_iter()
        .map(|of| {
            let columns = line.columns.iter().copied();
            let is_of = |column: &usize| runtime(column).map(source) == Some(of);
            ReleaseSeries {
                columns: columns.filter(is_of).collect(),
                sources: vec![of],
                ..line.clone()
            }
        })
        .collect()
}

/// Who built a runtime, as far as versions of one tool are told apart by it: the releases of a
/// distribution are one source.
fn source<'a>(runtime: &MatrixRuntime<'a>) -> &'a str {
    let distribution = runtime.record.and_then(distribution_of);
    distribution.unwrap_or(runtime.channel)
}

#[cfg(test)]
mod tests;
