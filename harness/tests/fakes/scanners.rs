//! Scanners, honest and not: what they say of an image, and which content they have read.

use crate::{
    Test,
    stage::{MATCH, NESTED, NO_MATCH, Seen, Stage, TWO_ENTRIES, is_refused, mixed, picked, same},
};
use anyhow::{Result, ensure};
use ocipick_records::{Operation, Outcome, RefusalReason, UnmeasuredWhy};

pub(crate) const TESTS: &[Test] = &[
    ("scanners::honest", honest),
    ("scanners::wrong-child", wrong_child),
    ("scanners::swap-content", swap_content),
    ("scanners::read-both", read_both),
    ("scanners::read-nothing", read_nothing),
    ("scanners::write-nothing", write_nothing),
    ("scanners::do-not-pull", do_not_pull),
    ("scanners::others-do-not-scan", others_do_not_scan),
];

const SCANNERS: [&str; 2] = ["trivy", "syft"];

/// Both scanners in this mode. Their controls must be passed.
fn run(mode: &str) -> Result<Seen> {
    let mut stage = Stage::new()?.doing(Operation::Scan);
    for scanner in SCANNERS {
        stage = stage.with(&[scanner], mode)?;
    }
    let seen = stage.run()?;
    for scanner in SCANNERS {
        seen.passed_controls(scanner, "no child with platform linux/amd64")?;
    }
    Ok(seen)
}

fn honest() -> Result<()> {
    let seen = run("honest")?;
    for scanner in SCANNERS {
        seen.expect(scanner, TWO_ENTRIES, &picked(TWO_ENTRIES, "first")?)?;
        let nested = seen.outcome(scanner, NESTED)?;
        ensure!(
            is_refused(nested, RefusalReason::NoMatch, "no child with platform"),
            "{nested:?}"
        );
    }
    Ok(())
}

/// One that scans another child than it was asked for, and says so, has picked that.
fn wrong_child() -> Result<()> {
    let seen = run("always-last")?;
    for scanner in SCANNERS {
        seen.expect(scanner, TWO_ENTRIES, &picked(TWO_ENTRIES, "second")?)?;
    }
    Ok(())
}

/// One that reads the content of another child than it names contradicts itself.
fn swap_content() -> Result<()> {
    are_mixed("swaps-content")
}

/// So does one that reads the content of two.
fn read_both() -> Result<()> {
    are_mixed("reads-both")
}

fn are_mixed(mode: &str) -> Result<()> {
    let seen = run(mode)?;
    for scanner in SCANNERS {
        let both = mixed(TWO_ENTRIES, &["first", "second"])?;
        seen.expect(scanner, TWO_ENTRIES, &both)?;
    }
    Ok(())
}

/// What was not seen is not nothing.
fn read_nothing() -> Result<()> {
    are_not_seen("reads-nothing", "no content of a marker")
}

fn write_nothing() -> Result<()> {
    are_not_seen("writes-nothing", "no report was written")
}

fn are_not_seen(mode: &str, words: &str) -> Result<()> {
    let seen = run(mode)?;
    for scanner in SCANNERS {
        let outcome = seen.outcome(scanner, TWO_ENTRIES)?;
        let is_it = matches!(outcome, Outcome::Unmeasured { why: UnmeasuredWhy::EvidenceMissing, detail }
            if detail.contains(words));
        ensure!(is_it, "{outcome:?}");
    }
    Ok(())
}

fn do_not_pull() -> Result<()> {
    let seen = Stage::new()?
        .with(&["crane"], "")?
        .with(&["trivy"], "")?
        .with(&["syft"], "")?
        .run()?;
    seen.expect("crane", TWO_ENTRIES, &picked(TWO_ENTRIES, "first")?)?;
    SCANNERS.iter().try_for_each(|it| is_unsupported(&seen, it))
}

fn others_do_not_scan() -> Result<()> {
    let stage = Stage::new()?.doing(Operation::Scan);
    let seen = stage
        .with(&["crane"], "")?
        .with(&["skopeo"], "honest")?
        .run()?;
    ["crane", "skopeo"]
        .iter()
        .try_for_each(|it| is_unsupported(&seen, it))
}

fn is_unsupported(seen: &Seen, tool: &str) -> Result<()> {
    for case in [MATCH, NO_MATCH, TWO_ENTRIES] {
        let kind = match seen.outcome(tool, case)? {
            Outcome::Unmeasured { why, .. } => Some(*why),
            _ => None,
        };
        let what = format!("{tool} on {case}");
        same(&what, &kind, &Some(UnmeasuredWhy::Unsupported))?;
    }
    Ok(())
}
