//! How results become a matrix.

use crate::{
    CRANE,
    sample::{
        self, CONTAINERD, DOCKER, DOCKER_STORE, PODMAN, SKOPEO, book, picked, refused, results,
        row, trial, unmeasured,
    },
};
use ocipick_records::{Outcome, OutcomeKind, RefusalReason, UnmeasuredWhy};
use ocipick_reports::{
    analysis::matrix::{CaseBook, FamilyNote, Matrix, MatrixNote, MatrixWarning},
    render::Summary,
};

fn notes(notes: &[MatrixNote]) -> Vec<String> {
    notes.iter().map(ToString::to_string).collect()
}

fn warnings_of(warnings: &[MatrixWarning]) -> Vec<String> {
    warnings.iter().map(ToString::to_string).collect()
}

fn labels(matrix: &Matrix<'_>) -> Vec<String> {
    let rows = matrix.tables.iter().flat_map(|table| table.rows());
    rows.map(|row| row.label()).collect()
}

#[test]
fn rows_follow_the_book_and_unknown_cases_come_last() {
    let mut trials = Vec::new();
    for case in [
        "zoo/b",
        "zoo/a",
        "sizes/huge",
        "alone",
        "nested/two-levels",
        "nested/unknown",
        "nested/one-level",
        "duplicates/two-entries",
    ] {
        trials.push(trial(case, DOCKER, picked("first")));
    }
    let (results, book) = ([results(trials)], book());
    let matrix = Matrix::build(&results, &book);
    assert_eq!(
        labels(&matrix),
        [
            "duplicates/two-entries",
            "nested/one-level",
            "nested/two-levels",
            "nested/unknown",
            "sizes/huge",
            "alone",
            "zoo/a",
            "zoo/b",
        ]
    );
    let families = &matrix.tables[0].families;
    let ids: Vec<&str> = families.iter().map(|family| family.id).collect();
    assert_eq!(ids, ["duplicates", "nested", "sizes", "", "zoo"]);
    assert_eq!(families[1].title, "An index inside an index");
    assert_eq!(families[4].title, "");
}

#[test]
fn operations_have_a_table_each_with_all_runtimes() {
    let mut run = trial("a/b", DOCKER, picked("first"));
    run.operation = "run".to_owned();
    let mut odd = run.clone();
    odd.operation = "attest".to_owned();
    let pull = trial("a/b", CRANE, picked("first"));
    let (results, book) = ([results(vec![odd, run, pull])], CaseBook::default());
    let matrix = Matrix::build(&results, &book);
    let operations: Vec<&str> = matrix.tables.iter().map(|table| table.operation).collect();
    assert_eq!(operations, ["pull", "run", "attest"]);
    assert_eq!(matrix.tables[0].columns(), [1]);
    assert_eq!(matrix.tables[1].columns(), [0]);
    assert!(matrix.tables[0].families[0].rows[0].cells[0].is_none());
}

#[test]
fn a_case_with_several_platforms_has_several_rows() {
    let mut arm = trial("a/b", DOCKER, picked("first"));
    arm.platform = "linux/arm64".to_owned();
    let amd = trial("a/b", DOCKER, picked("first"));
    let other = trial("a/c", DOCKER, picked("first"));
    let (results, book) = ([results(vec![arm, amd, other])], CaseBook::default());
    let matrix = Matrix::build(&results, &book);
    assert_eq!(
        labels(&matrix),
        ["a/b (linux/amd64)", "a/b (linux/arm64)", "a/c"]
    );
}

