//! Records made by hand, for tests.

use ocipick_records::{CorpusStamp, Evidence, Header, Host, Outcome, Results, SCHEMA, Trial};
use std::collections::BTreeMap;

/// A trial of `TOOL@VERSION` or `TOOL@VERSION+FLAVOUR`, pulled for linux/amd64 by a tool on `path`.
pub(crate) fn trial(runtime: &str, case: &str, outcome: Outcome) -> Trial {
    let (tool, rest) = runtime.split_once('@').unwrap_or((runtime, "0"));
    let (version, flavour) = rest
        .split_once('+')
        .map_or((rest, None), |(version, flavour)| (version, Some(flavour)));
    Trial {
        case: case.into(),
        runtime: runtime.into(),
        tool: tool.into(),
        version: version.into(),
        flavour: flavour.map(str::to_owned),
        channel: "path".into(),
        operation: "pull".into(),
        platform: "linux/amd64".into(),
        outcome,
        evidence: Evidence::default(),
        duration_ms: 1,
        tries: 1,
        derived: None,
    }
}

/// Results of the built-in corpus with these trials.
pub(crate) fn results(trials: Vec<Trial>) -> Results {
    Results {
        header: Header {
            schema: SCHEMA.into(),
            ocipick: "0.1.0".into(),
            started: String::new(),
            corpus: CorpusStamp {
                digest: "sha256:aa".into(),
                cases: trials.len(),
                source: CorpusStamp::BUILT_IN.into(),
                content: BTreeMap::new(),
            },
            host: Host {
                os: "linux".into(),
                architecture: "amd64".into(),
                distribution: String::new(),
                kernel: String::new(),
                cpus: 1,
                cpu_level: None,
                cgroup: None,
            },
            private: None,
            runtimes: Vec::new(),
            tools: Vec::new(),
            missing: Vec::new(),
            channels: Vec::new(),
            operations: vec!["pull".into()],
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
