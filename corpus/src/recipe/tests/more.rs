//! What the later keys of recipes do: `algorithm`, `compression`, `text`, `subject` and `extra` of
//! children; `urls`, `data` and `extra` of entries; more of indexes; operations, layouts, aliases.

use super::{index_text, made, only, sample, shown};
use crate::{Case, Digest, LayoutRef, unpacked};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use ocipick_records::Operation;
use std::io::Read as _;

fn document(case: &Case, at: usize) -> &str {
    std::str::from_utf8(&case.documents[at].bytes).unwrap()
}

#[test]
fn entries_embed_and_list_what_they_are_told_to() {
    let case = only(&sample(
        r#"
[children.a]
platform = "linux/amd64"
text = "{}"

[entries.true]
of = "a"
data = true
urls = ["https://example.com/${a.digest}", "x"]
extra = { newKey = "${a.size}", artifactType = "again", list = [1, { b = 2.0 }] }

[entries.wrong]
of = "a"
data = "not base64, as long as ${a.size}"

[entries.none]
of = "a"
data = false
urls = []

[index]
entries = ["true", "wrong", "none"]
"#,
    ));
    insta::assert_snapshot!("more-of-entries", index_text(&case));
}

#[test]
fn indexes_have_subjects_types_versions_and_more() {
    let case = only(&sample(
        r#"
[children.a]
platform = "linux/amd64"

[children.about]
platform = "linux/amd64"

[indexes.odd]
schema-version = "2"
entries = []
extra = { manifests = [], SchemaVersion = 3 }

[indexes.without]
schema-version = false
body-type = false
entries = []

[index]
schema-version = 1
artifact-type = "application/vnd.example"
subject = "about"
entries = ["a", "odd", "without"]
annotations = { a = "b" }
extra = { x = "${a.digest}", y = true }
"#,
    ));
    insta::assert_snapshot!("more-of-indexes", shown(&case));
    assert_eq!(case.children.len(), 2, "the subject is a child as well");
}

#[test]
fn an_entry_stands_there_as_often_as_it_is_told_to() {
    let many = only(&sample(
        "[index]\nentries = [{ of = \"a\", times = 3 }, \"a\", { of = \"a\" }]\n",
    ));
    let long = only(&sample(
        "[index]\nentries = [\"a\", \"a\", \"a\", \"a\", \"a\"]\n",
    ));
    assert_eq!(index_text(&many), index_text(&long));
}

#[test]
fn padding_is_as_long_as_it_is_told_to_be() {
    let case = only(&sample(
        "[index]\ntext = '[${pad:1000}${a.size}${pad:0}]'\n",
    ));
    let size = case.documents[0].bytes.len().to_string();
    assert_eq!(index_text(&case), format!("[{}{size}]", " ".repeat(1000)));
}

#[test]
fn a_text_is_repeated_with_numbers() {
    let case = only(&sample(
        "[index]\ntext = '${repeat:3:<#:#>}${repeat:0:x}${a.size}'\n",
    ));
    let size = case.documents[0].bytes.len().to_string();
    assert_eq!(index_text(&case), format!("<1:1><2:2><3:3>{size}"));
}

#[test]
fn the_bytes_of_a_child_are_embedded_anywhere() {
    let case = only(&sample(
        "[entries.b]\nof = \"a\"\ndata = \"${a.base64}\"\n[index]\nentries = [\"b\"]\n",
    ));
    let embedded = BASE64_STANDARD.encode(&case.documents[0].bytes);
    assert!(index_text(&case).contains(&format!("\"data\": \"{embedded}\"")));
}

#[test]
fn a_child_whose_parts_are_used_is_one_of_the_case() {
    let case = only(&sample(
        "[index]\ntext = '${a.config.digest} ${a.layer.digest}'\n",
    ));
    let [a] = &case.children[..] else { panic!() };
    let config = a.config.clone().unwrap();
    assert_eq!(
        index_text(&case),
        format!("{config} {}", a.layers[0].digest)
    );
    assert_eq!(case.blobs.len(), 2, "both can be fetched");
}

#[test]
fn manifests_are_raw_text_with_their_own_parts() {
    let case = only(&sample(
        r#"
[children.a]
platform = "linux/amd64"
text = '''{"c":"${self.config.digest}","cs":${self.config.size},"l":"${self.layer.digest}",
"ls":${self.layer.size},"b":"${b.digest}","bc":"${b.config.digest}","raw":"${byte:ff}"}'''

[children.b]
platform = "linux/amd64"

[index]
text = "${a.layer.digest} ${a.layer.size} ${a.digest}"
"#,
    ));
    let [a, b] = &case.children[..] else { panic!() };
    let blob = |digest: &Digest| {
        let blob = case.blobs.iter().find(|blob| blob.digest == *digest);
        blob.unwrap().bytes.len()
    };
    let (config, layer) = (a.config.clone().unwrap(), &a.layers[0].digest);
    let expected = format!(
        "{{\"c\":\"{config}\",\"cs\":{},\"l\":\"{layer}\",\n\"ls\":{},\"b\":\"{}\",\"bc\":\"{}\",\"raw\":\"",
        blob(&config),
        blob(layer),
        b.manifest,
        b.config.clone().unwrap(),
    );
    let manifest = &case.documents[0].bytes;
    assert!(manifest.starts_with(expected.as_bytes()));
    assert!(manifest.ends_with(b"\xff\"}"));
    let index = format!("{layer} {} {}", blob(layer), a.manifest);
    assert_eq!(index_text(&case), index);
}

