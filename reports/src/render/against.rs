//! What a build does otherwise than a released version: for a terminal, and as Markdown for a pull request.

use super::{
    markdown::escape::{code_in_table, prose},
    paint::{Style, mark, paint},
};
use crate::{
    analysis::{
        against::{BuildComparison, NotCompared, RowDifference},
        changes::OutcomeChange,
    },
    text,
};
use ocipick_records::Outcome;

/// How many rows are named on a terminal, where not all are asked for.
const NAMED: usize = 40;

/// What came of it, in a line without an end.
#[must_use]
pub fn headline(comparison: &BuildComparison) -> String {
    let BuildComparison {
        build,
        reference,
        compared,
        differences,
        ..
    } = comparison;
    let source = if comparison.is_measured {
        "measured beside it"
    } else {
        "as it was accepted"
    };
    match (compared, differences.len()) {
        (0, _) => format!("{build} and {reference} ({source}): no row could be compared"),
        (1, 0) => format!("{build} does as {reference} ({source}) does on the one row compared"),
        (rows, 0) => format!("{build} does as {reference} ({source}) does on all {rows} rows"),
        (rows, differ) => {
            format!("{build} differs from {reference} ({source}) on {differ} of {rows} rows")
        }
    }
}

/// What stands below it, for both formats: what is not known, and how sure the rest is.
fn remarks(comparison: &BuildComparison) -> Vec<String> {
    let mut remarks = Vec::new();
    let rows = |number: usize| text::count(number, "row", "rows");
    match comparison.wavering.len() {
        0 => {}
        number => remarks.push(format!(
            "on {} one of the two does not do the same each time, and both did one thing",
            rows(number)
        )),
    }
    let left_out: Vec<String> = comparison
        .left_out
        .iter()
        .map(|(why, number)| format!("{} {}", rows(*number), not_compared(*why)))
        .collect();
    if !left_out.is_empty() {
        remarks.push(format!("not compared: {}", left_out.join(", ")));
    }
    if comparison.differences.iter().any(|it| it.rests_on_one_try) {
        remarks.push(
            "rows were tried once: --repeat 3 tells what changed from what differs each time"
                .to_owned(),
        );
    }
    remarks
}

const fn not_compared(why: NotCompared) -> &'static str {
    match why {
        NotCompared::BuildUnmeasured => "on which the build was not measured",
        NotCompared::ReferenceUnknown => "of which nothing is known of the other",
        NotCompared::OtherBytes => "that were other bytes then",
        NotCompared::OtherLevel => "that hang on the processor, which was another",
    }
}

/// For a terminal. Rows beyond the first are counted, where not `all` are asked for.
#[must_use]
pub fn terminal(comparison: &BuildComparison, all: bool, color: bool) -> String {
    let mut lines = vec![mark(Style::Bold, &headline(comparison))];
    let named = if all { usize::MAX } else { NAMED };
    let width = |of: fn(&RowDifference) -> String| {
        let rows = comparison.differences.iter().take(named);
        rows.map(|row| of(row).chars().count()).max().unwrap_or(0)
    };
    let (widest, middle) = (width(label), width(|row| gist(&row.was)));
    let mut title = None;
    for row in comparison.differences.iter().take(named) {
        if title != Some(row.what) {
            lines.push(format!("  {}", mark(style(row.what), row.what.title())));
            title = Some(row.what);
        }
        let (label, was, is) = (label(row), gist(&row.was), gist(&row.is));
        lines.push(format!("    {label:widest$}  {was:middle$}  →  {is}"));
    }
    match comparison.differences.len().saturating_sub(named) {
        0 => {}
        more => lines.push(format!("    and {more} more (--all names them)")),
    }
    lines.extend(remarks(comparison).iter().map(|it| format!("  {it}")));
    let lines: Vec<String> = lines.into_iter().map(|it| it + "\n").collect();
    paint(&lines.concat(), color)
}

/// As Markdown.
#[must_use]
pub fn markdown(comparison: &BuildComparison) -> String {
    let mut lines = vec![format!("**{}.**", prose(&headline(comparison)))];
    if !comparison.differences.is_empty() {
        lines.extend([
            String::new(),
            format!(
                "| case | platform | {} | {} | |",
                code_in_table(&comparison.reference),
                code_in_table(&comparison.build)
            ),
            "|---|---|---|---|---|".to_owned(),
        ]);
    }
    for row in &comparison.differences {
        lines.push(format!(
            "| {} | {} | {} | {} | {} |",
            code_in_table(&case(row)),
            code_in_table(&row.platform),
            code_in_table(&gist(&row.was)),
            code_in_table(&gist(&row.is)),
            prose(row.what.title()),
        ));
    }
    for remark in remarks(comparison) {
        lines.extend([String::new(), prose(&remark)]);
    }
    lines.push(String::new());
    lines.join("\n")
}

fn case(row: &RowDifference) -> String {
    format!("{} {}", row.operation, row.case)
}

fn label(row: &RowDifference) -> String {
    text::line(&format!("{} {}", case(row), row.platform))
}

fn gist(outcome: &Outcome) -> String {
    let gist = match outcome {
        Outcome::Picked { child, .. } => format!("picked {child}"),
        other => other.gist(),
    };
    text::line(&gist)
}

const fn style(what: OutcomeChange) -> Style {
    match what {
        OutcomeChange::NowCrashes | OutcomeChange::NowFails => Style::Red,
        OutcomeChange::OtherPick | OutcomeChange::NowRefused | OutcomeChange::Elsewhere => {
            Style::Yellow
        }
        OutcomeChange::NowPicked | OutcomeChange::NoLongerFails => Style::Green,
        OutcomeChange::OtherFailure | OutcomeChange::OtherReason | OutcomeChange::Wavers => {
            Style::Cyan
        }
    }
}
