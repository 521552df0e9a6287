//! What a maintainer needs to read about a trial that does not pass.

use super::{Facts, Ground, Ruling, entries};
use ocipick_corpus::Case;
use ocipick_reports::{
    baseline::{Answer, Distance, Reference},
    results::{Observation, Outcome, Trial},
    verdict::Rulebook,
};
use std::fmt::Write as _;

/// A ruling in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// In a line, without a full stop.
    pub line: String,
    /// All there is to know: the case, what was expected and by whom, what was observed with its
    /// evidence, and the command that repeats just this trial.
    pub report: String,
}

/// Says in words what a ruling rests on; nothing where it simply passes.
#[must_use]
pub fn explain(
    ruling: &Ruling<'_>,
    facts: &Facts<'_>,
    case: &Case,
    rulebook: &Rulebook<'_>,
) -> Option<Explained> {
    let trial = facts.trial;
    let (what, ground) = match ruling {
        Ruling::Passes => return None,
        Ruling::Reported(ground) | Ruling::Fails(ground) => (line(ground, trial), Some(ground)),
        Ruling::Unmeasured(why) => (format!("it was not measured ({why})"), None),
    };
    let line = format!("{} on {}: {what}", trial.runtime, asked(trial));
    let mut report = format!("{line}\n");
    field(
        &mut report,
        "case",
        &format!("{}. {}", case.title, case.why),
    );
    expected(&mut report, ground, facts, rulebook);
    field(&mut report, "observed", &observed(&trial.outcome));
    evidence(&mut report, trial);
    if let Some(text) = compared(ground, trial, case) {
        field(&mut report, "entries", &text);
    }
    field(&mut report, "again", &again(trial));
    match ground {
        Some(Ground::Changed { .. } | Ground::New { .. }) => {
            // Results go there where nobody says otherwise.
            let bless = format!(
                "ocipick bless target/ocipick --runtime '{}' --case '{}'",
                trial.runtime, trial.case
            );
            field(&mut report, "accept", &bless);
        }
        Some(Ground::Stale(_) | Ground::Violates(_) | Ground::Deviates(_) | Ground::NoAnswer)
        | None => {}
    }
    Some(Explained {
        line,
        report: report.trim_end().to_owned(),
    })
}

/// The case, and what else was asked.
fn asked(trial: &Trial) -> String {
    format!("{} ({} {})", trial.case, trial.operation, trial.platform)
}

fn line(ground: &Ground<'_>, trial: &Trial) -> String {
    match ground {
        Ground::Stale(finding) => format!(
            "a known finding no longer occurs: {} because {finding}; take it out of \
             harness/known-findings.toml",
            finding.shown()
        ),
        Ground::Changed {
            reference,
            accepted,
        } => {
            let seen = Answer::of(&trial.outcome).map_or_else(String::new, |it| it.to_string());
            let of = match reference.distance {
                Distance::Same => String::new(),
                Distance::OtherBuild | Distance::Older => {
                    format!(" in {}", reference.baseline.build)
                }
            };
            format!("{seen}, and it was {accepted}{of}")
        }
        Ground::New {
            was_other_bytes: true,
            ..
        } => "the case is other bytes than its baseline has".to_owned(),
        Ground::New {
            was_other_bytes: false,
            ..
        } => "its baseline does not have the case".to_owned(),
        Ground::Violates(rule) => format!("it violates {} (MUST)", rule.clause),
        Ground::Deviates(rule) => format!("it deviates from {} (SHOULD)", rule.clause),
        Ground::NoAnswer => match &trial.outcome {
            Outcome::Nothing => "it reported success, and left nothing usable",
            Outcome::Mixed { .. } => "the evidence contradicts itself",
            Outcome::Crashed { survived: true, .. } => "its daemon panicked, and lives on",
            Outcome::Crashed { .. } => "it crashed",
            Outcome::TimedOut { .. } => "it did not end within its deadline",
            Outcome::Unstable { .. } => "it does not always do the same",
            Outcome::Picked { .. } | Outcome::Refused { .. } | Outcome::Unmeasured { .. } => {
                "it gave no answer"
            }
        }
        .to_owned(),
    }
}

