//! `ocipick cases`.

use super::{args::SelectionArgs, fail::Result, select, terminal::Terminal};
use clap::Args;
use ocipick::{exit::ExitCode, json::CaseList};
use ocipick_corpus::lint::{Consequence, Subject, Violation};
use std::fmt::Write as _;

/// What the marks in a list of cases mean.
const LEGEND: &str = "\
[invalid]: the index breaks a requirement itself, and refusing it is right. [not to be trusted]: the
specification lets it be turned down. `inside`: not the index, but something that it leads to.
`ocipick show CASE` names the clauses.";

#[derive(Debug, Args)]
pub(crate) struct CasesArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn cases(args: &CasesArgs, screen: Terminal) -> Result<ExitCode> {
    let selected = select::cases(&args.selection, screen)?;
    if args.json {
        let cases = selected.cases.iter().map(|case| &**case);
        screen.print_json(&CaseList::of(cases))?;
        return Ok(ExitCode::Success);
    }
    let width = selected
        .cases
        .iter()
        .map(|case| case.id.as_str().len())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    let mut family = None;
    let mut is_marked = false;
    for case in &selected.cases {
        if family != Some(case.id.family()) {
            family = Some(case.id.family());
            let title = selected
                .corpus
                .families()
                .iter()
                .find(|known| known.id == case.id.family())
                .map_or(case.id.family(), |known| known.title.as_str());
            if !text.is_empty() {
                text.push('\n');
            }
            // Foreign layouts at the top of their directory are of no family.
            if !title.is_empty() {
                let _ = writeln!(text, "{title}");
            }
        }
        let mark = mark(&case.breaches());
        is_marked |= mark.is_some();
        let _ = writeln!(
            text,
            "  {:width$}  {:<14}  {}{}",
            case.id,
            case.asked(),
            case.title,
            mark.map_or_else(String::new, |mark| format!("  [{mark}]")),
        );
    }
    let count = selected.cases.len();
    let _ = write!(
        text,
        "\n{count} {}",
        if count == 1 { "case" } else { "cases" }
    );
    if is_marked {
        let _ = write!(text, "\n\n{LEGEND}");
    }
    screen.print(&text)?;
    Ok(ExitCode::Success)
}

/// What a list of cases says of one that some tool is right to refuse: of its index, or else of
/// something inside.
fn mark(breaches: &[Violation]) -> Option<&'static str> {
    let gravest = |is_index: bool| {
        let of = breaches
            .iter()
            .filter(|breach| (breach.document == Subject::Index) == is_index)
            .filter(|breach| breach.excuses_refusal());
        // What only the next version of a specification demands counts for less.
        of.map(|breach| (breach.consequence, !breach.is_released()))
            .min()
    };
    match (gravest(true), gravest(false)) {
        (Some((Consequence::Invalid, false)), _) => Some("invalid"),
        (Some((Consequence::Invalid, true)), _) => Some("invalid once released"),
        (Some(_), _) => Some("not to be trusted"),
        (None, Some((Consequence::Invalid, _))) => Some("invalid inside"),
        (None, Some(_)) => Some("not to be trusted inside"),
        (None, None) => None,
    }
}
