//! From results to baselines, and back to checks.

use super::*;
use crate::{
    baseline::{Baseline, Distance, MergeError},
    made,
};
use ocipick_records::{Observed, Outcome, RefusalReason, Results, UnmeasuredWhy};
use std::collections::BTreeMap;

/// The processor of these results.
const LEVEL: Option<&str> = Some("x86-64-v3");

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
    results.header.host.cpu_level = LEVEL.map(str::to_owned);
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

fn shelf(trials: Vec<Trial>) -> BaselineSet {
    let mut shelf = BaselineSet::default();
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
        Check::OtherLevel { reference, level } => format!(
            "{} is of {:?}, and this is {level:?}",
            reference.baseline.build.version, reference.baseline.cpu
        ),
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
        let check = check(
            &trial(version, case, outcome),
            &content(case),
            LEVEL,
            &shelf,
        );
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
        said(&check(&other_bytes, "other bytes", LEVEL, &shelf)),
        "new, other bytes: true"
    );
}

#[test]
fn another_platform_or_operation_is_another_line() {
    let shelf = shelf(vec![trial("28.0", "a", picked("x"))]);
    let mut other = trial("28.0", "a", picked("y"));
    other.operation = "run".into();
    assert_eq!(
        said(&check(&other, &content("a"), LEVEL, &shelf)),
        "new, other bytes: false"
    );
}

/// A trial in which the platform was left to the tool.
fn left(version: &str, case: &str, outcome: Outcome) -> Trial {
    Trial {
        platform: "default".into(),
        ..trial(version, case, outcome)
    }
}

#[test]
fn what_is_left_to_the_tool_is_held_against_the_same_cpu_level_only() {
    let mut of_level = shelf(vec![
        trial("28.0", "a", picked("x")),
        left("28.0", "a", picked("v3")),
    ]);
    let checked = |shelf: &BaselineSet, trial: &Trial, level| {
        said(&check(trial, &content(&trial.case), level, shelf))
    };
    let same = left("28.0", "a", picked("v3"));
    assert_eq!(checked(&of_level, &same, LEVEL), "same as 28.0");
    let other = left("28.0", "a", picked("v2"));
    assert_eq!(
        checked(&of_level, &other, LEVEL),
        "28.0 has picked v3, now picked v2"
    );
    let v2 = Some("x86-64-v2");
    let not_held = r#"28.0 is of Some("x86-64-v3"), and this is Some("x86-64-v2")"#;
    for trial in [&same, &other, &left("28.0", "b", picked("x"))] {
        assert_eq!(checked(&of_level, trial, v2), not_held);
    }
    assert_eq!(
        checked(&of_level, &same, None),
        r#"28.0 is of Some("x86-64-v3"), and this is None"#
    );
    // Nor is anything lost of what was accepted elsewhere.
    let lost = left("28.0", "a", unmeasured());
    assert_eq!(
        checked(&of_level, &lost, LEVEL),
        "unmeasured, and 28.0 has picked v3"
    );
    assert_eq!(checked(&of_level, &lost, v2), "unmeasured");
    // A platform that was named is the same one on every machine.
    let named = trial("28.0", "a", picked("x"));
    assert_eq!(checked(&of_level, &named, v2), "same as 28.0");
    assert_eq!(checked(&of_level, &named, None), "same as 28.0");

    // A baseline of before levels were recorded.
    let (place, baseline) = of_level.baselines().next().unwrap();
    let (place, mut baseline) = (place.to_owned(), baseline.clone());
    baseline.cpu = None;
    of_level.put(place, baseline);
    assert_eq!(
        checked(&of_level, &same, LEVEL),
        r#"28.0 is of None, and this is Some("x86-64-v3")"#
    );
    assert_eq!(
        checked(&of_level, &same, None),
        "28.0 is of None, and this is None"
    );
    assert_eq!(checked(&of_level, &named, LEVEL), "same as 28.0");
}

#[test]
fn recording_on_another_cpu_level_drops_what_is_of_the_former() {
    let old = || {
        only(vec![
            trial("28.0", "a", picked("x")),
            left("28.0", "a", picked("v3")),
            left("28.0", "b", picked("v3")),
        ])
    };
    assert_eq!(old().cpu.as_deref(), LEVEL);
    let of_level = |level: &str, trials| {
        let mut results = results(trials);
        results.header.host.cpu_level = Some(level.to_owned());
        Baseline::all_of(&results).unwrap().remove(0)
    };
    let mut baseline = old();
    let newer = of_level("x86-64-v4", vec![left("28.0", "a", picked("v4"))]);
    let merge = baseline.merge(newer).unwrap();
    assert_eq!(baseline.cpu.as_deref(), Some("x86-64-v4"));
    assert_eq!(
        (merge.changed.len(), merge.other_level, merge.kept),
        (1, 1, 1)
    );
    let left_over: Vec<String> = baseline.lines.keys().map(ToString::to_string).collect();
    assert_eq!(left_over, ["a pull default", "a pull linux/amd64"]);

    // Where nothing was left to the tool now, what is there stays, with its level.
    let mut baseline = old();
    let newer = of_level("x86-64-v4", vec![trial("28.0", "a", picked("x"))]);
    assert_eq!(newer.cpu, None, "no line hangs on it");
    let merge = baseline.merge(newer).unwrap();
    assert_eq!((&baseline.lines, &baseline.cpu), (&old().lines, &old().cpu));
    assert_eq!((merge.same, merge.other_level, merge.kept), (1, 0, 2));

    // Lines of before levels were recorded are of nobody knows which.
    let mut baseline = old();
    baseline.cpu = None;
    let newer = only(vec![left("28.0", "a", picked("v3"))]);
    let merge = baseline.merge(newer).unwrap();
    assert_eq!(baseline.cpu.as_deref(), LEVEL);
    assert_eq!((merge.same, merge.other_level, merge.kept), (1, 1, 1));
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
    let reference = shelf.reference(&BaselineBuild::of(&path)).unwrap();
    assert_eq!(reference.distance, Distance::Same);
    assert_eq!(
        said(&check(&path, &content("a"), LEVEL, &shelf)),
        "same as 28.0"
    );
    let refused = Outcome::Refused {
        reason: RefusalReason::Other,
        message: String::new(),
    };
    path.outcome = refused;
    assert_eq!(
        said(&check(&path, &content("a"), LEVEL, &shelf)),
        "28.0 has picked y, now refused other"
    );
}
