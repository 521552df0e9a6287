//! A place for runs of the binary.

use crate::stage::{CASES, Stage, same};
use anyhow::{Result, bail, ensure};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use ocipick_records::{Outcome, Results, Trial};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Nothing here may take longer.
pub(crate) const MOST: Duration = Duration::from_secs(90);

/// A directory for runs, with the tools of a stage.
pub(crate) struct Workspace {
    pub(crate) stage: Stage,
    /// Where private directories are made.
    pub(crate) tmp: PathBuf,
}

impl Workspace {
    pub(crate) fn new(stage: Stage) -> Result<Self> {
        let tmp = stage.dir().join("tmp");
        fs::create_dir(&tmp)?;
        Ok(Self { stage, tmp })
    }

    /// With a skopeo that is as it should be.
    pub(crate) fn with_skopeo(mode: &str) -> Result<Self> {
        Self::new(Stage::new()?.with(&["skopeo"], mode)?)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.stage.dir().join(name)
    }

    /// A command of ocipick with an environment of its own.
    #[expect(
        clippy::disallowed_methods,
        reason = "the process module is what this process is to use, and not to be started by"
    )]
    pub(crate) fn command(&self, program: &Path) -> Result<Command> {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", self.stage.path()?)
            .env("TMPDIR", &self.tmp)
            .env("HOME", self.stage.dir())
            .env("OCIPICK_CACHE", self.path("cache"))
            .current_dir(self.stage.dir())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Ok(command)
    }

    /// A run over the four cases, into this directory. Tools of this machine are left out by the
    /// versions of the fakes.
    pub(crate) fn run(&self, out: &Path, options: &[&str]) -> Result<Command> {
        let mut command = self.command(Path::new(BINARY))?;
        command.args(arguments(out)).args(options);
        Ok(command)
    }

    /// Nothing may be left of any run.
    pub(crate) fn is_deserted(&self) -> Result<()> {
        let left: Vec<PathBuf> = fs::read_dir(&self.tmp)?
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<_>>()?;
        ensure!(left.is_empty(), "{left:?}");
        Ok(())
    }
}

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_ocipick");

/// The arguments of a run over the four cases.
pub(crate) fn arguments(out: &Path) -> Vec<String> {
    let mut all: Vec<String> = ["run", "--deadline", "60", "--out"]
        .map(str::to_owned)
        .into();
    all.push(out.to_string_lossy().into_owned());
    for case in CASES {
        all.extend(["--case".to_owned(), case.to_owned()]);
    }
    for runtime in ["skopeo@9.9.9", "docker@20.10.99", "containerd@1.6.99"] {
        all.extend(["--runtime".to_owned(), runtime.to_owned()]);
    }
    all
}

pub(crate) fn wait_until(what: &str, holds: impl Fn() -> bool) -> Result<()> {
    let began = Instant::now();
    while !holds() {
        ensure!(began.elapsed() < MOST, "it never happened: {what}");
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Waits until a results file has so many trials.
pub(crate) fn wait_for_trials(out: &Path, count: usize) -> Result<()> {
    let file = out.join("results.jsonl");
    wait_until("some trials are recorded", || {
        let text = fs::read_to_string(&file).unwrap_or_default();
        text.matches("{\"type\":\"trial\"").count() >= count
    })
}

/// What a command says that must end with this code, and soon.
pub(crate) fn says(code: i32, command: &mut Command) -> Result<String> {
    let began = Instant::now();
    let said = ends_with(code, &command.output()?)?;
    ensure!(began.elapsed() < MOST, "it took {:?}", began.elapsed());
    Ok(said)
}

pub(crate) fn ends_with(code: i32, output: &Output) -> Result<String> {
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stderr),
        String::from_utf8_lossy(&output.stdout)
    );
    let found = output.status.code();
    same(
        &format!("the exit code of a run that said: {said}"),
        &found,
        &Some(code),
    )?;
    Ok(said)
}

pub(crate) fn send(child: &Child, signal: Signal) -> Result<()> {
    Ok(kill(Pid::from_raw(child.id().try_into()?), signal)?)
}

pub(crate) fn read(out: &Path) -> Result<Results> {
    Ok(Results::read(&out.join("results.jsonl"))?)
}

/// The one outcome of a tool and a case.
pub(crate) fn outcome<'a>(results: &'a Results, tool: &str, case: &str) -> Result<&'a Outcome> {
    let found: Vec<&Trial> = results
        .trials
        .iter()
        .filter(|trial| trial.tool == tool && trial.case == case)
        .collect();
    match found[..] {
        [trial] => Ok(&trial.outcome),
        _ => bail!("{} trials of {tool} on {case}", found.len()),
    }
}
