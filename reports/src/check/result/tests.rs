//! Every check with every outcome, and what a maintainer reads of a failure.

use super::*;
use crate::{
    analysis::conformance::{Bytes, ConformanceRules, Revisions},
    baseline::{Baseline, BaselineSet, check},
    check::expected::ExpectedFailures,
};
use ocipick_corpus::{Corpus, built_in_specifications, digest_of_content};
use ocipick_records::{
    Command, Evidence, Exit, HttpRequest, Identity, Observation, Observed, RefusalReason, Sighting,
};
use std::{fmt::Write as _, sync::LazyLock};

const CASE: &str = "duplicates/two-entries";
/// The processor of every trial here.
const LEVEL: &str = "x86-64-v3";
const UNKNOWN: &str = "unknown-types/before-good-with-platform-unknown-body";

static CORPUS: LazyLock<Corpus> = LazyLock::new(|| Corpus::built_in().unwrap());
static RULEBOOK: LazyLock<ConformanceRules<'static>> = LazyLock::new(|| {
    let revisions = Revisions::choose(&built_in_specifications().unwrap(), &[]).unwrap();
    ConformanceRules::new(&CORPUS, revisions)
});

/// What a trial is held against.
struct CheckSetup {
    shelf: BaselineSet,
    known: ExpectedFailures,
    changes: Changes,
}

impl CheckSetup {
    /// One without anything that was accepted.
    fn new() -> Self {
        Self {
            shelf: BaselineSet::default(),
            known: ExpectedFailures::default(),
            changes: Changes::Fail,
        }
    }

