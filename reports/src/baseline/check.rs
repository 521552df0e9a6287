//! An outcome held against the baseline of its runtime.

use super::{Answer, Build, Key, Reference, Shelf};
use crate::results::Trial;

/// An outcome held against what was accepted before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check<'s> {
    /// Nothing was measured, so there is nothing to compare.
    Unmeasured {
        /// What was accepted of this case in these bytes, and by which baseline, if anything was.
        accepted: Option<(Reference<'s>, &'s Answer)>,
    },
    /// There is no baseline of this runtime, nor of an older version of it.
    NoReference,
    /// The baseline does not have the case, or not in these bytes.
    New {
        /// The baseline.
        reference: Reference<'s>,
        /// Whether the case is there, and was other bytes.
        was_other_bytes: bool,
    },
    /// The outcome is as the baseline has it.
    Same {
        /// The baseline.
        reference: Reference<'s>,
    },
    /// The outcome is another one.
    Changed {
        /// The baseline.
        reference: Reference<'s>,
        /// What was accepted.
        accepted: &'s Answer,
        /// What was observed.
        seen: Answer,
    },
}

/// Holds a trial against the nearest baseline of its runtime. `content` is the short digest of what
/// tools can see of the case.
#[must_use]
pub fn check<'s>(trial: &Trial, content: &str, shelf: &'s Shelf) -> Check<'s> {
    let reference = shelf.reference(&Build::of(trial));
    let Some(seen) = Answer::of(&trial.outcome) else {
        let accepted = reference.and_then(|reference| {
            let line = reference.baseline.lines.get(&Key::of(trial))?;
            (line.content == content).then_some((reference, &line.answer))
        });
        return Check::Unmeasured { accepted };
    };
    let Some(reference) = reference else {
        return Check::NoReference;
    };
    match reference.baseline.lines.get(&Key::of(trial)) {
        None => Check::New {
            reference,
            was_other_bytes: false,
        },
        Some(line) if line.content != content => Check::New {
            reference,
            was_other_bytes: true,
        },
        Some(line) if seen.is_as(&line.answer) => Check::Same { reference },
        Some(line) => Check::Changed {
            reference,
            accepted: &line.answer,
            seen,
        },
    }
}

#[cfg(test)]
mod tests;
