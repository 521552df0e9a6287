//! What changed between two results, in every form.

use crate::{
    CRANE,
    sample::{
        self, DOCKER, DOCKER_STORE, PODMAN, SKOPEO, Tool, crashed, picked, refused, unstable,
    },
};
use jsonschema::Validator;
use ocipick_records::{Outcome, RefusalReason, Results, UnmeasuredWhy};
use ocipick_reports::{
    analysis::{
        changes::results::{Diff, DiffOptions},
        matrix::Matrix,
    },
    render::diff::{json, markdown, terminal},
};
use serde_json::Value;
use std::slice;

const PODMAN_6: Tool = ("podman", "6.0.0", None);

fn old() -> Results {
    let mut trials = sample::row(
        "duplicates/two-entries",
        vec![
            (DOCKER, picked("first")),
            (PODMAN, picked("first")),
            (SKOPEO, picked("first")),
            (DOCKER_STORE, picked("first")),
        ],
    );
    trials.extend(sample::row(
        "duplicates/three-entries",
        vec![
            (DOCKER, picked("first")),
            (PODMAN, picked("first")),
            (SKOPEO, refused(RefusalReason::Ambiguous)),
            (DOCKER_STORE, picked("first")),
        ],
    ));
    trials.extend(sample::row(
        "nested/one-level",
        vec![
            (DOCKER, refused(RefusalReason::NestedUnsupported)),
            (PODMAN, unstable(&[(picked("a"), 2), (picked("b"), 1)])),
            (SKOPEO, picked("inner")),
            (DOCKER_STORE, picked("inner")),
        ],
    ));
    trials.extend(sample::row("sizes/gone", vec![(DOCKER, picked("a"))]));
    sample::results(trials)
}

fn new() -> Results {
    let mut trials = sample::row(
        "duplicates/two-entries",
        vec![
            (DOCKER, picked("first")),
            (PODMAN_6, picked("second")),
            (SKOPEO, crashed("panic: `|` <b>")),
            (CRANE, picked("first")),
        ],
    );
    trials.extend(sample::row(
        "duplicates/three-entries",
        vec![
            (DOCKER, Outcome::TimedOut { after_ms: 60_000 }),
            (PODMAN_6, picked("second")),
            (SKOPEO, refused(RefusalReason::Other)),
        ],
    ));
    trials.extend(sample::row(
        "nested/one-level",
        vec![
            (DOCKER, picked("inner")),
            (PODMAN_6, picked("a")),
            (
                SKOPEO,
                sample::unmeasured(UnmeasuredWhy::HarnessTrouble, "no space"),
            ),
        ],
    ));
    trials.extend(sample::row("nested/new", vec![(DOCKER, crashed("new"))]));
    sample::results(trials)
}

fn between<T>(old: &Results, new: &Results, look: impl Fn(&Diff<'_>) -> T) -> T {
    let book = sample::book();
    let old = Matrix::build(slice::from_ref(old), &book);
    let new = Matrix::build(slice::from_ref(new), &book);
    look(&Diff::of(&old, &new, &DiffOptions::default()))
}

#[test]
fn diff_as_people_see_it() {
    let text = between(&old(), &new(), |diff| {
        terminal::render(diff, terminal::DiffTerminalOptions::default())
    });
    insta::assert_snapshot!("diff-terminal", text);
    insta::assert_snapshot!("diff-markdown", between(&old(), &new(), markdown::render));
}

#[test]
fn diff_of_nothing_says_so() {
    let text = between(&old(), &old(), |diff| {
        terminal::render(diff, terminal::DiffTerminalOptions::default())
    });
    insta::assert_snapshot!("diff-same", text);
}

#[test]
fn diff_in_markdown_has_room_in_a_comment() {
    let side = |child: &str| {
        let trials = (0..4000).map(|number| {
            let outcome = picked(&format!("{child}-{number}"));
            sample::trial(&format!("many/case-{number}"), DOCKER, outcome)
        });
        sample::results(trials.collect())
    };
    let text = between(&side("a"), &side("b"), markdown::render);
    assert!(text.len() < 65_536, "{}", text.len());
    assert!(text.contains("This is not all"));
}

#[test]
fn diff_as_json_is_as_its_schema_says() {
    let schema: Value = serde_json::from_str(&json::json_schema()).unwrap();
    let validator: Validator = jsonschema::validator_for(&schema).unwrap();
    let json = between(&old(), &new(), json::render);
    let mut value: Value = serde_json::from_str(&json).unwrap();
    let complaints: Vec<String> = validator
        .iter_errors(&value)
        .map(|error| error.to_string())
        .collect();
    assert_eq!(complaints, Vec::<String>::new());
    assert_eq!(value["conclusion"], "changed");
    assert_eq!(value["counts"]["now-crashes"], 1);
    assert_eq!(value["counts"]["wavers"], 1);
    assert_eq!(value["new_cases"], serde_json::json!(["nested/new"]));
    value["conclusion"] = Value::from("well");
    assert!(!validator.is_valid(&value));
    crate::schema::published("diff.schema.json", &json::json_schema());
}
