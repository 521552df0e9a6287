//! The binary under attack: files that are not ours, limits, signals, and daemons that are killed.
//!
//! Most attacks are made on runs with fake tools, which this executable plays as that of the target
//! `fakes` does. Those on real tools are made where channels with them are provisioned. What takes
//! long is made with `OCIPICK_LONG=1` only (`make hostile`).

#[expect(dead_code, reason = "the target `fakes` uses the rest")]
#[path = "../fakes/stage.rs"]
mod stage;
#[path = "../fakes/tools/mod.rs"]
mod tools;

mod directories;
mod outputs;
mod real;
mod signals;
mod workspace;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use std::{env, process::ExitCode};

/// A trial: its name and what it does.
type Test = (&'static str, fn() -> anyhow::Result<()>);

fn main() -> ExitCode {
    if let Some(code) = tools::play() {
        return code;
    }
    let args = Arguments::from_args();
    let plain = outputs::TESTS
        .iter()
        .chain(directories::TESTS)
        .chain(signals::TESTS);
    let of_daemons = directories::TESTS_OF_DAEMONS
        .iter()
        .chain(signals::TESTS_OF_DAEMONS);
    let mut trials: Vec<Trial> = plain.map(trial).collect();
    let no_daemons = stage::no_private_daemons();
    trials.extend(of_daemons.map(|test| trial_unless(no_daemons, test)));
    let no_real = no_daemons.or_else(real::no_docker);
    trials.extend(real::TESTS.iter().map(|test| trial_unless(no_real, test)));
    let no_time = env::var_os("OCIPICK_LONG").is_none();
    let no_time = no_time.then_some("it takes long; OCIPICK_LONG=1 has the time");
    trials.extend(signals::LONG.iter().map(|test| trial_unless(no_time, test)));
    libtest_mimic::run(&args, trials).exit_code()
}

fn trial(test: &Test) -> Trial {
    let (name, run) = *test;
    Trial::test(name, move || {
        run().map_err(|error| Failed::from(format!("{error:#}")))
    })
}

fn trial_unless(why: Option<&'static str>, test: &Test) -> Trial {
    match why {
        None => trial(test),
        // Under cargo-nextest a trial that ignores itself would be shown as passed.
        Some(_) if env::var_os("NEXTEST").is_some() => {
            Trial::test(test.0, || Ok(())).with_ignored_flag(true)
        }
        Some(why) => Trial::ignorable_test(test.0, move || Ok(Completion::ignored_with(why))),
    }
}
