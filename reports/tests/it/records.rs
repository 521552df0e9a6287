//! Whatever is written is read back, whole or cut short.

use ocipick_records::{
    ArchiveRecord, ChannelRecord, Command, CorpusStamp, Evidence, Exit, Footer, Header, Host,
    HttpRequest, Identity, Observation, Observed, Outcome, OutcomeKind, Provenance, ReadErrorKind,
    Record, RefusalReason, RepeatedCells, Repeats, Results, RuntimeRecord, SCHEMA, Sighting, Trial,
    UnmeasuredWhy,
};
use proptest::{collection, option, prelude::*};
use serde_json::Value;
use std::collections::BTreeMap;

/// Any text, with control characters and line ends among it.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9./@:-]{0,12}",
        any::<String>(),
        Just("line\nend\r\0\u{1b}[0m\u{2028}\"\\".to_owned()),
    ]
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    collection::vec(text(), 0..3)
}

fn map() -> impl Strategy<Value = BTreeMap<String, String>> {
    collection::btree_map(text(), text(), 0..3)
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let leaf = prop_oneof![
        (text(), text()).prop_map(|(child, digest)| Outcome::Picked { child, digest }),
        (proptest::sample::select(RefusalReason::ALL), text())
            .prop_map(|(reason, message)| Outcome::Refused { reason, message }),
        Just(Outcome::Nothing),
        (texts(), texts()).prop_map(|(children, digests)| Outcome::Mixed { children, digests }),
        (text(), any::<bool>()).prop_map(|(what, survived)| Outcome::Crashed { what, survived }),
        any::<u64>().prop_map(|after_ms| Outcome::TimedOut { after_ms }),
        (proptest::sample::select(UnmeasuredWhy::ALL), text())
            .prop_map(|(why, detail)| Outcome::Unmeasured { why, detail }),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        collection::vec((inner, any::<u32>()), 0..3).prop_map(|observed| Outcome::Unstable {
            observed: observed
                .into_iter()
                .map(|(outcome, count)| Observed {
                    outcome: Box::new(outcome),
                    count,
                })
                .collect(),
        })
    })
}

fn identity() -> impl Strategy<Value = Identity> {
    prop_oneof![
        text().prop_map(Identity::ManifestDigest),
        text().prop_map(Identity::ConfigDigest),
        texts().prop_map(Identity::LayerDigests),
        texts().prop_map(Identity::DiffIds),
        texts().prop_map(Identity::Stored),
        text().prop_map(Identity::Marker),
        text().prop_map(Identity::Label),
    ]
}

fn observation() -> impl Strategy<Value = Observation> {
    let sighting =
        (text(), identity(), texts()).prop_map(|(source, identity, children)| Sighting {
            source,
            identity,
            children,
        });
    prop_oneof![
        Just(Observation::NotLooked),
        collection::vec(sighting, 0..3).prop_map(|sightings| Observation::Seen { sightings }),
        text().prop_map(|words| Observation::Absent { words }),
        text().prop_map(|trouble| Observation::Failed { trouble }),
    ]
}

fn exit() -> impl Strategy<Value = Exit> {
    prop_oneof![
        any::<i32>().prop_map(Exit::Code),
        any::<i32>().prop_map(Exit::Signal),
        Just(Exit::Deadline),
        Just(Exit::OutputLimit),
    ]
}

fn request() -> impl Strategy<Value = HttpRequest> {
    (
        (text(), text(), any::<u16>(), any::<u64>(), any::<u64>()),
        option::of(text()),
        option::of(text()),
        option::of(text()),
    )
        .prop_map(
            |((method, path, status, bytes, at_ms), user_agent, accept, range)| HttpRequest {
                method,
                path,
                status,
                bytes,
                at_ms,
                user_agent,
                accept,
                range,
            },
        )
}

