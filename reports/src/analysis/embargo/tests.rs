use super::*;
use crate::made::{results, trial};
use ocipick_corpus::{Case, ReservedIds};
use ocipick_records::{Observed, RefusalReason};

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

fn policy() -> &'static EmbargoPolicy {
    EmbargoPolicy::built_in().unwrap()
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

/// What is left is what a run would have written in whose corpus the case never was.
#[test]
fn results_are_left_as_if_the_case_had_never_been_there() {
    let corpus = Corpus::built_in().unwrap();
    let of = |ids: &[&str], crash: bool| {
        let cases = corpus.cases().iter();
        let cases: Vec<&Case> = cases
            .filter(|case| ids.contains(&case.id.as_str()))
            .collect();
        let trials = ids.iter().flat_map(|id| {
            ["crane@1", "podman@1"].map(|runtime| {
                let outcome = match *id == HIDDEN && runtime == "crane@1" && crash {
                    true => crashed(),
                    false => picked("first"),
                };
                trial(runtime, id, outcome)
            })
        });
        let mut all = results(trials.collect());
        all.header.corpus = CorpusStamp {
            digest: digest_of(cases.iter().copied()).to_string(),
            cases: cases.len(),
            source: CorpusStamp::BUILT_IN.into(),
            content: cases
                .iter()
                .map(|case| (case.id.to_string(), digest_of_content(case)))
                .collect(),
        };
        let count = all.trials.len();
        all.footer = Some(Footer {
            ended: String::new(),
            outcomes: Footer::count(all.trials.iter().map(|trial| &trial.outcome)),
            trials: count,
            duration_ms: 9,
            tools_ms: 10 * count as u64,
            own_ms: Some(count as u64),
            peak_memory_bytes: None,
            peak_disk_bytes: None,
        });
        all
    };
    let mut all = [of(
        &["controls/no-match", "duplicates/three-entries", HIDDEN],
        true,
    )];
    let never = of(&["controls/no-match", "duplicates/three-entries"], false);
    let cells = redact(&mut all, policy());
    assert_eq!(cells.len(), 1);
    assert_eq!(cells[0].withheld.rule, EmbargoRule::Crash);
    assert_eq!(all[0], never);
    assert!(redact(&mut all, policy()).is_empty(), "once is enough");
    assert_eq!(all[0], never);
    // Of two results that are read together both are cleaned, whoever crashed.
    let mut both = [
        of(&["controls/no-match", HIDDEN], true),
        of(&["controls/no-match", HIDDEN], false),
    ];
    redact(&mut both, policy());
    let never = of(&["controls/no-match"], false);
    assert_eq!(both, [never.clone(), never.clone()]);
    // A mark of an earlier version beside the index says as much as the cell did.
    let mut marked = [of(&["controls/no-match", HIDDEN], false)];
    for trial in marked[0]
        .trials
        .iter_mut()
        .filter(|it| it.case == HIDDEN)
        .take(1)
    {
        trial.outcome = Outcome::Unmeasured {
            why: UnmeasuredWhy::Withheld,
            detail: String::new(),
        };
    }
    assert_eq!(
        redact(&mut marked, policy())[0].withheld.rule,
        EmbargoRule::Marked
    );
    assert_eq!(marked, std::slice::from_ref(&never));
    // So does an id that is reserved, whatever was seen, and if nothing was.
    let hash = Digest::sha256(HIDDEN.as_bytes()).to_string();
    let reserved = ReservedIds::parse(hash.trim_start_matches("sha256:"));
    let policy = policy().clone().reserving(reserved);
    let mut reserved = [of(&["controls/no-match", HIDDEN], false)];
    assert_eq!(redact(&mut reserved, &policy).len(), 2);
    assert_eq!(reserved, std::slice::from_ref(&never));
    let mut unmeasured = [of(&["controls/no-match", HIDDEN], false)];
    unmeasured[0].trials.retain(|trial| trial.case != HIDDEN);
    unmeasured[0].header.planned = 2;
    if let Some(footer) = &mut unmeasured[0].footer {
        footer.clone_from(never.footer.as_ref().unwrap());
    }
    assert!(redact(&mut unmeasured, &policy).is_empty());
    assert_eq!(unmeasured, [never]);
}

