//! A badge per tool: the JSON that shields takes as an endpoint, and an SVG of our own.
//!
//! A badge says how many cases were measured and how many requirements (MUST) were broken, of the
//! newest version that was measured. Where the outcome is a crash, a hang, an empty success or a
//! contradiction, nobody can say whether a requirement was broken: that is counted beside, and no badge
//! is green for it. It says nothing of quality: a tool that is asked more can break
//! more, and where the specification is silent nothing is broken.

use crate::{
    analysis::{
        changes::versions::{ReleaseSeries, lines},
        conformance::Verdicts,
        embargo,
        matrix::{Matrix, Table},
    },
    text,
};
use serde::Serialize;
use std::collections::BTreeSet;
use unicode_width::UnicodeWidthStr as _;

/// A badge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Badge {
    /// The name of its files, without their endings.
    pub name: String,
    /// The left part.
    pub label: String,
    /// The right part.
    pub message: String,
    /// Its colour.
    pub color: BadgeColor,
}

/// The colours of badges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadgeColor {
    /// Measured, no requirement was broken, and none could not be judged.
    Green,
    /// Some requirement was broken, and nobody can dispute it.
    Orange,
    /// Not measured, or nobody can say: a violation is arguable, or a cell could not be judged.
    Grey,
}

impl BadgeColor {
    fn shields(self) -> &'static str {
        match self {
            Self::Green => "brightgreen",
            Self::Orange => "orange",
            Self::Grey => "lightgrey",
        }
    }

    fn hex(self) -> &'static str {
        match self {
            // Dark enough for white letters.
            Self::Green => "#2d7d32",
            Self::Orange => "#b34700",
            Self::Grey => "#6b6b6b",
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Endpoint<'b> {
    schema_version: u8,
    label: &'b str,
    message: &'b str,
    color: &'static str,
}

/// The badges of a matrix, one per tool and configuration.
#[must_use]
pub fn badges(matrix: &Matrix<'_>, verdicts: &Verdicts<'_>) -> Vec<Badge> {
    let lines = lines(matrix);
    lines
        .iter()
        .map(|line| badge(matrix, verdicts, line))
        .collect()
}

fn badge(matrix: &Matrix<'_>, verdicts: &Verdicts<'_>, line: &ReleaseSeries<'_>) -> Badge {
    let name = line.name();
    let file = name.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let newest = line
        .columns
        .iter()
        .rev()
        .find_map(|column| Some((*column, matrix.runtimes.get(*column)?)))
        .filter(|(_, runtime)| runtime.unmeasured.is_none());
    let Some((column, runtime)) = newest else {
        return Badge {
            name: file,
            label: name,
            message: "not measured".to_owned(),
            color: BadgeColor::Grey,
        };
    };
    let mut asked = BTreeSet::new();
    let mut measured = BTreeSet::new();
    let mut withheld = BTreeSet::new();
    for row in matrix.tables.iter().flat_map(Table::rows) {
        asked.insert(row.case);
        if let Some(trial) = row.cells.get(column).copied().flatten() {
            if trial.outcome.is_measured() {
                measured.insert(row.case);
            }
            if embargo::is_withheld(&trial.outcome) {
                withheld.insert(row.case);
            }
        }
    }
    let requirements = verdicts.requirements_of(column);
    let mut message = format!(
        "{} of {} cases · {}",
        measured.len(),
        asked.len(),
        requirements.words()
    );
    if !withheld.is_empty() {
        message = format!("{message} · {} withheld", withheld.len());
    }
    Badge {
        name: file,
        label: match runtime.build().mark() {
            Some(mark) => format!("{name} {}, {mark}", text::line(runtime.version)),
            None => format!("{name} {}", text::line(runtime.version)),
        },
        message,
        color: if !requirements.broken.is_empty() {
            BadgeColor::Orange
        } else if requirements.arguable.is_empty() && requirements.not_judged.is_empty() {
            BadgeColor::Green
        } else {
            BadgeColor::Grey
        },
    }
}

impl Badge {
    /// What shields takes as an endpoint.
    ///
    /// # Panics
    /// Never: it is text.
    #[must_use]
    pub fn json(&self) -> String {
        let endpoint = Endpoint {
            schema_version: 1,
            label: &self.label,
            message: &self.message,
            color: self.color.shields(),
        };
        let mut json = serde_json::to_string(&endpoint).expect("it is text");
        json.push('\n');
        json
    }

    /// A picture of it.
    #[must_use]
    pub fn svg(&self) -> String {
        const LETTER: usize = 7;
        const EDGE: usize = 6;
        let width = |text: &str| text.width() * LETTER + 2 * EDGE;
        let (left, right) = (width(&self.label), width(&self.message));
        let all = left + right;
        let escaped = |said: &str| text::attribute(&text::line(said));
        let (label, message) = (escaped(&self.label), escaped(&self.message));
        let color = self.color.hex();
        let (left_text, right_text) = (left - 2 * EDGE, right - 2 * EDGE);
        let (left_at, right_at) = (EDGE, left + EDGE);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{all}\" height=\"20\" role=\"img\" \
             aria-label=\"{label}: {message}\">\n\
             <title>{label}: {message}</title>\n\
             <rect width=\"{all}\" height=\"20\" rx=\"3\" fill=\"#444\"/>\n\
             <path d=\"M{left} 0h{}a3 3 0 0 1 3 3v14a3 3 0 0 1 -3 3h-{}z\" fill=\"{color}\"/>\n\
             <g fill=\"#fff\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\">\n\
             <text x=\"{left_at}\" y=\"14\" textLength=\"{left_text}\">{label}</text>\n\
             <text x=\"{right_at}\" y=\"14\" textLength=\"{right_text}\">{message}</text>\n\
             </g>\n</svg>\n",
            right - 3,
            right - 3,
        )
    }
}
