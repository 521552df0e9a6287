//! Numbers of verdicts over the whole corpus, counted again in another way.

use super::*;
use crate::{
    analysis::{conformance::Revisions, matrix::CaseBook},
    made,
};
use ocipick_corpus::{Corpus, built_in_specifications};
use ocipick_records::{Observed, Outcome, RefusalReason, Results};
use std::sync::LazyLock;

static CORPUS: LazyLock<Corpus> = LazyLock::new(|| Corpus::built_in().unwrap());
static RULES: LazyLock<ConformanceRules<'static>> = LazyLock::new(|| {
    let specifications = built_in_specifications().unwrap();
    ConformanceRules::new(&CORPUS, Revisions::choose(&specifications, &[]).unwrap())
});

/// Tools that do the same with every case: one picks its first child, one its last, one refuses over
/// types, one leaves nothing, and one wavers. The first is older than some sentences.
const RUNTIMES: [&str; 5] = [
    "docker@20.10.24",
    "docker@28.5.2",
    "crane@0.20.7",
    "podman@5.8.6",
    "skopeo@1.22.0",
];

static RESULTS: LazyLock<[Results; 1]> = LazyLock::new(|| {
    let refused = |reason| Outcome::Refused {
        reason,
        message: String::new(),
    };
    let mut trials = Vec::new();
    for case in CORPUS.cases() {
        let picked = |child: Option<&ocipick_corpus::Child>| match child {
            Some(child) => Outcome::Picked {
                child: child.name.clone(),
                digest: child.manifest.to_string(),
            },
            None => refused(RefusalReason::NoMatch),
        };
        let first = picked(case.children.first());
        let wavers = [first.clone(), refused(RefusalReason::NoMatch)];
        let wavers = Outcome::Unstable {
            observed: wavers
                .map(|outcome| Observed {
                    outcome: Box::new(outcome),
                    count: 1,
                })
                .to_vec(),
        };
        let outcomes = [
            first,
            picked(case.children.last()),
            refused(RefusalReason::MediaType),
            Outcome::Nothing,
            wavers,
        ];
        for ask in &case.asks {
            for (runtime, outcome) in RUNTIMES.iter().zip(&outcomes) {
                let mut trial = made::trial(runtime, case.id.as_str(), outcome.clone());
                trial.platform = ask.to_string();
                trials.push(trial);
            }
        }
    }
    [made::results(trials)]
});

