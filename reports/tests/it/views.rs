//! Split views and builds of one release in every format that people read.

use crate::{
    sample::{self, picked, refused, row, unstable},
    wide::{of_site, part, shown},
};
use ocipick_records::{Linked, LinkedSource, ModuleOrigin, Outcome, RefusalReason, Results, Trial};
use ocipick_reports::{
    analysis::findings::{self, Severity},
    render::{json, markdown, terminal},
    site::{self, Site, one_page},
};
use std::collections::BTreeMap;

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

/// A tool with its flavour in two builds of one release, of which the distribution's links another
/// library, and one in which the libraries are the same.
fn built_twice() -> Results {
    const CONTAINERD: sample::Tool = ("containerd", "2.1.9", None);
    const CRANE: sample::Tool = ("crane", "0.20.7", None);
    let from = |channel: &str, trials: Vec<Trial>| -> Vec<Trial> {
        let trials = trials.into_iter();
        trials
            .map(|trial| Trial {
                channel: channel.to_owned(),
                runtime: format!("{}#{channel}", trial.runtime),
                ..trial
            })
            .collect()
    };
    let rows = |tool: sample::Tool, first: Outcome, second: Outcome, third: Outcome| {
        [
            row("duplicates/two-entries", vec![(tool, first)]),
            row("nested/one-level", vec![(tool, second)]),
            row("sizes/too-large", vec![(tool, third)]),
        ]
        .concat()
    };
    let wavers = || unstable(&[(picked("a"), 2), (picked("b"), 1)]);
    let trials = [
        from(
            "sid",
            rows(CONTAINERD, picked("last"), picked("a"), wavers()),
        ),
        from(
            "go",
            rows(CONTAINERD, picked("first"), picked("a"), picked("a")),
        ),
        from(
            "sid",
            rows(CRANE, picked("first"), picked("a"), picked("a")),
        ),
        from("go", rows(CRANE, picked("first"), picked("a"), picked("a"))),
    ];
    let mut results = sample::results(trials.concat());
    for record in &mut results.header.runtimes {
        let (is_debian, is_crane) = (record.channel == "sid", record.tool == "crane");
        if is_debian {
            record.provenance.distribution = Some("Debian".to_owned());
        } else {
            record.provenance.module = Some(ModuleOrigin {
                path: "example.org/module".to_owned(),
                version: format!("v{}", record.version),
                sum: "h1:abc".to_owned(),
                how: "install".to_owned(),
            });
        }
        let library = |version: &str| ("containerd/platforms".to_owned(), version.to_owned());
        let libraries: BTreeMap<String, String> = match (is_crane, is_debian) {
            (true, _) => BTreeMap::new(),
            (false, true) => [library("1.0.0~rc4")].into(),
            (false, false) => [library("1.0.0-rc.2")].into(),
        };
        let linked = Linked {
            go: Some(if is_debian { "1.27.1" } else { "1.26.0" }.to_owned()),
            libraries,
            source: LinkedSource::BuildInfo,
        };
        record.provenance.linked = [("client".to_owned(), linked)].into();
    }
    results
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
    assert!(!without.files.contains_key("builds.html"));
    let text = shown(sample::generations(), |matrix| {
        terminal::render(matrix, &terminal::TerminalOptions::default())
    });
    assert!(!text.contains("Split views"), "{text}");
}

#[test]
fn builds_of_one_release_in_every_format() {
    let options = terminal::TerminalOptions {
        width: Some(100),
        ..terminal::TerminalOptions::default()
    };
    let text = shown(built_twice(), |matrix| terminal::render(matrix, &options));
    let heading = "A distribution's build against the release";
    insta::assert_snapshot!("builds-terminal", part(&text, heading, "\n\n"));
    let text = shown(built_twice(), |matrix| {
        markdown::render(matrix, &markdown::MarkdownOptions::default())
    });
    let heading = "## A distribution's build against the release";
    insta::assert_snapshot!("builds-markdown", part(&text, heading, "\n## "));
    let contexts = of_site(built_twice(), site::contexts);
    insta::assert_json_snapshot!("builds-page", contexts["builds.html"]["page"]);
    let site = of_site(built_twice(), Site::build);
    crate::site::check_links(&site).expect("every link leads somewhere");
}