    /// One with a baseline of a version of docker, with this line about the case.
    fn with(version: &str, channel: &str, answer: &str) -> Self {
        let mut checker = Self::new();
        let content = checker.content(CASE);
        let text = format!(
            "baseline 1\ntool docker\nversion {version}\nchannel {channel}\n\
             corpus built-in 1 sha256:00\nocipick 0.1.0\n\n\
             {CASE} pull linux/amd64 {content} {answer}\n"
        );
        let baseline = Baseline::parse("b.txt", &text).unwrap();
        let place = checker.shelf.place(&baseline.build, false);
        checker.shelf.put(place, baseline);
        checker
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
        look: impl FnOnce(&CheckResult<'_>, &CheckInput<'_>, &ConformanceRules<'_>) -> T,
    ) -> T {
        let check = check(trial, &self.content(&trial.case), Some(LEVEL), &self.shelf);
        let verdicts = RULEBOOK.evaluate(trial, &Bytes::default());
        let standing = self.known.standing(trial, violates(&verdicts));
        let facts = CheckInput {
            trial,
            check: &check,
            verdicts: &verdicts,
            standing: &standing,
            changes: self.changes,
        };
        look(&rule(&facts), &facts, &RULEBOOK)
    }

    /// The check result in a word or two.
    fn rules(&self, trial: &Trial) -> String {
        self.hears(trial, |check_result, _, _| {
            let kind = check_result.kind();
            match check_result {
                CheckResult::Passes => "passes".to_owned(),
                CheckResult::Expected(_) => format!("passes: {kind}"),
                CheckResult::Reported(_) => format!("reported: {kind}"),
                CheckResult::Fails(_) => format!("fails: {kind}"),
                CheckResult::NotHeld { .. } => format!("passes: {kind}"),
                CheckResult::Lost { why, accepted, .. } => {
                    format!("lost: {why}, and was {accepted}")
                }
                CheckResult::Unmeasured(why) => format!("unmeasured: {why}"),
            }
        })
    }

    fn explains(&self, trial: &Trial) -> Explained {
        let case = CORPUS.get(&trial.case.parse().unwrap()).unwrap();
        self.hears(trial, |check_result, facts, rules| {
            let hints = Hints {
                results: Some("out/dev".into()),
                again: "out/dev/again".into(),
                channels: vec!["auto".to_owned()],
                corpus: None,
                baselines: Some("my baselines".into()),
            };
            explain(check_result, facts, Some(case), rules, &hints).unwrap()
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

fn outcomes(checker: &CheckSetup) -> Vec<Outcome> {
    let wavers = [checker.picked(CASE, "first"), Outcome::Nothing];
    vec![
        checker.picked(CASE, "first"),
        checker.picked(CASE, "second"),
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
    let mut lenient = CheckSetup::with("27.0", "sid", "picked second");
    lenient.changes = Changes::Report;
    let courts = [
        ("nothing was accepted", CheckSetup::new()),
        (
            "the same version picked second",
            CheckSetup::with("28.0", "sid", "picked second"),
        ),
        (
            "another build picked second",
            CheckSetup::with("28.0", "path", "picked second"),
        ),
        (
            "an older version picked second",
            CheckSetup::with("27.0", "sid", "picked second"),
        ),
        ("the same, where changes are reported", lenient),
        (
            "the same version crashed",
            CheckSetup::with("28.0", "sid", "crashed"),
        ),
        (
            "the same version wavered",
            CheckSetup::with("28.0", "sid", "unstable picked second | nothing"),
        ),
        (
            "a newer version picked second",
            CheckSetup::with("29.0", "sid", "picked second"),
        ),
    ];
    let mut table = String::new();
    for (name, checker) in courts {
        let _ = writeln!(table, "{name}");
        for outcome in outcomes(&checker) {
            let gist = outcome.gist();
            let check_result = checker.rules(&trial("28.0", CASE, outcome));
            let _ = writeln!(table, "  {gist:<28} {check_result}");
        }
    }
    insta::assert_snapshot!("every-outcome-before-every-reference", table);
}

#[test]
fn where_nothing_was_accepted_only_a_broken_requirement_fails() {
    let checker = CheckSetup::new();
    let refusal = |reason| checker.rules(&trial("28.0", UNKNOWN, refused(reason)));
    assert_eq!(refusal(RefusalReason::MediaType), "fails: violates");
    assert_eq!(refusal(RefusalReason::Other), "passes");
    let second = checker.rules(&trial("28.0", CASE, checker.picked(CASE, "second")));
    assert_eq!(second, "reported: deviates");
}

#[test]
fn new_cases_never_fail() {
    let checker = CheckSetup::with("28.0", "sid", "picked first");
    for outcome in [refused(RefusalReason::MediaType), Outcome::Nothing] {
        assert_eq!(
            checker.rules(&trial("28.0", UNKNOWN, outcome)),
            "reported: new"
        );
    }
    let mut other_bytes = CheckSetup::with("28.0", "sid", "picked first");
    let text = checker.shelf.baselines().next().unwrap().1.to_string();
    let text = text.replace(&checker.content(CASE), "0123456789ab");
    let baseline = Baseline::parse("b.txt", &text).unwrap();
    let place = other_bytes.shelf.place(&baseline.build, false);
    other_bytes.shelf.put(place, baseline);
    let second = trial("28.0", CASE, checker.picked(CASE, "second"));
    assert_eq!(other_bytes.rules(&second), "reported: new");
}

#[test]
fn without_a_baseline_of_the_same_cpu_level_the_specifications_decide() {
    let mut checker = CheckSetup::with("28.0", "sid", "picked second");
    let text = checker.shelf.baselines().next().unwrap().1.to_string();
    let left = |outcome| Trial {
        platform: "default".to_owned(),
        ..trial("28.0", CASE, outcome)
    };
    let mut bless_on = |cpu: &str| {
        let text = text
            .replace("linux/amd64", "default")
            .replace("corpus ", &format!("{cpu}corpus "));
        let baseline = Baseline::parse("b.txt", &text).unwrap();
        let place = checker.shelf.place(&baseline.build, false);
        checker.shelf.put(place, baseline);
        let first = left(checker.picked(CASE, "first"));
        let line = checker.hears(&first, |check_result, facts, rules| {
            let hints = Hints::of_results("out".as_ref());
            explain(check_result, facts, None, rules, &hints)
                .unwrap()
                .line
        });
        let nothing = checker.rules(&left(Outcome::Nothing));
        (checker.rules(&first), nothing, line)
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
        ExpectedFailures::parse(&format!(
            "[[finding]]\ncase = '*/**'\ntool = 'docker'\nversions = '*'\nkind = '{kind}'\n\
             reason = 'it does'\n"
        ))
        .unwrap()
    };
    let mut checker = CheckSetup::with("28.0", "sid", "picked first");
    checker.known = known("nothing");
    assert_eq!(
        checker.rules(&trial("28.0", CASE, Outcome::Nothing)),
        "passes: xfail"
    );
    let first = trial("28.0", CASE, checker.picked(CASE, "first"));
    assert_eq!(checker.rules(&first), "fails: xpass");

    let mut checker = CheckSetup::new();
    checker.known = known("violates");
    let refusal = |reason| trial("28.0", UNKNOWN, refused(reason));
    assert_eq!(
        checker.rules(&refusal(RefusalReason::MediaType)),
        "passes: xfail"
    );
    assert_eq!(
        checker.rules(&refusal(RefusalReason::Other)),
        "fails: xpass"
    );
}

#[test]
fn a_failure_says_what_a_maintainer_needs() {
    let checker = CheckSetup::with("27.0", "sid", "picked first");
    let mut changed = trial("28.0", CASE, checker.picked(CASE, "second"));
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
        requests: vec![HttpRequest {
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
    insta::assert_snapshot!("failure-changed", checker.explains(&changed).report);
    let violates = trial("26.0", UNKNOWN, refused(RefusalReason::MediaType));
    insta::assert_snapshot!("failure-violates", checker.explains(&violates).report);
    let new = trial("28.0", UNKNOWN, Outcome::Nothing);
    let line = checker.explains(&new).line;
    assert!(
        line.ends_with("its baseline does not have the case"),
        "{line}"
    );
}

#[test]
fn what_repeats_a_trial_names_the_channels_that_are_needed() {
    let again = |named: &[&str], channel: &str| {
        let checker = CheckSetup::new();
        let crashed = Trial {
            channel: channel.to_owned(),
            ..trial("28.0", CASE, Outcome::Nothing)
        };
        let report = checker.hears(&crashed, |check_result, facts, rules| {
            let hints = Hints {
                channels: named.iter().map(|it| (*it).to_owned()).collect(),
                ..Hints::of_results("out".as_ref())
            };
            explain(check_result, facts, None, rules, &hints)
                .unwrap()
                .report
        });
        let command = report.split("  again:    ocipick run").nth(1).unwrap();
        command.split(" --runtime").next().unwrap().to_owned()
    };
    // The machine's own tools are there without being named, unless others are.
    assert_eq!(again(&[], "path"), "");
    assert_eq!(again(&[], "sid"), " --channel sid");
    assert_eq!(again(&["path"], "path"), "");
    assert_eq!(
        again(&["path", "sid"], "path"),
        " --channel path --channel sid"
    );
    assert_eq!(again(&["auto"], "sid"), " --channel auto");
}

#[test]
fn what_to_do_about_changes_is_one_of_two_words() {
    assert_eq!(Changes::parse(None), Ok(Changes::Fail));
    assert_eq!(Changes::parse(Some("report")), Ok(Changes::Report));
    let error = Changes::parse(Some("ignore")).unwrap_err().to_string();
    assert!(error.contains("OCIPICK_CHANGES is `ignore`"), "{error}");
}