#[test]
fn manifests_have_subjects_and_more() {
    let case = only(&sample(
        r#"
[children.a]
platform = "linux/amd64"

[children.signature]
kind = "artifact"
artifact-type = "application/vnd.example"
subject = "a"
annotations = { a = "b" }
extra = { blobs = [], of = "${a.digest}" }

[index]
entries = ["signature"]
"#,
    ));
    insta::assert_snapshot!("more-of-manifests", document(&case, 1));
}

#[test]
fn manifests_and_indexes_are_known_by_other_algorithms() {
    let case = only(&sample(
        r#"
[children.a]
platform = "linux/amd64"
algorithm = "sha512"

[indexes.inner]
algorithm = "sha512"
entries = ["a"]

[index]
entries = ["inner", "a"]
"#,
    ));
    let [inner, a] = &case.documents[..] else {
        panic!()
    };
    for document in [inner, a] {
        assert_eq!(document.digest.algorithm(), Some("sha512"));
        assert!(document.digest.matches(&document.bytes));
        assert!(index_text(&case).contains(document.digest.as_str()));
    }
    assert_eq!(case.children[0].manifest, a.digest);
    assert_eq!(case.index.digest.algorithm(), Some("sha256"));
}

#[test]
fn layers_are_stored_as_they_are_told_to() {
    for (compression, oci, docker) in [
        ("gzip", ".tar+gzip", ".tar.gzip"),
        ("zstd", ".tar+zstd", ".tar.zstd"),
        ("none", ".tar", ".tar"),
    ] {
        for (format, ending) in [("oci", oci), ("docker", docker)] {
            let case = only(&sample(&format!(
                "[children.a]\nplatform = \"linux/amd64\"\nformat = \"{format}\"\n\
                 compression = \"{compression}\"\n"
            )));
            assert!(
                document(&case, 0).contains(&format!("{ending}\"")),
                "{}",
                document(&case, 0)
            );
            let mut archive = Vec::new();
            unpacked(&*case.blobs[1].bytes)
                .unwrap()
                .read_to_end(&mut archive)
                .unwrap();
            assert_eq!(case.children[0].layers[0].diff_id, Digest::sha256(&archive));
        }
    }
    let typed = only(&sample(
        "[children.a]\nplatform = \"linux/amd64\"\ncompression = \"zstd\"\nlayer-type = \"x/y\"\n",
    ));
    assert!(document(&typed, 0).contains("\"x/y\""));
}

#[test]
fn cases_are_restricted_to_operations() {
    let case = only(&sample("operations = [\"import\", \"copy\"]\n"));
    assert!(case.is_for(Operation::Import) && case.is_for(Operation::Copy));
    assert!(!case.is_for(Operation::Pull));
    assert!(only(&sample("")).is_for(Operation::Pull));
    assert!(only(&sample("")).is_for(Operation::Import));
    // A layout has no registry that could misbehave.
    let faulty = only(&sample("[[faults]]\non = \"index\"\nstatus = 503\n"));
    assert!(faulty.is_for(Operation::Pull) && !faulty.is_for(Operation::Import));
}

#[test]
fn layouts_have_the_entries_they_are_told_to() {
    let case = only(&sample(
        r#"
[children.a]
platform = "linux/amd64"

[children.aside]
platform = "linux/arm64"

[index]
entries = ["a"]

[layout]
refs = [{ of = "aside" }, { of = "index", name = "latest" }, { of = "a", name = "latest" }]
"#,
    ));
    let refs: Vec<(&str, &str, Option<&str>)> = case
        .layout_refs
        .iter()
        .map(|entry| {
            let name = entry.name.as_deref();
            (entry.of.as_str(), entry.digest.as_str(), name)
        })
        .collect();
    let digest = |name: &str| case.child(name).unwrap().manifest.as_str();
    assert_eq!(
        refs,
        [
            ("aside", digest("aside"), None),
            ("index", case.index.digest.as_str(), Some("latest")),
            ("a", digest("a"), Some("latest")),
        ]
    );
    let ordinary = only(&sample(""));
    assert_eq!(ordinary.layout_refs, [LayoutRef::latest(&ordinary.index)]);
    let empty = only(&sample("[layout]\nrefs = []\n"));
    assert_eq!(empty.layout_refs, []);
}

#[test]
fn aliases_are_written_as_names_are() {
    let cases = made(&sample(
        r#"
name = "new-${size}"
title = "${size}"
aliases = ["samples/old-${size}", "gone/${size}"]

[[axes]]
name = "size"
values = { small = "-1", large = "+1" }
"#,
    ));
    let aliases: Vec<&str> = cases[0]
        .aliases
        .iter()
        .map(ocipick_records::CaseId::as_str)
        .collect();
    assert_eq!(cases[0].id.as_str(), "samples/new-large");
    assert_eq!(aliases, ["samples/old-large", "gone/large"]);
}

#[test]
fn ten_thousand_entries_are_quick() {
    let began = std::time::Instant::now();
    let case = only(&sample(
        "[index]\nentries = [{ of = \"a\", times = 10000 }]\n",
    ));
    assert_eq!(index_text(&case).matches("\"digest\"").count(), 10_000);
    // Without optimisation, on a machine that is busy.
    assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
}
