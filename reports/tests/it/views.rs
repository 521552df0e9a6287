//! Split views in every format that people read.

use crate::{
    sample::{self, picked, refused, row, unstable},
    wide::{of_site, part, shown},
};
use ocipick_records::{Outcome, RefusalReason, Results, Trial};
use ocipick_reports::{
    analysis::findings::{self, Severity},
    render::{json, markdown, terminal},
    site::{self, Site, one_page},
};

const DOCKER: sample::Tool = ("docker", "28.5.2", None);
const OLD_PODMAN: sample::Tool = ("podman", "4.3.1", None);
const PODMAN: sample::Tool = ("podman", "5.8.6", None);
const OLD_TRIVY: sample::Tool = ("trivy", "0.59.1", None);
const TRIVY: sample::Tool = ("trivy", "0.76.0", None);
const SYFT: sample::Tool = ("syft", "1.18.1", None);

fn scans(case: &str, cells: Vec<(sample::Tool, Outcome)>) -> Vec<Trial> {
    let trials = row(case, cells).into_iter();
    trials
        .map(|trial| Trial {
            operation: "scan".to_owned(),
            ..trial
        })
        .collect()
}

/// Two rows that are split views in the newest versions, one that was one once, one in which only one
/// side refuses, one that wavers, and one in which all agree.
fn scanned() -> Results {
    let pulls = |case: &str, docker: &str, old: &str, podman: &str| {
        row(
            case,
            vec![
                (DOCKER, picked(docker)),
                (OLD_PODMAN, picked(old)),
                (PODMAN, picked(podman)),
            ],
        )
    };
    let all = |case: &str, child: &str, syft: &str| {
        scans(
            case,
            vec![
                (OLD_TRIVY, picked(child)),
                (TRIVY, picked(child)),
                (SYFT, picked(syft)),
            ],
        )
    };
    let no_match = || refused(RefusalReason::NoMatch);
    let trials = [
        pulls("duplicates/two-entries", "first", "last", "last"),
        all("duplicates/two-entries", "first", "last"),
        pulls("duplicates/three-entries", "one", "three", "three"),
        all("duplicates/three-entries", "one", "three"),
        pulls("nested/one-level", "inner", "outer", "inner"),
        all("nested/one-level", "inner", "inner"),
        row(
            "sizes/too-large",
            vec![(DOCKER, no_match()), (PODMAN, no_match())],
        ),
        all("sizes/too-large", "good", "good"),
        row(
            "sizes/wavers",
            vec![
                (DOCKER, picked("same")),
                (
                    PODMAN,
                    unstable(&[(picked("same"), 2), (picked("other"), 1)]),
                ),
            ],
        ),
        all("sizes/wavers", "same", "same"),
        pulls("sizes/right", "same", "same", "same"),
        all("sizes/right", "same", "same"),
    ];
    sample::results(trials.concat())
}

#[test]
fn split_views_are_findings_before_all_other_picks() {
    shown(scanned(), |matrix| {
        let all = findings::all(matrix);
        let kinds: Vec<Severity> = all.iter().map(|it| it.severity).collect();
        let views = kinds
            .iter()
            .filter(|it| **it == Severity::SplitView)
            .count();
        assert_eq!(views, 2, "{kinds:?}");
        let place = |of: Severity| kinds.iter().position(|it| *it == of);
        assert!(place(Severity::SplitView) < place(Severity::DifferentPicks));
        let json: serde_json::Value = serde_json::from_str(&json::render(matrix)).expect("JSON");
        let findings = json["findings"].as_array().expect("a list");
        let view = findings.iter().find(|it| it["surprise"] == "split-view");
        insta::assert_snapshot!(
            view.expect("it is there")["sentence"]
                .as_str()
                .expect("text")
        );
        crate::schema::holds(&json::json_schema(), &json);
    });
}

#[test]
fn split_views_in_a_terminal_and_in_markdown() {
    let options = terminal::TerminalOptions {
        width: Some(100),
        ..terminal::TerminalOptions::default()
    };
    let text = shown(scanned(), |matrix| terminal::render(matrix, &options));
    insta::assert_snapshot!("views-terminal", part(&text, "Split views", "\n\n"));
    let text = shown(scanned(), |matrix| {
        markdown::render(matrix, &markdown::MarkdownOptions::default())
    });
    insta::assert_snapshot!("views-markdown", part(&text, "## Split views", "\n## "));
}

#[test]
fn split_views_have_a_page_where_there_is_a_scan() {
    let contexts = of_site(scanned(), site::contexts);
    insta::assert_json_snapshot!("views-page", contexts["views.html"]["page"]);
    let site = of_site(scanned(), Site::build);
    crate::site::check_links(&site).expect("every link leads somewhere");
    let overview = String::from_utf8_lossy(&site.files["index.html"]).into_owned();
    assert!(overview.contains(">Split views</a>"), "{overview}");
    let alone = of_site(scanned(), one_page);
    assert!(alone.contains("Split views: what is scanned is not what runs"));
    assert!(!alone.contains("href=\"views.html"), "it is no page of it");

    let without = of_site(sample::generations(), Site::build);
    assert!(!without.files.contains_key("views.html"));
    let text = shown(sample::generations(), |matrix| {
        terminal::render(matrix, &terminal::TerminalOptions::default())
    });
    assert!(!text.contains("Split views"), "{text}");
}
