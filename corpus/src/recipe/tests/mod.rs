//! What recipes become.

mod faults;
mod mistakes;
mod more;
mod schema;

use super::{Source, cases};
use crate::{Case, Expectation, PlatformRequest, built_in_clauses, diagnostic::Diagnostic};
use mistakes::MISTAKES;
use ocipick_records::RefusalReason;
use std::{collections::BTreeSet, fmt::Write as _};

/// The only clauses that samples may exercise.
const CLAUSES: [&str; 2] = [
    "image-spec/image-index/platform-first-match",
    "image-spec/image-index/child-mt-unknown",
];

fn read(text: &str) -> Result<Vec<Case>, Vec<Diagnostic>> {
    let source = Source {
        path: "corpus/recipes/samples/sample.toml",
        family: "samples",
        stem: "sample",
        text,
    };
    let clauses = built_in_clauses().unwrap();
    let known = clauses
        .iter()
        .filter(|clause| CLAUSES.contains(&&*clause.id));
    cases(source, &known.map(|clause| (&*clause.id, clause)).collect())
}

/// A recipe with this in it, and whatever else a recipe needs.
fn sample(text: &str) -> String {
    let mut recipe = String::new();
    for (key, line) in [
        ("title", "title = \"A sample\"\n"),
        ("why", "why = \"It is a test.\"\n"),
        ("platform", "platform = \"linux/amd64\"\n"),
    ] {
        let text = format!("\n{text}");
        let top = text.split("\n[").next().unwrap_or(&text);
        let written = |start: &str| top.lines().any(|line| line.starts_with(start));
        // `platforms` stands for `platform`.
        if !written(&format!("{key} ")) && !written(&format!("{key}s ")) {
            recipe.push_str(line);
        }
    }
    recipe.push_str(text);
    for (table, lines) in [
        ("[children.", "\n[children.a]\nplatform = \"linux/amd64\"\n"),
        ("[index]", "\n[index]\nentries = [\"a\"]\n"),
    ] {
        if !text.contains(table) {
            recipe.push_str(lines);
        }
    }
    recipe
}

fn made(text: &str) -> Vec<Case> {
    read(text).unwrap_or_else(|mistakes| {
        let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        panic!("{}\n{text}", lines.join("\n"))
    })
}

fn only(text: &str) -> Case {
    let mut cases = made(text);
    assert_eq!(cases.len(), 1);
    cases.remove(0)
}

fn index_text(case: &Case) -> &str {
    std::str::from_utf8(&case.index.bytes).unwrap()
}

/// Everything of a case that is text.
fn shown(case: &Case) -> String {
    let mut out = String::new();
    let texts = std::iter::once(&case.index)
        .chain(&case.documents)
        .map(|document| (document.media_type.as_str(), &document.bytes))
        .chain(case.blobs.iter().map(|blob| ("blob", &blob.bytes)));
    for (what, bytes) in texts {
        match std::str::from_utf8(bytes) {
            Ok(text) => writeln!(out, "--- {what}\n{text}").unwrap(),
            Err(_) => writeln!(out, "--- {what}, {} bytes", bytes.len()).unwrap(),
        }
    }
    out
}

#[test]
fn an_ordinary_recipe_becomes_documents() {
    let case = only(&sample(
        r#"
[children.a]
platform = "linux/arm/v7"
annotations = { z = "1", a = "2" }

[index]
entries = ["a"]
annotations = { of = "${a.digest}" }
"#,
    ));
    insta::assert_snapshot!("ordinary", shown(&case));
}

#[test]
fn docker_types_attestations_and_artifacts_become_documents() {
    let case = only(&sample(
        r#"
[children.image]
platform = { os = "linux", architecture = "amd64" }

[children.attestation]
kind = "attestation"
format = "oci"

[children.artifact]
kind = "artifact"
format = "oci"
artifact-type = "application/vnd.example"

[entries.attached]
of = "attestation"
annotations = { "vnd.docker.reference.digest" = "${image.digest}" }

[index]
format = "docker"
entries = ["image", "attached", "artifact"]
"#,
    ));
    insta::assert_snapshot!("docker-and-others", shown(&case));
}

