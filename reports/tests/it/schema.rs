//! The published JSON Schema is that of the types, and the records satisfy it.

use crate::sample;
use jsonschema::Validator;
use ocipick_records::{
    Command, Evidence, Exit, HttpRequest, Identity, Observation, Outcome, OutcomeKind, Provenance,
    Record, RefusalReason, Sighting, UnmeasuredWhy, json_schema,
};
use serde_json::Value;
use std::{fs, path::Path};

fn validator() -> Validator {
    let schema: Value = serde_json::from_str(&json_schema()).expect("the schema is JSON");
    jsonschema::validator_for(&schema).expect("the schema is a schema")
}

fn complaints(validator: &Validator, value: &Value) -> Vec<String> {
    validator
        .iter_errors(value)
        .map(|error| format!("{error} in {value}"))
        .collect()
}

#[test]
fn schema_is_published_as_it_is() {
    published("results.schema.json", &json_schema());
}

/// What stands in the repository must be what the types say.
pub(crate) fn published(name: &str, schema: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("schema")
        .join(name);
    let published = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        published == schema,
        "reports/schema/{name} is stale (hint: make generate)"
    );
}

/// A document satisfies its schema, and with any value of another kind in it, or of another version,
/// it does not.
pub(crate) fn holds(schema: &str, document: &Value) {
    let schema: Value = serde_json::from_str(schema).expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is a schema");
    assert_eq!(complaints(&validator, document), Vec::<String>::new());
    let mut later = document.clone();
    later["schema"] = Value::from("ocipick.other/1");
    assert!(!validator.is_valid(&later), "the version is not checked");
    for pointer in pointers(document) {
        let mut wrong = document.clone();
        let place = wrong.pointer_mut(&pointer).expect("it is there");
        *place = match place {
            Value::Null => serde_json::json!({ "wrong": true }),
            Value::Number(_) | Value::Bool(_) => Value::from("wrong"),
            Value::String(_) | Value::Array(_) | Value::Object(_) => Value::from(1),
        };
        assert!(!validator.is_valid(&wrong), "{pointer} is not checked");
    }
}

