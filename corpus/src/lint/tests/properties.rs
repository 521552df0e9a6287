//! Whatever is read, nothing panics.

use super::sample::ValidCase;
use crate::{Blob, Case, Document, lint::breaches, media_type::Format};
use proptest::prelude::*;

/// Reads a document in every role that it could have.
fn in_every_role(document: &[u8]) {
    let forms = [
        Format::Oci.index(),
        Format::Docker.index(),
        Format::Oci.manifest(),
        Format::Docker.manifest(),
        "application/octet-stream",
    ];
    let base = ValidCase::oci().case();
    for form in forms {
        let case = Case {
            index: Document::new(form, document),
            documents: forms.map(|form| Document::new(form, document)).into(),
            blobs: vec![Blob::new(document)],
            ..base.clone()
        };
        let _ = breaches(&case);
    }
    let config = ValidCase {
        config: String::from_utf8_lossy(document).into_owned(),
        ..ValidCase::oci()
    };
    let _ = config.breaches();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_it_panic(document: Vec<u8>) {
        in_every_role(&document);
    }

    #[test]
    fn no_changed_document_makes_it_panic(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        of in 0..3,
    ) {
        let valid = ValidCase::oci();
        let mut document = [valid.index, valid.manifest, valid.config][of as usize].clone().into_bytes();
        for (place, byte) in cuts {
            let at = place.index(document.len());
            document[at] = byte;
        }
        in_every_role(&document);
    }

    #[test]
    fn no_wrong_value_makes_it_panic(
        key in prop::sample::select(vec![
            "schemaVersion", "mediaType", "manifests", "config", "layers", "subject", "annotations",
            "artifactType", "digest", "size", "platform", "os", "architecture", "variant", "urls",
            "data", "rootfs", "os.features", "os.version", "features", "diff_ids", "type",
        ]),
        value in prop::sample::select(vec![
            "null", "true", "0", "-1", "2.5", "1e999", "\"\"", "\"a/b\"", "\"sha256:\"", "[]",
            "[[]]", "[null]", "{}", "{\"a\":null}", "[{\"platform\":{}}]", "\"\\ud83e\\udd80\"",
        ]),
        of in 0..3,
    ) {
        let valid = ValidCase::oci();
        let document = [valid.index, valid.manifest, valid.config][of as usize].clone();
        let added = document.replacen('{', &format!("{{\"{key}\":{value},"), 1);
        in_every_role(added.as_bytes());
        let inner = document.replace(&format!("\"{key}\":"), &format!("\"{key}\":{value},\"x\":"));
        in_every_role(inner.as_bytes());
    }
}

#[test]
fn neither_depth_nor_length_is_too_much() {
    let deep = "[".repeat(1_000_000);
    in_every_role(deep.as_bytes());
    let closed = format!("{{\"manifests\":{deep}{}}}", "]".repeat(1_000_000));
    in_every_role(closed.as_bytes());
    let keys = "{\"a\":".repeat(200_000);
    in_every_role(keys.as_bytes());
}
