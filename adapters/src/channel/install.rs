//! Laying a release's tools into a directory with mmdebstrap.

use super::{
    Channel, ChannelRecord, PackageRecord, Release, Store, StoreError, packages::packages,
};
use crate::{
    Tool,
    process::{
        Cancel, Exit, Invocation, Isolation, Ran, RunError, SYSTEM_PATH, find_on_system, run,
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// The program that lays releases into directories.
pub const BOOTSTRAPPER: &str = "mmdebstrap";
/// How long one release may take, downloads included.
const PATIENCE: Duration = Duration::from_secs(45 * 60);

/// Why a channel could not be installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A program could not be run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The bootstrapper is not there.
    #[error("`{BOOTSTRAPPER}` is not installed (hint: apt-get install {BOOTSTRAPPER})")]
    NoBootstrapper,
    /// Only root may make such a directory.
    #[error("provisioning {0} takes root (hint: run it with sudo, or install the tools yourself)")]
    NotRoot(String),
    /// The archive metadata is past its date.
    #[error(
        "the archive metadata of {release} is past its date ({since}); signatures would still be verified (hint: --allow-expired accepts it, and the results say so)"
    )]
    Expired {
        /// Which release.
        release: String,
        /// Since when, in apt's words.
        since: String,
    },
    /// No release that was looked at has the tool.
    #[error("no release from {from} on has {tool}")]
    NoRelease {
        /// The first release looked at.
        from: String,
        /// Which tool.
        tool: Tool,
    },
    /// The bootstrapper failed.
    #[error("{BOOTSTRAPPER} could not provision {release}: {words}")]
    Failed {
        /// Which release.
        release: String,
        /// Its last words.
        words: String,
    },
    /// Something in the provisioned directory is not as it must be.
    #[error("{}: {what}", path.display())]
    Unfit {
        /// Where.
        path: PathBuf,
        /// What.
        what: String,
    },
}

/// What is being done, for a person who waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Asking the archive of this release whether it has this tool.
    Asking(String, Tool),
    /// Provisioning this release with these packages.
    Provisioning(String, Vec<String>),
    /// This release is there.
    Ready(String),
}

/// Installs channels into a store.
pub struct Installer<'a> {
    /// Where channels go.
    pub store: &'a Store,
    /// Whether archive metadata past its date is accepted.
    pub allow_expired: bool,
    /// The wish of the user to end.
    pub cancel: &'a Cancel,
    /// Told what is being done.
    pub step: &'a (dyn Fn(&Step) + Sync),
}

/// Where the bootstrapper is, if it is there.
#[must_use]
pub fn bootstrapper() -> Option<PathBuf> {
    find_on_system(Path::new(BOOTSTRAPPER))
}