/// Where a document has values: of an array the first only, and of a large object some.
fn pointers(value: &Value) -> Vec<String> {
    const SOME: usize = 12;
    let inner: Vec<(String, &Value)> = match value {
        Value::Array(all) => all
            .first()
            .map(|it| ("0".to_owned(), it))
            .into_iter()
            .collect(),
        Value::Object(all) => all
            .iter()
            .take(SOME)
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

#[test]
fn schema_permits_every_record_of_the_sample() {
    let validator = validator();
    let unfinished = sample::sample();
    let finished = sample::results(sample::trials());
    let mut records = vec![Record::Header(Box::new(unfinished.header))];
    records.extend(finished.footer.map(Record::Footer));
    let trials = unfinished.trials.into_iter().map(Box::new);
    records.extend(trials.map(Record::Trial));
    let mut kinds: Vec<OutcomeKind> = Vec::new();
    for record in &records {
        let value = serde_json::to_value(record).unwrap();
        assert_eq!(complaints(&validator, &value), Vec::<String>::new());
        if let Record::Trial(trial) = record {
            kinds.push(trial.outcome.kind());
        }
    }
    for kind in OutcomeKind::ALL {
        assert!(kinds.contains(kind), "the sample lacks {kind}");
    }
}

#[test]
fn schema_permits_every_kind_of_evidence() {
    let validator = validator();
    let many = || vec!["sha256:aa".to_owned(), "sha256:bb".to_owned()];
    let identities = [
        Identity::ManifestDigest("sha256:aa".into()),
        Identity::ConfigDigest("sha256:aa".into()),
        Identity::LayerDigests(many()),
        Identity::DiffIds(many()),
        Identity::Stored(many()),
        Identity::Marker("first".into()),
        Identity::Label("first".into()),
    ];
    let observations = [
        Observation::NotLooked,
        Observation::Seen {
            sightings: identities
                .into_iter()
                .map(|identity| Sighting {
                    source: "inspect".into(),
                    identity,
                    children: vec!["first".into()],
                })
                .collect(),
        },
        Observation::Absent { words: "no".into() },
        Observation::Failed {
            trouble: "no".into(),
        },
    ];
    let exits = [
        Exit::Code(-1),
        Exit::Signal(9),
        Exit::Deadline,
        Exit::OutputLimit,
    ];
    let mut trial = sample::trial("a/b", crate::CRANE, Outcome::Nothing);
    for observation in &observations {
        for exit in exits {
            trial.evidence = Evidence {
                reported: observation.clone(),
                materialised: observation.clone(),
                requests: vec![HttpRequest {
                    method: "GET".into(),
                    path: "/".into(),
                    status: 206,
                    bytes: u64::MAX,
                    at_ms: 0,
                    user_agent: Some("tool".into()),
                    accept: Some("*/*".into()),
                    range: Some("bytes=0-".into()),
                }],
                exit: Some(exit),
                stderr_tail: "\u{1b}\0".into(),
                commands: vec![Command {
                    line: "true".into(),
                    exit,
                    duration_ms: 1,
                }],
                notes: vec!["note".into()],
            };
            let value = serde_json::to_value(Record::Trial(Box::new(trial.clone()))).unwrap();
            assert_eq!(complaints(&validator, &value), Vec::<String>::new());
        }
    }
    let mut header = sample::sample().header;
    if let Some(runtime) = header.runtimes.first_mut() {
        runtime.provenance = Provenance {
            packages: [("tool".into(), "1-1".into())].into(),
            notes: vec!["note".into()],
            ..Provenance::default()
        };
    }
    let value = serde_json::to_value(Record::Header(Box::new(header))).unwrap();
    assert_eq!(complaints(&validator, &value), Vec::<String>::new());
}

#[test]
fn schema_permits_every_reason() {
    let validator = validator();
    let refused = RefusalReason::ALL.iter().copied().map(sample::refused);
    let unmeasured = UnmeasuredWhy::ALL.iter().copied();
    let unmeasured = unmeasured.map(|why| sample::unmeasured(why, "no"));
    for outcome in refused.chain(unmeasured) {
        let trial = sample::trial("a/b", crate::CRANE, outcome);
        let value = serde_json::to_value(Record::Trial(Box::new(trial))).unwrap();
        assert_eq!(complaints(&validator, &value), Vec::<String>::new());
    }
}

#[test]
fn schema_refuses_what_is_no_record() {
    let validator = validator();
    let trial = sample::trial("a/b", crate::CRANE, sample::picked("first"));
    let good = serde_json::to_value(Record::Trial(Box::new(trial))).unwrap();
    assert!(validator.is_valid(&good));
    for (pointer, bad) in [
        ("/type", Value::from("trail")),
        ("/outcome/kind", Value::from("chosen")),
        ("/outcome/child", Value::Null),
        ("/duration_ms", Value::from(-1)),
        ("/evidence/reported/state", Value::from("glimpsed")),
        ("/evidence/requests/0/status", Value::from("200")),
    ] {
        let mut value = good.clone();
        *value.pointer_mut(pointer).expect("the field is there") = bad;
        assert!(!validator.is_valid(&value), "{pointer} is not checked");
    }
    let mut value =
        serde_json::to_value(Record::Header(Box::new(sample::sample().header))).unwrap();
    value["schema"] = Value::from("ocipick.results/2");
    assert!(!validator.is_valid(&value), "the version is not checked");
}

#[test]
fn schema_permits_fields_of_later_versions() {
    let validator = validator();
    let trial = sample::trial("a/b", crate::CRANE, sample::picked("first"));
    let mut value = serde_json::to_value(Record::Trial(Box::new(trial))).unwrap();
    for pointer in ["", "/outcome", "/evidence", "/evidence/reported"] {
        let object = value.pointer_mut(pointer).and_then(Value::as_object_mut);
        object
            .expect("an object")
            .insert("later".to_owned(), Value::from(1));
    }
    assert_eq!(complaints(&validator, &value), Vec::<String>::new());
}
