use super::*;
use crate::{
    analysis::{changes::OutcomeChange, matrix::CaseBook},
    made::{results, trial},
};
use ocipick_records::{Observed, Outcome, RefusalReason, Results};
use proptest::prelude::*;

fn picked(child: &str) -> Outcome {
    Outcome::Picked {
        child: child.into(),
        digest: format!("sha256:{child}"),
    }
}

fn refused(reason: RefusalReason) -> Outcome {
    Outcome::Refused {
        reason,
        message: "no".into(),
    }
}

fn crashed() -> Outcome {
    Outcome::Crashed {
        what: "x".into(),
        survived: false,
    }
}

fn unstable(outcomes: &[Outcome]) -> Outcome {
    let observed = outcomes.iter().map(|it| Observed {
        outcome: Box::new(it.clone()),
        count: 1,
    });
    Outcome::Unstable {
        observed: observed.collect(),
    }
}

fn unmeasured() -> Outcome {
    Outcome::Unmeasured {
        why: ocipick_records::UnmeasuredWhy::NotStarted,
        detail: String::new(),
    }
}

fn finished(trials: Vec<Trial>) -> Results {
    let mut results = results(trials);
    results.footer = Some(ocipick_records::Footer {
        ended: String::new(),
        outcomes: BTreeMap::new(),
        trials: results.trials.len(),
        duration_ms: 0,
        tools_ms: 0,
        own_ms: None,
        peak_memory_bytes: None,
        peak_disk_bytes: None,
    });
    results
}

