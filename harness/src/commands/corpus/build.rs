//! `ocipick corpus build`.

use crate::commands::{
    fail::{Failure, Result},
    select,
    terminal::Terminal,
};
use clap::Args;
use ocipick::{exit::ExitCode, json::BuiltCorpus};
use ocipick_corpus::{Case, built_in_specifications, write_corpus};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct CorpusBuildArgs {
    /// Where to
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Only these cases
    #[arg(long = "case", value_name = "GLOB")]
    cases: Vec<String>,
    /// Print what was written as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn build(args: &CorpusBuildArgs, screen: Terminal) -> Result<ExitCode> {
    let selected = select::built_in_cases(&args.cases, screen)?;
    let cases: Vec<&Case> = selected.cases.iter().map(|case| &**case).collect();
    let specifications = built_in_specifications()?;
    write_corpus(&selected.corpus, &specifications, &cases, &args.dir).map_err(Failure::usage)?;
    if args.json {
        screen.print_json(&BuiltCorpus::of(&args.dir, cases.iter().copied()))?;
    }
    screen.say(&format!(
        "wrote {} {} below {}; {} says what is there",
        cases.len(),
        if cases.len() == 1 { "case" } else { "cases" },
        args.dir.display(),
        args.dir.join("README.md").display()
    ));
    Ok(ExitCode::Success)
}
