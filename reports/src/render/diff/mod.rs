//! What changed between two results, in the forms that people and programs read.

mod groups;
pub mod json;
pub mod markdown;
pub mod terminal;

use crate::{
    analysis::{
        changes::results::{CoverageChange, Diff, Pairing, RuntimePair},
        matrix::{Matrix, MatrixRuntime, MeasuredRun},
    },
    render::cell,
    text,
};
use std::collections::BTreeSet;

/// How many rows of a change are named, unless all are asked for.
const NAMED: usize = 6;

/// The results of one side, in a line.
fn side(matrix: &Matrix<'_>) -> String {
    let cases: BTreeSet<&str> = matrix.trials().map(|trial| trial.case.as_str()).collect();
    let runs: Vec<String> = matrix.runs.iter().map(run).collect();
    format!(
        "{}; {}, {}",
        runs.join(" and "),
        text::count(cases.len(), "case", "cases"),
        text::count(matrix.runtimes.len(), "runtime", "runtimes"),
    )
}

fn run(run: &MeasuredRun<'_>) -> String {
    let begun = text::line(&run.header.started);
    let version = text::line(&run.header.ocipick);
    let unfinished = if run.footer.is_some() {
        ""
    } else {
        ", not finished"
    };
    format!("{begun}, ocipick {version}{unfinished}")
}

/// What was found, in a sentence.
fn headline(diff: &Diff<'_>) -> String {
    let cells = |number: usize| text::count(number, "cell", "cells");
    let changed = diff.changes().count();
    let mut parts = vec![match (diff.compared, changed) {
        (0, _) => "There was no cell to compare".to_owned(),
        (all, 0) => format!("No change in {}", cells(all)),
        (all, some) => format!("{some} of {} changed", cells(all)),
    }];
    let mut add = |number: usize, what: &str| {
        if number > 0 {
            parts.push(format!("{number} {what}"));
        }
    };
    let wavering = diff.wavering().count();
    add(
        wavering,
        if wavering == 1 {
            "differs when repeated and may be what it was"
        } else {
            "differ when repeated and may be what they were"
        },
    );
    add(
        diff.covered(CoverageChange::NoLongerMeasured).count(),
        "no longer measured",
    );
    add(
        diff.covered(CoverageChange::BecameMeasured).count(),
        "became measured",
    );
    parts.join("; ")
}

/// What a reader must know before taking a change for one.
fn caution(diff: &Diff<'_>) -> Option<String> {
    let once = diff.resting_on_one_try();
    (once > 0).then(|| {
        format!(
            "{} on a cell that was tried once, which cannot tell a change from a race \
             (ocipick run --repeat-splits 3).",
            match once {
                1 => "1 change rests".to_owned(),
                several => format!("{several} changes rest"),
            }
        )
    })
}

/// The two runtimes of a pair, the newer one first, and what stands between them.
fn names<'m, 'a>(
    diff: &'m Diff<'a>,
    pair: &RuntimePair,
) -> Option<(&'m MatrixRuntime<'a>, &'m MatrixRuntime<'a>)> {
    diff.new
        .runtimes
        .get(pair.new)
        .zip(diff.old.runtimes.get(pair.old))
}

fn name(runtime: &MatrixRuntime<'_>) -> String {
    cell::full_name(runtime)
}

/// Whether a pair needs a word about who is compared.
fn is_plain(pair: &RuntimePair) -> bool {
    match pair.pairing {
        Pairing::Same => true,
        Pairing::OtherChannel | Pairing::OtherVersion => false,
    }
}

fn coverage_title(change: CoverageChange) -> &'static str {
    match change {
        CoverageChange::BecameMeasured => "Became measured",
        CoverageChange::NoLongerMeasured => "No longer measured",
        CoverageChange::NewCell => "Asked for something that was not asked before",
        CoverageChange::GoneCell => "No longer asked",
    }
}

/// Lists of cases and runtimes that keep cells from being compared: a title, why, and the names.
fn apart(diff: &Diff<'_>) -> Vec<(&'static str, Vec<String>)> {
    let ids = |ids: &BTreeSet<&str>| ids.iter().map(|id| text::line(id)).collect::<Vec<_>>();
    let runtimes = |matrix: &Matrix<'_>, columns: &[usize]| {
        let runtimes = columns.iter().filter_map(|it| matrix.runtimes.get(*it));
        runtimes.map(name).collect::<Vec<_>>()
    };
    let renamed = diff.cases.renamed.iter();
    let renamed = renamed.map(|(old, new)| text::line(&format!("{old} is {new} now")));
    let lists = [
        (
            "Runtimes only in the newer results",
            runtimes(diff.new, &diff.runtimes.new),
        ),
        (
            "Runtimes only in the older results",
            runtimes(diff.old, &diff.runtimes.gone),
        ),
        ("Cases only in the newer results", ids(&diff.cases.new)),
        ("Cases only in the older results", ids(&diff.cases.gone)),
        (
            "Cases of other bytes, which are not compared",
            ids(&diff.cases.other_bytes),
        ),
        (
            "Cases of which nobody recorded whether they are the same bytes",
            ids(&diff.cases.unknown_bytes),
        ),
        ("Cases that were renamed", renamed.collect()),
    ];
    lists
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .collect()
}
