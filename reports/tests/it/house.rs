//! Data goes one way: analysis decides and holds no sentences, rendering writes down what was
//! decided.

use std::{fs, path::Path};

/// Every source file below a directory, but tests: its path and its text without comments.
fn sources(below: &str) -> Vec<(String, String)> {
    fn walk(dir: &Path, found: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(dir).expect("the directory is there") {
            let path = entry.expect("it can be read").path();
            let name = path.display().to_string();
            if path.is_dir() {
                walk(&path, found);
            } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
                let text = fs::read_to_string(&path).expect("it is text");
                let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or("");
                let lines = text.lines().filter(|it| !it.trim_start().starts_with("//"));
                found.push((name, lines.collect::<Vec<_>>().join("\n")));
            }
        }
    }
    let mut found = Vec::new();
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    walk(&top.join(below), &mut found);
    assert!(found.len() > 3, "{below}");
    found.sort();
    found
}

#[test]
fn what_decides_knows_nothing_of_how_it_is_shown() {
    for below in ["analysis", "baseline", "check"] {
        for (path, text) in sources(below) {
            for other in ["render", "site", "draft", "publish"] {
                let named = text.contains(&format!("crate::{other}"))
                    || text.contains(&format!("    {other}::"));
                assert!(!named, "{path} uses {other}");
            }
        }
    }
}

#[test]
fn analysis_holds_no_sentences() {
    // What is left: errors, what a lint is told, words of adapters that are looked for, and reasons
    // that are data of results or of the policy.
    let known = [
        "the mount is empty",
        "the image has no layers",
        "no trial of it was recorded",
        "the corpus does not have this case",
        "an earlier version withheld it",
        "data that anyone can publish ends or disturbs a process",
    ];
    let mut seen = 0;
    for (path, text) in sources("analysis") {
        let mut error = false;
        for line in text.lines() {
            error |= line.contains("#[error(");
            let skipped = error || line.contains("reason = ") || line.contains(".expect(");
            error &= !line.ends_with(")]");
            if skipped {
                continue;
            }
            for literal in line.split('"').skip(1).step_by(2) {
                let words = literal.split(' ').filter(|word| {
                    word.len() > 1 && word.chars().all(|c| c.is_alphabetic() || c == ',')
                });
                if known.contains(&literal) {
                    seen += 1;
                } else {
                    assert!(words.count() < 3, "{path} says: {literal}");
                }
            }
        }
    }
    assert_eq!(seen, known.len());
}

#[test]
fn rendering_compares_no_outcomes() {
    for below in ["render", "site"] {
        for (path, text) in sources(below) {
            for engine in [
                "agrees_with(",
                "ChangeKind::of(",
                "DiffKind::of(",
                "Split::of(",
            ] {
                assert!(!text.contains(engine), "{path} decides by {engine}");
            }
        }
    }
}
