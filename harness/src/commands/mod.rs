//! The command line: one file per command.

mod args;
mod bless;
mod channel;
mod check;
mod corpus;
mod describe;
mod diff;
mod draft;
mod embargo;
mod fail;
mod manual;
mod progress;
mod provision;
mod publish;
mod push;
mod report;
mod rules;
mod run;
mod run_dir;
mod runtimes;
mod select;
mod serve;
mod terminal;
mod violations;

use args::{Cli, CliCommand};
use clap::FromArgMatches as _;
use fail::Failure;
use ocipick::exit::Exit;
use terminal::{Log, Terminal};
use tracing_subscriber::EnvFilter;

/// Does what the command line says, and tells how it ended.
pub(crate) fn main() -> Exit {
    let parsed = args::command()
        .try_get_matches()
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            let exit = if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Success
            };
            let _ = error.print();
            return exit;
        }
    };
    listen_to_ourselves(cli.verbose);
    let screen = Terminal::new(cli.color);
    let done = match &cli.command {
        CliCommand::Run(args) => run::run(args, screen),
        CliCommand::Runtimes(args) => runtimes::runtimes(args, screen),
        CliCommand::Channel(command) => channel::channel(command, screen),
        CliCommand::Cases(args) => corpus::cases(args, screen),
        CliCommand::Show(args) => corpus::show(args, screen),
        CliCommand::Corpus(command) => corpus::corpus(command, screen),
        CliCommand::Serve(args) => serve::serve(args, screen),
        CliCommand::Report(args) => report::report(args, screen),
        CliCommand::Diff(args) => diff::diff(args, screen),
        CliCommand::Draft(args) => draft::draft(args, screen),
        CliCommand::Publish(args) => publish::publish(args, screen),
        CliCommand::Completions(args) => manual::completions(args, screen),
        CliCommand::Man(args) => manual::man(args, screen),
        CliCommand::Bless(args) => bless::bless(args, screen),
    };
    match done {
        Ok(exit) => exit,
        Err(Failure { exit, error }) => {
            // Every error of ocipick says its cause in its own message.
            screen.say(&format!("error: {error}"));
            exit
        }
    }
}

fn listen_to_ourselves(verbose: u8) {
    let level = match verbose {
        0 => "warn",
        1 => "ocipick=info,ocipick_adapters=info,warn",
        _ => "ocipick=debug,ocipick_adapters=debug,info",
    };
    let filter = EnvFilter::try_from_env("OCIPICK_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| Log)
        .with_ansi(false)
        .without_time()
        .init();
}
