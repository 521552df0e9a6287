//! Tools write what they like, and no format breaks of it.

use crate::{
    sample::{self, DOCKER, PODMAN},
    site, verdicts as judged,
};
use ocipick_records::{
    Command, Evidence, Exit, Identity, Observation, Outcome, RefusalReason, Results, Sighting,
    Trial, UnmeasuredWhy,
};
use ocipick_reports::{
    analysis::matrix::{CaseBook, Matrix},
    render::{json, junit, markdown, terminal},
    site::{Site, one_page},
};
use proptest::prelude::*;

const NASTY: &str = "a|b\nc\r\nd<script>alert('x')</script>&amp;\"]]>-->\u{1b}[31mred\u{1b}]0;title\u{7}\
                     \0\u{8}\u{7f}\u{9b}2J\u{202e}\u{fffe}\u{ffff}``` </details> @someone #1 \\";

fn nasty_trials(text: &str) -> Vec<Trial> {
    let evidence = Evidence {
        reported: Observation::Seen {
            sightings: vec![Sighting {
                source: text.to_owned(),
                identity: Identity::Marker(text.to_owned()),
                children: vec![text.to_owned()],
            }],
        },
        materialised: Observation::Absent {
            words: text.to_owned(),
        },
        stderr_tail: text.to_owned(),
        commands: vec![Command {
            line: text.to_owned(),
            exit: Exit::Code(1),
            duration_ms: 1,
        }],
        notes: vec![text.to_owned()],
        ..Evidence::default()
    };
    let outcomes = [
        sample::picked(text),
        Outcome::Refused {
            reason: RefusalReason::Other,
            message: text.to_owned(),
        },
        sample::mixed(&[text, text]),
        sample::crashed(text),
        sample::unstable(&[(sample::picked(text), 1), (Outcome::Nothing, 1)]),
        sample::unmeasured(UnmeasuredWhy::HarnessTrouble, text),
    ];
    let mut trials = Vec::new();
    for (number, outcome) in (0..).zip(outcomes) {
        for tool in [DOCKER, PODMAN] {
            let outcome = if tool == DOCKER {
                outcome.clone()
            } else {
                sample::picked("first")
            };
            let mut trial = sample::trial(&format!("{text}/{number}{text}"), tool, outcome);
            trial.evidence = evidence.clone();
            trial.platform = text.to_owned();
            if tool == PODMAN {
                trial.flavour = Some(text.to_owned());
                trial.runtime = format!("podman@{text}");
                trial.version = text.to_owned();
                trial.channel = text.to_owned();
            }
            trials.push(trial);
        }
    }
    trials
}

fn nasty_results(text: &str) -> Results {
    let mut results = sample::results(nasty_trials(text));
    results.header.host.distribution = text.to_owned();
    results.header.corpus.source = text.to_owned();
    results.header.started = text.to_owned();
    results.footer = None;
    for runtime in &mut results.header.runtimes {
        runtime.provenance.notes.push(text.to_owned());
    }
    let mut absent = sample::record(sample::UMOCI);
    absent.unmeasured = Some(text.to_owned());
    results.header.runtimes.push(absent);
    results
}

/// Renders everything, and checks what must hold whatever the text is.
fn check(text: &str) -> Result<(), TestCaseError> {
    let (results, book) = ([nasty_results(text)], CaseBook::default());
    let matrix = Matrix::build(&results, &book);

    for width in [None, Some(20), Some(80)] {
        let options = terminal::TerminalOptions {
            width,
            ..terminal::TerminalOptions::default()
        };
        let shown = terminal::render(&matrix, &options);
        let control = shown.chars().find(|c| c.is_control() && *c != '\n');
        prop_assert_eq!(control, None);
        let reordering = shown.contains('\u{202e}');
        prop_assert!(!reordering);
    }

    let shown = markdown::render(
        &matrix,
        &markdown::MarkdownOptions {
            all: true,
            findings: 9,
            ..markdown::MarkdownOptions::default()
        },
    );
    prop_assert!(!shown.chars().any(|c| c.is_control() && c != '\n'));
    let columns = |line: &str| line.replace("\\|", "").matches('|').count();
    let mut width = None;
    for line in shown.lines() {
        if line.starts_with("| case") {
            width = Some(columns(line));
        } else if line.starts_with("| ") {
            prop_assert_eq!(Some(columns(line)), width, "{}", line);
        } else if line.is_empty() {
            width = None;
        }
    }
    let opened = shown
        .lines()
        .filter(|line| line.starts_with("<details>"))
        .count();
    let closed = shown.lines().filter(|line| *line == "</details>").count();
    prop_assert_eq!(opened, closed);

    let shown = serde_json::from_str::<serde_json::Value>(&json::render(&matrix));
    prop_assert!(shown.is_ok_and(|document| document.is_object()));

    check_xml(&junit::render(
        &matrix,
        &judged::checker().check_all(&results),
    ))
}

