//! Results made by hand.

use crate::user::User;
use ocipick_corpus::{Case, Corpus, digest_of_content};
use ocipick_records::{CaseId, Outcome, Trial};
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::OnceLock};

pub(crate) fn case(id: &str) -> Case {
    static CORPUS: OnceLock<Corpus> = OnceLock::new();
    let id: CaseId = id.parse().unwrap();
    let corpus = CORPUS.get_or_init(|| Corpus::built_in().unwrap());
    corpus.get(&id).unwrap().clone()
}

pub(crate) fn picked(id: &str, child: &str) -> Outcome {
    Outcome::Picked {
        child: child.to_owned(),
        digest: case(id).child(child).unwrap().manifest.to_string(),
    }
}

/// One trial of `TOOL@VERSION` from sid.
pub(crate) fn trial(runtime: &str, case: &str, outcome: Outcome) -> Value {
    let (tool, version) = runtime.split_once('@').unwrap();
    let mut trial = json!({
        "type": "trial", "case": case,
        "runtime": runtime, "tool": tool, "version": version, "channel": "sid",
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

/// Writes results of a finished run with these trials, and returns their directory.
pub(crate) fn results(user: &User, name: &str, trials: &[Value]) -> String {
    let cases: BTreeSet<&str> = trials
        .iter()
        .filter_map(|trial| trial["case"].as_str())
        .collect();
    let content: serde_json::Map<String, Value> = cases
        .iter()
        .map(|id| ((*id).to_owned(), digest_of_content(&case(id)).into()))
        .collect();
    let header = json!({
        "type": "header", "schema": "ocipick.results/1", "ocipick": "0.1.0",
        "started": "2026-01-01T00:00:00Z",
        "corpus": {
            "digest": "sha256:aa", "cases": cases.len(), "source": "built-in", "content": content,
        },
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
    path.parent().unwrap().to_string_lossy().into_owned()
}
