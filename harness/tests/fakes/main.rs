//! The whole way from tool to outcome, with tools that are deliberately wrong.
//!
//! This executable plays the tools itself: called by the name of one, through a symlink, it is
//! that tool, and how it misbehaves stands in the file `mode` beside the symlink, because its
//! environment is scrubbed. Called by its own name it runs the trials.

mod clients;
mod daemons;
mod foreign;
mod mistakes;
mod relations;
mod repeats;
mod scanners;
mod stage;
mod stateless;
mod tools;
mod whole;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::process::ExitCode;

/// A trial: its name and what it does.
type Test = (&'static str, fn() -> anyhow::Result<()>);

fn main() -> ExitCode {
    if let Some(code) = tools::play() {
        return code;
    }
    let args = Arguments::from_args();
    let plain = stateless::TESTS
        .iter()
        .chain(repeats::TESTS)
        .chain(relations::TESTS)
        .chain(foreign::TESTS)
        .chain(scanners::TESTS)
        .chain(clients::TESTS)
        .chain(whole::TESTS);
    let of_daemons = daemons::TESTS
        .iter()
        .chain(repeats::TESTS_OF_DAEMONS)
        .chain(foreign::TESTS_OF_DAEMONS)
        .chain(whole::TESTS_OF_DAEMONS);
    let mut trials: Vec<Trial> = plain
        .map(trial)
        .chain(mistakes::trials())
        .chain(clients::trials())
        .collect();
    match stage::no_private_daemons() {
        None => trials.extend(of_daemons.map(trial)),
        Some(why) => trials.extend(of_daemons.map(|(name, _)| {
            // Under cargo-nextest a trial that ignores itself would be shown as passed.
            if std::env::var_os("NEXTEST").is_some() {
                Trial::test(*name, || Ok(())).with_ignored_flag(true)
            } else {
                Trial::ignorable_test(*name, move || Ok(Completion::ignored_with(why)))
            }
        })),
    }
    libtest_mimic::run(&args, trials).exit_code()
}

fn trial(test: &Test) -> Trial {
    let (name, run) = *test;
    Trial::test(name, move || {
        run().map_err(|error| Failed::from(format!("{error:#}")))
    })
}
