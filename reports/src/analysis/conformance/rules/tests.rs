//! Rules of the whole corpus, held against what they mean.

use super::*;
use ocipick_corpus::{Corpus, built_in_specifications};
use ocipick_records::RefusalReason;
use std::sync::LazyLock;

static CORPUS: LazyLock<Corpus> = LazyLock::new(|| Corpus::built_in().unwrap());

fn rules_of_corpus() -> ConformanceRules<'static> {
    let specifications = built_in_specifications().unwrap();
    ConformanceRules::new(&CORPUS, Revisions::choose(&specifications, &[]).unwrap())
}

/// Every outcome that an expectation can be about, of a case with these children.
fn outcomes(children: &[&str]) -> Vec<Outcome> {
    let picks = children.iter().map(|child| Outcome::Picked {
        child: (*child).to_owned(),
        digest: String::new(),
    });
    let refusals = RefusalReason::ALL.iter().map(|reason| Outcome::Refused {
        reason: *reason,
        message: String::new(),
    });
    picks.chain(refusals).collect()
}

fn satisfies(outcome: &Outcome, expectation: &Expectation) -> bool {
    match (expectation, outcome) {
        (Expectation::Picks(child), Outcome::Picked { child: picked, .. }) => child == picked,
        (Expectation::Refuses, Outcome::Refused { .. }) => true,
        (Expectation::RefusesOver(over), Outcome::Refused { reason, .. }) => over == reason,
        _ => false,
    }
}

#[test]
fn rivals_are_clauses_as_strong_that_no_outcome_satisfies_too() {
    let rules = rules_of_corpus();
    let mut seen = 0;
    for case in CORPUS.cases() {
        let children: Vec<&str> = case.children.iter().map(|it| it.name.as_str()).collect();
        let outcomes = outcomes(&children);
        let meets = |outcome: &Outcome, all: &[Expectation]| {
            all.iter()
                .any(|expectation| satisfies(outcome, expectation))
        };
        for ask in &case.asks {
            let of_case = rules.rules(case.id.as_str(), &ask.to_string());
            for rule in of_case {
                let expected: Vec<&str> = of_case
                    .iter()
                    .filter(|other| {
                        let binds = matches!(other.level, Some(Level::Must | Level::Should));
                        let as_strong = rule.level.is_some() && other.level <= rule.level;
                        let both = outcomes.iter().any(|outcome| {
                            meets(outcome, &rule.satisfied_by)
                                && meets(outcome, &other.satisfied_by)
                        });
                        let says = !other.satisfied_by.is_empty();
                        binds && as_strong && says && other.clause != rule.clause && !both
                    })
                    .map(|other| other.clause.as_str())
                    .collect();
                let rivals: Vec<&str> = rule.rivals.iter().map(|it| it.clause.as_str()).collect();
                assert_eq!(rivals, expected, "{} {}", case.id, rule.clause);
                seen += rivals.len();
            }
        }
    }
    assert!(seen > 10, "{seen}");
}

#[test]
fn what_excludes_what() {
    let over = |reason: &str| Expectation::RefusesOver(reason.parse().unwrap());
    let picks = |child: &str| Expectation::Picks(child.into());
    let all = [
        picks("a"),
        picks("b"),
        Expectation::Refuses,
        over("digest-mismatch"),
        over("size-mismatch"),
    ];
    let outcomes = outcomes(&["a", "b"]);
    for one in &all {
        for other in &all {
            let rule = ConformanceRule {
                clause: String::new(),
                level: None,
                satisfied_by: vec![one.clone()],
                breached_by: BTreeSet::new(),
                excused: BTreeSet::new(),
                rivals: Vec::new(),
                leaves_open: Vec::new(),
                breached_where: Vec::new(),
                arguable: false,
                plain_where_said: None,
            };
            let rival = ConflictingClause {
                clause: String::new(),
                satisfied_by: vec![other.clone()],
            };
            let both = outcomes
                .iter()
                .any(|outcome| satisfies(outcome, one) && satisfies(outcome, other));
            assert_eq!(exclude(&rule, &rival), !both, "{one:?} {other:?}");
        }
    }
}

#[test]
fn refusing_is_excused_only_where_the_case_says_what_else_satisfies_a_clause() {
    let specifications = built_in_specifications().unwrap();
    let revisions = Revisions::choose(&specifications, &[]).unwrap();
    let clauses = CORPUS.clauses();
    let clause = clauses
        .iter()
        .find(|it| !it.breached_by.is_empty())
        .unwrap();
    let case = CORPUS.cases().iter().find_map(|case| {
        let used = case.clauses.iter().find(|used| used.id == clause.id)?;
        Some((case, used))
    });
    let (case, used) = case.unwrap();
    let silent = ClauseUse {
        satisfied_by: Vec::new(),
        breached_by: None,
        ..used.clone()
    };
    let of_silent = rule(&silent, clause, &case.asks[0], &revisions, &|| true);
    assert_eq!(of_silent.breached_by, clause.breached_by);
    assert!(of_silent.excused.is_empty());
}
