//! Which tests see which mistake, held against `docs/trust.md`.

use super::{Mutant, with};
use crate::{
    classify::JUDGE_TESTS,
    run::{CONTROLS_TESTS, REPEAT_TESTS},
};
use std::{env, fs, panic::catch_unwind, path::PathBuf};

/// Every mistake, in the order of the page.
const ALL: &[Mutant] = &[
    Mutant::WrongChild,
    Mutant::SwappedEvidence,
    Mutant::ReportsForBoth,
    Mutant::ContentsForBoth,
    Mutant::JoinedSigns,
    Mutant::StrangersIgnored,
    Mutant::ExitIgnored,
    Mutant::SignalRefuses,
    Mutant::DeadlineRefuses,
    Mutant::PanicRefuses,
    Mutant::CrashIgnored,
    Mutant::PanicIsDeath,
    Mutant::TroubleIgnored,
    Mutant::FullDiskIgnored,
    Mutant::WordsSwallowed,
    Mutant::NoiseDecides,
    Mutant::UnaskedRefuses,
    Mutant::WithheldRefuses,
    Mutant::RequestsIgnored,
    Mutant::FailuresFetch,
    Mutant::HeadsFetch,
    Mutant::StaleStore,
    Mutant::AlikeGuessed,
    Mutant::OthersHidden,
    Mutant::FailedIsNothing,
    Mutant::HangIsNothing,
    Mutant::TroubleIsNothing,
    Mutant::EmptyIsNothing,
    Mutant::UnmarkedIsNothing,
    Mutant::AnyImageEmpty,
    Mutant::PullIsImport,
    Mutant::AnyControl,
    Mutant::AnyNoMatch,
    Mutant::MajorityRules,
    Mutant::UnmeasuredDropped,
];

/// What a mistake does, for the page.
fn about(mutant: Mutant) -> &'static str {
    match mutant {
        Mutant::WrongChild => "a sign names the child next to its own",
        Mutant::SwappedEvidence => "what is reported is taken for what is materialised, and back",
        Mutant::ReportsForBoth => "what is reported stands for both kinds of evidence",
        Mutant::ContentsForBoth => "what is materialised stands for both kinds of evidence",
        Mutant::JoinedSigns => "signs of one look are joined where they should agree",
        Mutant::StrangersIgnored => "a marker of another case is overlooked",
        Mutant::ExitIgnored => "the exit code is not looked at",
        Mutant::SignalRefuses => "death by a signal is a refusal",
        Mutant::DeadlineRefuses => "the end of the deadline is a refusal",
        Mutant::PanicRefuses => "a panic is a refusal",
        Mutant::CrashIgnored => "a daemon that crashed is overlooked",
        Mutant::PanicIsDeath => "a panic that the daemon survived is taken for its death",
        Mutant::TroubleIgnored => "trouble of the harness is overlooked",
        Mutant::FullDiskIgnored => "a full disk explains nothing",
        Mutant::WordsSwallowed => "words that no phrase knows mean no-match",
        Mutant::NoiseDecides => "all that was printed decides, and not the message",
        Mutant::UnaskedRefuses => "who never asked the registry has refused the index",
        Mutant::WithheldRefuses => "a 404 of the registry's own is held against the tool",
        Mutant::RequestsIgnored => "whether anything was fetched does not matter",
        Mutant::FailuresFetch => "requests that failed count as fetched",
        Mutant::HeadsFetch => "requests for headers count as fetched",
        Mutant::StaleStore => "the store is believed to have had everything before",
        Mutant::AlikeGuessed => "of children that look alike the first is named",
        Mutant::OthersHidden => "other children that were fetched are not mentioned",
        Mutant::FailedIsNothing => "a look that failed has seen that there is nothing",
        Mutant::HangIsNothing => "a look that hung has seen that there is nothing",
        Mutant::TroubleIsNothing => "what there was no room for was never there",
        Mutant::EmptyIsNothing => "an image without layers is none",
        Mutant::UnmarkedIsNothing => "an image without a marker is none",
        Mutant::AnyImageEmpty => "every image could be one without layers",
        Mutant::PullIsImport => "a pull is judged without its requests, as an import is",
        Mutant::AnyControl => "any pick from the first control will do",
        Mutant::AnyNoMatch => "a pick from the second control will do",
        Mutant::MajorityRules => "the most frequent of several outcomes stands for all",
        Mutant::UnmeasuredDropped => "tries that could not be measured do not count",
    }
}

/// More of them would hide the names that matter.
const SHOWN: usize = 3;

/// The names of the tests that fail under a mistake.
fn caught_by(mutant: Option<Mutant>) -> Vec<&'static str> {
    JUDGE_TESTS
        .iter()
        .chain(CONTROLS_TESTS)
        .chain(REPEAT_TESTS)
        .filter(|(_, test)| with(mutant, || catch_unwind(test)).is_err())
        .map(|(name, _)| *name)
        .collect()
}

#[test]
fn no_test_fails_without_a_mistake() {
    assert_eq!(caught_by(None), Vec::<&str>::new());
}

/// A test that is left out of a list would never be asked.
#[test]
fn every_test_is_asked() {
    for (source, tests) in [
        (include_str!("../classify/classifier/tests.rs"), JUDGE_TESTS),
        (include_str!("../run/controls.rs"), CONTROLS_TESTS),
        (include_str!("../run/repeat.rs"), REPEAT_TESTS),
    ] {
        assert_eq!(source.matches("#[test]").count(), tests.len());
    }
}

#[test]
fn every_mistake_is_caught_by_the_tests_that_the_page_names() {
    let mut table = "| mistake | what goes wrong | caught by |\n|---|---|---|\n".to_owned();
    for mutant in ALL {
        let tests = caught_by(Some(*mutant));
        assert!(!tests.is_empty(), "nothing catches {mutant:?}");
        let mut names: Vec<String> = tests
            .iter()
            .take(SHOWN)
            .map(|name| format!("`{name}`"))
            .collect();
        if tests.len() > SHOWN {
            names.push(format!("{} more", tests.len() - SHOWN));
        }
        let row = format!(
            "| `{mutant:?}` | {} | {} |\n",
            about(*mutant),
            names.join(", ")
        );
        table.push_str(&row);
    }
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/trust.md");
    let page = fs::read_to_string(&path).unwrap();
    let (begin, end) = ("<!-- judge: begin -->\n", "<!-- judge: end -->\n");
    let (before, rest) = page.split_once(begin).unwrap();
    let (shown, after) = rest.split_once(end).unwrap();
    if env::var_os("OCIPICK_BLESS").is_some() {
        fs::write(path, format!("{before}{begin}{table}{end}{after}")).unwrap();
    } else {
        assert_eq!(shown, table, "OCIPICK_BLESS=1 writes it anew");
    }
}
