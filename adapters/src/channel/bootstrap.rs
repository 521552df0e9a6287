//! Running mmdebstrap: it unpacks, and hooks of ours decide what, fetch it, and verify it.

use super::{
    DebianRelease, InstallError, PackageRecord, Stage, Store,
    progress::watched,
    store::INSTALL_MARKER,
    text::{expired_since, lacks_package, without_hosts, words_of},
};
use crate::{
    RunDir,
    linked::{built_using, stanzas},
    process::{Cancel, Invocation, Isolation, MARKER, Ran, SYSTEM_PATH, find_on_system, run},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
    time::Duration,
};

/// The program that lays releases into directories.
pub const BOOTSTRAPPER: &str = "mmdebstrap";
/// The variable that names another one.
pub const BOOTSTRAPPER_VARIABLE: &str = "OCIPICK_MMDEBSTRAP";
/// How long one release may take, downloads included.
const PATIENCE: Duration = Duration::from_secs(45 * 60);

const PREPARE: &str = include_str!("hooks/prepare.sh");
const FINISH: &str = include_str!("hooks/finish.sh");
/// What the hook says of a release that has nothing of what is wanted.
const NOTHING: &str = "the release has none of the packages";

/// The program that lays releases into directories.
#[derive(Clone, Debug)]
pub struct Bootstrapper {
    program: PathBuf,
    takes_root: bool,
}

/// What is to be made.
pub(super) struct Job<'a> {
    pub(super) release: &'a DebianRelease,
    /// The wanted packages, as far as the release has them.
    pub(super) wanted: &'a BTreeSet<&'static str>,
    /// Those of them that an addition is asked for.
    pub(super) tools: &'a BTreeSet<&'static str>,
    /// Where to; `root` will be in it.
    pub(super) partial: &'a Path,
    pub(super) allow_expired: bool,
}

/// What was made.
pub(super) struct Made {
    pub(super) packages: BTreeMap<String, PackageRecord>,
    /// By how much the metadata was past its date, where that had to be accepted.
    pub(super) expired: Option<String>,
}

