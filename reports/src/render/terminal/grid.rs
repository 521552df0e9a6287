//! A table in a terminal: cases by runtimes, in as many pieces as the width asks for.

use super::{
    columns::{ColumnGroup, Placed},
    label, style,
};
use crate::{
    analysis::{
        changes::versions::{ColumnFolding, Edge, ReleaseSeries},
        matrix::{CollapsedRow, Matrix, Row},
    },
    render::{
        cell::{CellWording, SPLIT},
        paint::{self, Style, mark},
    },
};

/// What is between the stretches of two lines.
const BETWEEN: usize = 3;
/// The name of a case may always take this many columns.
const LABEL: usize = 24;
/// Before a version whose outcome differs from that of the version before it.
pub(super) const CHANGED: &str = "│";
/// The same where one of the two differs when repeated.
pub(super) const UNSTEADY: &str = "┊";
/// What fills the room of a text that speaks for several versions.
const FILL: &str = "─";

/// A table over some of the runtimes, as lines of equal layout.
pub(super) struct GridPiece {
    pub(super) head: Vec<String>,
    pub(super) body: Vec<String>,
}

/// What is laid out: rows, and the lines of versions that are their columns.
pub(super) struct Grid<'m, 'a> {
    pub(super) matrix: &'m Matrix<'a>,
    pub(super) lines: &'m [ReleaseSeries<'a>],
    pub(super) width: Option<usize>,
    pub(super) wording: CellWording,
    pub(super) folding: ColumnFolding,
}

impl<'a> Grid<'_, 'a> {
    /// Lays out rows, in as many pieces as needed.
    pub(super) fn pieces(&self, folds: &[&CollapsedRow<'_, 'a>]) -> Vec<GridPiece> {
        let label_width = label_width(folds, self.width);
        let rows: Vec<&Row<'a>> = folds.iter().map(|fold| fold.row).collect();
        let stretches = self.lines.iter().map(|line| {
            let bands = self.folding.bands(line, rows.iter().copied());
            let bands = (bands.as_slice(), self.folding);
            ColumnGroup::of(self.matrix, line, bands, &rows, self.wording)
        });
        // The indent, the label and its gap, the mark of a split and its gap.
        let before = 2 + label_width + 2 + 1 + 2;
        let chunks = match self.width {
            None => vec![stretches.collect()],
            Some(width) => divide(stretches.collect(), width.saturating_sub(before)),
        };
        chunks
            .iter()
            .map(|chunk| lay_out(chunk, folds, label_width, before))
            .collect()
    }
}

