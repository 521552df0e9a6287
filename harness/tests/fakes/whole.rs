//! The binary itself with fake tools: two runs at once, a run that is killed, and disks that are
//! full.

use crate::{
    Test,
    stage::{MATCH, NESTED, NO_MATCH, Stage, TWO_ENTRIES, picked, same},
};
use anyhow::{Context as _, Result, bail, ensure};
use nix::{
    mount::{MsFlags, mount},
    sched::{CloneFlags, unshare},
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use ocipick_records::{Outcome, OutcomeKind, Results, Trial};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

/// These take no rights.
pub(crate) const TESTS: &[Test] = &[
    (
        "whole::killed-between-repeats-goes-on-and-loses-nothing",
        killed_between_repeats,
    ),
    (
        "whole::own-build-against-a-released-one",
        own_build_against_a_released_one,
    ),
    (
        "whole::second-run-to-the-same-place-is-refused",
        second_run_to_the_same_place,
    ),
];

/// These take root and mount namespaces.
pub(crate) const TESTS_OF_DAEMONS: &[Test] = &[
    ("whole::two-runs-at-once", two_runs_at_once),
    (
        "whole::killed-with-eight-deaf-daemons",
        killed_with_eight_daemons,
    ),
    ("whole::disk-full-of-results", disk_full_of_results),
    ("whole::disk-full-of-a-store", disk_full_of_a_store),
];

/// Nothing here may take longer.
const MOST: Duration = Duration::from_secs(90);

/// A place for runs of the binary, with the tools of a stage.
struct Workspace<'a> {
    stage: &'a Stage,
    /// Where run directories are made.
    tmp: PathBuf,
}

impl<'a> Workspace<'a> {
    fn new(stage: &'a Stage) -> Result<Self> {
        let tmp = stage.dir().join("tmp");
        fs::create_dir(&tmp)?;
        Ok(Self { stage, tmp })
    }

    fn out(&self, name: &str) -> PathBuf {
        self.stage.dir().join(name)
    }

    /// A run over the four cases. Tools of this machine are left out by the versions of the fakes.
    #[expect(
        clippy::disallowed_methods,
        reason = "the process module is what this process is to use, and not to be started by"
    )]
    fn run(&self, out: &Path, tools: &[&str], options: &[&str]) -> Result<Command> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ocipick"));
        command
            .env_clear()
            .env("PATH", self.stage.path()?)
            .env("TMPDIR", &self.tmp)
            .env("HOME", self.stage.dir())
            .env("OCIPICK_CACHE", self.stage.dir().join("cache"))
            .args(["run", "--deadline", "60", "--out"])
            .arg(out)
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for case in [MATCH, NO_MATCH, TWO_ENTRIES, NESTED] {
            command.args(["--case", case]);
        }
        for tool in tools {
            let version = match *tool {
                "docker" => "20.10.99",
                _ => "9.9.9",
            };
            command.args(["--runtime", &format!("{tool}@{version}")]);
        }
        Ok(command)
    }

    /// What accepts the outcomes of a run.
    #[expect(
        clippy::disallowed_methods,
        reason = "the process module is what this process is to use, and not to be started by"
    )]
    fn bless(&self, out: &Path, into: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ocipick"));
        command
            .args(["bless", "--into"])
            .args([into, out])
            .env("HOME", self.stage.dir())
            .stdin(Stdio::null());
        command
    }

    /// The one run directory that is there.
    fn run_dir(&self) -> Result<String> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.tmp)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            names.extend(name.starts_with("ocipick-").then_some(name));
        }
        match &names[..] {
            [name] => Ok(name.clone()),
            _ => bail!("{names:?}"),
        }
    }

    /// Nothing may be left of any run.
    fn is_deserted(&self) -> Result<()> {
        let left: Vec<PathBuf> = fs::read_dir(&self.tmp)?
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<_>>()?;
        ensure!(left.is_empty(), "{left:?}");
        Ok(())
    }
}

