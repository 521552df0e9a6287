//! Shows results in a format, and for a terminal in a width: a sample of the tests, or a file.
//! `cargo run -p ocipick-reports --example preview -- terminal 120 [sample|generations|FILE]`.

#[path = "../tests/it/sample.rs"]
mod sample;

use ocipick_corpus::{Corpus, built_in_specifications};
use ocipick_records::Results;
use ocipick_reports::{
    analysis::{
        conformance::{ConformanceRules, Revisions},
        matrix::{CaseBook, Matrix},
    },
    check::{CheckPolicy, Checker, result::Hints},
    render::{json, junit, markdown, terminal},
};
use std::{
    io::{Error, Write as _},
    path::Path,
};

fn main() -> std::io::Result<()> {
    let format = std::env::args().nth(1).unwrap_or_default();
    let width = std::env::args().nth(2);
    let (results, book) = match std::env::args().nth(3).as_deref() {
        None | Some("sample") => (sample::sample(), sample::book()),
        Some("generations") => (sample::generations(), sample::book()),
        Some(file) => {
            let results = Results::read(Path::new(file)).map_err(Error::other)?;
            (results, built_in()?)
        }
    };
    let results = [results];
    let matrix = Matrix::build(&results, &book);
    let shown = match format.as_str() {
        "" | "terminal" => {
            let options = terminal::TerminalOptions {
                color: true,
                width: width.and_then(|width| width.parse().ok()),
                ..terminal::TerminalOptions::default()
            };
            terminal::render(&matrix, &options)
        }
        "markdown" => markdown::render(&matrix, &markdown::MarkdownOptions::default()),
        "json" => json::render(&matrix),
        "junit" => {
            let corpus = Corpus::built_in().map_err(Error::other)?;
            let specifications = built_in_specifications().map_err(Error::other)?;
            let revisions = Revisions::choose(&specifications, &[]).map_err(Error::other)?;
            let rules = ConformanceRules::new(&corpus, revisions);
            let hints = Hints::of_results(Path::new("results.jsonl"));
            let checker = Checker::new(CheckPolicy::default(), &corpus, &rules, hints);
            junit::render(&matrix, &checker.check_all(&results))
        }
        _ => return Err(Error::other(format!("`{format}` is no format"))),
    };
    std::io::stdout().write_all(shown.as_bytes())
}

fn built_in() -> std::io::Result<CaseBook> {
    let corpus = Corpus::built_in().map_err(Error::other)?;
    Ok(CaseBook::of(&corpus))
}
