//! Snapshots of every format over the sample.

use crate::{sample, site, verdicts as judged};
use ocipick_records::{Linked, LinkedSource, Outcome};
use ocipick_reports::{
    analysis::{
        changes::versions::{History, intervals},
        matrix::Matrix,
    },
    render::{Summary, json, junit, markdown, terminal},
    site::{contexts, one_page},
};
use std::collections::BTreeMap;

fn with_sample<T>(look: impl FnOnce(&Matrix<'_>) -> T) -> T {
    let (results, book) = ([sample::sample()], sample::book());
    look(&Matrix::build(&results, &book))
}

/// The sample as JUnit, held against the specifications alone.
fn junit() -> String {
    let (results, book) = ([sample::sample()], sample::book());
    let matrix = Matrix::build(&results, &book);
    junit::render(&matrix, &judged::checker().check_all(&results))
}

fn with_generations<T>(look: impl FnOnce(&Matrix<'_>) -> T) -> T {
    let (results, book) = ([sample::generations()], sample::book());
    look(&Matrix::build(&results, &book))
}

fn options(width: Option<usize>, all: bool) -> terminal::TerminalOptions {
    terminal::TerminalOptions {
        width,
        all,
        ..terminal::TerminalOptions::default()
    }
}

fn terminal(width: Option<usize>, all: bool) -> String {
    with_sample(|matrix| terminal::render(matrix, &options(width, all)))
}

fn generations(width: Option<usize>, all: bool) -> String {
    with_generations(|matrix| terminal::render(matrix, &options(width, all)))
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
fn terminal_of_generations() {
    for width in [100, 160, 220] {
        let name = format!("terminal-generations-{width}");
        insta::assert_snapshot!(name, generations(Some(width), false));
    }
}

#[test]
fn terminal_of_generations_unfolded() {
    insta::assert_snapshot!("terminal-generations-all", generations(None, true));
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for width in [60, 80, 100, 120, 200] {
        for line in terminal(Some(width), true).lines() {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
        for line in generations(Some(width), true).lines() {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }
}

#[test]
fn every_interval_is_read_in_every_row() {
    // However narrow the terminal is, and however often a row is cut.
    for width in [50, 70, 100, 160, 400] {
        let shown = generations(Some(width), true);
        with_generations(|matrix| {
            let history = History::of(matrix);
            for table in &matrix.tables {
                for row in table.rows() {
                    let name = row.short_label().replace(['(', ')'], "");
                    let name = name.chars().take(18).collect::<String>();
                    let lines: Vec<&str> = shown
                        .lines()
                        .filter(|line| line.starts_with(&format!("  {name}")))
                        .collect();
                    for line in &history.lines {
                        for interval in intervals(line, row) {
                            let Some(Outcome::Picked { child, .. }) =
                                interval.trial.map(|trial| &trial.outcome)
                            else {
                                continue;
                            };
                            assert!(
                                lines.iter().any(|line| line.contains(child)),
                                "{width}: {child} of {name} in {lines:?}"
                            );
                        }
                    }
                }
            }
        });
    }
}

#[test]
fn an_edge_stands_where_an_outcome_changes_and_nowhere_else() {
    let shown = generations(None, true);
    let row = |start: &str| {
        let line = shown
            .lines()
            .find(|line| line.trim_start().starts_with(start));
        line.unwrap_or_else(|| panic!("{start} in {shown}"))
            .to_owned()
    };
    let edges = |line: &str| (line.matches('│').count(), line.matches('┊').count());
    // docker, containerd twice, and containerd+local against containerd 1.
    assert_eq!(edges(&row("two-entries linux/amd64")), (4, 0));
    assert_eq!(edges(&row("two-entries linux/arm64")), (0, 0));
    // The version in the middle was not measured.
    assert!(row("two-levels").contains("✗ nested-unsupported  – evidence-missing │inner"));
    // Unstable, then steady, then changed; and once more unstable.
    assert_eq!(edges(&row("same-digest")), (1, 2));
}

#[test]
fn whole_versions_that_are_alike_share_a_column() {
    let shown = generations(None, false);
    assert!(shown.contains("3.0.1"), "{shown}");
    let import = shown.split("import  2 rows").nth(1).unwrap_or_default();
    assert!(import.contains(
        "No trial of this operation: docker, docker+containerd-store, podman@4.3.1, crane@0.20.7, \
         containerd and"
    ));
    let page = &site::of_generations(contexts)["matrix.html"]["page"];
    // podman 4.3.1 lacks a cell that the others have, so the three are not alike.
    let bands = |line: usize| page["lines"][line]["bands"].as_array().map_or(0, Vec::len);
    assert_eq!(bands(2), 3);
    // docker 26.1.5 and 28.5.2 are.
    assert_eq!(bands(0), 3);
    assert_eq!(page["lines"][0]["bands"][2]["version"], "26.1.5");
    assert_eq!(page["lines"][0]["bands"][2]["until"], "28.5.2");
}

#[test]
fn cells_of_the_page_cover_every_column_once() {
    for path in ["matrix.html", "matrix-import.html"] {
        let page = &site::of_generations(contexts)[path]["page"];
        let columns = page["columns"].as_array().unwrap().len() as u64;
        for family in page["families"].as_array().unwrap() {
            for row in family["lines"].as_array().unwrap() {
                let cells = row["cells"].as_array().unwrap().iter();
                let covered: u64 = cells.map(|cell| cell["span"].as_u64().unwrap()).sum();
                assert_eq!(covered, columns, "{row}");
            }
        }
    }
}

#[test]
fn a_change_is_said_to_those_who_do_not_see_it() {
    let page = site::of_generations(one_page);
    assert!(page.contains("<span class=\"aloud\">changed to </span>"));
    assert!(page.contains("title=\"before: ✗ nested-unsupported in 20.10.24\""));
}

#[test]
fn colour_changes_nothing_but_colour() {
    let options = |color| terminal::TerminalOptions {
        color,
        width: Some(120),
        ..terminal::TerminalOptions::default()
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
    let shown = terminal::render(&matrix, &terminal::TerminalOptions::default());
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
fn builds_that_do_not_stand_for_the_release_are_marked() {
    let trials = sample::row(
        "a/b",
        vec![
            (sample::DOCKER, sample::picked("first")),
            (sample::SKOPEO, sample::picked("second")),
        ],
    );
    let mut results = sample::results(trials);
    for record in &mut results.header.runtimes {
        record.channel = "sid".to_owned();
        let library = match record.tool.as_str() {
            "docker" => ("containerd/platforms", "1.0.0~rc4"),
            _ => ("containers/image", "5.22.1"),
        };
        record.provenance.linked = BTreeMap::from([(
            "client".to_owned(),
            Linked {
                go: None,
                libraries: BTreeMap::from([(library.0.to_owned(), library.1.to_owned())]),
                source: LinkedSource::BuiltUsing,
            },
        )]);
    }
    for trial in &mut results.trials {
        trial.channel = "sid".to_owned();
    }
    let (results, book) = ([results], sample::book());
    let matrix = Matrix::build(&results, &book);
    let shown = markdown::render(&matrix, &markdown::MarkdownOptions::default());
    let head = shown.lines().find(|line| line.starts_with("| case |"));
    assert_eq!(
        head,
        Some("| case | ≠ | docker<br>28.5.2<br>*Debian's build* | skopeo<br>1.9.3 |"),
        "{shown}"
    );
    let json: serde_json::Value = serde_json::from_str(&json::render(&matrix)).expect("JSON");
    let build = |number: usize| &json["runtimes"][number]["build"];
    assert_eq!(build(0)["differs"], true, "{json:#}");
    assert_eq!(build(0)["distribution"], "Debian");
    assert_eq!(
        build(0)["note"],
        "linked with containerd/platforms 1.0.0~rc4; the release pins 1.0.0-rc.1"
    );
    assert_eq!(build(1)["differs"], false, "{json:#}");
}

#[test]
fn markdown_of_the_sample() {
    let shown =
        with_sample(|matrix| markdown::render(matrix, &markdown::MarkdownOptions::default()));
    insta::assert_snapshot!("markdown", shown);
}

#[test]
fn markdown_of_generations() {
    let shown =
        with_generations(|matrix| markdown::render(matrix, &markdown::MarkdownOptions::default()));
    let (tables, _) = shown.split_once("### pull in detail").unwrap_or_default();
    insta::assert_snapshot!("markdown-generations", tables);
}

#[test]
fn json_of_generations() {
    let json: serde_json::Value = serde_json::from_str(&with_generations(json::render)).unwrap();
    let mut of_history = serde_json::Map::new();
    for key in ["changes", "unsteady", "differences"] {
        of_history.insert(key.to_owned(), json[key].clone());
    }
    insta::assert_json_snapshot!("json-generations", of_history);
}

#[test]
fn what_a_run_cost_is_said_where_it_is_known() {
    let cost = "38 s in the tools and 1.8 s in ocipick itself, over all trials; at most 61 MiB of \
                memory and 1.5 GiB of disk";
    with_generations(|matrix| {
        assert_eq!(Summary::of(matrix).cost().as_deref(), Some(cost));
        let terminal = terminal::render(matrix, &options(None, false));
        assert!(terminal.contains(cost), "{terminal}");
        assert!(markdown::render(matrix, &markdown::MarkdownOptions::default()).contains(cost));
    });
    with_sample(|matrix| assert_eq!(Summary::of(matrix).cost(), None));
}

#[test]
fn junit_of_the_sample() {
    insta::assert_snapshot!("junit", junit());
}

#[test]
fn json_of_the_sample() {
    insta::assert_snapshot!("json", with_sample(json::render));
}

#[test]
fn json_is_as_its_schema_says() {
    for json in [with_sample(json::render), with_generations(json::render)] {
        let json = serde_json::from_str(&json).unwrap();
        crate::schema::holds(&json::json_schema(), &json);
    }
    crate::schema::published("matrix.schema.json", &json::json_schema());
}

#[test]
fn html_is_one_page_that_needs_nothing_else() {
    for page in [
        site::of_sample(one_page),
        site::of_generations(one_page),
        site::of_corpus(one_page),
    ] {
        needs_nothing_else(&page);
    }
}

fn needs_nothing_else(page: &str) {
    let (head, rest) = page.split_once("</style>").expect("the style is in it");
    let (body, script) = rest.split_once("<script>").expect("the script is in it");
    for outside in ["http:", "https:", "src=", "@import", "url(", "<script"] {
        assert!(!head.contains(outside), "{outside} in the head");
    }
    for outside in ["http:", "https:", "src=", "<script", "<link", "<style"] {
        assert!(!body.contains(outside), "{outside} in the body");
    }
    for outside in [
        "http:",
        "https:",
        "fetch(",
        "import(",
        "XMLHttpRequest",
        "innerHTML",
    ] {
        assert!(!script.contains(outside), "{outside} in the script");
    }
    // Nothing but an empty icon is linked from the head.
    assert_eq!(head.matches("<link").count(), 1);
    assert!(head.contains("<link rel=\"icon\" href=\"data:,\">"));
    assert!(body.contains("href=\"#"));
    for (at, _) in body.match_indices("href=\"") {
        let target = body[at + 6..].split('"').next().unwrap_or_default();
        let part = target.strip_prefix('#').expect("it is on this page");
        let known = body.matches(&format!("id=\"{part}\"")).count();
        assert_eq!(known, 1, "{part}");
    }
}

#[test]
fn every_format_warns_first() {
    with_sample(|matrix| {
        let warning = "This run did not finish: 53 of 66";
        let shown = terminal::render(matrix, &terminal::TerminalOptions::default());
        assert!(shown.starts_with(&format!("Warning: {warning}")));
        let shown = markdown::render(matrix, &markdown::MarkdownOptions::default());
        assert!(shown.starts_with(&format!("> **Warning:** {warning}")));
        let shown = json::render(matrix);
        assert!(
            shown
                .lines()
                .nth(2)
                .unwrap_or_default()
                .contains("\"warnings\"")
        );
        let shown = junit();
        let first = shown
            .lines()
            .find(|line| line.contains("message="))
            .unwrap_or_default();
        assert!(first.contains("<error") && first.contains(warning));
    });
    let shown = site::of_sample(one_page);
    let main = shown.split("<main id=\"main\">").nth(1).unwrap_or_default();
    assert!(main.trim_start().starts_with("<p class=\"warning\""));
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
        let junit = junit();
        let umoci = junit.split("<testsuite name=\"umoci@0.4.7\"").nth(1);
        let umoci = umoci
            .and_then(|rest| rest.lines().next())
            .unwrap_or_default();
        assert!(
            umoci.contains("tests=\"11\"") && umoci.contains("skipped=\"11\""),
            "{umoci}"
        );
        let markdown = markdown::render(matrix, &markdown::MarkdownOptions::default());
        assert!(!markdown.contains("|  |  |"), "an empty cell");
    });
}
