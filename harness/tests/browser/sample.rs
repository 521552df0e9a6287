//! A site over cases of the built-in corpus, with outcomes that are made up by rule: a tool of each
//! habit, at a few versions.

use ocipick_corpus::{Case, Corpus, built_in_specifications};
use ocipick_records::{
    Command, CorpusStamp, Evidence, Exit, Footer, Header, Host, Identity, Observation, Outcome,
    RefusalReason, Results, SCHEMA, Sighting, Trial, UnmeasuredWhy,
};
use ocipick_reports::{
    analysis::{
        changes::versions::FoldMode,
        conformance::{ConformanceRules, Revisions, Verdicts},
        matrix::{CaseBook, Matrix},
    },
    site::{Site, Sources, one_page},
};
use std::collections::BTreeMap;

/// The families that are measured: enough to see everything, and few enough to be quick.
pub(crate) const FAMILIES: [&str; 6] = [
    "controls",
    "duplicates",
    "nested",
    "variants",
    "json",
    "missing",
];

/// Tool, flavour and versions.
pub(crate) const LINES: [(&str, Option<&str>, &[&str]); 5] = [
    ("docker", None, &["20.10.24", "26.1.5", "28.5.2"]),
    ("docker", Some("containerd-store"), &["26.1.5", "28.5.2"]),
    ("podman", None, &["4.3.1", "5.4.2"]),
    ("crane", None, &["0.20.7"]),
    ("containerd", None, &["1.6.20", "2.1.9"]),
];

/// What was made up, and the site of it.
pub(crate) struct Sample {
    pub(crate) site: Site,
    /// Its matrix as one page.
    pub(crate) alone: String,
    /// For each row the case and, by line, what its versions did.
    pub(crate) rows: Vec<Row>,
}

/// A row as the matrix has it.
pub(crate) struct Row {
    pub(crate) case: String,
    pub(crate) gists: Vec<Vec<String>>,
}

/// Makes everything.
pub(crate) fn sample() -> Sample {
    let corpus = Corpus::built_in().unwrap();
    let cases: Vec<&Case> = corpus
        .cases()
        .iter()
        .filter(|case| FAMILIES.contains(&case.id.family()))
        .collect();
    let results = [results(&cases)];
    let book = CaseBook::of(&corpus);
    let matrix = Matrix::build(&results, &book);
    let revisions = Revisions::choose(&built_in_specifications().unwrap(), &[]).unwrap();
    let rules = ConformanceRules::new(&corpus, revisions);
    let verdicts = Verdicts::of(&matrix, &rules);
    let rows = matrix.tables.iter().flat_map(|table| table.rows());
    let rows = rows.map(|row| Row {
        case: row.case.to_owned(),
        gists: LINES
            .iter()
            .map(|(tool, flavour, _)| {
                let own = matrix.runtimes.iter().zip(&row.cells);
                own.filter(|(runtime, _)| runtime.tool == *tool && runtime.flavour == *flavour)
                    .filter_map(|(_, cell)| cell.map(|trial| trial.outcome.gist()))
                    .collect()
            })
            .collect(),
    });
    let sources = Sources {
        matrix: &matrix,
        verdicts: &verdicts,
        corpus: &corpus,
        fold: FoldMode::Auto,
    };
    Sample {
        rows: rows.collect(),
        site: Site::build(&sources),
        alone: one_page(&sources),
    }
}