/// The living processes that carry the marker of a run directory.
fn marked(run_dir: &str) -> Vec<u32> {
    let wanted = format!("OCIPICK_SESSION={run_dir}");
    let of = |pid: u32, what: &str| fs::read(format!("/proc/{pid}/{what}")).unwrap_or_default();
    let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
    pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| {
            of(*pid, "environ")
                .split(|byte| *byte == 0)
                .any(|pair| pair == wanted.as_bytes())
        })
        .filter(|pid| !of(*pid, "stat").windows(4).any(|four| four == b") Z "))
        .collect()
}

fn wait_until(what: &str, holds: impl Fn() -> Result<bool>) -> Result<()> {
    let began = Instant::now();
    while !holds()? {
        ensure!(began.elapsed() < MOST, "it never happened: {what}");
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Waits for a run, which must end with this code. Returns what it said on standard error.
#[track_caller]
fn ends_with(code: i32, output: &Output) -> Result<String> {
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    same(
        &format!("the exit code of a run that said: {stderr}"),
        &output.status.code(),
        &Some(code),
    )?;
    Ok(stderr)
}

fn read(out: &Path) -> Result<Results> {
    Ok(Results::read(&out.join("results.jsonl"))?)
}

fn outcome<'a>(results: &'a Results, tool: &str, case: &str) -> Result<&'a Outcome> {
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

/// Kills a run as nobody can prevent.
fn kill_nine(child: &mut Child) -> Result<()> {
    kill(Pid::from_raw(child.id().try_into()?), Signal::SIGKILL)?;
    child.wait()?;
    Ok(())
}

/// What a build of one's own does otherwise than the one on PATH is said at the end, or that there is nothing.
fn own_build_against_a_released_one() -> Result<()> {
    for (mode, words, code) in [
        (
            "always-last",
            "differs from skopeo@9.9.9#path (measured beside it) on 1 of 4 rows",
            3,
        ),
        (
            "",
            "does as skopeo@9.9.9#path (measured beside it) does on all 4 rows",
            0,
        ),
    ] {
        let stage = Stage::new()?.with(&["skopeo"], mode)?;
        let place = Workspace::new(&stage)?;
        let own = stage.dir().join("skopeo-dev");
        fs::copy(std::env::current_exe()?, &own)?;
        let tool = format!("skopeo={}", own.display());
        let (out, baselines) = (place.out("out"), place.out("baselines"));
        // Held against its own outcomes, only what differs from the other is left to fail.
        let first = place
            .run(&out, &[], &["--tool", &tool, "--runtime", "*#own"])?
            .output()?;
        ends_with(0, &first)?;
        let blessed = place.bless(&out, &baselines).output()?;
        ends_with(0, &blessed)?;
        let baselines = baselines.to_string_lossy().into_owned();
        let options = [
            "--tool",
            &tool,
            "--check",
            "--baselines",
            &baselines,
            "--against",
            "*#path",
        ];
        let second = place.run(&out, &[], &options)?.output()?;
        ends_with(code, &second)?;
        let said = String::from_utf8_lossy(&second.stdout).into_owned();
        ensure!(
            said.contains(&format!("skopeo@9.9.9#own {words}")),
            "{said}"
        );
        let page = fs::read_to_string(out.join("against.md"))?;
        ensure!(page.contains(TWO_ENTRIES) == (code == 3), "{page}");
        let wrong = ["--tool", &tool, "--against", "skopeo@8*#sid"];
        let refused = ends_with(2, &place.run(&out, &[], &wrong)?.output()?)?;
        ensure!(refused.contains("skopeo@9.9.9#path"), "{refused}");
        place.is_deserted()?;
    }
    Ok(())
}

/// One run is slow, because its skopeo waits; another with the same tools begins after it and is
/// done before it. Neither disturbs the other.
fn two_runs_at_once() -> Result<()> {
    let slow = Stage::new()?
        .with(&["docker", "dockerd"], "")?
        .with(&["skopeo"], "waits")?;
    let place = Workspace::new(&slow)?;
    let first_out = place.out("first");
    let first = place
        .run(&first_out, &["docker", "skopeo"], &[])?
        .spawn()
        .context("cannot start")?;
    let engines = slow.dir().join("tool0").join(crate::stage::PIDS);
    wait_until(
        "the engine of the first run starts",
        || Ok(engines.exists()),
    )?;

    let quick = Stage::new()?
        .with(&["docker", "dockerd"], "")?
        .with(&["skopeo"], "honest")?;
    // They meet where run directories are made.
    let beside = Workspace {
        stage: &quick,
        tmp: place.tmp.clone(),
    };
    let second_out = beside.out("second");
    let second = beside
        .run(&second_out, &["docker", "skopeo"], &[])?
        .output()?;
    let said = ends_with(0, &second)?;
    ensure!(!said.contains("cleared away"), "{said}");
    ensure!(!read(&first_out)?.is_finished());
    fs::write(slow.last_folder()?.join("go"), "")?;
    let first = first.wait_with_output()?;
    ends_with(0, &first)?;
    for out in [&first_out, &second_out] {
        let results = read(out)?;
        ensure!(results.is_finished());
        same("trials", &results.trials.len(), &8)?;
        // The engine of each lived as long as it was needed.
        for tool in ["skopeo", "docker"] {
            let outcome = outcome(&results, tool, TWO_ENTRIES)?;
            same(tool, outcome, &picked(TWO_ENTRIES, "first")?)?;
        }
    }
    place.is_deserted()
}

fn second_run_to_the_same_place() -> Result<()> {
    let stage = Stage::new()?.with(&["skopeo"], "waits")?;
    let place = Workspace::new(&stage)?;
    let out = place.out("out");
    let first = place.run(&out, &["skopeo"], &[])?.spawn()?;
    let file = out.join("results.jsonl");
    wait_until("the first run writes", || {
        Ok(fs::metadata(&file).is_ok_and(|metadata| metadata.len() > 0))
    })?;
    for options in [&[][..], &["--resume"]] {
        let second = place.run(&out, &["skopeo"], options)?.output()?;
        let said = ends_with(2, &second)?;
        ensure!(said.contains("another run of ocipick writes to"), "{said}");
    }
    fs::write(stage.last_folder()?.join("go"), "")?;
    ends_with(0, &first.wait_with_output()?)?;
    let results = read(&out)?;
    ensure!(results.is_finished());
    same("trials", &results.trials.len(), &4)?;
    place.is_deserted()
}

/// Eight daemons in sessions of their own that do not listen to SIGTERM survive a run that is
/// killed. The next run ends them by the marker they carry, and not one that is only like them.
fn killed_with_eight_daemons() -> Result<()> {
    let stage = Stage::new()?
        .with(&["docker", "dockerd"], "leaves-daemons")?
        .with(&["skopeo"], "waits everywhere")?;
    let place = Workspace::new(&stage)?;
    let tools = ["docker", "skopeo"];
    let mut first = place.run(&place.out("first"), &tools, &[])?.spawn()?;
    let last = stage.dir().join("tool0/deaf7");
    wait_until("the eighth daemon is there", || Ok(last.exists()))?;
    let run_dir = place.run_dir()?;
    let mut stranger = deaf_stranger()?;
    kill_nine(&mut first)?;
    // What listens to the kernel, which ends the tools of a killed ocipick, is gone by then.
    wait_until("only the deaf ones are left", || {
        Ok(marked(&run_dir).iter().all(|pid| is_deaf(*pid)))
    })?;
    let left = marked(&run_dir);
    ensure!(left.len() >= 8, "{left:?}");
    ensure!(place.tmp.join(&run_dir).is_dir());

    // Whoever starts next ends them, whatever it was asked to measure.
    let second = place
        .run(&place.out("second"), &["skopeo"], &[])?
        .output()?;
    let said = ends_with(4, &second)?;
    let gone = format!(
        "cleared away what an interrupted run left: {} with {} processes\n",
        place.tmp.join(&run_dir).display(),
        left.len()
    );
    ensure!(said.contains(&gone), "{said}");
    same("processes left", &marked(&run_dir), &Vec::<u32>::new())?;
    place.is_deserted()?;
    let stranger_lives = stranger.0.try_wait()?.is_none();
    ensure!(stranger_lives, "a process that is only like them was ended");
    Ok(())
}

/// The command of a daemon that does not listen.
const DEAF: &str = "trap '' TERM HUP INT; while :; do sleep 1; done";

/// A process as those that are to be ended, but not of a run.
#[expect(
    clippy::disallowed_methods,
    reason = "this one is not of ocipick, and must not carry its marker"
)]
fn deaf_stranger() -> Result<Stranger> {
    let stranger = Command::new("/bin/sh")
        .args(["-c", DEAF, "dockerd"])
        .spawn()?;
    Ok(Stranger(stranger))
}

