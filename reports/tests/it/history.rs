//! What changed from one version to the next.

use crate::sample::{
    self, Version, crashed, picked, refused, results, unmeasured, unstable, versions,
};
use ocipick_records::{Outcome, RefusalReason, Results, UnmeasuredWhy};
use ocipick_reports::{
    analysis::{
        changes::{
            ChangeKind, OutcomeChange,
            versions::{Edge, FlavourChange, History, Step, bands, intervals, lines, steps},
        },
        findings,
        matrix::{CaseBook, Matrix},
    },
    render::findings as say,
};
use proptest::{collection, prelude::*};

const VERSIONS: [&str; 6] = ["1.0", "1.9", "1.10", "2.0", "2.1-rc.1", "2.1"];

fn a() -> Outcome {
    picked("a")
}

fn b() -> Outcome {
    picked("b")
}

fn lost() -> Outcome {
    unmeasured(UnmeasuredWhy::EvidenceMissing, "")
}

fn shaky() -> Outcome {
    unstable(&[(a(), 1), (b(), 1)])
}

fn no_match() -> Outcome {
    refused(RefusalReason::NoMatch)
}

/// One row of one tool, a version after the other.
fn line_of(outcomes: &[Outcome]) -> Results {
    let cells: Vec<(Version, Outcome)> = VERSIONS
        .iter()
        .zip(outcomes)
        .map(|(version, outcome)| (("tool", *version, None, "path"), outcome.clone()))
        .collect();
    results(versions("pull", "f/case", "linux/amd64", &cells))
}

/// The steps as text: `a>b` is a change, `a~b` is unsteady, `(1)` counts what lies between.
fn shown(outcomes: &[Outcome]) -> Vec<String> {
    let (results, book) = ([line_of(outcomes)], CaseBook::default());
    let matrix = Matrix::build(&results, &book);
    let name = |column: usize| matrix.runtimes[column].version;
    let all = lines(&matrix);
    steps(&all[0], &matrix.tables[0].families[0].rows[0])
        .iter()
        .map(|step| match step {
            Step::Changed {
                from, to, between, ..
            } if between.is_empty() => {
                format!("{} > {}", name(from.column), name(to.column))
            }
            Step::Changed {
                from, to, between, ..
            } => {
                let between: Vec<&str> = between.iter().map(|column| name(*column)).collect();
                let between = between.join(" ");
                format!("{} > {} ({between})", name(from.column), name(to.column))
            }
            Step::Flaky { from, to } => {
                format!("{} ~ {}", name(from.column), name(to.column))
            }
        })
        .collect()
}

#[test]
fn a_change_is_between_the_nearest_versions_that_were_measured() {
    assert_eq!(shown(&[a(), a(), b()]), ["1.9 > 1.10"]);
    assert_eq!(shown(&[a(), lost(), b()]), ["1.0 > 1.10 (1.9)"]);
    assert_eq!(shown(&[a(), lost(), lost(), b()]), ["1.0 > 2.0 (1.9 1.10)"]);
    assert_eq!(shown(&[a(), b(), a()]), ["1.0 > 1.9", "1.9 > 1.10"]);
    assert_eq!(
        shown(&[no_match(), refused(RefusalReason::Other)]),
        ["1.0 > 1.9"]
    );
}

#[test]
fn what_was_not_measured_is_no_change() {
    for outcomes in [
        vec![a(), lost(), a()],
        vec![lost(), a(), lost()],
        vec![lost(), lost()],
        vec![a()],
        vec![a(), a(), a()],
    ] {
        assert_eq!(shown(&outcomes), Vec::<String>::new(), "{outcomes:?}");
    }
    // The same words are not needed, and neither is the same deadline.
    let again = Outcome::Refused {
        reason: RefusalReason::NoMatch,
        message: "said otherwise".to_owned(),
    };
    assert_eq!(shown(&[no_match(), again]), Vec::<String>::new());
}

