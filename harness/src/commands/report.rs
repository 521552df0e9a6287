//! `ocipick report`.

use super::{
    args::{FoldArgs, RevisionArgs},
    fail::{Failure, Result},
    results::{read, withhold},
    terminal::Terminal,
};
use clap::{Args, ValueEnum};
use ocipick::{check, exit::ExitCode, site};
use ocipick_corpus::Corpus;
use ocipick_reports::{
    analysis::{
        conformance::Verdicts,
        matrix::{CaseBook, Matrix},
    },
    check::{Checker, result::Hints},
    render::{badge, json, junit, markdown, summary, terminal, verdicts},
    site::{self as pages, Site, Sources},
};
use std::{
    fs,
    path::{Path, PathBuf},
};

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Results files, or directories that hold one
    #[arg(required = true, value_name = "RESULTS")]
    results: Vec<PathBuf>,
    /// In which form [default: terminal]
    #[arg(long, value_name = "FORM")]
    format: Option<ReportFormat>,
    /// Where to write it, in place of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write it as a site below this directory: pages for matrix, cases, runtimes, tools, clauses
    /// and findings, which need neither a server nor a network
    #[arg(long, value_name = "DIR", conflicts_with_all = ["format", "out", "all"])]
    html: Option<PathBuf>,
    /// Show rows that are alike one by one, and name every row of a change
    #[arg(long)]
    all: bool,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Write a badge per tool to DIR: JSON for shields, and SVG; without --format or --out nothing
    /// else is written
    #[arg(long, value_name = "DIR")]
    badges: Option<PathBuf>,
    /// Show what is for private disclosure first in Markdown, HTML, JSON, JUnit, summary, badges, the site,
    /// and in the terminal's form in a file, too; standard output of that form always does
    #[arg(long)]
    include_embargoed: bool,
    /// The directory of all baselines, for --format junit, in which a test passes as with `run
    /// --check` [default: baselines, or else those that came with this version of ocipick]
    #[arg(long, value_name = "DIR")]
    baselines: Option<PathBuf>,
    #[command(flatten)]
    fold: FoldArgs,
    #[command(flatten)]
    revisions: RevisionArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ReportFormat {
    Terminal,
    Markdown,
    Html,
    Json,
    Junit,
    /// Case, tool, interval of versions, outcome: a stable JSON for other programs
    Summary,
}

impl ReportFormat {
    /// Whether others are to read it: all but what is printed on a terminal.
    fn is_for_others(self) -> bool {
        match self {
            Self::Markdown | Self::Html | Self::Json | Self::Summary | Self::Junit => true,
            Self::Terminal => false,
        }
    }
}

pub(crate) fn report(args: &ReportArgs, screen: Terminal) -> Result<ExitCode> {
    let mut results = read(&args.results)?;
    let format = match (args.json, args.format) {
        (true, _) => ReportFormat::Json,
        (false, format) => format.unwrap_or(ReportFormat::Terminal),
    };
    // A file goes to others, whatever its form; what is printed for a terminal is for who is at it.
    if format.is_for_others() || args.out.is_some() || args.badges.is_some() || args.html.is_some()
    {
        withhold(&mut results, args.include_embargoed, screen)?;
    }
    let corpus = Corpus::built_in()?;
    let book = CaseBook::of(&corpus);
    let rules = args.revisions.rules(&corpus)?;
    let matrix = Matrix::build(&results, &book);
    let verdicts = Verdicts::of(&matrix, &rules);
    if let Some(dir) = &args.badges {
        badges(dir, &matrix, &verdicts, screen)?;
        if args.format.is_none() && args.out.is_none() && args.html.is_none() && !args.json {
            return Ok(ExitCode::Success);
        }
    }
    let sources = Sources {
        matrix: &matrix,
        verdicts: &verdicts,
        corpus: &corpus,
        fold: args.fold.mode(),
    };
    if let Some(dir) = &args.html {
        return write_site(&sources, dir, screen);
    }
    let text = match format {
        ReportFormat::Terminal => {
            let to_screen = args.out.is_none();
            let options = terminal::TerminalOptions {
                color: to_screen && screen.color(),
                width: if to_screen { screen.width() } else { None },
                all: args.all,
                findings: 3,
                fold: args.fold.mode(),
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
        ReportFormat::Markdown => {
            let options = markdown::MarkdownOptions {
                all: args.all,
                findings: 3,
                fold: args.fold.mode(),
            };
            let mut text = markdown::render_judged(&matrix, &options, Some(&verdicts));
            text.push('\n');
            text.push_str(&verdicts::markdown::render(&matrix, &verdicts, args.all));
            text
        }
        ReportFormat::Html => pages::one_page(&sources),
        ReportFormat::Json => json::render_judged(&matrix, Some(&verdicts)),
        ReportFormat::Junit => {
            let policy = check::policy(args.baselines.as_deref())?;
            let mut hints = args.results.first().map_or_else(
                || Hints::of_results(Path::new(".")),
                |results| Hints::of_results(results),
            );
            hints.baselines.clone_from(&args.baselines);
            let checker = Checker::new(policy, &corpus, &rules, hints);
            screen.say(&format!("held against {}", checker.policy().source));
            junit::render(&matrix, &checker.check_all(&results))
        }
        ReportFormat::Summary => summary::render(&matrix),
    };
    screen.deliver(&text, args.out.as_deref())?;
    Ok(ExitCode::Success)
}

fn write_site(sources: &Sources<'_>, dir: &Path, screen: Terminal) -> Result<ExitCode> {
    let made = Site::build(sources);
    site::write(&made, dir).map_err(Failure::usage)?;
    screen.say(&format!(
        "wrote {} files, {:.1} MB: open {}",
        made.files.len(),
        made.size() as f64 / 1e6,
        dir.join("index.html").display()
    ));
    Ok(ExitCode::Success)
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
