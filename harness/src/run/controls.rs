//! The two controls: a runtime that fails them is not measured.

use super::TestPoint;
use ocipick_corpus::Corpus;
use ocipick_records::Outcome;
use std::sync::Arc;

/// An ordinary index, and one without a match.
#[derive(Clone, Debug)]
pub struct Controls {
    /// From this one the right child must be picked.
    pub match_: TestPoint,
    /// From this one nothing must be picked.
    pub no_match: TestPoint,
}

/// A corpus without its controls.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the built-in corpus has no case `{0}`, which is one of the two controls")]
pub struct ControlsError(&'static str);

const MATCH: &str = "controls/multi-platform";
const NO_MATCH: &str = "controls/no-match";

impl Controls {
    /// The controls of the built-in corpus. They are used with foreign corpora, too.
    ///
    /// # Errors
    /// When they are not there, which a test rules out.
    pub fn of(corpus: &Corpus) -> Result<Self, ControlsError> {
        let find = |id: &'static str| {
            corpus
                .cases()
                .iter()
                .find(|case| case.id.as_str() == id)
                .and_then(|case| TestPoint::all_of(&Arc::new(case.clone())).next())
                .ok_or(ControlsError(id))
        };
        Ok(Self {
            match_: find(MATCH)?,
            no_match: find(NO_MATCH)?,
        })
    }

    /// Why the outcomes of the two controls disqualify a runtime; `None` where they do not.
    ///
    /// Success without an image counts as no pick: some tool ends that way, the adapter was
    /// able to tell, and it is a finding of its own.
    #[must_use]
    pub fn verdict(&self, matched: &Outcome, unmatched: &Outcome) -> Option<String> {
        let right = |child: &str| {
            let asked = self.match_.ask.platform();
            let found = self.match_.case.child(child);
            found.is_some_and(|child| asked.is_some() && child.platform.as_ref() == asked)
        };
        let first = match matched {
            Outcome::Picked { child, .. } if right(child) => None,
            other => Some(format!("{MATCH}: {}", describe(other))),
        };
        let second = match unmatched {
            Outcome::Refused { .. } | Outcome::Nothing => None,
            other => Some(format!("{NO_MATCH}: {}", describe(other))),
        };
        match (first, second) {
            (None, None) => None,
            (first, second) => Some(
                first
                    .into_iter()
                    .chain(second)
                    .collect::<Vec<_>>()
                    .join("; "),
            ),
        }
    }
}

fn describe(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Picked { child, .. } => format!("picked `{child}`"),
        Outcome::Refused { message, .. } => format!("refused: {message}"),
        Outcome::Crashed { what, .. } => {
            format!(
                "{}: {}",
                outcome.gist(),
                what.lines().next().unwrap_or_default()
            )
        }
        Outcome::Unmeasured { detail, .. } => {
            format!(
                "not measured: {}",
                detail.lines().next().unwrap_or_default()
            )
        }
        Outcome::Nothing
        | Outcome::Mixed { .. }
        | Outcome::TimedOut { .. }
        | Outcome::Unstable { .. } => outcome.gist(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocipick_records::{RefusalReason, UnmeasuredWhy};
    use std::sync::LazyLock;

    fn controls() -> Controls {
        // Read once: the corpus is large, and this is a build for debugging.
        static READ: LazyLock<Controls> =
            LazyLock::new(|| Controls::of(&Corpus::built_in().unwrap()).unwrap());
        READ.clone()
    }

    fn picked(child: &str) -> Outcome {
        Outcome::Picked {
            child: child.to_owned(),
            digest: String::new(),
        }
    }

    fn refused() -> Outcome {
        Outcome::Refused {
            reason: RefusalReason::NoMatch,
            message: "no".to_owned(),
        }
    }

    #[test]
    fn the_controls_are_the_cases_that_are_named_so() {
        let Controls { match_, no_match } = controls();
        let ids = [match_, no_match].map(|it| it.case.id.to_string());
        assert_eq!(ids, ["controls/multi-platform", "controls/no-match"]);
    }

    #[test]
    fn the_right_pick_and_a_refusal_pass() {
        assert_eq!(controls().verdict(&picked("amd64"), &refused()), None);
        assert_eq!(
            controls().verdict(&picked("amd64"), &Outcome::Nothing),
            None
        );
    }

    #[test]
    fn everything_else_disqualifies() {
        let controls = controls();
        assert!(
            controls.verdict(&picked("arm64"), &refused()).is_some(),
            "the wrong child"
        );
        assert!(
            controls
                .verdict(&picked("amd64"), &picked("s390x"))
                .is_some(),
            "any child"
        );
        assert!(
            controls.verdict(&refused(), &refused()).is_some(),
            "refuses everything"
        );
        assert!(
            controls
                .verdict(&Outcome::Nothing, &Outcome::Nothing)
                .is_some()
        );
        let unmeasured = Outcome::Unmeasured {
            why: UnmeasuredWhy::HarnessTrouble,
            detail: "x".to_owned(),
        };
        assert!(controls.verdict(&picked("amd64"), &unmeasured).is_some());
    }

    #[test]
    fn why_a_runtime_is_not_measured_is_said_of_each_control() {
        let controls = controls();
        let unmeasured = Outcome::Unmeasured {
            why: UnmeasuredWhy::HarnessTrouble,
            detail: "no space\nat all".to_owned(),
        };
        let crashed = Outcome::Crashed {
            what: "SIGSEGV\nstack".to_owned(),
            survived: false,
        };
        for (matched, unmatched, words) in [
            (
                picked("arm64"),
                refused(),
                "controls/multi-platform: picked `arm64`",
            ),
            (refused(), refused(), "controls/multi-platform: refused: no"),
            (
                crashed,
                refused(),
                "controls/multi-platform: crashed: SIGSEGV",
            ),
            (
                picked("amd64"),
                unmeasured,
                "controls/no-match: not measured: no space",
            ),
            (
                Outcome::Nothing,
                picked("amd64"),
                "controls/multi-platform: nothing; controls/no-match: picked `amd64`",
            ),
        ] {
            let said = controls.verdict(&matched, &unmatched);
            assert_eq!(said.as_deref(), Some(words));
        }
    }
}