/// A process that goes with the test, however that ends: it would hold its output.
struct Stranger(Child);

impl Drop for Stranger {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn is_deaf(pid: u32) -> bool {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let line = String::from_utf8_lossy(&line).into_owned();
    line.contains("trap ''") || line.starts_with("sleep")
}

/// A run that is killed while cells are tried again has recorded none that was not tried often
/// enough, and the run that goes on tries none of them more often than that.
fn killed_between_repeats() -> Result<()> {
    let stage = Stage::new()?
        .with(&["crane"], "")?
        .with(&["skopeo"], "alternates")?;
    let place = Workspace::new(&stage)?;
    let (out, tools) = (place.out("out"), ["crane", "skopeo"]);
    let repeat = ["--repeat", "12", "--seed", "5", "--jobs", "1"];
    let mut first = place.run(&out, &tools, &repeat)?.spawn()?;
    let tries = out.join("tries.jsonl");
    let count = || -> usize {
        let text = fs::read_to_string(&tries).unwrap_or_default();
        text.lines().count()
    };
    wait_until("there are some tries", || Ok(count() >= 20))?;
    kill_nine(&mut first)?;
    let before = count();
    let results = read(&out)?;
    ensure!(!results.is_finished() && results.trials.is_empty());

    // With another seed it would be another run.
    let mut other = repeat;
    other[3] = "6";
    let mut options = other.to_vec();
    options.push("--resume");
    let refused = place.run(&out, &tools, &options)?.output()?;
    let said = ends_with(2, &refused)?;
    ensure!(said.contains("(seed 5), and now that is to be"), "{said}");

    // Without one it goes on with the one it had.
    let goes_on = ["--repeat", "12", "--jobs", "1", "--resume"];
    let second = place.run(&out, &tools, &goes_on)?.output()?;
    let said = ends_with(0, &second)?;
    ensure!(
        said.contains("going on after 0 of 8 trials; 8 more have some of their tries"),
        "{said}"
    );
    ensure!(said.contains("the seed of the order is 5"), "{said}");
    let results = read(&out)?;
    ensure!(results.is_finished() && !tries.exists());
    same("trials", &results.trials.len(), &8)?;
    ensure!(results.trials.iter().all(|trial| trial.tries == 12));
    let outcome = outcome(&results, "skopeo", TWO_ENTRIES)?;
    same("what alternates", &outcome.kind(), &OutcomeKind::Unstable)?;
    // The one try that was under way is the only one that was made twice.
    let calls = fs::metadata(
        stage
            .dir()
            .join("tool1")
            .join(format!("count-{}", TWO_ENTRIES.replace('/', "-"))),
    )?;
    ensure!((12..=13).contains(&calls.len()), "{} calls", calls.len());
    ensure!(before >= 20, "{before} tries");
    place.is_deserted()
}

/// Calls `test` on a thread that alone sees a file system of so many KiB mounted at `dir`.
fn on_a_tiny_disk(
    dir: &Path,
    kibibytes: usize,
    test: impl FnOnce() -> Result<()> + Send,
) -> Result<()> {
    thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let none = None::<&str>;
            unshare(CloneFlags::CLONE_NEWNS)?;
            mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?;
            let size = format!("size={kibibytes}k");
            let flags = MsFlags::empty();
            mount(Some("tmpfs"), dir, Some("tmpfs"), flags, Some(&*size))?;
            test()
        });
        thread.join().map_err(|_| anyhow::anyhow!("it panicked"))?
    })
}

