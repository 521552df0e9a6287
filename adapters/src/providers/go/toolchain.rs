//! Calling `go`: in the user's own environment, because how modules are fetched is the user's to say; with
//! caches of its own, because what is fetched is ours.

use super::{GoError, module_file::ModuleFile};
use crate::{
    RunDir,
    installation::is_program,
    process::{Cancel, Invocation, Isolation, MARKER, Ran, run},
};
use serde::Deserialize;
use std::{
    cell::Cell,
    collections::BTreeMap,
    ffi::OsStr,
    fmt::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

/// How long Go may take to fetch what it is asked for.
const FETCH: Duration = Duration::from_secs(15 * 60);
/// How long a build may take: the largest tools take a few minutes of a machine with two cores.
const BUILD: Duration = Duration::from_secs(60 * 60);
/// How many lines of what Go says are shown.
const SHOWN: usize = 4;
/// How many characters of one are shown.
const WIDTH: usize = 240;

/// What changes what is built, and is of this machine rather than of the release.
const CLEARED: [&str; 8] = [
    "GOFLAGS",
    "GOBIN",
    "GOOS",
    "GOARCH",
    "GOEXPERIMENT",
    "GOWORK",
    "GO111MODULE",
    "CGO_ENABLED",
];

/// The program `go`.
pub(super) struct GoToolchain<'a> {
    program: PathBuf,
    env: BTreeMap<String, String>,
    /// Where its output goes.
    output: PathBuf,
    /// A directory without a module, to ask from.
    outside: PathBuf,
    calls: Cell<u32>,
    cancel: &'a Cancel,
    version: String,
}

/// What `go list -m -versions -json` prints.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct ListedModule {
    pub(super) version: String,
    pub(super) versions: Vec<String>,
}

/// What `go mod download -json` prints.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct DownloadedModule {
    pub(super) version: String,
    pub(super) error: Option<String>,
    pub(super) go_mod: PathBuf,
    pub(super) dir: PathBuf,
    pub(super) sum: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct GoEnv {
    #[serde(rename = "GOVERSION")]
    version: String,
    #[serde(rename = "GOFLAGS")]
    flags: String,
}

impl<'a> GoToolchain<'a> {
    /// The one on `path`, as in the variable PATH; `env` is the environment of the user, `caches` where
    /// its own caches go.
    pub(super) fn find(
        path: &OsStr,
        env: BTreeMap<String, String>,
        caches: &Path,
        run_dir: &RunDir,
        cancel: &'a Cancel,
    ) -> Result<Self, GoError> {
        let mut folders = std::env::split_paths(path).filter(|folder| folder.is_absolute());
        let program = folders.find_map(|folder| {
            let program = folder.join("go");
            is_program(&program).then_some(program)
        });
        let program = program.ok_or(GoError::NoGo)?;
        let mut env = env;
        env.retain(|name, _| !CLEARED.contains(&name.as_str()));
        let text = |path: &Path| path.to_string_lossy().into_owned();
        env.extend([
            ("PATH".to_owned(), path.to_string_lossy().into_owned()),
            ("GOPATH".to_owned(), text(&caches.join("path"))),
            ("GOMODCACHE".to_owned(), text(&caches.join("mod"))),
            ("GOCACHE".to_owned(), text(&caches.join("build"))),
            ("GO111MODULE".to_owned(), "on".to_owned()),
            ("GOWORK".to_owned(), "off".to_owned()),
            ("GOFLAGS".to_owned(), String::new()),
            (MARKER.to_owned(), run_dir.session().to_owned()),
        ]);
        let output = run_dir.dir().join("go");
        let outside = output.join("outside");
        for dir in [&outside, &caches.to_owned()] {
            std::fs::create_dir_all(dir).map_err(GoError::io(dir))?;
        }
        let mut go = Self {
            program,
            env,
            output,
            outside,
            calls: Cell::new(0),
            cancel,
            version: String::new(),
        };
        let said = go.run(&["env", "-json", "GOVERSION", "GOFLAGS"], &[], FETCH)?;
        let own: GoEnv = read(&said, "env")?;
        go.version = own.version.trim_start_matches("go").to_owned();
        if !own.flags.is_empty() {
            // The user has written flags down, which count where the variable is empty. This one is
            // given anyway, and takes their place.
            go.env.insert("GOFLAGS".to_owned(), "-trimpath".to_owned());
        }
        Ok(go)
    }

    /// Version of the compiler.
    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// Every release of a module that is listed.
    pub(super) fn list(&self, module: &str) -> Result<ListedModule, GoError> {
        let query = format!("{module}@latest");
        let args = self.outside(&["list"], &["-m", "-versions", "-json", &query]);
        let ran = self.call(&args, &[], FETCH)?;
        if !ran.exit.is_success() {
            return Err(fetch(module, &ran.stderr()));
        }
        read(&ran, "list")
    }

