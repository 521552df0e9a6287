//! Signals to ocipick itself.

use crate::{
    Test,
    stage::{HIDDEN, PIDS, Stage, TWO_ENTRIES, is_alive, picked, same},
    workspace::{Workspace, ends_with, outcome, read, says, send, wait_for_trials, wait_until},
};
use anyhow::{Result, ensure};
use nix::sys::signal::Signal;
use std::{
    fs, thread,
    time::{Duration, Instant},
};

pub(crate) const TESTS: &[Test] = &[
    ("signals::one-ends-cleanly", one),
    ("signals::an-echo-is-no-second-one", echo),
    (
        "signals::killed-with-somebody-hidden",
        killed_with_somebody_hidden,
    ),
];

pub(crate) const TESTS_OF_DAEMONS: &[Test] = &[("signals::a-second-one-ends-at-once", second)];

pub(crate) const LONG: &[Test] = &[
    ("signals::killed-ten-times", killed_ten_times),
    ("signals::a-thousand-trials", a_thousand_trials),
];

/// A run that waits in a tool.
fn waiting() -> Result<(Workspace, std::process::Child)> {
    let place = Workspace::with_skopeo("waits")?;
    let child = place.run(&place.path("out"), &[])?.spawn()?;
    wait_for_trials(&place.path("out"), 2)?;
    Ok((place, child))
}

fn one() -> Result<()> {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let (place, child) = waiting()?;
        send(&child, signal)?;
        let said = ends_with(5, &child.wait_with_output()?)?;
        ensure!(
            said.contains("ending: finishing what is recorded"),
            "{said}"
        );
        ensure!(said.contains("Interrupted after 2 of 4 trials"), "{said}");
        place.is_deserted()?;
    }
    Ok(())
}

/// As `timeout` sends them.
fn echo() -> Result<()> {
    let (place, child) = waiting()?;
    for _ in 0..3 {
        send(&child, Signal::SIGTERM)?;
    }
    let said = ends_with(5, &child.wait_with_output()?)?;
    ensure!(!said.contains("ending at once"), "{said}");
    place.is_deserted()
}

/// Where the removal of an image hangs, the first wish to end waits for it, and the second does
/// not. What is left is cleared away by the next run.
fn second() -> Result<()> {
    let stage = Stage::new()?.with(&["docker", "dockerd"], "hangs-at-removal")?;
    let place = Workspace::new(stage)?;
    let out = place.path("out");
    let child = place.run(&out, &[])?.spawn()?;
    let hangs = place.stage.last_folder()?.join("hangs");
    wait_until("the removal hangs", || hangs.exists())?;
    send(&child, Signal::SIGINT)?;
    thread::sleep(Duration::from_millis(800));
    let began = Instant::now();
    send(&child, Signal::SIGINT)?;
    let said = ends_with(5, &child.wait_with_output()?)?;
    ensure!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
    ensure!(said.contains("ending at once"), "{said}");
    let engines = fs::read_to_string(place.stage.last_folder()?.join(PIDS))?;
    wait_until("the engine is gone", || !engines.lines().any(is_alive))?;
    fs::write(place.stage.last_folder()?.join("mode"), "honest")?;
    let said = says(0, &mut place.run(&out, &[])?)?;
    ensure!(
        said.contains("cleared away what an interrupted run left"),
        "{said}"
    );
    place.is_deserted()
}

/// A tool has left somebody with nothing of its own, and ocipick is killed before it can look: the
/// next run knows its processes all the same.
fn killed_with_somebody_hidden() -> Result<()> {
    let place = Workspace::with_skopeo("hides-somebody and waits")?;
    let mut child = place.run(&place.path("out"), &[])?.spawn()?;
    let hidden = place.stage.last_folder()?.join(HIDDEN);
    wait_until("somebody is hidden", || {
        fs::read_to_string(&hidden).is_ok_and(|pids| pids.ends_with('\n'))
    })?;
    send(&child, Signal::SIGKILL)?;
    child.wait()?;
    let pids = fs::read_to_string(&hidden)?;
    ensure!(pids.lines().any(is_alive), "nobody was hidden");
    fs::write(place.stage.last_folder()?.join("mode"), "honest")?;
    let said = says(0, &mut place.run(&place.path("next"), &[])?)?;
    ensure!(
        said.contains("cleared away what an interrupted run left"),
        "{said}"
    );
    wait_until("the hidden are gone", || !pids.lines().any(is_alive))?;
    place.is_deserted()
}

/// However often it is killed, whatever it is doing: nothing is lost, and nothing is left.
fn killed_ten_times() -> Result<()> {
    let place = Workspace::new(
        Stage::new()?
            .with(&["docker", "dockerd"], "")?
            .with(&["skopeo"], "hides-somebody")?,
    )?;
    let out = place.path("out");
    let options = ["--repeat", "5", "--seed", "3"];
    for number in 0_u64..10 {
        let mut options = options.to_vec();
        let began = || out.join("results.jsonl").exists();
        options.extend((number > 0 && began()).then_some("--resume"));
        let mut child = place.run(&out, &options)?.spawn()?;
        if number > 2 {
            // The first may be killed before they write anything.
            wait_until("the run has begun", began)?;
        }
        thread::sleep(Duration::from_millis(150 + 97 * number * number % 1500));
        let _ = send(&child, Signal::SIGKILL);
        child.wait()?;
    }
    if !read(&out)?.is_finished() {
        let mut options = options.to_vec();
        options.push("--resume");
        says(0, &mut place.run(&out, &options)?)?;
    }
    let results = read(&out)?;
    same("trials", &results.trials.len(), &8)?;
    for tool in ["skopeo", "docker"] {
        same(
            tool,
            outcome(&results, tool, TWO_ENTRIES)?,
            &picked(TWO_ENTRIES, "first")?,
        )?;
    }
    says(0, &mut place.run(&place.path("next"), &[])?)?;
    place.is_deserted()
}

/// Many trials take no more than few: neither memory nor files.
fn a_thousand_trials() -> Result<()> {
    let place = Workspace::with_skopeo("hides-somebody")?;
    let out = place.path("out");
    says(0, &mut place.run(&out, &["--repeat", "5"])?)?;
    let few = read(&out)?
        .footer
        .and_then(|footer| footer.peak_memory_bytes);
    says(0, &mut place.run(&out, &["--repeat", "250"])?)?;
    let many = read(&out)?
        .footer
        .and_then(|footer| footer.peak_memory_bytes);
    if let (Some(few), Some(many)) = (few, many) {
        ensure!(many < few + (64 << 20), "{few} bytes became {many}");
    }
    place.is_deserted()
}
