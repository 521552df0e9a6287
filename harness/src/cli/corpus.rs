//! `ocipick cases`, `ocipick show`, and `ocipick corpus`.

use super::{
    args::{Cases, CorpusCommand, Selection, Show},
    breaches, check,
    describe::describe,
    fail::{Failure, Result},
    publish,
    screen::Screen,
    select,
};
use ocipick::exit::Exit;
use ocipick_corpus::{Case, built_in_specifications, write_corpus};
use std::{fmt::Write as _, path::Path};

pub(crate) fn cases(args: &Cases, screen: Screen) -> Result<Exit> {
    let selected = select::cases(&args.selection, screen)?;
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
        let mark = breaches::mark(&case.breaches());
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
        let _ = write!(text, "\n\n{}", breaches::LEGEND);
    }
    screen.print(&text)?;
    Ok(Exit::Success)
}

pub(crate) fn show(args: &Show, screen: Screen) -> Result<Exit> {
    // An id is taken literally, even if it looks like a glob.
    let selection = Selection {
        cases: Vec::new(),
        corpus: args.selection.corpus.clone(),
        platform: args.selection.platform.clone(),
    };
    let selected = select::cases(&selection, screen)?;
    let case = select::case(&selected.corpus, &args.case, screen)?;
    screen.print(&describe(case, &selected.corpus))?;
    Ok(Exit::Success)
}

pub(crate) fn corpus(command: &CorpusCommand, screen: Screen) -> Result<Exit> {
    match command {
        CorpusCommand::Build { dir, cases } => build(dir, cases, screen),
        CorpusCommand::Check { dir, json, strict } => {
            check::check(dir.as_deref(), *json, *strict, screen)
        }
        CorpusCommand::Push {
            registry,
            cases,
            plain_http,
        } => {
            let platform = "linux/amd64".parse().map_err(Failure::internal)?;
            let selection = Selection {
                cases: cases.clone(),
                corpus: None,
                platform,
            };
            let selected = select::cases(&selection, screen)?;
            publish::push(registry, *plain_http, &selected.cases, screen)
        }
    }
}

fn build(dir: &Path, patterns: &[String], screen: Screen) -> Result<Exit> {
    let platform = "linux/amd64".parse().map_err(Failure::internal)?;
    let selection = Selection {
        cases: patterns.to_vec(),
        corpus: None,
        platform,
    };
    let selected = select::cases(&selection, screen)?;
    let cases: Vec<&Case> = selected.cases.iter().map(|case| &**case).collect();
    let specifications = built_in_specifications()?;
    write_corpus(&selected.corpus, &specifications, &cases, dir).map_err(Failure::usage)?;
    screen.say(&format!(
        "wrote {} {} below {}; {} says what is there",
        cases.len(),
        if cases.len() == 1 { "case" } else { "cases" },
        dir.display(),
        dir.join("README.md").display()
    ));
    Ok(Exit::Success)
}