    /// Fetches a module.
    pub(super) fn download(
        &self,
        module: &str,
        version: &str,
    ) -> Result<DownloadedModule, GoError> {
        let query = format!("{module}@{version}");
        let args = self.outside(&["mod", "download"], &["-json", &query]);
        let ran = self.call(&args, &[], FETCH)?;
        let found: Option<DownloadedModule> = read(&ran, "mod download").ok();
        match found {
            Some(found) if ran.exit.is_success() && found.error.is_none() => Ok(found),
            Some(DownloadedModule {
                error: Some(words), ..
            }) => Err(fetch(&query, &words)),
            Some(_) | None => Err(fetch(&query, &ran.stderr())),
        }
    }

    /// What a go.mod says.
    pub(super) fn read_module_file(&self, path: &Path) -> Result<ModuleFile, GoError> {
        let path = path.to_string_lossy();
        let ran = self.run(&["mod", "edit", "-json", &path], &[], FETCH)?;
        read(&ran, "mod edit")
    }

    /// Builds or fetches, in this directory; what goes wrong is the compiler's.
    pub(super) fn build(&self, args: &[String], env: &[(&str, &str)]) -> Result<(), GoError> {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let ran = self.call(&args, env, BUILD)?;
        if ran.exit.is_success() {
            return Ok(());
        }
        let words = shortened(&(ran.stderr() + &ran.stdout()));
        let words = if words.is_empty() {
            ran.last_words()
        } else {
            words
        };
        Err(GoError::Build {
            go: self.version.clone(),
            words,
        })
    }

    /// The arguments of a command that is asked outside of any module.
    fn outside<'s>(&'s self, command: &[&'s str], args: &[&'s str]) -> Vec<&'s str> {
        let dir = self.outside.to_str().unwrap_or(".");
        let mut all = command.to_vec();
        all.extend(["-C", dir]);
        all.extend(args);
        all
    }

    /// Runs a command that has no reason to fail.
    fn run(&self, args: &[&str], env: &[(&str, &str)], deadline: Duration) -> Result<Ran, GoError> {
        let ran = self.call(args, env, deadline)?;
        if ran.exit.is_success() {
            return Ok(ran);
        }
        Err(GoError::Unreadable {
            command: args.first().copied().unwrap_or_default().to_owned(),
            what: shortened(&ran.stderr()),
        })
    }

    fn call(
        &self,
        args: &[&str],
        env: &[(&str, &str)],
        deadline: Duration,
    ) -> Result<Ran, GoError> {
        let call = self.calls.get();
        self.calls.set(call + 1);
        let more = env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let invocation = Invocation {
            program: self.program.clone(),
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            env: self.env.clone().into_iter().chain(more).collect(),
            isolation: Isolation::None,
            deadline,
            output: self.output.join(format!("{call:05}-go")),
            reveal: None,
        };
        Ok(run(&invocation, self.cancel)?)
    }
}

fn fetch(module: &str, words: &str) -> GoError {
    GoError::Fetch {
        module: module.to_owned(),
        words: shortened(words),
    }
}

fn read<T: for<'de> Deserialize<'de>>(ran: &Ran, command: &str) -> Result<T, GoError> {
    serde_json::from_slice(&ran.stdout_bytes()).map_err(|error| GoError::Unreadable {
        command: command.to_owned(),
        what: error.to_string(),
    })
}

/// The first lines of what Go says, without those about what it does meanwhile.
fn shortened(words: &str) -> String {
    let lines = words.lines().map(str::trim).filter(|line| {
        !line.is_empty()
            && !line.starts_with("go: downloading ")
            && !line.starts_with("go: finding ")
            && !line.starts_with("# ")
    });
    let all: Vec<&str> = lines.collect();
    let shown = all.iter().take(SHOWN).map(|line| {
        let mut chars = line.chars();
        let mut line: String = chars.by_ref().take(WIDTH).collect();
        if chars.next().is_some() {
            line.push('…');
        }
        line
    });
    let mut text = shown.collect::<Vec<_>>().join("; ");
    if all.len() > SHOWN {
        let _ = write!(text, "; and {} more lines", all.len() - SHOWN);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_go_says_is_shortened_to_what_matters() {
        let said = "go: downloading a v1.0.0\n# example.test/a\n./x.go:1:2: undefined: y\n./x.go:2:2: z\n3\n4\n5\n6\n";
        assert_eq!(
            shortened(said),
            "./x.go:1:2: undefined: y; ./x.go:2:2: z; 3; 4; and 2 more lines"
        );
        assert_eq!(shortened(&"é".repeat(300)).chars().count(), WIDTH + 1);
    }
}