/// Compares two results and looks at the comparison.
fn between<T>(
    old: &Results,
    new: &Results,
    options: &DiffOptions,
    look: impl Fn(&Diff<'_>) -> T,
) -> T {
    let book = CaseBook::default();
    let (old, new) = (std::slice::from_ref(old), std::slice::from_ref(new));
    let (old, new) = (Matrix::build(old, &book), Matrix::build(new, &book));
    look(&Diff::of(&old, &new, options))
}

fn sorts(old: Outcome, new: Outcome) -> Vec<OutcomeChange> {
    let old = finished(vec![trial("crane@1", "a/a", old)]);
    let new = finished(vec![trial("crane@1", "a/a", new)]);
    between(&old, &new, &DiffOptions::default(), |diff| {
        diff.cells.iter().map(|cell| cell.change.what).collect()
    })
}

#[test]
fn every_kind_of_change_is_told_from_the_others() {
    use RefusalReason::{Malformed, NoMatch};
    let hang = || Outcome::TimedOut { after_ms: 1 };
    for (old, new, sort) in [
        (picked("a"), picked("b"), Some(OutcomeChange::OtherPick)),
        (picked("a"), picked("a"), None),
        (
            picked("a"),
            refused(NoMatch),
            Some(OutcomeChange::NowRefused),
        ),
        (
            refused(NoMatch),
            picked("a"),
            Some(OutcomeChange::NowPicked),
        ),
        (refused(NoMatch), refused(NoMatch), None),
        (
            refused(NoMatch),
            refused(Malformed),
            Some(OutcomeChange::OtherReason),
        ),
        (picked("a"), crashed(), Some(OutcomeChange::NowCrashes)),
        (hang(), crashed(), Some(OutcomeChange::NowCrashes)),
        (crashed(), crashed(), None),
        (refused(NoMatch), hang(), Some(OutcomeChange::NowFails)),
        (crashed(), hang(), Some(OutcomeChange::OtherFailure)),
        (Outcome::Nothing, hang(), Some(OutcomeChange::OtherFailure)),
        (hang(), picked("a"), Some(OutcomeChange::NoLongerFails)),
        (
            crashed(),
            refused(NoMatch),
            Some(OutcomeChange::NoLongerFails),
        ),
    ] {
        let found = sorts(old.clone(), new.clone());
        assert_eq!(found, Vec::from_iter(sort), "{old:?} to {new:?}");
    }
}

#[test]
fn what_differs_when_repeated_is_a_change_only_where_it_never_did_the_same() {
    let both = || unstable(&[picked("a"), picked("b")]);
    assert_eq!(sorts(both(), picked("a")), [OutcomeChange::Wavers]);
    assert_eq!(sorts(picked("b"), both()), [OutcomeChange::Wavers]);
    assert_eq!(sorts(picked("c"), both()), [OutcomeChange::Elsewhere]);
    assert_eq!(sorts(both(), both()), []);
    let others = unstable(&[picked("b"), crashed()]);
    assert_eq!(sorts(both(), others), [OutcomeChange::Wavers]);
    let old = finished(vec![trial("crane@1", "a/a", both())]);
    let new = finished(vec![trial("crane@1", "a/a", picked("a"))]);
    between(&old, &new, &DiffOptions::default(), |diff| {
        assert_eq!(diff.conclusion(), DiffConclusion::Same);
    });
}

#[test]
fn cases_that_only_one_side_has_are_no_change() {
    let old = finished(vec![
        trial("crane@1", "a/both", picked("a")),
        trial("crane@1", "a/gone", crashed()),
    ]);
    let new = finished(vec![
        trial("crane@1", "a/both", picked("a")),
        trial("crane@1", "a/new", crashed()),
    ]);
    between(&old, &new, &DiffOptions::default(), |diff| {
        assert_eq!(diff.conclusion(), DiffConclusion::Same);
        assert_eq!(diff.cases.new, BTreeSet::from(["a/new"]));
        assert_eq!(diff.cases.gone, BTreeSet::from(["a/gone"]));
        assert!(diff.coverage.is_empty());
    });
}

#[test]
fn cases_of_other_bytes_are_not_compared() {
    let side = |content: &str, outcome| {
        let mut results = finished(vec![trial("crane@1", "a/a", outcome)]);
        let content = ("a/a".to_owned(), content.to_owned());
        results.header.corpus.content = BTreeMap::from([content]);
        results
    };
    let (old, new) = (side("1", picked("a")), side("2", picked("b")));
    between(&old, &new, &DiffOptions::default(), |diff| {
        assert_eq!(diff.cases.other_bytes, BTreeSet::from(["a/a"]));
        assert_eq!(diff.conclusion(), DiffConclusion::NothingCompared);
    });
    let new = side("1", picked("b"));
    between(&old, &new, &DiffOptions::default(), |diff| {
        assert_eq!(diff.conclusion(), DiffConclusion::Changed);
    });
}

#[test]
fn bytes_that_nobody_recorded_are_told_by_the_digests_of_picks() {
    let side = |corpus: &str, digest: &str, other: Outcome| {
        let pick = Outcome::Picked {
            child: "a".into(),
            digest: digest.into(),
        };
        let mut results = finished(vec![
            trial("crane@1", "a/a", pick),
            trial("skopeo@1", "a/a", other.clone()),
            trial("skopeo@1", "a/b", other),
        ]);
        results.header.corpus.digest = corpus.into();
        results
    };
    let old = side("one", "sha256:aa", crashed());
    let new = side("two", "sha256:bb", Outcome::Nothing);
    between(&old, &new, &DiffOptions::default(), |diff| {
        assert_eq!(diff.cases.other_bytes, BTreeSet::from(["a/a"]));
        assert_eq!(diff.cases.unknown_bytes, BTreeSet::from(["a/b"]));
        assert_eq!(diff.changes().count(), 1, "of a/b");
    });
}

#[test]
fn a_renamed_case_is_still_the_same() {
    let old = finished(vec![trial("crane@1", "a/old", picked("a"))]);
    let new = finished(vec![trial("crane@1", "a/new", picked("b"))]);
    let options = DiffOptions {
        renamed: BTreeMap::from([("a/old".to_owned(), "a/new".to_owned())]),
        ..DiffOptions::default()
    };
    between(&old, &new, &options, |diff| {
        let changed: Vec<&str> = diff.changes().map(|cell| cell.place.case).collect();
        assert_eq!(changed, ["a/new"]);
        assert_eq!(diff.cases.renamed, BTreeMap::from([("a/old", "a/new")]));
        assert!(diff.cases.new.is_empty() && diff.cases.gone.is_empty());
    });
}

#[test]
fn what_is_not_measured_is_neither_a_change_nor_hidden() {
    let old = finished(vec![
        trial("crane@1", "a/lost", picked("a")),
        trial("crane@1", "a/found", unmeasured()),
        trial("crane@1", "a/same", picked("a")),
    ]);
    let new = finished(vec![
        trial("crane@1", "a/lost", unmeasured()),
        trial("crane@1", "a/found", picked("a")),
        trial("crane@1", "a/same", picked("a")),
    ]);
    between(&old, &new, &DiffOptions::default(), |diff| {
        let turns: Vec<_> = diff.coverage.iter().map(|it| it.kind).collect();
        assert!(turns.contains(&CoverageChange::NoLongerMeasured));
        assert!(turns.contains(&CoverageChange::BecameMeasured));
        assert_eq!(turns.len(), 2);
        assert_eq!(diff.conclusion(), DiffConclusion::ComparedInPart);
    });
}

#[test]
fn an_unfinished_run_is_compared_in_part() {
    let old = finished(vec![trial("crane@1", "a/a", picked("a"))]);
    let mut new = old.clone();
    new.footer = None;
    between(&old, &new, &DiffOptions::default(), |diff| {
        assert_eq!(diff.conclusion(), DiffConclusion::ComparedInPart);
    });
}

fn pairs(old: &[(&str, &str)], new: &[(&str, &str)], exact: bool) -> Vec<(String, Pairing)> {
    let side = |runtimes: &[(&str, &str)]| {
        let trials = runtimes.iter().map(|(id, channel)| {
            let mut trial = trial(id, "a/a", picked("a"));
            trial.channel = (*channel).to_owned();
            trial
        });
        finished(trials.collect())
    };
    let options = DiffOptions {
        exact,
        ..DiffOptions::default()
    };
    between(&side(old), &side(new), &options, |diff| {
        let pairs = diff.runtimes.pairs.iter().map(|pair| {
            let old = &diff.old.runtimes[pair.old].id;
            let new = &diff.new.runtimes[pair.new].id;
            (format!("{old} {new}"), pair.pairing)
        });
        pairs.collect()
    })
}

#[test]
fn a_runtime_that_is_gone_is_compared_with_what_took_its_place() {
    let found = pairs(
        &[("podman@4", "bookworm"), ("podman@5", "sid")],
        &[("podman@4", "bookworm"), ("podman@6", "sid")],
        false,
    );
    let same = ("podman@4 podman@4".to_owned(), Pairing::Same);
    let moved = ("podman@5 podman@6".to_owned(), Pairing::OtherVersion);
    assert_eq!(found, [same, moved]);
    let found = pairs(&[("podman@4", "path")], &[("podman@4", "sid")], false);
    let rebuilt = ("podman@4 podman@4".to_owned(), Pairing::OtherChannel);
    assert_eq!(found, [rebuilt]);
    let found = pairs(
        &[("podman@3", "buster"), ("podman@4", "bookworm")],
        &[("podman@5", "trixie"), ("podman@10", "sid")],
        false,
    );
    let newest = ("podman@4 podman@10".to_owned(), Pairing::OtherVersion);
    assert_eq!(found, [newest]);
    // Another flavour is other code.
    let found = pairs(&[("docker@1", "sid")], &[("docker@2+store", "sid")], false);
    assert_eq!(found, []);
    let found = pairs(&[("podman@5", "sid")], &[("podman@6", "sid")], true);
    assert_eq!(found, []);
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(picked("a")),
        Just(picked("b")),
        Just(refused(RefusalReason::NoMatch)),
        Just(refused(RefusalReason::Malformed)),
        Just(crashed()),
        Just(Outcome::Nothing),
        Just(unstable(&[picked("a"), crashed()])),
        Just(unmeasured()),
    ]
}

