//! The JSON Schema of recipes, held against the code and against every recipe.

use super::{MISTAKES, sample};
use crate::recipe::keys;
use jsonschema::Validator;
use serde_json::{Map, Value};
use std::{collections::BTreeSet, fs, path::Path};

const SCHEMA: &str = include_str!("../../../schema/recipe.schema.json");

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

fn validator() -> Validator {
    jsonschema::validator_for(&schema()).unwrap()
}

/// A recipe as editors hold it against the schema.
fn as_json(text: &str) -> Value {
    fn convert(value: toml::Value) -> Value {
        match value {
            toml::Value::String(text) => Value::String(text),
            toml::Value::Integer(number) => Value::from(number),
            toml::Value::Float(number) => Value::from(number),
            toml::Value::Boolean(truth) => Value::Bool(truth),
            toml::Value::Datetime(date) => Value::String(date.to_string()),
            toml::Value::Array(items) => items.into_iter().map(convert).collect(),
            toml::Value::Table(table) => {
                let members = table.into_iter().map(|(key, value)| (key, convert(value)));
                Value::Object(members.collect::<Map<_, _>>())
            }
        }
    }
    let table: toml::Table = toml::from_str(text).unwrap();
    convert(toml::Value::Table(table))
}

/// What the schema says against a recipe.
fn complaints(validator: &Validator, text: &str) -> Vec<String> {
    let json = as_json(text);
    let errors = validator.iter_errors(&json);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[test]
fn every_recipe_is_as_the_schema_says() {
    let validator = validator();
    let recipes = Path::new(env!("CARGO_MANIFEST_DIR")).join("recipes");
    let mut count = 0;
    for entry in walkdir::WalkDir::new(recipes) {
        let path = entry.unwrap().into_path();
        let is_recipe = path.extension().is_some_and(|end| end == "toml")
            && !path.ends_with("recipes/families.toml");
        if is_recipe {
            // Numbers beyond 64 bits are beyond what editors read, too.
            let text = fs::read_to_string(&path).unwrap();
            let complaints = complaints(&validator, &text);
            assert!(complaints.is_empty(), "{}: {complaints:#?}", path.display());
            count += 1;
        }
    }
    assert!(count > 80, "{count} recipes were found");
}

/// The object within a definition, which can also be a variable.
fn object<'v>(schema: &'v Value, place: &str) -> &'v Value {
    let found = schema.pointer(place).unwrap_or_else(|| panic!("{place}"));
    if found.get("properties").is_some() {
        return found;
    }
    let alternatives = found["anyOf"].as_array().unwrap();
    let mut alternatives = alternatives.iter();
    alternatives
        .find(|one| one.get("properties").is_some())
        .unwrap()
}

#[test]
fn the_schema_has_the_keys_that_the_code_has() {
    let schema = schema();
    let nested = [keys::INDEX, keys::NESTED].concat();
    for (place, known) in [
        ("", keys::TOP_LEVEL),
        ("/definitions/clause", keys::CLAUSE),
        ("/definitions/axis", keys::AXIS),
        ("/definitions/child", keys::CHILD),
        ("/definitions/index", keys::INDEX),
        ("/definitions/nested", &nested),
        ("/definitions/listed", keys::LISTED),
        ("/definitions/entry", keys::ENTRY),
        ("/definitions/fault", keys::FAULT),
        ("/definitions/layout", keys::LAYOUT),
        ("/definitions/layout-ref", keys::LAYOUT_REF),
    ] {
        let object = object(&schema, place);
        assert_eq!(object["additionalProperties"], false, "{place}");
        let properties = object["properties"].as_object().unwrap();
        let described = properties.values().all(|property| {
            property.get("description").is_some() || property.get("$ref").is_some()
        });
        assert!(described, "{place}");
        let properties: BTreeSet<&str> = properties.keys().map(String::as_str).collect();
        assert_eq!(properties, known.iter().copied().collect(), "{place}");
    }
}

#[test]
fn the_schema_refuses_what_the_code_refuses() {
    let validator = validator();
    assert!(complaints(&validator, &sample("")).is_empty());
    // What can be seen without following a name. The others need the code.
    let seen = [
        "unknown-key",
        "unknown-key-top",
        "missing-entries",
        "wrong-type",
        "wrong-type-in-list",
        "bad-choice",
        "bad-choice-far",
        "ask-nothing",
        "bad-origin",
        "bad-size",
        "bad-expectation",
        "axis-empty",
        "entries-of-wrong-type",
        "times-too-many",
        "schema-version",
        "extra-wrong",
        "algorithm",
        "algorithm-of-index",
        "compression",
        "operations",
        "operations-none",
        "layout-without",
        "alias-bad",
        "fault-without-target",
        "fault-nothing",
        "fault-key",
        "fault-part-word",
        "fault-methods",
        "fault-numbers",
        "fault-without-status",
    ];
    for name in seen {
        let (_, text) = MISTAKES.iter().find(|(known, _)| *known == name).unwrap();
        let complaints = complaints(&validator, &sample(text));
        assert!(!complaints.is_empty(), "{name} passes");
    }
}