#[test]
fn what_differs_when_repeated_is_kept_apart() {
    assert_eq!(shown(&[a(), shaky()]), ["1.0 ~ 1.9"]);
    assert_eq!(shown(&[a(), shaky(), a()]), ["1.0 ~ 1.9", "1.9 ~ 1.10"]);
    assert_eq!(
        shown(&[a(), shaky(), b()]),
        ["1.0 ~ 1.9", "1.9 ~ 1.10", "1.0 > 1.10 (1.9)"]
    );
    assert_eq!(
        shown(&[a(), lost(), shaky()]),
        ["1.0 ~ 1.10"],
        "what was not measured hides nothing"
    );
    assert_eq!(shown(&[shaky(), shaky()]), Vec::<String>::new());
    let (results, book) = ([line_of(&[a(), shaky(), b()])], CaseBook::default());
    let matrix = Matrix::build(&results, &book);
    let history = History::of(&matrix);
    let [cell] = history.unsteady.as_slice() else {
        panic!("{:?}", history.unsteady);
    };
    assert_eq!(cell.at.column, 1);
    assert_eq!(cell.before.map(|side| side.column), Some(0));
    assert_eq!(cell.after.map(|side| side.column), Some(2));
    assert_eq!(history.changes.len(), 1);
}

#[test]
fn intervals_begin_where_something_is_known_to_change() {
    let edges = |outcomes: &[Outcome]| -> Vec<(usize, Edge)> {
        let (results, book) = ([line_of(outcomes)], CaseBook::default());
        let matrix = Matrix::build(&results, &book);
        intervals(&lines(&matrix)[0], &matrix.tables[0].families[0].rows[0])
            .iter()
            .map(|interval| (interval.columns.len(), interval.edge))
            .collect()
    };
    assert_eq!(
        edges(&[a(), a(), b(), lost(), b(), shaky()]),
        [
            (2, Edge::Plain),
            (1, Edge::Changed),
            (1, Edge::Plain),
            (1, Edge::Plain),
            (1, Edge::Flaky),
        ]
    );
    assert_eq!(
        edges(&[a(), shaky(), b()]),
        [(1, Edge::Plain), (1, Edge::Flaky), (1, Edge::Changed)]
    );
    assert_eq!(
        edges(&[a(), lost(), b()]),
        [(1, Edge::Plain), (1, Edge::Plain), (1, Edge::Changed)]
    );
}

#[test]
fn a_line_is_one_tool_in_one_configuration() {
    let (results, book) = ([sample::generations()], CaseBook::default());
    let matrix = Matrix::build(&results, &book);
    let shown: Vec<(String, Vec<&str>, Vec<&str>)> = lines(&matrix)
        .iter()
        .map(|line| {
            let versions = |columns: &[usize]| {
                let runtimes = columns.iter().map(|column| &matrix.runtimes[*column]);
                runtimes.map(|runtime| runtime.version).collect()
            };
            (line.name(), versions(&line.columns), versions(&line.before))
        })
        .collect();
    let line = |name: &str, versions: &[&'static str], before: &[&'static str]| {
        (name.to_owned(), versions.to_vec(), before.to_vec())
    };
    assert_eq!(
        shown,
        [
            line("docker", &["20.10.5", "20.10.24", "26.1.5", "28.5.2"], &[]),
            line("docker+containerd-store", &["26.1.5", "28.5.2"], &[]),
            line("podman", &["3.0.1", "4.3.1", "5.8.6"], &[]),
            line("crane", &["0.20.7"], &[]),
            line("containerd", &["1.6.20", "1.7.24", "2.1.9"], &[]),
            line("containerd+local", &["2.1.9"], &["1.6.20", "1.7.24"]),
        ]
    );
}

/// containerd 1 and 2, the latter with and without `--local`.
fn containerd(old: Outcome, new: Outcome, local: Outcome) -> Results {
    let at = |version, flavour| ("containerd", version, flavour, "path");
    results(versions(
        "pull",
        "f/case",
        "linux/amd64",
        &[
            (at("1.6.20", None), lost()),
            (at("1.7.24", None), old),
            (at("2.1.9", None), new),
            (at("2.1.9", Some("local")), local),
        ],
    ))
}

