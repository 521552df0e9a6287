//! Every check with every outcome, and what a maintainer reads of a failure.

use super::*;
use crate::check::expected::KnownFindings;
use ocipick_corpus::{Corpus, built_in_specifications, digest_of_content};
use ocipick_records::{
    Command, Evidence, Exit, Identity, Observation, Observed, RefusalReason, Request, Sighting,
};
use ocipick_reports::{
    analysis::conformance::{Bytes, Revisions, Rulebook},
    baseline::{Baseline, Shelf, check},
};
use std::{fmt::Write as _, sync::LazyLock};

const CASE: &str = "duplicates/two-entries";
/// The processor of every trial here.
const LEVEL: &str = "x86-64-v3";
const UNKNOWN: &str = "unknown-types/before-good-with-platform-unknown-body";

static CORPUS: LazyLock<Corpus> = LazyLock::new(|| Corpus::built_in().unwrap());
static RULEBOOK: LazyLock<Rulebook<'static>> = LazyLock::new(|| {
    let revisions = Revisions::choose(&built_in_specifications().unwrap(), &[]).unwrap();
    Rulebook::new(&CORPUS, revisions)
});

/// What a trial is held against.
struct Court {
    shelf: Shelf,
    known: KnownFindings,
    changes: Changes,
}

impl Court {
    /// One without anything that was accepted.
    fn new() -> Self {
        Self {
            shelf: Shelf::default(),
            known: KnownFindings::default(),
            changes: Changes::Fail,
        }
    }

    /// One with a baseline of a version of docker, with this line about the case.
    fn with(version: &str, channel: &str, answer: &str) -> Self {
        let mut court = Self::new();
        let content = court.content(CASE);
        let text = format!(
            "baseline 1\ntool docker\nversion {version}\nchannel {channel}\n\
             corpus built-in 1 sha256:00\nocipick 0.1.0\n\n\
             {CASE} pull linux/amd64 {content} {answer}\n"
        );
        let baseline = Baseline::parse("b.txt", &text).unwrap();
        let place = court.shelf.place(&baseline.build, false);
        court.shelf.put(place, baseline);
        court
    }

    fn content(&self, case: &str) -> String {
        digest_of_content(CORPUS.get(&case.parse().unwrap()).unwrap())
    }

    fn picked(&self, case: &str, child: &str) -> Outcome {
        let case = CORPUS.get(&case.parse().unwrap()).unwrap();
        Outcome::Picked {
            child: child.to_owned(),
            digest: case.child(child).unwrap().manifest.to_string(),
        }
    }

