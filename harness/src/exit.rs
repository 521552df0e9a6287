//! The exit codes of `ocipick`, in one place.

use ocipick_records::Results;
use ocipick_reports::check::CheckConclusion;

/// How a run of `ocipick` ended, as scripts see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum ExitCode {
    /// Everything asked for was done, and measured.
    Success = 0,
    /// Something failed that has to do neither with the input nor with a tool.
    Internal = 1,
    /// A wrong option, or bad input.
    Usage = 2,
    /// A conformance check failed.
    CheckFailed = 3,
    /// Nothing was measured.
    NothingMeasured = 4,
    /// Done or measured in part: some channel could not be provisioned, some runtime failed its
    /// controls or did not start, some layout could not be read, trouble kept a cell from being
    /// measured, or the run was interrupted.
    MeasuredInPart = 5,
}

impl ExitCode {
    /// The code.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// How a run with these results ended.
    #[must_use]
    pub fn of_run(results: &Results, interrupted: bool) -> Self {
        let trials = || results.trials.iter().chain(&results.derived);
        let is_measured = trials().any(|trial| trial.outcome.is_measured());
        let is_whole = trials().count() >= results.header.planned
            && !trials().any(|trial| trial.outcome.is_trouble());
        if !is_measured {
            Self::NothingMeasured
        } else if interrupted || !is_whole {
            Self::MeasuredInPart
        } else {
            Self::Success
        }
    }

    /// What a check makes of how the run ended. What fails is told before all else.
    #[must_use]
    pub fn checked(self, conclusion: CheckConclusion, interrupted: bool) -> Self {
        match (conclusion, self) {
            (CheckConclusion::Fail, _) if !interrupted => Self::CheckFailed,
            (CheckConclusion::InPart, Self::Success) => Self::MeasuredInPart,
            (CheckConclusion::Nothing, Self::Success) => Self::NothingMeasured,
            (
                CheckConclusion::Pass
                | CheckConclusion::Fail
                | CheckConclusion::InPart
                | CheckConclusion::Nothing,
                exit,
            ) => exit,
        }
    }
}

/// The table of exit codes, for `--help`.
pub const HELP: &str = "\
Exit codes:
  0  everything asked for was done, and measured
  1  internal error
  2  wrong option, or bad input
  3  a conformance check failed
  4  nothing was measured
  5  done or measured in part: a channel could not be provisioned, a runtime failed its controls
     or did not start, a layout could not be read, trouble kept a cell from being measured, or
     the run was interrupted";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_as_contracted_and_documented() {
        for (exit, code) in [
            (ExitCode::Success, 0),
            (ExitCode::Internal, 1),
            (ExitCode::Usage, 2),
            (ExitCode::CheckFailed, 3),
            (ExitCode::NothingMeasured, 4),
            (ExitCode::MeasuredInPart, 5),
        ] {
            assert_eq!(exit.code(), code);
            assert!(HELP.contains(&format!("\n  {code}  ")));
        }
    }

    /// Results with these outcomes, of a run that was to have so many.
    fn results(planned: usize, outcomes: &[&str]) -> Results {
        let header = format!(
            r#"{{"type":"header","schema":"ocipick.results/1","ocipick":"0.1.0","started":"","corpus":{{"digest":"","cases":1,"source":"built-in"}},"host":{{"os":"linux","architecture":"amd64","distribution":"","kernel":"","cpus":1}},"runtimes":[],"operations":["pull"],"planned":{planned}}}"#
        );
        let trials = outcomes.iter().map(|outcome| {
            format!(
                r#"{{"type":"trial","case":"a/b","runtime":"crane@1","tool":"crane","version":"1","channel":"path","operation":"pull","platform":"default","outcome":{outcome},"evidence":{{"reported":{{"state":"not-looked"}},"materialised":{{"state":"not-looked"}},"requests":[],"stderr_tail":"","commands":[]}},"duration_ms":1}}"#
            )
        });
        let lines: Vec<String> = std::iter::once(header).chain(trials).collect();
        Results::parse((lines.join("\n") + "\n").as_bytes()).unwrap()
    }

    #[test]
    fn a_run_ends_as_its_results_are() {
        const NOTHING: &str = r#"{"kind":"nothing"}"#;
        const TROUBLE: &str = r#"{"kind":"unmeasured","why":"harness-error","detail":""}"#;
        const ABSENT: &str = r#"{"kind":"unmeasured","why":"not-installed","detail":""}"#;
        for (planned, outcomes, interrupted, exit) in [
            (1, &[NOTHING][..], false, ExitCode::Success),
            (2, &[NOTHING, ABSENT], false, ExitCode::Success),
            (1, &[NOTHING], true, ExitCode::MeasuredInPart),
            (2, &[NOTHING], false, ExitCode::MeasuredInPart),
            (2, &[NOTHING, TROUBLE], false, ExitCode::MeasuredInPart),
            (1, &[TROUBLE], false, ExitCode::NothingMeasured),
            (1, &[], true, ExitCode::NothingMeasured),
        ] {
            let results = results(planned, outcomes);
            let ended = ExitCode::of_run(&results, interrupted);
            assert_eq!(ended, exit, "{planned} planned, {outcomes:?}");
        }
    }

    #[test]
    fn what_fails_is_told_before_all_else() {
        use CheckConclusion::{Fail, InPart, Nothing, Pass};
        for (ended, conclusion, interrupted, exit) in [
            (ExitCode::Success, Pass, false, ExitCode::Success),
            (ExitCode::Success, Fail, false, ExitCode::CheckFailed),
            (ExitCode::MeasuredInPart, Fail, false, ExitCode::CheckFailed),
            (
                ExitCode::MeasuredInPart,
                Fail,
                true,
                ExitCode::MeasuredInPart,
            ),
            (ExitCode::Success, InPart, false, ExitCode::MeasuredInPart),
            (ExitCode::Success, Nothing, false, ExitCode::NothingMeasured),
            (
                ExitCode::MeasuredInPart,
                Pass,
                false,
                ExitCode::MeasuredInPart,
            ),
        ] {
            assert_eq!(ended.checked(conclusion, interrupted), exit);
        }
    }
}