/// The run ends in clear words; what was recorded is whole, and with space again it goes on.
fn disk_full_of_results() -> Result<()> {
    let stage = Stage::new()?
        .with(&["crane"], "")?
        .with(&["skopeo"], "honest")?;
    let place = Workspace::new(&stage)?;
    let out = place.out("out");
    fs::create_dir(&out)?;
    let tools = ["crane", "skopeo"];
    on_a_tiny_disk(&out, 512, || {
        let ballast = out.join("ballast");
        fs::write(&ballast, vec![1; (512 - 12) << 10])?;
        let first = place.run(&out, &tools, &["--jobs", "1"])?.output()?;
        let said = ends_with(1, &first)?;
        for words in [
            "error: cannot write to ",
            "results.jsonl: No space left on device",
            "(hint: what was recorded until now is kept; with room again, `--resume` goes on from there)",
        ] {
            ensure!(said.contains(words), "{said}");
        }
        let recorded = read(&out)?;
        ensure!(!recorded.is_finished() && !recorded.torn);
        let some = recorded.trials.len();
        ensure!((1..8).contains(&some), "{some} trials fit");
        place.is_deserted()?;

        fs::remove_file(&ballast)?;
        let second = place
            .run(&out, &tools, &["--jobs", "1", "--resume"])?
            .output()?;
        let said = ends_with(0, &second)?;
        ensure!(
            said.contains(&format!("going on after {some} of 8 trials")),
            "{said}"
        );
        let results = read(&out)?;
        ensure!(results.is_finished());
        same("trials", &results.trials.len(), &8)?;
        same(
            "those that were kept",
            &results.trials[..some],
            &recorded.trials[..],
        )
    })
}