fn evidence() -> impl Strategy<Value = Evidence> {
    let command = (text(), exit(), any::<u64>()).prop_map(|(line, exit, duration_ms)| Command {
        line,
        exit,
        duration_ms,
    });
    (
        observation(),
        observation(),
        collection::vec(request(), 0..3),
        option::of(exit()),
        text(),
        collection::vec(command, 0..3),
        texts(),
    )
        .prop_map(
            |(reported, materialised, requests, exit, stderr_tail, commands, notes)| Evidence {
                reported,
                materialised,
                requests,
                exit,
                stderr_tail,
                commands,
                notes,
            },
        )
}

fn trial() -> impl Strategy<Value = Trial> {
    (
        (text(), text(), text(), text(), option::of(text())),
        (text(), text(), text()),
        outcome(),
        evidence(),
        (any::<u64>(), any::<u32>()),
    )
        .prop_map(
            |(
                (case, runtime, tool, version, flavour),
                (channel, operation, platform),
                outcome,
                evidence,
                (duration_ms, tries),
            )| Trial {
                case,
                runtime,
                tool,
                version,
                flavour,
                channel,
                operation,
                platform,
                outcome,
                evidence,
                duration_ms,
                tries,
                derived: None,
            },
        )
}

fn runtime() -> impl Strategy<Value = RuntimeRecord> {
    (
        (text(), text(), text(), option::of(text()), text()),
        (map(), map(), map(), texts()),
        option::of(text()),
    )
        .prop_map(
            |(
                (id, tool, version, flavour, channel),
                (binaries, versions, packages, notes),
                unmeasured,
            )| RuntimeRecord {
                id,
                tool,
                version,
                flavour,
                channel,
                provenance: Provenance {
                    binaries,
                    versions,
                    packages,
                    notes,
                    ..Provenance::default()
                },
                unmeasured,
            },
        )
}

fn channel() -> impl Strategy<Value = ChannelRecord> {
    let archive =
        (text(), text(), option::of(text())).prop_map(|(version, sha256, suite)| ArchiveRecord {
            version,
            sha256,
            suite,
        });
    (
        (text(), option::of(text())),
        collection::btree_map(text(), archive, 0..3),
        (text(), option::of(text())),
    )
        .prop_map(
            |((name, base), packages, (bootstrapper, expired))| ChannelRecord {
                name,
                base,
                packages,
                bootstrapper,
                expired,
            },
        )
}

fn repeats() -> impl Strategy<Value = Repeats> {
    let of = proptest::sample::select(RepeatedCells::ALL);
    (any::<u32>(), of, any::<u32>()).prop_map(|(tries, of, seed)| Repeats { tries, of, seed })
}

fn header() -> impl Strategy<Value = Header> {
    (
        (text(), text(), texts(), any::<u32>(), option::of(repeats())),
        (text(), any::<u32>(), text()),
        (text(), text(), text(), text(), any::<u32>()),
        collection::vec(runtime(), 0..3),
        collection::vec(channel(), 0..3),
    )
        .prop_map(
            |(
                (ocipick, started, operations, planned, repeats),
                (digest, cases, source),
                (os, architecture, distribution, kernel, cpus),
                runtimes,
                channels,
            )| Header {
                schema: SCHEMA.to_owned(),
                ocipick,
                started,
                corpus: CorpusStamp {
                    digest,
                    cases: cases as usize,
                    source,
                    content: [("a/b".to_owned(), "0123456789ab".to_owned())].into(),
                },
                host: Host {
                    os,
                    architecture,
                    distribution,
                    kernel,
                    cpus: cpus as usize,
                    cpu_level: None,
                    cgroup: None,
                },
                private: None,
                runtimes,
                tools: Vec::new(),
                missing: Vec::new(),
                channels,
                operations,
                planned: planned as usize,
                repeats,
            },
        )
}

