//! Results of many cases and runtimes, made by rule: 500 cases by 60 runtimes.

use ocipick_records::{
    Command, CorpusStamp, Evidence, Exit, Header, Host, HttpRequest, Outcome, RefusalReason,
    Results, SCHEMA, Trial,
};

/// How many cases.
pub(crate) const CASES: usize = 500;

/// Tool, flavour, and how many versions there are of it: 60 in all.
const LINES: [(&str, Option<&str>, usize); 7] = [
    ("docker", None, 14),
    ("docker", Some("containerd-store"), 8),
    ("podman", None, 14),
    ("skopeo", None, 12),
    ("crane", None, 4),
    ("containerd", None, 6),
    ("containerd", Some("local"), 2),
];

/// The results.
pub(crate) fn results() -> Results {
    let mut trials = Vec::with_capacity(CASES * 60);
    for case in 0..CASES {
        for (line, (tool, flavour, versions)) in LINES.into_iter().enumerate() {
            for version in 0..versions {
                trials.push(trial(case, line, tool, flavour, version));
            }
        }
    }
    Results {
        header: Header {
            schema: SCHEMA.to_owned(),
            ocipick: "0".to_owned(),
            started: "2026-01-01T00:00:00Z".to_owned(),
            corpus: CorpusStamp {
                digest: "sha256:0".to_owned(),
                cases: CASES,
                source: "built-in".to_owned(),
                content: std::collections::BTreeMap::new(),
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
        trials,
        derived: Vec::new(),
        footer: None,
        torn: false,
        supplied_tools: ocipick_adapters::tool_infos(),
    }
}

fn trial(case: usize, line: usize, tool: &str, flavour: Option<&str>, version: usize) -> Trial {
    let number = format!("{}.{}.0", version / 4 + 1, version % 4);
    let id = flavour.map_or_else(
        || format!("{tool}@{number}"),
        |flavour| format!("{tool}@{number}+{flavour}"),
    );
    // Most cells of a line are alike; in some rows the outcome changes at some version, and in
    // few rows twice.
    let turns = usize::from(case % 5 == line % 5 && version > case % 13)
        + usize::from(case.is_multiple_of(17) && version > 5);
    let outcome = match (case + line * (case % 3) + turns) % 4 {
        0 | 1 => Outcome::Picked {
            child: ["first", "second", "inner"][(case + turns) % 3].to_owned(),
            digest: format!("sha256:{case:064x}"),
        },
        2 => Outcome::Refused {
            reason: RefusalReason::ALL[(case + turns) % RefusalReason::ALL.len()],
            message: format!("Error response from daemon: case {case} in version {number}"),
        },
        _ => Outcome::Nothing,
    };
    let request = |path: String| HttpRequest {
        method: "GET".to_owned(),
        path,
        status: 200,
        bytes: 477,
        at_ms: 70,
        user_agent: Some(format!("{tool}/{number}")),
        accept: Some("application/vnd.oci.image.index.v1+json".to_owned()),
        range: None,
    };
    let command = |line: String| Command {
        line,
        exit: Exit::Code(0),
        duration_ms: 100,
    };
    Trial {
        case: format!("family-{}/case-{case}", case / 50),
        runtime: id,
        tool: tool.to_owned(),
        version: number.clone(),
        flavour: flavour.map(str::to_owned),
        channel: "path".to_owned(),
        operation: "pull".to_owned(),
        platform: "linux/amd64".to_owned(),
        outcome,
        evidence: Evidence {
            requests: (0..5)
                .map(|blob| request(format!("/manifests/sha256:{case:062x}{blob:02x}")))
                .collect(),
            commands: (0..4)
                .map(|step| command(format!("HOME=/private {tool} step {step} 127.0.0.1:5000/x")))
                .collect(),
            exit: Some(Exit::Code(0)),
            ..Evidence::default()
        },
        duration_ms: 300,
        tries: 1,
        derived: None,
    }
}
