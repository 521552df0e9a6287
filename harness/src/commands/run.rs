//! `ocipick run`.

use super::{
    args::{FoldArgs, RevisionArgs, SelectionArgs},
    fail::{Failure, Result},
    progress::{Progress, Tee},
    run_dir,
    runtimes::missing_line,
    select,
    terminal::Terminal,
};
use clap::Args;
use globset::Glob;
use ocipick::{
    against::References,
    baselines::Baselines,
    check,
    classify::MessagePatterns,
    exit::ExitCode,
    inventory::{Discovery, Inventory, RuntimeSource, sources},
    operations::{self, OperationSpec},
    resource_monitor::ResourceMonitor,
    results::{Previous, Writer},
    run::{Controls, DerivedCases, Earlier, Plan, RepeatRequest, RunContext, execute, header, now},
};
use ocipick_adapters::{Runtime, UserBinary, UserClient, channel::Store, names, process::Cancel};
use ocipick_corpus::{Corpus, Relation, is_quick};
use ocipick_records::{RepeatedCells, Results};
use ocipick_registry::Registry;
use ocipick_reports::{
    analysis::{
        conformance::Verdicts,
        matrix::{CaseBook, Matrix},
    },
    baseline::BaselineSet,
    check::{CheckConclusion, Checker, result::Hints},
    render::{against, json, terminal, verdicts},
};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

/// The variable by which `none` keeps a run from saying what to type next.
const NEXT: &str = "OCIPICK_NEXT";

/// What a build does otherwise than a released version, as Markdown in the output directory.
const AGAINST: &str = "against.md";

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Where results go
    #[arg(long, value_name = "DIR", default_value = "target/ocipick")]
    out: PathBuf,
    #[command(flatten)]
    selection: SelectionArgs,
    /// Only these runtimes, such as 'docker@*' or '*+containerd-store'
    #[arg(long = "runtime", value_name = "GLOB")]
    runtimes: Vec<String>,
    /// Only these operations
    #[arg(long = "operation", value_name = "NAME", value_parser = operation, default_value = "pull")]
    operations: Vec<&'static OperationSpec>,
    /// Where runtimes come from: `path`, a provisioned release, `auto` (path, completed by what was
    /// provisioned), or releases of upstream that were built: `go`, or one as in go:crane@v0.22.1
    #[arg(
        long = "channel",
        value_name = "NAME",
        default_value = "path",
        default_value_ifs([
            ("tools", clap::builder::ArgPredicate::IsPresent, None),
            ("clients", clap::builder::ArgPredicate::IsPresent, None),
        ])
    )]
    channels: Vec<RuntimeSource>,
    /// A binary of your own, or a directory of them, as in crane=./crane, measured as
    /// crane@VERSION#own; with a label as in crane:fix=./crane. It is copied first. Without --channel
    /// nothing else is measured
    #[arg(long = "tool", value_name = "NAME[:LABEL]=PATH")]
    tools: Vec<UserBinary>,
    /// A client that ocipick does not know, as in mine='./fetch.sh', measured as mine@unversioned#client. The command
    /// finds in OCIPICK_REFERENCE, OCIPICK_PLATFORM and OCIPICK_OPERATION what to do, and writes `digest` and `rootfs`
    /// into the directory OCIPICK_OUT; code 127 is for what it does not support. Without --channel nothing else is
    /// measured
    #[arg(long = "client", value_name = "NAME=COMMAND")]
    clients: Vec<UserClient>,
    /// What a binary of your own is held against at the end, such as crane@0.20.7#sid [default: the
    /// nearest released version: measured beside it if it is installed, or else as its outcomes were accepted]
    #[arg(long, value_name = "RUNTIME", requires = "tools")]
    against: Option<String>,
    /// The quick set: few cases that tell the tools apart as all cases do
    #[arg(long, conflicts_with = "corpus")]
    quick: bool,
    /// Deadline of each invocation of a tool
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "60")]
    deadline: Duration,
    /// How many trials may be under way at once [default: twice the processors, at least 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Try each cell N times, in rounds: the first in the order of the corpus, the others shuffled.
    /// A tool whose outcomes differ is reported as unstable [default: once; with --tool, three times where a binary of
    /// your own differs from what it is held against]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    repeat: Option<u16>,
    /// Try N times only what one look should not decide: the cells of rows on which runtimes split,
    /// and cells that are neither a pick nor unmeasured. Every other cell is tried once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), conflicts_with = "repeat")]
    repeat_splits: Option<u16>,
    /// Change each case in ways that must not matter, and report where the selection changes: every
    /// cell is tried three times, and so is each change
    #[arg(long, conflicts_with = "repeat_splits")]
    metamorphic: bool,
    /// Only these changes, as in other-platform-last; means --metamorphic
    #[arg(
        long = "relation",
        value_name = "NAME",
        conflicts_with = "repeat_splits"
    )]
    relations: Vec<Relation>,
    /// Seed of the order of further rounds; the same seed gives the same order [default: by chance]
    #[arg(long, value_name = "N")]
    seed: Option<u32>,
    /// Go on with an unfinished run
    #[arg(long)]
    resume: bool,
    /// Keep the private directories of the tools for inspection
    #[arg(long)]
    keep: bool,
    /// Show rows that are alike one by one, and name every row of a change
    #[arg(long)]
    all: bool,
    /// Print the matrix as JSON
    #[arg(long)]
    json: bool,
    /// Hold outcomes against baselines, and where a runtime has none against the specifications.
    /// What fails is told in full, and the exit code is 3; it is 5 where what was accepted was not
    /// measured any more, and 4 where no runtime has a baseline
    #[arg(long)]
    check: bool,
    /// The directory of all baselines, for --check [default: baselines, or else those that came with
    /// this version of ocipick]
    #[arg(long, value_name = "DIR")]
    baselines: Option<PathBuf>,
    #[command(flatten)]
    revisions: RevisionArgs,
    #[command(flatten)]
    fold: FoldArgs,
}

