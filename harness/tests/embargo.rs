//! Nothing that is made or committed leads to what is told to a project in private first, and nothing
//! that is committed names the machine that measured.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/made.rs"]
mod made;
#[path = "support/user.rs"]
mod user;

use made::{case, picked, results, trial};
use ocipick::check;
use ocipick_corpus::{Corpus, ReservedIds, digest_of};
use ocipick_records::{Footer, Outcome, Results, Trial};
use ocipick_reports::{
    analysis::embargo::{EmbargoPolicy, withheld},
    baseline::{Baseline, BaselineAnswer},
    check::expected::ExpectationStatus,
    publish::{is_data, unpack},
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};
use user::User;

/// The case that somebody must not hear of, and others.
const HIDDEN: &str = "duplicates/two-entries";
const OTHERS: [&str; 2] = ["controls/single-entry", "missing/alone-oci"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Results of two versions of two tools on these cases; on the hidden one crane dies, or panics.
fn measured(user: &User, name: &str, cases: &[&str], crash: &Outcome) -> String {
    let mut trials = Vec::new();
    for id in cases {
        for runtime in ["crane@0.20.7", "podman@5.4.2"] {
            let outcome = if *id != HIDDEN {
                Outcome::Nothing
            } else if runtime.starts_with("crane") {
                crash.clone()
            } else {
                picked(HIDDEN, "first")
            };
            let mut trial = trial(runtime, id, outcome);
            trial["evidence"]["stderr_tail"] = "the secret".into();
            trials.push(trial);
        }
    }
    let dir = results(user, name, &trials);
    let file = Path::new(&dir).join("results.jsonl");
    let cases: Vec<_> = cases.iter().map(|id| case(id)).collect();
    let digest = digest_of(&cases).to_string();
    let of = |trial: &Value| -> Trial { serde_json::from_value(trial.clone()).unwrap() };
    let all: Vec<Trial> = trials.iter().map(of).collect();
    let outcomes = Footer::count(all.iter().map(|trial| &trial.outcome));
    let outcomes = serde_json::to_string(&outcomes).unwrap();
    let text = fs::read_to_string(&file).unwrap();
    let text = text
        .replace("sha256:aa", &digest)
        .replace("\"outcomes\":{}", &format!("\"outcomes\":{outcomes}"))
        .replace(
            "\"tools_ms\":1",
            &format!("\"tools_ms\":{}", 100 * trials.len()),
        );
    fs::write(&file, text).unwrap();
    dir
}

/// Every file below a directory, or the one file; an archive by what is in it.
fn files(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in walkdir::WalkDir::new(path) {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            let name = entry.path().strip_prefix(path).unwrap();
            let name = name.to_string_lossy().into_owned();
            let bytes = unpack(fs::read(entry.path()).unwrap()).unwrap();
            files.insert(name, bytes);
        }
    }
    files
}

/// All that is written for others of two results, by what was typed.
fn written(user: &User, old: &str, new: &str, extra: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    let out = user.path("written");
    let to = out.to_string_lossy().into_owned();
    let mut types = |what: &str, args: &[&str], to_file: bool| {
        let _ = fs::remove_dir_all(&out);
        let _ = fs::remove_file(&out);
        let args: Vec<&str> = args.iter().chain(extra).copied().collect();
        let said = user.types(&args);
        assert!(
            matches!(said.code, 0 | 3 | 5),
            "{what}: {} {}",
            said.code,
            said.err
        );
        if to_file {
            for (name, bytes) in files(&out) {
                all.insert(format!("{what}: {name}"), bytes);
            }
        } else {
            all.insert(what.to_owned(), said.out.into_bytes());
        }
    };
    for format in ["markdown", "html", "json", "junit", "summary"] {
        types(format, &["report", new, "--format", format], false);
    }
    let terminal = ["report", new, "--format", "terminal", "--all", "--out", &to];
    types("terminal to a file", &terminal, true);
    types("badges", &["report", new, "--badges", &to], true);
    types("site", &["report", new, "--html", &to], true);
    for format in ["markdown", "json"] {
        types(
            &format!("diff {format}"),
            &["diff", old, new, "--format", format],
            false,
        );
    }
    types(
        "diff to a file",
        &["diff", old, new, "--all", "--out", &to],
        true,
    );
    all
}

