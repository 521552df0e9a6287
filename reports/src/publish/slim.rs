//! Taking out what others need not have.

use crate::{
    embargo::{Policy, WithheldCell, redact},
    results::{Evidence, Outcome, Results},
};

/// Where the private directories of a run lie, up to the part that differs from run to run.
const GROUND: &str = "/tmp/ocipick-";

/// Takes out of results what is for private disclosure first, and what is of the machine that
/// measured: command lines, the times of single requests, what clients accept, and the names of
/// private directories. Doing it twice changes nothing more. Returns what was withheld.
pub fn slim(results: &mut [Results], policy: &Policy) -> Vec<WithheldCell> {
    let withheld = redact(results, policy);
    for trial in results.iter_mut().flat_map(|it| &mut it.trials) {
        strip(&mut trial.evidence);
        clean_outcome(&mut trial.outcome);
    }
    withheld
}

fn strip(evidence: &mut Evidence) {
    evidence.commands.clear();
    for request in &mut evidence.requests {
        request.at_ms = 0;
        request.accept = None;
    }
    clean(&mut evidence.stderr_tail);
    evidence.notes.iter_mut().for_each(clean);
}

fn clean_outcome(outcome: &mut Outcome) {
    match outcome {
        Outcome::Refused { message, .. } => clean(message),
        Outcome::Crashed { what, .. } => clean(what),
        Outcome::Unmeasured { detail, .. } => clean(detail),
        Outcome::Unstable { observed } => {
            for seen in observed {
                clean_outcome(&mut seen.outcome);
            }
        }
        Outcome::Picked { .. }
        | Outcome::Nothing
        | Outcome::Mixed { .. }
        | Outcome::TimedOut { .. } => {}
    }
}

/// Takes the part of a private directory out that differs from run to run.
fn clean(text: &mut String) {
    if !text.contains(GROUND) {
        return;
    }
    let mut cleaned = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once(GROUND) {
        cleaned.push_str(before);
        cleaned.push_str("/…");
        let end = after.find(|c: char| !c.is_ascii_alphanumeric());
        rest = end.and_then(|end| after.get(end..)).unwrap_or_default();
    }
    cleaned.push_str(rest);
    *text = cleaned;
}
