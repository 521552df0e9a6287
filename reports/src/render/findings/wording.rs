//! Words that sentences about versions share.

use super::Sentence;
use crate::{
    analysis::{
        builds::PinAgreement,
        findings::OutcomeShape,
        matrix::{Matrix, MatrixRuntime},
    },
    text,
};
use ocipick_records::{Outcome, SURVIVED};
use std::collections::BTreeSet;

/// How many characters of a foreign name are shown.
const NAME: usize = 40;
/// How many children are named.
const NAMED: usize = 3;

/// The version of a runtime, with its flavour, and its channel where channels are compared.
pub(super) fn version(matrix: &Matrix<'_>, column: usize) -> String {
    let Some(runtime) = matrix.runtimes.get(column) else {
        return String::new();
    };
    let version = text::clip(&text::line(runtime.version), NAME);
    let channel = matrix.has_channels().then(|| text::line(runtime.channel));
    // Which library it is stands in a note above all; here it would be said on every line.
    let mark = runtime.build().mark();
    let notes: Vec<String> = channel.into_iter().chain(mark).collect();
    if notes.is_empty() {
        version
    } else {
        format!("{version} ({})", notes.join("; "))
    }
}

/// Where a build does not stand for the release of its version, whose it is and with which library:
/// `Debian's build: linked with containerd 1.6.20`.
pub(super) fn build(runtime: &MatrixRuntime<'_>) -> Option<String> {
    let build = runtime.build();
    let mark = build.mark()?;
    let libraries = build.libraries().iter();
    let linked: Vec<String> = libraries
        .filter(|it| matches!(it.agreement, PinAgreement::Differs(_)))
        .map(|it| text::line(&format!("{} {}", it.name, it.linked)))
        .collect();
    Some(if linked.is_empty() {
        mark
    } else {
        format!("{mark}: linked with {}", text::list(&linked))
    })
}

/// What was done, in the past tense: `picked a`, `refused no-match`. All outcomes have one shape;
/// several children are named as long as they are few.
pub(super) fn done(shape: OutcomeShape, outcomes: &[Outcome]) -> Sentence {
    match shape {
        OutcomeShape::Picked => {
            let children: BTreeSet<String> = outcomes
                .iter()
                .filter_map(|outcome| match outcome {
                    Outcome::Picked { child, .. } => Some(text::clip(&text::line(child), NAME)),
                    Outcome::Refused { .. }
                    | Outcome::Nothing
                    | Outcome::Mixed { .. }
                    | Outcome::Crashed { .. }
                    | Outcome::TimedOut { .. }
                    | Outcome::Unstable { .. }
                    | Outcome::Unmeasured { .. } => None,
                })
                .collect();
            if children.len() > NAMED {
                return Sentence::of_words("picked a child");
            }
            let children = children.iter().map(|child| Sentence::of_name(child));
            Sentence::of_words("picked ").then(Sentence::either(children.collect()))
        }
        OutcomeShape::Refused(reason) => Sentence::of_words("refused ").name(reason.as_str()),
        OutcomeShape::Nothing => Sentence::of_words("success without a usable image"),
        OutcomeShape::WithoutFiles => {
            Sentence::of_words("success with an image without a file system")
        }
        OutcomeShape::Mixed => Sentence::of_words("contradictory evidence"),
        OutcomeShape::Crashed => Sentence::of_words("crashed"),
        OutcomeShape::Survived => Sentence::of_words(SURVIVED),
        OutcomeShape::TimedOut => Sentence::of_words("timed out"),
        OutcomeShape::Unstable => Sentence::of_words("different when repeated"),
        OutcomeShape::Unmeasured => Sentence::of_words("not measured"),
    }
}

/// What one outcome says by itself.
pub(super) fn alone(outcome: &Outcome) -> Sentence {
    done(OutcomeShape::of(outcome), std::slice::from_ref(outcome))
}

/// What a runtime did that differs when repeated: `picked a ×2 and refused no-match ×1`.
pub(super) fn observed(outcome: &Outcome) -> Sentence {
    let Outcome::Unstable { observed } = outcome else {
        return alone(outcome);
    };
    let observed = observed
        .iter()
        .map(|seen| alone(&seen.outcome).words(&format!(" ×{}", seen.count)));
    Sentence::list(observed.collect())
}
