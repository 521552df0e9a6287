//! Verdicts and consensus over a few trials of the built-in corpus.

use crate::sample::{self, CONTAINERD, DOCKER, PODMAN, SKOPEO, Tool};
use ocipick_corpus::{Corpus, Level, Specification, built_in_specifications, digest_of_content};
use ocipick_records::{
    CaseId, CorpusStamp, Evidence, Outcome, RefusalReason, Results, Trial, UnmeasuredWhy,
};
use ocipick_reports::{
    analysis::{
        conformance::{Because, ConformanceRules, Revisions, Verdict, Verdicts},
        matrix::{CaseBook, Matrix},
    },
    check::{CheckPolicy, Checker, result::Hints},
    render::{json, markdown, verdicts},
};
use std::{collections::BTreeSet, fmt::Write as _, path::Path, sync::LazyLock};

const TWO: &str = "duplicates/two-entries";
const UNKNOWN: &str = "unknown-types/before-good-with-platform-unknown-body";
const TYPES: &str = "mixed-types/child-served-as-docker";
const NESTED: &str = "nested/after-flat-with-platform";

static CORPUS: LazyLock<Corpus> =
    LazyLock::new(|| Corpus::built_in().expect("the corpus has no mistakes"));
static NEWEST: LazyLock<ConformanceRules<'static>> =
    LazyLock::new(|| ConformanceRules::new(&CORPUS, revisions("")));

pub(super) fn corpus() -> &'static Corpus {
    &CORPUS
}

/// One that holds trials against the newest specifications, and nothing else.
pub(super) fn checker() -> Checker<'static> {
    let hints = Hints::of_results(Path::new("results.jsonl"));
    Checker::new(CheckPolicy::default(), &CORPUS, &NEWEST, hints)
}

fn picked(corpus: &Corpus, case: &str, child: &str) -> Outcome {
    let id: CaseId = case.parse().expect("an id");
    let case = corpus.get(&id).expect("a case of the corpus");
    let child = case.child(child).expect("a child of the case");
    Outcome::Picked {
        child: child.name.clone(),
        digest: child.manifest.to_string(),
    }
}

fn trial((tool, version, flavour): Tool, case: &str, outcome: Outcome) -> Trial {
    Trial {
        case: case.to_owned(),
        runtime: sample::id((tool, version, flavour)),
        tool: tool.to_owned(),
        version: version.to_owned(),
        flavour: flavour.map(str::to_owned),
        channel: "path".to_owned(),
        operation: "pull".to_owned(),
        platform: "linux/amd64".to_owned(),
        outcome,
        evidence: Evidence::default(),
        tries: 1,
        derived: None,
        duration_ms: 1,
    }
}

/// Four cases: one over which a recommendation is broken, one over which a requirement is, one in
/// which two clauses contradict each other, and one that some never come to the heart of.
pub(super) fn results(corpus: &Corpus) -> Results {
    let refused = |reason| sample::refused(reason);
    let trials = vec![
        trial(DOCKER, TWO, picked(corpus, TWO, "first")),
        trial(PODMAN, TWO, picked(corpus, TWO, "second")),
        trial(SKOPEO, TWO, picked(corpus, TWO, "second")),
        trial(CONTAINERD, TWO, picked(corpus, TWO, "first")),
        trial(DOCKER, UNKNOWN, refused(RefusalReason::MediaType)),
        trial(PODMAN, UNKNOWN, refused(RefusalReason::Other)),
        trial(SKOPEO, UNKNOWN, picked(corpus, UNKNOWN, "odd")),
        trial(CONTAINERD, UNKNOWN, Outcome::Nothing),
        trial(DOCKER, TYPES, picked(corpus, TYPES, "child")),
        trial(PODMAN, TYPES, refused(RefusalReason::MediaType)),
        trial(SKOPEO, TYPES, refused(RefusalReason::NoMatch)),
        trial(
            CONTAINERD,
            TYPES,
            sample::unmeasured(UnmeasuredWhy::HarnessTrouble, "no space left"),
        ),
        trial(DOCKER, NESTED, refused(RefusalReason::NestedUnsupported)),
        trial(PODMAN, NESTED, picked(corpus, NESTED, "inner")),
        trial(SKOPEO, NESTED, picked(corpus, NESTED, "flat")),
        trial(CONTAINERD, NESTED, picked(corpus, NESTED, "flat")),
    ];
    let mut results = sample::sample();
    results.header.corpus.source = CorpusStamp::BUILT_IN.to_owned();
    results.header.runtimes.clear();
    results.header.missing.clear();
    results.trials = trials;
    results
}

