//! Tables of many runtimes, in every format that people read.

use crate::sample::{self, DOCKER, picked};
use ocipick_records::{Results, Trial};
use ocipick_reports::{
    analysis::{changes::versions::FoldMode, matrix::Matrix},
    render::{json, markdown, terminal},
    site::{self, Site},
};

/// Two hundred runtimes by rule: 120 releases of crane from two sources, and 80 of containerd in two
/// configurations.
fn two_hundred() -> Results {
    let mut trials = Vec::new();
    let mut add = |tool: &str, version: usize, flavour: Option<&str>, channel: &str| {
        let number = format!("{}.{}.0", version / 10, version % 10);
        for case in 0..6 {
            let turn = match (tool, case) {
                ("crane", 1) => version >= 30,
                ("crane", 2) => channel == "sid",
                ("containerd", 3) => version >= 25 && flavour.is_none(),
                ("containerd", 4) => version == 7,
                _ => false,
            };
            let child = if turn { "last" } else { "first" };
            let id = flavour.map_or_else(
                || format!("{tool}@{number}#{channel}"),
                |flavour| format!("{tool}@{number}+{flavour}#{channel}"),
            );
            trials.push(Trial {
                runtime: id,
                tool: tool.to_owned(),
                version: number.clone(),
                flavour: flavour.map(str::to_owned),
                channel: channel.to_owned(),
                ..sample::trial(&format!("wide/case-{case}"), DOCKER, picked(child))
            });
        }
    };
    for version in 0..90 {
        add("crane", version, None, "go");
    }
    for version in 50..80 {
        add("crane", version, None, "sid");
    }
    for version in 0..40 {
        add("containerd", version, None, "go");
        add("containerd", version, Some("cri"), "go");
    }
    sample::results(trials)
}

pub(super) fn shown<T>(results: Results, show: impl FnOnce(&Matrix<'_>) -> T) -> T {
    let (results, book) = ([results], sample::book());
    show(&Matrix::build(&results, &book))
}

pub(super) fn of_site<T>(results: Results, make: impl FnOnce(&site::Sources<'_>) -> T) -> T {
    crate::site::with(results, &sample::book(), crate::verdicts::corpus(), make)
}

/// The part of a text from a line that begins so up to the next of its rank.
pub(super) fn part<'t>(text: &'t str, heading: &str, next: &str) -> &'t str {
    let at = text
        .find(heading)
        .unwrap_or_else(|| panic!("{heading} in:\n{text}"));
    let part = &text[at..];
    let end = part.get(1..).and_then(|rest| rest.find(next));
    end.map_or(part, |end| &part[..=end])
}

#[test]
fn two_hundred_runtimes_are_few_columns() {
    let options = |fold| terminal::TerminalOptions {
        width: Some(120),
        fold,
        ..terminal::TerminalOptions::default()
    };
    let text = shown(two_hundred(), |matrix| {
        terminal::render(matrix, &options(FoldMode::Auto))
    });
    insta::assert_snapshot!(
        "wide-terminal",
        part(&text, "pull  6 rows", "\nChanged from")
    );
    let text = shown(two_hundred(), |matrix| {
        markdown::render(matrix, &markdown::MarkdownOptions::default())
    });
    insta::assert_snapshot!(
        "wide-markdown",
        part(&text, "## pull", "\n### pull in detail")
    );
    let wide = shown(two_hundred(), |matrix| {
        let options = markdown::MarkdownOptions {
            fold: FoldMode::Never,
            ..markdown::MarkdownOptions::default()
        };
        markdown::render(matrix, &options)
    });
    let head = wide.lines().find(|line| line.starts_with("| case |"));
    assert_eq!(head.map(|head| head.matches('|').count() - 3), Some(200));
}

#[test]
fn a_wide_matrix_of_the_site_unfolds() {
    let contexts = of_site(two_hundred(), site::contexts);
    let columns = |page: &str| contexts[page]["page"]["columns"].as_array().map(Vec::len);
    assert_eq!(columns("unfolded.html"), Some(200));
    assert_eq!(columns("matrix.html"), Some(10));
    insta::assert_json_snapshot!("wide-lines", contexts["matrix.html"]["page"]["lines"]);
    let site = of_site(two_hundred(), Site::build);
    crate::site::check_links(&site).expect("every link leads somewhere");
    // A table that is not wide has one form.
    assert!(
        !of_site(sample::generations(), Site::build)
            .files
            .contains_key("unfolded.html")
    );
}

#[test]
fn other_programs_see_every_runtime() {
    shown(two_hundred(), |matrix| {
        let json: serde_json::Value = serde_json::from_str(&json::render(matrix)).expect("JSON");
        assert_eq!(json["runtimes"].as_array().map(Vec::len), Some(200));
    });
}
