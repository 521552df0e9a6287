//! A fixed sample of results: three families, five runtimes, every kind of outcome, a runtime
//! that was not measured, and a run that did not finish.

use ocipick_records::{
    Command, CorpusStamp, Evidence, Exit, Footer, Header, Host, HttpRequest, Identity,
    MissingRecord, Observation, Observed, Outcome, Provenance, RefusalReason, Results,
    RuntimeRecord, SCHEMA, Sighting, Trial, UnmeasuredWhy,
};
use ocipick_reports::analysis::matrix::{CaseBook, CaseNote, FamilyNote};

/// A runtime by tool, version and flavour.
pub(crate) type Tool = (&'static str, &'static str, Option<&'static str>);

pub(crate) const DOCKER: Tool = ("docker", "28.5.2", None);
pub(crate) const DOCKER_STORE: Tool = ("docker", "28.5.2", Some("containerd-store"));
pub(crate) const PODMAN: Tool = ("podman", "4.3.1", None);
pub(crate) const SKOPEO: Tool = ("skopeo", "1.9.3", None);
pub(crate) const CONTAINERD: Tool = ("containerd", "1.6.20", None);
pub(crate) const UMOCI: Tool = ("umoci", "0.4.7", None);

pub(crate) fn id((tool, version, flavour): Tool) -> String {
    match flavour {
        Some(flavour) => format!("{tool}@{version}+{flavour}"),
        None => format!("{tool}@{version}"),
    }
}

pub(crate) fn picked(child: &str) -> Outcome {
    Outcome::Picked {
        child: child.to_owned(),
        digest: digest(child),
    }
}

pub(crate) fn refused(reason: RefusalReason) -> Outcome {
    Outcome::Refused {
        reason,
        message: format!("Error: choosing an image: {reason}"),
    }
}

pub(crate) fn mixed(children: &[&str]) -> Outcome {
    Outcome::Mixed {
        children: children.iter().map(|child| (*child).to_owned()).collect(),
        digests: children.iter().map(|child| digest(child)).collect(),
    }
}

pub(crate) fn crashed(what: &str) -> Outcome {
    Outcome::Crashed {
        what: what.to_owned(),
        survived: false,
    }
}

pub(crate) fn unstable(observed: &[(Outcome, u32)]) -> Outcome {
    Outcome::Unstable {
        observed: observed
            .iter()
            .map(|(outcome, count)| Observed {
                outcome: Box::new(outcome.clone()),
                count: *count,
            })
            .collect(),
    }
}

pub(crate) fn unmeasured(why: UnmeasuredWhy, detail: &str) -> Outcome {
    Outcome::Unmeasured {
        why,
        detail: detail.to_owned(),
    }
}

fn digest(child: &str) -> String {
    let hex: String = child.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex:0<64}").chars().take(71).collect()
}

