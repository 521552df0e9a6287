//! `ocipick show`: a case in full.

use super::{args::SelectionArgs, fail::Result, select, terminal::Terminal};
use clap::Args;
use ocipick::{exit::ExitCode, json::CaseInFull};
use ocipick_corpus::{
    Case, ClauseUse, Corpus, Expectation, LayoutRef,
    lint::{Violation, grouped},
};
use std::fmt::Write as _;

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// Id of the case, as `ocipick cases` lists it
    #[arg(value_name = "CASE")]
    case: String,
    #[command(flatten)]
    selection: SelectionArgs,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn show(args: &ShowArgs, screen: Terminal) -> Result<ExitCode> {
    // An id is taken literally, even if it looks like a glob.
    let selection = SelectionArgs {
        cases: Vec::new(),
        corpus: args.selection.corpus.clone(),
        platform: args.selection.platform.clone(),
    };
    let selected = select::cases(&selection, screen)?;
    let case = select::case(&selected.corpus, &args.case, screen)?;
    if args.json {
        screen.print_json(&CaseInFull::of(case))?;
    } else {
        screen.print(&describe(case, &selected.corpus))?;
    }
    Ok(ExitCode::Success)
}

/// One case in full, for people.
fn describe(case: &Case, corpus: &Corpus) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{}\n{}\n\n{}\n", case.id, case.title, case.why);
    let _ = writeln!(text, "asked for  {}", case.asked());
    let _ = writeln!(text, "served as  {}", case.index.media_type);
    let _ = writeln!(text, "digest     {}", case.index.digest);
    let _ = writeln!(text, "written in {}", case.source);
    for (what, words) in [
        ("origins   ", &case.origins),
        ("once known", &strings(&case.aliases)),
        ("only for  ", &strings(&case.operations)),
    ] {
        if !words.is_empty() {
            let _ = writeln!(text, "{what} {}", words.join(", "));
        }
    }
    if !case.clauses.is_empty() {
        let _ = writeln!(text, "\nClauses");
        for used in &case.clauses {
            let known = corpus.clause(&used.id);
            let level = known.map_or_else(String::new, |clause| {
                format!(" ({})", clause.newest().level)
            });
            let _ = writeln!(text, "  {}{level}", used.id);
            if let Some(clause) = known {
                let _ = writeln!(text, "    {}", clause.newest().says);
                let _ = writeln!(text, "    {}", clause.newest().link);
                for wording in clause.wordings.iter().filter(|it| *it != clause.newest()) {
                    let until = wording
                        .until
                        .as_ref()
                        .map_or_else(String::new, |until| format!(", until {}", until.name()));
                    let _ = writeln!(
                        text,
                        "    since {}{until} ({}): {}",
                        wording.since.name(),
                        wording.level,
                        wording.says
                    );
                }
            }
            text.push_str(&satisfied(used));
            let breached_by = used.breached_by.as_ref();
            let breached_by = breached_by.or(known.map(|clause| &clause.breached_by));
            let reasons: Vec<&str> = breached_by
                .filter(|_| !used.satisfied_by.iter().all(|(_, each)| each.is_empty()))
                .into_iter()
                .flatten()
                .map(|refusal| refusal.as_str())
                .collect();
            if !reasons.is_empty() {
                let _ = writeln!(text, "    broken by refusing over: {}", reasons.join(", "));
            }
            for sign in &used.breached_where {
                let _ = writeln!(text, "    broken where it {sign}");
            }
            for open in &used.leaves_open {
                let _ = writeln!(text, "    left open: {open}");
            }
            if let Some(arguable) = known.and_then(|clause| clause.arguable.as_ref()) {
                let _ = writeln!(text, "    arguable: {arguable}");
            }
        }
    }
    let own = case.breaches();
    if !own.is_empty() {
        let _ = writeln!(text, "\nIts own breaches");
        text.push_str(&violation_lines(&own));
    }
    let _ = writeln!(text, "\nChildren");
    for child in &case.children {
        let platform = child
            .platform
            .as_ref()
            .map_or_else(|| "no platform".to_owned(), ToString::to_string);
        let served = if child.served {
            ""
        } else {
            "  (the registry does not have it)"
        };
        let _ = writeln!(
            text,
            "  {:<14}  {platform:<14}  {}{served}",
            child.name, child.manifest
        );
    }
    if !case.faults.is_empty() {
        let _ = writeln!(text, "\nFaults of the registry");
        for fault in &case.faults {
            let _ = writeln!(text, "  {fault}");
        }
    }
    if case.layout_refs != [LayoutRef::latest(&case.index)] {
        let _ = writeln!(text, "\nEntries of index.json in the layout");
        for entry in &case.layout_refs {
            let name = entry.name.as_deref().unwrap_or("(without a name)");
            let _ = writeln!(text, "  {name:<14}  {:<14}  {}", entry.of, entry.digest);
        }
    }
    let _ = writeln!(text, "\nIndex, {} bytes", case.index.bytes.len());
    let _ = writeln!(text, "{}", in_part(&case.index.bytes));
    for document in &case.documents {
        let nested = !case
            .children
            .iter()
            .any(|child| child.manifest == document.digest);
        if nested {
            let _ = writeln!(text, "\nNested index {}", document.digest);
            let _ = writeln!(text, "served as {}", document.media_type);
            let _ = writeln!(text, "{}", in_part(&document.bytes));
        }
    }
    text
}

