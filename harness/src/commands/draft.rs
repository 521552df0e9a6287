//! `ocipick draft`: a report for a person to read and file.

use super::{
    args::RevisionArgs,
    fail::{Failure, Result},
    progress::{Progress, Tee},
    results::read,
    run_dir, select,
    terminal::Terminal,
};
use clap::Args;
use ocipick::{
    classify::MessagePatterns,
    exit::ExitCode,
    host,
    inventory::{Discovery, RuntimeSource},
    operations,
    run::{Controls, Event, Plan, RunContext, Watcher, execute, now, runtime_record},
};
use ocipick_adapters::{GO_CHANNEL, PATH_CHANNEL, PYPI_CHANNEL, names, process::Cancel};
use ocipick_corpus::{Case, Corpus, PlatformRequest, digest_of_content};
use ocipick_records::{Outcome, Results, RuntimeRecord, Trial};
use ocipick_registry::Registry;
use ocipick_reports::{
    analysis::{embargo::EmbargoPolicy, matrix::CaseBook},
    draft::{CellName, Confirmed, Draft, NoDraft},
    render::draft::DraftReport,
};
use std::{
    fs, io,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

/// What the exit codes mean, below the help.
const CODES: &str = "\
Exit codes:
  0  the draft was printed; nothing was filed
  2  a distribution's build, without --distribution-build; or there is no such cell
  3  refused: the trials do not agree, or with what was recorded, or the newest measured version
     no longer shows it, or nothing speaks against it
  4  refused: the cell was not measured, or cannot be measured here";

/// A cell, and what to do with its draft.
#[derive(Debug, Args)]
#[command(after_help = CODES)]
pub(crate) struct DraftArgs {
    /// Results files, or directories that hold one
    #[arg(required = true, value_name = "RESULTS")]
    results: Vec<PathBuf>,
    /// The case
    #[arg(long, value_name = "CASE")]
    case: String,
    /// The runtime, as the results have it, such as podman@4.3.1
    #[arg(long, value_name = "RUNTIME")]
    runtime: String,
    /// The platform, where the case was asked for several
    #[arg(long, value_name = "PLATFORM")]
    platform: Option<PlatformRequest>,
    /// What the tool was asked to do
    #[arg(long, value_name = "NAME", default_value = "pull")]
    operation: String,
    /// How often the trial is repeated; all must agree, with each other and with what was recorded
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), default_value = "5")]
    repeat: u16,
    /// The directory of layouts that was measured, where it was not the built-in corpus
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
    /// Draft it although the build is that of a distribution
    #[arg(long)]
    distribution_build: bool,
    /// Write report.md, and reproduce.py where there can be one, to this directory
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    revisions: RevisionArgs,
}

pub(crate) fn draft(args: &DraftArgs, screen: Terminal) -> Result<ExitCode> {
    let results = read(&args.results)?;
    let corpus = match &args.corpus {
        None => Corpus::built_in()?,
        Some(dir) => Corpus::foreign(dir, &platform(args, &results)?)?,
    };
    let case = match select::case(&corpus, &args.case, screen) {
        Err(failure) if args.corpus.is_none() && is_foreign(&results) => {
            return Err(Failure::usage(format!(
                "{}; the results are of layouts (hint: --corpus DIR names their directory)",
                failure.error
            )));
        }
        case => case?,
    };
    let name = CellName {
        runtime: args.runtime.clone(),
        case: case.id.to_string(),
        platform: args.platform.as_ref().map(ToString::to_string),
        operation: args.operation.clone(),
    };
    let rules = args.revisions.rules(&corpus)?;
    let policy = EmbargoPolicy::built_in().map_err(Failure::internal)?;
    let draft = match check(&results, &name, case)
        .and_then(|()| Draft::of(&results, &name, &CaseBook::of(&corpus), &rules, policy))
    {
        Ok(draft) => draft,
        Err(refusal) => return refuse(&refusal, screen),
    };
    if let Some(build) = draft.distribution()
        && !args.distribution_build
    {
        return Err(Failure::usage(distribution_build(&draft, &build)));
    }
    let asked: PlatformRequest = draft.trial.platform.parse().map_err(Failure::usage)?;
    let (seen, record) = match again(args, &draft.trial, case, &asked, screen)? {
        Ok(seen) => seen,
        Err(exit) => return Ok(exit),
    };
    if let Some(why) = disagreement(&draft.trial, &seen, args.repeat) {
        screen.say(&format!("no draft: {why}"));
        let exit = if seen.outcome.is_measured() {
            ExitCode::CheckFailed
        } else {
            ExitCode::NothingMeasured
        };
        return Ok(exit);
    }
    let confirmed = Confirmed {
        times: seen.tries,
        at: now(),
        ocipick: env!("CARGO_PKG_VERSION").to_owned(),
        evidence: seen.evidence,
        outcome: seen.outcome,
        host: host::describe(),
        record,
    };
    let report = DraftReport {
        draft: &draft,
        case,
        ask: &asked,
        confirmed: &confirmed,
    };
    if draft.withheld.is_some() {
        screen.say("this is for private disclosure: do not file it in public");
    }
    if let Some(dir) = &args.out {
        write(dir, &report, screen)?;
    }
    match (args.json, &args.out) {
        (true, _) => screen.print_verbatim(&report.json())?,
        (false, None) => screen.print(&report.markdown())?,
        (false, Some(_)) => {}
    }
    Ok(ExitCode::Success)
}