/// Divides stretches into tables that fit, as few as possible and of about equal width.
fn divide(stretches: Vec<ColumnGroup<'_>>, room: usize) -> Vec<Vec<ColumnGroup<'_>>> {
    let stretches: Vec<ColumnGroup<'_>> = stretches
        .into_iter()
        .flat_map(|stretch| stretch.cut(room))
        .collect();
    let widths: Vec<usize> = stretches.iter().map(ColumnGroup::width).collect();
    let fewest = fill(&widths, room);
    let sizes = (1..room)
        .map(|room| fill(&widths, room))
        .find(|sizes| sizes.len() == fewest.len())
        .unwrap_or(fewest);
    let mut stretches = stretches.into_iter();
    sizes
        .into_iter()
        .map(|size| stretches.by_ref().take(size).collect())
        .collect()
}

/// How many stretches go into each table, where each takes as many as there is room for.
fn fill(widths: &[usize], room: usize) -> Vec<usize> {
    let mut sizes: Vec<usize> = Vec::new();
    let mut used = 0;
    for width in widths {
        match sizes.last_mut() {
            Some(size) if used + width <= room => *size += 1,
            Some(_) | None => {
                sizes.push(1);
                used = 0;
            }
        }
        used += width + BETWEEN;
    }
    sizes
}

fn lay_out(
    chunk: &[ColumnGroup<'_>],
    folds: &[&CollapsedRow<'_, '_>],
    label_width: usize,
    before: usize,
) -> GridPiece {
    let mut offsets = Vec::new();
    let mut offset = before;
    for stretch in chunk {
        offsets.push(offset);
        offset += stretch.width() + BETWEEN;
    }
    let mut body = Vec::new();
    for (number, fold) in folds.iter().enumerate() {
        let mut line = TextRow::default();
        line.put(2, &label(fold, label_width));
        if fold.row.is_split() {
            line.put(before - 3, &mark(Style::Magenta, SPLIT));
        }
        for (stretch, offset) in chunk.iter().zip(&offsets) {
            for placed in stretch.row(number) {
                line.segment(*offset, &placed);
            }
        }
        body.push(line.finish());
    }
    GridPiece {
        head: head(chunk, &offsets),
        body,
    }
}

fn head(chunk: &[ColumnGroup<'_>], offsets: &[usize]) -> Vec<String> {
    let mut tools = TextRow::default();
    let mut flavours = TextRow::default();
    let mut sources = TextRow::default();
    let mut versions: Vec<TextRow> = Vec::new();
    let mut last = None;
    for (stretch, offset) in chunk.iter().zip(offsets) {
        if last != Some(stretch.tool) {
            tools.put(*offset, &mark(Style::Bold, &stretch.tool_name()));
            last = Some(stretch.tool);
        }
        if let Some(flavour) = &stretch.flavour {
            flavours.put(*offset, &mark(Style::Bold, flavour));
        }
        if let Some(source) = &stretch.source {
            sources.put(*offset, &mark(Style::Bold, source));
        }
        for (at, lines) in stretch.heads() {
            for (number, line) in lines.iter().enumerate() {
                if versions.len() <= number {
                    versions.push(TextRow::default());
                }
                if let Some(ruler) = versions.get_mut(number) {
                    ruler.put(offset + at, &mark(Style::Dim, line));
                }
            }
        }
    }
    let has_flavours = chunk.iter().any(|stretch| stretch.flavour.is_some());
    let mut head = vec![tools.finish()];
    if has_flavours {
        head.push(flavours.finish());
    }
    if chunk.iter().any(|stretch| stretch.source.is_some()) {
        head.push(sources.finish());
    }
    head.extend(versions.into_iter().map(TextRow::finish));
    head
}

/// A line that is written from left to right.
#[derive(Default)]
struct TextRow {
    line: String,
    width: usize,
}

impl TextRow {
    /// Puts a text at a position, or right behind what is there if that is longer.
    fn put(&mut self, at: usize, marked: &str) {
        let gap = at.saturating_sub(self.width);
        self.line.push_str(&" ".repeat(gap));
        self.line.push_str(marked);
        self.width += gap + paint::width(marked);
    }

    fn segment(&mut self, offset: usize, placed: &Placed<'_>) {
        let at = offset + placed.at;
        match placed.segment.edge {
            Edge::Plain => {}
            Edge::Changed => self.put(at - 1, &mark(Style::Cyan, CHANGED)),
            Edge::Flaky => self.put(at - 1, &mark(Style::Magenta, UNSTEADY)),
        }
        let shown = &placed.segment.shown;
        self.put(at, &super::styled(&shown.text, style(shown.tone)));
        let end = offset + placed.until;
        if placed.segment.spans() && self.width + 1 < end {
            self.put(
                self.width + 1,
                &mark(Style::Dim, &FILL.repeat(end - self.width - 1)),
            );
        }
    }

    fn finish(self) -> String {
        self.line.trim_end().to_owned()
    }
}

fn label_width(folds: &[&CollapsedRow<'_, '_>], width: Option<usize>) -> usize {
    let longest = folds
        .iter()
        .map(|fold| paint::width(&label(fold, usize::MAX)))
        .max()
        .unwrap_or(0);
    width.map_or(longest, |width| longest.min(LABEL.max(width * 2 / 5)))
}