fn evidence(outcome: &Outcome, tool: &str) -> Evidence {
    let request = |path: &str, status, bytes, at_ms| HttpRequest {
        method: "GET".to_owned(),
        path: path.to_owned(),
        status,
        bytes,
        at_ms,
        user_agent: Some(format!("{tool}/1")),
        accept: Some("application/vnd.oci.image.index.v1+json, */*".to_owned()),
        range: None,
    };
    let command = |exit| Command {
        line: format!("HOME=/private {tool} pull 127.0.0.1:5000/t1/case:latest"),
        exit,
        duration_ms: 210,
    };
    let sighting = |child: &str| Sighting {
        source: format!("{tool} inspect"),
        identity: Identity::ManifestDigest(digest(child)),
        children: vec![child.to_owned()],
    };
    let mut evidence = Evidence {
        requests: vec![request("/manifests/latest", 200, 740, 3)],
        ..Evidence::default()
    };
    match outcome {
        Outcome::Picked { child, digest } => {
            evidence
                .requests
                .push(request(&format!("/manifests/{digest}"), 200, 402, 9));
            evidence.reported = Observation::Seen {
                sightings: vec![sighting(child)],
            };
            evidence.materialised = Observation::Seen {
                sightings: vec![Sighting {
                    source: "the file /ocipick/child".to_owned(),
                    identity: Identity::Marker(child.clone()),
                    children: vec![child.clone()],
                }],
            };
            evidence.exit = Some(Exit::Code(0));
            evidence.commands = vec![command(Exit::Code(0))];
        }
        Outcome::Mixed { children, .. } => {
            evidence.reported = Observation::Seen {
                sightings: children.iter().map(|child| sighting(child)).collect(),
            };
            evidence.exit = Some(Exit::Code(0));
            evidence.commands = vec![command(Exit::Code(0))];
        }
        Outcome::Refused { message, .. } => {
            evidence.exit = Some(Exit::Code(1));
            evidence.stderr_tail = format!("{message}\n");
            evidence.commands = vec![command(Exit::Code(1))];
        }
        Outcome::Nothing => {
            evidence.reported = Observation::Absent {
                words: "no such image".to_owned(),
            };
            evidence.exit = Some(Exit::Code(0));
            evidence.commands = vec![command(Exit::Code(0))];
        }
        Outcome::Crashed { what, .. } => {
            evidence.exit = Some(Exit::Signal(11));
            evidence.stderr_tail = format!("{what}\n");
            evidence.commands = vec![command(Exit::Signal(11))];
        }
        Outcome::TimedOut { .. } => {
            evidence.exit = Some(Exit::Deadline);
            evidence.commands = vec![command(Exit::Deadline)];
        }
        Outcome::Unstable { .. } => evidence.notes = vec!["repeated 5 times".to_owned()],
        Outcome::Unmeasured { detail, .. } => {
            evidence.reported = Observation::Failed {
                trouble: detail.clone(),
            };
        }
    }
    evidence
}

pub(crate) fn trial(case: &str, tool: Tool, outcome: Outcome) -> Trial {
    Trial {
        case: case.to_owned(),
        runtime: id(tool),
        tool: tool.0.to_owned(),
        version: tool.1.to_owned(),
        flavour: tool.2.map(str::to_owned),
        channel: "path".to_owned(),
        operation: "pull".to_owned(),
        platform: "linux/amd64".to_owned(),
        evidence: evidence(&outcome, tool.0),
        outcome,
        duration_ms: 234,
        tries: 1,
        derived: None,
    }
}

pub(crate) fn record(tool: Tool) -> RuntimeRecord {
    RuntimeRecord {
        id: id(tool),
        tool: tool.0.to_owned(),
        version: tool.1.to_owned(),
        flavour: tool.2.map(str::to_owned),
        channel: "path".to_owned(),
        provenance: Provenance {
            binaries: [("client".to_owned(), format!("/usr/bin/{}", tool.0))].into(),
            versions: [(
                "client".to_owned(),
                format!("{} version {}", tool.0, tool.1),
            )]
            .into(),
            ..Provenance::default()
        },
        unmeasured: None,
    }
}

