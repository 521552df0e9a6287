//! From results to baselines on the command line, and what `--spec` says.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/made.rs"]
mod made;
#[path = "support/user.rs"]
mod user;

use made::{case, picked, results};
use ocipick_corpus::digest_of_content;
use ocipick_records::{Outcome, RefusalReason};
use serde_json::Value;
use std::{fs, path::Path};
use user::User;

const TWO: &str = "duplicates/two-entries";
const ALONE: &str = "controls/single-entry";
const FAULTY: &str = "registry-faults/first-cut";

/// One trial of crane.
fn trial(case: &str, outcome: Outcome) -> Value {
    made::trial("crane@0.20.7", case, outcome)
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
    // A layout has no registry that could misbehave, so this is asked of nobody.
    let content = digest_of_content(&case(FAULTY));
    let unasked = format!("{FAULTY} import linux/amd64 {content} nothing\n");
    fs::write(&file, fs::read_to_string(&file).unwrap() + &unasked).unwrap();
    let said = user.types(&["bless", &second, "--into", &into, "--prune"]);
    assert!(said.out.contains("2 removed"), "{}", said.out);
    let left = fs::read_to_string(&file).unwrap();
    assert!(
        !left.contains("gone/case") && !left.contains(FAULTY) && left.contains(ALONE),
        "{left}"
    );
}

#[test]
fn what_is_left_to_the_tool_is_recorded_with_the_cpu_level() {
    let user = User::new();
    let into = text(&user.path("baselines"));
    let on = |level: &str, name: &str, cases: &[&str]| {
        let trials: Vec<Value> = cases
            .iter()
            .map(|id| {
                let mut trial = trial(id, picked(id, if *id == TWO { "first" } else { "only" }));
                trial["platform"] = "default".into();
                trial
            })
            .collect();
        let dir = results(&user, name, &trials);
        let file = Path::new(&dir).join("results.jsonl");
        let made = fs::read_to_string(&file).unwrap();
        let cpus = "\"cpus\":1";
        assert!(made.contains(cpus), "{made}");
        let level = format!("{cpus},\"cpu_level\":\"{level}\"");
        fs::write(&file, made.replace(cpus, &level)).unwrap();
        dir
    };
    let v3 = on("x86-64-v3", "v3", &[TWO, ALONE]);
    assert_eq!(user.types(&["bless", &v3, "--into", &into]).code, 0);
    let file = user.path("baselines/crane/0.20.7.txt");
    let blessed = fs::read_to_string(&file).unwrap();
    assert!(blessed.contains("\ncpu x86-64-v3\n"), "{blessed}");

    let v4 = on("x86-64-v4", "v4", &[TWO]);
    let said = user.types(&["bless", &v4, "--into", &into]);
    assert!(
        said.out
            .contains("1 as before, 1 of another CPU level, and dropped"),
        "{}",
        said.out
    );
    let blessed = fs::read_to_string(&file).unwrap();
    assert!(
        blessed.contains("\ncpu x86-64-v4\n") && blessed.contains(TWO) && !blessed.contains(ALONE),
        "{blessed}"
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