fn footer() -> impl Strategy<Value = Footer> {
    let kinds = proptest::sample::select(OutcomeKind::ALL);
    (
        text(),
        collection::btree_map(kinds, any::<usize>(), 0..8),
        any::<usize>(),
        any::<[u64; 2]>(),
        any::<[Option<u64>; 3]>(),
    )
        .prop_map(|(ended, outcomes, trials, times, optional)| {
            let [duration_ms, tools_ms] = times;
            let [own_ms, peak_memory_bytes, peak_disk_bytes] = optional;
            Footer {
                ended,
                outcomes,
                trials,
                duration_ms,
                tools_ms,
                own_ms,
                peak_memory_bytes,
                peak_disk_bytes,
            }
        })
}

fn results() -> impl Strategy<Value = Results> {
    (
        header(),
        collection::vec(trial(), 0..3),
        option::of(footer()),
    )
        .prop_map(|(header, trials, footer)| Results {
            header,
            trials,
            derived: Vec::new(),
            footer,
            torn: false,
            supplied_tools: Vec::new(),
        })
}

fn records(results: &Results) -> Vec<Record> {
    let header = Record::Header(Box::new(results.header.clone()));
    let trials = results.trials.iter().cloned().map(Box::new);
    std::iter::once(header)
        .chain(trials.map(Record::Trial))
        .chain(results.footer.clone().map(Record::Footer))
        .collect()
}

fn written(results: &Results) -> Vec<u8> {
    let mut bytes = Vec::new();
    for record in records(results) {
        bytes.extend(serde_json::to_vec(&record).expect("a record is JSON"));
        bytes.push(b'\n');
    }
    bytes
}

