//! What documents break, and how it is said.

mod broken;
mod layouts;
mod properties;
mod sample;

use super::{rule::Rule, *};
use crate::{
    Algorithm, Case, Digest, Document, Effects, Fault, FaultPart, HeaderFault, LayoutRef, Methods,
    Substitute,
    media_type::{EMPTY, Format},
};
use sample::{Of, ValidCase, rule_of};
use std::num::NonZeroU32;

const PLATFORM: &str = r#","platform":{"architecture":"arm","os":"linux","variant":"v7"}"#;
const OCI_TYPE: &str = r#""mediaType":"application/vnd.oci.image.index.v1+json","#;

#[test]
fn valid_documents_break_nothing() {
    for bench in [ValidCase::oci(), ValidCase::docker()] {
        assert_eq!(bench.breaches(), []);
    }
}

#[test]
fn some_rules_are_broken_together() {
    let rules = |bench: ValidCase| bench.rules().into_iter().collect::<Vec<_>>();
    let repeated = ValidCase::oci().with(Of::Index, r#""a":"""#, r#""a":"","a":"""#);
    assert_eq!(
        rules(repeated),
        [Rule::RepeatedKey, Rule::RepeatedAnnotation]
    );
    let negative = ValidCase::oci().with(Of::Index, "M-SIZE", "-1");
    assert_eq!(rules(negative), [Rule::NegativeSize, Rule::SizeMismatch]);
    let oci = ValidCase::oci();
    let docker_child = ValidCase {
        manifest: ValidCase::docker().manifest,
        manifest_type: ValidCase::docker().manifest_type,
        ..oci.clone()
    };
    // What the entry says counts, and then the manifest is wrong.
    assert_eq!(
        rules(docker_child.clone()),
        [Rule::MediaTypeOther, Rule::ManifestType]
    );
    let listed = docker_child.with(Of::Index, Format::Oci.manifest(), Format::Docker.manifest());
    assert_eq!(rules(listed.clone()), [Rule::ChildType]);
    let bare = listed.with(Of::Index, PLATFORM, "");
    assert_eq!(rules(bare), [Rule::ChildType, Rule::PlatformAbsent]);
}

#[test]
fn what_is_empty_has_a_type_and_is_empty() {
    let rules = |bench: ValidCase| bench.rules().into_iter().collect::<Vec<_>>();
    let emptied = ValidCase::oci().with(Of::Manifest, Format::Oci.config(), EMPTY);
    let odd = emptied
        .clone()
        .with(Of::Manifest, "{", r#"{"artifactType":"a/b","#);
    assert_eq!(rules(odd), [Rule::EmptyDescriptor]);
    let empty = ValidCase {
        config: "{}".to_owned(),
        ..emptied
    };
    assert_eq!(rules(empty.clone()), [Rule::EmptyConfig]);
    let typed = empty.with(Of::Manifest, "{", r#"{"artifactType":"a/b","#);
    assert_eq!(rules(typed), []);
}

#[test]
fn optional_things_that_are_right_break_nothing() {
    let fine = [
        (
            Of::Index,
            r#""annotations""#,
            r#""artifactType":"a/b","annotations""#,
        ),
        (
            Of::Index,
            r#""annotations""#,
            r#""unheardOf":null,"annotations""#,
        ),
        (
            Of::Index,
            r#""os":"#,
            r#""os.version":"10.0.1","os.features":["win32k"],"os":"#,
        ),
        (Of::Index, r#"{"a":""}"#, "{}"),
        (Of::Manifest, r#""LAYER""#, r#""LAYER","data":"bGF5ZXI=""#),
        (
            Of::Manifest,
            r#""LAYER""#,
            r#""LAYER","urls":["https://example.com/a"]"#,
        ),
        (
            Of::Manifest,
            "application/vnd.oci.image.config.v1+json",
            "application/vnd.example+json",
        ),
        (Of::Config, "{", r#"{"variant":null,"history":null,"#),
    ];
    for (of, from, to) in fine {
        let bench = ValidCase::oci().with(of, from, to);
        assert_eq!(bench.breaches(), [], "{to}");
    }
}

#[test]
fn breaches_say_where_and_what() {
    let bench = ValidCase::oci()
        .with(Of::Index, "M-SIZE", "\"M-SIZE\"")
        .with(Of::Index, r#""digest""#, r#""Digest""#)
        .with(Of::Index, r#""a":"""#, r#""a.b":[],"size":false"#)
        .with(Of::Index, OCI_TYPE, r#""mediaType":"x\ny","mediaType":"","#)
        .with(Of::Manifest, r#""layers""#, r#""manifests":{},"layers""#)
        .with(Of::Config, "linux", "");
    let lines: Vec<String> = bench.breaches().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!("breaches-in-words", lines.join("\n"));
}

/// A case whose index leads through two nested ones to a child, with one entry to each document
/// and one under a wrong type.
fn nested() -> Case {
    let base = ValidCase::oci().case();
    let entry = |document: &Document, media_type: &str| {
        format!(
            r#"{{"mediaType":"{media_type}","digest":"{}","size":{}}}"#,
            document.digest,
            document.bytes.len()
        )
    };
    let around = |entries: &[String]| {
        let text = format!(
            r#"{{"schemaVersion":1,"mediaType":"{}","manifests":[{}]}}"#,
            Format::Oci.index(),
            entries.join(",")
        );
        Document::new(Format::Oci.index(), text.into_bytes())
    };
    let inner = around(&[]);
    let outer = around(&[entry(&inner, Format::Oci.index())]);
    let stray = Document::new(Format::Oci.index(), *b"{");
    let index = around(&[
        entry(&base.documents[0], "application/octet-stream"),
        entry(&outer, Format::Oci.index()),
        entry(&inner, Format::Oci.index()),
    ]);
    Case {
        layout_refs: vec![LayoutRef::latest(&index)],
        index,
        documents: vec![base.documents[0].clone(), inner, outer, stray],
        ..base
    }
}

#[test]
fn every_document_is_read_once_and_named_by_the_way_to_it() {
    let documents: Vec<String> = breaches(&nested())
        .iter()
        .filter(|breach| matches!(rule_of(breach), Rule::IndexVersion | Rule::NotJson))
        .map(|breach| breach.document.to_string())
        .collect();
    let stray = Subject::Stray(Digest::sha256(b"{").as_str().to_owned()).to_string();
    let expected = [
        "index",
        "nested manifests[1]",
        "nested manifests[2]",
        &stray,
    ];
    assert_eq!(documents, expected);
}

/// What a case breaks whose registry misbehaves in this way towards its manifest.
fn with_fault(effects: Effects, times: Option<u32>, methods: Methods) -> Vec<Violation> {
    let mut case = ValidCase::oci().case();
    case.faults.push(Fault {
        on: "image".to_owned(),
        part: FaultPart::Manifest,
        target: case.documents[0].digest.clone(),
        methods,
        times: times.and_then(NonZeroU32::new),
        effects,
    });
    breaches(&case)
}

#[test]
fn lasting_faults_are_breaches_of_what_is_served() {
    let says = |text: &str| Some(HeaderFault::Says(text.to_owned()));
    let other = Effects {
        bytes: Some(Substitute {
            of: "other".to_owned(),
            digest: Digest::sha256(b"{}"),
            bytes: (*b"{}").into(),
        }),
        ..Effects::default()
    };
    let found = with_fault(other.clone(), None, Methods::Both);
    let rules: Vec<Rule> = found.iter().map(rule_of).collect();
    assert_eq!(
        rules,
        [Rule::ContentOther, Rule::DigestHeader],
        "{found:#?}"
    );
    assert!(found.iter().all(|breach| breach.excuses_refusal()));
    assert_eq!(with_fault(other.clone(), Some(1), Methods::Both), []);
    assert_eq!(with_fault(other, None, Methods::Head), []);

    let header = |text: &str| {
        let effects = Effects {
            digest_header: says(text),
            ..Effects::default()
        };
        let found = with_fault(effects, None, Methods::Get);
        found.iter().map(rule_of).collect::<Vec<_>>()
    };
    let bytes = ValidCase::oci().case().documents[0].bytes.clone();
    let sha512 = Digest::of(Algorithm::Sha512, &bytes);
    assert_eq!(header(sha512.as_str()), [], "another algorithm, and right");
    assert_eq!(header("blake3:00"), [], "nobody can tell");
    assert_eq!(header("sha512:00"), [Rule::DigestHeader]);
    assert_eq!(header("no digest"), [Rule::DigestHeader]);

    let typed = |content_type| {
        let effects = Effects {
            content_type,
            ..Effects::default()
        };
        let found = with_fault(effects, None, Methods::Both);
        found.iter().map(rule_of).collect::<Vec<_>>()
    };
    assert_eq!(typed(says("text/html")), [Rule::TypeConflict]);
    assert_eq!(typed(Some(HeaderFault::Absent)), []);
}

#[test]
fn blobs_that_are_not_theirs_are_breaches_of_the_manifest() {
    let mut case = ValidCase::oci().case();
    for (part, blob) in [(FaultPart::Config, 0), (FaultPart::Layer, 1)] {
        case.faults.push(Fault {
            on: "image".to_owned(),
            part,
            target: case.blobs[blob].digest.clone(),
            methods: Methods::Both,
            times: None,
            effects: Effects {
                bytes: Some(Substitute {
                    of: "other".to_owned(),
                    digest: Digest::sha256(b""),
                    bytes: [].into(),
                }),
                ..Effects::default()
            },
        });
    }
    let found: Vec<String> = breaches(&case).iter().map(ToString::to_string).collect();
    let what = "comes with the bytes of other, which its digest is not of";
    let expected = ["config", "layers[0]"].map(|place| format!("child image: {place} {what}"));
    assert_eq!(found, expected);
}

#[test]
fn the_index_json_that_a_case_asks_for_is_read_as_well() {
    let mut case = ValidCase::oci().case();
    case.layout_refs = vec![LayoutRef::latest(&case.index)];
    assert_eq!(breaches(&case), []);
    case.layout_refs[0].name = Some("a b".to_owned());
    case.layout_refs[0].size += 1;
    let found: Vec<String> = breaches(&case).iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(
        found
            .iter()
            .all(|line| line.starts_with("index.json: manifests[0]."))
    );
}

#[test]
fn advice_depends_on_level_and_release() {
    let advice = |of, from, to| ValidCase::oci().with(of, from, to).breaches()[0].advice();
    assert_eq!(advice(Of::Index, ":2,", ":1,"), "refusing it is right");
    let repeated = advice(Of::Index, r#""a":""}"#, r#""a":""},"x":{"a":1,"a":1}"#);
    assert_eq!(repeated, "refusing it is right once this is released");
    assert_eq!(
        advice(Of::Index, "M-SIZE", "1"),
        "refusing it is recommended"
    );
    let ambiguous = advice(Of::Index, r#""manifests""#, r#""config":{},"manifests""#);
    assert_eq!(ambiguous, "refusing it is allowed");
    assert_eq!(advice(Of::Index, OCI_TYPE, ""), "no reason to refuse it");
    let bench = ValidCase::oci()
        .with(Of::Index, "M-SIZE", "1")
        .with(Of::Index, ":2,", ":1,");
    let breaches = bench.breaches();
    assert_eq!(Consequence::of(&breaches), Some(Consequence::Invalid));
    assert_eq!(Consequence::of([]), None);
}
