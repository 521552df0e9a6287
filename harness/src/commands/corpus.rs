//! `ocipick cases`, `ocipick show`, and `ocipick corpus`.

use super::{
    args::{CasesArgs, CorpusCommand, Selection, Show},
    check,
    describe::describe,
    fail::{Failure, Result},
    push, select,
    terminal::Terminal,
    violations,
};
use ocipick::exit::Exit;
use ocipick_corpus::{Case, built_in_specifications, write_corpus};
use std::{fmt::Write as _, path::Path};

pub(crate) fn cases(args: &CasesArgs, screen: Terminal) -> Result<Exit> {
    let selected = select::cases(&args.selection, screen)?;
    if args.json {
        let cases = selected.cases.iter().map(|case| outline(case));
        let json = serde_json::json!({ "cases": cases.collect::<Vec<_>>() });
        screen.print_json("ocipick.cases/1", json)?;
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

pub(crate) fn show(args: &Show, screen: Terminal) -> Result<Exit> {
    // An id is taken literally, even if it looks like a glob.
    let selection = Selection {
        cases: Vec::new(),
        corpus: args.selection.corpus.clone(),
        platform: args.selection.platform.clone(),
    };
    let selected = select::cases(&selection, screen)?;
    let case = select::case(&selected.corpus, &args.case, screen)?;
    if args.json {
        screen.print_json("ocipick.show/1", in_full(case))?;
    } else {
        screen.print(&describe(case, &selected.corpus))?;
    }
    Ok(Exit::Success)
}

pub(crate) fn corpus(command: &CorpusCommand, screen: Terminal) -> Result<Exit> {
    match command {
        CorpusCommand::Build { dir, cases, json } => build(dir, cases, *json, screen),
        CorpusCommand::Check { dir, json, strict } => {
            check::check(dir.as_deref(), *json, *strict, screen)
        }
        CorpusCommand::Push {
            registry,
            cases,
            plain_http,
            json,
        } => {
            let platform = "linux/amd64".parse().map_err(Failure::internal)?;
            let selection = Selection {
                cases: cases.clone(),
                corpus: None,
                platform,
            };
            let selected = select::cases(&selection, screen)?;
            push::push(registry, *plain_http, &selected.cases, *json, screen)
        }
    }
}

fn build(dir: &Path, patterns: &[String], json: bool, screen: Terminal) -> Result<Exit> {
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
    if json {
        let written: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
        let json = serde_json::json!({ "dir": dir, "cases": written });
        screen.print_json("ocipick.corpus-build/1", json)?;
    }
    screen.say(&format!(
        "wrote {} {} below {}; {} says what is there",
        cases.len(),
        if cases.len() == 1 { "case" } else { "cases" },
        dir.display(),
        dir.join("README.md").display()
    ));
    Ok(Exit::Success)
}

/// A case as JSON, without its bytes.
fn outline(case: &Case) -> serde_json::Value {
    let asks: Vec<String> = case.asks.iter().map(ToString::to_string).collect();
    serde_json::json!({
        "id": case.id.as_str(),
        "family": case.id.family(),
        "title": case.title,
        "why": case.why,
        "asks": asks,
        "origins": case.origins,
        "content": ocipick_corpus::digest_of_content(case),
    })
}

/// A case as JSON, in full: the index as text where it is text.
fn in_full(case: &Case) -> serde_json::Value {
    let mut json = outline(case);
    let children = case.children.iter().map(|child| {
        serde_json::json!({
            "name": child.name,
            "manifest": child.manifest.as_str(),
            "config": child.config.as_ref().map(ocipick_corpus::Digest::as_str),
            "platform": child.platform.as_ref().map(ToString::to_string),
            "served": child.served,
        })
    });
    let clauses = case.clauses.iter().map(|used| {
        let satisfied = used.satisfied_by.iter().map(|(ask, by)| {
            let by: Vec<String> = by.iter().map(ToString::to_string).collect();
            (ask.to_string(), serde_json::Value::from(by))
        });
        serde_json::json!({
            "id": used.id,
            "satisfied_by": satisfied.collect::<serde_json::Map<_, _>>(),
        })
    });
    json["index"] = serde_json::json!({
        "digest": case.index.digest.as_str(),
        "media_type": case.index.media_type,
        "size": case.index.bytes.len(),
        "text": std::str::from_utf8(&case.index.bytes).ok(),
    });
    json["children"] = children.collect();
    json["clauses"] = clauses.collect();
    json
}
