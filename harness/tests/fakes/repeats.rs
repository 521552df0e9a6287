//! Cells that are tried repeatedly, by tools that change their minds and by tools that do not.

use crate::{
    Test,
    stage::{MATCH, NESTED, NO_MATCH, Seen, Stage, TWO_ENTRIES, case, corpus, picked, same},
};
use anyhow::{Result, ensure};
use ocipick_records::{Outcome, OutcomeKind, RepeatedCells};
use std::collections::BTreeSet;

pub(crate) const TESTS: &[Test] = &[
    ("repeats::who-alternates-is-unstable", alternates),
    (
        "repeats::who-alternates-looks-steady-where-nobody-tries-again",
        alternates_unseen,
    ),
    ("repeats::splits-are-tried-again-and-no-others", splits),
    (
        "repeats::who-could-not-be-measured-is-not-tried-again",
        unmeasured,
    ),
];

/// These take a tool with one session, whose order can be seen.
pub(crate) const TESTS_OF_DAEMONS: &[Test] = &[(
    "repeats::order-is-shuffled-and-a-seed-gives-it-again",
    order,
)];

fn stage(mode: &str) -> Result<Stage> {
    Stage::new()?.with(&["crane"], "")?.with(&["skopeo"], mode)
}

fn tries(seen: &Seen, tool: &str, case: &str) -> Result<u32> {
    Ok(seen.trial(tool, case)?.tries)
}

fn alternates() -> Result<()> {
    let seen = stage("alternates")?
        .repeating(4, RepeatedCells::Every, 1)
        .run()?;
    let outcome = seen.outcome("skopeo", TWO_ENTRIES)?;
    let Outcome::Unstable { observed } = outcome else {
        anyhow::bail!("{outcome:?}")
    };
    let mut expected = [
        picked(TWO_ENTRIES, "first")?,
        picked(TWO_ENTRIES, "second")?,
    ];
    expected.sort();
    let outcomes: Vec<&Outcome> = observed.iter().map(|seen| &*seen.outcome).collect();
    same(
        "what was seen",
        &outcomes,
        &expected.iter().collect::<Vec<_>>(),
    )?;
    ensure!(observed.iter().all(|seen| seen.count == 2), "{observed:?}");
    let notes = &seen.trial("skopeo", TWO_ENTRIES)?.evidence.notes;
    let note = "4 trials, in turn: first, second, first, second; the evidence is of the first";
    ensure!(notes.iter().any(|it| it == note), "{notes:?}");
    // It behaves on the controls, and its neighbour everywhere.
    seen.expect("skopeo", MATCH, &picked(MATCH, "amd64")?)?;
    seen.expect("crane", TWO_ENTRIES, &picked(TWO_ENTRIES, "first")?)?;
    for tool in ["skopeo", "crane"] {
        for case in [MATCH, NO_MATCH, TWO_ENTRIES, NESTED] {
            same("tries", &tries(&seen, tool, case)?, &4)?;
        }
    }
    Ok(())
}

/// So that it is known what the tests above and below rest on.
fn alternates_unseen() -> Result<()> {
    let seen = stage("alternates")?.run()?;
    seen.expect("skopeo", TWO_ENTRIES, &picked(TWO_ENTRIES, "first")?)?;
    same("tries", &tries(&seen, "skopeo", TWO_ENTRIES)?, &1)
}

fn splits() -> Result<()> {
    let seen = stage("always-last")?
        .repeating(3, RepeatedCells::Splits, 1)
        .run()?;
    for tool in ["skopeo", "crane"] {
        // Both pick the same.
        same("tries of the control", &tries(&seen, tool, MATCH)?, &1)?;
        // They split.
        same("tries of the split", &tries(&seen, tool, TWO_ENTRIES)?, &3)?;
        // Both refuse.
        same("tries of refusals", &tries(&seen, tool, NO_MATCH)?, &3)?;
        same("tries of refusals", &tries(&seen, tool, NESTED)?, &3)?;
    }
    seen.expect("skopeo", TWO_ENTRIES, &picked(TWO_ENTRIES, "second")?)?;
    seen.expect("crane", TWO_ENTRIES, &picked(TWO_ENTRIES, "first")?)
}

fn unmeasured() -> Result<()> {
    let seen = stage("no-space")?
        .repeating(3, RepeatedCells::Every, 1)
        .run()?;
    same("tries", &tries(&seen, "skopeo", TWO_ENTRIES)?, &1)?;
    same(
        "the kind",
        &seen.outcome("skopeo", TWO_ENTRIES)?.kind(),
        &OutcomeKind::Unmeasured,
    )?;
    same("tries", &tries(&seen, "crane", TWO_ENTRIES)?, &3)
}

/// The orders of two rounds of docker over eight cases, the controls in front.
fn orders(seed: u32) -> Result<[Vec<String>; 2]> {
    let mut cases = vec![case(MATCH)?, case(NO_MATCH)?];
    let duplicates = corpus()?
        .cases()
        .iter()
        .filter(|case| case.id.as_str().starts_with("duplicates/") && case.asks.len() == 1);
    cases.extend(duplicates.take(6).cloned());
    let ids: Vec<String> = cases.iter().map(|case| case.id.to_string()).collect();
    let seen = Stage::new()?
        .with(&["docker", "dockerd"], "")?
        .about(cases)
        .repeating(2, RepeatedCells::Every, seed)
        .run()?;
    let order = |round| -> Vec<String> {
        let cases = seen.order(round, "docker");
        cases.into_iter().map(str::to_owned).collect()
    };
    let orders = [order(1), order(2)];
    same("the first round", &orders[0], &ids)?;
    for order in &orders {
        // Each cell once, and before all the controls, which every session begins with.
        same(
            "the cells of a round",
            &order.iter().collect::<BTreeSet<_>>(),
            &ids.iter().collect::<BTreeSet<_>>(),
        )?;
        same("its length", &order.len(), &ids.len())?;
        let mut beginning = order[..2].to_vec();
        beginning.sort();
        same("its beginning", &beginning[..], &[MATCH, NO_MATCH])?;
    }
    Ok(orders)
}

fn order() -> Result<()> {
    let [first, second] = orders(7)?;
    ensure!(first != second, "{second:?}");
    same("the same seed", &orders(7)?, &[first, second.clone()])?;
    let [_, other] = orders(8)?;
    ensure!(other != second, "{other:?}");
    Ok(())
}
