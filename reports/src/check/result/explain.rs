//! What a maintainer needs to read about a trial that does not pass.

use super::{CheckInput, CheckReason, CheckResult, entries};
use crate::{
    analysis::conformance::ConformanceRules,
    baseline::{BaselineAnswer, Check, Distance, Reference},
};
use ocipick_corpus::Case;
use ocipick_records::{Observation, Outcome, Trial};
use std::{
    borrow::Cow,
    fmt::Write as _,
    path::{Path, PathBuf},
};

/// How the trials were asked for, so that what is to be typed next names what the user named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hints {
    /// The results that the trial is in, where there are any: a file, or its directory.
    pub results: Option<PathBuf>,
    /// Where a run that repeats it is to write, which is nowhere where anything is lost.
    pub again: PathBuf,
    /// The channels that were named; without any, that of the trial.
    pub channels: Vec<String>,
    /// The corpus that was named.
    pub corpus: Option<PathBuf>,
    /// Where the baselines are that were named.
    pub baselines: Option<PathBuf>,
}

impl Hints {
    /// Those of results that are there: in a directory, or a file in one.
    #[must_use]
    pub fn of_results(results: &Path) -> Self {
        let dir = if results.is_dir() {
            Some(results)
        } else {
            results.parent()
        };
        Self {
            results: Some(results.to_owned()),
            again: dir.unwrap_or(Path::new(".")).join("again"),
            channels: Vec::new(),
            corpus: None,
            baselines: None,
        }
    }
}

/// A word as a shell takes it.
fn word(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@+,=".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
    }
}

fn path(path: &Path) -> String {
    word(&path.to_string_lossy()).into_owned()
}

/// A check result in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explained {
    /// In a line, without a full stop.
    pub line: String,
    /// All there is to know: the case, what was expected and by whom, what was observed with its
    /// evidence, and the command that repeats just this trial.
    pub report: String,
}