#[test]
fn the_old_code_in_the_new_version_tells_what_the_change_came_with() {
    for (local, companion, lines) in [
        (a(), "stays", vec!["containerd"]),
        (b(), "follows", vec!["containerd", "containerd+local"]),
        (
            no_match(),
            "differs",
            vec!["containerd", "containerd+local"],
        ),
        (lost(), "unknown", vec!["containerd"]),
        (shaky(), "unknown", vec!["containerd"]),
    ] {
        let (results, book) = ([containerd(a(), b(), local.clone())], CaseBook::default());
        let matrix = Matrix::build(&results, &book);
        let history = History::of(&matrix);
        let found: Vec<String> = history
            .changes
            .iter()
            .map(|change| history.lines[change.line].name())
            .collect();
        assert_eq!(found, lines, "{local:?}");
        let seen = match history.changes[0].companion {
            Some(FlavourChange::Stays(_)) => "stays",
            Some(FlavourChange::Follows(_)) => "follows",
            Some(FlavourChange::Differs(_)) => "differs",
            None => "unknown",
        };
        assert_eq!(seen, companion, "{local:?}");
        assert!(history.changes[1..].iter().all(|it| it.companion.is_none()));
        // One sentence is enough where both changed in the same way.
        let said = findings::changed(&matrix, &history);
        let expected = if companion == "follows" {
            1
        } else {
            lines.len()
        };
        assert_eq!(said.len(), expected, "{said:?}");
    }
}

#[test]
fn a_change_of_the_old_versions_is_told_once() {
    let at = |version, flavour| ("containerd", version, flavour, "path");
    let results = [results(versions(
        "pull",
        "f/case",
        "linux/amd64",
        &[
            (at("1.6.20", None), a()),
            (at("1.7.24", None), b()),
            (at("2.1.9", Some("local")), b()),
        ],
    ))];
    let book = CaseBook::default();
    let matrix = Matrix::build(&results, &book);
    let history = History::of(&matrix);
    assert_eq!(history.changes.len(), 1);
    assert_eq!(history.lines[history.changes[0].line].name(), "containerd");
}

#[test]
fn configurations_of_one_version_differ_and_do_not_change() {
    let at = |version, flavour| ("docker", version, flavour, "path");
    let store = Some("containerd-store");
    let results = [results(versions(
        "pull",
        "f/case",
        "linux/amd64",
        &[
            (at("26.1.5", None), a()),
            (at("28.5.2", None), a()),
            (at("26.1.5", store), b()),
            (at("28.5.2", store), b()),
            (at("29.0.0", store), b()),
        ],
    ))];
    let book = CaseBook::default();
    let matrix = Matrix::build(&results, &book);
    let history = History::of(&matrix);
    assert!(history.changes.is_empty());
    let pairs: Vec<(usize, usize)> = history
        .differences
        .iter()
        .map(|it| (it.left.column, it.right.column))
        .collect();
    assert_eq!(pairs, [(0, 2), (1, 3)]);
    let said = findings::differences(&matrix, &history);
    let said: Vec<String> = said
        .iter()
        .map(|it| say::flavours(&matrix, it).what.to_string())
        .collect();
    assert_eq!(
        said,
        ["docker: picked a, but with +containerd-store picked b, in 26.1.5 and 28.5.2"]
    );
}

#[test]
fn one_version_of_two_channels_may_change() {
    let at = |channel| ("umoci", "0.4.7", None, channel);
    let results = [results(versions(
        "pull",
        "f/case",
        "linux/amd64",
        &[
            (at("trixie"), b()),
            (at("bullseye"), a()),
            (at("bookworm"), a()),
        ],
    ))];
    let book = CaseBook::default();
    let matrix = Matrix::build(&results, &book);
    let history = History::of(&matrix);
    let said = findings::changed(&matrix, &history);
    assert_eq!(
        say::changed(&matrix, &history, &said[0]).what.to_string(),
        "umoci: picked a → picked b between 0.4.7 (bookworm) and 0.4.7 (trixie)"
    );
}

#[test]
fn kinds_of_change_are_told_apart() {
    for (from, to, turn) in [
        (a(), b(), ChangeKind::Pick),
        (a(), no_match(), ChangeKind::Acceptance),
        (no_match(), a(), ChangeKind::Acceptance),
        (
            no_match(),
            refused(RefusalReason::Malformed),
            ChangeKind::Reason,
        ),
        (no_match(), crashed("panic"), ChangeKind::Failure),
        (Outcome::Nothing, a(), ChangeKind::Failure),
        (
            Outcome::TimedOut { after_ms: 1 },
            Outcome::Nothing,
            ChangeKind::Failure,
        ),
    ] {
        let change = OutcomeChange::between(&from, &to);
        let kind = change.and_then(OutcomeChange::kind);
        assert_eq!(kind, Some(turn), "{from:?} {to:?}");
    }
}