fn any_results() -> impl Strategy<Value = Results> {
    let runtimes = prop::sample::select(vec!["crane@1", "crane@2", "skopeo@1", "docker@1+x"]);
    let cases = prop::sample::select(vec!["a/a", "a/b", "b/c"]);
    let trials = prop::collection::btree_map((runtimes, cases), outcomes(), 0..9);
    trials.prop_map(|trials| {
        let trials = trials
            .into_iter()
            .map(|((runtime, case), outcome)| trial(runtime, case, outcome));
        finished(trials.collect())
    })
}

proptest! {
    #[test]
    fn nothing_changed_from_itself(results in any_results()) {
        between(&results, &results, &DiffOptions::default(), |diff| {
            assert!(diff.cells.is_empty() && diff.coverage.is_empty());
            assert!(diff.cases.new.is_empty() && diff.cases.gone.is_empty());
            assert!(diff.runtimes.new.is_empty() && diff.runtimes.gone.is_empty());
            assert_ne!(diff.conclusion(), DiffConclusion::Changed);
        });
    }

    #[test]
    fn the_way_back_is_as_long_as_the_way_there(old in any_results(), new in any_results()) {
        let shape = |diff: &Diff<'_>, back: bool| {
            let turn = |turn: CoverageChange| if back { turn.reversed() } else { turn };
            let mut turns: Vec<CoverageChange> =
                diff.coverage.iter().map(|it| turn(it.kind)).collect();
            turns.sort_unstable();
            let count = |only: [usize; 2]| if back { [only[1], only[0]] } else { only };
            (
                diff.compared,
                diff.changes().count(),
                diff.wavering().count(),
                turns,
                count([diff.cases.new.len(), diff.cases.gone.len()]),
                count([diff.runtimes.new.len(), diff.runtimes.gone.len()]),
            )
        };
        let there = between(&old, &new, &DiffOptions::default(), |diff| shape(diff, false));
        let back = between(&new, &old, &DiffOptions::default(), |diff| shape(diff, true));
        prop_assert_eq!(there, back);
    }
}
