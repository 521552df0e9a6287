//! The command line, as it is typed.

use super::{
    diff::Compare,
    draft::Drafting,
    manual::{Completions, Man},
    publish::Publishing,
};
use clap::{ArgAction, Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use ocipick::operations::{self, OperationSpec};
use ocipick::{baselines, exit, inventory::RuntimeSource};
use ocipick_adapters::channel::Component;
use ocipick_corpus::{PlatformRequest, Relation};
use ocipick_reports::analysis::conformance::Choice;
use std::{path::PathBuf, time::Duration};

/// Which manifest does each container tool pick from an image index?
///
/// ocipick serves a corpus of odd but realistic image indexes to the real tools, and shows with
/// evidence which manifest each of them picked, refused, or died of.
#[derive(Debug, Parser)]
#[command(name = "ocipick", version, after_help = exit::HELP, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: CliCommand,
    /// Say more of what is done; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CliCommand {
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
    Show(Show),
    /// Write the corpus as OCI layouts, or check somebody else's
    #[command(subcommand)]
    Corpus(CorpusCommand),
    /// Serve the corpus for pulls by hand
    Serve(Serve),
    /// Show results as a matrix
    Report(ReportArgs),
    /// Compare two results: what changed, what is new, what is gone
    Diff(Compare),
    /// Record outcomes as baselines: what is accepted from now on
    Bless(Bless),
    /// Draft a report about one cell for a person to read and file; it files nothing
    ///
    /// The trial is repeated first, and there is no draft unless all trials agree and the newest
    /// measured version of the tool still shows it.
    Draft(Drafting),
    /// Write results, and everything that is made of them, for others to read
    ///
    /// What is for private disclosure first is left out, and so is what is of this machine: commands and
    /// paths.
    Publish(Publishing),
    /// Print completions for a shell
    Completions(Completions),
    /// Write a manual page per command to a directory
    Man(Man),
}