/// What is made of results that hold such a cell is, to the byte, what is made of results in whose corpus
/// the case never was: so that no word, count or digest leads to it.
#[test]
fn nothing_that_is_made_has_a_trace_of_a_withheld_case() {
    let user = User::new();
    for (number, survived) in [false, true].into_iter().enumerate() {
        let what = "panic: the secret".to_owned();
        let crash = Outcome::Crashed { what, survived };
        let fine = picked(HIDDEN, "second");
        let all = [OTHERS[0], HIDDEN, OTHERS[1]];
        let of = |name: &str, cases: &[&str], crash| {
            measured(&user, &format!("{name}{number}"), cases, crash)
        };
        // Both stand in the same directories, one after the other: hints name where results are.
        let (old, new) = (of("old", &all, &fine), of("new", &all, &crash));
        let made = written(&user, &old, &new, &[]);
        let printed = user.types(&["report", &new, "--all"]).out;
        let asked = written(&user, &old, &new, &["--include-embargoed"]);
        of("old", &OTHERS, &fine);
        of("new", &OTHERS, &fine);
        let never = written(&user, &old, &new, &[]);
        let (new, new_never) = (of("kept", &all, &crash), of("kept-never", &OTHERS, &fine));
        assert!(made.len() > 12);
        for (name, bytes) in &made {
            let (made, never) = (String::from_utf8_lossy(bytes), never.get(name));
            assert_eq!(
                Some(&*made),
                never.map(|it| String::from_utf8_lossy(it)).as_deref(),
                "{name}"
            );
        }
        assert!(made.keys().eq(never.keys()));
        // The person at the machine may see it, on a terminal and where it is asked for.
        assert!(printed.contains(HIDDEN));
        let json = String::from_utf8_lossy(&asked["json"]).into_owned();
        assert!(
            json.contains("the secret") && json.contains(HIDDEN),
            "{json}"
        );

        // What is published and what is recorded as accepted are files that are committed.
        let mut trees = Vec::new();
        for (name, results) in [("with", &new), ("without", &new_never)] {
            let into = user.path(&format!("{name}{number}"));
            let into = into.to_string_lossy().into_owned();
            let said = user.types(&["publish", results, "--into", &into]);
            assert_eq!(said.code, 0, "{}", said.err);
            // What an earlier version has recorded of it goes.
            let baselines = format!("{into}/baselines");
            let fine = measured(&user, &format!("fine-{name}{number}"), &all, &fine);
            let blessed = user.types(&[
                "bless",
                if name == "with" { &fine } else { results },
                "--into",
                &baselines,
            ]);
            assert_eq!(blessed.code, 0, "{}", blessed.err);
            let blessed = user.types(&["bless", results, "--into", &baselines]);
            assert_eq!(blessed.code, 0, "{}", blessed.err);
            assert!(!blessed.out.contains(HIDDEN), "{}", blessed.out);
            trees.push(files(Path::new(&into)));
        }
        for (name, bytes) in &trees[0] {
            let other = trees[1]
                .get(name)
                .map(|it| String::from_utf8_lossy(it).into_owned());
            assert_eq!(
                Some(String::from_utf8_lossy(bytes).into_owned()),
                other,
                "{name}"
            );
        }
        assert!(trees[0].keys().eq(trees[1].keys()));
        assert!(
            trees[0]
                .keys()
                .any(|name| name.ends_with("crane/0.20.7.txt"))
        );
    }
}

/// The baselines as results, so that the same policy looks at them.
fn accepted() -> Vec<Results> {
    let header: Value = serde_json::json!({
        "type": "header", "schema": "ocipick.results/1", "ocipick": "0.1.0", "started": "",
        "corpus": { "digest": "", "cases": 0, "source": "built-in" },
        "host": { "os": "", "architecture": "", "distribution": "", "kernel": "", "cpus": 1 },
        "runtimes": [], "operations": [], "planned": 0,
    });
    let mut results = Results::parse(format!("{header}\n").as_bytes()).unwrap();
    for (name, bytes) in files(&root().join("baselines")) {
        let baseline = Baseline::parse(&name, &String::from_utf8(bytes).unwrap()).unwrap();
        let build = &baseline.build;
        let flavour = build
            .flavour
            .as_ref()
            .map_or_else(String::new, |it| format!("+{it}"));
        for (key, line) in &baseline.lines {
            let mut it = trial(
                &format!("{}@{}", build.tool, build.version),
                &key.case,
                Outcome::Nothing,
            );
            it["runtime"] = format!("{}@{}{flavour}", build.tool, build.version).into();
            it["flavour"] = build.flavour.clone().map_or(Value::Null, Value::from);
            it["operation"] = key.operation.clone().into();
            it["platform"] = key.platform.clone().into();
            let mut trial: Trial = serde_json::from_value(it).unwrap();
            trial.outcome = outcome(&line.answer);
            results.trials.push(trial);
        }
    }
    vec![results]
}

fn outcome(answer: &BaselineAnswer) -> Outcome {
    match answer {
        BaselineAnswer::Picked(child) => Outcome::Picked {
            child: child.clone(),
            digest: String::new(),
        },
        BaselineAnswer::Refused(reason) => Outcome::Refused {
            reason: *reason,
            message: String::new(),
        },
        BaselineAnswer::Nothing => Outcome::Nothing,
        BaselineAnswer::Mixed(children) => Outcome::Mixed {
            children: children.clone(),
            digests: Vec::new(),
        },
        BaselineAnswer::Crashed { survived } => Outcome::Crashed {
            what: String::new(),
            survived: *survived,
        },
        BaselineAnswer::TimedOut => Outcome::TimedOut { after_ms: 0 },
        BaselineAnswer::Unstable(answers) => Outcome::Unstable {
            observed: answers
                .iter()
                .map(|it| ocipick_records::Observed {
                    outcome: Box::new(outcome(it)),
                    count: 1,
                })
                .collect(),
        },
    }
}

