//! Layouts that are broken in one file or another.

use super::sample::{control, rule_of};
use crate::{
    Corpus, PlatformRequest,
    lint::{check_layouts, layout, rule::Rule},
    media_type::Format,
};
use ocipick_records::CaseId;
use std::{fs, path::Path as Directory};

/// A layout of one empty index, with what is written beside it.
fn layout(files: &[(&str, &str)]) -> Vec<String> {
    let root = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let found = layout::files(root.path()).unwrap();
    found.iter().map(ToString::to_string).collect()
}

const HEADER: (&str, &str) = ("oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#);
const EMPTY_BLOB: (&str, &str) = (
    "blobs/sha256/44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    "{}",
);

fn index_json(entry: &str) -> String {
    let media_type = Format::Oci.index();
    format!(r#"{{"schemaVersion":2,"mediaType":"{media_type}","manifests":[{entry}]}}"#)
}

#[test]
fn layouts_are_checked_file_by_file() {
    let fine = index_json(concat!(
        r#"{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":2,"#,
        r#""digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","#,
        r#""annotations":{"org.opencontainers.image.ref.name":"latest"}}"#
    ));
    assert_eq!(
        layout(&[HEADER, EMPTY_BLOB, ("index.json", &fine)]),
        [""; 0]
    );
    let wrong_size = fine.replace("\"size\":2", "\"size\":3");
    let odd_name = fine.replace("latest", "a b");
    let wrong_blob = ("blobs/sha512/00", "x");
    let no_blob = ("blobs/sha256/a b", "x");
    let hidden = ("blobs/sha256/.tmp", "x");
    let unknown = ("blobs/md5/00", "x");
    let said = [
        layout(&[]),
        layout(&[("oci-layout", "[]"), EMPTY_BLOB, ("index.json", "{")]),
        layout(&[
            ("oci-layout", "{}"),
            EMPTY_BLOB,
            ("index.json", &wrong_size),
        ]),
        layout(&[("oci-layout", "x"), EMPTY_BLOB, ("index.json", &odd_name)]),
        layout(&[
            HEADER,
            wrong_blob,
            no_blob,
            hidden,
            unknown,
            ("index.json", &fine),
        ]),
    ];
    let said: Vec<String> = said.iter().map(|lines| lines.join("\n")).collect();
    insta::assert_snapshot!("breaches-of-layouts", said.join("\n\n"));
}

#[test]
fn layouts_that_cannot_be_read_keep_none_from_being_checked() {
    let root = tempfile::tempdir().unwrap();
    let corpus = Corpus::built_in().unwrap_or_else(|error| panic!("{error}"));
    for name in ["good", "bad"] {
        let dir = root.path().join(name);
        fs::create_dir(&dir).unwrap();
        crate::write_layout(corpus.get(&control()).unwrap(), &dir).unwrap();
    }
    fs::write(root.path().join("bad/index.json"), "{}").unwrap();
    let ask: PlatformRequest = "linux/amd64".parse().unwrap();
    let checked = check_layouts(root.path(), &ask).unwrap();
    let [bad, good] = checked.as_slice() else {
        panic!("{checked:#?}")
    };
    assert!(bad.path.ends_with("bad") && bad.case.is_err());
    assert!(
        bad.breaches
            .iter()
            .any(|breach| rule_of(breach) == Rule::Manifests)
    );
    assert_eq!(good.case.as_ref().unwrap().id, CaseId::foreign("good"));
    assert_eq!(good.breaches, []);
    assert!(check_layouts(Directory::new("/nonexistent/x"), &ask).is_err());
}