    fn hears<T>(
        &self,
        trial: &Trial,
        look: impl FnOnce(&Ruling<'_>, &Facts<'_>, &Rulebook<'_>) -> T,
    ) -> T {
        let check = check(trial, &self.content(&trial.case), Some(LEVEL), &self.shelf);
        let verdicts = RULEBOOK.judge(trial, &Bytes::default());
        let standing = self.known.standing(trial, violates(&verdicts));
        let facts = Facts {
            trial,
            check: &check,
            verdicts: &verdicts,
            standing: &standing,
            changes: self.changes,
        };
        look(&rule(&facts), &facts, &RULEBOOK)
    }

    /// The ruling in a word or two.
    fn rules(&self, trial: &Trial) -> String {
        self.hears(trial, |ruling, _, _| {
            let kind = ruling.kind();
            match ruling {
                Ruling::Passes => "passes".to_owned(),
                Ruling::Expected(_) => format!("passes: {kind}"),
                Ruling::Reported(_) => format!("reported: {kind}"),
                Ruling::Fails(_) => format!("fails: {kind}"),
                Ruling::NotHeld { .. } => format!("passes: {kind}"),
                Ruling::Lost { why, accepted, .. } => format!("lost: {why}, and was {accepted}"),
                Ruling::Unmeasured(why) => format!("unmeasured: {why}"),
            }
        })
    }

    fn explains(&self, trial: &Trial) -> Explained {
        let case = CORPUS.get(&trial.case.parse().unwrap()).unwrap();
        self.hears(trial, |ruling, facts, rulebook| {
            let hints = Hints {
                results: Some("out/dev".into()),
                again: "out/dev/again".into(),
                channels: vec!["auto".to_owned()],
                corpus: None,
                baselines: Some("my baselines".into()),
            };
            explain(ruling, facts, Some(case), rulebook, &hints).unwrap()
        })
    }
}

fn trial(version: &str, case: &str, outcome: Outcome) -> Trial {
    Trial {
        case: case.to_owned(),
        runtime: format!("docker@{version}"),
        tool: "docker".to_owned(),
        version: version.to_owned(),
        flavour: None,
        channel: "sid".to_owned(),
        operation: "pull".to_owned(),
        platform: "linux/amd64".to_owned(),
        outcome,
        evidence: Evidence::default(),
        duration_ms: 1,
        tries: 1,
        derived: None,
    }
}

fn refused(reason: RefusalReason) -> Outcome {
    Outcome::Refused {
        reason,
        message: "no".to_owned(),
    }
}

fn outcomes(court: &Court) -> Vec<Outcome> {
    let wavers = [court.picked(CASE, "first"), Outcome::Nothing];
    vec![
        court.picked(CASE, "first"),
        court.picked(CASE, "second"),
        refused(RefusalReason::NoMatch),
        Outcome::Nothing,
        Outcome::Mixed {
            children: vec!["first".to_owned(), "second".to_owned()],
            digests: Vec::new(),
        },
        Outcome::Crashed {
            what: "SIGSEGV".to_owned(),
            survived: false,
        },
        Outcome::TimedOut { after_ms: 9 },
        Outcome::Unstable {
            observed: wavers
                .into_iter()
                .map(|outcome| Observed {
                    outcome: Box::new(outcome),
                    count: 1,
                })
                .collect(),
        },
        Outcome::Unmeasured {
            why: UnmeasuredWhy::HarnessTrouble,
            detail: "no space left".to_owned(),
        },
    ]
}

#[test]
fn every_outcome_before_every_reference() {
    let mut lenient = Court::with("27.0", "sid", "picked second");
    lenient.changes = Changes::Report;
    let courts = [
        ("nothing was accepted", Court::new()),
        (
            "the same version picked second",
            Court::with("28.0", "sid", "picked second"),
        ),
        (
            "another build picked second",
            Court::with("28.0", "path", "picked second"),
        ),
        (
            "an older version picked second",
            Court::with("27.0", "sid", "picked second"),
        ),
        ("the same, where changes are reported", lenient),
        (
            "the same version crashed",
            Court::with("28.0", "sid", "crashed"),
        ),
        (
            "the same version wavered",
            Court::with("28.0", "sid", "unstable picked second | nothing"),
        ),
        (
            "a newer version picked second",
            Court::with("29.0", "sid", "picked second"),
        ),
    ];
    let mut table = String::new();
    for (name, court) in courts {
        let _ = writeln!(table, "{name}");
        for outcome in outcomes(&court) {
            let gist = outcome.gist();
            let ruling = court.rules(&trial("28.0", CASE, outcome));
            let _ = writeln!(table, "  {gist:<28} {ruling}");
        }
    }
    insta::assert_snapshot!("every-outcome-before-every-reference", table);
}

#[test]
fn where_nothing_was_accepted_only_a_broken_requirement_fails() {
    let court = Court::new();
    let refusal = |reason| court.rules(&trial("28.0", UNKNOWN, refused(reason)));
    assert_eq!(refusal(RefusalReason::MediaType), "fails: violates");
    assert_eq!(refusal(RefusalReason::Other), "passes");
    let second = court.rules(&trial("28.0", CASE, court.picked(CASE, "second")));
    assert_eq!(second, "reported: deviates");
}

#[test]
fn new_cases_never_fail() {
    let court = Court::with("28.0", "sid", "picked first");
    for outcome in [refused(RefusalReason::MediaType), Outcome::Nothing] {
        assert_eq!(
            court.rules(&trial("28.0", UNKNOWN, outcome)),
            "reported: new"
        );
    }
    let mut other_bytes = Court::with("28.0", "sid", "picked first");
    let text = court.shelf.baselines().next().unwrap().1.to_string();
    let text = text.replace(&court.content(CASE), "0123456789ab");
    let baseline = Baseline::parse("b.txt", &text).unwrap();
    let place = other_bytes.shelf.place(&baseline.build, false);
    other_bytes.shelf.put(place, baseline);
    let second = trial("28.0", CASE, court.picked(CASE, "second"));
    assert_eq!(other_bytes.rules(&second), "reported: new");
}

#[test]
fn without_a_baseline_of_the_same_cpu_level_the_specifications_decide() {
    let mut court = Court::with("28.0", "sid", "picked second");
    let text = court.shelf.baselines().next().unwrap().1.to_string();
    let left = |outcome| Trial {
        platform: "default".to_owned(),
        ..trial("28.0", CASE, outcome)
    };
    let mut bless_on = |cpu: &str| {
        let text = text
            .replace("linux/amd64", "default")
            .replace("corpus ", &format!("{cpu}corpus "));
        let baseline = Baseline::parse("b.txt", &text).unwrap();
        let place = court.shelf.place(&baseline.build, false);
        court.shelf.put(place, baseline);
        let first = left(court.picked(CASE, "first"));
        let line = court.hears(&first, |ruling, facts, rulebook| {
            let hints = Hints::of_results("out".as_ref());
            explain(ruling, facts, None, rulebook, &hints).unwrap().line
        });
        let nothing = court.rules(&left(Outcome::Nothing));
        (court.rules(&first), nothing, line)
    };
    let (first, nothing, line) = bless_on("cpu x86-64-v3\n");
    assert_eq!((&*first, &*nothing), ("fails: changed", "fails: changed"));
    assert!(
        line.ends_with("picked first, and it was picked second"),
        "{line}"
    );
    let (first, nothing, line) = bless_on("cpu x86-64-v4\n");
    assert_eq!(
        (&*first, &*nothing),
        ("passes: not held", "fails: no answer")
    );
    assert!(
        line.ends_with(
            "not held: the baseline is of another CPU level (docker/28.0.txt: x86-64-v4, here: \
             x86-64-v3)"
        ),
        "{line}"
    );
    let (first, _, line) = bless_on("");
    assert_eq!(first, "passes: not held");
    assert!(
        line.ends_with("the baseline does not say of which CPU level it is (docker/28.0.txt)"),
        "{line}"
    );
}

#[test]
fn known_findings_pass_and_stale_ones_fail() {
    let known = |kind: &str| {
        KnownFindings::parse(&format!(
            "[[finding]]\ncase = '*/**'\ntool = 'docker'\nversions = '*'\nkind = '{kind}'\n\
             reason = 'it does'\n"
        ))
        .unwrap()
    };
    let mut court = Court::with("28.0", "sid", "picked first");
    court.known = known("nothing");
    assert_eq!(
        court.rules(&trial("28.0", CASE, Outcome::Nothing)),
        "passes: xfail"
    );
    let first = trial("28.0", CASE, court.picked(CASE, "first"));
    assert_eq!(court.rules(&first), "fails: xpass");

    let mut court = Court::new();
    court.known = known("violates");
    let refusal = |reason| trial("28.0", UNKNOWN, refused(reason));
    assert_eq!(
        court.rules(&refusal(RefusalReason::MediaType)),
        "passes: xfail"
    );
    assert_eq!(court.rules(&refusal(RefusalReason::Other)), "fails: xpass");
}

#[test]
fn a_failure_says_what_a_maintainer_needs() {
    let court = Court::with("27.0", "sid", "picked first");
    let mut changed = trial("28.0", CASE, court.picked(CASE, "second"));
    let sighting = |source: &str| Observation::Seen {
        sightings: vec![Sighting {
            source: source.to_owned(),
            identity: Identity::Marker("second".to_owned()),
            children: vec!["second".to_owned()],
        }],
    };
    changed.evidence = Evidence {
        reported: sighting("docker image inspect"),
        materialised: sighting("docker cp"),
        requests: vec![Request {
            method: "GET".to_owned(),
            path: "/manifests/latest".to_owned(),
            status: 200,
            bytes: 1,
            at_ms: 1,
            user_agent: None,
            accept: None,
            range: None,
        }],
        commands: vec![Command {
            line: "docker pull 127.0.0.1:1/t1/x:latest".to_owned(),
            exit: Exit::Code(0),
            duration_ms: 1,
        }],
        stderr_tail: "a warning\nand another".to_owned(),
        notes: vec!["also fetched: first".to_owned()],
        ..Evidence::default()
    };
    insta::assert_snapshot!("failure-changed", court.explains(&changed).report);
    let violates = trial("26.0", UNKNOWN, refused(RefusalReason::MediaType));
    insta::assert_snapshot!("failure-violates", court.explains(&violates).report);
    let new = trial("28.0", UNKNOWN, Outcome::Nothing);
    let line = court.explains(&new).line;
    assert!(
        line.ends_with("its baseline does not have the case"),
        "{line}"
    );
}

#[test]
fn what_to_do_about_changes_is_one_of_two_words() {
    assert_eq!(Changes::parse(None), Ok(Changes::Fail));
    assert_eq!(Changes::parse(Some("report")), Ok(Changes::Report));
    let error = Changes::parse(Some("ignore")).unwrap_err().to_string();
    assert!(error.contains("OCIPICK_CHANGES is `ignore`"), "{error}");
}
