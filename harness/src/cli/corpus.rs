//! `ocipick cases`, `ocipick show`, and `ocipick corpus`.

use super::{
    args::{Cases, CorpusCommand, Selection, Show},
    breaches, check,
    fail::{Failure, Result},
    publish,
    screen::Screen,
    select,
};
use ocipick::exit::Exit;
use ocipick_corpus::{Case, ClauseUse, Corpus, Expectation, write_layout};
use std::{fmt::Write as _, fs, path::Path};

pub(crate) fn cases(args: &Cases, screen: Screen) -> Result<Exit> {
    let selected = select::cases(&args.selection)?;
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
    let selected = select::cases(&selection)?;
    let Some(case) = selected
        .cases
        .iter()
        .find(|case| case.id.as_str() == args.case)
    else {
        let close: Vec<&str> = selected
            .cases
            .iter()
            .map(|case| case.id.as_str())
            .filter(|id| id.contains(&args.case) || args.case.contains(id))
            .take(5)
            .collect();
        let hint = if close.is_empty() {
            "ocipick cases lists them".to_owned()
        } else {
            format!("did you mean {}?", close.join(", "))
        };
        return Err(Failure::usage(format!(
            "there is no case `{}` (hint: {hint})",
            args.case
        )));
    };
    screen.print(&describe(case, &selected.corpus))?;
    Ok(Exit::Success)
}

fn describe(case: &Case, corpus: &Corpus) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{}\n{}\n\n{}\n", case.id, case.title, case.why);
    let _ = writeln!(text, "asked for  {}", case.asked());
    let _ = writeln!(text, "served as  {}", case.index.media_type);
    let _ = writeln!(text, "digest     {}", case.index.digest);
    let _ = writeln!(text, "written in {}", case.source);
    if !case.origins.is_empty() {
        let _ = writeln!(text, "origins    {}", case.origins.join(", "));
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
        }
    }
    let own = case.breaches();
    if !own.is_empty() {
        let _ = writeln!(text, "\nIts own breaches");
        text.push_str(&breaches::lines(&own));
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
    let _ = writeln!(text, "\nIndex, {} bytes", case.index.bytes.len());
    let _ = writeln!(text, "{}", String::from_utf8_lossy(&case.index.bytes));
    for document in &case.documents {
        let nested = !case
            .children
            .iter()
            .any(|child| child.manifest == document.digest);
        if nested {
            let _ = writeln!(text, "\nNested index {}", document.digest);
            let _ = writeln!(text, "served as {}", document.media_type);
            let _ = writeln!(text, "{}", String::from_utf8_lossy(&document.bytes));
        }
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
            let selected = select::cases(&selection)?;
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
    let selected = select::cases(&selection)?;
    for case in &selected.cases {
        let target = dir.join(case.id.as_str());
        fs::create_dir_all(&target)
            .map_err(|error| Failure::usage(format!("{}: {error}", target.display())))?;
        write_layout(case, &target).map_err(Failure::usage)?;
    }
    screen.say(&format!(
        "wrote {} layouts below {}",
        selected.cases.len(),
        dir.display()
    ));
    Ok(Exit::Success)
}