impl RunArgs {
    fn sources(&self) -> Vec<RuntimeSource> {
        sources(&self.channels, &self.tools, &self.clients)
    }
}

pub(crate) fn run(args: &RunArgs, screen: Terminal) -> Result<ExitCode> {
    let mut selected = select::cases(&args.selection, screen)?;
    if args.quick {
        selected.cases.retain(|case| is_quick(&case.id));
        if selected.cases.is_empty() {
            return Err(Failure::usage(
                "no case that --case leaves is in the quick set (hint: leave out --case, or --quick)",
            ));
        }
    }
    let rules = args.revisions.rules(&selected.corpus)?;
    let policy = args
        .check
        .then(|| check::policy(args.baselines.as_deref()))
        .transpose()?;
    let controls = match args.selection.corpus {
        None => Controls::of(&selected.corpus),
        Some(_) => Controls::of(&Corpus::built_in()?),
    }
    .map_err(Failure::internal)?;
    let patterns = MessagePatterns::built_in().map_err(Failure::internal)?;
    let cancel = Cancel::default();
    run_dir::listen(screen, &cancel)?;
    let run_dir = run_dir::claim(screen, args.keep)?;
    let discovery = Discovery::of_user(&run_dir, &cancel);
    let mut inventory = discovery.inventory(&args.sources())?;
    if cancel.is_raised() {
        return Ok(ExitCode::NothingMeasured);
    }
    say_missing(screen, &inventory);
    let mut runtimes = select::runtimes(&inventory, &args.runtimes)?;
    if runtimes.is_empty() {
        screen.say("nothing was measured: no runtime was found");
        return Ok(ExitCode::NothingMeasured);
    }
    let accepted = Baselines::find(args.baselines.as_deref())?.shelf;
    let references = references(args, &runtimes, &discovery, &accepted, screen)?;
    runtimes.extend(references.besides.iter().cloned());
    runtimes.sort_by_key(|runtime| runtime.tool);
    inventory
        .channels
        .extend(references.channels.iter().cloned());
    let relations = relations(args);
    let derivation = DerivedCases::of(&selected.cases, &relations);
    if !relations.is_empty() {
        for error in &derivation.inapplicable {
            tracing::info!("{error}");
        }
        screen.say(&format!(
            "{} derived cases; {} times a change says nothing about a case (-v says why)",
            derivation.cases.len(),
            derivation.inapplicable.len()
        ));
    }
    let mut cases = selected.cases;
    cases.extend(derivation.cases);
    let repeats = RepeatRequest {
        every: args.repeat,
        splits: args.repeat_splits,
        has_derived: !relations.is_empty(),
        has_rivals: !args.tools.is_empty(),
    };
    let repeats = repeats.with_seed(|| match args.seed {
        Some(seed) => Ok(seed),
        // A run that goes on keeps the seed that it began with.
        None if args.resume => Writer::repeats_in(&args.out).map(|it| it.seed),
        None => Ok(Plan::seed_by_chance()),
    })?;
    let mut plan = Plan {
        runtimes,
        operations: distinct(&args.operations),
        cases,
        controls,
        done: BTreeSet::new(),
        earlier: Earlier::default(),
        deadline: args.deadline,
        repeats,
        jobs: args.jobs.map_or_else(Plan::default_jobs, usize::from),
        rivals: Vec::new(),
    };
    let store = Store::of_user(|name| std::env::var(name).ok());
    let mut directories = vec![
        ("run", run_dir.dir()),
        ("out", args.out.as_path()),
        ("cache", store.dir()),
    ];
    directories.extend(args.selection.corpus.as_deref().map(|dir| ("corpus", dir)));
    let header = header(&plan, &selected.source, &inventory, &directories);
    plan.rivals = references.rivals(&header, &accepted);
    let writer = if args.resume {
        let (writer, earlier) = Writer::resume(&args.out, &header)?;
        let tried = match earlier.tries.len() {
            0 => String::new(),
            cells => format!("; {cells} more have some of their tries"),
        };
        let again = match earlier.troubled {
            0 => String::new(),
            cells => format!("; {cells} that trouble kept from being measured are tried again"),
        };
        screen.say(&format!(
            "going on after {} of {} trials{tried}{again}",
            earlier.recorded.len(),
            plan.trials()
        ));
        plan.done = earlier.recorded.keys().cloned().collect();
        plan.earlier = earlier;
        writer
    } else {
        let writer = Writer::begin(&args.out, &header)?;
        if let Some(previous) = writer.previous() {
            screen.say(&kept_words(previous));
        }
        writer
    };
    if plan.repeats.tries > 1 && plan.repeats.of != RepeatedCells::Differences {
        screen.say(&format!("the seed of the order is {}", plan.repeats.seed));
    }
    let registry = Registry::start()?;
    let monitor = ResourceMonitor::start(&run_dir);
    let bench = RunContext {
        run_dir: &run_dir,
        registry: &registry,
        patterns: &patterns,
        cancel: &cancel,
    };
    let progress = Progress::new(screen, names(&plan.runtimes));
    let executed = execute(&plan, &bench, &Tee(&writer, &progress));
    progress.clear();
    if let Err(error) = executed {
        return Err(Failure::internal(error));
    }
    let interrupted = cancel.is_raised();
    let peaks = monitor.stop();
    if !interrupted {
        writer.finish(now(), peaks)?;
    }
    if args.keep {
        screen.say(&format!(
            "private directories are kept in {}",
            run_dir.dir().display()
        ));
    }
    drop(run_dir);
    let results = [super::results::read_file(writer.path())?];
    let book = CaseBook::of(&selected.corpus);
    let matrix = Matrix::build(&results, &book);
    let options = terminal::TerminalOptions {
        color: screen.color(),
        width: screen.width(),
        all: args.all,
        findings: 3,
        fold: args.fold.mode(),
    };
    let verdicts = Verdicts::of(&matrix, &rules);
    // As JSON it is the one thing on standard output, and the rest goes where people look.
    let tell = |text: &str| {
        if args.json {
            screen.say(text.trim_end());
            Ok(())
        } else {
            screen.print(text)
        }
    };
    let tell_verbatim = |text: &str| {
        if args.json {
            screen.say(text.trim_end());
            Ok(())
        } else {
            screen.print_verbatim(text)
        }
    };
    if args.json {
        screen.print_verbatim(&json::render_judged(&matrix, Some(&verdicts)))?;
    } else {
        screen.print_verbatim(&terminal::render(&matrix, &options))?;
        screen.print_verbatim(&verdicts::terminal::render(
            &matrix,
            &verdicts,
            options.color,
            options.width,
        ))?;
    }
    let mut exit = ExitCode::of_run(&results[0], interrupted);
    if exit == ExitCode::Success && selected.unread > 0 {
        exit = ExitCode::MeasuredInPart;
    }
    if let Some(policy) = policy {
        let checker = Checker::new(policy, &selected.corpus, &rules, hints(args));
        let tally = checker.tally(&results);
        tell(&tally.text())?;
        exit = exit.checked(tally.conclusion(), interrupted);
    }
    let comparisons = references.compare(&results[0], &accepted);
    if !comparisons.is_empty() {
        let path = args.out.join(AGAINST);
        let pages: Vec<String> = comparisons.iter().map(against::markdown).collect();
        std::fs::write(&path, pages.join("\n"))
            .map_err(|error| Failure::cannot_write(&path, &error))?;
        for comparison in &comparisons {
            let text = against::terminal(comparison, args.all, screen.color() && !args.json);
            tell_verbatim(&format!("\n{text}"))?;
        }
        tell(&format!(
            "As Markdown, for a pull request: {}",
            path.display()
        ))?;
        let differs = comparisons.iter().any(|it| !it.differences.is_empty());
        if args.check && differs {
            exit = exit.checked(CheckConclusion::Fail, interrupted);
        }
    }
    let next = next_command(
        &args.out,
        interrupted.then(|| writer.incomplete()),
        &results[0],
    );
    if !next.is_empty() {
        tell(&next)?;
    }
    Ok(exit)
}

