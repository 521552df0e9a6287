//! Every kind of outcome against every kind of rule.

use super::*;
use crate::analysis::conformance::ConflictingClause;
use ocipick_records::{Observed, OutcomeKind, RefusalReason, UnmeasuredWhy};
use proptest::prelude::*;
use std::{collections::BTreeSet, fmt::Write as _};

fn picked(child: &str) -> Outcome {
    Outcome::Picked {
        child: child.into(),
        digest: "sha256:aa".into(),
    }
}

fn refused(reason: RefusalReason) -> Outcome {
    Outcome::Refused {
        reason,
        message: "no".into(),
    }
}

fn unstable(observed: &[Outcome]) -> Outcome {
    Outcome::Unstable {
        observed: observed
            .iter()
            .map(|outcome| Observed {
                outcome: Box::new(outcome.clone()),
                count: 1,
            })
            .collect(),
    }
}

fn picks(child: &str) -> Expectation {
    Expectation::Picks(child.into())
}

/// A requirement to pick `first`, which is broken by finding that ambiguous.
fn rule() -> ConformanceRule {
    ConformanceRule {
        clause: "s/d/c".into(),
        level: Some(Level::Must),
        satisfied_by: vec![picks("first")],
        breached_by: BTreeSet::from([RefusalReason::Ambiguous]),
        excused: BTreeSet::new(),
        rivals: Vec::new(),
        leaves_open: Vec::new(),
        breached_where: Vec::new(),
        arguable: false,
        plain_where_said: None,
    }
}

/// One outcome of every kind, refusals for every reason, and three that waver.
fn outcomes() -> Vec<(String, Outcome)> {
    let mut outcomes = vec![
        ("picks first".to_owned(), picked("first")),
        ("picks second".to_owned(), picked("second")),
    ];
    for reason in RefusalReason::ALL {
        outcomes.push((format!("refuses {reason}"), refused(*reason)));
    }
    let others = [
        Outcome::Nothing,
        Outcome::Mixed {
            children: vec!["first".into(), "second".into()],
            digests: Vec::new(),
        },
        Outcome::Crashed {
            what: "x".into(),
            survived: false,
        },
        Outcome::TimedOut { after_ms: 1 },
        Outcome::Unmeasured {
            why: UnmeasuredWhy::NotStarted,
            detail: String::new(),
        },
    ];
    outcomes.extend(others.map(|outcome| (outcome.kind().to_string(), outcome)));
    let wavering = [
        ("second or third", [picked("second"), picked("third")]),
        ("first or second", [picked("first"), picked("second")]),
        (
            "first or a crash",
            [
                picked("first"),
                Outcome::Crashed {
                    what: "x".into(),
                    survived: false,
                },
            ],
        ),
    ];
    outcomes
        .extend(wavering.map(|(name, observed)| (format!("wavers: {name}"), unstable(&observed))));
    outcomes
}

/// Every kind of rule.
fn rules() -> Vec<(&'static str, ConformanceRule)> {
    let refuse = || ConformanceRule {
        satisfied_by: vec![Expectation::Refuses],
        breached_by: BTreeSet::new(),
        ..rule()
    };
    vec![
        ("to pick first", rule()),
        (
            "to pick first or refuse",
            ConformanceRule {
                satisfied_by: vec![picks("first"), Expectation::Refuses],
                ..rule()
            },
        ),
        ("to refuse", refuse()),
        (
            "to refuse over the media type",
            ConformanceRule {
                satisfied_by: vec![Expectation::RefusesOver(RefusalReason::MediaType)],
                ..refuse()
            },
        ),
        (
            "to pick first, in an index that is itself wrong",
            ConformanceRule {
                breached_by: BTreeSet::new(),
                excused: BTreeSet::from([RefusalReason::Ambiguous]),
                ..rule()
            },
        ),
        (
            "to pick first, while another clause says second",
            ConformanceRule {
                rivals: vec![ConflictingClause {
                    clause: "s/d/other".into(),
                    satisfied_by: vec![picks("second")],
                }],
                ..rule()
            },
        ),
        (
            "to refuse, while another clause says first",
            ConformanceRule {
                rivals: vec![ConflictingClause {
                    clause: "s/d/other".into(),
                    satisfied_by: vec![picks("first")],
                }],
                ..refuse()
            },
        ),
        (
            "something that the case does not say",
            ConformanceRule {
                satisfied_by: Vec::new(),
                ..rule()
            },
        ),
    ]
}

const LEVELS: [Option<Level>; 6] = [
    Some(Level::Must),
    Some(Level::Should),
    Some(Level::May),
    Some(Level::Statement),
    Some(Level::Silent),
    None,
];

