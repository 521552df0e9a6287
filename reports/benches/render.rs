//! How fast reports are made of many results: 500 cases by 60 runtimes, in every format.

mod large;

use large::CASES;
use ocipick_corpus::{Corpus, built_in_specifications};
use ocipick_reports::{
    analysis::{
        changes::versions::History,
        conformance::{ConformanceRules, Revisions},
        matrix::{CaseBook, Matrix},
    },
    check::{CheckPolicy, Checker, result::Hints},
    render::{json, junit, markdown, terminal},
};
use std::{
    hint::black_box,
    io::{Error, Write as _},
    path::Path,
    time::{Duration, Instant},
};

const ROUNDS: u32 = 5;

fn main() -> std::io::Result<()> {
    let results = [large::results()];
    let book = CaseBook::default();
    let matrix = Matrix::build(&results, &book);
    let history = History::of(&matrix);
    let corpus = Corpus::built_in().map_err(Error::other)?;
    let specifications = built_in_specifications().map_err(Error::other)?;
    let revisions = Revisions::choose(&specifications, &[]).map_err(Error::other)?;
    let rules = ConformanceRules::new(&corpus, revisions);
    let hints = Hints::of_results(Path::new("results.jsonl"));
    let checker = Checker::new(CheckPolicy::default(), &corpus, &rules, hints);
    let mut out = std::io::stdout();
    writeln!(
        out,
        "reports: {CASES} cases by {} runtimes, {} changes",
        matrix.runtimes.len(),
        history.changes.len()
    )?;
    let of_width = |width| terminal::TerminalOptions {
        width,
        ..terminal::TerminalOptions::default()
    };
    let makers: [(&str, &dyn Fn() -> usize); 8] = [
        ("matrix", &|| Matrix::build(&results, &book).runtimes.len()),
        ("history", &|| History::of(&matrix).changes.len()),
        ("terminal", &|| {
            terminal::render(&matrix, &of_width(None)).len()
        }),
        ("terminal 120", &|| {
            terminal::render(&matrix, &of_width(Some(120))).len()
        }),
        ("terminal 220", &|| {
            terminal::render(&matrix, &of_width(Some(220))).len()
        }),
        ("markdown", &|| {
            markdown::render(&matrix, &markdown::MarkdownOptions::default()).len()
        }),
        ("json", &|| json::render(&matrix).len()),
        ("junit", &|| {
            junit::render(&matrix, &checker.check_all(&results)).len()
        }),
    ];
    for (name, make) in makers {
        let mut best = Duration::MAX;
        let mut size = 0;
        for _ in 0..ROUNDS {
            let began = Instant::now();
            size = black_box(make());
            best = best.min(began.elapsed());
        }
        writeln!(
            out,
            "  {name:<12} {best:>9.1?} at best of {ROUNDS}, size {size}"
        )?;
    }
    Ok(())
}
