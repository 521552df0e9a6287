//! The corpus as a directory: complete, described, and the same wherever it is written.

use super::{CASE_FILE, CORPUS_FILE, SCHEMA_FILE, corpus_json_schema, exported, write_corpus};
use crate::{
    Case, Corpus, Digest, Document, LayoutErrorKind, PlatformRequest, built_in_specifications,
    unpacked,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Value;
use std::{collections::BTreeMap, fs, io::Read as _, path::Path};

const ODD: &str = r#"
title = "A sample"
why = "It is a test."
platforms = ["linux/amd64", "default"]
operations = ["import"]
aliases = ["samples/old"]

[children.a]
platform = "linux/amd64"
algorithm = "sha512"
compression = "zstd"

[children.gone]
platform = "linux/amd64"
served = false

[index]
entries = ["a", "gone"]

[[faults]]
on = "a"
times = 1
status = 503
headers = { Retry-After = "1" }
body = "later"

[[faults]]
on = "a"
part = "layer"
bytes-of = "gone"
content-type = false
digest-header = "x"
delay-ms = 5
cut = 1
content-length = false

[layout]
refs = [{ of = "a" }, { of = "gone", name = "latest" }]
"#;

fn corpus(recipe: &str) -> Corpus {
    let clauses = crate::built_in_clauses().unwrap();
    let files = [("recipes/samples/odd.toml", recipe)];
    Corpus::assemble("recipes", &files, clauses).unwrap()
}

fn all(corpus: &Corpus) -> Vec<&Case> {
    corpus.cases().iter().collect()
}

/// Every file below a directory, by its path.
fn read_all(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = walkdir::WalkDir::new(dir).into_iter().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().is_file());
    files
        .map(|entry| {
            let path = entry.path().strip_prefix(dir).unwrap();
            let path = path.to_str().unwrap().to_owned();
            (path, fs::read(entry.path()).unwrap())
        })
        .collect()
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn two_directories_are_alike_to_the_byte() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let specifications = built_in_specifications().unwrap();
    for dir in [&one, &other, &other] {
        let corpus = Corpus::built_in().unwrap();
        write_corpus(&corpus, &specifications, &all(&corpus), dir.path()).unwrap();
    }
    let (one, other) = (read_all(one.path()), read_all(other.path()));
    assert_eq!(one.len(), other.len());
    for (path, bytes) in &one {
        assert!(other.get(path) == Some(bytes), "{path} differs");
    }
}

#[test]
fn the_built_in_corpus_is_as_its_schema_says_and_read_back() {
    let corpus = Corpus::built_in().unwrap();
    let specifications = built_in_specifications().unwrap();
    let files = exported(&corpus, &specifications, &all(&corpus)).unwrap();
    let schema = json(&files[SCHEMA_FILE]);
    let validator = jsonschema::validator_for(&schema).unwrap();
    let record = json(&files[CORPUS_FILE]);
    let errors: Vec<String> = validator
        .iter_errors(&record)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .take(5)
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    // One file has what the many have.
    let cases = record["cases"].as_array().unwrap();
    assert_eq!(cases.len(), corpus.cases().len());
    for case in cases {
        let path = format!("{}/{CASE_FILE}", case["id"].as_str().unwrap());
        assert_eq!(json(&files[path.as_str()]), *case, "{path}");
    }

    let dir = tempfile::tempdir().unwrap();
    write_corpus(&corpus, &specifications, &all(&corpus), dir.path()).unwrap();
    let foreign = Corpus::foreign(dir.path(), &PlatformRequest::Default).unwrap();
    assert_eq!(foreign.cases().len(), corpus.cases().len());
    for case in foreign.cases() {
        assert_eq!(
            case.index,
            corpus.get(&case.id).unwrap().index,
            "{}",
            case.id
        );
    }
}

#[test]
fn a_description_says_all_that_a_layout_cannot() {
    let corpus = corpus(ODD);
    let files = exported(&corpus, &[], &all(&corpus)).unwrap();
    let description = String::from_utf8_lossy(&files["samples/odd/case.json"]);
    insta::assert_snapshot!("odd-case", description);
    // The layer of the child that is not served stands in for another, and nothing else has it.
    let substitute = &json(description.as_bytes())["faults"][1]["bytes"];
    let gone = &corpus.cases()[0].child("gone").unwrap().layers[0];
    assert_eq!(substitute["digest"], gone.digest.as_str());
    let mut archive = Vec::new();
    let layer = &corpus.cases()[0].faults[1]
        .effects
        .bytes
        .as_ref()
        .unwrap()
        .bytes;
    unpacked(&**layer)
        .unwrap()
        .read_to_end(&mut archive)
        .unwrap();
    assert_eq!(substitute["data"], BASE64_STANDARD.encode(layer));
    assert_eq!(gone.diff_id, Digest::sha256(&archive));
}

#[test]
fn content_that_no_file_can_hold_is_in_the_description() {
    let corpus = corpus("title = 'A'\nwhy = 'B'\nplatform = 'a/b'\n[index]\nentries = []\n");
    let mut case = corpus.cases()[0].clone();
    for digest in ["no digest at all", "md5:../../x", "blake9:00"] {
        case.documents.push(Document {
            digest: Digest::verbatim(digest),
            ..Document::new("x/y", *b"{}")
        });
    }
    let files = exported(&corpus, &[], &[&case]).unwrap();
    let description = json(&files["samples/odd/case.json"]);
    let missing: Vec<(&str, &str)> = description["layout"]["missing"]
        .as_array()
        .unwrap()
        .iter()
        .map(|held| {
            (
                held["digest"].as_str().unwrap(),
                held["data"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        missing,
        [("no digest at all", "e30="), ("md5:../../x", "e30=")]
    );
    assert_eq!(&*files["samples/odd/blobs/blake9/00"], b"{}");
    assert!(files.keys().all(|path| !path.contains("..")));
}

#[test]
fn a_directory_of_somebody_else_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("notes.txt"), "mine").unwrap();
    let corpus = corpus(ODD);
    let error = write_corpus(&corpus, &[], &all(&corpus), dir.path()).unwrap_err();
    assert!(matches!(error.kind, LayoutErrorKind::Occupied), "{error}");
    assert_eq!(read_all(dir.path()).len(), 1);
}

#[test]
fn the_schema_refuses_what_is_no_corpus() {
    let validator = jsonschema::validator_for(&json(corpus_json_schema().as_bytes())).unwrap();
    let corpus = corpus(ODD);
    let files = exported(&corpus, &[], &all(&corpus)).unwrap();
    let record = json(&files[CORPUS_FILE]);
    assert!(validator.is_valid(&record));
    for (place, value) in [
        ("/schema", Value::from("ocipick.corpus/2")),
        ("/cases/0/schema", Value::from("ocipick.case/2")),
        ("/cases/0/children/0/served", Value::from("yes")),
        ("/cases/0/faults/0/status", Value::from("503")),
    ] {
        let mut other = record.clone();
        *other.pointer_mut(place).unwrap() = value;
        assert!(!validator.is_valid(&other), "{place}");
    }
}