const HIDDEN: &str = "duplicates/two-entries";

#[test]
fn a_survived_panic_is_withheld_until_somebody_has_decided() {
    let panic = || Outcome::Crashed {
        what: "panic".into(),
        survived: true,
    };
    let case = "platform-absent/two-absent";
    assert_eq!(
        withheld(vec![
            trial("docker@26.1.5", case, panic()),
            trial("docker@28.5.2", case, crashed()),
            trial("docker@28.5.2+containerd-store", case, panic()),
            trial("docker@20.10.24", case, panic()),
            trial("podman@1", case, panic()),
            trial("docker@28.5.2", HIDDEN, panic()),
        ]),
        [
            "docker@28.5.2",
            "docker@28.5.2+containerd-store",
            "docker@20.10.24",
            "podman@1",
            "docker@28.5.2"
        ]
    );
}

#[test]
fn a_file_with_a_mistake_is_refused() {
    for text in [
        "[[withhold]]\ncase = 'a/*'\nkinds = ['exploded']\nwhen = 'always'\nreason = ''",
        "[[withhold]]\ncase = 'a/{'\nkinds = ['picked']\nwhen = 'always'\nreason = ''",
        "[[withhold]]\ncase = 'a/*'\nkinds = ['picked']\nwhen = 'never'\nreason = ''",
        "[[disclosed]]\ncase = 'a/*'\ntool = 'x'\nversions = 'new'\nkinds = []\nreason = ''",
    ] {
        assert!(EmbargoPolicy::parse(text).is_err(), "{text}");
    }
}

/// A derived case crashes as its base does, and would give away what its base shows.
#[test]
fn cases_are_left_out_with_what_is_derived_from_them() {
    let derived = |runtime: &str, base: &str, outcome| {
        let mut trial = trial(runtime, &format!("{base}~warm-store"), outcome);
        trial.derived = Some(ocipick_records::Derived {
            relation: "warm-store".into(),
            base: base.into(),
        });
        trial
    };
    let mut all = results(vec![
        trial("crane@1", "a/b", crashed()),
        trial("podman@1", "a/b", picked("a")),
        trial("podman@1", "a/c", picked("a")),
        trial("podman@1", "a/d", picked("a")),
    ]);
    all.derived = vec![
        derived("crane@1", "a/b", picked("a")),
        derived("podman@1", "a/c", crashed()),
        derived("podman@1", "a/d", picked("a")),
    ];
    let mut all = [all];
    assert_eq!(redact(&mut all, policy()).len(), 2);
    let left = |trials: &[Trial]| -> Vec<String> {
        trials.iter().map(|trial| trial.case.clone()).collect()
    };
    assert_eq!(left(&all[0].trials), ["a/d"]);
    assert_eq!(left(&all[0].derived), ["a/d~warm-store"]);
}

#[test]
fn a_scanner_that_reads_what_a_runtime_does_not_take_is_a_split() {
    let case = "json/twice-digest-entry";
    let of = |operation: &str, runtime: &str, child: &str| Trial {
        operation: operation.into(),
        ..trial(runtime, case, picked(child))
    };
    let split = vec![
        of("scan", "trivy@1", "one"),
        of("pull", "podman@1", "other"),
    ];
    assert_eq!(withheld(split), ["trivy@1", "podman@1"]);
    let alike = vec![of("scan", "trivy@1", "one"), of("pull", "podman@1", "one")];
    assert_eq!(withheld(alike), [""; 0]);
    // An import is no other half of a pull.
    let apart = vec![
        of("import", "skopeo@1", "one"),
        of("pull", "podman@1", "other"),
    ];
    assert_eq!(withheld(apart), [""; 0]);
}
