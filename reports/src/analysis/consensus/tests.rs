//! Weights, majorities, and how split a row is.

use super::*;
use crate::{analysis::matrix::CaseBook, made};
use ocipick_records::{Observed, RefusalReason, Results, UnmeasuredWhy};
use proptest::prelude::*;

fn picked(child: &str) -> Outcome {
    Outcome::Picked {
        child: child.into(),
        digest: "sha256:aa".into(),
    }
}

fn results(cells: &[(&str, Outcome)]) -> Results {
    let trials = cells
        .iter()
        .map(|(runtime, outcome)| made::trial(runtime, "a/b", outcome.clone()));
    made::results(trials.collect())
}

/// Clusters as `gist: share`, with a star at the majority, and how split they are.
fn consensus(cells: &[(&str, Outcome)]) -> String {
    let results = [results(cells)];
    let book = CaseBook::default();
    let matrix = Matrix::build(&results, &book);
    let row = matrix.tables[0].rows().next().unwrap();
    let Some(consensus) = Consensus::of(&matrix, row) else {
        return "nothing".to_owned();
    };
    let clusters: Vec<String> = consensus
        .clusters
        .iter()
        .map(|cluster| {
            let star = if cluster.majority { "*" } else { "" };
            format!("{}{star} {}", cluster.outcome.gist(), cluster.share)
        })
        .collect();
    format!("{} ({})", clusters.join(", "), consensus.split)
}

#[test]
fn versions_and_relatives_do_not_outvote_others() {
    let cells = [
        ("docker@20", picked("first")),
        ("crane@1", picked("first")),
        ("containerd@1", picked("first")),
        ("podman@3", picked("last")),
        ("podman@4", picked("last")),
        ("podman@5", picked("last")),
        ("skopeo@1", picked("last")),
        ("skopeo@2", picked("last")),
    ];
    assert_eq!(consensus(&cells), "first* 0.75, last 0.25 (0.406)");
}

#[test]
fn half_is_no_majority() {
    let cells = [
        ("docker@20", picked("first")),
        ("crane@1", picked("first")),
        ("containerd@1", picked("last")),
        ("podman@3", picked("last")),
        ("skopeo@1", picked("last")),
    ];
    assert_eq!(consensus(&cells), "first 0.5, last 0.5 (0.5)");
}

#[test]
fn the_versions_of_a_tool_share_its_weight() {
    let cells = [
        ("docker@20", picked("first")),
        ("docker@28", picked("last")),
        ("docker@28+containerd-store", picked("last")),
        ("containerd@1", picked("last")),
    ];
    // Two voices: docker's own code is split, containerd's is not.
    assert_eq!(consensus(&cells), "last* 0.75, first 0.25 (0.811)");
}

#[test]
fn all_agree_or_none_do() {
    let cells = ["docker@1", "crane@1", "podman@1"];
    let agree = cells.map(|runtime| (runtime, picked("a")));
    assert_eq!(consensus(&agree), "a* 1 (0)");
    let refused = |reason| Outcome::Refused {
        reason,
        message: String::new(),
    };
    let differ = [
        (cells[0], picked("a")),
        (cells[1], refused(RefusalReason::NoMatch)),
        (cells[2], refused(RefusalReason::MediaType)),
    ];
    // Who refuses is on one side, whatever the reason: two thirds against one.
    assert!(
        consensus(&differ).ends_with("(0.579)"),
        "{}",
        consensus(&differ)
    );
    let differ = [
        (cells[0], picked("a")),
        (cells[1], picked("b")),
        (cells[2], refused(RefusalReason::MediaType)),
    ];
    assert!(
        consensus(&differ).ends_with("(1)"),
        "{}",
        consensus(&differ)
    );
    let reasons = [
        (cells[0], refused(RefusalReason::NoMatch)),
        (cells[1], refused(RefusalReason::MediaType)),
    ];
    assert!(
        consensus(&reasons).ends_with("(0)"),
        "{}",
        consensus(&reasons)
    );
}

#[test]
fn what_was_not_measured_has_no_weight_and_what_wavers_has() {
    let unmeasured = Outcome::Unmeasured {
        why: UnmeasuredWhy::NotStarted,
        detail: String::new(),
    };
    let wavers = Outcome::Unstable {
        observed: vec![
            Observed {
                outcome: Box::new(picked("a")),
                count: 1,
            },
            Observed {
                outcome: Box::new(picked("b")),
                count: 1,
            },
        ],
    };
    assert_eq!(consensus(&[("docker@1", unmeasured.clone())]), "nothing");
    let cells = [("docker@1", picked("a")), ("crane@1", unmeasured)];
    assert_eq!(consensus(&cells), "a* 1 (0)");
    let cells = [("docker@1", picked("a")), ("crane@1", wavers)];
    assert_eq!(consensus(&cells), "a 0.5, unstable: a | b 0.5 (0)");
}

proptest! {
    #[test]
    fn shares_are_parts_of_one_and_there_is_at_most_one_majority(picks in proptest::collection::vec(0_u8..4, 1..12)) {
        const RUNTIMES: [&str; 12] = [
            "docker@1", "docker@2", "docker@3+containerd-store", "podman@1", "podman@2",
            "podman@3", "skopeo@1", "skopeo@2", "crane@1", "containerd@1", "containerd@2", "regctl@1",
        ];
        let cells: Vec<(&str, Outcome)> = picks
            .iter()
            .zip(RUNTIMES)
            .map(|(pick, runtime)| (runtime, picked(&pick.to_string())))
            .collect();
        let results = [results(&cells)];
        let book = CaseBook::default();
        let matrix = Matrix::build(&results, &book);
        let row = matrix.tables[0].rows().next().unwrap();
        let consensus = Consensus::of(&matrix, row).unwrap();
        let shares: f64 = consensus.clusters.iter().map(|cluster| cluster.share).sum();
        prop_assert!((shares - 1.0).abs() < 0.01, "{shares}");
        prop_assert!(consensus.clusters.iter().filter(|cluster| cluster.majority).count() <= 1);
        prop_assert!((0.0..=1.0).contains(&consensus.split));
        prop_assert_eq!(consensus.split == 0.0, consensus.clusters.len() == 1);
        prop_assert_eq!(consensus.clusters.len() > 1, row.is_split());
    }
}
