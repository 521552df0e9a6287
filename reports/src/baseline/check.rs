//! An outcome held against the baseline of its runtime.

use super::{BaselineAnswer, BaselineBuild, BaselineKey, BaselineSet, Reference};
use ocipick_records::Trial;

/// An outcome held against what was accepted before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check<'s> {
    /// Nothing was measured, so there is nothing to compare.
    Unmeasured {
        /// What was accepted of this case in these bytes, and by which baseline, if anything was.
        accepted: Option<(Reference<'s>, &'s BaselineAnswer)>,
    },
    /// There is no baseline of this runtime, nor of an older version of it.
    NoReference,
    /// The platform was left to the tool, and the baseline is of a processor of another level, or
    /// one of the two levels is not known: nothing is held against it.
    OtherLevel {
        /// The baseline.
        reference: Reference<'s>,
        /// The level of the processor that was measured on, where it is known.
        level: Option<String>,
    },
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
        accepted: &'s BaselineAnswer,
        /// What was observed.
        seen: BaselineAnswer,
    },
}

/// Holds a trial against the nearest baseline of its runtime. `content` is the short digest of what
/// tools can see of the case, `level` the one of the processor that was measured on, as in
/// `x86-64-v3`: it decides what tools do that are asked for no platform.
#[must_use]
pub fn check<'s>(
    trial: &Trial,
    content: &str,
    level: Option<&str>,
    shelf: &'s BaselineSet,
) -> Check<'s> {
    let reference = shelf.reference(&BaselineBuild::of(trial));
    let key = BaselineKey::of(trial);
    let holds = |reference: &Reference<'_>| {
        !key.is_left_to_tool() || (level.is_some() && reference.baseline.cpu.as_deref() == level)
    };
    let Some(seen) = BaselineAnswer::of(&trial.outcome) else {
        let accepted = reference.filter(holds).and_then(|reference| {
            let line = reference.baseline.lines.get(&key)?;
            (line.content == content).then_some((reference, &line.answer))
        });
        return Check::Unmeasured { accepted };
    };
    let Some(reference) = reference else {
        return Check::NoReference;
    };
    if !holds(&reference) {
        return Check::OtherLevel {
            reference,
            level: level.map(str::to_owned),
        };
    }
    match reference.baseline.lines.get(&key) {
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