fn at(level: Option<Level>, rule: &ConformanceRule) -> ConformanceRule {
    ConformanceRule {
        level,
        ..rule.clone()
    }
}

#[test]
fn every_outcome_against_every_rule() {
    let mut table = String::new();
    for (name, rule) in rules() {
        let _ = writeln!(table, "{name}");
        for (name, outcome) in outcomes() {
            let required = evaluate(&outcome, &rule);
            let weaker: Vec<&str> = LEVELS[1..]
                .iter()
                .map(|level| evaluate(&outcome, &at(*level, &rule)).verdict.as_str())
                .collect();
            let _ = writeln!(
                table,
                "  {name:<29} {:<11} {:<33} {}",
                required.verdict.as_str(),
                format!("({})", required.because.as_str()),
                weaker.join(", "),
            );
        }
        table.push('\n');
    }
    insta::assert_snapshot!("every-outcome-against-every-rule", table);
}

#[test]
fn a_wrong_pick_breaks_a_requirement_and_deviates_from_a_recommendation() {
    let verdict = |level| evaluate(&picked("second"), &at(Some(level), &rule())).verdict;
    assert_eq!(verdict(Level::Must), Verdict::Violates);
    assert_eq!(verdict(Level::Should), Verdict::Deviates);
    assert_eq!(verdict(Level::May), Verdict::Allowed);
}

#[test]
fn a_refusal_over_something_else_is_not_held_against_a_tool() {
    let reasoned = evaluate(&refused(RefusalReason::NestedUnsupported), &rule());
    assert_eq!(reasoned.verdict, Verdict::NotJudged);
    assert_eq!(reasoned.because, Because::RefusedOverSomethingElse);
    let reasoned = evaluate(&refused(RefusalReason::Ambiguous), &rule());
    assert_eq!(reasoned.verdict, Verdict::Violates);
}

#[test]
fn a_reason_that_says_nothing_is_never_held_against_a_tool() {
    let all = RefusalReason::telling().collect();
    let rule = ConformanceRule {
        breached_by: all,
        ..rule()
    };
    let verdict = evaluate(&refused(RefusalReason::Other), &rule).verdict;
    assert_eq!(verdict, Verdict::NotJudged);
}

fn any_expectation() -> impl Strategy<Value = Expectation> {
    prop_oneof![
        Just(Expectation::Refuses),
        Just(Expectation::RefusesOver(RefusalReason::Ambiguous)),
        Just(picks("first")),
        Just(picks("second")),
    ]
}

fn any_refusals() -> impl Strategy<Value = BTreeSet<RefusalReason>> {
    let all: Vec<RefusalReason> = RefusalReason::telling().collect();
    proptest::sample::subsequence(all, 0..=9).prop_map(BTreeSet::from_iter)
}

fn any_rule() -> impl Strategy<Value = ConformanceRule> {
    let expected = || proptest::collection::vec(any_expectation(), 0..3);
    let rivals = proptest::collection::vec(
        expected().prop_map(|satisfied_by| ConflictingClause {
            clause: "s/d/other".into(),
            satisfied_by,
        }),
        0..2,
    );
    let level = proptest::sample::select(LEVELS.to_vec());
    (level, expected(), any_refusals(), any_refusals(), rivals).prop_map(
        |(level, satisfied_by, breached_by, excused, rivals)| ConformanceRule {
            clause: "s/d/c".into(),
            level,
            satisfied_by,
            breached_by,
            excused,
            rivals,
            ..rule()
        },
    )
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    let all: Vec<Outcome> = outcomes().into_iter().map(|(_, outcome)| outcome).collect();
    let single = proptest::sample::select(all);
    let several = proptest::collection::vec(single.clone(), 0..4);
    prop_oneof![single, several.prop_map(|observed| unstable(&observed))]
}

/// How harsh a verdict is; verdicts that are no violation are all the same.
fn harshness(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::NotJudged | Verdict::Silent | Verdict::Allowed | Verdict::Conforms => 0,
        Verdict::Deviates => 1,
        Verdict::Violates => 2,
    }
}

