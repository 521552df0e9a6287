//! Traps: what is no pass must never look like one, in each of the three places where it is shown.

use super::*;
use crate::{
    analysis::{
        conformance::Revisions,
        matrix::{CaseBook, Matrix},
    },
    baseline::Baseline,
    render::junit,
};
use ocipick_corpus::{Case, built_in_specifications, digest_of_content};
use ocipick_records::Outcome;
use std::{path::Path, sync::LazyLock};

const CASE: &str = "duplicates/two-entries";
const OTHER: &str = "duplicates/three-entries";

static CORPUS: LazyLock<Corpus> = LazyLock::new(|| Corpus::built_in().unwrap());
static RULEBOOK: LazyLock<ConformanceRules<'static>> = LazyLock::new(|| {
    let revisions = Revisions::choose(&built_in_specifications().unwrap(), &[]).unwrap();
    ConformanceRules::new(&CORPUS, revisions)
});

fn case(id: &str) -> &'static Case {
    CORPUS.get(&id.parse().unwrap()).unwrap()
}

fn picked(id: &str, child: &str) -> String {
    let digest = &case(id).child(child).unwrap().manifest;
    format!(r#"{{"kind":"picked","child":"{child}","digest":"{digest}"}}"#)
}

fn unmeasured(why: &str) -> String {
    format!(r#"{{"kind":"unmeasured","why":"{why}","detail":"it was so"}}"#)
}

/// Results with these cells: runtime, case, outcome.
fn results(cells: &[(&str, &str, String)]) -> Results {
    results_on("x86-64-v3", "linux/amd64", cells)
}

/// Likewise, made on a processor of this level, of what was asked for this platform.
fn results_on(level: &str, platform: &str, cells: &[(&str, &str, String)]) -> Results {
    let content: Vec<String> = [CASE, OTHER]
        .iter()
        .map(|id| format!("\"{id}\":\"{}\"", digest_of_content(case(id))))
        .collect();
    let mut lines = vec![format!(
        r#"{{"type":"header","schema":"ocipick.results/1","ocipick":"0.1.0","started":"","corpus":{{"digest":"sha256:00","cases":2,"source":"built-in","content":{{{}}}}},"host":{{"os":"linux","architecture":"amd64","distribution":"","kernel":"","cpus":1,"cpu_level":"{level}"}},"runtimes":[],"operations":["pull"],"planned":{}}}"#,
        content.join(","),
        cells.len()
    )];
    for (runtime, case, outcome) in cells {
        let (tool, version) = runtime.split_once('@').unwrap();
        lines.push(format!(
            r#"{{"type":"trial","case":"{case}","runtime":"{runtime}","tool":"{tool}","version":"{version}","channel":"path","operation":"pull","platform":"{platform}","outcome":{outcome},"evidence":{{"reported":{{"state":"not-looked"}},"materialised":{{"state":"not-looked"}},"requests":[],"stderr_tail":"","commands":[]}},"duration_ms":1}}"#
        ));
    }
    lines.push(format!(
        r#"{{"type":"footer","ended":"","outcomes":{{}},"trials":{},"duration_ms":1,"tools_ms":1}}"#,
        cells.len()
    ));
    Results::parse((lines.join("\n") + "\n").as_bytes()).unwrap()
}

/// A policy with a baseline of crane 1.0, and this expected failure.
fn policy(known: &str) -> CheckPolicy {
    policy_of(
        known,
        &results(&[
            ("crane@1.0", CASE, picked(CASE, "first")),
            ("crane@1.0", OTHER, picked(OTHER, "first")),
        ]),
    )
}

/// A policy with baselines of these results, and this expected failure.
fn policy_of(known: &str, accepted: &Results) -> CheckPolicy {
    let mut baselines = BaselineSet::default();
    for baseline in Baseline::all_of(accepted).unwrap() {
        let place = baselines.place(&baseline.build, false);
        baselines.put(place, baseline);
    }
    CheckPolicy {
        baselines,
        source: "the baselines of a test".to_owned(),
        expected: ExpectedFailures::parse(known).unwrap(),
        changes: Changes::Fail,
    }
}

fn checker(known: &str) -> Checker<'static> {
    let hints = Hints::of_results(Path::new("out/dev/results.jsonl"));
    Checker::new(policy(known), &CORPUS, &RULEBOOK, hints)
}

fn concluded(cells: &[(&str, &str, String)]) -> (CheckConclusion, String) {
    let tally = checker("").tally(&[results(cells)]);
    (tally.conclusion(), tally.text())
}

#[test]
fn what_is_as_accepted_passes() {
    let (conclusion, text) = concluded(&[
        ("crane@1.0", CASE, picked(CASE, "first")),
        ("crane@1.0", OTHER, picked(OTHER, "first")),
    ]);
    assert_eq!(conclusion, CheckConclusion::Pass, "{text}");
    assert_eq!(
        text,
        "\nchecked against the baselines of a test: 2 passed, 0 expected failures, 0 reported, 0 new to \
         their baselines, 0 not held, 0 failed, 0 not measured\n"
    );
    let checker = checker("");
    let accepted = checker.policy().baselines.baselines();
    assert_eq!(
        accepted.map(|(place, _)| place).collect::<Vec<_>>(),
        ["crane/1.0.txt"]
    );
}

#[test]
fn of_many_that_fail_nothing_the_first_are_named() {
    let reported = |count: usize| {
        let mut results = results(&[("regctl@1.0", CASE, picked(CASE, "second"))]);
        let trial = results.trials[0].clone();
        results.trials = (0..count)
            .map(|number| Trial {
                runtime: format!("regctl@{number}"),
                ..trial.clone()
            })
            .collect();
        checker("").tally(&[results]).text()
    };
    let text = reported(10);
    assert_eq!(text.matches("  regctl@").count(), 10, "{text}");
    assert!(!text.contains("more"), "{text}");
    let text = reported(12);
    assert_eq!(text.matches("  regctl@").count(), 10, "{text}");
    assert!(text.contains("\n  and 2 more\n"), "{text}");
}

#[test]
fn a_change_fails_and_what_repeats_it_names_the_results_of_the_user() {
    let (conclusion, text) = concluded(&[
        ("crane@1.0", CASE, picked(CASE, "second")),
        ("crane@1.0", OTHER, picked(OTHER, "first")),
    ]);
    assert_eq!(conclusion, CheckConclusion::Fail);
    assert!(
        text.contains("picked second, and it was picked first"),
        "{text}"
    );
    assert!(text.contains("--out out/dev/again"), "{text}");
    assert!(
        text.contains("ocipick bless out/dev/results.jsonl"),
        "{text}"
    );
}

#[test]
fn cells_that_are_not_measured_any_more_are_no_pass() {
    for why in [
        "unsupported",
        "not-installed",
        "harness-trouble",
        "evidence-missing",
    ] {
        let (conclusion, text) = concluded(&[
            ("crane@1.0", CASE, picked(CASE, "first")),
            ("crane@1.0", OTHER, unmeasured(why)),
        ]);
        assert_eq!(conclusion, CheckConclusion::InPart, "{text}");
        assert!(text.contains(&format!("crane@1.0: 1 {why}")), "{text}");
    }
    // What somebody has measured, and is not shown, is not lost.
    for why in ["withheld", "unknown"] {
        let (conclusion, text) = concluded(&[
            ("crane@1.0", CASE, picked(CASE, "first")),
            ("crane@1.0", OTHER, unmeasured(why)),
        ]);
        assert_eq!(conclusion, CheckConclusion::Pass, "{text}");
    }
}

#[test]
fn a_tool_that_cannot_be_measured_at_all_fails() {
    let all = |why| {
        concluded(&[
            ("crane@1.0", CASE, unmeasured(why)),
            ("crane@1.0", OTHER, unmeasured(why)),
        ])
    };
    let (conclusion, text) = all("controls-failed");
    assert_eq!(conclusion, CheckConclusion::Fail, "{text}");
    assert!(text.contains("did not pass its controls"), "{text}");
    // That is trouble of the machine.
    assert_eq!(all("harness-trouble").0, CheckConclusion::InPart);
}

#[test]
fn without_any_baseline_there_is_no_pass() {
    let (conclusion, text) = concluded(&[("umoci@0.4.7", CASE, picked(CASE, "first"))]);
    assert_eq!(conclusion, CheckConclusion::Nothing, "{text}");
    assert!(text.contains("no pass: no baseline of a runtime"), "{text}");
    assert!(text.contains("umoci@0.4.7 (hint: ocipick bless"), "{text}");
    let (conclusion, text) = concluded(&[("umoci@0.4.7", CASE, unmeasured("not-started"))]);
    assert_eq!(conclusion, CheckConclusion::Nothing, "{text}");
    assert!(text.ends_with("no pass: nothing was measured\n"), "{text}");
    let (conclusion, _) = concluded(&[("crane@0.9", CASE, picked(CASE, "first"))]);
    assert_eq!(
        conclusion,
        CheckConclusion::Nothing,
        "an older one is no reference"
    );
    let (conclusion, text) = concluded(&[
        ("umoci@0.4.7", CASE, picked(CASE, "first")),
        ("crane@1.1", CASE, picked(CASE, "first")),
    ]);
    assert_eq!(conclusion, CheckConclusion::Pass, "{text}");
}

#[test]
fn where_every_case_is_new_nothing_was_checked() {
    let mut policy = policy("");
    let mut baseline = policy.baselines.baselines().next().unwrap().1.clone();
    baseline.lines.retain(|key, _| key.case == OTHER);
    let place = policy.baselines.place(&baseline.build, false);
    policy.baselines.put(place, baseline);
    let hints = Hints::of_results(Path::new("out"));
    let checker = Checker::new(policy, &CORPUS, &RULEBOOK, hints);
    let new = ("crane@1.0", CASE, picked(CASE, "first"));
    let tally = checker.tally(&[results(std::slice::from_ref(&new))]);
    assert_eq!(
        tally.conclusion(),
        CheckConclusion::Nothing,
        "{}",
        tally.text()
    );
    let old = ("crane@1.0", OTHER, picked(OTHER, "first"));
    let tally = checker.tally(&[results(&[new, old])]);
    assert_eq!(
        tally.conclusion(),
        CheckConclusion::Pass,
        "{}",
        tally.text()
    );
}

#[test]
fn outcomes_of_a_later_version_fail_nothing() {
    let (conclusion, text) = concluded(&[
        (
            "crane@1.0",
            CASE,
            r#"{"kind":"copied","fidelity":"identical"}"#.to_owned(),
        ),
        (
            "crane@1.0",
            OTHER,
            r#"{"kind":"refused","reason":"later","message":"no"}"#.to_owned(),
        ),
    ]);
    assert_eq!(conclusion, CheckConclusion::Pass, "{text}");
    assert!(text.contains("0 failed, 1 not measured"), "{text}");
}

#[test]
fn what_is_left_to_the_tool_is_not_held_against_another_cpu_level() {
    let cells = [
        ("crane@1.0", CASE, picked(CASE, "first")),
        ("crane@1.0", OTHER, picked(OTHER, "first")),
    ];
    let checker = || {
        let accepted = results_on("x86-64-v3", "default", &cells);
        let hints = Hints::of_results(Path::new("out"));
        Checker::new(policy_of("", &accepted), &CORPUS, &RULEBOOK, hints)
    };
    let tally = checker().tally(&[results_on("x86-64-v3", "default", &cells)]);
    assert_eq!(
        tally.conclusion(),
        CheckConclusion::Pass,
        "{}",
        tally.text()
    );

    // The same cells, and other picks, on another processor: nothing was checked.
    let other = [
        ("crane@1.0", CASE, picked(CASE, "second")),
        ("crane@1.0", OTHER, picked(OTHER, "first")),
    ];
    let on_v4 = results_on("x86-64-v4", "default", &other);
    let tally = checker().tally(std::slice::from_ref(&on_v4));
    let text = tally.text();
    assert_eq!(tally.conclusion(), CheckConclusion::Nothing, "{text}");
    assert!(
        text.contains("held against no baseline, because of the CPU level ("),
        "{text}"
    );
    assert!(
        text.contains(
            "not held: the baseline is of another CPU level (crane/1.0.txt: x86-64-v3, here: x86-64-v4)"
        ),
        "{text}"
    );
    let xml = junit(&checker(), on_v4);
    assert!(xml.contains("failures=\"0\" errors=\"0\""), "{xml}");
    assert!(
        xml.contains("<skipped message=") && xml.contains("of another CPU level"),
        "{xml}"
    );

    // What is no answer is none on every processor.
    let nothing = serde_json::to_string(&Outcome::Nothing).unwrap();
    let on_v4 = results_on("x86-64-v4", "default", &[("crane@1.0", CASE, nothing)]);
    let tally = checker().tally(std::slice::from_ref(&on_v4));
    assert_eq!(tally.conclusion(), CheckConclusion::Fail);
    assert!(
        tally
            .text()
            .contains("by no baseline: the baseline is of another CPU level"),
        "{}",
        tally.text()
    );
    // What was not measured there is not lost.
    let on_v4 = results_on(
        "x86-64-v4",
        "default",
        &[("crane@1.0", CASE, unmeasured("unsupported"))],
    );
    assert_eq!(
        checker().tally(std::slice::from_ref(&on_v4)).conclusion(),
        CheckConclusion::Nothing
    );
}

/// The counts of the one suite of a JUnit file.
fn junit_of(known: &str, cells: &[(&str, &str, String)]) -> String {
    junit(&checker(known), results(cells))
}

fn junit(checker: &Checker<'_>, results: Results) -> String {
    let results = [results];
    let book = CaseBook::of(&CORPUS);
    let matrix = Matrix::build(&results, &book);
    junit::render(&matrix, &checker.check_all(&results))
}

#[test]
fn junit_says_what_the_check_says() {
    let regressions = [
        ("crane@1.0", CASE, picked(CASE, "second")),
        ("crane@1.0", OTHER, picked(OTHER, "second")),
    ];
    let xml = junit_of("", &regressions);
    assert!(
        xml.contains("tests=\"2\" failures=\"2\" errors=\"0\""),
        "{xml}"
    );
    assert!(xml.contains("<failure type=\"changed\""), "{xml}");
    assert_eq!(checker("").tally(&[results(&regressions)]).failures(), 2);

    let lost = [
        ("crane@1.0", CASE, picked(CASE, "first")),
        ("crane@1.0", OTHER, unmeasured("unsupported")),
    ];
    let xml = junit_of("", &lost);
    assert!(
        xml.contains("failures=\"0\" errors=\"1\" skipped=\"0\""),
        "{xml}"
    );
}

#[test]
fn expected_failures_are_told_everywhere_and_their_absence_fails() {
    let known = format!(
        "[[finding]]\ncase = '{CASE}'\ntool = 'crane'\nversions = '*'\nkind = 'nothing'\n\
         reason = 'it forgets'\n"
    );
    let nothing = serde_json::to_string(&Outcome::Nothing).unwrap();
    let xfail = [
        ("crane@1.0", CASE, nothing),
        ("crane@1.0", OTHER, picked(OTHER, "first")),
    ];
    let tally = checker(&known).tally(&[results(&xfail)]);
    assert_eq!(tally.conclusion(), CheckConclusion::Pass);
    let text = tally.text();
    assert!(text.contains("expected failures (xfail) (1)"), "{text}");
    assert!(text.contains("because it forgets"), "{text}");
    let xml = junit_of(&known, &xfail);
    assert!(
        xml.contains("failures=\"0\" errors=\"0\" skipped=\"1\""),
        "{xml}"
    );
    assert!(
        xml.contains("(xfail)") && xml.contains("it forgets"),
        "{xml}"
    );

    let xpass = [
        ("crane@1.0", CASE, picked(CASE, "first")),
        ("crane@1.0", OTHER, picked(OTHER, "first")),
    ];
    let tally = checker(&known).tally(&[results(&xpass)]);
    assert_eq!(tally.conclusion(), CheckConclusion::Fail);
    assert!(tally.text().contains("no longer occurs (xpass)"));
    let xml = junit_of(&known, &xpass);
    assert!(xml.contains("<failure type=\"xpass\""), "{xml}");
}

/// What the three places are to show of one trial.
struct Shown {
    status: CheckStatus,
    kind: &'static str,
    /// A part of its line.
    words: &'static str,
    /// On a terminal.
    terminal: OnTerminal,
    /// The element of JUnit, without which a test passes.
    junit: Option<&'static str>,
    /// In `cargo test`: passes, ignored or fails.
    test: &'static str,
}

/// What `--check` prints of one trial.
enum OnTerminal {
    /// That it was, in a number.
    Count,
    /// Its line.
    Line,
    /// All there is to know.
    Report,
}

#[test]
fn three_places_show_one_answer() {
    use OnTerminal::{Count, Line, Report};
    let nothing = || serde_json::to_string(&Outcome::Nothing).unwrap();
    let shown = |status, kind, words, terminal, junit, test| Shown {
        status,
        kind,
        words,
        terminal,
        junit,
        test,
    };
    let lost = CheckStatus::Lost(UnmeasuredWhy::NotStarted);
    let not_measured = CheckStatus::NotMeasured(UnmeasuredWhy::ControlsFailed);
    // crane 1.0 and 1.1 and umoci have baselines of the first case, and of no other; of it, what was left to
    // the tool was accepted on another processor.
    #[rustfmt::skip]
    let table = [
        ("crane@1.0", CASE, "linux/amd64", picked(CASE, "first"),
         shown(CheckStatus::Passed, "passed", "", Count, None, "passes")),
        ("crane@1.1", CASE, "linux/amd64", picked(CASE, "second"),
         shown(CheckStatus::Failed, "changed", "picked second, and it was picked first", Report, Some("failure"), "fails")),
        ("oras@1.0", CASE, "linux/amd64", nothing(),
         shown(CheckStatus::ExpectedFailure, "xfail", "expected failure (xfail): it was to be nothing, because it forgets", Line, Some("skipped"), "ignored")),
        ("oras@1.0", OTHER, "linux/amd64", picked(OTHER, "first"),
         shown(CheckStatus::UnexpectedPass, "xpass", "an expected failure no longer occurs (xpass): it was to be nothing, because it forgets", Report, Some("failure"), "fails")),
        ("crane@1.0", OTHER, "linux/amd64", nothing(),
         shown(CheckStatus::New, "new", "its baseline does not have the case", Count, None, "passes")),
        ("regctl@1.0", CASE, "linux/amd64", picked(CASE, "second"),
         shown(CheckStatus::Reported, "deviates", "it deviates from", Line, None, "passes")),
        ("regctl@1.0", OTHER, "linux/amd64", nothing(),
         shown(CheckStatus::Failed, "no answer", "it reported success, and left nothing usable", Report, Some("failure"), "fails")),
        ("umoci@1.0", CASE, "linux/amd64", unmeasured("not-started"),
         shown(lost, "not measured any more", "it was not measured any more (not-started), and it was picked first", Count, Some("error"), "fails")),
        ("umoci@1.0", OTHER, "linux/amd64", unmeasured("controls-failed"),
         shown(not_measured, "not measured", "it was not measured (controls-failed)", Count, Some("skipped"), "ignored")),
        ("crane@1.0", CASE, "default", picked(CASE, "first"),
         shown(CheckStatus::NotHeld, "not held", "not held: the baseline is of another CPU level", Line, Some("skipped"), "ignored")),
    ];

    let accepted =
        ["crane@1.0", "crane@1.1", "umoci@1.0"].map(|it| (it, CASE, picked(CASE, "first")));
    let mut accepted = results_on("x86-64-v4", "linux/amd64", &accepted);
    let left = accepted.trials.iter().map(|trial| Trial {
        platform: "default".to_owned(),
        ..trial.clone()
    });
    accepted.trials.extend(left.collect::<Vec<_>>());
    let known = "[[finding]]\ncase = '*/*'\ntool = 'oras'\nversions = '*'\nkind = 'nothing'\n\
                 reason = 'it forgets'\n";
    let hints = Hints::of_results(Path::new("out"));
    let checker = Checker::new(policy_of(known, &accepted), &CORPUS, &RULEBOOK, hints);

    let cells = table
        .each_ref()
        .map(|(runtime, case, _, outcome, _)| (*runtime, *case, outcome.clone()));
    let mut measured = results(&cells);
    for (trial, (_, _, platform, ..)) in measured.trials.iter_mut().zip(&table) {
        trial.platform = (*platform).to_owned();
    }
    let measured = [measured];
    let checked = checker.check_all(&measured);
    let book = CaseBook::of(&CORPUS);
    let xml = junit::render(&Matrix::build(&measured, &book), &checked);
    let text = checker.tally(&measured).text();

    for ((trial, checked), (.., shown)) in checked.iter().zip(&table) {
        let at = format!("{} on {} ({})", trial.runtime, trial.case, trial.platform);
        assert_eq!(checked.status, shown.status, "{at}");
        assert_eq!(checked.kind, shown.kind, "{at}");
        let Explained { line, report } = &checked.explained;
        assert!(line.contains(shown.words), "{at}: {line}");
        // What simply passes says nothing, and all else says which trial it is.
        assert_eq!(line.is_empty(), shown.status == CheckStatus::Passed, "{at}");
        assert!(report.starts_with(line), "{at}: {report}");
        // What a baseline could have, and has not, can be accepted.
        let to_accept = ["changed", "new", "not held"].contains(&checked.kind);
        assert_eq!(
            report.contains("  accept:   ocipick bless"),
            to_accept,
            "{at}: {report}"
        );

        let (has_line, has_report) = match shown.terminal {
            Count => (false, false),
            Line => (true, false),
            Report => (true, true),
        };
        let said = |part: &str| !part.is_empty() && text.contains(part);
        assert_eq!(said(line), has_line, "{at}: {text}");
        assert_eq!(
            said(&format!("FAILED {report}\n")),
            has_report,
            "{at}: {text}"
        );

        let platform = if trial.case == CASE {
            format!(" ({})", trial.platform)
        } else {
            String::new()
        };
        let name = format!(
            "classname=\"{}.pull\" name=\"{}{platform}\"",
            trial.runtime, trial.case
        );
        let test = xml.split("<testcase ").find(|test| test.starts_with(&name));
        let test = test.unwrap_or_else(|| panic!("{at}: {xml}"));
        for element in ["failure", "error", "skipped"] {
            let is_there = test.contains(&format!("<{element} "));
            assert_eq!(is_there, shown.junit == Some(element), "{at}: {test}");
        }
        if let Some("failure" | "error") = shown.junit {
            assert!(
                test.contains(&format!(" type=\"{}\"", shown.kind)),
                "{at}: {test}"
            );
        }
        assert!(test.contains(shown.words), "{at}: {test}");

        let (end, words) = match TestEnd::of(checked) {
            TestEnd::Passes => ("passes", String::new()),
            TestEnd::Ignored(words) => ("ignored", words),
            TestEnd::Fails(words) => ("fails", words),
        };
        assert_eq!(end, shown.test, "{at}");
        assert!(words.is_empty() || words.starts_with(line), "{at}: {words}");
    }
    // All three count alike.
    assert!(
        text.ends_with(
            "checked against the baselines of a test: 1 passed, 1 expected failures, 1 reported, 1 new to their \
             baselines, 1 not held, 3 failed, 2 not measured\n"
        ),
        "{text}"
    );
    assert!(
        xml.contains("failures=\"3\" errors=\"1\" skipped=\""),
        "{xml}"
    );
    let ends = checked
        .iter()
        .filter(|(_, checked)| matches!(TestEnd::of(checked), TestEnd::Fails(_)));
    assert_eq!(ends.count(), 4, "the three failures, and what was lost");
}
