//! `ocipick cases`.

use super::{args::SelectionArgs, fail::Result, select, terminal::Terminal, violations};
use clap::Args;
use ocipick::{exit::Exit, json::CaseList};
use std::fmt::Write as _;

#[derive(Debug, Args)]
pub(crate) struct CasesArgs {
    #[command(flatten)]
    selection: SelectionArgs,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn cases(args: &CasesArgs, screen: Terminal) -> Result<Exit> {
    let selected = select::cases(&args.selection, screen)?;
    if args.json {
        let cases = selected.cases.iter().map(|case| &**case);
        screen.print_json(&CaseList::of(cases))?;
        return Ok(Exit::Success);
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
        let mark = violations::mark(&case.breaches());
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
        let _ = write!(text, "\n\n{}", violations::LEGEND);
    }
    screen.print(&text)?;
    Ok(Exit::Success)
}