impl Bootstrapper {
    /// The program that `OCIPICK_MMDEBSTRAP` names, or else mmdebstrap of the system; `None`
    /// where that is not there.
    ///
    /// # Errors
    /// When the variable names no program.
    pub fn of_user(env: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, InstallError> {
        match env(BOOTSTRAPPER_VARIABLE).filter(|value| !value.is_empty()) {
            None => Ok(find_on_system(Path::new(BOOTSTRAPPER)).map(|program| Self {
                program,
                takes_root: true,
            })),
            Some(program) => find_on_system(Path::new(&program))
                .map(|program| Some(Self::at(&program)))
                .ok_or_else(|| InstallError::WrongBootstrapper(program.into())),
        }
    }

    /// A program that the caller vouches for.
    #[must_use]
    pub fn at(program: &Path) -> Self {
        Self {
            program: program.to_owned(),
            takes_root: false,
        }
    }

    /// Whether this process may provision.
    pub(super) fn may(&self, release: &DebianRelease) -> Result<(), InstallError> {
        if self.takes_root && !nix::unistd::geteuid().is_root() {
            return Err(InstallError::NotRoot(release.name().to_owned()));
        }
        Ok(())
    }

    /// Its name and version, in one line.
    pub(super) fn version(
        &self,
        release: &DebianRelease,
        run_dir: &RunDir,
        cancel: &Cancel,
    ) -> String {
        let name = format!("{release}-version");
        let ask = invocation(&self.program, &["--version"], run_dir, &name);
        let said = run(&ask, cancel).map_or_else(|_| String::new(), |ran| ran.stdout());
        let line = said.lines().next().unwrap_or_default().trim();
        let name = if line.is_empty() { BOOTSTRAPPER } else { line };
        name.to_owned()
    }

    /// Makes `root` below the partial directory of a job.
    pub(super) fn make(
        &self,
        job: &Job<'_>,
        store: &Store,
        run_dir: &RunDir,
        cancel: &Cancel,
        say: &(dyn Fn(Stage) + Sync),
    ) -> Result<Made, InstallError> {
        let (root, notes) = (job.partial.join("root"), job.partial.join("work"));
        let write = |name: &str, text: &str| {
            let path = notes.join(name);
            fs::write(&path, text).map_err(|error| unfit(&path, error.to_string()))
        };
        fs::create_dir_all(&notes).map_err(|error| unfit(&notes, error.to_string()))?;
        write("prepare.sh", PREPARE)?;
        write("finish.sh", FINISH)?;
        let pattern = pattern(job.wanted);
        let base = job.release.base();
        let suite = base.as_ref().unwrap_or(job.release).name();
        let addition = base.as_ref().map_or("", |_| job.release.name());
        let include = format!("--include={pattern}");
        let target = text(&root);
        let args = [
            "--variant=extract",
            // Nothing of the release runs here. What would be put aside for a while is verified.
            "--skip=chroot/mount,chroot/policy-rc.d,chroot/start-stop-daemon",
            "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
            "--aptopt=Apt::Install-Recommends \"false\"",
            &include,
            "--setup-hook=sh \"$OCIPICK_WORK/prepare.sh\" \"$1\"",
            "--extract-hook=sh \"$OCIPICK_WORK/finish.sh\" \"$1\"",
            suite,
            &target,
        ];
        let mut laying = invocation(&self.program, &args, run_dir, job.release.name());
        let words: Vec<&str> = job.tools.iter().copied().collect();
        let settings = [
            ("OCIPICK_WORK", text(&notes)),
            ("OCIPICK_ARCHIVES", text(&store.archives())),
            ("OCIPICK_LOCK", text(&store.downloads_lock())),
            ("OCIPICK_PATTERN", pattern),
            (
                "OCIPICK_EXPIRED",
                if job.allow_expired {
                    "accept"
                } else {
                    "refuse"
                }
                .to_owned(),
            ),
            ("OCIPICK_SUITE", suite.to_owned()),
            ("OCIPICK_ADDITION", addition.to_owned()),
            ("OCIPICK_TOOLS", words.join(" ")),
            (INSTALL_MARKER, text(job.partial)),
        ];
        laying
            .env
            .extend(settings.map(|(name, value)| (name.to_owned(), value)));
        let ran = watched(&notes, &root, say, || run(&laying, cancel))?;
        if !ran.exit.is_success() {
            return Err(self.failure(job, &ran));
        }
        let read = |name: &str| {
            let path = notes.join(name);
            fs::read_to_string(&path).map_err(|error| unfit(&path, error.to_string()))
        };
        let added = match base {
            Some(_) => read("added")?,
            None => String::new(),
        };
        let added: BTreeSet<&str> = added.lines().collect();
        let mut packages = read_sums(&read("sums")?);
        for stanza in stanzas(&read("control")?) {
            let package = stanza
                .get("Package")
                .and_then(|name| packages.get_mut(name));
            if let Some(package) = package {
                package.built_using = built_using(&stanza);
            }
        }
        for (name, package) in &mut packages {
            if added.contains(name.as_str()) {
                package.suite = Some(addition.to_owned());
            }
        }
        let expired = read("expired").ok().map(|since| since.trim().to_owned());
        fs::remove_dir_all(&notes).map_err(|error| unfit(&notes, error.to_string()))?;
        Ok(Made { packages, expired })
    }

    fn failure(&self, job: &Job<'_>, ran: &Ran) -> InstallError {
        let release = job.release.name().to_owned();
        let stderr = ran.stderr();
        if let Some(since) = expired_since(&stderr)
            && !job.allow_expired
        {
            return InstallError::Expired { release, since };
        }
        InstallError::Failed {
            release,
            words: words_of(ran),
        }
    }

    /// Whether the archive of a release has all of these packages.
    pub(super) fn has(
        &self,
        release: &DebianRelease,
        names: &[&'static str],
        allow_expired: bool,
        run_dir: &RunDir,
        cancel: &Cancel,
    ) -> Result<bool, InstallError> {
        let include = format!("--include={}", names.join(","));
        let asking = format!("{release}-asking");
        let target = text(&run_dir.dir().join(&asking));
        let attempt = |options: &[&str]| -> Result<Ran, InstallError> {
            let mut args = vec!["--variant=extract", "--simulate", include.as_str()];
            args.extend(options);
            args.extend([release.name(), target.as_str()]);
            let _ = fs::remove_dir_all(&target);
            let name = format!("{asking}-said");
            Ok(run(
                &invocation(&self.program, &args, run_dir, &name),
                cancel,
            )?)
        };
        let mut ran = attempt(&[])?;
        if let Some(since) = expired_since(&ran.stderr())
            && !ran.exit.is_success()
        {
            if !allow_expired {
                let release = release.name().to_owned();
                return Err(InstallError::Expired { release, since });
            }
            ran = attempt(&["--aptopt=Acquire::Check-Valid-Until \"false\""])?;
        }
        if ran.exit.is_success() {
            return Ok(true);
        }
        let words = words_of(&ran);
        if names.iter().any(|package| lacks_package(&words, package)) {
            return Ok(false);
        }
        Err(InstallError::Failed {
            release: release.name().to_owned(),
            words,
        })
    }
}

/// Installs the bootstrapper with apt-get. The caller has said so to the user.
///
/// # Errors
/// When apt-get is not there or fails.
pub fn install_bootstrapper(run_dir: &RunDir, cancel: &Cancel) -> Result<(), InstallError> {
    let fail = |words| InstallError::Failed {
        release: "the bootstrapper".to_owned(),
        words,
    };
    let apt = find_on_system(Path::new("apt-get"))
        .ok_or_else(|| fail("apt-get is not there".to_owned()))?;
    let apt = |args: &[&str]| {
        let mut invocation = invocation(&apt, args, run_dir, "apt-get");
        // This one works on the machine itself, where half an installation is worse than one that
        // goes on to its end.
        invocation.isolation = Isolation::None;
        run(&invocation, cancel)
    };
    let install = ["install", "--yes", "--no-install-recommends", BOOTSTRAPPER];
    if apt(&install)?.exit.is_success() {
        return Ok(());
    }
    // A fresh machine has no package lists yet.
    apt(&["update"])?;
    let ran = apt(&install)?;
    if ran.exit.is_success() {
        Ok(())
    } else {
        Err(fail(without_hosts(&ran.last_words())))
    }
}

/// The packages as a pattern of apt. What the release does not have does not match, so that the
/// rest is installed all the same; a virtual package is only mentioned by others.
fn pattern(names: &BTreeSet<&'static str>) -> String {
    let names: Vec<String> = names
        .iter()
        .map(|name| format!("?exact-name({name})"))
        .collect();
    format!("?and(?or({}),?not(?virtual))", names.join(","))
}

pub(super) fn unfit(path: &Path, what: String) -> InstallError {
    InstallError::Unfit {
        path: path.to_owned(),
        what,
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// `sha256  name_version_arch.deb`, with `%3a` for a colon.
fn read_sums(text: &str) -> BTreeMap<String, PackageRecord> {
    text.lines()
        .filter_map(|line| {
            let (sum, file) = line.split_once("  ")?;
            let mut parts = file.strip_suffix(".deb")?.split('_');
            let name = parts.next()?.to_owned();
            let package = PackageRecord {
                version: parts.next()?.replace("%3a", ":"),
                sha256: sum.to_owned(),
                suite: None,
                built_using: BTreeMap::new(),
            };
            Some((name, package))
        })
        .collect()
}

/// The bootstrapper works on the machine as it is. Settings for proxies and certificates are
/// the machine's own, and are passed on.
pub(super) fn invocation(
    program: &Path,
    args: &[&str],
    run_dir: &RunDir,
    name: &str,
) -> Invocation {
    let mut env: BTreeMap<String, String> = [
        "http_proxy",
        "https_proxy",
        "no_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    ]
    .iter()
    .filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)))
    .collect();
    // What it leaves behind when it is ended goes with the run directory.
    let tmp = run_dir.dir().to_string_lossy().into_owned();
    env.extend(
        [
            ("TMPDIR", tmp.as_str()),
            ("PATH", SYSTEM_PATH),
            ("LANG", "C.UTF-8"),
            ("HOME", "/root"),
            ("DEBIAN_FRONTEND", "noninteractive"),
            (MARKER, run_dir.session()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    Invocation {
        program: program.to_owned(),
        args: args.iter().map(|&arg| arg.to_owned()).collect(),
        env,
        isolation: with_all_it_starts(run_dir),
        deadline: PATIENCE,
        output: run_dir.dir().join(name),
        reveal: None,
    }
}

/// The machine as it is, but, where one may, so that all that a bootstrapper starts ends with
/// ocipick, even when that is killed.
fn with_all_it_starts(run_dir: &RunDir) -> Isolation {
    static MAY: OnceLock<bool> = OnceLock::new();
    let try_it = || {
        let attempt = Invocation {
            program: "/bin/true".into(),
            args: Vec::new(),
            env: BTreeMap::from([(MARKER.to_owned(), run_dir.session().to_owned())]),
            isolation: Isolation::Processes,
            deadline: Duration::from_secs(10),
            output: run_dir.dir().join("processes"),
            reveal: None,
        };
        let ran = run(&attempt, &Cancel::default());
        ran.is_ok_and(|ran| ran.exit.is_success())
    };
    if *MAY.get_or_init(try_it) {
        Isolation::Processes
    } else {
        Isolation::None
    }
}

/// Whether a hook found that the release has nothing of what is wanted.
pub(super) fn has_nothing(words: &str) -> bool {
    words.contains(NOTHING)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_are_named_by_package_and_version() {
        let sums = read_sums("abc  adduser_3.134_all.deb\ndef  x_1%3a2.0-1_amd64.deb\n");
        let of = |name: &str| (sums[name].version.as_str(), sums[name].sha256.as_str());
        assert_eq!(
            (of("adduser"), of("x")),
            (("3.134", "abc"), ("1:2.0-1", "def"))
        );
    }

    #[test]
    fn what_the_hook_says_of_nothing_is_recognised() {
        assert!(has_nothing(PREPARE) && !has_nothing("E: Unable to locate package crane"));
    }

    #[test]
    fn packages_are_a_pattern_that_tolerates_what_is_absent() {
        assert_eq!(
            pattern(&["crane", "podman"].into()),
            "?and(?or(?exact-name(crane),?exact-name(podman)),?not(?virtual))"
        );
    }

    #[test]
    fn what_a_bootstrapper_leaves_behind_goes_with_the_ground() {
        let base = tempfile::tempdir().unwrap();
        let (run_dir, _) = RunDir::claim(base.path(), false).unwrap();
        let invocation = invocation(Path::new("/bin/true"), &[], &run_dir, "bookworm");
        assert_eq!(Path::new(&invocation.env["TMPDIR"]), run_dir.dir());
    }

    #[test]
    fn a_named_bootstrapper_must_be_there() {
        let named = |value: &'static str| Bootstrapper::of_user(move |_| Some(value.to_owned()));
        assert!(matches!(
            named("/nonexistent/mmdebstrap"),
            Err(InstallError::WrongBootstrapper(_))
        ));
        assert!(named("/bin/sh").unwrap().is_some());
    }
}