/// What was expected, and by whom: the baseline, and every clause that says what satisfies it.
fn expected(
    report: &mut String,
    ground: Option<&Ground<'_>>,
    facts: &Facts<'_>,
    rulebook: &Rulebook<'_>,
) {
    let of_baseline = |reference: &Reference<'_>| {
        let how = match reference.distance {
            Distance::Same => "",
            Distance::OtherBuild => ", another build of this version",
            Distance::Older => ", the nearest older version",
        };
        format!(
            "the baseline {} ({}{how})",
            reference.place, reference.baseline.build
        )
    };
    match ground {
        Some(Ground::Changed {
            reference,
            accepted,
        }) => field(
            report,
            "expected",
            &format!("{accepted}, by {}", of_baseline(reference)),
        ),
        Some(Ground::New { reference, .. }) => field(
            report,
            "expected",
            &format!("nothing yet, by {}", of_baseline(reference)),
        ),
        Some(Ground::Stale(_) | Ground::Violates(_) | Ground::Deviates(_) | Ground::NoAnswer)
        | None => {}
    }
    for (rule, judgement) in facts.verdicts {
        let clause = rulebook.clause(&rule.clause);
        let wording = clause.and_then(|it| rulebook.revisions().wording(it));
        let (Some(wording), false) = (wording, rule.satisfied_by.is_empty()) else {
            continue;
        };
        let outcomes: Vec<String> = rule.satisfied_by.iter().map(ToString::to_string).collect();
        let text = format!(
            "{} by {} ({}): {}\n{}; {}",
            outcomes.join(" or "),
            rule.clause,
            wording.level,
            wording.says,
            judgement.verdict,
            judgement.because,
        );
        field(report, "clause", &text);
    }
}

fn observed(outcome: &Outcome) -> String {
    let words = match outcome {
        Outcome::Crashed { what: words, .. }
        | Outcome::Unmeasured { detail: words, .. }
        | Outcome::Refused { message: words, .. } => words.as_str(),
        Outcome::Picked { digest, .. } => digest,
        Outcome::Nothing
        | Outcome::Mixed { .. }
        | Outcome::TimedOut { .. }
        | Outcome::Unstable { .. } => "",
    };
    format!("{}\n{words}", outcome.gist())
}

fn evidence(report: &mut String, trial: &Trial) {
    let evidence = &trial.evidence;
    field(report, "reported", &looked(&evidence.reported));
    field(report, "contains", &looked(&evidence.materialised));
    for note in &evidence.notes {
        field(report, "note", note);
    }
    let requests: Vec<String> = evidence
        .requests
        .iter()
        .map(|it| format!("{} {} {}", it.status, it.method, it.path))
        .collect();
    field(report, "requests", &requests.join("\n"));
    for command in &evidence.commands {
        field(report, "command", &command.line);
    }
    field(report, "stderr", &evidence.stderr_tail);
}

/// The entries of the index that lead to the child that was expected and to the one that was
/// picked.
fn compared(ground: Option<&Ground<'_>>, trial: &Trial, case: &Case) -> Option<String> {
    let Outcome::Picked { child: seen, .. } = &trial.outcome else {
        return None;
    };
    let expected = match ground? {
        Ground::Changed {
            accepted: Answer::Picked(child),
            ..
        } => child,
        Ground::Violates(rule) | Ground::Deviates(rule) => {
            let mut picks = rule.satisfied_by.iter();
            picks.find_map(|expectation| match expectation {
                ocipick_corpus::Expectation::Picks(child) => Some(child),
                ocipick_corpus::Expectation::Refuses
                | ocipick_corpus::Expectation::RefusesOver(_) => None,
            })?
        }
        Ground::Changed { .. } | Ground::Stale(_) | Ground::New { .. } | Ground::NoAnswer => {
            return None;
        }
    };
    entries::difference(case, expected, seen)
}

/// The command that repeats just this trial.
fn again(trial: &Trial) -> String {
    let channel = if trial.channel == "path" {
        String::new()
    } else {
        format!(" --channel {}", trial.channel)
    };
    format!(
        "ocipick run{channel} --runtime '{}' --case '{}' --operation {}",
        trial.runtime, trial.case, trial.operation
    )
}

/// Adds a field, its further lines below the first. Nothing is added of an empty text.
fn field(report: &mut String, name: &str, text: &str) {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    if let Some(first) = lines.next() {
        let _ = writeln!(report, "  {:<9} {first}", format!("{name}:"));
        for line in lines {
            let _ = writeln!(report, "            {line}");
        }
    }
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
