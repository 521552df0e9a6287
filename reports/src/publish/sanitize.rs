//! Taking out what others need not have.

use super::private::Sanitizer;
use crate::analysis::embargo::{EmbargoPolicy, WithheldCell, redact};
use ocipick_records::{Evidence, Results};

/// Takes out of results what is for private disclosure first, and what is of the machine that
/// measured: command lines, the times of single requests, what clients accept, and whatever names a
/// directory, the host or the user. Doing it twice changes nothing more. Returns what was withheld.
pub fn slim(results: &mut [Results], policy: &EmbargoPolicy) -> Vec<WithheldCell> {
    let withheld = redact(results, policy);
    for results in &mut *results {
        for trial in &mut results.trials {
            strip(&mut trial.evidence);
        }
    }
    sanitize(results);
    withheld
}

/// Replaces in results whatever names a directory of the machine, the host or the user by placeholders:
/// what the run has recorded of them, and the usual places.
pub fn sanitize(results: &mut [Results]) {
    for results in results {
        Sanitizer::of(&results.header).clean(results);
    }
}

fn strip(evidence: &mut Evidence) {
    evidence.commands.clear();
    for request in &mut evidence.requests {
        request.at_ms = 0;
        request.accept = None;
    }
}