fn revisions(choice: &str) -> Revisions {
    let specifications: Vec<Specification> =
        built_in_specifications().expect("the clauses have no mistakes");
    let choices: Vec<_> = choice
        .split_whitespace()
        .map(|it| it.parse().expect("a revision"))
        .collect();
    Revisions::choose(&specifications, &choices).expect("a release that there is")
}

fn judged<T>(
    results: &Results,
    corpus: &Corpus,
    choice: &str,
    look: impl FnOnce(&Matrix<'_>, &ConformanceRules<'_>, &Verdicts<'_>) -> T,
) -> T {
    let results = [results.clone()];
    let book = CaseBook::new([], corpus.cases());
    let matrix = Matrix::build(&results, &book);
    if choice.is_empty() {
        return look(&matrix, &NEWEST, &Verdicts::of(&matrix, &NEWEST));
    }
    let rules = ConformanceRules::new(corpus, revisions(choice));
    let verdicts = Verdicts::of(&matrix, &rules);
    look(&matrix, &rules, &verdicts)
}

/// One line per trial and clause.
fn listed(results: &Results, corpus: &Corpus, choice: &str) -> String {
    judged(results, corpus, choice, |_, _, verdicts| {
        let mut text = String::new();
        for entry in &verdicts.entries {
            let _ = writeln!(
                text,
                "{:<52} {:<17} {:<44} {:<10} {}",
                entry.label,
                entry.trial.runtime,
                entry.rule.clause,
                entry.reasoned.verdict.as_str(),
                entry.reasoned.because
            );
        }
        text
    })
}

#[test]
fn trials_are_held_against_the_newest_release() {
    let corpus = corpus();
    let listed = listed(&results(corpus), corpus, "");
    insta::assert_snapshot!("verdicts", listed);
}

#[test]
fn trials_are_held_against_the_release_that_is_asked_for() {
    let corpus = corpus();
    let listed = listed(&results(corpus), corpus, "image-spec@1.0.2");
    insta::assert_snapshot!("verdicts-1.0.2", listed);
}

#[test]
fn verdicts_in_a_terminal() {
    let corpus = corpus();
    let shown = judged(&results(corpus), corpus, "", |matrix, _, verdicts| {
        verdicts::terminal::render(matrix, verdicts, false, Some(80))
    });
    for line in shown.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    insta::assert_snapshot!("verdicts-terminal", shown);
}

#[test]
fn verdicts_in_markdown() {
    let corpus = corpus();
    let shown = judged(&results(corpus), corpus, "", |matrix, _, verdicts| {
        verdicts::markdown::render(matrix, verdicts, false)
    });
    insta::assert_snapshot!("verdicts-markdown", shown);
}

#[test]
fn verdicts_in_json() {
    let corpus = corpus();
    let mut results = results(corpus);
    results.trials.retain(|trial| trial.case == TYPES);
    let shown = judged(&results, corpus, "", |matrix, _, verdicts| {
        json::render_judged(matrix, Some(verdicts))
    });
    let document: serde_json::Value = serde_json::from_str(&shown).unwrap();
    crate::schema::holds(&json::json_schema(), &document);
    let part = serde_json::json!({
        "consensus": document["consensus"],
        "verdicts": document["verdicts"],
    });
    insta::assert_snapshot!(
        "verdicts-json",
        serde_json::to_string_pretty(&part).unwrap()
    );
}

#[test]
fn verdicts_stand_in_the_details_of_a_case() {
    let corpus = corpus();
    let results = results(corpus);
    judged(&results, corpus, "", |matrix, _, verdicts| {
        let options = markdown::MarkdownOptions::default();
        let text = markdown::render_judged(matrix, &options, Some(verdicts));
        let begin = format!("<summary><code>{TWO}");
        let details = text.split("<details>").find(|it| it.starts_with(&begin));
        let details = details.expect("the case is a split");
        insta::assert_snapshot!("verdicts-detail", details);
    });
}

#[test]
fn outcomes_on_other_bytes_are_not_judged() {
    let corpus = corpus();
    let becauses = |results: &Results| -> Vec<(Verdict, Because)> {
        judged(results, corpus, "", |_, _, verdicts| {
            let of_two = verdicts.entries.iter().filter(|it| it.trial.case == TWO);
            of_two
                .map(|it| (it.reasoned.verdict, it.reasoned.because.clone()))
                .collect()
        })
    };
    let others = |found: &[(Verdict, Because)]| {
        found
            .iter()
            .filter(|it| it.1 == Because::OtherBytes)
            .count()
    };
    let mut results = results(corpus);
    assert_eq!(others(&becauses(&results)), 0);

    // The results say that they measured just these bytes, or others.
    let id: CaseId = TWO.parse().unwrap();
    let content = digest_of_content(corpus.get(&id).unwrap());
    results
        .header
        .corpus
        .content
        .insert(TWO.to_owned(), content);
    assert_eq!(others(&becauses(&results)), 0);
    results
        .header
        .corpus
        .content
        .insert(TWO.to_owned(), "0123456789ab".to_owned());
    let found = becauses(&results);
    assert_eq!(others(&found), found.len());
    assert!(found.iter().all(|it| it.0 == Verdict::NotJudged));

    // Results that do not say it can still name a child of other bytes.
    results.header.corpus.content.clear();
    if let Outcome::Picked { digest, .. } = &mut results.trials[1].outcome {
        digest.push('0');
    }
    let found = becauses(&results);
    assert!(others(&found) > 0 && others(&found) < found.len());

    // Layouts of somebody else may have the same names.
    results.header.corpus.source = "/layouts".to_owned();
    let found = becauses(&results);
    assert_eq!(others(&found), found.len());
}

#[test]
fn other_operations_are_not_held_against_what_is_said_of_pulls() {
    let corpus = corpus();
    let mut results = results(corpus);
    for trial in &mut results.trials {
        trial.operation = "inspect".to_owned();
    }
    judged(&results, corpus, "", |_, _, verdicts| {
        assert!(!verdicts.is_empty());
        for entry in &verdicts.entries {
            assert!(!entry.reasoned.verdict.is_violation(), "{entry:?}");
            assert_ne!(entry.reasoned.verdict, Verdict::Conforms, "{entry:?}");
        }
    });
}

#[test]
fn a_requirement_counts_once_however_many_cases_can_show_it() {
    let mut shown = BTreeSet::new();
    let mut pairs = 0;
    for case in corpus().cases() {
        for ask in &case.asks {
            for rule in NEWEST.rules(case.id.as_str(), &ask.to_string()) {
                if rule.level == Some(Level::Must) && rule.can_show() {
                    shown.insert(&rule.clause);
                    pairs += 1;
                }
            }
        }
    }
    assert_eq!(NEWEST.requirements(), shown.len());
    assert!(1 < shown.len() && shown.len() < pairs, "{shown:?}");
}

#[test]
fn what_a_case_says_satisfies_a_clause_is_never_judged_a_breach() {
    let corpus = corpus();
    for case in corpus.cases() {
        for ask in &case.asks {
            for rule in NEWEST.rules(case.id.as_str(), &ask.to_string()) {
                for expectation in &rule.satisfied_by {
                    let outcome = match expectation {
                        ocipick_corpus::Expectation::Picks(child) => {
                            picked(corpus, case.id.as_str(), child)
                        }
                        ocipick_corpus::Expectation::Refuses => {
                            sample::refused(RefusalReason::Other)
                        }
                        ocipick_corpus::Expectation::RefusesOver(refusal) => {
                            sample::refused(refusal.as_str().parse().unwrap())
                        }
                    };
                    let reasoned = ocipick_reports::analysis::conformance::evaluate(&outcome, rule);
                    assert!(!reasoned.verdict.is_violation(), "{}: {rule:?}", case.id);
                }
            }
        }
    }
}
