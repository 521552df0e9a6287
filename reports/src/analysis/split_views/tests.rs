use super::*;
use crate::{
    analysis::matrix::CaseBook,
    made::{results, trial},
};
use ocipick_records::{Observed, RefusalReason, Trial};

fn picked(child: &str) -> Outcome {
    Outcome::Picked {
        child: child.into(),
        digest: "sha256:aa".into(),
    }
}

fn refused() -> Outcome {
    Outcome::Refused {
        reason: RefusalReason::NoMatch,
        message: String::new(),
    }
}

fn unstable(children: &[&str]) -> Outcome {
    Outcome::Unstable {
        observed: children
            .iter()
            .map(|child| Observed {
                outcome: Box::new(picked(child)),
                count: 1,
            })
            .collect(),
    }
}

fn scan(runtime: &str, case: &str, outcome: Outcome) -> Trial {
    Trial {
        operation: "scan".into(),
        ..trial(runtime, case, outcome)
    }
}

/// The groups as lines `scanners | runtimes | cases`, the newest marked, and the counts.
fn views(trials: Vec<Trial>) -> (Vec<String>, ViewCounts) {
    let (results, book) = ([results(trials)], CaseBook::default());
    let matrix = Matrix::build(&results, &book);
    let name = |column: &usize| matrix.runtimes[*column].id.clone();
    let side = |groups: &[OutcomeGroup<'_>]| {
        let groups = groups.iter().map(|group| {
            let names: Vec<String> = group.runtimes.iter().map(name).collect();
            format!("{} {}", names.join(","), group.outcome.gist())
        });
        groups.collect::<Vec<_>>().join("; ")
    };
    let all = SplitViews::of(&matrix);
    let counts = all.first().map(|it| it.counts).unwrap_or_default();
    let views = all.iter().flat_map(|it| &it.views).map(|view| {
        let first = &view.rows[0];
        let cases: Vec<&str> = view.rows.iter().map(|row| row.scanned.case).collect();
        let newest = if view.is_of_newest { "newest " } else { "" };
        format!(
            "{newest}{} | {} | {}",
            side(&first.scanners),
            side(&first.runtimes),
            cases.join(",")
        )
    });
    (views.collect(), counts)
}

#[test]
fn only_two_steady_picks_of_different_children_are_a_split_view() {
    let (first, last) = (picked("first"), picked("last"));
    let wavers = unstable(&["first", "last"]);
    let row = |case: &str, read: &Outcome, took: &Outcome| {
        vec![
            scan("trivy@1", case, read.clone()),
            trial("podman@1", case, took.clone()),
        ]
    };
    let found = |read: &Outcome, took: &Outcome| {
        let (views, counts) = views(row("a/b", read, took));
        assert_eq!(views.len(), counts.split);
        counts
    };
    let none = ViewCounts {
        compared: 1,
        ..ViewCounts::default()
    };
    assert_eq!(found(&first, &last), ViewCounts { split: 1, ..none });
    assert_eq!(found(&first, &first), none);
    assert_eq!(found(&refused(), &refused()), none);
    let only_read = ViewCounts {
        only_read: 1,
        ..none
    };
    assert_eq!(found(&first, &refused()), only_read);
    let only_taken = ViewCounts {
        only_taken: 1,
        ..none
    };
    assert_eq!(found(&refused(), &first), only_taken);
    // Success without an image is no refusal.
    assert_eq!(found(&first, &Outcome::Nothing), none);
    // What wavers alone gives no steady answer to hold the other against.
    assert_eq!(found(&wavers, &first), ViewCounts::default());
}

#[test]
fn what_wavers_beside_steady_answers_is_counted_apart() {
    let trials = vec![
        scan("trivy@1", "a/b", picked("first")),
        trial("crane@1", "a/b", picked("first")),
        trial("containerd@1", "a/b", unstable(&["first", "last"])),
    ];
    let (found, counts) = views(trials);
    assert_eq!(found, [""; 0]);
    let expected = ViewCounts {
        compared: 1,
        flaky: 1,
        ..ViewCounts::default()
    };
    assert_eq!(counts, expected);
}

#[test]
fn rows_are_grouped_by_who_is_on_which_side_the_newest_first() {
    let old = |case: &str| {
        vec![
            scan("trivy@1", case, picked("x")),
            scan("trivy@2", case, picked("x")),
            trial("podman@1", case, picked("y")),
            trial("podman@2", case, picked("x")),
        ]
    };
    let new = |case: &str, read: &str, took: &str| {
        vec![
            scan("trivy@1", case, picked(read)),
            scan("trivy@2", case, picked(read)),
            trial("podman@1", case, picked(took)),
            trial("podman@2", case, picked(took)),
        ]
    };
    let trials = [
        old("a/old-1"),
        old("a/old-2"),
        old("a/old-3"),
        new("a/new-1", "first", "last"),
        new("a/new-2", "one", "other"),
        new("a/same", "one", "one"),
    ];
    let (found, counts) = views(trials.concat());
    assert_eq!(
        found,
        [
            "newest trivy@1,trivy@2 first | podman@1,podman@2 last | a/new-1,a/new-2",
            "trivy@1,trivy@2 x | podman@1 y; podman@2 x | a/old-1,a/old-2,a/old-3",
        ]
    );
    assert_eq!((counts.compared, counts.split), (6, 5));
}

#[test]
fn the_same_sides_with_other_partners_are_another_group() {
    let row = |case: &str, docker: &str, podman: &str| {
        vec![
            scan("syft@1", case, picked("a")),
            scan("trivy@1", case, picked("b")),
            trial("docker@1", case, picked(docker)),
            trial("podman@1", case, picked(podman)),
        ]
    };
    let (found, _) = views([row("a/b", "a", "b"), row("a/c", "b", "a")].concat());
    assert_eq!(found.len(), 2, "{found:?}");
}

#[test]
fn without_a_scan_there_is_nothing_to_say() {
    let trials = vec![
        trial("podman@1", "a/b", picked("a")),
        trial("docker@1", "a/b", picked("b")),
        // A scan of another case.
        scan("trivy@1", "a/c", picked("b")),
    ];
    let (found, counts) = views(trials);
    assert_eq!(found, [""; 0]);
    assert_eq!(counts, ViewCounts::default());
}
