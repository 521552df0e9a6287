//! Holding documents against their schemas.

use serde_json::{Value, json};

/// A document satisfies its schema, and with any value of another kind in it, or of another version,
/// it does not.
pub(crate) fn holds(schema: &str, document: &Value) {
    let schema: Value = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let complaints = validator.iter_errors(document);
    let complaints: Vec<String> = complaints.map(|error| error.to_string()).collect();
    assert!(complaints.is_empty(), "{complaints:?} in {document:#}");
    let mut later = document.clone();
    later["schema"] = Value::from("ocipick.other/1");
    assert!(!validator.is_valid(&later), "the version is not checked");
    for pointer in pointers(document) {
        let mut wrong = document.clone();
        let place = wrong.pointer_mut(&pointer).unwrap();
        *place = match place {
            Value::Null => json!({ "wrong": true }),
            Value::Number(_) | Value::Bool(_) => Value::from("wrong"),
            Value::String(_) | Value::Array(_) | Value::Object(_) => Value::from(1),
        };
        assert!(!validator.is_valid(&wrong), "{pointer} is not checked");
    }
}

/// Where a document has values: of an array the first and the last only.
fn pointers(value: &Value) -> Vec<String> {
    let inner: Vec<(String, &Value)> = match value {
        Value::Array(all) => {
            let last = all.len().saturating_sub(1);
            let ends = all.iter().enumerate();
            let ends = ends.filter(|(at, _)| *at == 0 || *at == last);
            ends.map(|(at, it)| (at.to_string(), it)).collect()
        }
        Value::Object(all) => all
            .iter()
            .map(|(key, it)| (key.replace('~', "~0").replace('/', "~1"), it))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    let below = inner.into_iter().flat_map(|(key, it)| {
        let below = pointers(it).into_iter();
        below.map(move |rest| format!("/{key}{rest}"))
    });
    std::iter::once(String::new()).chain(below).collect()
}
