//! The matrix at a glance, as a picture: a bar per runtime.

use crate::{
    analysis::{
        conformance::{Verdict, Verdicts},
        embargo,
        matrix::{Matrix, Table},
    },
    text,
};
use ocipick_records::OutcomeKind;
use std::{collections::BTreeMap, fmt::Write as _};
use strum::VariantArray as _;

/// What a part of a bar stands for, in the order in which they stand.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr, strum::VariantArray,
)]
#[strum(serialize_all = "lowercase")]
enum ChartPart {
    Picked,
    Refused,
    Failed,
    Unstable,
    Withheld,
    #[strum(to_string = "not measured")]
    Unknown,
}

impl ChartPart {
    fn of(kind: OutcomeKind) -> Self {
        match kind {
            OutcomeKind::Picked => Self::Picked,
            OutcomeKind::Refused => Self::Refused,
            OutcomeKind::Nothing
            | OutcomeKind::Mixed
            | OutcomeKind::Crashed
            | OutcomeKind::TimedOut => Self::Failed,
            OutcomeKind::Unstable => Self::Unstable,
            OutcomeKind::Unmeasured => Self::Unknown,
        }
    }

    fn color(self) -> &'static str {
        match self {
            Self::Picked => "#2d7d32",
            Self::Refused => "#c58a00",
            Self::Failed => "#b3261e",
            Self::Unstable => "#7b3fa0",
            Self::Withheld => "#444444",
            Self::Unknown => "#c8c8c8",
        }
    }

    fn words(self) -> &'static str {
        self.into()
    }
}

const LINE: usize = 22;
const HEAD: usize = 58;
const NAMES: usize = 240;
const BAR: usize = 420;
const ALL: usize = 780;

/// Draws it: of each runtime how many rows it picked, refused, failed at, and how many requirements
/// it broke.
#[must_use]
pub fn picture(matrix: &Matrix<'_>, verdicts: &Verdicts<'_>) -> String {
    let rows: usize = matrix.tables.iter().map(|table| table.rows().count()).sum();
    let children: usize = matrix
        .tables
        .iter()
        .map(|table| table.disagreements().children)
        .sum();
    let height = HEAD + matrix.runtimes.len() * LINE + 10;
    let title = format!(
        "{} on {}; two take different images in {children}",
        text::count(matrix.runtimes.len(), "runtime", "runtimes"),
        text::count(rows, "row", "rows"),
    );
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{ALL}\" height=\"{height}\" role=\"img\" \
         aria-label=\"{title}\">\n<title>{title}</title>\n\
         <rect width=\"{ALL}\" height=\"{height}\" fill=\"#fff\"/>\n\
         <g font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"12\" fill=\"#222\">\n\
         <text x=\"10\" y=\"20\" font-weight=\"bold\">{title}</text>\n"
    );
    let mut at = 10;
    for part in ChartPart::VARIANTS {
        let _ = writeln!(
            svg,
            "<rect x=\"{at}\" y=\"32\" width=\"12\" height=\"12\" fill=\"{}\"/><text x=\"{}\" y=\"43\">{}</text>",
            part.color(),
            at + 17,
            part.words()
        );
        at += 35 + part.words().len() * 8;
    }
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"43\">MUST broken</text>",
        NAMES + BAR + 20
    );
    for (column, runtime) in matrix.runtimes.iter().enumerate() {
        let y = HEAD + column * LINE;
        let _ = writeln!(
            svg,
            "<text x=\"10\" y=\"{}\">{}</text>",
            y + 14,
            text::markup(&text::line(&runtime.id))
        );
        let mut at = NAMES;
        for (part, count) in parts(matrix, column) {
            let width = (count * BAR).checked_div(rows).unwrap_or(0).max(1);
            let _ = writeln!(
                svg,
                "<rect x=\"{at}\" y=\"{}\" width=\"{width}\" height=\"16\" fill=\"{}\"><title>{count} {}</title></rect>",
                y + 2,
                part.color(),
                part.words()
            );
            at += width;
        }
        let broken = verdicts
            .entries
            .iter()
            .filter(|it| it.column == column && it.reasoned.verdict == Verdict::Violates)
            .count();
        let said = if runtime.unmeasured.is_some() {
            "–".to_owned()
        } else {
            broken.to_string()
        };
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\">{said}</text>",
            NAMES + BAR + 20,
            y + 14
        );
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

/// How many rows of a runtime came out in which way; ways that did not occur are left out.
fn parts(matrix: &Matrix<'_>, column: usize) -> BTreeMap<ChartPart, usize> {
    let mut parts = BTreeMap::new();
    for row in matrix.tables.iter().flat_map(Table::rows) {
        let trial = row.cells.get(column).copied().flatten();
        let part = trial.map_or(ChartPart::Unknown, |trial| {
            if embargo::is_withheld(&trial.outcome) {
                ChartPart::Withheld
            } else {
                ChartPart::of(trial.outcome.kind())
            }
        });
        *parts.entry(part).or_default() += 1;
    }
    parts
}
