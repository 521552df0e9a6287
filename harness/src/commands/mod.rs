//! The command line: one file per command, with its own arguments.

mod args;
mod bisect;
mod bless;
mod cases;
mod channel;
mod corpus;
mod diff;
mod draft;
mod fail;
mod manual;
mod progress;
mod publish;
mod report;
mod results;
mod run;
mod run_dir;
mod runtimes;
mod select;
mod serve;
mod show;
mod terminal;

use args::ColorChoice;
use bisect::BisectArgs;
use bless::BlessArgs;
use cases::CasesArgs;
use channel::ChannelCommand;
use clap::{ArgAction, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use corpus::CorpusCommand;
use diff::DiffArgs;
use draft::DraftArgs;
use fail::Failure;
use manual::{CompletionsArgs, ManArgs};
use ocipick::exit::{self, ExitCode};
use publish::PublishArgs;
use report::ReportArgs;
use run::RunArgs;
use runtimes::RuntimesArgs;
use serve::ServeArgs;
use show::ShowArgs;
use terminal::{Log, Terminal};
use tracing_subscriber::EnvFilter;

/// Which manifest does each container tool pick from an image index?
///
/// ocipick serves a corpus of odd but realistic image indexes to the real tools, and shows with
/// evidence which manifest each of them picked, refused, or died of.
#[derive(Debug, Parser)]
#[command(name = "ocipick", version, after_help = exit::HELP, subcommand_required = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: CliCommand,
    /// Say more of what is done; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
}

#[derive(Debug, Subcommand)]
enum CliCommand {
    /// Run trials, write results, print the matrix
    Run(RunArgs),
    /// List the runtimes that were found, and what is missing and how to get it
    Runtimes(RuntimesArgs),
    /// Provision releases of a distribution side by side
    #[command(subcommand)]
    Channel(ChannelCommand),
    /// List the cases of the corpus
    Cases(CasesArgs),
    /// Show one case in full
    Show(ShowArgs),
    /// Write the corpus as OCI layouts, or check somebody else's
    #[command(subcommand)]
    Corpus(CorpusCommand),
    /// Serve the corpus for pulls by hand
    Serve(ServeArgs),
    /// Show results as a matrix
    Report(ReportArgs),
    /// Compare two results: what changed, what is new, what is gone
    Diff(DiffArgs),
    /// Find the release of upstream in which an outcome changed, building only what that takes
    Bisect(BisectArgs),
    /// Record outcomes as baselines: what is accepted from now on
    Bless(BlessArgs),
    /// Draft a report about one cell for a person to read and file; it files nothing
    ///
    /// The trial is repeated first, and there is no draft unless all trials agree and the newest
    /// measured version of the tool still shows it.
    Draft(DraftArgs),
    /// Write results, and everything that is made of them, for others to read
    ///
    /// What is for private disclosure first is left out, and so is what is of this machine: commands and
    /// paths.
    Publish(PublishArgs),
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Write a manual page per command to a directory
    Man(ManArgs),
}

/// Does what the command line says, and tells how it ended.
pub(crate) fn main() -> ExitCode {
    let parsed = command()
        .try_get_matches()
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            let exit = if error.use_stderr() {
                ExitCode::Usage
            } else {
                ExitCode::Success
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
        CliCommand::Cases(args) => cases::cases(args, screen),
        CliCommand::Show(args) => show::show(args, screen),
        CliCommand::Corpus(command) => corpus::corpus(command, screen),
        CliCommand::Serve(args) => serve::serve(args, screen),
        CliCommand::Report(args) => report::report(args, screen),
        CliCommand::Diff(args) => diff::diff(args, screen),
        CliCommand::Bisect(args) => bisect::bisect(args, screen),
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

/// The command line, in which every option that may be given several times says so.
fn command() -> clap::Command {
    say_what_repeats(Cli::command())
}

fn say_what_repeats(command: clap::Command) -> clap::Command {
    let repeats =
        |arg: &clap::Arg| matches!(arg.get_action(), ArgAction::Append) && !arg.is_positional();
    let say =
        |help: Option<&clap::builder::StyledStr>| help.map(|help| format!("{help} (repeatable)"));
    command
        .mut_args(|arg| {
            if !repeats(&arg) {
                return arg;
            }
            let (short, long) = (say(arg.get_help()), say(arg.get_long_help()));
            let arg = short.into_iter().fold(arg, clap::Arg::help);
            long.into_iter().fold(arg, clap::Arg::long_help)
        })
        .mut_subcommands(say_what_repeats)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn every_option_that_repeats_says_so_in_its_help() {
        let mut run = command();
        let run = run.find_subcommand_mut("run").unwrap();
        let help = run.render_long_help().to_string();
        for option in [
            "--case",
            "--channel",
            "--runtime",
            "--operation",
            "--spec",
            "--tool",
        ] {
            let about = help.split(option).nth(1).unwrap();
            let about = about.split("\n  ").take(4).collect::<String>();
            assert!(about.contains("(repeatable)"), "{option}: {about}");
        }
        let count = help.matches("(repeatable)").count();
        assert!(!help.split("--deadline").nth(1).unwrap()[..80].contains("(repeatable)"));
        assert_eq!(count, 8, "relations, tools and clients, too: {help}");
    }
}
