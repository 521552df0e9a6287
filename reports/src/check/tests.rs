//! Traps: what is no pass must never look like one, in each of the three places where it is shown.

use super::*;
use ocipick_corpus::{Case, built_in_specifications, digest_of_content};
use ocipick_records::Outcome;
use ocipick_reports::{
    analysis::{
        conformance::Revisions,
        matrix::{CaseBook, Matrix},
    },
    baseline::Baseline,
};
use std::sync::LazyLock;

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
    let mut baselines = Baselines {
        shelf: ocipick_reports::baseline::BaselineSet::default(),
        source: crate::baselines::BaselineSource::BuiltIn,
    };
    for baseline in Baseline::all_of(accepted).unwrap() {
        let place = baselines.shelf.place(&baseline.build, false);
        baselines.shelf.put(place, baseline);
    }
    CheckPolicy {
        baselines,
        known: ExpectedFailures::parse(known).unwrap(),
        changes: Changes::Fail,
    }
}

fn checker(known: &str) -> Checker<'static> {
    let hints = Hints::of_results(Path::new("out/dev/results.jsonl"));
    Checker::new(policy(known), &CORPUS, &RULEBOOK, hints)
}

fn concluded(cells: &[(&str, &str, String)]) -> (CheckConclusion, String) {
    let tally = checker("").tally(&results(cells));
    (tally.conclusion(), tally.text())
}

#[test]
fn what_is_as_accepted_passes() {
    let (conclusion, text) = concluded(&[
        ("crane@1.0", CASE, picked(CASE, "first")),
        ("crane@1.0", OTHER, picked(OTHER, "first")),
    ]);
    assert_eq!(conclusion, CheckConclusion::Pass, "{text}");
    assert!(text.contains("2 passed, 0 expected failures"), "{text}");
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
    let mut baseline = policy.baselines.shelf.baselines().next().unwrap().1.clone();
    baseline.lines.retain(|key, _| key.case == OTHER);
    let place = policy.baselines.shelf.place(&baseline.build, false);
    policy.baselines.shelf.put(place, baseline);
    let hints = Hints::of_results(Path::new("out"));
    let checker = Checker::new(policy, &CORPUS, &RULEBOOK, hints);
    let new = ("crane@1.0", CASE, picked(CASE, "first"));
    let tally = checker.tally(&results(std::slice::from_ref(&new)));
    assert_eq!(
        tally.conclusion(),
        CheckConclusion::Nothing,
        "{}",
        tally.text()
    );
    let old = ("crane@1.0", OTHER, picked(OTHER, "first"));
    let tally = checker.tally(&results(&[new, old]));
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
    let tally = checker().tally(&results_on("x86-64-v3", "default", &cells));
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
    let tally = checker().tally(&on_v4);
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
    let tally = checker().tally(&on_v4);
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
        checker().tally(&on_v4).conclusion(),
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
    let checked = checker.for_junit(&results);
    junit::render(&matrix, &|trial| {
        checked[&std::ptr::from_ref(trial)].clone()
    })
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
    assert_eq!(checker("").tally(&results(&regressions)).failures(), 2);

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
    let tally = checker(&known).tally(&results(&xfail));
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
    let tally = checker(&known).tally(&results(&xpass));
    assert_eq!(tally.conclusion(), CheckConclusion::Fail);
    assert!(tally.text().contains("no longer occurs (xpass)"));
    let xml = junit_of(&known, &xpass);
    assert!(xml.contains("<failure type=\"xpass\""), "{xml}");
}