/// A paragraph for every clause that a document breaks.
pub(crate) fn violation_lines(breaches: &[Violation]) -> String {
    let mut text = String::new();
    for group in grouped(breaches) {
        let Violation { clause, level, .. } = group.first;
        let advice = group.first.advice();
        let _ = writeln!(text, "  breaks {clause} ({level}): {advice}");
        let _ = writeln!(text, "    {group}");
    }
    text
}

/// What satisfies a clause: in a line, or a line for each ask where they differ.
fn satisfied(used: &ClauseUse) -> String {
    let line = |by: &str, expectations: &[Expectation]| {
        let words: Vec<String> = expectations.iter().map(ToString::to_string).collect();
        match words.as_slice() {
            [] => String::new(),
            words => format!("    satisfied {by}: {}\n", words.join(", or ")),
        }
    };
    let mut text = match used.satisfied_alike() {
        Some(alike) => line("by", alike),
        None => {
            let each = used.satisfied_by.iter();
            each.map(|(ask, expectations)| line(&format!("for {ask} by"), expectations))
                .collect()
        }
    };
    for (demand, all) in &used.earlier {
        for (ask, expectations) in all {
            let by = format!("in its earlier wording ({demand}) for {ask} by");
            text.push_str(&line(&by, expectations));
        }
    }
    text
}

/// A document as text, and only the beginning of one that nobody would read to its end.
fn in_part(bytes: &[u8]) -> String {
    const SHOWN: usize = 20_000;
    let text = String::from_utf8_lossy(bytes);
    let Some((end, _)) = text.char_indices().find(|(at, _)| *at >= SHOWN) else {
        return text.into_owned();
    };
    format!(
        "{}\n… and {} bytes more (hint: `ocipick corpus build` writes all of them)",
        &text[..end],
        text.len() - end
    )
}

fn strings<T: ToString>(all: impl IntoIterator<Item = T>) -> Vec<String> {
    all.into_iter().map(|one| one.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_says_all_that_is_odd_about_it() {
        let recipe = r#"
title = "A sample"
why = "It is a test."
platforms = ["linux/amd64", "default"]
operations = ["import"]
aliases = ["samples/old"]

[children.a]
platform = "linux/amd64"

[index]
entries = ["a"]

[[faults]]
on = "a"
status = 503

[layout]
refs = [{ of = "a" }]
"#;
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("samples")).unwrap();
        std::fs::write(dir.path().join("samples/sample.toml"), recipe).unwrap();
        let corpus = Corpus::from_recipes(dir.path()).unwrap();
        let mut case = corpus.cases()[0].clone();
        case.source = "samples/sample.toml".to_owned();
        insta::assert_snapshot!("describe", describe(&case, &corpus));
    }

    #[test]
    fn what_is_very_long_is_shown_in_part() {
        let whole = in_part(&b"x".repeat(20_000));
        assert_eq!(whole.len(), 20_000);
        let part = in_part("ä".repeat(10_001).as_bytes());
        assert!(part.contains("… and 2 bytes more"), "{}", &part[19_990..]);
    }
}
