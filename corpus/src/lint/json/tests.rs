use super::*;
use proptest::prelude::*;

fn faults(document: &[u8]) -> Vec<(FaultKind, String)> {
    let faults = read(document).faults.into_iter();
    faults.map(|fault| (fault.kind, fault.place)).collect()
}

fn at(place: &str, kind: FaultKind) -> Vec<(FaultKind, String)> {
    vec![(kind, place.to_owned())]
}

/// Writes a value as plainly as it can be, to be compared with what another reader makes of it.
fn plain(value: Value<'_, '_>) -> serde_json::Value {
    match value.kind() {
        Kind::Null => serde_json::Value::Null,
        Kind::Bool(truth) => truth.into(),
        Kind::Number(number) => number.parse::<f32>().unwrap().into(),
        Kind::Text(text) => text.into(),
        Kind::List => value.items().map(plain).collect(),
        Kind::Object => value
            .members()
            .map(|(key, value)| (key.to_owned(), plain(value)))
            .collect(),
    }
}

#[test]
fn values_are_read_as_they_are_written() {
    let read =
        read(br#" {"a": [1.50, -0, "x\u00e9\ud83e\udd80\n", null], "b": {"c": true}, "a": 2} "#);
    assert!(matches!(
        read.faults.as_slice(),
        [Fault { kind: FaultKind::Repeated { name, count: 2 }, place }]
            if name == "a" && place.is_empty()
    ));
    let value = read.value().unwrap();
    let keys: Vec<&str> = value.members().map(|(key, _)| key).collect();
    assert_eq!(keys, ["a", "b", "a"]);
    let list = value.all("a").next().unwrap();
    let items: Vec<Kind<'_>> = list.items().map(Value::kind).collect();
    let expected = [
        Kind::Number("1.50"),
        Kind::Number("-0"),
        Kind::Text("xé🦀\n"),
        Kind::Null,
    ];
    assert_eq!(items, expected);
    assert_eq!(value.get("a").map(Value::kind), Some(Kind::Number("2")));
    let inner = value.get("b").and_then(|b| b.get("c"));
    assert_eq!(inner.map(Value::kind), Some(Kind::Bool(true)));
    assert_eq!(list.members().count() + value.items().count(), 0);
}

#[test]
fn what_is_wrong_is_found_with_its_place() {
    let syntax = |at, expected| FaultKind::Syntax { at, expected };
    let repeated = |name: &str, count| FaultKind::Repeated {
        name: name.to_owned(),
        count,
    };
    for (document, expected) in [
        (&b"[1,2] "[..], vec![]),
        (b"", at("", syntax(0, "a value"))),
        (b"{", at("", syntax(1, "a key"))),
        (b"{\"a\":1,}", at("", syntax(7, "a key"))),
        (b"{\"a\" 1}", at("", syntax(5, "`:`"))),
        (b"{\"a\":1 2}", at("", syntax(7, "`,` or `}`"))),
        (b"[1 2]", at("", syntax(3, "`,` or `]`"))),
        (b"[1,]", at("", syntax(3, "a value"))),
        (b"[01]", at("", syntax(2, "`,` or `]`"))),
        (b"[1.]", at("", syntax(3, "a digit"))),
        (b"[-]", at("", syntax(2, "a digit"))),
        (b"[tru]", at("", syntax(1, "a value"))),
        (b"\"a", at("", syntax(2, "the end of a string"))),
        (
            b"\"\\x\"",
            at("", syntax(3, "an escape such as \\n or \\u0041")),
        ),
        (b"[] []", at("", FaultKind::Trailing { at: 3 })),
        (b"[]\0", at("", FaultKind::Trailing { at: 2 })),
        (b"\xef\xbb\xbf[]", at("", FaultKind::Mark)),
        (b"{\0}\0", at("", FaultKind::NotUtf8)),
        (b"\xff\xfe[\0]\0", at("", FaultKind::NotUtf8)),
        (b"{\"a\":[0,\"\xff\xff\"]}", at("a[1]", FaultKind::NotUtf8)),
        (
            b"{\"a\":{\"b.c\":\"\n\n\"}}",
            at("a[\"b.c\"]", FaultKind::Control),
        ),
        (b"{\"a\":{\"\xff\":0}}", at("a", FaultKind::NotUtf8)),
        (b"[\"\\ud800\"]", at("[0]", FaultKind::Surrogate)),
        (b"[\"\\ud800\\u0041\"]", at("[0]", FaultKind::Surrogate)),
        (
            b"[[],[{\"a\":1,\"b\":1,\"a\":1,\"a\":1}]]",
            at("[1][0]", repeated("a", 3)),
        ),
        (
            b"{\"a\":{},\"b\":[1e400]}",
            at("b[0]", FaultKind::Imprecise("1e400".to_owned())),
        ),
    ] {
        let shown = String::from_utf8_lossy(document);
        assert_eq!(faults(document), expected, "{shown}");
    }
}

#[test]
fn long_and_odd_texts_are_shown_on_one_line() {
    assert_eq!(shortened("plain"), "plain");
    assert_eq!(shortened("a\nb\u{feff}"), "a\\nb\\u{feff}");
    let long = shortened(&"é".repeat(500)).into_owned();
    assert_eq!(long.chars().count(), 101);
}

/// Any JSON, written by somebody else.
fn documents() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i32>().prop_map(Into::into),
        any::<i16>().prop_map(|number| (f64::from(number) / 4.0).into()),
        ".{0,8}".prop_map(Into::into),
    ];
    let value = leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map(".{0,3}", inner, 0..4)
                .prop_map(|members| members.into_iter().collect()),
        ]
    });
    (value, any::<bool>()).prop_map(|(value, pretty)| match pretty {
        true => format!("{value:#}"),
        false => value.to_string(),
    })
}

proptest! {
    #[test]
    fn another_reader_agrees(
        document in documents(),
        slip in prop::option::of((any::<prop::sample::Index>(), "[\\[\\]{}:,\"0-9.eE+\\\\u \\-ntrfalsu]")),
    ) {
        let mut text = document;
        if let Some((place, with)) = slip {
            let at = place.index(text.len());
            if text.is_char_boundary(at) && text.is_char_boundary(at + 1) {
                text.replace_range(at..=at, &with);
            }
        }
        let read = read(text.as_bytes());
        let is_json = |fault: &Fault| {
            matches!(fault.kind, FaultKind::Imprecise(_) | FaultKind::Repeated { .. })
        };
        let ours = read.faults.iter().all(is_json);
        match serde_json::from_str::<serde_json::Value>(&text) {
            Ok(theirs) => {
                prop_assert!(ours, "{:?}", read.faults);
                let value = read.value().map(plain).unwrap_or_default();
                prop_assert_eq!(as_floats(theirs), value);
            }
            // It refuses numbers that are too large, which are JSON.
            Err(error) => prop_assert!(!ours || error.to_string().contains("out of range")),
        }
    }
}

/// A value in which every number is a short float.
fn as_floats(value: serde_json::Value) -> serde_json::Value {
    match value {
        // The other reader is off by a little in the last digits of long ones.
        serde_json::Value::Number(number) => number.as_f64().map(|number| number as f32).into(),
        serde_json::Value::Array(items) => items.into_iter().map(as_floats).collect(),
        serde_json::Value::Object(members) => members
            .into_iter()
            .map(|(key, value)| (key, as_floats(value)))
            .collect(),
        other => other,
    }
}
