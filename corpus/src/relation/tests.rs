use super::*;
use crate::Corpus;
use std::{collections::BTreeMap, sync::LazyLock};

fn case(id: &str) -> Case {
    all()
        .iter()
        .find(|case| case.id.as_str() == id)
        .unwrap()
        .clone()
}

fn all() -> &'static [Case] {
    static CORPUS: LazyLock<Corpus> = LazyLock::new(|| Corpus::built_in().unwrap());
    CORPUS.cases()
}

/// Whether all of `short` stands in `long`, in its order.
fn is_within(short: &[u8], long: &[u8]) -> bool {
    let mut rest = long.iter();
    short.iter().all(|byte| rest.any(|other| other == byte))
}

/// Without what a relation adds, the index is what it was; and nothing else has changed.
#[test]
fn what_was_authored_stays_as_it_was() {
    let mut applied: BTreeMap<Relation, usize> = BTreeMap::new();
    for case in all() {
        // What nests too deep for this reader has only its bytes compared.
        let before = serde_json::from_slice::<serde_json::Value>(&case.index.bytes).ok();
        for &relation in Relation::ALL {
            let Ok(derived) = relation.derive(case) else {
                continue;
            };
            *applied.entry(relation).or_default() += 1;
            assert_eq!(derived.id.as_str(), format!("{}~{relation}", case.id));
            assert!(is_within(&case.index.bytes, &derived.index.bytes));
            assert_eq!(derived.children[..case.children.len()], case.children[..]);
            assert_eq!(
                derived.documents[..case.documents.len()],
                case.documents[..]
            );
            assert_eq!(derived.blobs[..case.blobs.len()], case.blobs[..]);
            assert_eq!(derived.asks, case.asks);
            if relation == Relation::WarmStore {
                assert_eq!(derived.index, case.index);
                continue;
            }
            assert_ne!(derived.index.digest, case.index.digest);
            let Some(before) = &before else { continue };
            let mut after: serde_json::Value =
                serde_json::from_slice(&derived.index.bytes).unwrap();
            undo(relation, &mut after);
            assert_eq!(after, *before, "{}", derived.id);
        }
    }
    // A relation that hardly ever applies would not be worth its name.
    for &relation in Relation::ALL {
        assert!(applied[&relation] > 200, "{relation}: {applied:?}");
    }
}

fn undo(relation: Relation, index: &mut serde_json::Value) {
    let entries = index["manifests"].as_array_mut().unwrap();
    match relation {
        Relation::OtherPlatformLast => drop(entries.pop()),
        Relation::OtherPlatformFirst => drop(entries.remove(0)),
        Relation::EntryAnnotations | Relation::UnknownEntryFields => {
            for entry in entries {
                let removed = entry.as_object_mut().unwrap().remove(added(relation));
                assert!(removed.is_some());
            }
        }
        Relation::IndexAnnotation | Relation::UnknownIndexField => {
            let removed = index.as_object_mut().unwrap().remove(added(relation));
            assert!(removed.is_some());
        }
        Relation::WarmStore => {}
    }
}

fn added(relation: Relation) -> &'static str {
    match relation {
        Relation::IndexAnnotation | Relation::EntryAnnotations => "annotations",
        _ => UNKNOWN,
    }
}

#[test]
fn the_stranger_is_a_whole_image_for_a_platform_that_nobody_asks_for() {
    let derived = Relation::OtherPlatformFirst
        .derive(&case("duplicates/two-entries"))
        .unwrap();
    let child = derived.child(OTHER).unwrap();
    assert_eq!(child.platform, Some("linux/s390x".parse().unwrap()));
    let index: serde_json::Value = serde_json::from_slice(&derived.index.bytes).unwrap();
    let entry = &index["manifests"][0];
    let (manifest, media_type) = derived.content(child.manifest.as_str()).unwrap();
    assert_eq!(entry["digest"], child.manifest.as_str());
    assert_eq!(entry["size"], manifest.len());
    assert_eq!(entry["mediaType"].as_str(), media_type);
    assert_eq!(entry["platform"]["architecture"], "s390x");
    for digest in [child.config.as_ref().unwrap(), &child.layers[0].digest] {
        assert!(derived.content(digest.as_str()).is_some());
    }
    assert_eq!(derived.layout_refs[0].digest, derived.index.digest);
    assert_eq!(
        derived.layout_refs[0].size,
        derived.index.bytes.len() as u64
    );
}

#[test]
fn what_is_not_plain_is_left_alone() {
    let mut case = case("duplicates/two-entries");
    let mut with = |text: &str| {
        case.index = Document::new(&case.index.media_type, text.as_bytes().to_vec());
        Relation::OtherPlatformLast.derive(&case).unwrap_err().why
    };
    assert_eq!(with("{} x"), "its index is no plain JSON");
    assert_eq!(with("[]"), "its index is no object");
    assert_eq!(with("{\"a\":1,\"A\":2}"), "its index has a key twice");
    assert_eq!(
        with("{\"Manifests\":[]}"),
        "its index has no array of manifests"
    );
    assert_eq!(
        with("{\"manifests\":{}}"),
        "its index has no array of manifests"
    );
    assert_eq!(with("{\"manifests\":[]}"), "its index has no entries");
    assert_eq!(with("{\"manifests\":[1]}"), "an entry is no object");
    assert_eq!(
        with("{\"manifests\":[{\"a\":1,\"a\":1}]}"),
        "an entry has a key twice"
    );
    assert_eq!(
        with("{\"manifests\":[{\"platform\":{\"os\":\"linux\"}}]}"),
        "an entry names no platform"
    );
    let long = format!("{{\"manifests\":[{{}}],\"x\":\"{}\"}}", "x".repeat(LARGEST));
    assert_eq!(with(&long), "it is about size");
}

#[test]
fn members_are_put_behind_the_last_even_where_there_is_none() {
    let odd = b" { \"manifests\" : [ {} , {\"a\":[{\"b\":\"}]\\\"\"}] } ] } ";
    let plain = Plain::read(odd).unwrap();
    let bytes = plain.with_member_of_entries("k", "1").unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(
        text,
        " { \"manifests\" : [ {\"k\":1} , {\"a\":[{\"b\":\"}]\\\"\"}],\"k\":1 } ] } "
    );
    let text = String::from_utf8(plain.with_member("k", "1").unwrap()).unwrap();
    assert!(text.ends_with(" ],\"k\":1 } "), "{text}");
    assert!(plain.with_member("Manifests", "1").is_err());
}

#[test]
fn names_are_read_back() {
    for &relation in Relation::ALL {
        assert_eq!(relation.as_str().parse(), Ok(relation));
    }
    let error = "x".parse::<Relation>().unwrap_err().to_string();
    assert!(
        error.starts_with("`x` is no relation (hint: other-platform-last, "),
        "{error}"
    );
}
