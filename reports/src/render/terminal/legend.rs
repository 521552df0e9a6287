//! What the signs of the tables mean: those that occur.

use super::{
    grid::{CHANGED, UNSTEADY},
    page::Page,
    style, styled,
};
use crate::{
    analysis::{
        changes::versions::{Edge, ReleaseSeries, intervals},
        matrix::CollapsedRow,
    },
    render::{
        cell::{self, CellStyle, CellWording, SPLIT},
        paint::Style,
    },
};
use ocipick_records::{Outcome, RefusalReason};
use std::collections::BTreeSet;

/// What occurs in the tables.
#[derive(Default)]
pub(super) struct Legend {
    tones: BTreeSet<CellStyle>,
    edges: BTreeSet<Edge>,
    /// The reasons that are cut to one word.
    brief: BTreeSet<RefusalReason>,
    split: bool,
}

impl Legend {
    /// Looks through what is shown of one operation.
    pub(super) fn of(
        folds: &[&CollapsedRow<'_, '_>],
        lines: &[ReleaseSeries<'_>],
        wording: CellWording,
    ) -> Self {
        let mut legend = Self::default();
        for fold in folds {
            legend.split |= fold.row.is_split();
            for interval in lines.iter().flat_map(|line| intervals(line, fold.row)) {
                legend.edges.insert(interval.edge);
                legend
                    .tones
                    .insert(cell::cell(interval.trial, wording).tone);
                if let Some(Outcome::Refused { reason, .. }) = interval.trial.map(|it| &it.outcome)
                    && wording == CellWording::Brief
                    && cell::brief(*reason) != reason.as_str()
                {
                    legend.brief.insert(*reason);
                }
            }
        }
        legend
    }

    pub(super) fn add(&mut self, other: Self) {
        self.tones.extend(other.tones);
        self.edges.extend(other.edges);
        self.brief.extend(other.brief);
        self.split |= other.split;
    }

    pub(super) fn show(&self, page: &mut Page) {
        let mut entries: Vec<String> = Vec::new();
        if self.split {
            entries.push(format!(
                "{} runtimes disagree",
                styled(SPLIT, Style::Magenta)
            ));
        }
        for (edge, sign, color, meaning) in [
            (
                Edge::Changed,
                CHANGED,
                Style::Cyan,
                "changed since the version before",
            ),
            (
                Edge::Flaky,
                UNSTEADY,
                Style::Magenta,
                "unstable on one side",
            ),
        ] {
            if self.edges.contains(&edge) {
                entries.push(format!("{} {meaning}", styled(sign, color)));
            }
        }
        let tones = CellStyle::ALL.iter().copied();
        entries.extend(tones.filter(|tone| self.tones.contains(tone)).map(|tone| {
            if tone.symbol().is_empty() {
                styled(tone.meaning(), style(tone))
            } else {
                format!("{} {}", styled(tone.symbol(), style(tone)), tone.meaning())
            }
        }));
        if !entries.is_empty() {
            Self::entries(page, &entries, "   ");
        }
        let brief = self.brief.iter();
        let brief: Vec<String> = brief
            .map(|reason| format!("{} for {reason}", cell::brief(*reason)))
            .collect();
        if let [first, rest @ ..] = brief.as_slice() {
            let first = format!("✗ {first}");
            let brief: Vec<String> = std::iter::once(&first).chain(rest).cloned().collect();
            Self::entries(page, &brief, ", ");
        }
    }

    fn entries(page: &mut Page, entries: &[String], between: &str) {
        // Within an entry the spaces do not break, so that a symbol stays with its meaning.
        let entries: Vec<String> = entries
            .iter()
            .map(|entry| entry.replace(' ', "\u{a0}"))
            .collect();
        let before = page.lines.len();
        page.prose("  ", 2, &entries.join(between));
        for line in page.lines.iter_mut().skip(before) {
            *line = line.replace('\u{a0}', " ").trim_end().to_owned();
        }
    }
}
