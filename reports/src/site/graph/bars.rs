//! How split each family is, as bars.

use crate::{
    analysis::{
        consensus::Consensus,
        matrix::{FamilyRows, Matrix},
    },
    site::{matrix, wording::LinkView},
};
use serde::Serialize;

/// How far one bar is below the other.
const STEP: usize = 26;
/// Where bars begin, and how long the longest is.
const BAR: (usize, usize) = (190, 300);

#[derive(Serialize)]
pub(in crate::site) struct BarsView {
    width: usize,
    height: usize,
    begin: usize,
    bars: Vec<BarView>,
}

#[derive(Serialize)]
struct BarView {
    family: LinkView,
    title: String,
    y: usize,
    length: usize,
    /// The mean over the rows of the family, in hundredths.
    split: u32,
    text: String,
}

impl BarsView {
    /// The families of all operations, those that are most split first.
    pub(in crate::site) fn of(matrix: &Matrix<'_>) -> Self {
        let mut bars = Vec::new();
        for (number, table) in matrix.tables.iter().enumerate() {
            for family in &table.families {
                let Some((mean, rows)) = mean(matrix, family) else {
                    continue;
                };
                let splits = family.rows.iter().filter(|row| row.is_split()).count();
                let mut link = matrix::family_link(number, table.operation, family.id);
                if link.text.is_empty() {
                    "Layouts".clone_into(&mut link.text);
                }
                if matrix.tables.len() > 1 {
                    link.text = format!("{} {}", crate::text::line(table.operation), link.text);
                }
                link.text = crate::text::clip(&link.text, 26);
                bars.push(BarView {
                    family: link,
                    title: crate::text::line(family.title),
                    y: 0,
                    length: (mean * BAR.1 as f64).round() as usize,
                    split: (mean * 100.0).round() as u32,
                    text: format!("{mean:.2} · disagree in {splits} of {rows}"),
                });
            }
        }
        bars.sort_by_key(|bar| std::cmp::Reverse(bar.split));
        for (place, bar) in bars.iter_mut().enumerate() {
            bar.y = place * STEP;
        }
        Self {
            width: BAR.0 + BAR.1 + 160,
            height: bars.len() * STEP,
            begin: BAR.0,
            bars,
        }
    }
}

/// How split the rows of a family are on average, and how many were measured by several voices.
fn mean(matrix: &Matrix<'_>, family: &FamilyRows<'_>) -> Option<(f64, usize)> {
    let rows = family.rows.iter();
    let splits: Vec<f64> = rows
        .filter_map(|row| Consensus::of(matrix, row))
        .filter(|consensus| consensus.voices > 1)
        .map(|consensus| consensus.split)
        .collect();
    let number = splits.len();
    (number > 0).then(|| (splits.iter().sum::<f64>() / number as f64, number))
}
