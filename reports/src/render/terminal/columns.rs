//! A column group of a table: the neighbouring versions of one line, laid out.
//!
//! Every band of versions begins at a position. The positions are the least at which every text
//! has room up to the next one in its row, so that a text takes the room of all versions that it
//! speaks for.

use crate::{
    analysis::{
        changes::versions::{AlikeVersions, ColumnFolding, Edge, ReleaseSeries, intervals},
        matrix::{Matrix, Row},
    },
    render::{
        cell::{self, CellText, CellWording},
        paint,
    },
    text,
};
use std::ops::Range;

/// What is between two texts: something of the first one's continuation, and an edge.
const GAP: usize = 2;

/// Neighbouring versions of one line, as columns.
pub(super) struct ColumnGroup<'a> {
    pub(super) tool: &'a str,
    pub(super) flavour: Option<String>,
    /// Where its runtimes come from, where columns are divided by that.
    pub(super) source: Option<String>,
    /// The head of each band, from above.
    heads: Vec<Vec<String>>,
    /// What each row has.
    rows: Vec<Vec<Segment>>,
    /// Where each band begins, and where the last one ends.
    starts: Vec<usize>,
}

/// Bands that did the same in one row.
#[derive(Clone)]
pub(super) struct Segment {
    bands: Range<usize>,
    pub(super) edge: Edge,
    pub(super) shown: CellText,
}

impl Segment {
    /// Whether it speaks for more than one column of the table.
    pub(super) fn spans(&self) -> bool {
        self.bands.len() > 1
    }
}

/// A piece of a line of the table.
pub(super) struct Placed<'s> {
    /// Where it begins.
    pub(super) at: usize,
    /// Where the next one begins, if it may be drawn up to there.
    pub(super) until: usize,
    pub(super) segment: &'s Segment,
}

impl<'a> ColumnGroup<'a> {
    /// Lays out all of a line.
    pub(super) fn of(
        matrix: &Matrix<'a>,
        line: &ReleaseSeries<'a>,
        (bands, folding): (&[AlikeVersions], ColumnFolding),
        rows: &[&Row<'_>],
        wording: CellWording,
    ) -> Self {
        let rows = rows
            .iter()
            .map(|row| segments(matrix, line, bands, row, wording))
            .collect();
        let stretch = Self {
            tool: line.tool,
            flavour: line
                .flavour
                .map(|flavour| format!("+{}", text::clip(&text::line(flavour), 24))),
            source: line.source().map(|source| text::clip(&source, 24)),
            heads: bands
                .iter()
                .map(|band| head(matrix, band, folding))
                .collect(),
            rows,
            starts: Vec::new(),
        };
        stretch.placed()
    }

    /// How many columns of the terminal it takes.
    pub(super) fn width(&self) -> usize {
        let names = [
            Some(self.tool_name()),
            self.flavour.clone(),
            self.source.clone(),
        ];
        let names = names.iter().flatten().map(|name| paint::width(name));
        let end = self.starts.last().copied().unwrap_or(0);
        names
            .chain([end.saturating_sub(GAP)])
            .max()
            .unwrap_or_default()
    }

    /// Cuts it into stretches that take no more than `room` each, as far as that is possible.
    pub(super) fn cut(self, room: usize) -> Vec<Self> {
        let mut pieces = Vec::new();
        let mut rest = self;
        while rest.width() > room && rest.heads.len() > 1 {
            let fits = (1..rest.heads.len())
                .rev()
                .map(|bands| rest.part(0..bands))
                .find(|part| part.width() <= room);
            let piece = fits.unwrap_or_else(|| rest.part(0..1));
            rest = rest.part(piece.heads.len()..rest.heads.len());
            pieces.push(piece);
        }
        pieces.push(rest);
        pieces
    }

    pub(super) fn tool_name(&self) -> String {
        text::clip(&text::line(self.tool), 24)
    }

    /// The heads of its bands, as many lines each as the highest has, and where they begin.
    pub(super) fn heads(&self) -> impl Iterator<Item = (usize, Vec<String>)> {
        self.heads.iter().enumerate().map(|(band, head)| {
            let at = self.starts.get(band).copied().unwrap_or(0);
            let until = match self.starts.get(band + 1) {
                Some(next) if band + 1 < self.heads.len() => next.saturating_sub(GAP),
                Some(_) | None => self.width(),
            };
            let room = until.saturating_sub(at);
            // A range goes onto one line where there is room anyway.
            let joined = head.join("");
            let lines = if paint::width(&joined) <= room {
                vec![joined]
            } else {
                head.clone()
            };
            (at, lines)
        })
    }

    /// What a row has, in places.
    pub(super) fn row(&self, row: usize) -> impl Iterator<Item = Placed<'_>> {
        let segments = self.rows.get(row).map_or(&[][..], Vec::as_slice);
        segments.iter().map(|segment| Placed {
            at: self.starts.get(segment.bands.start).copied().unwrap_or(0),
            until: self
                .starts
                .get(segment.bands.end)
                .copied()
                .unwrap_or(0)
                .saturating_sub(GAP),
            segment,
        })
    }

