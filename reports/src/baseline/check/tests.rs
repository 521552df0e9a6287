//! From results to baselines, and back to checks.

use super::*;
use crate::{
    baseline::{Baseline, Distance, MergeError},
    results::{Observed, Outcome, RefusalReason, Results, UnmeasuredWhy, made},
};
use std::collections::BTreeMap;

fn picked(child: &str) -> Outcome {
    Outcome::Picked {
        child: child.into(),
        digest: "sha256:aa".into(),
    }
}

fn unmeasured() -> Outcome {
    Outcome::Unmeasured {
        why: UnmeasuredWhy::HarnessTrouble,
        detail: "no space left".into(),
    }
}

fn wavers(outcomes: [Outcome; 2]) -> Outcome {
    let observed = outcomes.into_iter().map(|outcome| Observed {
        outcome: Box::new(outcome),
        count: 3,
    });
    Outcome::Unstable {
        observed: observed.collect(),
    }
}

fn trial(version: &str, case: &str, outcome: Outcome) -> Trial {
    let trial = made::trial(&format!("docker@{version}"), case, outcome);
    Trial {
        channel: "sid".into(),
        ..trial
    }
}

/// Results in which the bytes of every case are named after it.
fn results(trials: Vec<Trial>) -> Results {
    let mut results = made::results(trials);
    let cases = results.trials.iter().map(|it| it.case.clone());
    results.header.corpus.content = cases.map(|case| (case.clone(), content(&case))).collect();
    results
}

fn content(case: &str) -> String {
    format!("bytes-of-{case}")
}

fn only(trials: Vec<Trial>) -> Baseline {
    let mut baselines = Baseline::all_of(&results(trials)).unwrap();
    assert_eq!(baselines.len(), 1);
    baselines.remove(0)
}

fn shelf(trials: Vec<Trial>) -> Shelf {
    let mut shelf = Shelf::default();
    for baseline in Baseline::all_of(&results(trials)).unwrap() {
        let place = shelf.place(&baseline.build, false);
        shelf.put(place, baseline);
    }
    shelf
}

/// What a check says, in a word.
fn said(check: &Check<'_>) -> String {
    match check {
        Check::Unmeasured { accepted: None } => "unmeasured".into(),
        Check::Unmeasured {
            accepted: Some((reference, accepted)),
        } => format!(
            "unmeasured, and {} has {accepted}",
            reference.baseline.build.version
        ),
        Check::NoReference => "no reference".into(),
        Check::New {
            was_other_bytes, ..
        } => format!("new, other bytes: {was_other_bytes}"),
        Check::Same { reference } => format!("same as {}", reference.baseline.build.version),
        Check::Changed {
            reference,
            accepted,
            seen,
        } => format!(
            "{} has {accepted}, now {seen}",
            reference.baseline.build.version
        ),
    }
}

#[test]
fn outcomes_are_held_against_the_nearest_baseline() {
    let shelf = shelf(vec![
        trial("27.0", "a", picked("x")),
        trial("28.0", "a", picked("y")),
        trial("28.0", "c", wavers([picked("x"), Outcome::Nothing])),
    ]);
    let checked = |version, case: &str, outcome| {
        let check = check(&trial(version, case, outcome), &content(case), &shelf);
        said(&check)
    };
    assert_eq!(checked("28.0", "a", picked("y")), "same as 28.0");
    assert_eq!(
        checked("28.0", "a", picked("x")),
        "28.0 has picked y, now picked x"
    );
    assert_eq!(checked("27.5", "a", picked("x")), "same as 27.0");
    assert_eq!(
        checked("29.0", "a", picked("x")),
        "28.0 has picked y, now picked x"
    );
    assert_eq!(checked("26.0", "a", picked("x")), "no reference");
    assert_eq!(
        checked("28.0", "b", Outcome::Nothing),
        "new, other bytes: false"
    );
    assert_eq!(
        checked("28.0", "a", unmeasured()),
        "unmeasured, and 28.0 has picked y"
    );
    assert_eq!(checked("28.0", "b", unmeasured()), "unmeasured");
    assert_eq!(checked("26.0", "a", unmeasured()), "unmeasured");
    assert_eq!(checked("28.0", "c", Outcome::Nothing), "same as 28.0");
    assert_eq!(
        checked(
            "28.0",
            "c",
            Outcome::Crashed {
                what: "x".into(),
                survived: false
            }
        ),
        "28.0 has unstable picked x | nothing, now crashed"
    );
    assert_eq!(
        checked("28.0", "a", wavers([picked("x"), picked("y")])),
        "28.0 has picked y, now unstable picked x | picked y"
    );
    let other_bytes = trial("28.0", "a", picked("x"));
    assert_eq!(
        said(&check(&other_bytes, "other bytes", &shelf)),
        "new, other bytes: true"
    );
}

