//! Layouts: what is written is read back, and what is wrong is said.

use super::{read_all, write_layout};
use crate::{Case, Corpus, Digest, LayoutRef, PlatformRequest, recipe::properties::any_recipe};
use nix::{sys::stat::Mode, unistd::mkfifo};
use proptest::prelude::*;
use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

fn ask() -> PlatformRequest {
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
        let read = read_all(root.path(), &ask()).unwrap().0.remove(0);
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
    let case = read_all(root.path(), &ask()).unwrap().0.remove(0);
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
    let case = read_all(root.path(), &ask()).unwrap().0.remove(0);
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
        root.to_owned()
    }),
];

/// Writes `index.json` with these digests, each with a name where it has one.
fn put_names(layout: &Path, entries: &[(&str, Option<&str>)]) {
    let entries: Vec<String> = entries
        .iter()
        .map(|(digest, name)| {
            let name = name.map_or_else(String::new, |name| {
                format!(r#","annotations":{{"org.opencontainers.image.ref.name":"{name}"}}"#)
            });
            format!(r#"{{"mediaType":"x/y","digest":"{digest}","size":2{name}}}"#)
        })
        .collect();
    let text = format!(
        r#"{{"schemaVersion":2,"manifests":[{}]}}"#,
        entries.join(",")
    );
    put(&layout.join("index.json"), text.as_bytes());
}

#[test]
fn each_index_of_a_layout_is_a_case_and_one_with_two_names_is_one() {
    let root = tempfile::tempdir().unwrap();
    let layout = |name: &str| root.path().join(name);
    let blobs = |name: &str| {
        let one = put_blob(&layout(name), br#"{"manifests":[]}"#);
        (one, put_blob(&layout(name), br#"{"manifests":[ ]}"#))
    };
    let (one, two) = blobs("same");
    let names: [(&str, _); 2] = [(&one, None), (&one, Some("1.0"))];
    put_names(&layout("same"), &names);
    blobs("several");
    let long = "x".repeat(200);
    let gone = format!("sha256:{}", "0".repeat(64));
    let names: [(&str, _); 5] = [
        (&one, Some("1.0")),
        (&two, Some("2.0")),
        (&gone, Some("3.0")),
        (&one, Some("latest")),
        (&two, None),
    ];
    put_names(&layout("several"), &names);
    // A layout that is called what a name of another would come to, and names that are alike.
    blobs("several:1.0");
    let names: [(&str, _); 2] = [(&one, Some("x")), (&two, Some("x"))];
    put_names(&layout("several:1.0"), &names);
    blobs("unnamed");
    let names: [(&str, _); 2] = [(&one, None), (&two, Some(long.as_str()))];
    put_names(&layout("unnamed"), &names);
    let corpus = Corpus::foreign(root.path(), &ask()).unwrap();
    let cases: Vec<(&str, &str)> = corpus
        .cases()
        .iter()
        .map(|case| (case.id.as_str(), case.index.digest.as_str()))
        .collect();
    assert_eq!(
        cases,
        [
            ("same", one.as_str()),
            ("several:1.0:x", &one),
            ("several:1.0:x[1]", &two),
            ("several:1.0[0]", &one),
            ("several:2.0", &two),
            ("unnamed[0]", &one),
            ("unnamed[1]", &two),
        ]
    );
    let unread: Vec<String> = corpus.unread().iter().map(|it| it.id.to_string()).collect();
    assert_eq!(unread, ["several:3.0"]);
    assert!(corpus.unread()[0].error.to_string().contains(&gone));
}

#[test]
fn a_layout_that_cannot_be_read_keeps_none_from_being_a_case() {
    let root = tempfile::tempdir().unwrap();
    put_layout(&root.path().join("good"), b"{}");
    put(&root.path().join("bad/oci-layout"), b"{}");
    let corpus = Corpus::foreign(root.path(), &ask()).unwrap();
    assert_eq!(corpus.cases().len(), 1);
    assert_eq!(corpus.unread()[0].id.as_str(), "bad");
}

#[test]
fn every_blob_has_a_type_to_be_served_with_as_a_manifest() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path();
    let manifest =
        |key: &str| put_blob(dir, format!(r#"{{"config":{{}},"x":"{key}"}}"#).as_bytes());
    let (subject, annotated, listed, entry) =
        (manifest("s"), manifest("a"), manifest("l"), manifest("e"));
    let own = put_blob(dir, br#"{"mediaType":"x/own","config":{}}"#);
    let nested = put_blob(dir, br#"{"manifests":[],"x":1}"#);
    let schema1 = put_blob(dir, br#"{"fsLayers":[],"signatures":[]}"#);
    let layer = put_blob(dir, b"layer");
    let unnamed = put_blob(dir, b"unnamed");
    put_blob(
        dir,
        format!(
            r#"{{"blobs":[{{"mediaType":"x/listed","digest":"{listed}"}}],"bad":{{"mediaType":"two\nlines","digest":"{unnamed}"}},"layers":[{{"mediaType":"x/layer","digest":"{layer}"}}]}}"#
        )
        .as_bytes(),
    );
    let index = format!(
        r#"{{"manife\u017ft\u017f":[{{"digest":"{entry}","mediaType":"x/entry"}}],"annotations":{{"a":"{annotated}"}},"\u017fubject":{{"mediaType":"x/subject","digest":"{subject}"}}}}"#
    );
    put_layout(dir, index.as_bytes());
    let case = read_all(dir, &ask()).unwrap().0.remove(0);
    let document = &case.documents[0];
    assert_eq!(
        (document.digest.as_str(), &*document.media_type),
        (&*entry, "x/entry")
    );
    assert_eq!(case.children[0].manifest.as_str(), entry);
    for (digest, media_type) in [
        (subject, "x/subject"),
        (annotated, "application/vnd.oci.image.manifest.v1+json"),
        (listed, "x/listed"),
        (own, "x/own"),
        (nested, "application/vnd.oci.image.index.v1+json"),
        (
            schema1,
            "application/vnd.docker.distribution.manifest.v1+prettyjws",
        ),
        (layer, "x/layer"),
        (unnamed, "application/octet-stream"),
    ] {
        let blob = case
            .blobs
            .iter()
            .find(|blob| blob.digest.as_str() == digest);
        assert_eq!(blob.unwrap().media_type.as_deref(), Some(media_type));
    }
}

#[test]
fn layers_of_the_first_schema_are_those_of_the_child() {
    let root = tempfile::tempdir().unwrap();
    let base = put_blob(root.path(), b"base");
    let gzip = [
        0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1, 1, 0, 0xfe, 0xff, b'x', 0x83, 0x16, 0xdc, 0x8c, 1,
        0, 0, 0,
    ];
    let top = put_blob(root.path(), &gzip);
    let manifest = format!(r#"{{"fsLayers":[{{"blobSum":"{top}"}},{{"blobSum":"{base}"}}]}}"#);
    put_layout(root.path(), manifest.as_bytes());
    let case = read_all(root.path(), &ask()).unwrap().0.remove(0);
    let layers: Vec<(&str, &str)> = case.children[0]
        .layers
        .iter()
        .map(|layer| (layer.digest.as_str(), layer.diff_id.as_str()))
        .collect();
    let unpacked = Digest::sha256(b"x");
    assert_eq!(layers, [(&*base, &*base), (&*top, unpacked.as_str())]);
}

/// What is hostile in a layout, and what is said of it.
type Hostile = (&'static str, fn(&Path), &'static str);

const HOSTILE: &[Hostile] = &[
    (
        "blob that is a link to a file of the host",
        |x| {
            fs::create_dir_all(x.join("blobs/foo")).unwrap();
            symlink("/etc/shadow", x.join("blobs/foo/bar")).unwrap();
        },
        "blobs/foo/bar: a symbolic link leads out of",
    ),
    (
        "folder of blobs that is a link",
        |x| symlink("/etc", x.join("blobs/foo")).unwrap(),
        "blobs/foo: a symbolic link leads out of",
    ),
    (
        "blob that is a FIFO",
        |x| mkfifo(&x.join("blobs/sha256/aa"), Mode::S_IRWXU).unwrap(),
        "blobs/sha256/aa: is a FIFO",
    ),
    (
        "index.json that is a FIFO",
        |x| {
            fs::remove_file(x.join("index.json")).unwrap();
            mkfifo(&x.join("index.json"), Mode::S_IRWXU).unwrap();
        },
        "index.json: is a FIFO",
    ),
    (
        "oci-layout that is a FIFO",
        |x| mkfifo(&x.join("oci-layout"), Mode::S_IRWXU).unwrap(),
        "oci-layout: is a FIFO",
    ),
    (
        "case.json that is a FIFO",
        |x| mkfifo(&x.join("case.json"), Mode::S_IRWXU).unwrap(),
        "case.json: is a FIFO",
    ),
    (
        "index.json without an end",
        |x| {
            fs::remove_file(x.join("index.json")).unwrap();
            symlink("/dev/zero", x.join("index.json")).unwrap();
        },
        "index.json: a symbolic link leads out of",
    ),
    (
        "sparse index.json",
        |x| sparse(&x.join("index.json"), 2 << 30),
        "index.json: has 2147483648 bytes, and at most 67108864 are read",
    ),
    (
        "sparse blob",
        |x| sparse(&x.join("blobs/sha256/aa"), 40 << 30),
        "blobs/sha256/aa: this blob has 42949672960 bytes",
    ),
    (
        "link to a layout elsewhere",
        |x| {
            let elsewhere = x.parent().unwrap().with_extension("elsewhere");
            fs::rename(x, &elsewhere).unwrap();
            symlink(elsewhere, x).unwrap();
        },
        "x: this link leads to a layout that is elsewhere",
    ),
];

fn sparse(path: &Path, size: u64) {
    fs::File::create(path).unwrap().set_len(size).unwrap();
}

#[test]
fn what_is_hostile_in_a_layout_is_refused_at_once() {
    for (what, make, words) in HOSTILE {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("corpus");
        put_layout(&root.join("x"), b"{}");
        make(&root.join("x"));
        put_layout(&root.join("good"), b"{}");
        let corpus = Corpus::foreign(&root, &ask()).unwrap();
        let [unread] = corpus.unread() else {
            panic!("{what}: {:?}", corpus.unread())
        };
        let error = unread.error.to_string();
        assert!(error.contains(words), "{what}: {error}");
        assert!(error.contains("(hint: "), "{what}: {error}");
        assert_eq!(corpus.cases().len(), 1, "{what}");
    }
}

#[test]
fn links_within_a_layout_and_to_layouts_of_the_corpus_are_followed() {
    let root = tempfile::tempdir().unwrap();
    let x = root.path().join("x");
    put_layout(&x, b"{}");
    let blob = Digest::sha256(b"{}");
    let name = x.join("blobs/sha256").join(blob.encoded());
    fs::rename(&name, x.join("elsewhere")).unwrap();
    symlink("../../elsewhere", &name).unwrap();
    symlink("x", root.path().join("link")).unwrap();
    symlink("..", root.path().join("loop")).unwrap();
    symlink("absent", root.path().join("broken")).unwrap();
    let corpus = Corpus::foreign(root.path(), &ask()).unwrap();
    let ids: Vec<&str> = corpus.cases().iter().map(|case| case.id.as_str()).collect();
    assert_eq!((ids, corpus.unread().len()), (vec!["link", "x"], 0));
}

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
    let case = read_all(root.path(), &ask()).unwrap().0.remove(0);
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
    let mut case = read_all(root.path(), &ask()).unwrap().0.remove(0);
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
