use super::*;
use crate::results::{
    Observed, OutcomeKind, RefusalReason,
    made::{results, trial},
};
use ocipick_corpus::Corpus;

fn picked(child: &str) -> Outcome {
    Outcome::Picked {
        child: child.into(),
        digest: "sha256:aa".into(),
    }
}

fn crashed() -> Outcome {
    Outcome::Crashed {
        what: "panic: secret".into(),
        survived: false,
    }
}

fn policy() -> &'static Policy {
    Policy::built_in().unwrap()
}

/// The runtimes whose cells are withheld.
fn withheld(trials: Vec<Trial>) -> Vec<String> {
    let cells = redact(&mut [results(trials)], policy());
    cells.into_iter().map(|cell| cell.runtime).collect()
}

#[test]
fn every_entry_of_the_file_finds_a_case() {
    let corpus = Corpus::built_in().unwrap();
    for glob in policy().globs() {
        let mut ids = corpus.cases().iter().map(|case| case.id.as_str());
        assert!(ids.any(|id| glob.is_match(id)), "{}", glob.glob());
    }
}

#[test]
fn crashes_are_withheld_unless_everybody_knows() {
    let flapping = Outcome::Unstable {
        observed: [picked("a"), crashed()]
            .map(|outcome| Observed {
                outcome: Box::new(outcome),
                count: 1,
            })
            .to_vec(),
    };
    let case = "spellings/system-capital-alone";
    assert_eq!(
        withheld(vec![
            trial("docker@20.10.24", case, crashed()),
            trial("docker@28.0.0", case, crashed()),
            trial("docker@20.10.24+containerd-store", case, crashed()),
            trial("skopeo@1", case, crashed()),
            trial("crane@1", case, flapping),
            trial("podman@1", case, Outcome::Nothing),
        ]),
        [
            "docker@28.0.0",
            "docker@20.10.24+containerd-store",
            "skopeo@1",
            "crane@1"
        ]
    );
}

#[test]
fn a_document_of_two_kinds_is_withheld_where_it_leads_to_different_content() {
    let case = "both-kinds/index-says-index";
    let refused = Outcome::Refused {
        reason: RefusalReason::Malformed,
        message: String::new(),
    };
    let split = |other| {
        withheld(vec![
            trial("crane@1", case, picked("inner")),
            trial("docker@1", case, other),
            trial("podman@1", case, refused.clone()),
        ])
    };
    assert_eq!(split(picked("outer")), ["crane@1", "docker@1"]);
    assert_eq!(split(picked("inner")), Vec::<String>::new());
    // What the specification leaves open is no secret.
    let open = ["first", "second"].map(|child| {
        let runtime = format!("{}@1", if child == "first" { "crane" } else { "docker" });
        trial(&runtime, "duplicates/two-entries", picked(child))
    });
    assert_eq!(withheld(open.into()), Vec::<String>::new());
}

#[test]
fn unverified_content_is_withheld_and_the_way_around_it_is_not() {
    let case = "registry-faults/wrong-manifest-of-first";
    assert_eq!(
        withheld(vec![
            trial("crane@1", case, picked("second")),
            trial("docker@1", case, picked("evil")),
        ]),
        ["docker@1"]
    );
}

#[test]
fn nothing_is_left_of_what_is_withheld() {
    let mut all = [results(vec![trial("crane@1", "a/a", crashed())])];
    all[0].trials[0].evidence.stderr_tail = "panic: secret".into();
    all[0].footer = Some(Footer {
        ended: String::new(),
        outcomes: Footer::count(all[0].trials.iter().map(|trial| &trial.outcome)),
        trials: 1,
        duration_ms: 1,
        tools_ms: 1,
        own_ms: None,
        peak_memory_bytes: None,
        peak_disk_bytes: None,
    });
    let cells = redact(&mut all, policy());
    assert_eq!(cells.len(), 1);
    assert_eq!(cells[0].withheld.rule, Rule::Crash);
    let trial = &all[0].trials[0];
    assert!(is_withheld(&trial.outcome));
    assert!(!serde_json::to_string(trial).unwrap().contains("secret"));
    let outcomes = &all[0].footer.as_ref().unwrap().outcomes;
    assert_eq!(outcomes.get(&OutcomeKind::Crashed), Some(&0));
    assert!(redact(&mut all, policy()).is_empty(), "once is enough");
}

#[test]
fn a_file_with_a_mistake_is_refused() {
    for text in [
        "[[withhold]]\ncase = 'a/*'\nkinds = ['exploded']\nwhen = 'always'\nreason = ''",
        "[[withhold]]\ncase = 'a/{'\nkinds = ['picked']\nwhen = 'always'\nreason = ''",
        "[[withhold]]\ncase = 'a/*'\nkinds = ['picked']\nwhen = 'never'\nreason = ''",
        "[[disclosed]]\ncase = 'a/*'\ntool = 'x'\nversions = 'new'\nkinds = []\nreason = ''",
    ] {
        assert!(Policy::parse(text).is_err(), "{text}");
    }
}

/// A derived case crashes as its base does, and would give away what its base shows.
#[test]
fn trials_of_derived_cases_are_withheld_with_their_bases() {
    let derived = |runtime: &str, outcome| {
        let mut trial = trial(runtime, "a/b~warm-store", outcome);
        trial.derived = Some(crate::results::Derived {
            relation: "warm-store".into(),
            base: "a/b".into(),
        });
        trial
    };
    let base = |runtime: &str, outcome| trial(runtime, "a/b", outcome);
    let mut all = results(vec![
        base("crane@1", crashed()),
        base("podman@1", picked("a")),
        base("skopeo@1", picked("a")),
    ]);
    all.derived = vec![
        derived("crane@1", picked("a")),
        derived("podman@1", crashed()),
        derived("skopeo@1", picked("b")),
    ];
    let mut all = [all];
    assert_eq!(redact(&mut all, policy()).len(), 1);
    let hidden: Vec<bool> = all[0]
        .derived
        .iter()
        .map(|trial| is_withheld(&trial.outcome))
        .collect();
    assert_eq!(hidden, [true, true, false]);
}