#[test]
fn another_platform_or_operation_is_another_line() {
    let shelf = shelf(vec![trial("28.0", "a", picked("x"))]);
    let mut other = trial("28.0", "a", picked("y"));
    other.platform = "default".into();
    assert_eq!(
        said(&check(&other, &content("a"), &shelf)),
        "new, other bytes: false"
    );
    other.platform = "linux/amd64".into();
    other.operation = "run".into();
    assert_eq!(
        said(&check(&other, &content("a"), &shelf)),
        "new, other bytes: false"
    );
}

#[test]
fn what_was_not_measured_is_never_recorded() {
    let baseline = only(vec![
        trial("28.0", "a", picked("x")),
        trial("28.0", "b", unmeasured()),
    ]);
    assert_eq!(baseline.lines.len(), 1);
    let nothing = Baseline::all_of(&results(vec![trial("28.0", "b", unmeasured())]));
    assert_eq!(nothing, Ok(Vec::new()));

    // Nor does it take away what was recorded before.
    let mut baseline = only(vec![
        trial("28.0", "a", picked("x")),
        trial("28.0", "b", picked("y")),
    ]);
    let newer = only(vec![
        trial("28.0", "a", picked("x")),
        trial("28.0", "b", unmeasured()),
    ]);
    let merge = baseline.merge(newer).unwrap();
    assert_eq!((merge.same, merge.kept, baseline.lines.len()), (1, 1, 2));
}

#[test]
fn recording_a_part_keeps_the_rest() {
    let mut baseline = only(vec![
        trial("28.0", "a", picked("x")),
        trial("28.0", "b", picked("x")),
        trial("28.0", "c", picked("x")),
        trial("28.0", "d", picked("x")),
    ]);
    let mut newer = only(vec![
        trial("28.0", "a", picked("x")),
        trial("28.0", "b", Outcome::Nothing),
        trial("28.0", "c", picked("y")),
        trial("28.0", "e", picked("x")),
    ]);
    let bytes = newer.lines.iter_mut().find(|(key, _)| key.case == "c");
    bytes.unwrap().1.content = "other bytes".into();
    let merge = baseline.merge(newer).unwrap();
    assert_eq!((merge.added, merge.same, merge.kept), (2, 1, 1));
    let changed: Vec<String> = merge
        .changed
        .iter()
        .map(|(key, before, now)| format!("{key}: {before}, {now}"))
        .collect();
    assert_eq!(changed, ["b pull linux/amd64: picked x, nothing"]);
    assert_eq!(baseline.lines.len(), 5);

    assert_eq!(baseline.prune(|key, _| key.case == "d"), 1);
    assert_eq!(baseline.lines.len(), 4);
}

#[test]
fn what_cannot_be_compared_later_is_not_recorded() {
    let mut old = results(vec![trial("28.0", "a", picked("x"))]);
    old.header.corpus.content = BTreeMap::new();
    let error = Baseline::all_of(&old).unwrap_err();
    assert!(matches!(error, MergeError::NoContent { .. }), "{error}");

    let mut foreign = results(vec![trial("28.0", "a", picked("x"))]);
    foreign.header.corpus.source = "/layouts".into();
    let foreign = Baseline::all_of(&foreign).unwrap().remove(0);
    let error = only(vec![trial("28.0", "a", picked("x"))])
        .merge(foreign)
        .unwrap_err();
    assert!(error.to_string().contains("--into"), "{error}");
}

#[test]
fn two_builds_of_one_version_are_two_baselines() {
    let mut path = trial("28.0", "a", picked("y"));
    path.channel = "path".into();
    let shelf = shelf(vec![trial("28.0", "a", picked("x")), path.clone()]);
    let places: Vec<&str> = shelf.baselines().map(|(place, _)| place).collect();
    assert_eq!(places, ["docker/28.0#sid.txt", "docker/28.0.txt"]);
    let reference = shelf.reference(&Build::of(&path)).unwrap();
    assert_eq!(reference.distance, Distance::Same);
    assert_eq!(said(&check(&path, &content("a"), &shelf)), "same as 28.0");
    let refused = Outcome::Refused {
        reason: RefusalReason::Other,
        message: String::new(),
    };
    path.outcome = refused;
    assert_eq!(
        said(&check(&path, &content("a"), &shelf)),
        "28.0 has picked y, now refused other"
    );
}