proptest! {
    #[test]
    fn the_same_is_judged_alike(outcome in any_outcome(), rule in any_rule()) {
        prop_assert_eq!(evaluate(&outcome, &rule), evaluate(&outcome.clone(), &rule.clone()));
    }

    #[test]
    fn words_digests_and_times_do_not_matter(rule in any_rule(), reason in proptest::sample::select(RefusalReason::ALL.to_vec()), text in ".{0,8}", time in any::<u64>()) {
        let other = Outcome::Refused { reason, message: text.clone() };
        prop_assert_eq!(evaluate(&other, &rule), evaluate(&refused(reason), &rule));
        let other = Outcome::Picked { child: "first".into(), digest: text };
        prop_assert_eq!(evaluate(&other, &rule), evaluate(&picked("first"), &rule));
        prop_assert_eq!(
            evaluate(&Outcome::TimedOut { after_ms: time }, &rule),
            evaluate(&Outcome::TimedOut { after_ms: 1 }, &rule)
        );
    }

    #[test]
    fn a_weaker_level_is_never_judged_more_harshly(outcome in any_outcome(), rule in any_rule()) {
        let harsh: Vec<u8> = LEVELS
            .iter()
            .map(|level| harshness(evaluate(&outcome, &at(*level, &rule)).verdict))
            .collect();
        prop_assert!(harsh.is_sorted_by(|stronger, weaker| stronger >= weaker), "{harsh:?}");
    }

    #[test]
    fn what_excuses_never_makes_a_verdict_harsher(outcome in any_outcome(), rule in any_rule(), rival in any_rule(), more in any_expectation()) {
        let harsh = harshness(evaluate(&outcome, &rule).verdict);
        let mut milder = rule.clone();
        milder.rivals.push(ConflictingClause { clause: rival.clause, satisfied_by: rival.satisfied_by });
        prop_assert!(harshness(evaluate(&outcome, &milder).verdict) <= harsh);
        let mut milder = rule.clone();
        milder.breached_by.clear();
        prop_assert!(harshness(evaluate(&outcome, &milder).verdict) <= harsh);
        let mut milder = rule;
        if !milder.satisfied_by.is_empty() {
            milder.satisfied_by.push(more);
            prop_assert!(harshness(evaluate(&outcome, &milder).verdict) <= harsh);
        }
    }

    #[test]
    fn only_picks_and_refusals_are_breaches(outcome in any_outcome(), rule in any_rule()) {
        let shows = |outcome: &Outcome| {
            matches!(outcome.kind(), OutcomeKind::Picked | OutcomeKind::Refused)
        };
        let breach = evaluate(&outcome, &rule).verdict.is_violation();
        match &outcome {
            Outcome::Unstable { observed } => {
                let flat = observed.iter().all(|seen| seen.outcome.kind() != OutcomeKind::Unstable);
                prop_assert!(!breach || !flat || observed.iter().all(|seen| shows(&seen.outcome)));
            }
            _ => prop_assert!(!breach || shows(&outcome)),
        }
    }

    #[test]
    fn a_tool_that_wavers_gets_the_verdict_of_all_or_none(observed in proptest::collection::vec(proptest::sample::select(outcomes().into_iter().map(|(_, outcome)| outcome).collect::<Vec<_>>()), 1..4), rule in any_rule()) {
        let verdicts: BTreeSet<Verdict> =
            observed.iter().map(|outcome| evaluate(outcome, &rule).verdict).collect();
        let verdict = evaluate(&unstable(&observed), &rule).verdict;
        if verdicts.len() == 1 {
            prop_assert!(verdicts.contains(&verdict));
        } else {
            prop_assert_eq!(verdict, Verdict::NotJudged);
        }
    }
}

fn requested(paths: &[&str]) -> Evidence {
    let request = |path: &&str| ocipick_records::HttpRequest {
        method: "GET".into(),
        path: (*path).to_owned(),
        status: 404,
        bytes: 0,
        at_ms: 0,
        user_agent: None,
        accept: None,
        range: None,
    };
    Evidence {
        requests: paths.iter().map(request).collect(),
        ..Evidence::default()
    }
}

