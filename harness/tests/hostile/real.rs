//! Real daemons that are killed in the middle of a run.

use crate::{
    Test,
    stage::Stage,
    workspace::{BINARY, Workspace, ends_with, read, wait_for_trials, wait_until},
};
use anyhow::{Result, ensure};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use ocipick_adapters::channel::Store;
use std::{cell::Cell, env, fs, path::Path};

pub(crate) const TESTS: &[Test] = &[
    (
        "real::containerd-of-dockerd-is-killed",
        containerd_of_dockerd,
    ),
    ("real::dockerd-is-killed", dockerd),
    ("real::containerd-is-killed", containerd),
];

/// The channel with the tools that are attacked.
const CHANNEL: &str = "sid";

fn store() -> Store {
    Store::of_user(|name| env::var(name).ok())
}

/// Why docker and containerd cannot be had; `None` where they can.
pub(crate) fn no_docker() -> Option<&'static str> {
    let there = |program: &str| {
        let root = store().dir().join("channels").join(CHANNEL).join("root");
        root.join("usr").join(program).exists()
    };
    let all = ["sbin/dockerd", "bin/containerd", "bin/ctr"];
    (!all.into_iter().all(there)).then_some("the channel `sid` with docker and containerd")
}

fn containerd_of_dockerd() -> Result<()> {
    attack(
        "docker@*",
        "containerd",
        "the containerd of dockerd was killed from outside",
    )
}

fn dockerd() -> Result<()> {
    attack(
        "docker@*",
        "dockerd",
        "dockerd was killed from outside (SIGKILL)",
    )
}

fn containerd() -> Result<()> {
    attack(
        "containerd@*",
        "containerd",
        "containerd was killed from outside (SIGKILL)",
    )
}

/// Kills a process of a run. Every cell must be measured all the same, and that one was killed must
/// be said.
fn attack(runtime: &str, victim: &str, words: &str) -> Result<()> {
    let place = Workspace::new(Stage::new()?)?;
    let out = place.path("out");
    let mut command = place.command(Path::new(BINARY))?;
    command
        .env("OCIPICK_CACHE", store().dir())
        .args(["run", "--channel", CHANNEL, "--runtime", runtime])
        .args([
            "--case",
            "duplicates/two-formats-*",
            "--case",
            "controls/*",
            "--case",
            TWO,
        ])
        .arg("--out")
        .arg(&out);
    let child = command.spawn()?;
    wait_for_trials(&out, 2)?;
    let pid = Cell::new(None);
    wait_until("it is there", || {
        pid.set(find(&place.tmp, victim));
        pid.get().is_some()
    })?;
    if let Some(pid) = pid.get() {
        kill(Pid::from_raw(pid), Signal::SIGKILL)?;
    }
    let said = ends_with(0, &child.wait_with_output()?)?;
    let results = read(&out)?;
    ensure!(results.is_finished(), "{said}");
    let notes: Vec<&String> = results
        .trials
        .iter()
        .flat_map(|trial| &trial.evidence.notes)
        .filter(|note| note.contains("the second attempt"))
        .collect();
    ensure!(
        notes.iter().any(|note| note.contains(words)),
        "{notes:?}: {said}"
    );
    place.is_deserted()
}

const TWO: &str = "duplicates/two-entries";

/// A process of that name, of a run whose private directory lies in `tmp`.
fn find(tmp: &Path, name: &str) -> Option<i32> {
    let session = fs::read_dir(tmp).ok()?.flatten().find_map(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        name.starts_with("ocipick-").then_some(name)
    })?;
    let marker = format!("OCIPICK_SESSION={session}");
    fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
        let comm = fs::read_to_string(entry.path().join("comm")).ok()?;
        let environ = fs::read(entry.path().join("environ")).ok()?;
        let is_of_run = environ
            .split(|byte| *byte == 0)
            .any(|pair| pair == marker.as_bytes());
        (comm.trim() == name && is_of_run).then_some(pid)
    })
}