#[test]
fn nothing_that_is_committed_leads_to_a_withheld_case() {
    let policy = EmbargoPolicy::built_in().unwrap();
    let accepted = accepted();
    assert!(accepted[0].trials.len() > 1000);
    let in_baselines = withheld(&accepted, policy);
    assert!(in_baselines.is_empty(), "baselines: {in_baselines:#?}");
    let known = check::expected_failures().unwrap();
    for trial in &accepted[0].trials {
        // Whatever is excused as a death is one that everybody may hear of.
        let survived = trial.outcome.is_survived_panic();
        let crashed = Trial {
            outcome: Outcome::Crashed {
                what: String::new(),
                survived,
            },
            ..trial.clone()
        };
        if let ExpectationStatus::Known(_) = known.standing(&crashed, false) {
            let private = policy.withholds(&crashed, false);
            assert!(
                private.is_none(),
                "known-findings.toml: {} {}",
                trial.runtime,
                trial.case
            );
        }
    }
    for entry in fs::read_dir(root().join("reports/published")).unwrap() {
        let path = entry.unwrap().path();
        if path
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(is_data)
        {
            let results = [Results::read(&path).unwrap()];
            let cells = withheld(&results, policy);
            assert!(cells.is_empty(), "{}: {cells:#?}", path.display());
        }
    }
}

/// What is made here and not committed, by its path.
const MADE: [&str; 5] = [
    ".git",
    "target",
    "fuzz/target",
    "fuzz/corpus",
    "fuzz/artifacts",
];

/// What is committed, by its path; what is packed by what is in it.
fn committed() -> BTreeMap<String, Vec<u8>> {
    let root = root().canonicalize().unwrap();
    let name = |path: &Path| {
        let name = path.strip_prefix(&root).unwrap();
        name.to_string_lossy().into_owned()
    };
    walkdir::WalkDir::new(&root)
        .into_iter()
        .filter_entry(|it| !MADE.contains(&name(it.path()).as_str()))
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let bytes = fs::read(entry.path()).unwrap();
            // What is broken on purpose is searched as it is.
            let unpacked = unpack(bytes.clone()).unwrap_or(bytes);
            (name(entry.path()), unpacked)
        })
        .collect()
}

/// Reserved ids are in no file.
#[test]
fn no_committed_file_names_a_reserved_id() {
    let reserved = ReservedIds::built_in();
    let mut checked = std::collections::BTreeSet::new();
    for (name, bytes) in committed() {
        let text = String::from_utf8_lossy(&bytes);
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '/' | '-')));
        for word in words.filter(|it| it.contains('/') && it.len() < 100) {
            if checked.insert(word.to_owned()) {
                assert!(
                    !reserved.has(word),
                    "{name} names an id of corpus/reserved.txt"
                );
            }
        }
    }
    let corpus = Corpus::built_in().unwrap();
    assert!(
        corpus
            .cases()
            .iter()
            .all(|case| checked.contains(case.id.as_str()))
    );
}

/// Where in what was measured a path, a host or a user stands.
fn private_in(text: &str) -> Vec<String> {
    let usual = regex::Regex::new(
        r"(?x) (?: ^ | [^\w.\-+~@/>…] | %2[Ff] | // )
          ( (?: / | %2[Ff] ) (?: root | home | Users | tmp | var(?:/|%2[Ff])tmp | work ) (?: / | %2[Ff] ) [^\s<]{0,60}
          | [^\s]{0,40} (?: / | %2[Ff] ) ocipick-[A-Za-z0-9]{6} (?: / | %2[Ff] ) )",
    )
    .unwrap();
    // Most of what is packed has no such word, and is long.
    let words = ["root", "home", "Users", "tmp", "work", "ocipick-"];
    text.lines()
        .filter(|line| words.iter().any(|word| line.contains(word)))
        .flat_map(|line| usual.captures_iter(line))
        .map(|found| found[1].to_owned())
        .collect()
}

#[test]
fn the_scan_finds_private_places() {
    for text in [
        "open /root/x: no",
        "(/home/alice/x)",
        "http://%2Froot%2Fs/v1",
        "unix:///tmp/x/s",
        "at /srv/x/ocipick-Ab3dE9/r0",
    ] {
        assert_eq!(private_in(text).len(), 1, "{text}");
    }
    for text in [
        "<run>/r00.0/root/x <home>/x <tmp>/x",
        "/var/lib/x /rootfs/x",
        "/…/r0/root/x",
    ] {
        assert_eq!(private_in(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn nothing_that_is_committed_names_a_machine() {
    let host = nix::unistd::gethostname()
        .unwrap()
        .to_string_lossy()
        .into_owned();
    let here = root()
        .canonicalize()
        .unwrap()
        .to_string_lossy()
        .into_owned();
    for (name, bytes) in committed() {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(&here), "{name} names {here}");
        assert!(
            host.len() < 6 || host == "localhost" || !text.contains(&host),
            "{name} names the host"
        );
        let is_measured = name.starts_with("reports/published")
            || name.starts_with("baselines")
            || name == "README.md";
        if is_measured {
            assert_eq!(private_in(&text), Vec::<String>::new(), "{name}");
        }
    }
}