/// What was asked for in the cell, so that the layout is asked for the same.
fn platform(args: &DraftArgs, results: &[Results]) -> Result<PlatformRequest> {
    let mut trials = results.iter().flat_map(|results| &results.trials);
    let recorded = trials.find(|it| it.case == args.case && it.runtime == args.runtime);
    match (&args.platform, recorded) {
        (Some(asked), _) => Ok(asked.clone()),
        (None, Some(trial)) => trial.platform.parse().map_err(Failure::usage),
        (None, None) => Ok(PlatformRequest::Default),
    }
}

/// Whether results are of layouts of somebody's own.
fn is_foreign(results: &[Results]) -> bool {
    results.iter().any(|it| !it.header.corpus.is_built_in())
}

/// Why there is no draft on a build of a distribution unless it is asked for.
fn distribution_build(draft: &Draft, build: &str) -> String {
    let note = draft.build.note();
    let note = note.map_or_else(String::new, |note| format!(" ({note})"));
    format!(
        "{} is {build}{note}, and not one of the project's, and projects close reports on builds of a \
         distribution (hint: measure a build of the project's that is on PATH, with `ocipick run --channel path`; \
         --distribution-build drafts it all the same, and says so in it)",
        draft.trial.runtime
    )
}

/// Whether the case is still what was measured.
fn check(results: &[Results], name: &CellName, case: &Case) -> std::result::Result<(), NoDraft> {
    let ours = digest_of_content(case);
    let has_trial = |results: &&Results| {
        let mut trials = results.trials.iter();
        trials.any(|trial| {
            trial.case == name.case
                && (trial.runtime == name.runtime || trial.alias() == name.runtime)
        })
    };
    let measured = results.iter().rfind(has_trial);
    let theirs = measured.and_then(|results| results.header.corpus.content.get(&name.case));
    match theirs {
        Some(theirs) if *theirs != ours => Err(NoDraft::OtherBytes(name.case.clone())),
        Some(_) | None => Ok(()),
    }
}

fn refuse(refusal: &NoDraft, screen: Terminal) -> Result<ExitCode> {
    let exit = match refusal {
        NoDraft::NoCell { .. } => return Err(Failure::usage(refusal)),
        NoDraft::Unmeasured(..) => ExitCode::NothingMeasured,
        NoDraft::Unstable(..)
        | NoDraft::Gone { .. }
        | NoDraft::Expected { .. }
        | NoDraft::OtherBytes(_) => ExitCode::CheckFailed,
    };
    screen.say(&format!("no draft: {refusal}"));
    Ok(exit)
}

/// Why what was seen now is no reason for a report.
fn disagreement(recorded: &Trial, seen: &Trial, wanted: u16) -> Option<String> {
    let trials = seen.tries;
    match &seen.outcome {
        Outcome::Unmeasured { why, detail } => {
            Some(format!("it could not be measured: {why}, {detail}"))
        }
        Outcome::Unstable { .. } => Some(format!(
            "{trials} trials do not agree ({})",
            seen.outcome.gist()
        )),
        outcome if !outcome.agrees_with(&recorded.outcome) => Some(format!(
            "{} was recorded, and now it is {}",
            recorded.outcome.gist(),
            outcome.gist()
        )),
        _ if trials < u32::from(wanted) => {
            Some(format!("only {trials} of {wanted} trials were made"))
        }
        _ => None,
    }
}

