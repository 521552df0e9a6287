//! A directory of scripts, and a way to see what of them is still alive.

use ocipick_adapters::{
    Privileges,
    process::{Cancel, Invocation, Isolation, MountNamespace, Ran, RunError, end_marked, run},
};
use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    sync::OnceLock,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Marks every process of a stage, those that escaped included.
const MARK: &str = "STAGE";

/// A directory with the scripts of one test.
pub(crate) struct Stage {
    dir: TempDir,
    isolation: Isolation,
}

impl Stage {
    /// Scripts that see the machine as it is.
    pub(crate) fn plain() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            isolation: Isolation::None,
        }
    }

    /// Scripts in a mount namespace of their own; `None` where that is impossible, which is said
    /// once and loudly.
    pub(crate) fn namespaces() -> Option<Self> {
        static POSSIBLE: OnceLock<bool> = OnceLock::new();
        let possible = *POSSIBLE.get_or_init(|| {
            let scratch = tempfile::tempdir().unwrap();
            let privileges = Privileges::probe(scratch.path(), &Cancel::default());
            if !privileges.namespaces {
                let why = if privileges.root {
                    "the kernel refuses them"
                } else {
                    "they take root"
                };
                // Past the capture of the test harness, so that it shows.
                let _ = writeln!(
                    std::io::stderr(),
                    "SKIPPED: every test in `namespaces` and `prepared`: no mount namespaces, {why}"
                );
            }
            privileges.namespaces
        });
        possible.then(|| {
            let mut stage = Self::plain();
            stage.isolation = Isolation::Namespaces { mounts: Vec::new() };
            stage
        })
    }

    /// Scripts in a copy of namespaces that were made before.
    pub(crate) fn prepared() -> Option<Self> {
        let mut stage = Self::namespaces()?;
        let env = BTreeMap::from([(MARK.to_owned(), stage.dir().to_str().unwrap().to_owned())]);
        let (output, cancel) = (stage.path("namespaces"), Cancel::default());
        stage.isolation =
            MountNamespace::prepare(&stage.isolation, &env, &output, &cancel).unwrap();
        // Nothing but an open file keeps them.
        stage.is_deserted();
        Some(stage)
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn isolation(&self) -> &Isolation {
        &self.isolation
    }

    /// The invocation of a shell script, whose variable `D` names the directory.
    pub(crate) fn script(&self, text: &str) -> Invocation {
        let script = self.path("script.sh");
        fs::write(&script, text).unwrap();
        // The shell reads the script, so that no other test that forks at this moment can keep
        // it busy.
        self.program("/bin/sh", &[script.to_str().unwrap()])
    }

    pub(crate) fn program(&self, program: &str, args: &[&str]) -> Invocation {
        let dir = self.dir().to_str().unwrap().to_owned();
        Invocation {
            program: program.into(),
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            env: BTreeMap::from([(MARK.to_owned(), dir.clone()), ("D".to_owned(), dir)]),
            isolation: self.isolation.clone(),
            deadline: Duration::from_secs(20),
            output: self.path("out"),
            reveal: None,
        }
    }

    /// Runs a script to its end.
    pub(crate) fn run(&self, text: &str) -> Ran {
        self.try_run(&self.script(text)).unwrap()
    }

    pub(crate) fn try_run(&self, invocation: &Invocation) -> Result<Ran, RunError> {
        run(invocation, &Cancel::default())
    }

    /// The processes of this stage that are alive.
    pub(crate) fn alive(&self) -> Vec<u32> {
        let mark = format!("{MARK}={}", self.dir().display());
        fs::read_dir("/proc")
            .unwrap()
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter(|pid| {
                fs::read(format!("/proc/{pid}/environ"))
                    .is_ok_and(|env| env.split(|b| *b == 0).any(|pair| pair == mark.as_bytes()))
            })
            .filter(|pid| {
                fs::read_to_string(format!("/proc/{pid}/stat"))
                    .is_ok_and(|stat| !stat.rsplit_once(')').unwrap().1.starts_with(" Z"))
            })
            .collect()
    }

    /// Nothing that it started may be alive.
    #[track_caller]
    pub(crate) fn is_deserted(&self) {
        let alive = self.alive();
        assert!(alive.is_empty(), "alive: {alive:?}");
    }

    /// Waits until a file is there.
    pub(crate) fn wait_for(&self, name: &str) {
        wait_until(Duration::from_secs(10), || self.path(name).exists());
    }

    /// The mounts of this process that have to do with this stage.
    pub(crate) fn mounts(&self) -> Vec<String> {
        let dir = self.dir().to_str().unwrap();
        fs::read_to_string("/proc/self/mountinfo")
            .unwrap()
            .lines()
            .filter(|line| line.contains(dir))
            .map(str::to_owned)
            .collect()
    }
}

impl Drop for Stage {
    /// A test that fails leaves nothing behind either.
    fn drop(&mut self) {
        end_marked(MARK, &self.dir().to_string_lossy());
    }
}

/// Waits until something holds.
#[track_caller]
pub(crate) fn wait_until(patience: Duration, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(
            began.elapsed() < patience,
            "it did not come true in {patience:?}"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Runs `act`, which must not take longer than `most`.
#[track_caller]
pub(crate) fn within<T>(most: Duration, act: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let result = act();
    let took = began.elapsed();
    assert!(took < most, "it took {took:?}, more than {most:?}");
    result
}

/// Makes a test of each function: once on the machine as it is, once in namespaces of its own, and
/// once in a copy of namespaces that were made before.
macro_rules! in_each_isolation {
    ($($name:ident)+) => {
        mod plain {
            $(#[test] fn $name() { super::$name(&crate::stage::Stage::plain()); })+
        }

        mod namespaces {
            $(#[test] fn $name() {
                if let Some(stage) = crate::stage::Stage::namespaces() {
                    super::$name(&stage);
                }
            })+
        }

        mod prepared {
            $(#[test] fn $name() {
                if let Some(stage) = crate::stage::Stage::prepared() {
                    super::$name(&stage);
                }
            })+
        }
    };
}
pub(crate) use in_each_isolation;