#[test]
fn entries_say_what_they_are_told_to() {
    let case = only(&sample(
        r#"
[entries.odd]
of = "a"
media-type = false
platform = { os = "linux", "os.version" = "10", list = [1, 2.50, true] }
size = "-1"
digest = "${a.digest}0"
artifact-type = "x/y"
annotations = { size = "${a.size}" }

[entries.empty]
of = "a"
media-type = "${a.media-type}+x"
platform = "null"
size = false

[entries.large]
of = "a"
platform = false
size = 18446744073709551616

[index]
body-type = false
entries = ["odd", "empty", "large"]
"#,
    ));
    insta::assert_snapshot!("odd-entries", index_text(&case));
}

#[test]
fn raw_text_is_served_byte_for_byte() {
    let case = only(&sample(
        "[index]\ntext = '''\n{\"a\":\"${a.digest}\",${byte:ff}${a.size}  ${byte:24}{x}\n'''\n",
    ));
    let child = case.child("a").unwrap();
    let manifest = &case.documents[0];
    assert_eq!(child.manifest, manifest.digest);
    let mut expected = format!("{{\"a\":\"{}\",", manifest.digest).into_bytes();
    expected.push(0xff);
    expected.extend(format!("{}  ${{x}}\n", manifest.bytes.len()).into_bytes());
    assert_eq!(&*case.index.bytes, expected);
}

#[test]
fn nested_indexes_are_rendered_from_the_inside() {
    let case = only(&sample(
        r#"
[index]
entries = ["outer"]

[indexes.outer]
entries = ["inner", "a"]

[indexes.inner]
format = "docker"
text = '{"manifests":[{"digest":"${a.digest}"}]}'

[entries.outer]
platform = "linux/amd64"
"#,
    ));
    let types: Vec<&str> = case
        .documents
        .iter()
        .map(|d| d.media_type.as_str())
        .collect();
    assert_eq!(
        types,
        [
            "application/vnd.oci.image.index.v1+json",
            "application/vnd.docker.distribution.manifest.list.v2+json",
            "application/vnd.oci.image.manifest.v1+json",
        ]
    );
    let outer = std::str::from_utf8(&case.documents[0].bytes).unwrap();
    assert!(outer.contains(case.documents[1].digest.as_str()));
    assert!(index_text(&case).contains(case.documents[0].digest.as_str()));
    assert_eq!(case.children.len(), 1, "nested indexes cannot be picked");
}

#[test]
fn what_is_not_served_is_nowhere() {
    let case = only(&sample(
        r#"
[children.a]
platform = "linux/amd64"
served = false

[children.b]
platform = "linux/amd64"

[indexes.gone]
entries = ["b"]
served = false

[index]
entries = ["a", "gone"]
"#,
    ));
    let served: Vec<bool> = case.children.iter().map(|child| child.served).collect();
    assert_eq!(served, [false, true]);
    assert_eq!((case.documents.len(), case.blobs.len()), (1, 2));
    assert_eq!(case.documents[0].digest, case.children[1].manifest);
}

#[test]
fn axes_expand_into_cases_with_stable_names() {
    let cases = made(&sample(
        r#"
title = "It is ${order.words}"
except = [{ size = "none", order = "last" }]

[[axes]]
name = "size"
values = { small = "-1", large = "+1", none = false }

[[axes]]
name = "order"
values.first = { entries = ["wrong", "a"], words = "before" }
values.last = { entries = ["a", "wrong"], words = "after" }

[entries.wrong]
of = "a"
size = "${size}"

[index]
entries = "${order.entries}"
"#,
    ));
    let titles: Vec<(&str, &str)> = cases
        .iter()
        .map(|case| (case.id.as_str(), case.title.as_str()))
        .collect();
    assert_eq!(
        titles,
        [
            ("samples/sample-large-first", "It is before"),
            ("samples/sample-large-last", "It is after"),
            ("samples/sample-none-first", "It is before"),
            ("samples/sample-small-first", "It is before"),
            ("samples/sample-small-last", "It is after"),
        ]
    );
}

