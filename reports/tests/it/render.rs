//! Snapshots of every format over the sample.

use crate::sample;
use ocipick_reports::{
    matrix::Matrix,
    render::{html, json, junit, markdown, terminal},
};

fn with_sample<T>(look: impl FnOnce(&Matrix<'_>) -> T) -> T {
    let (results, book) = ([sample::sample()], sample::book());
    look(&Matrix::build(&results, &book))
}

fn terminal(width: Option<usize>, all: bool) -> String {
    let options = terminal::Options {
        width,
        all,
        ..terminal::Options::default()
    };
    with_sample(|matrix| terminal::render(matrix, &options))
}

#[test]
fn terminal_without_a_limit() {
    insta::assert_snapshot!("terminal", terminal(None, false));
}

#[test]
fn terminal_of_eighty_columns() {
    insta::assert_snapshot!("terminal-80", terminal(Some(80), false));
}

#[test]
fn terminal_unfolded() {
    insta::assert_snapshot!("terminal-120-all", terminal(Some(120), true));
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for width in [60, 80, 100, 120, 200] {
        for line in terminal(Some(width), true).lines() {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }
}

#[test]
fn colour_changes_nothing_but_colour() {
    let options = |color| terminal::Options {
        color,
        width: Some(120),
        ..terminal::Options::default()
    };
    let plain = with_sample(|matrix| terminal::render(matrix, &options(false)));
    let colored = with_sample(|matrix| terminal::render(matrix, &options(true)));
    assert!(!plain.contains('\u{1b}'));
    let mut stripped = String::new();
    for (number, part) in colored.split('\u{1b}').enumerate() {
        let text = if number == 0 {
            part
        } else {
            part.split_once('m').map_or("", |(_, text)| text)
        };
        stripped.push_str(text);
    }
    assert_eq!(stripped, plain);
    assert!(colored.contains("\u{1b}[32mfirst\u{1b}[0m"));
}

#[test]
fn the_legend_has_what_occurs() {
    let trials = sample::row("a/b", vec![(sample::DOCKER, sample::picked("first"))]);
    let (results, book) = ([sample::results(trials)], sample::book());
    let matrix = Matrix::build(&results, &book);
    let shown = terminal::render(&matrix, &terminal::Options::default());
    assert!(shown.contains("the child that was picked"));
    for absent in [
        "≠",
        "✗",
        "☠",
        "⏱",
        "–",
        "folded",
        "Most surprising",
        "Warning",
    ] {
        assert!(!shown.contains(absent), "{absent} in {shown}");
    }
}

#[test]
fn markdown_of_the_sample() {
    let shown = with_sample(|matrix| markdown::render(matrix, &markdown::Options::default()));
    insta::assert_snapshot!("markdown", shown);
}

#[test]
fn junit_of_the_sample() {
    insta::assert_snapshot!("junit", with_sample(junit::render));
}

#[test]
fn json_of_the_sample() {
    insta::assert_snapshot!("json", with_sample(json::render));
}

#[test]
fn html_context_of_the_sample() {
    let context = with_sample(|matrix| html::context(matrix, &html::Options::default()));
    insta::assert_json_snapshot!("html-context", context);
}

#[test]
fn html_is_one_page_that_needs_nothing_else() {
    let page = with_sample(|matrix| html::render(matrix, &html::Options::default()));
    for outside in [
        "http:", "https:", "src=", "@import", "url(", "<script", "<link",
    ] {
        assert!(!page.contains(outside), "{outside}");
    }
    for (anchor, _) in page.match_indices("href=\"#") {
        let target = page[anchor + 7..].split('"').next().unwrap_or_default();
        assert!(page.contains(&format!("id=\"{target}\"")), "{target}");
    }
}

#[test]
fn every_format_warns_first() {
    with_sample(|matrix| {
        let warning = "This run did not finish: 53 of 66";
        let shown = terminal::render(matrix, &terminal::Options::default());
        assert!(shown.starts_with(&format!("Warning: {warning}")));
        let shown = markdown::render(matrix, &markdown::Options::default());
        assert!(shown.starts_with(&format!("> **Warning:** {warning}")));
        let shown = html::render(matrix, &html::Options::default());
        let body = shown.split("<body>").nth(1).unwrap_or_default();
        assert!(body.trim_start().starts_with("<p class=\"warning\""));
        let shown = json::render(matrix);
        assert!(
            shown
                .lines()
                .nth(2)
                .unwrap_or_default()
                .contains("\"warnings\"")
        );
        let shown = junit::render(matrix);
        let first = shown
            .lines()
            .find(|line| line.contains("message="))
            .unwrap_or_default();
        assert!(first.contains("<error") && first.contains(warning));
    });
}

#[test]
fn what_was_not_measured_never_looks_like_a_pass() {
    with_sample(|matrix| {
        let outcome = |case: &str, runtime: &str| {
            let json: serde_json::Value = serde_json::from_str(&json::render(matrix)).unwrap();
            json["outcomes"]["pull"][case]["linux/amd64"][runtime]["kind"].clone()
        };
        for (case, runtime) in [
            ("sizes/float", "containerd@1.6.20"),
            ("sizes/float", "umoci@0.4.7"),
            ("sizes/huge", "docker@28.5.2+containerd-store"),
        ] {
            assert_eq!(outcome(case, runtime), "unmeasured");
        }
        let junit = junit::render(matrix);
        let umoci = junit.split("<testsuite name=\"umoci@0.4.7\"").nth(1);
        let umoci = umoci
            .and_then(|rest| rest.lines().next())
            .unwrap_or_default();
        assert!(
            umoci.contains("tests=\"11\"") && umoci.contains("skipped=\"11\""),
            "{umoci}"
        );
        let markdown = markdown::render(matrix, &markdown::Options::default());
        assert!(!markdown.contains("|  |  |"), "an empty cell");
    });
}