#[derive(Debug, Args)]
pub(crate) struct Selection {
    /// Only these cases, such as 'duplicates/**'
    #[arg(long = "case", value_name = "GLOB")]
    pub(crate) cases: Vec<String>,
    /// Take every index of every OCI layout below DIR as a case, in place of the built-in corpus
    #[arg(long, value_name = "DIR")]
    pub(crate) corpus: Option<PathBuf>,
    /// The platform to ask for in foreign layouts, or `default` for the tool's own
    #[arg(long, value_name = "PLATFORM", default_value = "linux/amd64")]
    pub(crate) platform: PlatformRequest,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Where results go
    #[arg(long, value_name = "DIR", default_value = "target/ocipick")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Only these runtimes, such as 'docker@*' or '*+containerd-store'
    #[arg(long = "runtime", value_name = "GLOB")]
    pub(crate) runtimes: Vec<String>,
    /// Only these operations
    #[arg(long = "operation", value_name = "NAME", value_parser = operation, default_value = "pull")]
    pub(crate) operations: Vec<&'static OperationSpec>,
    /// Where runtimes come from: `path`, a provisioned release, or `auto` (path, completed by
    /// what was provisioned)
    #[arg(long = "channel", value_name = "NAME", default_value = "path")]
    pub(crate) channels: Vec<RuntimeSource>,
    /// Deadline of each invocation of a tool
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "60")]
    pub(crate) deadline: Duration,
    /// How many trials may be under way at once [default: twice the processors, at least 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) jobs: Option<u16>,
    /// Try each cell N times, in rounds: the first in the order of the corpus, the others shuffled.
    /// A tool whose outcomes differ is reported as unstable
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), default_value = "1")]
    pub(crate) repeat: u16,
    /// Try N times only what one look should not decide: the cells of rows on which runtimes split,
    /// and cells that are neither a pick nor unmeasured. Every other cell is tried once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), conflicts_with = "repeat")]
    pub(crate) repeat_splits: Option<u16>,
    /// Change each case in ways that must not matter, and report where the selection changes: every
    /// cell is tried three times, and so is each change
    #[arg(long, conflicts_with = "repeat_splits")]
    pub(crate) metamorphic: bool,
    /// Only these changes, as in other-platform-last; means --metamorphic
    #[arg(
        long = "relation",
        value_name = "NAME",
        conflicts_with = "repeat_splits"
    )]
    pub(crate) relations: Vec<Relation>,
    /// Seed of the order of further rounds; the same seed gives the same order [default: by chance]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u32>,
    /// Go on with an unfinished run
    #[arg(long)]
    pub(crate) resume: bool,
    /// Keep the private directories of the tools for inspection
    #[arg(long)]
    pub(crate) keep: bool,
    /// Show rows that are alike one by one, and name every row of a change
    #[arg(long)]
    pub(crate) all: bool,
    /// Print the matrix as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Hold outcomes against baselines, and where a runtime has none against the specifications.
    /// What fails is told in full, and the exit code is 3; it is 5 where what was accepted was not
    /// measured any more, and 4 where no runtime has a baseline
    #[arg(long)]
    pub(crate) check: bool,
    /// The directory of all baselines, for --check [default: baselines, or else those that came with
    /// this version of ocipick]
    #[arg(long, value_name = "DIR")]
    pub(crate) baselines: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) revisions: RevisionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RuntimesArgs {
    /// Where to look: `path`, a provisioned release, or `auto`
    #[arg(long = "channel", value_name = "NAME", default_value = "auto")]
    pub(crate) channels: Vec<RuntimeSource>,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ChannelCommand {
    /// List provisioned channels
    List {
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Provision releases, or what this machine lacks
    Install(Install),
    /// Remove provisioned channels, or what was downloaded for them
    Remove {
        #[arg(required_unless_present = "archives", value_name = "NAME")]
        names: Vec<String>,
        /// Remove the downloaded archives, which are kept for the next installation
        #[arg(long)]
        archives: bool,
        /// Print what was removed as JSON
        #[arg(long)]
        json: bool,
    },
    /// Compare the files of provisioned channels with what was installed, and start every tool
    Check {
        #[arg(value_name = "NAME")]
        names: Vec<String>,
        /// Print it as JSON, a line per finding
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Install {
    /// Releases, such as bookworm, or `experimental`: sid, with the tools that are newer there
    #[arg(
        value_name = "NAME",
        required_unless_present = "missing",
        conflicts_with = "missing"
    )]
    pub(crate) names: Vec<String>,
    /// Provision the tools that this machine lacks: from its own release, or else from the
    /// first later one that has them
    #[arg(long)]
    pub(crate) missing: bool,
    /// Only these tools or auxiliary tools
    #[arg(long = "tool", value_name = "TOOL")]
    pub(crate) parts: Vec<Component>,
    /// Accept archive metadata past its date; signatures are verified all the same, and the
    /// results say so
    #[arg(long)]
    pub(crate) allow_expired: bool,
    /// Provision again what is there, because its release may have moved
    #[arg(long, conflicts_with = "missing")]
    pub(crate) renew: bool,
    /// Print what became of each release as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// How many releases to provision at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), default_value = "4")]
    pub(crate) jobs: u16,
}

#[derive(Debug, Args)]
pub(crate) struct CasesArgs {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// Id of the case, as `ocipick cases` lists it
    #[arg(value_name = "CASE")]
    pub(crate) case: String,
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CorpusCommand {
    /// Write every case as an OCI layout with a description, for programs that know nothing of ocipick
    Build {
        /// Where to
        #[arg(value_name = "DIR")]
        dir: PathBuf,
        /// Only these cases
        #[arg(long = "case", value_name = "GLOB")]
        cases: Vec<String>,
        /// Print what was written as JSON
        #[arg(long)]
        json: bool,
    },
    /// Check recipes and OCI layouts, and say which clauses each case breaks itself
    Check {
        /// A directory of recipes (*.toml), of OCI layouts, or of both; without it, the built-in
        /// corpus
        #[arg(value_name = "DIR")]
        dir: Option<PathBuf>,
        /// Print everything as JSON
        #[arg(long)]
        json: bool,
        /// Fail (code 3) where a document breaks a requirement
        #[arg(long)]
        strict: bool,
    },
    /// Publish every case to a registry, byte for byte
    ///
    /// Prints the reference of each case that the registry accepted. What it refuses is listed, and
    /// ends in code 5. Credentials are those of docker, podman and skopeo (REGISTRY_AUTH_FILE, or the
    /// usual files).
    Push {
        /// Where to, such as localhost:5000/ocipick
        #[arg(value_name = "REGISTRY")]
        registry: String,
        /// Only these cases
        #[arg(long = "case", value_name = "GLOB")]
        cases: Vec<String>,
        /// Speak HTTP to a registry that is not on loopback, too
        #[arg(long)]
        plain_http: bool,
        /// Print a line of JSON per case
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Print the references as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Results files, or directories that hold one
    #[arg(required = true, value_name = "RESULTS")]
    pub(crate) results: Vec<PathBuf>,
    /// In which form [default: terminal]
    #[arg(long, value_name = "FORM")]
    pub(crate) format: Option<OutputFormat>,
    /// Where to write it, in place of standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Write it as a site below this directory: pages for matrix, cases, runtimes, tools, clauses
    /// and findings, which need neither a server nor a network
    #[arg(long, value_name = "DIR", conflicts_with_all = ["format", "out", "all"])]
    pub(crate) html: Option<PathBuf>,
    /// Show rows that are alike one by one, and name every row of a change
    #[arg(long)]
    pub(crate) all: bool,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
    /// Write a badge per tool to DIR: JSON for shields, and SVG; without --format or --out nothing
    /// else is written
    #[arg(long, value_name = "DIR")]
    pub(crate) badges: Option<PathBuf>,
    /// Show what is for private disclosure first in Markdown, HTML, JSON, JUnit, summary, badges, the site,
    /// and in the terminal's form in a file, too; standard output of that form always does
    #[arg(long)]
    pub(crate) include_embargoed: bool,
    /// The directory of all baselines, for --format junit, in which a test passes as with `run
    /// --check` [default: baselines, or else those that came with this version of ocipick]
    #[arg(long, value_name = "DIR")]
    pub(crate) baselines: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) revisions: RevisionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct Bless {
    /// Results files, or directories that hold one
    #[arg(required = true, value_name = "RESULTS")]
    pub(crate) results: Vec<PathBuf>,
    /// The directory of all baselines
    #[arg(long, value_name = "DIR", default_value = baselines::DIR)]
    pub(crate) into: PathBuf,
    /// Only these cases; lines of the others stay as they are
    #[arg(long = "case", value_name = "GLOB")]
    pub(crate) cases: Vec<String>,
    /// Only these runtimes
    #[arg(long = "runtime", value_name = "GLOB")]
    pub(crate) runtimes: Vec<String>,
    /// Remove lines about cases that are gone or other bytes now, and about what is not asked any
    /// more
    #[arg(long)]
    pub(crate) prune: bool,
    /// Print what was recorded as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RevisionArgs {
    /// Hold outcomes against this release of a specification, such as image-spec@1.0.2; once per
    /// specification [default: the newest release of each]
    #[arg(long = "spec", value_name = "SPECIFICATION@RELEASE")]
    pub(crate) choices: Vec<Choice>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    Terminal,
    Markdown,
    Html,
    Json,
    Junit,
    /// Case, tool, interval of versions, outcome: a stable JSON for other programs
    Summary,
}

impl OutputFormat {
    /// Whether others are to read it: all but what is printed on a terminal.
    pub(crate) fn is_for_others(self) -> bool {
        match self {
            Self::Markdown | Self::Html | Self::Json | Self::Summary | Self::Junit => true,
            Self::Terminal => false,
        }
    }
}

/// The command line, in which every option that may be given several times says so.
pub(crate) fn command() -> clap::Command {
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

fn operation(text: &str) -> Result<&'static OperationSpec, String> {
    operations::named(text).ok_or_else(|| {
        let known = operations::ALL.map(OperationSpec::as_str);
        format!("no such operation (hint: {})", known.join(", "))
    })
}

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() && seconds > 0.0 && seconds <= 86_400.0 => {
            Ok(Duration::from_secs_f64(seconds))
        }
        _ => Err("a number of seconds, more than 0 and at most 86400".to_owned()),
    }
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
        for option in ["--case", "--channel", "--runtime", "--operation", "--spec"] {
            let about = help.split(option).nth(1).unwrap();
            let about = about.split("\n  ").take(4).collect::<String>();
            assert!(about.contains("(repeatable)"), "{option}: {about}");
        }
        let count = help.matches("(repeatable)").count();
        assert!(!help.split("--deadline").nth(1).unwrap()[..80].contains("(repeatable)"));
        assert_eq!(count, 6, "the relations, too: {help}");
    }

    #[test]
    fn deadlines_are_positive_numbers_of_seconds() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
        for text in ["0", "-1", "x", "NaN", "inf", "1e9"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