/// A finished run of these trials.
pub(crate) fn results(trials: Vec<Trial>) -> Results {
    let mut runtimes: Vec<RuntimeRecord> = Vec::new();
    let mut cases: Vec<&str> = Vec::new();
    for trial in &trials {
        if !runtimes.iter().any(|known| known.id == trial.runtime) {
            runtimes.push(RuntimeRecord {
                id: trial.runtime.clone(),
                tool: trial.tool.clone(),
                version: trial.version.clone(),
                flavour: trial.flavour.clone(),
                channel: trial.channel.clone(),
                provenance: Provenance::default(),
                unmeasured: None,
            });
        }
        if !cases.contains(&trial.case.as_str()) {
            cases.push(&trial.case);
        }
    }
    Results {
        header: Header {
            schema: SCHEMA.to_owned(),
            ocipick: "0.1.0".to_owned(),
            started: "2026-11-21T08:00:00Z".to_owned(),
            corpus: CorpusStamp {
                digest: "sha256:0123456789abcdef".to_owned(),
                cases: cases.len(),
                source: CorpusStamp::BUILT_IN.into(),
                content: std::collections::BTreeMap::new(),
            },
            host: Host {
                os: "linux".to_owned(),
                architecture: "amd64".to_owned(),
                distribution: "Debian GNU/Linux 12".to_owned(),
                kernel: "6.1.0".to_owned(),
                cpus: 2,
                cpu_level: None,
                cgroup: None,
            },
            private: None,
            runtimes,
            tools: Vec::new(),
            missing: Vec::new(),
            channels: Vec::new(),
            operations: vec!["pull".to_owned()],
            planned: trials.len(),
            repeats: None,
        },
        footer: Some(Footer {
            ended: "2026-11-21T08:00:41Z".to_owned(),
            outcomes: Footer::count(trials.iter().map(|trial| &trial.outcome)),
            trials: trials.len(),
            duration_ms: 41_300,
            tools_ms: 38_000,
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

/// Trials of one case, of which a tool may be left out.
pub(crate) fn row(case: &str, cells: Vec<(Tool, Outcome)>) -> Vec<Trial> {
    cells
        .into_iter()
        .map(|(tool, outcome)| trial(case, tool, outcome))
        .collect()
}

fn all(case: &str, outcomes: [Outcome; 5]) -> Vec<Trial> {
    let tools = [DOCKER, DOCKER_STORE, PODMAN, SKOPEO, CONTAINERD];
    row(case, tools.into_iter().zip(outcomes).collect())
}

pub(crate) fn book() -> CaseBook {
    let family = |id: &str, title: &str, about: &str| FamilyNote {
        id: id.to_owned(),
        title: title.to_owned(),
        about: about.to_owned(),
    };
    let case = |id: &str, title: &str, why: &str| CaseNote {
        id: id.to_owned(),
        family: id.split('/').next().unwrap_or_default().to_owned(),
        title: title.to_owned(),
        why: why.to_owned(),
    };
    CaseBook {
        families: vec![
            family(
                "duplicates",
                "Several entries match the platform",
                "More than one entry is for the platform asked for. Which one is taken?",
            ),
            family(
                "nested",
                "An index inside an index",
                "Entries that are indexes themselves.",
            ),
            family(
                "sizes",
                "Descriptors whose size is wrong",
                "The size is part of a descriptor.",
            ),
        ],
        cases: vec![
            case(
                "duplicates/two-entries",
                "Two entries are for the platform",
                "A scanner may look at one and a runtime run the other.",
            ),
            case(
                "duplicates/three-entries",
                "Three entries are for the platform",
                "",
            ),
            case(
                "duplicates/same-digest",
                "Two entries point at one manifest",
                "",
            ),
            case(
                "duplicates/with-annotations",
                "Two entries differ in annotations only",
                "",
            ),
            case(
                "nested/one-level",
                "The only entry for the platform is an index",
                "Tools that build indexes of indexes write these.",
            ),
            case("nested/two-levels", "The manifest is two indexes down", ""),
            case(
                "nested/loop",
                "Two indexes name each other as far as digests permit",
                "",
            ),
            case(
                "sizes/first-too-small",
                "The size of the first entry is too small",
                "",
            ),
            case("sizes/negative", "The size of an entry is below zero", ""),
            case("sizes/huge", "The size of an entry is 2^63", ""),
            case("sizes/float", "The size of an entry is a fraction", ""),
        ],
    }
}

/// The trials of the sample, with every kind of outcome.
pub(crate) fn trials() -> Vec<Trial> {
    use RefusalReason::{Malformed, NestedUnsupported, SizeMismatch};
    let first = || picked("first");
    let nested = || refused(NestedUnsupported);
    [
        all(
            "duplicates/two-entries",
            [first(), first(), first(), first(), picked("second")],
        ),
        all(
            "duplicates/three-entries",
            [first(), first(), first(), first(), picked("third")],
        ),
        all(
            "duplicates/same-digest",
            [first(), first(), first(), first(), first()],
        ),
        all(
            "duplicates/with-annotations",
            [first(), first(), first(), first(), first()],
        ),
        all(
            "nested/one-level",
            [
                picked("inner"),
                picked("inner"),
                nested(),
                nested(),
                picked("inner"),
            ],
        ),
        all(
            "nested/two-levels",
            [
                picked("inner"),
                picked("inner"),
                nested(),
                nested(),
                picked("inner"),
            ],
        ),
        all(
            "nested/loop",
            [
                refused(Malformed),
                Outcome::TimedOut { after_ms: 30_000 },
                nested(),
                nested(),
                crashed("containerd: fatal error: stack overflow"),
            ],
        ),
        all(
            "sizes/first-too-small",
            [first(), first(), first(), first(), refused(SizeMismatch)],
        ),
        all(
            "sizes/negative",
            [
                Outcome::Nothing,
                mixed(&["first", "second"]),
                refused(Malformed),
                refused(Malformed),
                unstable(&[(first(), 3), (refused(SizeMismatch), 2)]),
            ],
        ),
        all(
            "sizes/huge",
            [
                refused(Malformed),
                unmeasured(
                    UnmeasuredWhy::EvidenceMissing,
                    "docker inspect printed no JSON",
                ),
                refused(Malformed),
                refused(Malformed),
                refused(SizeMismatch),
            ],
        ),
    ]
    .concat()
}

/// A run that did not finish: the last case is missing of two runtimes, and umoci failed its
/// controls.
pub(crate) fn sample() -> Results {
    let mut trials = trials();
    trials.extend(row(
        "sizes/float",
        vec![
            (DOCKER, refused(RefusalReason::Malformed)),
            (PODMAN, refused(RefusalReason::Malformed)),
            (SKOPEO, refused(RefusalReason::Malformed)),
        ],
    ));
    let mut results = results(trials);
    results.header.planned = 66;
    results.header.missing = vec![MissingRecord {
        tool: "crane".to_owned(),
        flavour: None,
        channel: "path".to_owned(),
        why: "`crane` is not there".to_owned(),
        remedy: "install `crane`".to_owned(),
    }];
    results.header.runtimes = [DOCKER, DOCKER_STORE, PODMAN, SKOPEO, CONTAINERD, UMOCI]
        .into_iter()
        .map(record)
        .collect();
    if let Some(umoci) = results.header.runtimes.last_mut() {
        umoci.unmeasured =
            Some("failed its controls: took a manifest for another platform".to_owned());
    }
    results.footer = None;
    results.torn = true;
    results
}

/// A version of a tool in a release.
pub(crate) type Version = (
    &'static str,
    &'static str,
    Option<&'static str>,
    &'static str,
);

/// The outcomes of one row, by version.
pub(crate) fn versions(
    operation: &str,
    case: &str,
    platform: &str,
    cells: &[(Version, Outcome)],
) -> Vec<Trial> {
    let trial = |((tool, version, flavour, channel), outcome): &(Version, Outcome)| Trial {
        operation: operation.to_owned(),
        platform: platform.to_owned(),
        channel: (*channel).to_owned(),
        ..trial(case, (tool, version, *flavour), outcome.clone())
    };
    cells.iter().map(trial).collect()
}

const STORE: Option<&str> = Some("containerd-store");

pub(crate) const GENERATIONS: [Version; 14] = [
    ("docker", "20.10.5", None, "bullseye"),
    ("docker", "20.10.24", None, "bookworm"),
    ("docker", "26.1.5", None, "trixie"),
    ("docker", "28.5.2", None, "sid"),
    ("docker", "26.1.5", STORE, "trixie"),
    ("docker", "28.5.2", STORE, "sid"),
    ("podman", "3.0.1", None, "bullseye"),
    ("podman", "4.3.1", None, "bookworm"),
    ("podman", "5.8.6", None, "sid"),
    ("crane", "0.20.7", None, "sid"),
    ("containerd", "1.6.20", None, "bookworm"),
    ("containerd", "1.7.24", None, "trixie"),
    ("containerd", "2.1.9", None, "sid"),
    ("containerd", "2.1.9", Some("local"), "sid"),
];

/// A finished run over four releases: every kind of step from one version to the next, two
/// operations, and a case with three platforms.
pub(crate) fn generations() -> Results {
    use RefusalReason::{
        Malformed, MediaType, MissingContent, NestedUnsupported, NoMatch, SizeMismatch,
    };
    let a = || picked("first");
    let b = || picked("second");
    let inner = || picked("inner");
    let nested = || refused(NestedUnsupported);
    let none = || refused(NoMatch);
    let lost = || unmeasured(UnmeasuredWhy::EvidenceMissing, "no JSON");
    let shaky = || unstable(&[(a(), 2), (refused(SizeMismatch), 1)]);
    let nothing = || Outcome::Nothing;
    let row = |case: &str, platform: &str, outcomes: [Outcome; 14]| {
        let cells: Vec<(Version, Outcome)> = GENERATIONS.into_iter().zip(outcomes).collect();
        versions("pull", case, platform, &cells)
    };
    let mut trials = [
        row(
            "duplicates/two-entries",
            "linux/amd64",
            [
                a(),
                a(),
                b(),
                b(),
                a(),
                a(),
                a(),
                a(),
                a(),
                a(),
                b(),
                a(),
                b(),
                b(),
            ],
        ),
        row(
            "duplicates/two-entries",
            "linux/arm64",
            [
                a(),
                a(),
                a(),
                a(),
                a(),
                a(),
                a(),
                a(),
                a(),
                a(),
                a(),
                a(),
                a(),
                a(),
            ],
        ),
        row(
            "duplicates/two-entries",
            "default",
            [
                a(),
                a(),
                a(),
                a(),
                a(),
                a(),
                a(),
                a(),
                a(),
                a(),
                a(),
                a(),
                a(),
                a(),
            ],
        ),
        row(
            "duplicates/same-digest",
            "linux/amd64",
            [
                a(),
                a(),
                a(),
                a(),
                a(),
                a(),
                a(),
                a(),
                a(),
                a(),
                shaky(),
                a(),
                refused(SizeMismatch),
                shaky(),
            ],
        ),
        row(
            "nested/one-level",
            "linux/amd64",
            [
                nested(),
                nested(),
                inner(),
                inner(),
                nothing(),
                inner(),
                nested(),
                nested(),
                nested(),
                inner(),
                inner(),
                inner(),
                inner(),
                inner(),
            ],
        ),
        row(
            "nested/two-levels",
            "linux/amd64",
            [
                nested(),
                lost(),
                inner(),
                inner(),
                nothing(),
                inner(),
                nested(),
                nested(),
                nested(),
                inner(),
                inner(),
                inner(),
                inner(),
                inner(),
            ],
        ),
        row(
            "nested/loop",
            "linux/amd64",
            [
                nested(),
                nested(),
                refused(Malformed),
                refused(Malformed),
                refused(Malformed),
                refused(Malformed),
                nested(),
                nested(),
                nested(),
                crashed("panic: out of stack"),
                none(),
                none(),
                nothing(),
                none(),
            ],
        ),
        row(
            "sizes/first-too-small",
            "linux/amd64",
            [
                a(),
                a(),
                a(),
                a(),
                refused(SizeMismatch),
                refused(SizeMismatch),
                a(),
                lost(),
                a(),
                a(),
                a(),
                a(),
                refused(MissingContent),
                refused(MissingContent),
            ],
        ),
        row(
            "sizes/huge",
            "linux/amd64",
            [
                none(),
                none(),
                crashed("panic"),
                crashed("panic"),
                a(),
                a(),
                none(),
                none(),
                none(),
                none(),
                none(),
                none(),
                nothing(),
                refused(MediaType),
            ],
        ),
    ]
    .concat();
    for (case, older, newer) in [
        ("duplicates/two-entries", a(), b()),
        ("nested/one-level", nested(), nested()),
    ] {
        let cells = [(GENERATIONS[6], older), (GENERATIONS[8], newer)];
        trials.extend(versions("import", case, "linux/amd64", &cells));
    }
    for trial in &mut trials {
        trial.tries = if trial.case == "nested/loop" { 1 } else { 3 };
    }
    let mut results = results(trials);
    if let Some(footer) = &mut results.footer {
        footer.own_ms = Some(1_840);
        footer.peak_memory_bytes = Some(61 << 20);
        footer.peak_disk_bytes = Some(3 << 29);
    }
    results
}