/// Says in words what a check result rests on; nothing where it simply passes.
#[must_use]
pub fn explain(
    check_result: &CheckResult<'_>,
    facts: &CheckInput<'_>,
    case: Option<&Case>,
    rules: &ConformanceRules<'_>,
    hints: &Hints,
) -> Option<Explained> {
    let trial = facts.trial;
    let (what, ground) = match check_result {
        CheckResult::Passes => return None,
        CheckResult::Expected(finding) => (
            format!(
                "expected failure (xfail): {}, because {finding}",
                finding.shown()
            ),
            None,
        ),
        CheckResult::Reported(ground) | CheckResult::Fails(ground) => {
            (line(ground, trial), Some(ground))
        }
        CheckResult::NotHeld { reference, level } => (
            format!("not held: {}", other_level(reference, *level)),
            None,
        ),
        CheckResult::Lost { why, accepted, .. } => (
            format!("it was not measured any more ({why}), and it was {accepted}"),
            None,
        ),
        CheckResult::Unmeasured(why) => (format!("it was not measured ({why})"), None),
    };
    let line = format!("{} on {}: {what}", trial.alias(), asked(trial));
    let mut report = format!("{line}\n");
    if let Some(case) = case {
        let about = format!("{}. {}", case.title, case.why);
        field(&mut report, "case", &about);
    }
    expected(&mut report, check_result, facts, rules);
    field(&mut report, "observed", &observed(&trial.outcome));
    evidence(&mut report, trial);
    if let Some(text) = case.and_then(|case| compared(ground, trial, case)) {
        field(&mut report, "entries", &text);
    }
    field(&mut report, "again", &again(trial, hints));
    match ground {
        _ if matches!(check_result, CheckResult::NotHeld { .. }) => {
            field(&mut report, "accept", &accept(trial, hints));
        }
        Some(CheckReason::Changed { .. } | CheckReason::New { .. }) => {
            field(&mut report, "accept", &accept(trial, hints));
        }
        Some(
            CheckReason::Stale(_)
            | CheckReason::Violates(_)
            | CheckReason::Deviates(_)
            | CheckReason::NoAnswer,
        )
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

fn line(ground: &CheckReason<'_>, trial: &Trial) -> String {
    match ground {
        CheckReason::Stale(finding) => format!(
            "an expected failure no longer occurs (xpass): {}, because {finding}; take it out of \
             harness/known-findings.toml",
            finding.shown()
        ),
        CheckReason::Changed {
            reference,
            accepted,
        } => {
            let seen =
                BaselineAnswer::of(&trial.outcome).map_or_else(String::new, |it| it.to_string());
            let of = match reference.distance {
                Distance::Same => String::new(),
                Distance::OtherBuild | Distance::Older => {
                    format!(" in {}", reference.baseline.build)
                }
            };
            format!("{seen}, and it was {accepted}{of}")
        }
        CheckReason::New {
            was_other_bytes: true,
            ..
        } => "the case is other bytes than its baseline has".to_owned(),
        CheckReason::New {
            was_other_bytes: false,
            ..
        } => "its baseline does not have the case".to_owned(),
        CheckReason::Violates(rule) => format!("it violates {} (MUST)", rule.clause),
        CheckReason::Deviates(rule) => format!("it deviates from {} (SHOULD)", rule.clause),
        CheckReason::NoAnswer => match &trial.outcome {
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

/// Why a baseline is no reference where the platform is left to the tool.
fn other_level(reference: &Reference<'_>, level: Option<&str>) -> String {
    let place = reference.place;
    match (&reference.baseline.cpu, level) {
        (Some(accepted), Some(level)) => {
            format!("the baseline is of another CPU level ({place}: {accepted}, here: {level})")
        }
        (None, _) => format!("the baseline does not say of which CPU level it is ({place})"),
        (Some(accepted), None) => format!(
            "the CPU level was not recorded here, and the baseline is of one ({place}: {accepted})"
        ),
    }
}

/// What was expected, and by whom: the baseline, and every clause that says what satisfies it.
fn expected(
    report: &mut String,
    check_result: &CheckResult<'_>,
    facts: &CheckInput<'_>,
    rules: &ConformanceRules<'_>,
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
    match check_result {
        CheckResult::Fails(CheckReason::Changed {
            reference,
            accepted,
        })
        | CheckResult::Reported(CheckReason::Changed {
            reference,
            accepted,
        })
        | CheckResult::Lost {
            reference,
            accepted,
            ..
        } => field(
            report,
            "expected",
            &format!("{accepted}, by {}", of_baseline(reference)),
        ),
        CheckResult::Fails(CheckReason::New { reference, .. })
        | CheckResult::Reported(CheckReason::New { reference, .. }) => field(
            report,
            "expected",
            &format!("nothing yet, by {}", of_baseline(reference)),
        ),
        CheckResult::Fails(_)
        | CheckResult::Reported(_)
        | CheckResult::NotHeld { .. }
        | CheckResult::Passes
        | CheckResult::Expected(_)
        | CheckResult::Unmeasured(_) => {}
    }
    if let Check::OtherLevel { reference, level } = facts.check {
        let why = other_level(reference, level.as_deref());
        field(report, "expected", &format!("by no baseline: {why}"));
    }
    for (rule, reasoned) in facts.verdicts {
        let clause = rules.clause(&rule.clause);
        let wording = clause.and_then(|it| rules.revisions().wording(it));
        let says_nothing = rule.satisfied_by.is_empty() && rule.breached_where.is_empty();
        let (Some(wording), false) = (wording, says_nothing) else {
            continue;
        };
        let signs = rule.breached_where.iter();
        let signs = signs.map(|sign| format!("never seen: {sign}"));
        let outcomes: Vec<String> = rule
            .satisfied_by
            .iter()
            .map(ToString::to_string)
            .chain(signs)
            .collect();
        let arguable = if reasoned.arguable { " (arguable)" } else { "" };
        let text = format!(
            "{} by {} ({}): {}\n{}{arguable}; {}",
            outcomes.join(" or "),
            rule.clause,
            wording.level,
            wording.says,
            reasoned.verdict,
            reasoned.because,
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
fn compared(ground: Option<&CheckReason<'_>>, trial: &Trial, case: &Case) -> Option<String> {
    let Outcome::Picked { child: seen, .. } = &trial.outcome else {
        return None;
    };
    let expected = match ground? {
        CheckReason::Changed {
            accepted: BaselineAnswer::Picked(child),
            ..
        } => child,
        CheckReason::Violates(rule) | CheckReason::Deviates(rule) => {
            let mut picks = rule.satisfied_by.iter();
            picks.find_map(|expectation| match expectation {
                ocipick_corpus::Expectation::Picks(child) => Some(child),
                ocipick_corpus::Expectation::Refuses
                | ocipick_corpus::Expectation::RefusesOver(_) => None,
            })?
        }
        CheckReason::Changed { .. }
        | CheckReason::Stale(_)
        | CheckReason::New { .. }
        | CheckReason::NoAnswer => {
            return None;
        }
    };
    entries::difference(case, expected, seen)
}

/// The command that repeats just this trial.
fn again(trial: &Trial, hints: &Hints) -> String {
    let mut command = "ocipick run".to_owned();
    let channels = if hints.channels.is_empty() && trial.channel != "path" {
        std::slice::from_ref(&trial.channel)
    } else {
        &hints.channels
    };
    for channel in channels
        .iter()
        .filter(|channel| *channel != "path" || channels.len() > 1)
    {
        let _ = write!(command, " --channel {}", word(channel));
    }
    if let Some(corpus) = &hints.corpus {
        let _ = write!(
            command,
            " --corpus {} --platform {}",
            path(corpus),
            word(&trial.platform)
        );
    }
    let _ = write!(
        command,
        " --runtime '{}' --case '{}' --operation {} --out {}",
        trial.runtime,
        trial.case,
        trial.operation,
        path(&hints.again)
    );
    command
}

/// The command that accepts its outcome.
fn accept(trial: &Trial, hints: &Hints) -> String {
    let results = hints.results.as_deref().unwrap_or(&hints.again);
    let into = hints.baselines.iter();
    let into: String = into.map(|dir| format!(" --into {}", path(dir))).collect();
    format!(
        "ocipick bless {} --runtime '{}' --case '{}'{into}",
        path(results),
        trial.runtime,
        trial.case
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
