//! Layouts: what is written is read back, and what is wrong is said.

use super::{read_all, write_layout};
use crate::{Ask, Case, Corpus, Digest, LayoutRef, recipe::properties::any_recipe};
use proptest::prelude::*;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn ask() -> Ask {
    "linux/amd64".parse().unwrap()
}

/// The digests of everything that is served.
fn served(case: &Case) -> BTreeSet<&str> {
    let documents = case.documents.iter().map(|document| &document.digest);
    let blobs = case.blobs.iter().map(|blob| &blob.digest);
    documents.chain(blobs).map(Digest::as_str).collect()
}

/// Writes a file of a layout, folders and all.
fn put(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// Writes a blob, and returns its digest.
fn put_blob(layout: &Path, bytes: &[u8]) -> String {
    let digest = Digest::sha256(bytes);
    put(&layout.join("blobs/sha256").join(digest.encoded()), bytes);
    digest.as_str().to_owned()
}

/// Writes a layout around an index.
fn put_layout(layout: &Path, index: &[u8]) {
    let digest = put_blob(layout, index);
    let contents = format!(
        r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"application/vnd.example","digest":"{digest}","size":{}}}]}}"#,
        index.len()
    );
    put(&layout.join("index.json"), contents.as_bytes());
}

#[test]
fn the_built_in_corpus_is_read_back_from_layouts() {
    let root = tempfile::tempdir().unwrap();
    let corpus = Corpus::built_in().unwrap_or_else(|error| panic!("{error}"));
    let mut readable = 0;
    for case in corpus.cases() {
        // A layout that is about its table of contents has more in it than the one index.
        let plain = matches!(&case.layout_refs[..], [only] if only.of == LayoutRef::INDEX);
        readable += usize::from(plain);
        let folder = if plain { "plain" } else { "odd" };
        let dir = root.path().join(folder).join(case.id.as_str());
        write_layout(case, &dir).unwrap();
        write_layout(case, &dir).unwrap_or_else(|error| panic!("writing it again: {error}"));
    }
    let foreign = Corpus::foreign(&root.path().join("plain"), &ask()).unwrap();
    assert_eq!(foreign.cases().len(), readable);
    for case in foreign.cases() {
        let written = corpus.get(&case.id).unwrap();
        assert_eq!(case.index, written.index, "{}", case.id);
        assert_eq!(served(case), served(written), "{}", case.id);
        for child in &case.children {
            let mut same = written.children.iter();
            let Some(same) = same.find(|known| known.manifest == child.manifest) else {
                // An entry whose digest was made up leads to nothing that a recipe has, the one
                // of a build cache to a blob, and what is served as a manifest is one itself.
                let blob = written
                    .blobs
                    .iter()
                    .any(|blob| blob.digest == child.manifest);
                let itself = written.index.digest == child.manifest;
                assert!(
                    !child.served || blob || itself,
                    "{} {}",
                    case.id,
                    child.name
                );
                continue;
            };
            assert_eq!(child.served, same.served, "{} {}", case.id, child.name);
            // Manifests of the first schema have no config.
            if child.served && case.id.family() != "schema1" {
                assert_eq!(child.config, same.config, "{} {}", case.id, child.name);
                assert_eq!(child.platform, same.platform, "{} {}", case.id, child.name);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_case_is_read_back(recipe in any_recipe()) {
        let case = recipe.case();
        let root = tempfile::tempdir().unwrap();
        write_layout(&case, root.path()).unwrap();
        let read = read_all(root.path(), &ask()).unwrap().remove(0);
        prop_assert_eq!(&read.index, &case.index);
        prop_assert_eq!(served(&read), served(&case));
        let manifests = |case: &Case| -> BTreeSet<(String, bool)> {
            case.children.iter().map(|c| (c.manifest.as_str().to_owned(), c.served)).collect()
        };
        prop_assert_eq!(manifests(&read), manifests(&case));
    }
}

#[test]
fn children_are_named_by_their_first_place() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("some").join("layout");
    let config = put_blob(
        &dir,
        br#"{"architecture":"arm","os":"linux","variant":"v7","rootfs":{"type":"layers","diff_ids":["sha256:11"]}}"#,
    );
    let manifest = format!(
        r#"{{"config":{{"digest":"{config}"}},"layers":[{{"digest":"sha256:22"}},{{"digest":"sha256:33"}}]}}"#
    );
    let manifest = put_blob(&dir, manifest.as_bytes());
    let nested = format!(
        r#"{{"manifests":[{{"digest":"sha256:00","mediaType":"x/gone"}},{{"digest":"{manifest}","mediaType":"x/again"}}]}}"#
    );
    let nested = put_blob(&dir, nested.as_bytes());
    let unrelated = put_blob(&dir, b"unrelated");
    let index = format!(
        r#"{{"Manifests":[{{"digest":"{nested}"}},{{"digest":"{manifest}","mediaType":"x/first"}},{{"digest":"sha256:44","Digest":"sha256:55"}}],"manifests":[{{"digest":"sha256:66"}}]}}, and more"#
    );
    put_layout(&dir, index.as_bytes());
    let foreign = Corpus::foreign(root.path(), &ask()).unwrap();
    let case = &foreign.cases()[0];
    assert_eq!(case.id.as_str(), "some/layout");
    assert_eq!(case.index.media_type, "application/vnd.example");
    assert_eq!(&*case.index.bytes, index.as_bytes());
    let names: Vec<(&str, bool)> = case
        .children
        .iter()
        .map(|child| (child.name.as_str(), child.served))
        .collect();
    assert_eq!(
        names,
        [
            ("manifests[0].manifests[0]", false),
            ("manifests[0].manifests[1]", true),
            ("manifests[2]", false),
            ("manifests[2]#2", false),
            ("manifests[3]", false),
        ]
    );
    let child = &case.children[1];
    assert_eq!(child.platform, Some("linux/arm/v7".parse().unwrap()));
    let diff_ids: Vec<&str> = child.layers.iter().map(|l| l.diff_id.as_str()).collect();
    assert_eq!(diff_ids, ["sha256:11", "sha256:33"]);
    let types: Vec<&str> = case
        .documents
        .iter()
        .map(|d| d.media_type.as_str())
        .collect();
    assert_eq!(
        types,
        ["application/vnd.oci.image.index.v1+json", "x/again"]
    );
    let mut blobs = [config, unrelated];
    blobs.sort();
    let read: Vec<&str> = case.blobs.iter().map(|blob| blob.digest.as_str()).collect();
    assert_eq!(read, blobs);
}

#[test]
fn a_directory_that_is_a_layout_is_named_after_itself() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("lone");
    put_layout(&dir, br#"{"manifests":[]}"#);
    let foreign = Corpus::foreign(&dir, &ask()).unwrap();
    assert_eq!(foreign.cases()[0].id.as_str(), "lone");
    assert_eq!(foreign.families()[0].id, "");
}

#[test]
fn a_plain_manifest_is_its_own_child() {
    let root = tempfile::tempdir().unwrap();
    put_layout(
        root.path(),
        br#"{"config":{"digest":"sha256:00"},"layers":[]}"#,
    );
    let case = read_all(root.path(), &ask()).unwrap().remove(0);
    assert_eq!(case.children[0].name, "manifest");
    assert_eq!(case.children[0].manifest, case.index.digest);
    assert!(case.documents.is_empty());
}

#[test]
fn a_chain_of_indexes_of_any_depth_is_followed() {
    let root = tempfile::tempdir().unwrap();
    let mut digest = put_blob(root.path(), br#"{"layers":[]}"#);
    for _ in 0..300 {
        let index = format!(r#"{{"manifests":[{{"digest":"{digest}"}}]}}"#);
        digest = put_blob(root.path(), index.as_bytes());
    }
    put_layout(
        root.path(),
        format!(r#"{{"manifests":[{{"digest":"{digest}"}}]}}"#).as_bytes(),
    );
    let case = read_all(root.path(), &ask()).unwrap().remove(0);
    assert_eq!((case.children.len(), case.documents.len()), (1, 301));
}

/// Makes a directory with a mistake in it, below the one it is given.
type Make = fn(&Path) -> PathBuf;

/// Name of the snapshot, and a directory with that mistake.
const MISTAKES: &[(&str, Make)] = &[
    ("absent", |root| root.join("absent")),
    ("no-layouts", |root| {
        put(&root.join("x/readme.txt"), b"");
        root.to_owned()
    }),
    ("no-index-json", |root| {
        put(&root.join("x/oci-layout"), b"{}");
        root.to_owned()
    }),
    ("broken-index-json", |root| {
        put_layout(&root.join("x"), b"{}");
        put(&root.join("x/index.json"), b"{\n  \"manifests\": [,]\n}");
        root.to_owned()
    }),
    ("empty-index-json", |root| {
        put_layout(&root.join("x"), b"{}");
        put(&root.join("x/index.json"), b"");
        root.to_owned()
    }),
    ("no-descriptor", |root| {
        put_layout(&root.join("x"), b"{}");
        put(
            &root.join("x/index.json"),
            br#"{"schemaVersion":2,"manifests":[]}"#,
        );
        root.to_owned()
    }),
    ("several-descriptors", |root| {
        put_layout(&root.join("x"), b"{}");
        put(&root.join("x/index.json"), br#"{"manifests":[{},{}]}"#);
        root.to_owned()
    }),
    ("no-digest", |root| {
        put_layout(&root.join("x"), b"{}");
        put(
            &root.join("x/index.json"),
            br#"{"manifests":[{"mediaType":"x/y"}]}"#,
        );
        root.to_owned()
    }),
    ("no-media-type", |root| {
        put_layout(&root.join("x"), b"{}");
        put(
            &root.join("x/index.json"),
            br#"{"manifests":[{"digest":"sha256:00"}]}"#,
        );
        root.to_owned()
    }),
    ("missing-index", |root| {
        put_layout(&root.join("x"), b"{}");
        fs::remove_dir_all(root.join("x/blobs/sha256")).unwrap();
        root.to_owned()
    }),
    ("wrong-blob", |root| {
        put_layout(&root.join("x"), b"{}");
        let name = "0".repeat(64);
        put(&root.join("x/blobs/sha256").join(name), b"other");
        root.to_owned()
    }),
    ("wrong-blob-sha512", |root| {
        put_layout(&root.join("x"), b"{}");
        put(&root.join("x/blobs/sha512/00"), b"other");
        root.to_owned()
    }),
    ("several-layouts", |root| {
        put(&root.join("x/oci-layout"), b"{}");
        put(&root.join("y/oci-layout"), b"{}");
        put_layout(&root.join("z"), b"{}");
        root.to_owned()
    }),
];

#[test]
fn mistakes_in_layouts_are_reported_with_file_and_hint() {
    for (name, make) in MISTAKES {
        let root = tempfile::tempdir().unwrap();
        let dir = make(root.path());
        let error = Corpus::foreign(&dir, &ask()).expect_err(name).to_string();
        assert!(error.contains("(hint: "), "{name}: {error}");
        let shown = error.replace(root.path().to_str().unwrap(), "DIR");
        insta::assert_snapshot!(format!("layout-{name}"), shown);
    }
}

#[test]
fn foreign_blobs_of_other_algorithms_are_taken_as_they_are() {
    let root = tempfile::tempdir().unwrap();
    put_layout(
        root.path(),
        br#"{"manifests":[{"digest":"blake3:00","mediaType":"x/y"}]}"#,
    );
    put(&root.path().join("blobs/blake3/00"), br#"{"layers":[]}"#);
    put(&root.path().join("blobs/sha256/.half-written"), b"");
    let case = read_all(root.path(), &ask()).unwrap().remove(0);
    assert_eq!(case.documents[0].digest.as_str(), "blake3:00");
}

#[test]
fn writing_never_mixes_with_what_is_there() {
    let root = tempfile::tempdir().unwrap();
    put(&root.path().join("notes.txt"), b"mine");
    let corpus = Corpus::built_in().unwrap_or_else(|error| panic!("{error}"));
    let error = write_layout(&corpus.cases()[0], root.path()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("notes.txt: this does not belong"),
        "{error}"
    );
}

#[test]
fn digests_that_lead_out_of_the_layout_are_not_written() {
    let root = tempfile::tempdir().unwrap();
    put_layout(root.path(), br#"{"manifests":[]}"#);
    let mut case = read_all(root.path(), &ask()).unwrap().remove(0);
    for digest in ["sha256:../../x", "..:x", "plain", "sha256:"] {
        case.index.digest = Digest::verbatim(digest);
        let error = write_layout(&case, &root.path().join("out")).unwrap_err();
        assert!(
            error.to_string().contains("cannot be the name of a blob"),
            "{error}"
        );
    }
    assert!(!root.path().join("out").exists());
}
