//! The conformance trials: one per runtime, operation and case, on the real tools of this machine and on
//! those that were provisioned.
//!
//! The names of the trials are known at list time, so that cargo-nextest can run each in a
//! process of its own. They are measured by the same runner as the matrix.
//!
//! `OCIPICK_TEST_CHANNELS` says where tools come from, as `--channel` does; by default `auto`.
//! `OCIPICK_CHANGES=report` lets differences from the baseline of an older version pass.

#[path = "../support/asked.rs"]
mod asked;
mod cache;
mod checker;
#[path = "../support/measure.rs"]
mod measure;
mod measurements;
mod name;

use checker::TrialChecker;
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use measurements::Measurements;
use name::Name;
use ocipick_corpus::Corpus;
use ocipick_records::Trial as Record;
use ocipick_reports::check::TestEnd;
use std::{process::ExitCode, sync::Arc};

/// How the names of trials of baselines begin.
const BASELINES: &str = "baselines::";

fn main() -> ExitCode {
    let args = Arguments::from_args();
    match conclude(&args) {
        Ok(code) => code,
        Err(error) => {
            use std::io::Write as _;
            let _ = writeln!(
                std::io::stderr(),
                "error: the conformance trials: {error:#}"
            );
            ExitCode::FAILURE
        }
    }
}

fn conclude(args: &Arguments) -> anyhow::Result<ExitCode> {
    let checker = Arc::new(TrialChecker::open()?);
    if let Some(trial) = alone(args, &checker)? {
        return Ok(libtest_mimic::run(args, vec![trial]).exit_code());
    }
    let measurements = Arc::new(Measurements::open(args)?);
    let mut trials = Vec::new();
    for asked in measurements.asked() {
        let name = measurements.name(&asked);
        let (measurements, checker) = (Arc::clone(&measurements), Arc::clone(&checker));
        trials.push(Trial::ignorable_test(name, move || {
            let trial = measurements.trial(&asked)?;
            completion(&trial, checker.hears(&trial, asked.case()))
        }));
    }
    for place in checker.baselines() {
        trials.push(of_baseline(place, &checker));
    }
    for (name, why) in measurements
        .impossible()
        .into_iter()
        .chain(measurements.missing())
    {
        trials.push(if cache::under_nextest() {
            // There a trial that ignores itself would be shown as passed.
            Trial::test(name, || Ok(())).with_ignored_flag(true)
        } else {
            Trial::ignorable_test(name, move || Ok(Completion::ignored_with(why)))
        });
    }
    let conclusion = libtest_mimic::run(args, trials);
    checker.say_notes();
    drop(measurements);
    Ok(conclusion.exit_code())
}

fn completion(trial: &Record, end: TestEnd) -> Result<Completion, Failed> {
    match end {
        TestEnd::Passes => Ok(Completion::Completed),
        // There what ignores itself is shown as passed, which trouble must not be.
        TestEnd::Ignored(line) if cache::under_nextest() && trial.outcome.is_trouble() => {
            Err(line.into())
        }
        TestEnd::Ignored(line) => Ok(Completion::ignored_with(line)),
        TestEnd::Fails(report) => Err(report.into()),
    }
}

/// The trial of a baseline by itself.
fn of_baseline(place: String, checker: &Arc<TrialChecker>) -> Trial {
    let checker = Arc::clone(checker);
    Trial::test(format!("{BASELINES}{place}"), move || {
        checker.looks_through(&place)
    })
}

/// The one trial that cargo-nextest asks this process for, if no tool need be looked for: that of a
/// baseline, or one that another process of the same run has measured already.
fn alone(args: &Arguments, checker: &Arc<TrialChecker>) -> anyhow::Result<Option<Trial>> {
    let (true, true, Some(name)) = (cache::under_nextest(), args.exact, &args.filter) else {
        return Ok(None);
    };
    if let Some(place) = name.strip_prefix(BASELINES) {
        return Ok(Some(of_baseline(place.to_owned(), checker)));
    }
    let Some(wanted) = Name::parse(name) else {
        return Ok(None);
    };
    let Some(records) = cache::RecordCache::of_run(wanted.runtime, wanted.operation).read()? else {
        return Ok(None);
    };
    let corpus = Corpus::built_in()?;
    let id = wanted.case.parse().ok();
    let case = id.and_then(|id| corpus.get(&id).cloned());
    let trial = records.into_iter().find(|trial| {
        let platform = wanted.platform;
        trial.case == wanted.case && platform.is_none_or(|platform| trial.platform == platform)
    });
    let (Some(case), Some(trial)) = (case, trial) else {
        return Ok(None);
    };
    let checker = Arc::clone(checker);
    Ok(Some(Trial::ignorable_test(name, move || {
        completion(&trial, checker.hears(&trial, &case))
    })))
}
