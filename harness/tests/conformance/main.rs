//! The conformance trials: one per runtime and case, on the real tools of this machine and on
//! those that were provisioned.
//!
//! The names of the trials are known at list time, so that cargo-nextest can run each in a
//! process of its own. They are measured by the same runner as the matrix.
//!
//! `OCIPICK_TEST_CHANNELS` says where tools come from, as `--channel` does; by default `auto`.

mod lab;
mod shelf;
mod verdict;

use lab::Lab;
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use ocipick::known::KnownFindings;
use ocipick_corpus::Corpus;
use std::{process::ExitCode, sync::Arc};

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
    let known = Arc::new(KnownFindings::parse(include_str!(
        "../../known-findings.toml"
    ))?);
    if let Some(trial) = recorded(args, &known)? {
        return Ok(libtest_mimic::run(args, vec![trial]).exit_code());
    }
    let lab = Arc::new(Lab::open(args)?);
    let mut trials = Vec::new();
    for (name, index, asked) in lab.cells() {
        let (lab, known) = (Arc::clone(&lab), Arc::clone(&known));
        trials.push(Trial::test(name, move || {
            let trial = lab.trial(index, &asked)?;
            verdict::of(&trial, &asked.case, &known).map_err(Failed::from)
        }));
    }
    for (name, why) in lab.missing() {
        trials.push(if shelf::under_nextest() {
            // There a trial that ignores itself would be shown as passed.
            Trial::test(name, || Ok(())).with_ignored_flag(true)
        } else {
            Trial::ignorable_test(name, move || Ok(Completion::ignored_with(why)))
        });
    }
    let conclusion = libtest_mimic::run(args, trials);
    drop(lab);
    Ok(conclusion.exit_code())
}

/// The one trial that cargo-nextest asks this process for, if another process of the same run
/// has measured it already. Then no tool need be looked for.
fn recorded(args: &Arguments, known: &Arc<KnownFindings>) -> anyhow::Result<Option<Trial>> {
    let (true, true, Some(name)) = (shelf::under_nextest(), args.exact, &args.filter) else {
        return Ok(None);
    };
    let Some((runtime, asked)) = name.split_once("::") else {
        return Ok(None);
    };
    // The name says what is asked for where the case asks for more than one platform.
    let (id, platform) = match asked.split_once("::") {
        Some((id, platform)) => (id, Some(platform)),
        None => (asked, None),
    };
    let Some(records) = shelf::Shelf::of_run().read(runtime)? else {
        return Ok(None);
    };
    let corpus = Corpus::built_in()?;
    let case = id.parse().ok().and_then(|id| corpus.get(&id).cloned());
    let trial = records.into_iter().find(|trial| {
        trial.case == id && platform.is_none_or(|platform| trial.platform == platform)
    });
    let (Some(case), Some(trial)) = (case, trial) else {
        return Ok(None);
    };
    let known = Arc::clone(known);
    Ok(Some(Trial::test(name, move || {
        verdict::of(&trial, &case, &known).map_err(Failed::from)
    })))
}