#[test]
fn names_are_made_of_the_names_of_values() {
    let cases = made(&sample(
        r#"
name = "${what.word}-${format}"

[[axes]]
name = "format"
values = ["oci", "docker"]

[[axes]]
name = "what"
values.one = { word = "uno", text = "${format} one" }

[index]
format = "${format}"
entries = ["a"]
annotations = { text = "${what.text}" }
"#,
    ));
    let ids: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    assert_eq!(ids, ["samples/uno-docker", "samples/uno-oci"]);
    assert!(index_text(&cases[0]).contains("docker one"));
}

#[test]
fn programs_are_made_for_what_the_config_says_else_for_what_is_asked() {
    for (platform, lengths) in [
        ("\"linux/amd64\"", true),
        ("\"linux/x86_64\"", true),
        ("\"linux/riscv64\"", false),
        ("false", true),
        ("{ os = \"linux\" }", true),
    ] {
        let case = only(&sample(&format!("[children.a]\nplatform = {platform}\n")));
        // The text alone makes three records and two of zeros.
        let long = case.blobs[1].bytes.len() > 512 * 6;
        assert_eq!(long, lengths, "{platform}");
    }
}

#[test]
fn what_satisfies_a_clause_depends_on_its_wording_and_on_the_case() {
    let case = only(&sample(
        r#"
platforms = ["linux/arm64", "default"]

[[clauses]]
id = "image-spec/image-index/child-mt-unknown"
satisfied-by = ["picks a", "refuses no-match"]
earlier.ignored = { "linux/arm64" = ["refuses"] }
breached-by = ["malformed"]
"#,
    ));
    let used = &case.clauses[0];
    let clauses = built_in_clauses().unwrap();
    let clause = clauses.iter().find(|clause| clause.id == used.id).unwrap();
    let (ignored, newest) = (&clause.wordings[0], clause.newest());
    let arm: PlatformRequest = "linux/arm64".parse().unwrap();
    assert_eq!(used.satisfied_as(ignored, &arm), [Expectation::Refuses]);
    assert_eq!(used.satisfied_as(ignored, &PlatformRequest::Default), []);
    assert_eq!(
        used.satisfied_as(newest, &arm),
        [
            Expectation::Picks("a".to_owned()),
            Expectation::RefusesOver(RefusalReason::NoMatch)
        ]
    );
    let own = BTreeSet::from([RefusalReason::Malformed]);
    assert_eq!(used.breached_by, Some(own));
}

#[test]
fn tools_are_asked_for_several_platforms_and_for_none() {
    let case = only(&sample(
        r#"
platforms = ["linux/arm64", "default"]

[[clauses]]
id = "image-spec/image-index/platform-first-match"
satisfied-by = { "linux/arm64" = ["refuses"], "default" = ["picks a", "refuses"] }
"#,
    ));
    let arm: PlatformRequest = "linux/arm64".parse().unwrap();
    assert_eq!(case.asks, [arm.clone(), PlatformRequest::Default]);
    let picks = Expectation::Picks("a".to_owned());
    let used = &case.clauses[0];
    assert_eq!(used.satisfied_by(&arm), [Expectation::Refuses]);
    assert_eq!(
        used.satisfied_by(&PlatformRequest::Default),
        [picks.clone(), Expectation::Refuses]
    );
    assert_eq!(used.satisfied_by(&"linux/amd64".parse().unwrap()), []);
    assert_eq!(used.satisfied_alike(), None);

    let alike = only(&sample(
        r#"
platforms = ["linux/arm64", "default"]

[[clauses]]
id = "image-spec/image-index/platform-first-match"
satisfied-by = ["picks a"]
"#,
    ));
    assert_eq!(alike.clauses[0].satisfied_alike(), Some(&[picks][..]));

    let partly = only(&sample(
        r#"
platforms = ["linux/arm64", "default"]

[[clauses]]
id = "image-spec/image-index/platform-first-match"
satisfied-by = { default = ["refuses"] }
"#,
    ));
    assert_eq!(partly.clauses[0].satisfied_by(&arm), []);
}