/// A tool that fills the disk with its store says so, and is not blamed; what it wrote is removed
/// after each trial, and its neighbour has space.
fn disk_full_of_a_store() -> Result<()> {
    let stage = Stage::new()?
        .with(&["crane"], "")?
        .with(&["skopeo"], "fills-the-disk")?;
    let place = Workspace::new(&stage)?;
    let out = place.out("out");
    on_a_tiny_disk(&place.tmp, 8 << 10, || {
        // One at a time, so that the neighbour does not meet a full disk.
        let ran = place
            .run(&out, &["crane", "skopeo"], &["--jobs", "1"])?
            .output()?;
        ends_with(5, &ran)?;
        place.is_deserted()
    })?;
    let results = read(&out)?;
    ensure!(results.is_finished());
    let by_case: BTreeMap<&str, &Outcome> = results
        .trials
        .iter()
        .filter(|trial| trial.tool == "skopeo")
        .map(|trial| (trial.case.as_str(), &trial.outcome))
        .collect();
    let Some(Outcome::Unmeasured { detail, .. }) = by_case.get(TWO_ENTRIES) else {
        bail!("{by_case:?}")
    };
    // Its own words had no space either.
    ensure!(
        detail.starts_with("the disk with the private directories is full"),
        "{detail}"
    );
    same(
        "skopeo where it had room",
        by_case[MATCH],
        &picked(MATCH, "amd64")?,
    )?;
    let crane = outcome(&results, "crane", TWO_ENTRIES)?;
    same("crane", crane, &picked(TWO_ENTRIES, "first")?)?;
    let footer = results.footer.context("no footer")?;
    let peak = footer.peak_disk_bytes.context("nobody looked")?;
    ensure!(peak <= 8 << 20, "{peak}");
    Ok(())
}
