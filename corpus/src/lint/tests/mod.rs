//! What documents break, and how it is said.

mod bench;
mod broken;
mod layouts;
mod properties;

use super::{rule::Rule, *};
use crate::{Case, Digest, Document, media_type::Format};
use bench::{Bench, Of, rule_of};

const PLATFORM: &str = r#","platform":{"architecture":"arm","os":"linux","variant":"v7"}"#;
const OCI_TYPE: &str = r#""mediaType":"application/vnd.oci.image.index.v1+json","#;

#[test]
fn valid_documents_break_nothing() {
    for bench in [Bench::oci(), Bench::docker()] {
        assert_eq!(bench.breaches(), []);
    }
}

#[test]
fn some_rules_are_broken_together() {
    let rules = |bench: Bench| bench.rules().into_iter().collect::<Vec<_>>();
    let repeated = Bench::oci().with(Of::Index, r#""a":"""#, r#""a":"","a":"""#);
    assert_eq!(
        rules(repeated),
        [Rule::RepeatedKey, Rule::RepeatedAnnotation]
    );
    let negative = Bench::oci().with(Of::Index, "M-SIZE", "-1");
    assert_eq!(rules(negative), [Rule::NegativeSize, Rule::SizeMismatch]);
    let oci = Bench::oci();
    let docker_child = Bench {
        manifest: Bench::docker().manifest,
        manifest_type: Bench::docker().manifest_type,
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
        let bench = Bench::oci().with(of, from, to);
        assert_eq!(bench.breaches(), [], "{to}");
    }
}

#[test]
fn breaches_say_where_and_what() {
    let bench = Bench::oci()
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
    let base = Bench::oci().case();
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

#[test]
fn advice_depends_on_level_and_release() {
    let advice = |of, from, to| Bench::oci().with(of, from, to).breaches()[0].advice();
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
    let bench = Bench::oci()
        .with(Of::Index, "M-SIZE", "1")
        .with(Of::Index, ":2,", ":1,");
    let breaches = bench.breaches();
    assert_eq!(Consequence::of(&breaches), Some(Consequence::Invalid));
    assert_eq!(Consequence::of([]), None);
}
