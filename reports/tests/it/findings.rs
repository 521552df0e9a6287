//! Which findings there are, in which order and in which words.

use crate::{
    CRANE,
    sample::{
        CONTAINERD, DOCKER, PODMAN, SKOPEO, Tool, book, crashed, mixed, picked, refused, results,
        row, unmeasured, unstable,
    },
};
use ocipick_records::{HttpRequest, Observation, Outcome, RefusalReason, Trial, UnmeasuredWhy};
use ocipick_reports::{
    analysis::{
        findings::{self, Severity},
        matrix::{CaseBook, CaseNote, Matrix},
    },
    render::findings::FindingText,
};

const TOOLS: [Tool; 5] = [DOCKER, PODMAN, SKOPEO, CRANE, CONTAINERD];

/// One row of the five tools, in that order.
fn five(case: &str, outcomes: [Outcome; 5]) -> Vec<Trial> {
    row(case, TOOLS.into_iter().zip(outcomes).collect())
}

fn sentences(trials: Vec<Trial>, most: usize) -> Vec<(Severity, String)> {
    let (results, book) = ([results(trials)], book());
    let matrix = Matrix::build(&results, &book);
    findings::most_surprising(&matrix, most)
        .iter()
        .map(|finding| {
            let sentence = FindingText::of(&matrix, finding).sentence();
            (finding.severity, sentence.to_string())
        })
        .collect()
}

