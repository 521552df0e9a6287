//! `ocipick report`.

use super::{
    args::{OutputFormat, ReportArgs},
    embargo,
    fail::{Failure, Result},
    rules,
    run::book,
    terminal::Terminal,
};
use ocipick::{
    check::{CheckPolicy, Checker, result::Hints},
    exit::Exit,
    results::FILE,
    site,
};
use ocipick_corpus::Corpus;
use ocipick_records::{Results, Trial};
use ocipick_reports::{
    analysis::{conformance::Verdicts, matrix::Matrix},
    render::{badge, html, json, junit, markdown, summary, terminal, verdicts},
    site::{Site, Sources},
};
use std::{
    fs,
    path::{Path, PathBuf},
    ptr,
};

/// Reads results, each given as its file or as the directory that it is in.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Vec<Results>> {
    let files = paths.iter().map(|path| {
        if path.is_dir() {
            path.join(FILE)
        } else {
            path.clone()
        }
    });
    files
        .map(|file| Results::read(&file).map_err(Failure::from))
        .collect()
}

pub(crate) fn report(args: &ReportArgs, screen: Terminal) -> Result<Exit> {
    let mut results = read(&args.results)?;
    let format = match (args.json, args.format) {
        (true, _) => OutputFormat::Json,
        (false, format) => format.unwrap_or(OutputFormat::Terminal),
    };
    // A file goes to others, whatever its form; what is printed for a terminal is for who is at it.
    if format.is_for_others() || args.out.is_some() || args.badges.is_some() || args.html.is_some()
    {
        embargo::withhold(&mut results, args.include_embargoed, screen)?;
    }
    let corpus = Corpus::built_in()?;
    let book = book(&corpus);
    let rules = rules::rules(&corpus, &args.revisions)?;
    let matrix = Matrix::build(&results, &book);
    let verdicts = Verdicts::of(&matrix, &rules);
    if let Some(dir) = &args.badges {
        badges(dir, &matrix, &verdicts, screen)?;
        if args.format.is_none() && args.out.is_none() && args.html.is_none() && !args.json {
            return Ok(Exit::Success);
        }
    }
    if let Some(dir) = &args.html {
        let sources = Sources {
            matrix: &matrix,
            verdicts: &verdicts,
            corpus: &corpus,
        };
        return write_site(&sources, dir, screen);
    }
    let text = match format {
        OutputFormat::Terminal => {
            let to_screen = args.out.is_none();
            let options = terminal::TerminalOptions {
                color: to_screen && screen.color(),
                width: if to_screen { screen.width() } else { None },
                all: args.all,
                findings: 3,
            };
            let mut text = terminal::render(&matrix, &options);
            text.push_str(&verdicts::terminal::render(
                &matrix,
                &verdicts,
                options.color,
                options.width,
            ));
            text
        }
        OutputFormat::Markdown => {
            let options = markdown::MarkdownOptions {
                all: args.all,
                findings: 3,
            };
            let mut text = markdown::render_judged(&matrix, &options, Some(&verdicts));
            text.push('\n');
            text.push_str(&verdicts::markdown::render(&matrix, &verdicts, args.all));
            text
        }
        OutputFormat::Html => {
            let options = html::HtmlOptions {
                all: args.all,
                findings: 3,
            };
            html::render_judged(&matrix, &options, Some(&verdicts))
        }
        OutputFormat::Json => json::render_judged(&matrix, Some(&verdicts)),
        OutputFormat::Junit => {
            let policy = CheckPolicy::read(args.baselines.as_deref())?;
            let mut hints = args.results.first().map_or_else(
                || Hints::of_results(Path::new(".")),
                |results| Hints::of_results(results),
            );
            hints.baselines.clone_from(&args.baselines);
            let checker = Checker::new(policy, &corpus, &rules, hints);
            let checked = checker.for_junit(&results);
            let check = |trial: &Trial| {
                let found = checked.get(&ptr::from_ref(trial));
                found.cloned().unwrap_or_else(|| junit::by_outcome(trial))
            };
            screen.say(&format!("held against {}", checker.baselines()));
            junit::render(&matrix, &check)
        }
        OutputFormat::Summary => summary::render(&matrix),
    };
    screen.deliver(&text, args.out.as_deref())?;
    Ok(Exit::Success)
}

fn write_site(sources: &Sources<'_>, dir: &Path, screen: Terminal) -> Result<Exit> {
    let made = Site::build(sources);
    site::write(&made, dir).map_err(Failure::usage)?;
    screen.say(&format!(
        "wrote {} files, {:.1} MB: open {}",
        made.files.len(),
        made.size() as f64 / 1e6,
        dir.join("index.html").display()
    ));
    Ok(Exit::Success)
}

fn badges(
    dir: &Path,
    matrix: &Matrix<'_>,
    verdicts: &Verdicts<'_>,
    screen: Terminal,
) -> Result<()> {
    let fail = |error: std::io::Error| {
        Failure::usage(format!("cannot write to {}: {error}", dir.display()))
    };
    fs::create_dir_all(dir).map_err(fail)?;
    let badges = badge::badges(matrix, verdicts);
    for badge in &badges {
        fs::write(dir.join(format!("{}.json", badge.name)), badge.json()).map_err(fail)?;
        fs::write(dir.join(format!("{}.svg", badge.name)), badge.svg()).map_err(fail)?;
    }
    screen.say(&format!(
        "wrote {} badges to {}",
        badges.len(),
        dir.display()
    ));
    Ok(())
}
