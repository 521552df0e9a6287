//! `ocipick run`.

use super::{
    args::RunArgs,
    fail::{Failure, Result},
    progress::{Progress, Tee},
    rules, run_dir, select,
    terminal::Terminal,
};
use ocipick::{
    check::{CheckConclusion, CheckPolicy, Checker, result::Hints},
    classify::MessagePatterns,
    exit::Exit,
    host,
    inventory::{Discovery, Inventory},
    resource_monitor::ResourceMonitor,
    results::{Previous, Writer},
    run::{Controls, Earlier, Plan, RunContext, execute},
};
use ocipick_adapters::{
    Missing, Runtime,
    channel::{self as provisioned, Store},
    names,
    process::Cancel,
};
use ocipick_corpus::{Case, Corpus, Relation, digest_of, digest_of_content};
use ocipick_records::{
    ArchiveRecord, ChannelRecord, CorpusStamp, Header, Linked, LinkedSource, MissingRecord,
    Provenance, RepeatedCells, Repeats, Results, RuntimeRecord, SCHEMA,
};
use ocipick_registry::Registry;
use ocipick_reports::{
    analysis::{
        conformance::Verdicts,
        matrix::{CaseBook, FamilyNote, Matrix},
    },
    render::{json, terminal, verdicts},
};
use std::{collections::BTreeSet, path::Path, sync::Arc};

/// The variable by which `none` keeps a run from saying what to type next.
const NEXT: &str = "OCIPICK_NEXT";
/// How often a cell is tried at least where changes that must not matter are.
const LEAST_TRIES: u16 = 3;