fn only(trials: Vec<Trial>) -> (Severity, String) {
    let mut found = sentences(trials, 9);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

fn first() -> Outcome {
    picked("first")
}

fn nested() -> Outcome {
    refused(RefusalReason::NestedUnsupported)
}

#[test]
fn agreement_is_no_finding() {
    let missing = unmeasured(UnmeasuredWhy::NotInstalled, "");
    let trials = [
        five("a/b", [first(), first(), first(), first(), missing]),
        five("a/c", [nested(), nested(), nested(), nested(), nested()]),
    ];
    assert_eq!(sentences(trials.concat(), 9), []);
}

#[test]
fn a_lone_runtime_is_held_against_all_others() {
    let size = refused(RefusalReason::SizeMismatch);
    assert_eq!(
        only(five(
            "sizes/first-too-small",
            [first(), first(), first(), first(), size]
        )),
        (
            Severity::Lone,
            "sizes/first-too-small: ctr images pull of containerd@1.6.20 refuses (size-mismatch) what docker, \
             podman, skopeo and crane pull; the size of the first entry is too small."
                .to_owned()
        )
    );
}

#[test]
fn a_lone_runtime_may_be_the_one_that_picks() {
    let trials = five("x/y", [first(), nested(), nested(), nested(), nested()]);
    assert_eq!(
        only(trials),
        (
            Severity::Lone,
            "x/y: docker@28.5.2 (classic store) picks first where podman, skopeo, crane and containerd refuse \
             (nested-unsupported)."
                .to_owned()
        )
    );
}

#[test]
fn one_pattern_in_many_cases_is_one_finding() {
    let trials: Vec<Trial> = (0..9)
        .flat_map(|number| {
            // The children have other names in every case.
            let inner = || picked(&format!("inner-{number}"));
            five(
                &format!("nested/n{number}"),
                [inner(), nested(), nested(), inner(), inner()],
            )
        })
        .collect();
    assert_eq!(
        only(trials),
        (
            Severity::PickOrRefuse,
            "nested/n0: podman@4.3.1 and skopeo@1.9.3 refuse (nested-unsupported) what docker, \
             crane and containerd pull. Likewise in 8 more cases: nested/n1, nested/n2, \
             nested/n3 and 5 more."
                .to_owned()
        )
    );
}

#[test]
fn four_more_cases_are_all_named() {
    let trials: Vec<Trial> = (0..5)
        .flat_map(|number| {
            five(
                &format!("n/{number}"),
                [first(), nested(), nested(), first(), first()],
            )
        })
        .collect();
    let (_, sentence) = only(trials);
    assert!(
        sentence.ends_with("Likewise in 4 more cases: n/1, n/2, n/3 and n/4."),
        "{sentence}"
    );
}

#[test]
fn different_picks_are_named_with_their_children() {
    let second = || picked("second");
    assert_eq!(
        only(five(
            "duplicates/two-entries",
            [first(), second(), second(), first(), first()]
        )),
        (
            Severity::DifferentPicks,
            "duplicates/two-entries: podman@4.3.1 and skopeo@1.9.3 pick second where docker, \
             crane and containerd pick first; two entries are for the platform."
                .to_owned()
        )
    );
    assert_eq!(
        only(five(
            "x/y",
            [first(), second(), second(), picked("third"), nested()]
        ))
        .1,
        "x/y: crane@0.20.2 picks third, docker@28.5.2 (classic store) picks first, and podman@4.3.1 and \
         skopeo@1.9.3 pick second, while containerd refuses (nested-unsupported)."
    );
}

#[test]
fn failures_are_told_with_what_the_others_did() {
    assert_eq!(
        only(five(
            "x/y",
            [
                first(),
                first(),
                first(),
                first(),
                crashed("panic: \u{1b}[31mindex out of range\n\ngoroutine 1 [running]:")
            ]
        )),
        (
            Severity::Crash,
            "x/y: ctr images pull of containerd@1.6.20 crashes (index out of range), while docker, podman, \
             skopeo and crane pick first."
                .to_owned()
        )
    );
    assert_eq!(
        only(five(
            "x/y",
            [
                Outcome::TimedOut { after_ms: 30_000 },
                nested(),
                nested(),
                nested(),
                nested()
            ]
        )),
        (
            Severity::Hang,
            "x/y: docker@28.5.2 (classic store) does not end within 30 s, while podman, skopeo, crane and \
             containerd refuse (nested-unsupported)."
                .to_owned()
        )
    );
    assert_eq!(
        only(five(
            "x/y",
            [
                Outcome::Nothing,
                Outcome::Nothing,
                mixed(&["a", "b"]),
                unstable(&[(first(), 3), (nested(), 1)]),
                unmeasured(UnmeasuredWhy::NotInstalled, ""),
            ]
        )),
        (
            Severity::HollowSuccess,
            "x/y: docker@28.5.2 and podman@4.3.1 end with success and no usable image, \
             skopeo@1.9.3 leaves contradictory evidence (a and b), and crane@0.20.2 differs from \
             one attempt to the next (first ×3 and refused: nested-unsupported ×1)."
                .to_owned()
        )
    );
}

#[test]
fn versions_of_a_tool_that_agree_are_one() {
    let old = ("docker", "20.10.24", None);
    let new = ("docker", "28.5.2", None);
    let older = ("podman", "3.0.1", None);
    let newer = ("podman", "5.4.2", None);
    let trials = row(
        "x/y",
        vec![
            (old, nested()),
            (new, nested()),
            (older, first()),
            (newer, first()),
            (SKOPEO, first()),
        ],
    );
    assert_eq!(
        only(trials),
        (
            Severity::Lone,
            "x/y: docker (all 2) refuse (nested-unsupported) what podman (all 2) and skopeo \
             pull."
                .to_owned()
        )
    );
    let trials = row(
        "x/y",
        vec![
            (old, nested()),
            (new, first()),
            (older, first()),
            (newer, first()),
            (SKOPEO, first()),
        ],
    );
    assert_eq!(
        only(trials).1,
        "x/y: docker@20.10.24 refuses (nested-unsupported) what docker@28.5.2, podman (all 2) \
         and skopeo pull."
    );
}

#[test]
fn all_of_a_tool_are_not_claimed_when_some_failed_or_were_not_measured() {
    let docker = |version| ("docker", version, None);
    let cells = |last| {
        vec![
            (docker("20.10.24"), first()),
            (docker("25.0.3"), first()),
            (docker("28.5.2"), last),
            (SKOPEO, nested()),
        ]
    };
    let (_, sentence) = only(row(
        "x/y",
        cells(unmeasured(UnmeasuredWhy::Interrupted, "")),
    ));
    assert_eq!(
        sentence,
        "x/y: skopeo@1.9.3 refuses (nested-unsupported) what docker (all 2 measured) pull."
    );
    let found = sentences(row("x/y", cells(Outcome::Nothing)), 9);
    assert_eq!(
        found[1].1,
        "x/y: skopeo@1.9.3 refuses (nested-unsupported) what docker@20.10.24 and docker@25.0.3 \
         pull."
    );
}

#[test]
fn refusing_for_different_reasons_comes_last() {
    let malformed = || refused(RefusalReason::Malformed);
    assert_eq!(
        only(five(
            "x/y",
            [malformed(), nested(), nested(), malformed(), malformed()]
        )),
        (
            Severity::DifferentReasons,
            "x/y: podman@4.3.1 and skopeo@1.9.3 refuse (nested-unsupported), and docker@28.5.2, \
             crane@0.20.2 and containerd@1.6.20 refuse (malformed)."
                .to_owned()
        )
    );
}

/// One row of every kind of surprise, the least surprising first.
fn every_kind() -> Vec<Trial> {
    let malformed = || refused(RefusalReason::Malformed);
    let hang = Outcome::TimedOut { after_ms: 1 };
    let second = || picked("second");
    [
        five("a/1", [malformed(), nested(), nested(), nested(), nested()]),
        five("a/2", [first(), nested(), nested(), first(), first()]),
        five("a/3", [first(), nested(), nested(), first(), first()]),
        five("a/4", [first(), first(), first(), first(), nested()]),
        five("a/5", [first(), first(), first(), first(), second()]),
        five("a/6", [first(), first(), first(), second(), second()]),
        five("a/7", [first(), first(), first(), first(), hang]),
        five(
            "a/8",
            [first(), first(), Outcome::Nothing, first(), first()],
        ),
        five("a/9", [first(), first(), first(), crashed("x"), first()]),
    ]
    .concat()
}

#[test]
fn the_order_is_that_of_surprise() {
    let found = sentences(every_kind(), 99);
    let kinds: Vec<Severity> = found.iter().map(|(surprise, _)| *surprise).collect();
    assert_eq!(
        kinds,
        [
            Severity::Crash,
            Severity::HollowSuccess,
            Severity::Hang,
            Severity::DifferentPicks,
            Severity::DifferentPicks,
            Severity::Lone,
            Severity::PickOrRefuse,
            Severity::DifferentReasons,
        ]
    );
    // A field divided in the middle comes before one that stands aside.
    assert!(found[3].1.starts_with("a/6"), "{found:?}");
}

#[test]
fn a_few_findings_are_of_different_kinds() {
    let second = || picked("second");
    let mut trials = [
        five("a/1", [first(), first(), second(), second(), second()]),
        five("a/2", [first(), second(), first(), second(), second()]),
        five("a/3", [first(), second(), second(), first(), second()]),
        five("a/4", [first(), first(), first(), first(), nested()]),
    ]
    .concat();
    let kinds = |trials: &[Trial]| -> Vec<Severity> {
        let found = sentences(trials.to_vec(), 3);
        found.into_iter().map(|(surprise, _)| surprise).collect()
    };
    // Two kinds, so one of them twice, and in order all the same.
    assert_eq!(
        kinds(&trials),
        [
            Severity::DifferentPicks,
            Severity::DifferentPicks,
            Severity::Lone
        ]
    );
    trials.extend(five(
        "a/5",
        [nested(), nested(), nested(), nested(), crashed("x")],
    ));
    assert_eq!(
        kinds(&trials),
        [Severity::Crash, Severity::DifferentPicks, Severity::Lone]
    );
}

#[test]
fn findings_do_not_depend_on_the_order_of_trials() {
    let mut trials = every_kind();
    let forwards = sentences(trials.clone(), 99);
    trials.reverse();
    assert_eq!(sentences(trials, 99), forwards);
}

#[test]
fn the_operation_is_the_verb() {
    let mut trials = five("x/y", [first(), first(), first(), first(), nested()]);
    for trial in &mut trials {
        trial.operation = "run".to_owned();
    }
    assert_eq!(
        only(trials).1,
        "x/y: containerd@1.6.20 refuses (nested-unsupported) what docker, podman, skopeo and \
         crane run."
    );
}

#[test]
fn titles_are_part_of_the_sentence() {
    for (title, end) in [
        ("Two entries.", "; two entries."),
        ("OCI and docker types", "; OCI and docker types."),
        ("A float", "; a float."),
        ("", "first."),
    ] {
        let trials = five("x/y", [nested(), first(), nested(), nested(), nested()]);
        let results = [results(trials)];
        let book = CaseBook {
            cases: vec![CaseNote {
                id: "x/y".to_owned(),
                family: "x".to_owned(),
                title: title.to_owned(),
                why: String::new(),
            }],
            ..CaseBook::default()
        };
        let matrix = Matrix::build(&results, &book);
        let sentence = FindingText::of(&matrix, &findings::all(&matrix)[0])
            .sentence()
            .to_string();
        let end = if title.is_empty() {
            "(nested-unsupported)."
        } else {
            end
        };
        assert!(sentence.ends_with(end), "{sentence}");
    }
}

/// A pull that only asks who is alike: the finding about this case.
fn about(trials: Vec<Trial>, case: &str) -> FindingText {
    let (results, book) = ([results(trials)], CaseBook::default());
    let matrix = Matrix::build(&results, &book);
    let all = findings::all(&matrix);
    let mut all = all.iter().map(|it| FindingText::of(&matrix, it));
    all.find(|it| it.case == case).expect("there is one")
}

#[test]
fn likewise_are_cases_in_which_all_runtimes_are_on_the_same_sides() {
    let no_match = || refused(RefusalReason::NoMatch);
    let hollow = |others: [Outcome; 4]| {
        let [a, b, c, d] = others;
        [a, b, c, d, Outcome::Nothing]
    };
    let all_refuse = || hollow([no_match(), no_match(), no_match(), no_match()]);
    let trials = [
        // The first in the matrix is not the example, because two others are alike.
        five("a/0", hollow([first(), first(), first(), first()])),
        five("a/1", all_refuse()),
        five("a/2", all_refuse()),
        five("a/3", hollow([first(), no_match(), no_match(), no_match()])),
    ];
    let finding = about(trials.concat(), "a/1");
    assert_eq!(finding.likewise, ["a/2"]);
    assert_eq!(finding.also, ["a/0", "a/3"]);
    assert_eq!(
        finding.sentence().to_string(),
        "a/1: ctr images pull of containerd@1.6.20 ends with success and no usable image, while \
         docker, podman, skopeo and crane refuse (no-match). Likewise in 1 more case: a/2. The same \
         of this runtime in 2 more cases, where others do something else: a/0 and a/3."
    );
}

#[test]
fn picks_by_other_runtimes_are_another_finding() {
    let second = || picked("second");
    let trials = [
        five("a/1", [first(), second(), second(), first(), first()]),
        five("a/2", [first(), second(), second(), first(), nested()]),
    ];
    assert_eq!(about(trials.concat(), "a/1").likewise, [""; 0]);
    assert_eq!(about(trials.concat(), "a/2").likewise, [""; 0]);
}

#[test]
fn one_fault_in_several_cases_and_versions_is_one_crash() {
    let old = ("docker", "20.10.5", None);
    let new = ("docker", "20.10.24", None);
    let dies = |at: &str| {
        crashed(&format!(
            "dockerd exited with code 2\npanic: nil pointer\n[signal addr={at}]\n\ngoroutine {at}"
        ))
    };
    let row = |case, at: &str, other| {
        row(
            case,
            vec![(old, dies(at)), (new, dies(at)), (PODMAN, other)],
        )
    };
    let trials = [
        row("a/1", "0x1", nested()),
        row("a/2", "0x2", first()),
        vec![crate::sample::trial("a/3", new, crashed("panic: another"))],
    ];
    let found = sentences(trials.concat(), 9);
    let crashes: Vec<&String> = found
        .iter()
        .filter(|(kind, _)| *kind == Severity::Crash)
        .map(|(_, words)| words)
        .collect();
    assert_eq!(crashes.len(), 2, "{found:?}");
    assert!(
        crashes[0].contains(
            "The same of these runtimes in 1 more case, where others do something else: a/2."
        ),
        "{crashes:?}"
    );
}

#[test]
fn what_the_other_way_of_the_version_does_is_said() {
    let transfer = ("containerd", "2.1.9", None);
    let local = ("containerd", "2.1.9", Some("local"));
    let no_match = || refused(RefusalReason::NoMatch);
    let trials = row(
        "x/y",
        vec![
            (SKOPEO, no_match()),
            (transfer, Outcome::Nothing),
            (local, no_match()),
        ],
    );
    assert_eq!(
        only(trials).1,
        "x/y: ctr images pull of containerd@2.1.9 (transfer service; with --local it refuses \
         (no-match)) ends with success and no usable image, while skopeo and containerd@2.1.9+local refuse \
         (no-match)."
    );
}

#[test]
fn an_artifact_that_is_stored_whole_is_not_called_unusable() {
    let mut trials = row("x/y", vec![(PODMAN, Outcome::Nothing), (SKOPEO, nested())]);
    let evidence = &mut trials[0].evidence;
    evidence.materialised = Observation::Absent {
        words: "the mount is empty".to_owned(),
    };
    let request = evidence.requests[0].clone();
    for path in ["/manifests/sha256:aa", "/blobs/sha256:bb"] {
        evidence.requests.push(HttpRequest {
            path: path.to_owned(),
            ..request.clone()
        });
    }
    let sentence = only(trials.clone()).1;
    assert!(
        sentence.contains(
            "ends with success, and an image that was stored whole and has no file system"
        ),
        "{sentence}"
    );
    // Where something of it was missing, it was not.
    trials[0].evidence.requests[2].status = 404;
    let sentence = only(trials).1;
    assert!(sentence.contains("no usable image"), "{sentence}");
}

#[test]
fn the_machine_is_named_where_the_outcome_depends_on_it() {
    let on = |platform: &str| {
        let mut trials = five("x/y", [first(), nested(), nested(), nested(), nested()]);
        for trial in &mut trials {
            trial.platform = platform.to_owned();
        }
        only(trials).1
    };
    assert!(
        on("windows/amd64").contains(", on Linux."),
        "{}",
        on("windows/amd64")
    );
    assert!(
        on("default").contains("with no platform asked for, on a linux/amd64 machine"),
        "{}",
        on("default")
    );
    assert!(!on("linux/arm64").contains("on Linux"));
}

#[test]
fn every_machine_is_named_where_results_are_of_several() {
    let on = |level: &str, case: &str| {
        let mut trials = five(case, [first(), nested(), nested(), nested(), nested()]);
        for trial in &mut trials {
            trial.platform = "default".to_owned();
        }
        let mut results = results(trials);
        results.header.host.cpu_level = Some(level.to_owned());
        results
    };
    let results = [
        on("x86-64-v3", "x/y"),
        on("x86-64-v4", "x/z"),
        on("x86-64-v3", "x/w"),
    ];
    let book = book();
    let matrix = Matrix::build(&results, &book);
    let sentence = FindingText::of(&matrix, &findings::most_surprising(&matrix, 1)[0])
        .sentence()
        .to_string();
    assert!(
        sentence
            .contains("on a linux/amd64 machine (x86-64-v3) and a linux/amd64 machine (x86-64-v4)"),
        "{sentence}"
    );
}
