use super::*;
use crate::{
    analysis::matrix::{CaseBook, FamilyNote, Matrix},
    made, render,
};
use ocipick_records::{Derived, Record, RefusalReason, UnmeasuredWhy};

fn picked(child: &str) -> Outcome {
    Outcome::Picked {
        child: child.to_owned(),
        digest: String::new(),
    }
}

fn refused(reason: RefusalReason) -> Outcome {
    Outcome::Refused {
        reason,
        message: String::new(),
    }
}

fn pair(base: Outcome, derived: Outcome, tries: u32) -> [Trial; 2] {
    let mut base = made::trial("crane@1", "a/b", base);
    let mut other = made::trial("crane@1", "a/b~warm-store", derived);
    (base.tries, other.tries) = (tries, tries);
    other.derived = Some(Derived {
        relation: "warm-store".to_owned(),
        base: "a/b".to_owned(),
    });
    [base, other]
}

fn standing_of(base: Outcome, derived: Outcome, tries: u32) -> RelationResult {
    let [base, derived] = pair(base, derived, tries);
    compare(&[base], &[derived])[0].standing
}

#[test]
fn only_another_choice_is_a_change_and_only_when_repeated() {
    assert_eq!(
        standing_of(picked("a"), picked("a"), 1),
        RelationResult::Holds
    );
    assert_eq!(
        standing_of(picked("a"), picked("b"), 2),
        RelationResult::Unrepeated
    );
    assert_eq!(
        standing_of(picked("a"), picked("b"), 3),
        RelationResult::Changed
    );
    assert_eq!(
        standing_of(picked("a"), Outcome::Nothing, 3),
        RelationResult::Changed
    );
    let words = [RefusalReason::NoMatch, RefusalReason::Other].map(refused);
    let [no_match, other] = words;
    assert_eq!(standing_of(no_match, other, 3), RelationResult::Holds);
}

#[test]
fn nothing_is_claimed_of_what_was_not_measured_or_differs_by_itself() {
    let unmeasured = || Outcome::Unmeasured {
        why: UnmeasuredWhy::Unsupported,
        detail: String::new(),
    };
    let unstable = || Outcome::Unstable {
        observed: Vec::new(),
    };
    for outcome in [unmeasured(), unstable()] {
        assert_eq!(
            standing_of(outcome.clone(), picked("a"), 3),
            RelationResult::NotCompared
        );
        assert_eq!(
            standing_of(picked("a"), outcome, 3),
            RelationResult::NotCompared
        );
    }
    let [mut base, derived] = pair(picked("a"), picked("b"), 3);
    base.platform = "linux/arm64".to_owned();
    let compared = compare(std::slice::from_ref(&base), std::slice::from_ref(&derived));
    assert_eq!(
        (compared[0].base, compared[0].standing),
        (None, RelationResult::NotCompared)
    );
}

#[test]
fn what_is_said_of_a_change_names_both_outcomes() {
    let [base, derived] = pair(picked("a"), picked("b"), 3);
    let mut results = made::results(vec![base]);
    assert_eq!(Relations::of(std::slice::from_ref(&results)), None);
    results.derived.push(derived);
    let relations = Relations::of(&[results]).unwrap();
    assert_eq!(
        relations.counts(),
        "Changes that must not matter: 0 did not; 1 did; 0 not compared; 0 seen too seldom"
    );
    assert_eq!(relations.changed[0].kind(), "stateful selection");
    assert_eq!(
        relations.changed[0].sentence(),
        "crane@1 on a/b (linux/amd64): a; with images of other cases still in the store: b"
    );
}

/// Readers of cells must not take a derived case for one, and results that were written before there
/// were any are read as ever.
#[test]
fn derived_trials_are_read_apart_and_their_fields_are_optional() {
    let [base, derived] = pair(picked("a"), picked("b"), 3);
    let results = made::results(Vec::new());
    let lines: Vec<String> = [
        Record::Header(Box::new(results.header)),
        Record::Trial(Box::new(base.clone())),
        Record::Trial(Box::new(derived.clone())),
    ]
    .iter()
    .map(|record| serde_json::to_string(record).unwrap() + "\n")
    .collect();
    assert!(!lines[1].contains("\"base\"") && !lines[1].contains("\"relation\""));
    assert!(
        lines[2].contains("\"relation\":\"warm-store\",\"base\":\"a/b\""),
        "{}",
        lines[2]
    );
    let read = Results::parse(lines.concat().as_bytes()).unwrap();
    assert_eq!((read.trials, read.derived), (vec![base], vec![derived]));
}

#[test]
fn every_report_says_it_and_no_matrix_has_a_row_of_it() {
    let [base, derived] = pair(picked("a"), picked("b"), 3);
    let mut results = made::results(vec![base]);
    results.derived.push(derived);
    let results = [results];
    let none: [FamilyNote; 0] = [];
    let book = CaseBook::new(none, &[]);
    let matrix = Matrix::build(&results, &book);
    assert_eq!(matrix.trials().count(), 1);
    for shown in [
        render::terminal::render(&matrix, &render::terminal::TerminalOptions::default()),
        render::markdown::render(&matrix, &render::markdown::MarkdownOptions::default()),
    ] {
        assert!(
            shown.contains("stateful selection: crane@1 on a/b"),
            "{shown}"
        );
        assert!(
            shown.contains("Changes that must not matter: 0 did not; 1 did"),
            "{shown}"
        );
        assert!(!shown.contains("a/b~warm-store"), "{shown}");
    }
    let json: serde_json::Value = serde_json::from_str(&render::json::render(&matrix)).unwrap();
    let changed = &json["summary"]["relations"]["changed"][0];
    assert_eq!(changed["relation"], "warm-store");
    assert_eq!(changed["derived"]["child"], "b");
}