/// Adds an unknown field to every object in which a reader may meet one. The objects that are
/// maps are left alone: there a new key means something.
fn add_fields(value: &mut Value, key: Option<&str>) {
    let is_map = matches!(
        key,
        Some("binaries" | "versions" | "packages" | "outcomes" | "content")
    );
    match value {
        Value::Object(fields) => {
            for (key, field) in fields.iter_mut() {
                add_fields(field, Some(key));
            }
            if !is_map {
                fields.insert("later".to_owned(), Value::from(vec![1]));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| add_fields(item, None)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back(results in results()) {
        prop_assert_eq!(Results::parse(&written(&results)).unwrap(), results);
    }

    #[test]
    fn unknown_fields_are_tolerated(results in results()) {
        let mut bytes = Vec::new();
        for record in records(&results) {
            let mut value = serde_json::to_value(&record).unwrap();
            add_fields(&mut value, None);
            bytes.extend(serde_json::to_vec(&value).unwrap());
            bytes.push(b'\n');
        }
        prop_assert_eq!(Results::parse(&bytes).unwrap(), results);
    }

    #[test]
    fn garbage_is_refused_and_never_a_panic(bytes in collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Results::parse(&bytes).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_file_cut_anywhere_keeps_every_finished_record(results in results()) {
        let bytes = written(&results);
        let header = bytes.iter().position(|byte| *byte == b'\n').unwrap();
        for length in 0..=bytes.len() {
            let cut = &bytes[..length];
            let read = Results::parse(cut);
            if length < header {
                // Without a header nobody knows what was measured.
                prop_assert!(read.is_err());
                continue;
            }
            let read = read.unwrap();
            let ends = cut.iter().filter(|byte| **byte == b'\n').count();
            // A record whose line end alone is missing is complete.
            let whole = length < bytes.len() && bytes[length] == b'\n';
            let finished = ends + usize::from(whole);
            let kept = 1 + read.trials.len() + usize::from(read.footer.is_some());
            prop_assert_eq!(kept, finished);
            prop_assert_eq!(&read.header, &results.header);
            prop_assert_eq!(&read.trials[..], &results.trials[..read.trials.len()]);
            prop_assert_eq!(read.torn, !whole && !cut.ends_with(b"\n"));
        }
    }
}

#[test]
fn lines_are_numbered_as_in_an_editor() {
    let results = crate::sample::results(Vec::new());
    let mut bytes = written(&results);
    bytes.extend(b"\n\nnot a record\n");
    let error = Results::parse(&bytes).unwrap_err();
    assert!(
        matches!(error, ReadErrorKind::Line { line: 5, .. }),
        "{error}"
    );
}

#[test]
fn records_out_of_order_are_refused() {
    let results = crate::sample::results(crate::sample::trials());
    let bytes = written(&results);
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let (header, trial, footer) = (lines[0], lines[1], lines[lines.len() - 1]);
    for wrong in [
        [trial, header].concat(),
        [footer].concat(),
        [header, header].concat(),
        [header, footer, trial].concat(),
        [header, footer, footer].concat(),
    ] {
        let error = Results::parse(&wrong).unwrap_err();
        assert!(matches!(error, ReadErrorKind::Order { .. }), "{error}");
    }
}

#[test]
fn another_version_of_the_format_is_refused() {
    let mut results = crate::sample::results(Vec::new());
    results.header.schema = "ocipick.results/2".to_owned();
    let error = Results::parse(&written(&results)).unwrap_err();
    assert!(matches!(error, ReadErrorKind::Schema(found) if found == "ocipick.results/2"));
}

/// A line of a results file, with this in place of its outcome.
fn with_outcome(outcome: &str) -> Vec<u8> {
    let trial = crate::sample::trial("a/b", crate::CRANE, Outcome::Nothing);
    let results = crate::sample::results(vec![trial]);
    let text = String::from_utf8(written(&results)).expect("records are text");
    let changed = text.replace(r#"{"kind":"nothing"}"#, outcome);
    assert_ne!(text, changed);
    // The footer counts kinds, and a later version counts more of them.
    changed
        .replace(r#""nothing":1"#, r#""copied":1"#)
        .into_bytes()
}

#[test]
fn outcomes_and_reasons_of_later_versions_are_read_as_unknown() {
    for (written, why, detail) in [
        (
            r#"{"kind":"copied","fidelity":"identical"}"#,
            UnmeasuredWhy::Unknown,
            "the outcome is `copied`, which this version of ocipick does not know",
        ),
        (
            r#"{"kind":"unmeasured","why":"moved","detail":"to there"}"#,
            UnmeasuredWhy::Unknown,
            "(moved) to there",
        ),
    ] {
        let results = Results::parse(&with_outcome(written)).unwrap();
        let detail = detail.to_owned();
        assert_eq!(
            results.trials[0].outcome,
            Outcome::Unmeasured { why, detail }
        );
        assert!(results.is_finished());
    }
    let refused = r#"{"kind":"refused","reason":"later","message":"no"}"#;
    let results = Results::parse(&with_outcome(refused)).unwrap();
    let message = "(later) no".to_owned();
    let reason = RefusalReason::Unknown;
    assert_eq!(
        results.trials[0].outcome,
        Outcome::Refused { reason, message }
    );
    let unstable =
        format!(r#"{{"kind":"unstable","observed":[{{"outcome":{refused},"count":2}}]}}"#);
    let results = Results::parse(&with_outcome(&unstable)).unwrap();
    assert_eq!(
        results.trials[0].outcome.gist(),
        "unstable: refused: unknown"
    );
    // What lacks a field is broken, and not of a later version.
    for broken in [
        r#"{"kind":"picked"}"#,
        r#"{"kind":7}"#,
        r#"{"reason":"no-match"}"#,
        "{}",
    ] {
        let error = Results::parse(&with_outcome(broken)).unwrap_err();
        assert!(
            matches!(error, ReadErrorKind::Line { line: 2, .. }),
            "{error}"
        );
    }
}

#[test]
fn a_line_without_an_end_is_refused() {
    let mut bytes = written(&crate::sample::results(Vec::new()));
    bytes.resize(bytes.len() + (65 << 20), b'x');
    let error = Results::parse(&bytes).unwrap_err().to_string();
    assert!(error.contains("line 3 has more than 64 MiB"), "{error}");
}