/// What builds of the user's own are held against. That is looked for among what is installed, unless
/// --runtime says what is measured.
fn references(
    args: &RunArgs,
    runtimes: &[Runtime],
    discovery: &Discovery<'_>,
    accepted: &BaselineSet,
    screen: Terminal,
) -> Result<References> {
    if args.tools.is_empty() {
        return Ok(References::default());
    }
    let pattern = args.against.as_deref().map(|text| {
        let glob = Glob::new(text);
        glob.map_err(|error| Failure::usage(format!("--against {text}: {error}")))
    });
    let pattern = pattern.transpose()?.map(|glob| glob.compile_matcher());
    let installed = args.runtimes.is_empty().then_some(discovery);
    let references = References::choose(runtimes, pattern.as_ref(), installed, accepted)?;
    for runtime in &references.besides {
        screen.say(&format!(
            "{} is measured, too: the end says what differs from it (hint: --against chooses another)",
            runtime.id()
        ));
    }
    for it in references.all.iter().filter(|it| it.reference.is_none()) {
        screen.say(&format!(
            "{} is held against nothing: no released version is installed or known (hint: ocipick channel install)",
            it.build.id()
        ));
    }
    Ok(references)
}

/// What became of the results that stood in the output directory.
fn kept_words(previous: &Previous) -> String {
    let unfinished = if previous.finished {
        ""
    } else {
        "; their run had not finished, and --resume would have gone on with it"
    };
    format!(
        "results that were there are kept in {}{unfinished}",
        previous.path.display()
    )
}