#[test]
fn the_sample_of_generations_in_words() {
    let (results, book) = ([sample::generations()], sample::book());
    let matrix = Matrix::build(&results, &book);
    let history = History::of(&matrix);
    let mut said = Vec::new();
    let changed = findings::changed(&matrix, &history);
    let unchanged = findings::unchanged(&matrix, &history);
    let differences = findings::differences(&matrix, &history);
    let changed = changed.iter();
    for it in changed
        .map(|it| say::changed(&matrix, &history, it))
        .chain(
            unchanged
                .iter()
                .map(|it| say::unchanged(&matrix, &history, it)),
        )
        .chain(
            history
                .unsteady
                .iter()
                .map(|it| say::flaky(&matrix, &history, it)),
        )
        .chain(differences.iter().map(|it| say::flavours(&matrix, it)))
    {
        said.push(if it.unnamed > 0 {
            format!("{} {}: no change in {}", it.operation, it.what, it.unnamed)
        } else {
            let rows = it.rows.named(usize::MAX);
            format!("{} {}; {rows}", it.operation, it.what)
        });
    }
    insta::assert_snapshot!("generations-in-words", said.join("\n"));
}

#[test]
fn a_change_that_was_seen_once_is_told_with_caution() {
    let caution = |results: Results| {
        let (results, book) = ([results], CaseBook::default());
        let matrix = Matrix::build(&results, &book);
        say::caution(&History::of(&matrix))
    };
    let mut results = line_of(&[a(), b(), a()]);
    let all = caution(results.clone()).unwrap_or_default();
    assert!(
        all.starts_with("2 changes; all of them rest on cells"),
        "{all}"
    );
    results.trials[1].tries = 3;
    results.trials[2].tries = 3;
    let one = caution(results.clone()).unwrap_or_default();
    assert!(
        one.starts_with("2 changes; 1 of them rests on cells"),
        "{one}"
    );
    results.trials[0].tries = 3;
    assert_eq!(caution(results), None);
    assert_eq!(caution(line_of(&[a(), a()])), None);
}

#[test]
fn many_rows_are_shared_out_among_their_families() {
    let cell = |case: String| {
        let at = |version| ("tool", version, None, "path");
        versions(
            "pull",
            &case,
            "linux/amd64",
            &[(at("1"), a()), (at("2"), b())],
        )
    };
    let trials = (0..9)
        .map(|number| format!("many/case-{number}"))
        .chain([
            "few/one".to_owned(),
            "few/two".to_owned(),
            "alone".to_owned(),
        ])
        .flat_map(cell);
    let (results, book) = ([results(trials.collect())], CaseBook::default());
    let matrix = Matrix::build(&results, &book);
    let history = History::of(&matrix);
    let changed = findings::changed(&matrix, &history);
    let [change] = changed.as_slice() else {
        panic!("{changed:?}");
    };
    let change = say::changed(&matrix, &history, change);
    assert_eq!(change.rows.count(), 12);
    assert_eq!(
        change.rows.named(6).to_string(),
        "12 rows: alone; few: one and two; many (9): case-0, case-1, case-2, case-3, case-4 and 4 \
         more"
    );
    assert!(!change.rows.named(12).to_string().contains("more"));
}

fn any_outcome() -> impl Strategy<Value = Option<Outcome>> {
    prop_oneof![
        4 => Just(Some(a())),
        3 => Just(Some(b())),
        2 => Just(Some(no_match())),
        1 => Just(Some(Outcome::Nothing)),
        2 => Just(Some(shaky())),
        2 => Just(Some(lost())),
        1 => Just(None),
    ]
}

fn alike(left: Option<&Outcome>, right: Option<&Outcome>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => left.agrees_with(right),
        (None, None) => true,
        _ => false,
    }
}