    /// Some of its bands, laid out for themselves.
    fn part(&self, bands: Range<usize>) -> Self {
        let rows = self.rows.iter().map(|row| {
            let inside = row.iter().filter_map(|segment| {
                let start = segment.bands.start.max(bands.start);
                let end = segment.bands.end.min(bands.end);
                (start < end).then(|| Segment {
                    bands: start - bands.start..end - bands.start,
                    edge: if start == segment.bands.start {
                        segment.edge
                    } else {
                        Edge::Plain
                    },
                    shown: segment.shown.clone(),
                })
            });
            inside.collect()
        });
        let part = Self {
            tool: self.tool,
            flavour: self.flavour.clone(),
            source: self.source.clone(),
            heads: self.heads.get(bands.clone()).unwrap_or(&[]).to_vec(),
            rows: rows.collect(),
            starts: Vec::new(),
        };
        part.placed()
    }

    /// Finds the least positions. Every text goes from left to right, so one pass is enough.
    fn placed(mut self) -> Self {
        let mut needs: Vec<Vec<(usize, usize)>> = vec![Vec::new(); self.heads.len() + 1];
        let heads = self.heads.iter().enumerate().map(|(band, head)| {
            let width = head.iter().map(|line| paint::width(line)).max();
            (band..band + 1, width.unwrap_or(0))
        });
        let texts = self.rows.iter().flatten();
        let texts = texts.map(|it| (it.bands.clone(), paint::width(&it.shown.text)));
        for (bands, width) in heads.chain(texts) {
            if let Some(needs) = needs.get_mut(bands.end) {
                needs.push((bands.start, width + GAP));
            }
        }
        self.starts = Vec::with_capacity(needs.len());
        for needs in &needs {
            let least = needs.iter().map(|(start, width)| {
                let start: usize = self.starts.get(*start).copied().unwrap_or(0);
                start + width
            });
            let at = least.max().unwrap_or(0);
            self.starts.push(at);
        }
        self
    }
}

/// The intervals of a row, in bands. A band is alike in every row, so no interval divides one.
fn segments(
    matrix: &Matrix<'_>,
    line: &ReleaseSeries<'_>,
    bands: &[AlikeVersions],
    row: &Row<'_>,
    wording: CellWording,
) -> Vec<Segment> {
    let mut band = 0;
    let mut segments = Vec::new();
    for interval in intervals(line, row) {
        let start = band;
        let mut left = interval.columns.len();
        while let Some(it) = bands.get(band)
            && left >= it.columns.len()
        {
            left -= it.columns.len();
            band += 1;
        }
        let column = interval.columns.first().copied().unwrap_or_default();
        segments.push(Segment {
            bands: start..band,
            edge: interval.edge,
            shown: cell::of_row(matrix, row, column, wording),
        });
    }
    segments
}

fn head(matrix: &Matrix<'_>, band: &AlikeVersions, folding: ColumnFolding) -> Vec<String> {
    let name = |column| cell::version(matrix, column);
    if band.columns.len() > 1 {
        let count = folding.count(band).map(|count| format!(" ({count})"));
        let count = count.unwrap_or_default();
        vec![name(band.first()), format!("–{}{count}", name(band.last()))]
    } else {
        vec![name(band.first())]
    }
}
