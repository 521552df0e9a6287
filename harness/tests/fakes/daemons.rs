//! Docker and containerd with engines that die, hang and lie; crane works beside them.

use crate::{
    Test,
    stage::{
        CASES, MATCH, NESTED, NO_MATCH, PIDS, Seen, Stage, TWO_ENTRIES, is_refused, mixed, picked,
        refused, same,
    },
};
use anyhow::{Result, ensure};
use ocipick::run::RuntimeEnd;
use ocipick_records::{
    Observation, Operation, Outcome, RefusalReason, RepeatedCells, UnmeasuredWhy,
};
use std::fs;

pub(crate) const TESTS: &[Test] = &[
    ("docker::honest", honest_docker),
    ("docker::engine-exits-at-once", engine_exits_at_once),
    ("docker::engine-panics", engine_panics),
    (
        "docker::engine-dies-and-does-not-start-again",
        engine_does_not_start_again,
    ),
    (
        "docker::engine-is-started-when-needed-and-ended-after",
        engine_is_there_when_needed,
    ),
    ("docker::engine-leaves-daemons", engine_leaves_daemons),
    ("docker::engine-stumbles", engine_stumbles),
    (
        "docker::engine-prints-without-end",
        engine_prints_without_end,
    ),
    ("docker::engine-is-killed", engine_is_killed),
    ("docker::engine-loses-its-helper", engine_loses_its_helper),
    ("docker::engine-ignores-term", engine_ignores_term),
    ("docker::inspects-another", inspects_another),
    (
        "containerd::dies-and-leaves-its-socket",
        containerd_dies_and_leaves_its_socket,
    ),
    ("containerd::honest", honest_containerd),
    ("containerd::mount-fails", mount_fails),
    ("containerd::mounts-nothing", mounts_nothing),
    ("containerd::imports", imports),
    (
        "containerd::keeps-others-until-it-collects",
        keeps_others_until_it_collects,
    ),
];

const DOCKER: [&str; 2] = ["docker", "dockerd"];
const CONTAINERD: [&str; 2] = ["ctr", "containerd"];

/// Runs a tool in this mode beside an honest crane, which must be unaffected.
fn run(programs: &[&str], mode: &str) -> Result<Seen> {
    let seen = Stage::new()?
        .with(&["crane"], "")?
        .with(programs, mode)?
        .run()?;
    seen.passed_controls("crane", "no child with platform linux/amd64")?;
    seen.expect("crane", TWO_ENTRIES, &picked(TWO_ENTRIES, "first")?)?;
    Ok(seen)
}

fn passed_as_docker(seen: &Seen) -> Result<()> {
    seen.passed_controls("docker", "no matching manifest for linux/amd64")?;
    let nested = refused(
        RefusalReason::NestedUnsupported,
        "unsupported manifest format",
    );
    seen.expect("docker", NESTED, &nested)
}

fn honest_docker() -> Result<()> {
    let seen = run(&DOCKER, "honest")?;
    passed_as_docker(&seen)?;
    seen.expect("docker", TWO_ENTRIES, &picked(TWO_ENTRIES, "first")?)?;
    seen.expect_notes("docker", TWO_ENTRIES, &[])
}

fn engine_exits_at_once() -> Result<()> {
    let seen = run(&DOCKER, "exits-at-once")?;
    for case in CASES {
        let Outcome::Unmeasured { why, detail } = seen.outcome("docker", case)? else {
            anyhow::bail!("{seen:?}")
        };
        same("why", why, &UnmeasuredWhy::NotStarted)?;
        ensure!(
            detail.starts_with("dockerd ended before it answered (exited with code 1)")
                && detail.ends_with("error initializing graphdriver: driver not supported"),
            "{detail}"
        );
    }
    ensure!(matches!(
        seen.end("docker"),
        Some(RuntimeEnd::Unmeasured(_))
    ));
    Ok(())
}

fn engine_panics() -> Result<()> {
    let seen = run(&DOCKER, "panics-on-two")?;
    let Outcome::Crashed {
        what,
        survived: false,
    } = seen.outcome("docker", TWO_ENTRIES)?
    else {
        anyhow::bail!("{seen:?}")
    };
    ensure!(
        what.starts_with(
            "dockerd exited with code 2\npanic: runtime error: invalid memory address or nil"
        ),
        "{what}"
    );
    ensure!(what.contains("goroutine 1 [running]:"), "{what}");
    // The next trial was measured with an engine that started although the dead one had left
    // its pid file and its socket.
    passed_as_docker(&seen)
}

