//! Whether a trial passes, and what a maintainer needs to read where it does not.

use ocipick::known::{KnownFindings, Standing};
use ocipick_corpus::Case;
use ocipick_reports::results::{Observation, Outcome, Trial};
use std::fmt::Write as _;

/// Passes a trial, or says why not.
pub(crate) fn of(trial: &Trial, case: &Case, known: &KnownFindings) -> Result<(), String> {
    match (complaint(&trial.outcome), known.standing(trial)) {
        (_, Standing::Stale(finding)) => Err(report(
            case,
            trial,
            &format!(
                "a known finding no longer occurs: it was to be {}, because {finding}. \
                 Take it out of harness/known-findings.toml",
                finding.kind()
            ),
        )),
        (None, _) | (Some(_), Standing::Known(_)) => Ok(()),
        (Some(complaint), Standing::Unlisted) => Err(report(case, trial, complaint)),
    }
}

/// What is wrong with an outcome, whatever the index is. Which child was picked, and whether a
/// refusal is right, is not judged here.
fn complaint(outcome: &Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Picked { .. } | Outcome::Refused { .. } => None,
        Outcome::Nothing => Some("it reported success, and left nothing usable"),
        Outcome::Mixed { .. } => Some("the evidence contradicts itself"),
        Outcome::Crashed { .. } => Some("it crashed"),
        Outcome::TimedOut { .. } => Some("it did not end within its deadline"),
        Outcome::Unstable { .. } => Some("it does not always do the same"),
        Outcome::Unmeasured { .. } => Some("it could not be measured"),
    }
}

fn report(case: &Case, trial: &Trial, complaint: &str) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{} on {}: {complaint}", trial.runtime, case.id);
    let _ = writeln!(text, "  case:     {}", case.title);
    let _ = writeln!(text, "  asked:    {} {}", trial.operation, trial.platform);
    let _ = writeln!(text, "  observed: {}", trial.outcome.gist());
    match &trial.outcome {
        Outcome::Crashed { what: words } | Outcome::Unmeasured { detail: words, .. } => {
            for line in words.lines() {
                let _ = writeln!(text, "            {line}");
            }
        }
        Outcome::Picked { .. }
        | Outcome::Refused { .. }
        | Outcome::Nothing
        | Outcome::Mixed { .. }
        | Outcome::TimedOut { .. }
        | Outcome::Unstable { .. } => {}
    }
    let evidence = &trial.evidence;
    let _ = writeln!(text, "  reported: {}", looked(&evidence.reported));
    let _ = writeln!(text, "  contains: {}", looked(&evidence.materialised));
    for note in &evidence.notes {
        let _ = writeln!(text, "  note:     {note}");
    }
    for request in &evidence.requests {
        let _ = writeln!(
            text,
            "  request:  {} {} {}",
            request.status, request.method, request.path
        );
    }
    for command in &evidence.commands {
        let _ = writeln!(text, "  command:  {}", command.line);
    }
    for line in evidence.stderr_tail.lines() {
        let _ = writeln!(text, "  stderr:   {line}");
    }
    let channel = if trial.channel == "path" {
        String::new()
    } else {
        format!(" --channel {}", trial.channel)
    };
    let _ = write!(
        text,
        "  again:    ocipick run{channel} --runtime '{}' --case '{}'",
        trial.runtime, trial.case
    );
    text
}

fn looked(observation: &Observation) -> String {
    match observation {
        Observation::NotLooked => "nobody looked".to_owned(),
        Observation::Absent { words } => format!("nothing: {words}"),
        Observation::Failed { trouble } => format!("looking failed: {trouble}"),
        Observation::Seen { sightings } => sightings
            .iter()
            .map(|sighting| match sighting.children.as_slice() {
                [] => format!("{} shows no child of this case", sighting.source),
                children => format!("{} shows {}", sighting.source, children.join(" or ")),
            })
            .collect::<Vec<_>>()
            .join("; "),
    }
}
