//! The conformance trials: one per runtime and case, on the real tools of this machine and on
//! those that were provisioned.
//!
//! The names of the trials are known at list time, so that cargo-nextest can run each in a
//! process of its own. They are measured by the same runner as the matrix.
//!
//! `OCIPICK_TEST_CHANNELS` says where tools come from, as `--channel` does; by default `auto`.

mod lab;
mod verdict;

use lab::Lab;
use libtest_mimic::{Arguments, Completion, Failed, Trial};
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
    let lab = Arc::new(Lab::open(args)?);
    let mut trials = Vec::new();
    for (name, index, case) in lab.cells() {
        let lab = Arc::clone(&lab);
        trials.push(Trial::test(name, move || {
            verdict::of(&lab, index, &case).map_err(Failed::from)
        }));
    }
    for (name, why) in lab.missing() {
        trials.push(if lab::under_nextest() {
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