/// What was measured before the engine died stays; the rest is unmeasured, in its own words.
fn engine_does_not_start_again() -> Result<()> {
    let seen = run(&DOCKER, "starts-once")?;
    ensure!(matches!(
        seen.outcome("docker", TWO_ENTRIES)?,
        Outcome::Crashed { .. }
    ));
    seen.expect("docker", MATCH, &picked(MATCH, "amd64")?)?;
    let Outcome::Unmeasured { why, detail } = seen.outcome("docker", NESTED)? else {
        anyhow::bail!("{seen:?}")
    };
    same("why", why, &UnmeasuredWhy::NotStarted)?;
    ensure!(
        detail.ends_with("error initializing graphdriver: driver not supported"),
        "{detail}"
    );
    Ok(())
}

/// No engine is there before its runtime begins or after it ends, in no round; and each round has
/// an engine of its own, with a store in which nothing was.
fn engine_is_there_when_needed() -> Result<()> {
    let stage = Stage::new()?
        .with(&["crane"], "")?
        .with(&DOCKER, "")?
        .repeating(3, RepeatedCells::Every, 1);
    let seen = stage.run()?;
    same(
        "engines without a runtime",
        &seen.idle,
        &Vec::<String>::new(),
    )?;
    let pids = fs::read_to_string(stage.last_folder()?.join(PIDS))?;
    same("starts", &pids.lines().count(), &3)?;
    passed_as_docker(&seen)
}

/// What an engine leaves in sessions of its own, deaf to SIGTERM, ends with it: the run makes sure
/// that nothing survives.
fn engine_leaves_daemons() -> Result<()> {
    let seen = run(&DOCKER, "leaves-daemons")?;
    passed_as_docker(&seen)
}

/// A panic that the engine caught is told apart from a death: the engine need not start again.
fn engine_stumbles() -> Result<()> {
    let seen = run(&DOCKER, "stumbles-on-two")?;
    let Outcome::Crashed {
        what,
        survived: true,
    } = seen.outcome("docker", TWO_ENTRIES)?
    else {
        anyhow::bail!("{seen:?}")
    };
    ensure!(
        what.starts_with("dockerd panicked, and lives on\n2026/01/01 http: panic serving @: "),
        "{what}"
    );
    passed_as_docker(&seen)
}

/// An engine that fills the disk with its log is ended; that is no crash of its own, and the next
/// trial has a new one.
fn engine_prints_without_end() -> Result<()> {
    let seen = run(&DOCKER, "shouts-on-two")?;
    let Outcome::Unmeasured { why, detail } = seen.outcome("docker", TWO_ENTRIES)? else {
        anyhow::bail!("{seen:?}")
    };
    same("why", why, &UnmeasuredWhy::EvidenceMissing)?;
    same(
        "the detail",
        detail.as_str(),
        "dockerd printed more than 64 MiB, and was ended",
    )?;
    passed_as_docker(&seen)
}

fn second_attempt(seen: &Seen, first: &str) -> Result<()> {
    seen.expect("docker", TWO_ENTRIES, &picked(TWO_ENTRIES, "first")?)?;
    let notes = &seen.trial("docker", TWO_ENTRIES)?.evidence.notes;
    ensure!(
        notes
            .iter()
            .any(|note| note.starts_with("the second attempt; ") && note.contains(first)),
        "{notes:?}"
    );
    Ok(())
}

/// Whoever kills the engine from outside, it has not crashed; there is a new one, and the cell is
/// measured with that.
fn engine_is_killed() -> Result<()> {
    let seen = run(&DOCKER, "is-killed-on-two")?;
    second_attempt(&seen, "dockerd was killed from outside (SIGKILL)")?;
    passed_as_docker(&seen)
}