pub(crate) fn run(args: &RunArgs, screen: Terminal) -> Result<Exit> {
    let selected = select::cases(&args.selection, screen)?;
    let rules = rules::rules(&selected.corpus, &args.revisions)?;
    let policy = args
        .check
        .then(|| CheckPolicy::read(args.baselines.as_deref()))
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
    let inventory = discovery.inventory(&args.channels)?;
    if cancel.is_raised() {
        return Ok(Exit::NothingMeasured);
    }
    say_missing(screen, &inventory);
    let runtimes = select::runtimes(&inventory, &args.runtimes)?;
    if runtimes.is_empty() {
        screen.say("nothing was measured: no runtime was found");
        return Ok(Exit::NothingMeasured);
    }
    let cases = with_derived(selected.cases, &relations(args), screen);
    let mut plan = Plan {
        runtimes,
        operations: distinct(&args.operations),
        cases,
        controls,
        done: BTreeSet::new(),
        earlier: Earlier::default(),
        deadline: args.deadline,
        repeats: repeats(args)?,
        jobs: args.jobs.map_or_else(Plan::default_jobs, usize::from),
    };
    let mut header = header(&plan, &selected.source, &inventory);
    let store = Store::of_user(|name| std::env::var(name).ok());
    let mut directories = vec![
        ("run", run_dir.dir()),
        ("out", args.out.as_path()),
        ("cache", store.dir()),
    ];
    directories.extend(args.selection.corpus.as_deref().map(|dir| ("corpus", dir)));
    header.private = Some(host::private(&directories));
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
    if plan.repeats.tries > 1 {
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
    let results = [Results::read(writer.path())?];
    let book = book(&selected.corpus);
    let matrix = Matrix::build(&results, &book);
    let options = terminal::TerminalOptions {
        color: screen.color(),
        width: screen.width(),
        all: args.all,
        findings: 3,
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
    let exit = exit(&results[0], interrupted);
    let mut exit = select::Selected::exit(selected.unread, exit);
    if let Some(policy) = policy {
        let checker = Checker::new(policy, &selected.corpus, &rules, hints(args));
        let tally = checker.tally(&results[0]);
        tell(&tally.text())?;
        exit = checked(exit, tally.conclusion(), interrupted);
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

/// The cases, and behind them what these changes make of them.
fn with_derived(
    mut cases: Vec<Arc<Case>>,
    relations: &[Relation],
    screen: Terminal,
) -> Vec<Arc<Case>> {
    if relations.is_empty() {
        return cases;
    }
    let pairs = cases
        .iter()
        .flat_map(|case| relations.iter().map(move |relation| relation.derive(case)));
    let (derived, inapplicable): (Vec<_>, Vec<_>) = pairs.partition(|derived| derived.is_ok());
    for error in inapplicable.iter().filter_map(|it| it.as_ref().err()) {
        tracing::info!("{error}");
    }
    screen.say(&format!(
        "{} derived cases; {} times a change says nothing about a case (-v says why)",
        derived.len(),
        inapplicable.len()
    ));
    cases.extend(derived.into_iter().flatten().map(Arc::new));
    cases
}

/// Which cells are tried how often. A run that goes on keeps the seed that it began with.
fn repeats(args: &RunArgs) -> Result<Repeats> {
    let (tries, of) = match args.repeat_splits {
        // A change that was seen once could be a race.
        None if !relations(args).is_empty() => (args.repeat.max(LEAST_TRIES), RepeatedCells::Every),
        None => (args.repeat, RepeatedCells::Every),
        Some(tries) => (tries, RepeatedCells::Splits),
    };
    if tries <= 1 {
        return Ok(Repeats::NONE);
    }
    let seed = match args.seed {
        Some(seed) => seed,
        None if args.resume => Writer::repeats_in(&args.out)?.seed,
        None => by_chance(),
    };
    Ok(Repeats {
        tries: u32::from(tries),
        of,
        seed,
    })
}

/// A number that nobody can foresee, and nobody needs to.
fn by_chance() -> u32 {
    use std::hash::{BuildHasher as _, RandomState};
    let number = RandomState::new().hash_one(std::process::id());
    u32::try_from(number >> 32).unwrap_or_default()
}

fn distinct<T: Copy + Ord>(all: &[T]) -> Vec<T> {
    all.iter()
        .copied()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect()
}

/// The time, as results write it.
pub(crate) fn now() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

/// The families and cases of a corpus, for reports.
pub(crate) fn book(corpus: &Corpus) -> CaseBook {
    let families = corpus.families().iter().map(|family| FamilyNote {
        id: family.id.clone(),
        title: family.title.clone(),
        about: family.about.clone(),
    });
    CaseBook::new(families, corpus.cases())
}

/// One line each for what is missing, and how to get it.
pub(crate) fn say_missing(screen: Terminal, inventory: &Inventory) {
    for missing in &inventory.missing {
        screen.say(&format!("missing: {}", missing_line(missing)));
    }
}

pub(crate) fn missing_line(missing: &Missing) -> String {
    let flavour = missing
        .flavour
        .map(|flavour| format!("+{}", flavour.as_str()))
        .unwrap_or_default();
    format!(
        "{}{flavour} ({}): {}; {}",
        missing.tool, missing.channel, missing.why, missing.remedy
    )
}

fn header(plan: &Plan, source: &str, inventory: &Inventory) -> Header {
    Header {
        schema: SCHEMA.to_owned(),
        ocipick: env!("CARGO_PKG_VERSION").to_owned(),
        started: now(),
        corpus: CorpusStamp {
            digest: digest_of(plan.cases.iter().map(|case| &**case)).to_string(),
            cases: plan.cases.len(),
            source: source.to_owned(),
            content: plan
                .cases
                .iter()
                .map(|case| (case.id.to_string(), digest_of_content(case)))
                .collect(),
        },
        host: host::describe(),
        private: None,
        runtimes: plan.runtimes.iter().map(runtime_record).collect(),
        missing: inventory
            .missing
            .iter()
            .map(|missing| MissingRecord {
                tool: missing.tool.to_string(),
                flavour: missing.flavour.map(|flavour| flavour.as_str().to_owned()),
                channel: missing.channel.clone(),
                why: missing.why.clone(),
                remedy: missing.remedy.clone(),
            })
            .collect(),
        channels: channel_records(plan, inventory),
        operations: plan.operations.iter().map(ToString::to_string).collect(),
        planned: plan.trials(),
        repeats: (plan.repeats != Repeats::NONE).then_some(plan.repeats),
    }
}

/// What the channels of the planned runtimes were made of.
fn channel_records(plan: &Plan, inventory: &Inventory) -> Vec<ChannelRecord> {
    let used: BTreeSet<&str> = plan
        .runtimes
        .iter()
        .map(|runtime| runtime.installation.channel.as_str())
        .collect();
    let records = inventory.channels.iter().map(|channel| &channel.record);
    let records = records.filter(|record| used.contains(record.name.as_str()));
    let mut stamps: Vec<ChannelRecord> = records.map(channel_record).collect();
    // `--channel auto` beside a name finds the same channel twice.
    stamps.sort_by(|a, b| a.name.cmp(&b.name));
    stamps.dedup();
    stamps
}

fn channel_record(record: &provisioned::ProvisioningRecord) -> ChannelRecord {
    let packages = record.packages.iter().map(|(name, package)| {
        let archive = ArchiveRecord {
            version: package.version.clone(),
            sha256: package.sha256.clone(),
            suite: package.suite.clone(),
        };
        (name.clone(), archive)
    });
    ChannelRecord {
        name: record.name.clone(),
        base: record.base.clone(),
        packages: packages.collect(),
        bootstrapper: record.bootstrapper.clone(),
        expired: record.expired.clone(),
    }
}

pub(super) fn runtime_record(runtime: &Runtime) -> RuntimeRecord {
    let texts = |role: &str, text: String| (role.to_owned(), text);
    let origin = &runtime.origin;
    let linked = origin.linked.iter().map(|(role, linked)| {
        let linked = Linked {
            go: linked.go.clone(),
            libraries: linked.libraries.clone(),
            source: match linked.source {
                ocipick_adapters::LinkedSource::BuiltUsing => LinkedSource::BuiltUsing,
                ocipick_adapters::LinkedSource::BuildInfo => LinkedSource::BuildInfo,
            },
        };
        ((*role).to_owned(), linked)
    });
    RuntimeRecord {
        id: runtime.id(),
        tool: runtime.tool.to_string(),
        version: runtime.version.clone(),
        flavour: runtime.flavour.map(|flavour| flavour.as_str().to_owned()),
        channel: runtime.installation.channel.clone(),
        provenance: Provenance {
            binaries: runtime
                .binaries
                .iter()
                .map(|(role, path)| texts(role, path.to_string_lossy().into_owned()))
                .collect(),
            versions: runtime
                .versions
                .iter()
                .map(|(role, version)| texts(role, version.clone()))
                .collect(),
            packages: origin.packages.clone(),
            distribution: origin.distribution.clone(),
            linked: linked.collect(),
            snapshotter: runtime.snapshotter().map(str::to_owned),
            notes: runtime
                .installation
                .notes
                .iter()
                .chain(&runtime.notes)
                .cloned()
                .collect(),
        },
        unmeasured: None,
    }
}

/// What the check makes of how the run ended. What fails is told before all else.
fn checked(exit: Exit, conclusion: CheckConclusion, interrupted: bool) -> Exit {
    match (conclusion, exit) {
        (CheckConclusion::Fail, _) if !interrupted => Exit::CheckFailed,
        (CheckConclusion::InPart, Exit::Success) => Exit::MeasuredInPart,
        (CheckConclusion::Nothing, Exit::Success) => Exit::NothingMeasured,
        (
            CheckConclusion::Pass
            | CheckConclusion::Fail
            | CheckConclusion::InPart
            | CheckConclusion::Nothing,
            exit,
        ) => exit,
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

/// The exit code of a run with these results.
fn exit(results: &Results, interrupted: bool) -> Exit {
    let trials = || results.trials.iter().chain(&results.derived);
    let is_measured = trials().any(|trial| trial.outcome.is_measured());
    let is_whole = trials().count() >= results.header.planned
        && !trials().any(|trial| trial.outcome.is_trouble());
    if !is_measured {
        Exit::NothingMeasured
    } else if interrupted || !is_whole {
        Exit::MeasuredInPart
    } else {
        Exit::Success
    }
}
