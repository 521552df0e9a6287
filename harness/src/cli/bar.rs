//! `--check`: results held against baselines and specifications.

use super::fail::{Failure, Result};
use ocipick::{
    baselines,
    known::KnownFindings,
    ruling::{self, CHANGES, Changes, Facts, Ground, Ruling},
};
use ocipick_corpus::Corpus;
use ocipick_reports::{
    baseline::{Shelf, check},
    results::Results,
    verdict::Rulebook,
};
use std::{fmt::Write as _, path::Path};

/// How many lines are shown of what is reported and fails nothing.
const SHOWN: usize = 10;

/// What results are held against, besides the specifications.
pub(crate) struct Bar {
    shelf: Shelf,
    known: KnownFindings,
    changes: Changes,
}

/// What came of it.
pub(crate) struct Checked {
    /// For people.
    pub(crate) text: String,
    /// How many trials fail.
    pub(crate) failed: usize,
}

impl Bar {
    /// Reads what there is to hold results against.
    pub(crate) fn read(baselines: &Path) -> Result<Self> {
        let changes = std::env::var(CHANGES).ok();
        Ok(Self {
            shelf: baselines::read(baselines)?,
            known: KnownFindings::built_in().map_err(Failure::internal)?,
            changes: Changes::parse(changes.as_deref()).map_err(Failure::usage)?,
        })
    }

    /// Holds results against all of it.
    pub(crate) fn check(
        &self,
        results: &Results,
        corpus: &Corpus,
        rulebook: &Rulebook<'_>,
    ) -> Checked {
        let bytes = rulebook.compare([&results.header]);
        let mut failed: Vec<String> = Vec::new();
        let mut reported: Vec<String> = Vec::new();
        let (mut passed, mut new, mut unmeasured) = (0, 0, 0);
        for trial in &results.trials {
            let id = trial.case.parse().ok();
            let case = id.and_then(|id| corpus.get(&id));
            let content = results.header.corpus.content.get(&trial.case);
            let (Some(case), Some(content)) = (case, content) else {
                continue;
            };
            let check = check(trial, content, &self.shelf);
            let verdicts = rulebook.judge(trial, &bytes);
            let standing = self.known.standing(trial, ruling::violates(&verdicts));
            let facts = Facts {
                trial,
                check: &check,
                verdicts: &verdicts,
                standing: &standing,
                changes: self.changes,
            };
            let ruling = ruling::rule(&facts);
            let explained = ruling::explain(&ruling, &facts, case, rulebook);
            match (ruling, explained) {
                (Ruling::Fails(_), Some(explained)) => failed.push(explained.report),
                (Ruling::Reported(Ground::New { .. }), _) => new += 1,
                (Ruling::Reported(_), Some(explained)) => reported.push(explained.line),
                (Ruling::Unmeasured(_), _) => unmeasured += 1,
                (Ruling::Passes | Ruling::Fails(_) | Ruling::Reported(_), _) => passed += 1,
            }
        }
        let mut text = String::new();
        for report in &failed {
            let _ = writeln!(text, "\nFAILED {report}");
        }
        if !reported.is_empty() {
            let _ = writeln!(text, "\nreported, and no failure ({}):", reported.len());
            for line in reported.iter().take(SHOWN) {
                let _ = writeln!(text, "  {line}");
            }
            if reported.len() > SHOWN {
                let _ = writeln!(text, "  and {} more", reported.len() - SHOWN);
            }
        }
        let _ = writeln!(
            text,
            "\nchecked: {passed} passed, {} reported, {new} new to their baselines, {} failed, \
             {unmeasured} not measured",
            reported.len(),
            failed.len(),
        );
        Checked {
            text,
            failed: failed.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocipick_corpus::{built_in_specifications, digest_of_content};
    use ocipick_reports::{
        baseline::{Answer, Baseline},
        verdict::Revisions,
    };

    const CASE: &str = "duplicates/two-entries";

    #[test]
    fn what_differs_from_a_baseline_fails_and_what_is_new_is_told() {
        let corpus = Corpus::built_in().unwrap();
        let case = corpus.get(&CASE.parse().unwrap()).unwrap();
        let content = digest_of_content(case);
        let digest = &case.child("second").unwrap().manifest;
        let trial = |platform: &str| {
            format!(
                r#"{{"type":"trial","case":"{CASE}","runtime":"crane@1.0","tool":"crane","version":"1.0",
                "channel":"path","operation":"pull","platform":"{platform}","outcome":{{"kind":"picked",
                "child":"second","digest":"{digest}"}},"evidence":{{"reported":{{"state":"not-looked"}},
                "materialised":{{"state":"not-looked"}},"requests":[],"stderr_tail":"","commands":[]}},
                "duration_ms":1}}"#
            )
            .replace('\n', "")
        };
        let header = format!(
            r#"{{"type":"header","schema":"ocipick.results/1","ocipick":"0.1.0","started":"",
            "corpus":{{"digest":"sha256:00","cases":1,"source":"built-in","content":{{"{CASE}":"{content}"}}}},
            "host":{{"os":"linux","architecture":"amd64","distribution":"","kernel":"","cpus":1}},
            "runtimes":[],"operations":["pull"],"planned":2}}"#
        )
        .replace('\n', "");
        let text = [header, trial("linux/amd64"), trial("default")].join("\n") + "\n";
        let results = Results::parse(text.as_bytes()).unwrap();

        let mut accepted = Baseline::all_of(&results).unwrap().remove(0);
        accepted
            .lines
            .retain(|key, _| key.platform == "linux/amd64");
        for line in accepted.lines.values_mut() {
            line.answer = Answer::Picked("first".to_owned());
        }
        let dir = tempfile::tempdir().unwrap();
        baselines::record(dir.path(), vec![accepted], |_| false, |_| 0).unwrap();

        let revisions = Revisions::choose(&built_in_specifications().unwrap(), &[]).unwrap();
        let rulebook = Rulebook::new(&corpus, revisions);
        let checked = Bar::read(dir.path())
            .unwrap()
            .check(&results, &corpus, &rulebook);
        assert_eq!(checked.failed, 1);
        let text = checked.text;
        assert!(
            text.contains("picked second, and it was picked first"),
            "{text}"
        );
        assert!(
            text.ends_with(
                "0 passed, 0 reported, 1 new to their baselines, 1 failed, 0 not measured\n"
            ),
            "{text}"
        );
    }
}
