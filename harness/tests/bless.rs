//! From results to baselines on the command line, and what `--spec` says.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/user.rs"]
mod user;

use ocipick_corpus::{Case, CaseId, Corpus, digest_of_content};
use ocipick_reports::results::{Outcome, RefusalReason, Trial};
use serde_json::{Value, json};
use std::{fs, path::Path};
use user::User;

const TWO: &str = "duplicates/two-entries";
const ALONE: &str = "controls/single-entry";

fn case(id: &str) -> Case {
    let id: CaseId = id.parse().unwrap();
    Corpus::built_in().unwrap().get(&id).unwrap().clone()
}

fn picked(id: &str, child: &str) -> Outcome {
    Outcome::Picked {
        child: child.to_owned(),
        digest: case(id).child(child).unwrap().manifest.to_string(),
    }
}

/// One trial of crane 0.20.7 from sid.
fn trial(case: &str, outcome: Outcome) -> Value {
    let mut trial = json!({
        "type": "trial", "case": case,
        "runtime": "crane@0.20.7", "tool": "crane", "version": "0.20.7", "channel": "sid",
        "operation": "pull", "platform": "linux/amd64",
        "evidence": {
            "reported": { "state": "not-looked" }, "materialised": { "state": "not-looked" },
            "requests": [], "stderr_tail": "", "commands": [],
        },
        "duration_ms": 1,
    });
    trial["outcome"] = serde_json::to_value(outcome).unwrap();
    let _: Trial = serde_json::from_value(trial.clone()).unwrap();
    trial
}

/// Writes results of a finished run.
fn results(user: &User, name: &str, trials: &[Value]) -> String {
    let content = [TWO, ALONE].map(|id| (id, digest_of_content(&case(id))));
    let content: Value = content
        .into_iter()
        .map(|(id, it)| (id, Value::from(it)))
        .collect();
    let header = json!({
        "type": "header", "schema": "ocipick.results/1", "ocipick": "0.1.0",
        "started": "2026-01-01T00:00:00Z",
        "corpus": { "digest": "sha256:aa", "cases": 2, "source": "built-in", "content": content },
        "host": {
            "os": "linux", "architecture": "amd64", "distribution": "d", "kernel": "k", "cpus": 1,
        },
        "runtimes": [], "operations": ["pull"], "planned": trials.len(),
    });
    let footer = json!({
        "type": "footer", "ended": "2026-01-01T00:01:00Z", "outcomes": {},
        "trials": trials.len(), "duration_ms": 1, "tools_ms": 1,
    });
    let lines: Vec<String> = [&header]
        .into_iter()
        .chain(trials)
        .chain([&footer])
        .map(Value::to_string)
        .collect();
    let path = user.write(&format!("{name}/results.jsonl"), &(lines.join("\n") + "\n"));
    text(path.parent().unwrap())
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[test]
fn outcomes_are_recorded_changed_and_pruned() {
    let user = User::new();
    let into = text(&user.path("baselines"));
    let first = results(
        &user,
        "first",
        &[
            trial(TWO, picked(TWO, "first")),
            trial(ALONE, picked(ALONE, "only")),
        ],
    );
    let said = user.types(&["bless", &first, "--into", &into]);
    assert_eq!(said.code, 0, "{}", said.err);
    let file = user.path("baselines/crane/0.20.7.txt");
    insta::assert_snapshot!("blessed", fs::read_to_string(&file).unwrap());

    let refused = Outcome::Refused {
        reason: RefusalReason::Ambiguous,
        message: "no".to_owned(),
    };
    let second = results(&user, "second", &[trial(TWO, refused)]);
    let said = user.types(&["bless", &second, "--into", &into]);
    insta::assert_snapshot!("blessed-in-part", said.out);

    // A line about a case that is gone stays until somebody asks for it to go.
    let gone = "gone/case pull linux/amd64 0123456789ab nothing\n";
    fs::write(&file, fs::read_to_string(&file).unwrap() + gone).unwrap();
    let said = user.types(&["bless", &second, "--into", &into]);
    assert!(
        said.out.contains("2 not measured now, and kept"),
        "{}",
        said.out
    );
    assert!(fs::read_to_string(&file).unwrap().contains("gone/case"));
    let said = user.types(&["bless", &second, "--into", &into, "--prune"]);
    assert!(said.out.contains("1 removed"), "{}", said.out);
    let left = fs::read_to_string(&file).unwrap();
    assert!(
        !left.contains("gone/case") && left.contains(ALONE),
        "{left}"
    );
}

#[test]
fn only_what_is_asked_for_is_recorded() {
    let user = User::new();
    let into = text(&user.path("baselines"));
    let trials = [
        trial(TWO, picked(TWO, "first")),
        trial(ALONE, picked(ALONE, "only")),
    ];
    let results = results(&user, "results", &trials);
    let said = user.types(&["bless", &results, "--into", &into, "--case", "duplicates/*"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let left = fs::read_to_string(user.path("baselines/crane/0.20.7.txt")).unwrap();
    assert!(left.contains(TWO) && !left.contains(ALONE), "{left}");
    let said = user.types(&["bless", &results, "--into", &into, "--runtime", "dokcer@*"]);
    assert_eq!(said.code, 2, "{}", said.out);
}

#[test]
fn a_broken_baseline_is_named_with_its_line_and_left_alone() {
    let user = User::new();
    let into = text(&user.path("baselines"));
    let broken = "baseline 1\ntool crane\nversion 0.20.7\nflavor x\n";
    user.write("baselines/crane/0.20.7.txt", broken);
    let results = results(&user, "results", &[trial(TWO, picked(TWO, "first"))]);
    let said = user.types(&["bless", &results, "--into", &into]);
    assert_eq!(said.code, 2, "{}", said.out);
    assert!(said.err.contains("0.20.7.txt:4:"), "{}", said.err);
    let left = fs::read_to_string(user.path("baselines/crane/0.20.7.txt")).unwrap();
    assert_eq!(left, broken);
}

#[test]
fn reports_hold_outcomes_against_the_release_that_is_asked_for() {
    let user = User::new();
    let results = results(&user, "results", &[trial(TWO, picked(TWO, "second"))]);
    let said = user.types(&["report", &results]);
    assert!(
        said.out
            .contains("SHOULD image-spec/image-index/platform-first-match"),
        "{}",
        said.out
    );
    let said = user.types(&["report", &results, "--spec", "image-spec@1.0.2"]);
    assert!(said.out.contains("image-spec 1.0.2"), "{}", said.out);
    assert!(!said.out.contains("SHOULD"), "{}", said.out);
    let said = user.types(&["report", &results, "--spec", "image-spec@1.2"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("1.1.0-rc4"), "{}", said.err);
    let said = user.types(&["report", &results, "--spec", "image@1.0.2"]);
    assert!(
        said.err.contains("image-spec, distribution-spec"),
        "{}",
        said.err
    );
}
