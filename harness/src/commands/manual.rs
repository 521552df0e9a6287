//! `ocipick completions` and `ocipick man`: what packagers install beside the program.

use super::{
    command,
    fail::{Failure, Result},
    terminal::Terminal,
};
use clap::Args;
use clap_complete::Shell;
use ocipick::exit::ExitCode;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// Which shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Where to, such as a directory man1
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

pub(crate) fn completions(args: &CompletionsArgs, screen: Terminal) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "ocipick", &mut script);
    screen.print_verbatim(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::Success)
}

pub(crate) fn man(args: &ManArgs, screen: Terminal) -> Result<ExitCode> {
    let fail = |error: std::io::Error| {
        Failure::usage(format!("cannot write to {}: {error}", args.dir.display()))
    };
    std::fs::create_dir_all(&args.dir).map_err(fail)?;
    clap_mangen::generate_to(command(), &args.dir).map_err(fail)?;
    screen.say(&format!("wrote the manual to {}", args.dir.display()));
    Ok(ExitCode::Success)
}
