//! The site in a real browser: filters, keys, navigation, what a screen reader is told, and how it
//! looks in the dark, on a phone and without scripts.
//!
//! Where there is no Chromium these trials are shown as ignored, with the reason: never as passed.
//! `OCIPICK_SCREENSHOTS=DIR` keeps pictures of the pages.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod browser;
mod pages;
mod sample;

use browser::{Browser, Outcome, chromium};
use libtest_mimic::{Arguments, Failed, Trial};
use sample::Sample;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Arc, OnceLock},
};

/// What every trial works on: the site as files, and what was made up for it.
pub(crate) struct Stage {
    dir: tempfile::TempDir,
    pub(crate) sample: Sample,
}

impl Stage {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let sample = sample::sample();
        let site = dir.path().join("site");
        ocipick::site::write(&sample.site, &site).unwrap();
        std::fs::write(site.join("report.html"), &sample.alone).unwrap();
        Self { dir, sample }
    }

    /// The address of a page.
    pub(crate) fn url(&self, page: &str) -> String {
        format!("file://{}/{page}", self.dir.path().join("site").display())
    }
}

type Check = fn(&Stage, &mut Browser) -> Outcome;

/// Every trial, and how wide its window is.
const CHECKS: [(&str, u32, Check); 11] = [
    (
        "nothing_is_complained_of_on_any_kind_of_page",
        1280,
        pages::nothing_is_complained_of,
    ),
    (
        "the_matrix_is_filtered_by_text",
        1280,
        pages::filtered_by_text,
    ),
    (
        "the_matrix_is_filtered_by_outcome_and_tool",
        1280,
        pages::filtered_by_outcome_and_tool,
    ),
    (
        "the_matrix_is_filtered_by_clause_and_family",
        1280,
        pages::filtered_by_clause_and_family,
    ),
    (
        "the_address_holds_the_filter",
        1280,
        pages::the_address_holds_the_filter,
    ),
    (
        "the_matrix_is_used_by_keyboard",
        1280,
        pages::used_by_keyboard,
    ),
    (
        "two_clicks_lead_to_the_evidence",
        1280,
        pages::two_clicks_lead_to_the_evidence,
    ),
    (
        "a_screen_reader_is_told_everything",
        1280,
        pages::a_screen_reader_is_told_everything,
    ),
    (
        "every_row_is_there_without_scripts",
        1280,
        pages::every_row_is_there_without_scripts,
    ),
    ("pages_fit_a_phone", 390, pages::pages_fit_a_phone),
    (
        "pages_are_dark_where_that_is_asked_for_and_light_in_print",
        1280,
        pages::dark_and_print,
    ),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let Some(chromium) = chromium() else {
        let absent = |(name, _, _): &(&'static str, u32, Check)| {
            Trial::ignorable_test(*name, || {
                Ok(libtest_mimic::Completion::ignored_with(
                    "there is no chromium on this machine",
                ))
            })
        };
        return libtest_mimic::run(&arguments, CHECKS.iter().map(absent).collect()).exit_code();
    };
    let chromium: Arc<PathBuf> = Arc::new(chromium);
    let stage: Arc<OnceLock<Stage>> = Arc::new(OnceLock::new());
    let trials = CHECKS.into_iter().map(|(name, width, check)| {
        let (chromium, stage) = (Arc::clone(&chromium), Arc::clone(&stage));
        Trial::test(name, move || {
            let stage = stage.get_or_init(Stage::new);
            run(&chromium, stage, width, check).map_err(Failed::from)
        })
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    drop(stage);
    conclusion.exit_code()
}

fn run(chromium: &Path, stage: &Stage, width: u32, check: Check) -> Outcome {
    let mut browser = Browser::start(chromium, width, 900)?;
    check(stage, &mut browser)?;
    browser.no_complaints()
}