proptest! {
    /// Whatever is folded, every cell of the matrix can be read off again, and the changes are
    /// those that one finds by looking at each cell and the last steady one before it.
    #[test]
    fn folding_loses_no_cell(
        rows in collection::vec(collection::vec(any_outcome(), sample::GENERATIONS.len()), 1..8)
    ) {
        let trials = rows.iter().enumerate().flat_map(|(number, row)| {
            let cells: Vec<(Version, Outcome)> = sample::GENERATIONS
                .into_iter()
                .zip(row)
                .filter_map(|(version, outcome)| Some((version, outcome.clone()?)))
                .collect();
            versions("pull", &format!("f/case-{number}"), "linux/amd64", &cells)
        });
        let mut results = results(trials.collect());
        // Every runtime is there, whatever was tried.
        let all = sample::GENERATIONS.map(|version| (version, a()));
        let header = sample::results(versions("pull", "f/x", "linux/amd64", &all)).header;
        results.header.runtimes = header.runtimes;
        let (results, book) = ([results], CaseBook::default());
        let matrix = Matrix::build(&results, &book);
        let history = History::of(&matrix);

        let columns: Vec<usize> = history
            .lines
            .iter()
            .flat_map(|line| line.columns.iter().copied())
            .collect();
        prop_assert_eq!(columns, (0..matrix.runtimes.len()).collect::<Vec<_>>());
        let mut expected = 0;
        for table in &matrix.tables {
            for line in &history.lines {
                let bands = bands(line, table.rows());
                let folded: Vec<usize> =
                    bands.iter().flat_map(|band| band.columns.iter().copied()).collect();
                prop_assert_eq!(&folded, &line.columns);
                for row in table.rows() {
                    let cell = |column: usize| row.cells[column].map(|trial| &trial.outcome);
                    for band in &bands {
                        for column in &band.columns {
                            prop_assert!(alike(cell(band.first()), cell(*column)));
                        }
                    }
                    let intervals = intervals(line, row);
                    let unfolded: Vec<usize> = intervals
                        .iter()
                        .flat_map(|interval| interval.columns.iter().copied())
                        .collect();
                    prop_assert_eq!(&unfolded, &line.columns);
                    for interval in &intervals {
                        let shown = interval.trial.map(|trial| &trial.outcome);
                        for column in &interval.columns {
                            prop_assert!(alike(shown, cell(*column)));
                        }
                        // A band is never divided, so one column can stand for it.
                        for band in &bands {
                            let inside = interval.columns.contains(&band.first());
                            for column in &band.columns {
                                prop_assert_eq!(interval.columns.contains(column), inside);
                            }
                        }
                    }
                    for pair in intervals.windows(2) {
                        let [left, right] = [&pair[0], &pair[1]];
                        prop_assert!(!alike(
                            left.trial.map(|trial| &trial.outcome),
                            right.trial.map(|trial| &trial.outcome)
                        ));
                    }
                    let mut steady: Option<&Outcome> = None;
                    let all = line.before.iter().map(|column| (column, false));
                    for (column, own) in all.chain(line.columns.iter().map(|it| (it, true))) {
                        let Some(outcome) = cell(*column) else { continue };
                        if !outcome.is_measured() || matches!(outcome, Outcome::Unstable { .. }) {
                            continue;
                        }
                        let changed = steady.is_some_and(|steady| !steady.agrees_with(outcome));
                        if changed && own {
                            expected += 1;
                            let found = history.changes.iter().any(|change| {
                                std::ptr::eq(change.row, row) && change.to.column == *column
                            });
                            prop_assert!(found);
                            let edge = intervals
                                .iter()
                                .find(|interval| interval.columns.first() == Some(column));
                            prop_assert_eq!(edge.map(|it| it.edge), Some(Edge::Changed));
                        }
                        steady = Some(outcome);
                    }
                }
            }
        }
        prop_assert_eq!(history.changes.len(), expected);
        let said: usize = findings::changed(&matrix, &history)
            .iter()
            .map(|it| it.rows.len())
            .sum();
        let follows = history
            .changes
            .iter()
            .filter(|it| matches!(it.companion, Some(FlavourChange::Follows(_))))
            .count();
        prop_assert_eq!(said + follows, expected, "every change is said once");
        let parted: usize = findings::differences(&matrix, &history)
            .iter()
            .map(|it| it.rows.len())
            .sum();
        prop_assert!(parted <= history.differences.len());
        prop_assert_eq!(parted == 0, history.differences.is_empty());
    }
}