/// Tries the cell again, as often as asked.
fn again(
    args: &DraftArgs,
    recorded: &Trial,
    case: &Case,
    asked: &PlatformRequest,
    screen: Terminal,
) -> Result<std::result::Result<(Trial, RuntimeRecord), ExitCode>> {
    let Some(operation) = operations::named(&recorded.operation) else {
        return Err(Failure::usage(format!(
            "no such operation: {}",
            recorded.operation
        )));
    };
    let controls = Controls::of(&Corpus::built_in()?).map_err(Failure::internal)?;
    let patterns = MessagePatterns::built_in().map_err(Failure::internal)?;
    let cancel = Cancel::default();
    run_dir::listen(screen, &cancel)?;
    let run_dir = run_dir::claim(screen, false)?;
    let source = match recorded.channel.as_str() {
        PATH_CHANNEL => RuntimeSource::Path,
        GO_CHANNEL => format!("{GO_CHANNEL}:{}@{}", recorded.tool, recorded.version)
            .parse()
            .map_err(Failure::usage)?,
        PYPI_CHANNEL => RuntimeSource::Wheel(None),
        release => RuntimeSource::Release(release.to_owned()),
    };
    let inventory = Discovery::of_user(&run_dir, &cancel).inventory(&[source])?;
    let is_it = |it: &&ocipick_adapters::Runtime| {
        it.tool.as_str() == recorded.tool
            && it.version == recorded.version
            && it.flavour.map(|flavour| flavour.as_str()) == recorded.flavour.as_deref()
    };
    let Some(runtime) = inventory.runtimes.iter().find(is_it) else {
        screen.say(&format!(
            "no draft: {} is not here ({}), so that the trial cannot be repeated (hint: ocipick runtimes)",
            recorded.runtime, recorded.channel
        ));
        return Ok(Err(ExitCode::NothingMeasured));
    };
    screen.say(&format!(
        "trying {} on {} {} times",
        recorded.runtime, case.id, args.repeat
    ));
    let plan = Plan::of_cell(
        runtime,
        operation,
        case,
        asked,
        controls,
        u32::from(args.repeat),
    );
    let registry = Registry::start()?;
    let bench = RunContext {
        run_dir: &run_dir,
        registry: &registry,
        patterns: &patterns,
        cancel: &cancel,
    };
    let (notebook, progress) = (
        TrialRecorder::default(),
        Progress::new(screen, names(&plan.runtimes)),
    );
    let executed = execute(&plan, &bench, &Tee(&notebook, &progress));
    progress.clear();
    executed.map_err(Failure::internal)?;
    if cancel.is_raised() {
        return Ok(Err(ExitCode::MeasuredInPart));
    }
    let seen = notebook.0.into_inner();
    match seen.unwrap_or_else(PoisonError::into_inner) {
        Some(trial) => Ok(Ok((trial, runtime_record(runtime)))),
        None => {
            screen.say("no draft: nothing came of the trials");
            Ok(Err(ExitCode::NothingMeasured))
        }
    }
}

/// Keeps the one trial.
#[derive(Default)]
struct TrialRecorder(Mutex<Option<Trial>>);

impl Watcher for TrialRecorder {
    fn see(&self, event: &Event<'_>) -> io::Result<()> {
        if let Event::TrialEnded { trial } = event {
            let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *seen = Some((*trial).clone());
        }
        Ok(())
    }
}

fn write(dir: &std::path::Path, report: &DraftReport<'_>, screen: Terminal) -> Result<()> {
    fs::create_dir_all(dir).map_err(|error| Failure::cannot_write(dir, &error))?;
    screen.write(&dir.join("report.md"), &report.markdown())?;
    if let Some(script) = report.script() {
        screen.write(&dir.join("reproduce.py"), &script)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocipick_records::{Evidence, Observed};

    fn trial(outcome: Outcome, tries: u32) -> Trial {
        Trial {
            case: "a/a".into(),
            runtime: "crane@1".into(),
            tool: "crane".into(),
            version: "1".into(),
            flavour: None,
            channel: "path".into(),
            operation: "pull".into(),
            platform: "linux/amd64".into(),
            outcome,
            evidence: Evidence::default(),
            duration_ms: 0,
            tries,
            derived: None,
        }
    }

    #[test]
    fn only_what_comes_out_the_same_each_time_is_reported() {
        let picked = |child: &str| Outcome::Picked {
            child: child.into(),
            digest: String::new(),
        };
        let recorded = trial(picked("a"), 1);
        let why = |outcome, tries| disagreement(&recorded, &trial(outcome, tries), 5);
        assert_eq!(why(picked("a"), 5), None);
        assert!(why(picked("a"), 4).is_some_and(|it| it.contains("4 of 5")));
        assert!(why(picked("b"), 5).is_some_and(|it| it.contains("now it is b")));
        let both = ["a", "b"].map(|child| Observed {
            outcome: Box::new(picked(child)),
            count: 1,
        });
        let unstable = Outcome::Unstable {
            observed: both.to_vec(),
        };
        assert!(why(unstable, 5).is_some_and(|it| it.contains("do not agree")));
    }
}