fn counted(look: impl FnOnce(&Verdicts<'_>)) {
    let book = CaseBook::new([], CORPUS.cases());
    let matrix = Matrix::build(&*RESULTS, &book);
    look(&Verdicts::of(&matrix, &RULES));
}

#[test]
fn requirements_are_counted_by_case_and_the_plainest_counts() {
    counted(|verdicts| {
        assert!(!verdicts.is_empty());
        assert_eq!(verdicts.requirements(), RULES.requirements());
        assert!(verdicts.requirements() > 1);
        let mut sizes = [0; 3];
        for column in 0..RUNTIMES.len() {
            let mut cases: BTreeMap<&str, [bool; 3]> = BTreeMap::new();
            for entry in verdicts.entries.iter().filter(|it| it.column == column) {
                let shows = entry.rule.level == Some(Level::Must) && entry.rule.can_show();
                let violates = entry.reasoned.verdict == Verdict::Violates;
                let unknown = match entry.reasoned.because {
                    Because::ShowsNothing { .. } | Because::Wavers => {
                        entry.reasoned.verdict == Verdict::NotJudged
                    }
                    _ => false,
                };
                let seen = cases.entry(entry.trial.case.as_str()).or_default();
                seen[0] |= shows && violates && !entry.reasoned.arguable;
                seen[1] |= shows && violates && entry.reasoned.arguable;
                seen[2] |= shows && unknown;
            }
            // Of several the first counts.
            let of = |place: usize| -> BTreeSet<&str> {
                let cases = cases.iter();
                let cases = cases.filter(|(_, seen)| seen.iter().position(|it| *it) == Some(place));
                cases.map(|(case, _)| *case).collect()
            };
            let requirements = verdicts.requirements_of(column);
            assert_eq!(requirements.broken, of(0), "{column}");
            assert_eq!(requirements.arguable, of(1), "{column}");
            assert_eq!(requirements.not_judged, of(2), "{column}");
            for (size, place) in sizes.iter_mut().zip(0..) {
                *size += of(place).len();
            }
        }
        assert!(sizes.iter().all(|size| *size > 0), "{sizes:?}");
        assert_eq!(verdicts.requirements_of(99), Requirements::default());
    });
}

#[test]
fn broken_clauses_say_who_broke_them_where() {
    counted(|verdicts| {
        let broken = verdicts.broken();
        let order: Vec<_> = broken
            .iter()
            .map(|tally| (tally.level, std::cmp::Reverse(tally.broken), tally.clause))
            .collect();
        assert!(order.is_sorted(), "{order:?}");
        let levels: BTreeSet<Level> = broken.iter().map(|tally| tally.level).collect();
        assert!(levels.len() > 1);
        let mut by_clause: BTreeMap<&str, Vec<&Entry<'_>>> = BTreeMap::new();
        for entry in &verdicts.entries {
            by_clause.entry(&entry.rule.clause).or_default().push(entry);
        }
        let violated = by_clause.iter().filter(|(_, entries)| {
            let mut entries = entries.iter();
            entries.any(|entry| entry.reasoned.verdict.is_violation())
        });
        let violated: BTreeSet<&str> = violated.map(|(clause, _)| *clause).collect();
        let told: BTreeSet<&str> = broken.iter().map(|tally| tally.clause).collect();
        assert_eq!(told, violated);
        let mut older = 0;
        for tally in &broken {
            let entries = &by_clause[tally.clause];
            let is_broken = |it: &&&Entry<'_>| it.reasoned.verdict.is_violation();
            let follows = |it: &&&Entry<'_>| it.reasoned.verdict == Verdict::Conforms;
            let count = entries.iter().filter(is_broken).count();
            assert_eq!(tally.broken, count, "{}", tally.clause);
            let follow = entries.iter().filter(follows).count();
            assert_eq!(tally.judged, count + follow, "{}", tally.clause);
            let mut cells: Vec<_> = entries
                .iter()
                .filter(is_broken)
                .map(|it| {
                    let trial = it.trial;
                    let row = (trial.case.clone(), trial.platform.clone());
                    (
                        trial.operation.clone(),
                        row,
                        it.reasoned.arguable,
                        it.column,
                    )
                })
                .collect();
            let mut told: Vec<_> = tally
                .breaches
                .iter()
                .flat_map(|breach| {
                    breach.rows.iter().flat_map(move |row| {
                        breach.columns.iter().map(move |column| {
                            let row = (row.case.clone(), row.platform.clone());
                            (breach.operation.clone(), row, breach.arguable, *column)
                        })
                    })
                })
                .collect();
            cells.sort();
            told.sort();
            assert_eq!(told, cells, "{}", tally.clause);
            let together: BTreeSet<_> = tally
                .breaches
                .iter()
                .map(|it| (&it.operation, &it.columns, it.arguable))
                .collect();
            assert_eq!(together.len(), tally.breaches.len(), "{}", tally.clause);
            let widths = tally
                .breaches
                .iter()
                .map(|it| usize::MAX - it.columns.len());
            assert!(widths.is_sorted(), "{}", tally.clause);
            for breach in &tally.breaches {
                let is_older = |column: &usize| {
                    let (tool, version) = RUNTIMES[*column].split_once('@').unwrap();
                    let released = age::released(tool, version);
                    let since = tally.release.date();
                    released
                        .zip(since)
                        .is_some_and(|(released, since)| since > released)
                };
                let expected: Vec<usize> =
                    breach.columns.iter().copied().filter(is_older).collect();
                assert_eq!(breach.older, expected, "{}", tally.clause);
                older += expected.len();
            }
        }
        assert!(older > 0);
    });
}

#[test]
fn runtimes_have_every_verdict_counted() {
    counted(|verdicts| {
        let tallies = verdicts.runtimes();
        assert_eq!(tallies.len(), RUNTIMES.len());
        for tally in tallies {
            let of_column = |it: &&Entry<'_>| it.column == tally.column;
            let entries: Vec<_> = verdicts.entries.iter().filter(of_column).collect();
            for verdict in Verdict::ALL {
                let count = entries.iter().filter(|it| it.reasoned.verdict == *verdict);
                assert_eq!(tally.counts[verdict], count.count(), "{verdict:?}");
            }
        }
    });
}

#[test]
fn nothing_measured_is_nothing_judged() {
    let results = [made::results(Vec::new())];
    let book = CaseBook::new([], CORPUS.cases());
    let matrix = Matrix::build(&results, &book);
    let verdicts = Verdicts::of(&matrix, &RULES);
    assert!(verdicts.is_empty());
    assert!(verdicts.broken().is_empty() && verdicts.runtimes().is_empty());
}
