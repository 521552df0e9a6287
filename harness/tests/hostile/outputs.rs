//! `--out`: nothing there is overwritten that is not ours, and nothing is followed or waited for.

use crate::{
    Test,
    stage::{TWO_ENTRIES, picked, same},
    workspace::{Workspace, outcome, read, says},
};
use anyhow::{Result, ensure};
use nix::{sys::stat::Mode, unistd::mkfifo};
use ocipick_records::OutcomeKind;
use std::{fs, os::unix::fs::symlink, time::Duration};

pub(crate) const TESTS: &[Test] = &[
    ("outputs::a-foreign-file", foreign_file),
    ("outputs::a-link-to-a-foreign-file", link),
    ("outputs::a-fifo", fifo),
    ("outputs::results-that-were-there", results_that_were_there),
    ("outputs::trouble-is-code-5-and-resumed", trouble_is_resumed),
    ("outputs::files-may-not-become-so-large", small_files),
];

fn foreign_file() -> Result<()> {
    let place = Workspace::with_skopeo("honest")?;
    let out = place.path("out");
    fs::create_dir(&out)?;
    fs::write(out.join("results.jsonl"), "my thesis")?;
    for options in [&[][..], &["--resume"]] {
        says(2, &mut place.run(&out, options)?)?;
        same(
            "it",
            &fs::read_to_string(out.join("results.jsonl"))?,
            &"my thesis",
        )?;
    }
    place.is_deserted()
}

fn link() -> Result<()> {
    let place = Workspace::with_skopeo("honest")?;
    let (out, precious) = (place.path("out"), place.path("precious"));
    fs::create_dir(&out)?;
    fs::write(&precious, "precious")?;
    symlink(&precious, out.join("results.jsonl"))?;
    let said = says(2, &mut place.run(&out, &[])?)?;
    ensure!(
        said.contains("it is a symbolic link; nothing was written"),
        "{said}"
    );
    same("it", &fs::read_to_string(&precious)?, &"precious")?;
    // A directory may be where the user likes.
    let elsewhere = place.path("elsewhere");
    fs::create_dir(&elsewhere)?;
    symlink(&elsewhere, place.path("to-elsewhere"))?;
    says(0, &mut place.run(&place.path("to-elsewhere"), &[])?)?;
    ensure!(read(&elsewhere)?.is_finished());
    Ok(())
}

fn fifo() -> Result<()> {
    let place = Workspace::with_skopeo("honest")?;
    for name in ["results.jsonl", "tries.jsonl"] {
        let out = place.path(&format!("out-{name}"));
        fs::create_dir(&out)?;
        mkfifo(&out.join(name), Mode::S_IRUSR | Mode::S_IWUSR)?;
        let began = std::time::Instant::now();
        let said = says(2, &mut place.run(&out, &["--repeat", "2"])?)?;
        ensure!(said.contains("no regular file"), "{said}");
        ensure!(began.elapsed() < Duration::from_secs(30));
    }
    Ok(())
}

fn results_that_were_there() -> Result<()> {
    let place = Workspace::with_skopeo("honest")?;
    let out = place.path("out");
    let said = says(0, &mut place.run(&out, &[])?)?;
    ensure!(!said.contains("are kept"), "{said}");
    let first = fs::read(out.join("results.jsonl"))?;
    let said = says(0, &mut place.run(&out, &[])?)?;
    ensure!(
        said.contains("results that were there are kept in "),
        "{said}"
    );
    ensure!(!said.contains("had not finished"), "{said}");
    ensure!(fs::read(out.join("results.previous.jsonl"))? == first);
    // Without its footer it is one that did not finish.
    let second = fs::read_to_string(out.join("results.jsonl"))?;
    let cut = second.find("{\"type\":\"footer\"").unwrap_or_default();
    fs::write(out.join("results.jsonl"), &second[..cut])?;
    let said = says(0, &mut place.run(&out, &[])?)?;
    ensure!(
        said.contains("--resume would have gone on with it"),
        "{said}"
    );
    Ok(())
}

/// A cell that was killed twice is unmeasured, and whoever looks at the exit code knows; then
/// whoever killed it has stopped, and the rest is measured.
fn trouble_is_resumed() -> Result<()> {
    let place = Workspace::with_skopeo("is-killed")?;
    let out = place.path("out");
    let said = says(5, &mut place.run(&out, &[])?)?;
    ensure!(
        said.contains("Trouble kept 2 cells from being measured"),
        "{said}"
    );
    ensure!(read(&out)?.is_finished());
    fs::write(place.stage.last_folder()?.join("mode"), "honest")?;
    let said = says(0, &mut place.run(&out, &["--resume"])?)?;
    let words =
        "going on after 2 of 4 trials; 2 that trouble kept from being measured are tried again";
    ensure!(said.contains(words), "{said}");
    let results = read(&out)?;
    same("trials", &results.trials.len(), &4)?;
    same(
        "it",
        outcome(&results, "skopeo", TWO_ENTRIES)?,
        &picked(TWO_ENTRIES, "first")?,
    )?;
    let unmeasured = |kind| kind == OutcomeKind::Unmeasured;
    ensure!(
        !results
            .trials
            .iter()
            .any(|trial| unmeasured(trial.outcome.kind()))
    );
    let said = says(2, &mut place.run(&out, &["--resume"])?)?;
    ensure!(said.contains("that run is finished"), "{said}");
    place.is_deserted()
}

/// As with a disk that is full: what fits is kept whole, and everything is cleared away.
fn small_files() -> Result<()> {
    let place = Workspace::with_skopeo("honest")?;
    let out = place.path("out");
    let mut command = place.command("/usr/bin/prlimit".as_ref())?;
    command
        .arg("--fsize=5000:5000")
        .arg(crate::workspace::BINARY);
    command
        .args(crate::workspace::arguments(&out))
        .args(["--jobs", "1"]);
    let said = says(1, &mut command)?;
    ensure!(
        said.contains("File too large") && said.contains("--resume"),
        "{said}"
    );
    let results = read(&out)?;
    ensure!(!results.torn && !results.is_finished());
    place.is_deserted()?;
    says(0, &mut place.run(&out, &["--resume"])?)?;
    same("trials", &read(&out)?.trials.len(), &4)
}