#[test]
fn a_split_is_a_disagreement_among_the_measured() {
    let no_match = |message: &str| Outcome::Refused {
        reason: RefusalReason::NoMatch,
        message: message.to_owned(),
    };
    let missing = || unmeasured(UnmeasuredWhy::EvidenceMissing, "");
    for (left, right, split) in [
        (picked("first"), picked("first"), false),
        (picked("first"), picked("second"), true),
        (picked("first"), no_match(""), true),
        (no_match("one way"), no_match("another"), false),
        // All refuse; why is another question.
        (no_match(""), refused(RefusalReason::Malformed), false),
        (no_match(""), Outcome::Nothing, true),
        (picked("first"), missing(), false),
        (missing(), missing(), false),
        (picked("nothing"), Outcome::Nothing, true),
    ] {
        let trials = row("a/b", vec![(DOCKER, left.clone()), (PODMAN, right.clone())]);
        let (results, book) = ([results(trials)], CaseBook::default());
        let matrix = Matrix::build(&results, &book);
        assert_eq!(
            matrix.tables[0].splits(),
            usize::from(split),
            "{left:?} {right:?}"
        );
    }
}

#[test]
fn rows_fold_within_a_family_when_every_cell_is_alike() {
    let same = |case| {
        row(
            case,
            vec![(DOCKER, picked("first")), (PODMAN, picked("first"))],
        )
    };
    let trials = [
        same("a/one"),
        row("a/two", vec![(DOCKER, picked("first"))]),
        same("a/three"),
        row(
            "a/four",
            vec![
                (DOCKER, picked("first")),
                (PODMAN, unmeasured(UnmeasuredWhy::Interrupted, "")),
            ],
        ),
        same("b/five"),
        same("a/six"),
    ]
    .concat();
    let (results, book) = ([results(trials)], CaseBook::default());
    let matrix = Matrix::build(&results, &book);
    let families = &matrix.tables[0].families;
    let shown: Vec<(&str, Vec<String>)> = families
        .iter()
        .flat_map(|family| family.lines(false))
        .map(|fold| (fold.row.case, fold.alike_labels()))
        .collect();
    let alone = |case| (case, Vec::new());
    assert_eq!(
        shown,
        [
            alone("a/four"),
            ("a/one", vec!["a/six".to_owned(), "a/three".to_owned()]),
            alone("a/two"),
            alone("b/five"),
        ]
    );
    assert_eq!(families[0].lines(true).len(), 5);
}

#[test]
fn of_two_trials_of_one_cell_the_later_counts_and_is_noted() {
    let first = results(row(
        "a/b",
        vec![(DOCKER, picked("first")), (PODMAN, picked("first"))],
    ));
    let second = results(row(
        "a/b",
        vec![(DOCKER, picked("second")), (PODMAN, picked("first"))],
    ));
    let (results, book) = ([first, second], CaseBook::default());
    let matrix = Matrix::build(&results, &book);
    let row = &matrix.tables[0].families[0].rows[0];
    assert_eq!(
        row.cells[0].map(|it| it.outcome.gist()),
        Some("second".into())
    );
    assert_eq!(
        notes(&matrix.notes),
        [
            "2 cells were measured more than once; the later one is shown (those that differ: \
          a/b of docker@28.5.2: second, before first)."
        ]
    );
}

#[test]
fn a_runtime_is_the_same_with_and_without_its_channel_in_the_id() {
    let at = |channel: &str, id: &str| {
        let mut trial = trial("a/b", SKOPEO, picked("first"));
        trial.channel = channel.to_owned();
        trial.runtime = id.to_owned();
        trial
    };
    let ids = |trials| {
        let (results, book) = ([results(trials)], CaseBook::default());
        let matrix = Matrix::build(&results, &book);
        let ids = matrix.runtimes.iter().map(|runtime| runtime.id.clone());
        (ids.collect::<Vec<_>>(), matrix.has_channels())
    };
    // As written, where that is enough.
    assert_eq!(
        ids(vec![
            at("bookworm", "skopeo@1.9.3#bookworm"),
            at("path", "skopeo@1.9.3#path"),
        ]),
        (
            vec!["skopeo@1.9.3#bookworm".into(), "skopeo@1.9.3#path".into()],
            true
        )
    );
    // Two runs may use one id for two channels.
    assert_eq!(
        ids(vec![
            at("bookworm", "skopeo@1.9.3"),
            at("path", "skopeo@1.9.3")
        ]),
        (
            vec!["skopeo@1.9.3#bookworm".into(), "skopeo@1.9.3#path".into()],
            true
        )
    );
    assert_eq!(
        ids(vec![
            at("path", "skopeo@1.9.3#path"),
            at("path", "skopeo@1.9.3")
        ])
        .0
        .len(),
        1
    );
}