/// Installs the bootstrapper with apt-get. The caller has said so to the user.
///
/// # Errors
/// When apt-get is not there or fails.
pub fn install_bootstrapper(cancel: &Cancel) -> Result<(), InstallError> {
    let fail = |words| InstallError::Failed {
        release: "the bootstrapper".to_owned(),
        words,
    };
    let apt = find_on_system(Path::new("apt-get"))
        .ok_or_else(|| fail("apt-get is not there".to_owned()))?;
    let scratch = scratch()?;
    let apt = |args: &[&str]| run(&invocation(&apt, args, scratch.path(), "apt-get"), cancel);
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

impl Installer<'_> {
    /// Provisions `release` with `tools`, unless a channel of that name has them all. What an
    /// existing channel has besides is kept among its tools. Returns the tools that the release
    /// does not have, too.
    ///
    /// # Errors
    /// When it cannot be provisioned; the store is then as it was before.
    pub fn install(
        &self,
        release: &Release,
        tools: &BTreeSet<Tool>,
    ) -> Result<(Channel, Vec<Tool>), InstallError> {
        let _lock = self.store.lock()?;
        let existing = self.store.open(release.name());
        if let Some(channel) = &existing
            && tools
                .iter()
                .all(|tool| channel.has(*tool) || channel.lacks(*tool))
        {
            (self.step)(&Step::Ready(release.name().to_owned()));
            let lacks = tools
                .iter()
                .copied()
                .filter(|tool| channel.lacks(*tool))
                .collect();
            return Ok((channel.clone(), lacks));
        }
        let mut wanted = tools.clone();
        wanted.extend(
            Tool::ALL
                .iter()
                .filter(|tool| existing.as_ref().is_some_and(|channel| channel.has(**tool))),
        );
        let bootstrapper = self.ready(release)?;
        let mut lacks = Vec::new();
        loop {
            match self.install_just(&bootstrapper, release, &wanted, &lacks) {
                Ok(channel) => {
                    (self.step)(&Step::Ready(release.name().to_owned()));
                    return Ok((channel, lacks));
                }
                Err(InstallError::Failed {
                    release: name,
                    words,
                }) => {
                    let lacking = wanted.iter().copied().find(|tool| {
                        packages(*tool, release)
                            .iter()
                            .any(|p| lacks_package(&words, p))
                    });
                    let Some(tool) = lacking else {
                        return Err(InstallError::Failed {
                            release: name,
                            words,
                        });
                    };
                    wanted.remove(&tool);
                    lacks.push(tool);
                    if wanted.is_empty() {
                        return Err(InstallError::Failed {
                            release: name,
                            words,
                        });
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn install_just(
        &self,
        bootstrapper: &Path,
        release: &Release,
        wanted: &BTreeSet<Tool>,
        lacks: &[Tool],
    ) -> Result<Channel, InstallError> {
        let names: BTreeSet<&str> = wanted
            .iter()
            .flat_map(|tool| packages(*tool, release))
            .collect();
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        (self.step)(&Step::Provisioning(
            release.name().to_owned(),
            names.clone(),
        ));
        let partial = self.store.partial(release.name())?;
        match self.provision(bootstrapper, release, &names, &partial) {
            Ok((packages, expired)) => {
                let record = ChannelRecord {
                    name: release.name().to_owned(),
                    tools: wanted.iter().map(|tool| tool.as_str().to_owned()).collect(),
                    lacks: lacks.iter().map(|tool| tool.as_str().to_owned()).collect(),
                    packages,
                    bootstrapper: self.version(bootstrapper),
                    expired,
                };
                Ok(self.store.publish(&partial, &record)?)
            }
            Err(error) => {
                let _ = fs::remove_dir_all(&partial);
                Err(error)
            }
        }
    }

    /// The first of `releases` whose archive has every package of `tool`.
    ///
    /// # Errors
    /// When none has, or an archive cannot be asked.
    pub fn first_with(&self, tool: Tool, releases: &[Release]) -> Result<Release, InstallError> {
        let _lock = self.store.lock()?;
        for release in releases {
            (self.step)(&Step::Asking(release.name().to_owned(), tool));
            let bootstrapper = self.ready(release)?;
            let names: Vec<String> = packages(tool, release)
                .into_iter()
                .map(str::to_owned)
                .collect();
            let scratch = scratch()?;
            let target = scratch.path().join("root");
            let asked = self.bootstrap(&bootstrapper, release, &names, &target, &["--simulate"]);
            match asked {
                Ok(_) => return Ok(release.clone()),
                Err(InstallError::Failed { words, .. })
                    if names.iter().any(|package| lacks_package(&words, package)) => {}
                Err(error) => return Err(error),
            }
        }
        Err(InstallError::NoRelease {
            from: releases
                .first()
                .map_or("the newest", Release::name)
                .to_owned(),
            tool,
        })
    }

    fn ready(&self, release: &Release) -> Result<PathBuf, InstallError> {
        if !nix::unistd::geteuid().is_root() {
            return Err(InstallError::NotRoot(release.name().to_owned()));
        }
        bootstrapper().ok_or(InstallError::NoBootstrapper)
    }

    fn version(&self, bootstrapper: &Path) -> String {
        let asked = scratch().and_then(|scratch| {
            Ok(run(
                &invocation(bootstrapper, &["--version"], scratch.path(), "version"),
                self.cancel,
            )?
            .stdout())
        });
        asked.map_or_else(|_| BOOTSTRAPPER.to_owned(), |said| said.trim().to_owned())
    }

    fn provision(
        &self,
        bootstrapper: &Path,
        release: &Release,
        names: &[String],
        partial: &Path,
    ) -> Result<(BTreeMap<String, PackageRecord>, Option<String>), InstallError> {
        let root = partial.join("root");
        let sums_path = partial.join("sha256sums");
        let plan = partial.join("plan");
        let archives = self.store.archives();
        // Every release shares the downloads. Checksums are taken of what was unpacked, before
        // the bootstrapper removes it.
        let hooks = [
            "--setup-hook=mkdir -p \"$1\"/var/cache/apt/archives".to_owned(),
            format!(
                "--setup-hook=sync-in {} /var/cache/apt/archives",
                archives.display()
            ),
            format!(
                "--extract-hook=cd \"$1\"/var/cache/apt/archives && sha256sum *.deb > {}",
                sums_path.display()
            ),
            format!(
                "--extract-hook=APT_CONFIG=\"$MMDEBSTRAP_APT_CONFIG\" apt-get --simulate --yes \
                 install {} > {}",
                names.join(" "),
                plan.display()
            ),
            format!(
                "--extract-hook=sync-out /var/cache/apt/archives {}",
                archives.display()
            ),
        ];
        let hooks: Vec<&str> = hooks.iter().map(String::as_str).collect();
        let expired = self.bootstrap(bootstrapper, release, names, &root, &hooks)?;
        let text =
            fs::read_to_string(&sums_path).map_err(|error| unfit(&sums_path, error.to_string()))?;
        let plan_text =
            fs::read_to_string(&plan).map_err(|error| unfit(&plan, error.to_string()))?;
        let sums = read_sums(&text);
        let packages: BTreeMap<String, PackageRecord> = read_plan(&plan_text)
            .into_iter()
            .filter_map(|(name, version)| {
                let sha256 = sums.get(&(name.clone(), version.clone()))?.clone();
                Some((name, PackageRecord { version, sha256 }))
            })
            .collect();
        if let Some(name) = names.iter().find(|name| !packages.contains_key(*name)) {
            return Err(unfit(
                &root,
                format!("{name} was asked for and is not there"),
            ));
        }
        complete(&root)?;
        for scrap in [&sums_path, &plan] {
            let _ = fs::remove_file(scrap);
        }
        Ok((packages, expired))
    }

    /// Runs the bootstrapper, at first as strict as apt is. Returns by how much the metadata
    /// was past its date, where that had to be accepted.
    fn bootstrap(
        &self,
        bootstrapper: &Path,
        release: &Release,
        names: &[String],
        target: &Path,
        more: &[&str],
    ) -> Result<Option<String>, InstallError> {
        let scratch = scratch()?;
        let include = format!("--include={}", names.join(","));
        let target_text = target.to_string_lossy().into_owned();
        let mut args = vec![
            "--variant=extract",
            "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
            "--aptopt=Apt::Install-Recommends \"false\"",
            include.as_str(),
        ];
        args.extend(more);
        let positional = [release.name(), target_text.as_str()];
        let attempt = |options: &[&str]| -> Result<Ran, InstallError> {
            let all: Vec<&str> = args
                .iter()
                .chain(options)
                .chain(&positional)
                .copied()
                .collect();
            Ok(run(
                &invocation(bootstrapper, &all, scratch.path(), "bootstrap"),
                self.cancel,
            )?)
        };
        let fail = |ran: &Ran| {
            let words = if ran.exit == Exit::Deadline {
                "it did not end within 45 minutes".to_owned()
            } else {
                errors_of(&ran.stderr())
            };
            InstallError::Failed {
                release: release.name().to_owned(),
                words,
            }
        };
        let strict = attempt(&[])?;
        if strict.exit.is_success() {
            return Ok(None);
        }
        let Some(since) = expired_since(&strict.stderr()) else {
            return Err(fail(&strict));
        };
        if !self.allow_expired {
            return Err(InstallError::Expired {
                release: release.name().to_owned(),
                since,
            });
        }
        let _ = fs::remove_dir_all(target);
        let lenient = attempt(&["--aptopt=Acquire::Check-Valid-Until \"false\""])?;
        if lenient.exit.is_success() {
            Ok(Some(since))
        } else {
            Err(fail(&lenient))
        }
    }
}

fn unfit(path: &Path, what: String) -> InstallError {
    InstallError::Unfit {
        path: path.to_owned(),
        what,
    }
}

/// What no maintainer script has made, and tools look for.
fn complete(root: &Path) -> Result<(), InstallError> {
    let fail = |path: &Path, error: std::io::Error| unfit(path, error.to_string());
    for folder in [
        "proc",
        "sys",
        "dev",
        "run",
        "tmp",
        "var/tmp",
        "var/lib",
        "etc/containers",
        "root",
    ] {
        let path = root.join(folder);
        fs::create_dir_all(&path).map_err(|error| fail(&path, error))?;
    }
    for (name, text) in [
        (
            "passwd",
            "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
        ),
        ("group", "root:x:0:\ndocker:x:999:\nnogroup:x:65534:\n"),
        ("hosts", "127.0.0.1 localhost\n"),
        ("resolv.conf", ""),
    ] {
        let path = root.join("etc").join(name);
        if !path.exists() {
            fs::write(&path, text).map_err(|error| fail(&path, error))?;
        }
    }
    Ok(())
}

/// `Inst name (version …)` of apt's simulation: what was unpacked, which is less than what
/// lies among the shared archives.
fn read_plan(text: &str) -> Vec<(String, String)> {
    text.lines()
        .filter_map(|line| {
            let mut words = line.strip_prefix("Inst ")?.split(' ');
            let name = words.next()?.to_owned();
            let version = words.find_map(|word| word.strip_prefix('('))?.to_owned();
            Some((name, version))
        })
        .collect()
}

/// `sha256  name_version_arch.deb` by name and version, with `%3a` back to a colon.
fn read_sums(text: &str) -> BTreeMap<(String, String), String> {
    text.lines()
        .filter_map(|line| {
            let (sum, file) = line.split_once("  ")?;
            let mut parts = file.trim_end_matches(".deb").split('_');
            let name = parts.next()?.to_owned();
            let version = parts.next()?.replace("%3a", ":");
            Some(((name, version), sum.to_owned()))
        })
        .collect()
}

fn scratch() -> Result<tempfile::TempDir, InstallError> {
    tempfile::Builder::new()
        .prefix("ocipick-install-")
        .tempdir()
        .map_err(|error| unfit(&std::env::temp_dir(), error.to_string()))
}

/// The bootstrapper works on the machine as it is. Settings for proxies and certificates are
/// the machine's own, and are passed on.
fn invocation(program: &Path, args: &[&str], scratch: &Path, name: &str) -> Invocation {
    let mut env: BTreeMap<String, String> = [
        "http_proxy",
        "https_proxy",
        "no_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "TMPDIR",
    ]
    .iter()
    .filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)))
    .collect();
    env.extend(
        [
            ("PATH", SYSTEM_PATH),
            ("LANG", "C.UTF-8"),
            ("HOME", "/root"),
            ("DEBIAN_FRONTEND", "noninteractive"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    Invocation {
        program: program.to_owned(),
        args: args.iter().map(|&arg| arg.to_owned()).collect(),
        env,
        isolation: Isolation::None,
        deadline: PATIENCE,
        output: scratch.join(name),
        reveal: None,
    }
}

/// Since when apt takes the metadata for past its date, in its words.
fn expired_since(stderr: &str) -> Option<String> {
    let line = stderr
        .lines()
        .find(|line| line.contains("is expired (invalid since"))?;
    let from = line.find("invalid since")?;
    let to = line[from..].find(')')? + from;
    Some(line[from..to].to_owned())
}

/// Whether apt says that the archive does not have this package.
fn lacks_package(words: &str, package: &str) -> bool {
    words.contains(&format!("Unable to locate package {package}"))
        || words.contains(&format!(
            "Package '{package}' has no installation candidate"
        ))
}

/// The lines in which apt and the bootstrapper say what is wrong.
fn errors_of(stderr: &str) -> String {
    let errors: Vec<&str> = stderr
        .lines()
        .filter(|line| line.starts_with("E:") || line.contains("No space left"))
        .take(4)
        .collect();
    let words = if errors.is_empty() {
        stderr.lines().last().unwrap_or_default().to_owned()
    } else {
        errors.join("; ")
    };
    without_hosts(&words)
}

/// Which mirror a machine uses is its own affair, and is not repeated.
fn without_hosts(words: &str) -> String {
    words
        .split_inclusive(char::is_whitespace)
        .map(|word| match word.find("://") {
            Some(at) => {
                let end = word[at + 3..]
                    .find('/')
                    .map_or(word.trim_end().len(), |end| at + 3 + end);
                format!("{}://(mirror){}", &word[..at], &word[end..])
            }
            None => word.to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expired_metadata_is_recognised_in_apts_words() {
        let words = "E: Release file for http://mirror.test/debian/dists/sid/InRelease is expired \
                     (invalid since 14d 23h 49min 4s). Updates for this repository will not be applied.";
        assert_eq!(
            expired_since(words).unwrap(),
            "invalid since 14d 23h 49min 4s"
        );
        assert_eq!(expired_since("E: Unable to locate package crane"), None);
    }

    #[test]
    fn mirrors_are_not_named() {
        assert_eq!(
            without_hosts("E: Failed to fetch http://mirror.test/debian/x.deb 404\nE: again"),
            "E: Failed to fetch http://(mirror)/debian/x.deb 404\nE: again"
        );
        assert_eq!(
            without_hosts("see https://mirror.test"),
            "see https://(mirror)"
        );
    }

    #[test]
    fn archives_are_named_by_package_and_version() {
        let sums = read_sums("abc  adduser_3.134_all.deb\ndef  x_1%3a2.0-1_amd64.deb\n");
        assert_eq!(sums[&("adduser".to_owned(), "3.134".to_owned())], "abc");
        assert_eq!(sums[&("x".to_owned(), "1:2.0-1".to_owned())], "def");
    }

    #[test]
    fn the_plan_is_read_from_apts_simulation() {
        let plan = "NOTE: simulation\nInst adduser (3.134 Debian:12.11/oldstable [all])\n\
                    Inst x [1] (2:2.0-1 Debian [amd64]) []\nConf adduser (3.134)\n";
        let expected = [("adduser", "3.134"), ("x", "2:2.0-1")];
        assert_eq!(
            read_plan(plan),
            expected.map(|(n, v)| (n.to_owned(), v.to_owned()))
        );
    }

    #[test]
    fn a_package_that_is_not_there_is_no_other_failure() {
        assert!(lacks_package("E: Unable to locate package crane", "crane"));
        assert!(!lacks_package(
            "E: Unable to locate package crane",
            "podman"
        ));
        assert!(!lacks_package(
            "E: You don't have enough free space",
            "crane"
        ));
    }
}
