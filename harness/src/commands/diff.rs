//! `ocipick diff`.

use super::{
    fail::Result,
    results::{read, withhold_of_both},
    terminal::Terminal,
};
use clap::{Args, ValueEnum};
use ocipick::exit::ExitCode;
use ocipick_corpus::Corpus;
use ocipick_reports::{
    analysis::{
        changes::results::{Diff, DiffConclusion, DiffOptions},
        matrix::{CaseBook, Matrix},
    },
    render::diff::{json, markdown, terminal},
};
use std::{path::PathBuf, slice};

/// The exit codes of the command, below its help.
const CODES: &str = "\
Exit codes:
  0  no cell that was compared changed
  3  some cell changed
  4  there was not a single cell to compare
  5  none changed, but some that OLD measured were not measured any more, or the newer run did
     not finish
What is new or gone on one side, and cases that are other bytes now, are told and change no code.";

#[derive(Debug, Args)]
#[command(after_help = CODES)]
pub(crate) struct DiffArgs {
    /// The older results: a file, or a directory that holds one
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The newer results
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// In which form; Markdown is for a comment on a pull request
    #[arg(long, value_name = "FORM", default_value = "terminal")]
    format: DiffFormat,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Where to write it, in place of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Compare runtimes with themselves only, and not with the version that took their place
    #[arg(long)]
    exact: bool,
    /// Show what is for private disclosure first in Markdown, JSON, and the terminal's form in a file, too;
    /// standard output of that form always does
    #[arg(long)]
    include_embargoed: bool,
    /// Name every row of a change
    #[arg(long)]
    all: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DiffFormat {
    Terminal,
    Markdown,
    Json,
}

pub(crate) fn diff(args: &DiffArgs, screen: Terminal) -> Result<ExitCode> {
    let read = |path: &PathBuf| read(slice::from_ref(path));
    let (old, new) = (read(&args.old)?, read(&args.new)?);
    let corpus = Corpus::built_in()?;
    let book = CaseBook::of(&corpus);
    let (old, new) = (Matrix::build(&old, &book), Matrix::build(&new, &book));
    let options = DiffOptions {
        exact: args.exact,
        renamed: corpus
            .cases()
            .iter()
            .flat_map(|case| case.aliases.iter().map(|old| (old, &case.id)))
            .map(|(old, new)| (old.to_string(), new.to_string()))
            .collect(),
    };
    let diff = Diff::of(&old, &new, &options);
    let format = if args.json {
        DiffFormat::Json
    } else {
        args.format
    };
    // The conclusion is that of everything. What is printed for a terminal is for the person at it, and
    // all else is for everybody.
    let conclusion = diff.conclusion();
    let is_for_others = format != DiffFormat::Terminal || args.out.is_some();
    let withheld;
    let (shown_old, shown_new);
    let diff = if is_for_others && !args.include_embargoed {
        let (old, new) = (read(&args.old)?, read(&args.new)?);
        // What is withheld of one side says what it was by standing on the other.
        withheld = withhold_of_both(old, new, screen)?;
        shown_old = Matrix::build(&withheld.0, &book);
        shown_new = Matrix::build(&withheld.1, &book);
        Diff::of(&shown_old, &shown_new, &options)
    } else {
        diff
    };
    let text = match format {
        DiffFormat::Terminal => terminal::render(
            &diff,
            terminal::DiffTerminalOptions {
                color: args.out.is_none() && screen.color(),
                all: args.all,
            },
        ),
        DiffFormat::Markdown => markdown::render(&diff),
        DiffFormat::Json => json::render(&diff),
    };
    screen.deliver(&text, args.out.as_deref())?;
    Ok(match conclusion {
        DiffConclusion::Same => ExitCode::Success,
        DiffConclusion::Changed => ExitCode::CheckFailed,
        DiffConclusion::NothingCompared => ExitCode::NothingMeasured,
        DiffConclusion::ComparedInPart => ExitCode::MeasuredInPart,
    })
}