/// Checks what must hold of every page of a site.
fn check_site(text: &str) -> Result<(), TestCaseError> {
    let corpus = judged::corpus();
    let site = site::with(
        nasty_results(text),
        &CaseBook::default(),
        corpus,
        Site::build,
    );
    for (path, bytes) in site
        .files
        .iter()
        .filter(|(path, _)| path.ends_with(".html"))
    {
        // Those of clauses hold nothing of results.
        if path.starts_with("clause/") {
            continue;
        }
        let page = std::str::from_utf8(bytes);
        prop_assert!(page.is_ok());
        let page = page.unwrap_or_default();
        check_page(path, page)?;
    }
    let results = nasty_results(text);
    let page = site::with(results, &CaseBook::default(), corpus, one_page);
    check_page("the report", &page)?;
    prop_assert_eq!(site::check_links(&site), Ok(()));
    let plain = |c: char| c.is_ascii_alphanumeric() || "/.-_+@~".contains(c);
    for path in site.files.keys() {
        prop_assert!(path.chars().all(plain), "{}", path);
        prop_assert!(
            !path
                .split('/')
                .any(|part| part.starts_with('.') || part.is_empty())
        );
    }
    Ok(())
}

fn check_page(path: &str, page: &str) -> Result<(), TestCaseError> {
    prop_assert_eq!(page.matches("<script").count(), 1, "{}", path);
    let control = page
        .chars()
        .find(|c| c.is_control() && *c != '\n' && *c != '\t');
    prop_assert_eq!(control, None, "{}", path);
    prop_assert!(!page.contains('\u{202e}'), "{}", path);
    for tag in ["details", "table", "section", "ul", "svg", "a"] {
        let opened =
            page.matches(&format!("<{tag} ")).count() + page.matches(&format!("<{tag}>")).count();
        let closed = page.matches(&format!("</{tag}>")).count();
        prop_assert_eq!(opened, closed, "{} in {}", tag, path);
    }
    Ok(())
}

/// Checks that a text is well-formed XML, of the plain kind that is written here.
fn check_xml(xml: &str) -> Result<(), TestCaseError> {
    for c in xml.chars() {
        let legal = matches!(c,
            '\t' | '\n' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
        prop_assert!(legal, "{:?} is not permitted in XML", c);
    }
    let mut open: Vec<&str> = Vec::new();
    let mut rest = xml
        .strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>")
        .expect("it declares itself");
    while let Some((text, after)) = rest.split_once('<') {
        prop_assert!(!text.contains('>'), "{}", text);
        check_entities(text)?;
        let (tag, after) = after.split_once('>').expect("a tag ends");
        prop_assert!(!tag.contains('<'), "{}", tag);
        prop_assert_eq!(tag.matches('"').count() % 2, 0, "{}", tag);
        check_entities(tag)?;
        let mut parts = tag.split([' ', '/']);
        let name = parts
            .find(|part| !part.is_empty())
            .expect("a tag has a name");
        if tag.starts_with('/') {
            prop_assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        rest = after;
    }
    prop_assert!(open.is_empty());
    prop_assert_eq!(rest.trim(), "");
    Ok(())
}

fn check_entities(text: &str) -> Result<(), TestCaseError> {
    for entity in text.split('&').skip(1) {
        let known = ["amp;", "lt;", "gt;", "quot;", "apos;"];
        prop_assert!(
            known.iter().any(|known| entity.starts_with(known)),
            "{}",
            text
        );
    }
    Ok(())
}

#[test]
fn nothing_nasty_breaks_a_format() {
    for text in [NASTY, "", &NASTY.repeat(20)] {
        check(text).unwrap();
        check_site(text).unwrap();
    }
}

#[test]
fn a_pick_without_a_name_is_no_empty_cell() {
    let trials = sample::row("a/b", vec![(DOCKER, sample::picked("\u{1b}[0m\n"))]);
    let (results, book) = ([sample::results(trials)], CaseBook::default());
    let matrix = Matrix::build(&results, &book);
    let shown = terminal::render(&matrix, &terminal::TerminalOptions::default());
    assert!(shown.contains("(no name)"), "{shown}");
}

#[test]
fn long_words_of_a_tool_are_kept_short() {
    let long = "x".repeat(1_000_000);
    let outcomes = [
        Outcome::Refused {
            reason: RefusalReason::Other,
            message: long.clone(),
        },
        sample::crashed(&long),
        sample::picked(&long),
        sample::unmeasured(UnmeasuredWhy::HarnessTrouble, &long),
    ];
    let trials = (0..).zip(outcomes).flat_map(|(number, outcome)| {
        let case = format!("a/{number}");
        let cells = vec![(DOCKER, outcome), (PODMAN, sample::picked("first"))];
        sample::row(&case, cells)
    });
    let mut results = sample::results(trials.collect());
    let mut absent = sample::record(sample::UMOCI);
    absent.unmeasured = Some(long);
    results.header.runtimes.push(absent);
    let (results, book) = ([results], CaseBook::default());
    let matrix = Matrix::build(&results, &book);
    for shown in [
        terminal::render(&matrix, &terminal::TerminalOptions::default()),
        markdown::render(&matrix, &markdown::MarkdownOptions::default()),
        junit::render(&matrix, &judged::checker().check_all(&results)),
    ] {
        assert!(shown.len() < 100_000, "{}: {:.500}", shown.len(), shown);
    }
    let [results] = results;
    let page = site::with(results, &book, judged::corpus(), one_page);
    assert!(page.len() < 100_000, "{}: {:.500}", page.len(), page);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_breaks_a_format(text in any::<String>()) {
        check(&text)?;
    }

    #[test]
    fn no_markup_breaks_a_format(text in "[|`<>&\"'\\\\\\]\\[\u{1b}\u{9b};m\n/a@#*_-]{0,24}") {
        check(&text)?;
    }
}

proptest! {
    // A site is many pages.
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_breaks_a_site(text in "([|`<>&\"'\\\\\\]\\[\u{1b};m\n/a@#*_.-]|\\PC){0,24}") {
        check_site(&text)?;
    }
}
