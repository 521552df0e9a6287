//! The summary and the badges.

use crate::sample;
use jsonschema::Validator;
use ocipick_corpus::{Corpus, built_in_specifications};
use ocipick_records::{Outcome, UnmeasuredWhy};
use ocipick_reports::{
    analysis::{
        conformance::{ConformanceRules, Revisions, Verdicts},
        matrix::Matrix,
    },
    render::{badge, summary},
};
use serde_json::Value;

fn of_sample() -> Value {
    let results = [sample::sample()];
    let book = sample::book();
    let matrix = Matrix::build(&results, &book);
    serde_json::from_str(&summary::render(&matrix)).expect("it is JSON")
}

#[test]
fn the_summary_is_as_its_schema_says() {
    let schema: Value = serde_json::from_str(&summary::json_schema()).expect("it is JSON");
    let validator: Validator = jsonschema::validator_for(&schema).expect("it is a schema");
    let mut value = of_sample();
    let complaints: Vec<String> = validator
        .iter_errors(&value)
        .map(|error| error.to_string())
        .collect();
    assert_eq!(complaints, Vec::<String>::new());
    value["tools"]["docker"]["versions"][0]["version"] = Value::Null;
    assert!(!validator.is_valid(&value));
    crate::schema::published("summary.schema.json", &summary::json_schema());
}

#[test]
fn intervals_of_versions_are_told_and_what_is_unknown_is_null() {
    let tool = |version| ("docker", version, None);
    let results = [sample::results(sample::row(
        "a/b",
        vec![
            (tool("1.0"), sample::picked("x")),
            (tool("2.0"), sample::picked("x")),
            (
                tool("3.0"),
                sample::unmeasured(UnmeasuredWhy::NotStarted, "no"),
            ),
            (tool("4.0"), sample::crashed("boom")),
            (
                tool("5.0"),
                Outcome::Unmeasured {
                    why: UnmeasuredWhy::Withheld,
                    detail: String::new(),
                },
            ),
        ],
    ))];
    let book = sample::book();
    let matrix = Matrix::build(&results, &book);
    let value: Value = serde_json::from_str(&summary::render(&matrix)).expect("it is JSON");
    let intervals = &value["cases"]["a/b"]["outcomes"]["pull"]["linux/amd64"]["docker"];
    insta::assert_json_snapshot!("summary-intervals", intervals);
}

#[test]
fn a_badge_says_what_was_measured_and_no_more() {
    let tool = |version| ("docker", version, None);
    let case = "duplicates/two-entries";
    let mut trials = sample::row(
        case,
        vec![
            (tool("1.0"), sample::crashed("x")),
            (tool("2.0"), sample::picked("first")),
        ],
    );
    trials.extend(sample::row(
        "controls/single-entry",
        vec![(
            tool("2.0"),
            sample::unmeasured(UnmeasuredWhy::Withheld, "later"),
        )],
    ));
    trials.extend(sample::row(
        case,
        vec![(
            sample::PODMAN,
            sample::unmeasured(UnmeasuredWhy::NotStarted, "no"),
        )],
    ));
    let results = [sample::results(trials)];
    let book = sample::book();
    let matrix = Matrix::build(&results, &book);
    let corpus = Corpus::built_in().expect("it is sound");
    let specifications = built_in_specifications().expect("they are sound");
    let revisions = Revisions::choose(&specifications, &[]).expect("the newest are there");
    let rules = ConformanceRules::new(&corpus, revisions);
    let verdicts = Verdicts::of(&matrix, &rules);
    let badges = badge::badges(&matrix, &verdicts);
    let said: Vec<String> = badges
        .iter()
        .map(|it| format!("{} [{}|{}] {:?}", it.name, it.label, it.message, it.color))
        .collect();
    assert_eq!(
        said,
        [
            "docker [docker 2.0|1 of 2 cases · MUST broken in 0 · 1 withheld] Green",
            "podman [podman|not measured] Grey",
        ]
    );
    let docker = badges.first().expect("there is one");
    assert_eq!(
        docker.json(),
        "{\"schemaVersion\":1,\"label\":\"docker 2.0\",\"message\":\"1 of 2 cases · MUST broken in 0 · 1 \
         withheld\",\"color\":\"brightgreen\"}\n"
    );
    insta::assert_snapshot!("badge", docker.svg());
}