#[test]
fn a_reference_is_a_digest_or_a_tag() {
    let rule = ConformanceRule {
        satisfied_by: Vec::new(),
        breached_where: vec![Sign::OddReference],
        ..rule()
    };
    let verdict = |paths: &[&str]| {
        // Whatever came of it.
        let all = [refused(RefusalReason::Other), Outcome::Nothing, picked("x")];
        let mut verdicts = all
            .iter()
            .map(|outcome| evaluate_trial(outcome, &requested(paths), &rule).verdict);
        let first = verdicts.next().unwrap();
        assert!(verdicts.all(|other| other == first), "{paths:?}");
        first
    };
    let digest = format!("/manifests/sha256:{}", "a".repeat(64));
    for fine in [
        &digest,
        "/manifests/v1.0-rc_1",
        "/manifests/_",
        "/manifests/sha256+b64u:aA0=_-",
    ] {
        let paths = ["/manifests/latest", fine];
        assert_eq!(verdict(&paths), Verdict::Conforms, "{fine}");
    }
    assert_eq!(
        verdict(&["/blobs/:"]),
        Verdict::Silent,
        "no manifest at all"
    );
    let long = format!("/manifests/{}", "a".repeat(129));
    for odd in [
        "/manifests",
        "/manifests/",
        "/manifests/:",
        "/manifests/sha256:",
        "/manifests/-tag",
        "/manifests/sha256:../../x",
        "/manifests/a/b",
        "/manifests/SHA256:aa",
        "/manifests/sha256+:aa",
        &long,
    ] {
        assert_eq!(
            verdict(&["/manifests/latest", odd]),
            Verdict::Violates,
            "{odd}"
        );
    }
    let unmeasured = Outcome::Unmeasured {
        why: UnmeasuredWhy::NotStarted,
        detail: String::new(),
    };
    let odd = requested(&["/manifests/"]);
    let reasoned = evaluate_trial(&unmeasured, &odd, &rule);
    assert_eq!(reasoned.verdict, Verdict::NotJudged);
    // Where nothing is required, nothing is broken.
    for level in [Level::May, Level::Statement, Level::Silent] {
        let reasoned = evaluate_trial(&picked("x"), &odd, &at(Some(level), &rule));
        assert_eq!(reasoned.verdict, Verdict::Silent, "{level}");
    }
    // Of what wavers the evidence is that of one try.
    let wavers = unstable(&[picked("x"), Outcome::Nothing]);
    let reasoned = evaluate_trial(&wavers, &odd, &rule);
    assert_eq!(reasoned.verdict, Verdict::Silent);
}

#[test]
fn whoever_unpacks_by_a_config_has_read_it() {
    let rule = ConformanceRule {
        satisfied_by: vec![picks("first")],
        leaves_open: vec![picks("second")],
        breached_where: vec![
            Sign::Unpacks("second".into()),
            Sign::ReadsLabels("second".into()),
        ],
        ..rule()
    };
    let seen = |identity, child: &str| Evidence {
        reported: ocipick_records::Observation::Seen {
            sightings: vec![Sighting {
                source: "x".into(),
                identity,
                children: vec![child.to_owned()],
            }],
        },
        ..Evidence::default()
    };
    let verdict = |evidence: &Evidence| evaluate_trial(&picked("second"), evidence, &rule).verdict;
    let chain = || Identity::ChainId("sha256:aa".into());
    assert_eq!(verdict(&seen(chain(), "second")), Verdict::Violates);
    assert_eq!(
        verdict(&seen(Identity::Label("x".into()), "second")),
        Verdict::Violates
    );
    assert_eq!(verdict(&seen(chain(), "first")), Verdict::NotJudged);
    let digest = Identity::ManifestDigest("sha256:aa".into());
    assert_eq!(verdict(&seen(digest, "second")), Verdict::NotJudged);
    // Without a sign, a pick that is left open is no violation, and one that is not is.
    let reasoned = evaluate_trial(&picked("third"), &Evidence::default(), &rule);
    assert_eq!(reasoned.verdict, Verdict::Violates);
    // How it asked for manifests says nothing about what it read.
    let asked = requested(&["/manifests/latest"]);
    assert_eq!(verdict(&asked), Verdict::NotJudged);
    let unsaid = ConformanceRule {
        satisfied_by: Vec::new(),
        ..rule.clone()
    };
    let reasoned = evaluate_trial(&picked("second"), &asked, &unsaid);
    assert_eq!(reasoned.verdict, Verdict::Silent);
}

#[test]
fn a_breach_of_a_clause_with_two_readings_is_arguable_unless_the_words_settle_it() {
    let rule = ConformanceRule {
        arguable: true,
        plain_where_said: Some("application/x".into()),
        ..rule()
    };
    let refused = |message: &str| Outcome::Refused {
        reason: RefusalReason::Ambiguous,
        message: message.into(),
    };
    let judged = |outcome: &Outcome| {
        let reasoned = evaluate(outcome, &rule);
        (reasoned.verdict, reasoned.arguable)
    };
    assert_eq!(
        judged(&refused("missing signature key")),
        (Verdict::Violates, true)
    );
    assert_eq!(
        judged(&refused("unexpected media type application/x")),
        (Verdict::Violates, false)
    );
    assert_eq!(judged(&picked("first")), (Verdict::Conforms, false));
    for both in [["a", "application/x"], ["application/x", "a"]] {
        let both = unstable(&both.map(refused));
        assert_eq!(judged(&both), (Verdict::Violates, true));
    }
    let clear = ConformanceRule {
        arguable: false,
        ..rule.clone()
    };
    assert!(!evaluate(&refused("a"), &clear).arguable);
}