#[test]
fn runs_that_did_not_finish_or_were_changed_warn() {
    let book = CaseBook::default();
    let finished = results(row("a/b", vec![(DOCKER, picked("first"))]));
    assert!(
        Matrix::build(std::slice::from_ref(&finished), &book)
            .warnings
            .is_empty()
    );

    let mut unfinished = finished.clone();
    unfinished.footer = None;
    unfinished.header.planned = 9;
    let one = [unfinished.clone()];
    let warnings = warnings_of(&Matrix::build(&one, &book).warnings);
    assert_eq!(
        warnings,
        [
            "This run did not finish: 1 of 9 planned trials were recorded. The rest was not \
          measured."
        ]
    );
    let two = [finished.clone(), unfinished];
    let warnings = warnings_of(&Matrix::build(&two, &book).warnings);
    assert!(warnings[0].starts_with("Run 2 of 2 (started 2026-11-21T08:00:00Z) did not finish"));

    let mut changed = finished;
    changed.trials.clear();
    let warnings = warnings_of(&Matrix::build(&[changed], &book).warnings);
    assert!(warnings[0].contains("it was changed afterwards"));
}

#[test]
fn every_runtime_without_a_measured_trial_has_a_reason() {
    let failed = unmeasured(UnmeasuredWhy::ControlsFailed, "took\nthe wrong one");
    let mut results = results(
        [
            row("a/b", vec![(DOCKER, picked("first")), (PODMAN, failed)]),
            row(
                "a/c",
                vec![(DOCKER, unmeasured(UnmeasuredWhy::HarnessTrouble, ""))],
            ),
        ]
        .concat(),
    );
    let mut absent = sample::record(CONTAINERD);
    absent.unmeasured = Some("it is not installed".to_owned());
    results
        .header
        .runtimes
        .extend([absent, sample::record(DOCKER_STORE)]);
    let (results, book) = ([results], CaseBook::default());
    let matrix = Matrix::build(&results, &book);
    let summary = Summary::of(&matrix);
    let shown: Vec<(&str, &str)> = summary
        .unmeasured
        .iter()
        .map(|it| (it.runtime.as_str(), it.why.as_str()))
        .collect();
    assert_eq!(
        shown,
        [
            (
                "docker@28.5.2+containerd-store",
                "no trial of it was recorded"
            ),
            ("podman@4.3.1", "controls-failed: took the wrong one"),
            ("containerd@1.6.20", "it is not installed"),
        ]
    );
    assert_eq!(summary.runtimes, 1);
    assert_eq!(summary.trials, 3);
    // podman in a/c; columns without any trial do not count.
    assert_eq!(summary.without_trial, 1);
    assert_eq!(summary.outcomes[&OutcomeKind::Unmeasured], 2);
}

#[test]
fn the_book_is_made_of_a_corpus() {
    let families = [FamilyNote {
        id: "a".into(),
        ..FamilyNote::default()
    }];
    let book = CaseBook::new(families, std::iter::empty());
    assert_eq!(book.families.len(), 1);
    assert!(book.cases.is_empty());
}

#[test]
fn no_results_are_an_empty_matrix() {
    let book = CaseBook::default();
    let matrix = Matrix::build(&[], &book);
    assert!(matrix.tables.is_empty());
    assert_eq!(Summary::of(&matrix).trials, 0);
}