/// The changes that are tried, of those that must not matter.
fn relations(args: &RunArgs) -> Vec<Relation> {
    if args.metamorphic && args.relations.is_empty() {
        Relation::ALL.to_vec()
    } else {
        distinct(&args.relations)
    }
}

fn distinct<T: Copy + Ord>(all: &[T]) -> Vec<T> {
    all.iter()
        .copied()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect()
}

/// One line each for what is missing, and how to get it.
fn say_missing(screen: Terminal, inventory: &Inventory) {
    for missing in &inventory.missing {
        screen.say(&format!("missing: {}", missing_line(missing)));
    }
}

/// What was named on the command line, for what is to be typed next.
fn hints(args: &RunArgs) -> Hints {
    Hints {
        results: Some(args.out.clone()),
        again: args.out.join("again"),
        channels: args.channels.iter().map(ToString::to_string).collect(),
        corpus: args.selection.corpus.clone(),
        baselines: args.baselines.clone(),
    }
}

/// What to type next.
///
/// `incomplete` is how many cells have some of their tries only, where the run was interrupted.
fn next_command(out: &Path, incomplete: Option<usize>, results: &Results) -> String {
    let out = out.display();
    if let Some(incomplete) = incomplete {
        let tried = match incomplete {
            0 => String::new(),
            cells => {
                format!("; {cells} more have some of their tries, which are kept and not yet shown")
            }
        };
        return format!(
            "\nInterrupted after {} of {} trials{tried}. To go on: ocipick run --resume --out {out}, with the same options\n",
            results.trials.len(),
            results.header.planned
        );
    }
    let troubled = results.trials.iter().chain(&results.derived);
    let again = match troubled.filter(|trial| trial.outcome.is_trouble()).count() {
        0 => String::new(),
        cells => format!(
            "\nTrouble kept {cells} cells from being measured. To try them again: ocipick run --resume --out {out}, with the same options\n"
        ),
    };
    // `make matrix` does that by itself, and says what comes after it.
    if std::env::var_os(NEXT).is_some_and(|value| value == "none") {
        return again;
    }
    format!("{again}\nNext: ocipick report {out} --format html --out {out}/matrix.html\n")
}

pub(super) fn operation(text: &str) -> std::result::Result<&'static OperationSpec, String> {
    operations::named(text).ok_or_else(|| {
        let known = operations::ALL.map(OperationSpec::as_str);
        format!("no such operation (hint: {})", known.join(", "))
    })
}

fn seconds(text: &str) -> std::result::Result<Duration, String> {
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
    fn deadlines_are_positive_numbers_of_seconds() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
        for text in ["0", "-1", "x", "NaN", "inf", "1e9"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
