//! What is committed as published is what the code makes of the committed data.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/made.rs"]
mod made;
#[path = "support/user.rs"]
mod user;

use made::{picked, results, trial};
use ocipick::quick::quick_cases;
use ocipick_corpus::{Corpus, is_quick};
use ocipick_records::{CaseId, Outcome};
use std::{fs, path::Path};
use user::User;

const TWO: &str = "duplicates/two-entries";
const ALONE: &str = "controls/single-entry";

#[test]
fn what_is_published_is_what_the_code_makes_of_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let root = fs::canonicalize(root).unwrap();
    let path = |name: &str| root.join(name).to_string_lossy().into_owned();
    let into = path("reports/published");
    // Several results have their places in their names: none, `-pull`, `-pull-2`.
    let mut data: Vec<String> = fs::read_dir(&into)
        .unwrap()
        .map(|entry| entry.unwrap().path().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".jsonl.gz"))
        .collect();
    data.sort_by_key(|name| (name.len(), name.clone()));
    let readme = path("README.md");
    let mut args = vec!["publish"];
    args.extend(data.iter().map(String::as_str));
    args.extend(["--into", &into, "--readme", &readme, "--check"]);
    let said = User::new().types(&args);
    assert_eq!(said.code, 0, "{} (hint: make generate)", said.err);
}

#[test]
fn the_quick_set_is_made_of_what_is_published() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let corpus = Corpus::built_in().unwrap();
    let made = quick_cases(&root.join("reports/published"), &corpus).unwrap();
    let committed = fs::read_to_string(root.join("corpus/quick.txt")).unwrap();
    assert!(
        made == committed,
        "corpus/quick.txt is stale (hint: make generate)"
    );
    let ids: Vec<CaseId> = made.lines().map(|id| id.parse().unwrap()).collect();
    assert!((50..=200).contains(&ids.len()), "{}", ids.len());
    assert!(ids.iter().all(is_quick));
}

#[test]
fn publishing_leaves_out_what_is_private_and_says_what_is_stale() {
    let user = User::new();
    let crash = Outcome::Crashed {
        what: "panic: secret".to_owned(),
        survived: false,
    };
    let dir = results(
        &user,
        "results",
        &[
            trial("crane@1.0.0", TWO, picked(TWO, "first")),
            trial("podman@1.0.0", TWO, crash),
            trial("crane@1.0.0", ALONE, Outcome::Nothing),
            trial("podman@1.0.0", ALONE, Outcome::Nothing),
        ],
    );
    let readme = user.write(
        "README.md",
        "a\n<!-- published -->\n<!-- /published -->\nb\n",
    );
    let (into, readme) = (user.path("out"), readme.to_string_lossy().into_owned());
    let into = into.to_string_lossy().into_owned();
    let args = ["publish", &dir, "--into", &into, "--readme", &readme];
    let said = user.types(&args);
    assert_eq!(said.code, 0, "{}", said.err);
    for name in [
        "matrix.md",
        "summary.json",
        "overview.svg",
        "badges/crane.svg",
    ] {
        let text = fs::read_to_string(user.path("out").join(name)).unwrap();
        assert!(
            !text.contains("secret") && !text.contains("crashed"),
            "{name}: {text}"
        );
    }
    assert!(!fs::read_to_string(&readme).unwrap().contains("withheld"));
    // The published data makes the same again.
    let again = [
        "publish",
        &format!("{into}/results.jsonl.gz"),
        "--into",
        &into,
        "--readme",
        &readme,
        "--check",
    ];
    let said = user.types(&again);
    assert_eq!(said.code, 0, "{}", said.err);
    // What was published before and is none of it now does not stay.
    let earlier = user.write("out/results-import.jsonl.gz", "");
    let said = user.types(&again);
    assert_eq!(said.code, 3, "{}", said.err);
    assert!(said.err.contains("results-import"), "{}", said.err);
    let said = user.types(&args);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(!earlier.exists());
    user.write("out/summary.json", "{}\n");
    let said = user.types(&again);
    assert_eq!(said.code, 3, "{}", said.err);
    assert!(said.err.contains("summary.json"), "{}", said.err);
    assert_eq!(said.out, "");
}