fn results(cases: &[&Case]) -> Results {
    let mut trials = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        for ask in &case.asks {
            for (line, (tool, flavour, versions)) in LINES.into_iter().enumerate() {
                for (age, version) in versions.iter().enumerate() {
                    let outcome = outcome(case, number, line, age);
                    trials.push(trial(
                        case,
                        &ask.to_string(),
                        (tool, flavour, version),
                        outcome,
                    ));
                }
            }
        }
    }
    Results {
        header: Header {
            schema: SCHEMA.to_owned(),
            ocipick: "0.1.0".to_owned(),
            started: "2026-01-01T00:00:00Z".to_owned(),
            corpus: CorpusStamp {
                digest: "sha256:0".to_owned(),
                cases: cases.len(),
                source: CorpusStamp::BUILT_IN.to_owned(),
                content: BTreeMap::new(),
            },
            host: Host {
                os: "linux".to_owned(),
                architecture: "amd64".to_owned(),
                distribution: "none".to_owned(),
                kernel: "0".to_owned(),
                cpus: 1,
                cpu_level: None,
                cgroup: None,
            },
            private: None,
            runtimes: Vec::new(),
            tools: Vec::new(),
            missing: Vec::new(),
            channels: Vec::new(),
            operations: vec!["pull".to_owned()],
            planned: trials.len(),
            repeats: None,
        },
        footer: Some(Footer {
            ended: "2026-01-01T00:01:00Z".to_owned(),
            outcomes: Footer::count(trials.iter().map(|trial| &trial.outcome)),
            trials: trials.len(),
            duration_ms: 60_000,
            tools_ms: 50_000,
            own_ms: None,
            peak_memory_bytes: None,
            peak_disk_bytes: None,
        }),
        trials,
        derived: Vec::new(),
        torn: false,
        supplied_tools: ocipick_adapters::tool_infos(),
    }
}

/// docker takes the first child, later the last one; its store refuses now and then; crane crashes
/// once; containerd was not measured in its old version.
fn outcome(case: &Case, number: usize, line: usize, age: usize) -> Outcome {
    let refused = |reason, message: &str| Outcome::Refused {
        reason,
        message: message.to_owned(),
    };
    let picked = |place: usize| match case.children.get(place % case.children.len().max(1)) {
        Some(child) => Outcome::Picked {
            child: child.name.clone(),
            digest: child.manifest.as_str().to_owned(),
        },
        None => refused(RefusalReason::NoMatch, "no child"),
    };
    match (line, number) {
        (0, _) if age > 0 && number.is_multiple_of(7) => {
            picked(case.children.len().saturating_sub(1))
        }
        (1, _) if number.is_multiple_of(5) => {
            refused(RefusalReason::NoMatch, "no match for <platform>")
        }
        (3, 3) => Outcome::Crashed {
            what: "panic: index out of range".to_owned(),
            survived: false,
        },
        (3, _) if number.is_multiple_of(11) => picked(1),
        (4, _) if age == 0 => Outcome::Unmeasured {
            why: UnmeasuredWhy::ControlsFailed,
            detail: "it failed its controls".to_owned(),
        },
        (_, _) => picked(0),
    }
}

fn trial(
    case: &Case,
    platform: &str,
    runtime: (&str, Option<&str>, &str),
    outcome: Outcome,
) -> Trial {
    let (tool, flavour, version) = runtime;
    let plus = flavour.map_or_else(String::new, |flavour| format!("+{flavour}"));
    Trial {
        case: case.id.to_string(),
        runtime: format!("{tool}@{version}{plus}"),
        tool: tool.to_owned(),
        version: version.to_owned(),
        flavour: flavour.map(str::to_owned),
        channel: "path".to_owned(),
        operation: "pull".to_owned(),
        platform: platform.to_owned(),
        evidence: Evidence {
            reported: Observation::Seen {
                sightings: vec![Sighting {
                    source: format!("{tool} inspect"),
                    identity: Identity::Label("one".to_owned()),
                    children: vec!["one".to_owned()],
                }],
            },
            exit: Some(Exit::Code(0)),
            commands: vec![Command {
                line: format!("{tool} pull --platform {platform} 127.0.0.1:1/x"),
                exit: Exit::Code(0),
                duration_ms: 9,
            }],
            ..Evidence::default()
        },
        outcome,
        duration_ms: 10,
        tries: 1,
        derived: None,
    }
}