/// An engine that lives without its helper is of no use, and is started anew.
fn engine_loses_its_helper() -> Result<()> {
    let stage = Stage::new()?
        .with(&["crane"], "")?
        .with(&DOCKER, "loses-its-helper")?;
    let seen = stage.run()?;
    second_attempt(&seen, "the containerd of dockerd was killed from outside")?;
    passed_as_docker(&seen)?;
    let pids = fs::read_to_string(stage.last_folder()?.join(PIDS))?;
    same("starts", &pids.lines().count(), &2)
}

fn engine_ignores_term() -> Result<()> {
    let seen = run(&DOCKER, "ignores-term")?;
    passed_as_docker(&seen)?;
    seen.expect("docker", TWO_ENTRIES, &picked(TWO_ENTRIES, "first")?)
}

fn inspects_another() -> Result<()> {
    let seen = run(&DOCKER, "inspects-another")?;
    passed_as_docker(&seen)?;
    seen.expect(
        "docker",
        TWO_ENTRIES,
        &mixed(TWO_ENTRIES, &["first", "second"])?,
    )
}

fn passed_as_containerd(seen: &Seen) -> Result<()> {
    seen.passed_controls("containerd", "no match for platform in manifest")?;
    let nested = seen.outcome("containerd", NESTED)?;
    ensure!(
        is_refused(nested, RefusalReason::NoMatch, "no match for platform"),
        "{nested:?}"
    );
    Ok(())
}

fn honest_containerd() -> Result<()> {
    let seen = run(&CONTAINERD, "honest")?;
    passed_as_containerd(&seen)?;
    seen.expect("containerd", TWO_ENTRIES, &picked(TWO_ENTRIES, "first")?)
}

/// The next trial has a new one, although the socket of the dead one is still there.
fn containerd_dies_and_leaves_its_socket() -> Result<()> {
    let seen = run(&CONTAINERD, "panics-on-two")?;
    let Outcome::Crashed {
        what,
        survived: false,
    } = seen.outcome("containerd", TWO_ENTRIES)?
    else {
        anyhow::bail!("{seen:?}")
    };
    ensure!(
        what.starts_with("containerd exited with code 2\npanic: "),
        "{what}"
    );
    passed_as_containerd(&seen)
}

fn mount_fails() -> Result<()> {
    let seen = run(&CONTAINERD, "mount-fails")?;
    passed_as_containerd(&seen)?;
    seen.expect("containerd", TWO_ENTRIES, &Outcome::Nothing)?;
    let evidence = &seen.trial("containerd", TWO_ENTRIES)?.evidence;
    let words = "ctr: image not unpacked: not found".to_owned();
    same(
        "what is there",
        &evidence.materialised,
        &Observation::Absent { words },
    )?;
    ensure!(matches!(evidence.reported, Observation::Seen { .. }));
    let control = seen.trial("containerd", MATCH)?;
    ensure!(matches!(
        control.evidence.materialised,
        Observation::Seen { .. }
    ));
    Ok(())
}

fn mounts_nothing() -> Result<()> {
    let seen = run(&CONTAINERD, "mounts-nothing")?;
    passed_as_containerd(&seen)?;
    // It says that it has the first, and nothing of that is there.
    seen.expect("containerd", TWO_ENTRIES, &mixed(TWO_ENTRIES, &["first"])?)
}

/// Imports with a containerd in this mode.
fn import(mode: &str) -> Result<Seen> {
    let stage = Stage::new()?.doing(Operation::Import);
    stage.with(&CONTAINERD, mode)?.run()
}

fn imports() -> Result<()> {
    let seen = import("honest")?;
    seen.passed_controls("containerd", "no match for platform in manifest")?;
    seen.expect("containerd", TWO_ENTRIES, &picked(TWO_ENTRIES, "first")?)?;
    let requests = &seen.trial("containerd", TWO_ENTRIES)?.evidence.requests;
    ensure!(requests.is_empty(), "{requests:?}");
    seen.expect_notes("containerd", TWO_ENTRIES, &[])
}

/// What is in the store a moment longer is not what was chosen.
fn keeps_others_until_it_collects() -> Result<()> {
    let seen = import("keeps-others everywhere")?;
    seen.expect("containerd", NO_MATCH, &Outcome::Nothing)?;
    seen.expect("containerd", MATCH, &picked(MATCH, "amd64")?)?;
    seen.expect("containerd", TWO_ENTRIES, &picked(TWO_ENTRIES, "first")?)
}
