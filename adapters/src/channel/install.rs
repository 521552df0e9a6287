//! Installing channels: several releases at once, each of them whole or not at all.

use super::{
    Bootstrapper, Component, DebianRelease, InstallError, InstalledChannel, ProgressEvent,
    ProvisioningRecord, Stage, Store,
    bootstrap::{Job, Made, has_nothing, unfit},
    lock::ExclusiveLock,
    packages::{own_packages, packages},
};
use crate::{
    RunDir,
    process::{Cancel, has_less_than},
};
use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use walkdir::WalkDir;

/// Installs channels into a store.
pub struct Installer<'a> {
    /// Where channels go.
    pub store: &'a Store,
    /// What lays them out.
    pub bootstrapper: &'a Bootstrapper,
    /// Where its words go until the end.
    pub run_dir: &'a RunDir,
    /// Whether archive metadata past its date is accepted.
    pub allow_expired: bool,
    /// Whether a channel that is there is made again, because its release may have moved.
    pub renew: bool,
    /// The wish of the user to end.
    pub cancel: &'a Cancel,
    /// Told what is being done.
    pub watch: &'a (dyn Fn(&ProgressEvent<'_>) + Sync),
}

/// A channel that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Installed {
    /// The channel.
    pub channel: InstalledChannel,
    /// What was asked for and is not in the release.
    pub lacks: Vec<Component>,
    /// How long it took; `None` where nothing had to be done.
    pub took: Option<Duration>,
}

impl Installer<'_> {
    /// Provisions all `releases` with the parts of `wanted` that they have, `at_once` of them at
    /// a time. When one fails, the others go on. The results are in the order of the releases.
    pub fn install_all(
        &self,
        releases: &[DebianRelease],
        wanted: &BTreeSet<Component>,
        at_once: usize,
    ) -> Vec<Result<Installed, InstallError>> {
        let next = AtomicUsize::new(0);
        let results: Vec<Mutex<Option<Result<Installed, InstallError>>>> =
            releases.iter().map(|_| Mutex::default()).collect();
        let work = || {
            loop {
                let at = next.fetch_add(1, Ordering::SeqCst);
                let Some(release) = releases.get(at) else {
                    return;
                };
                let result = self.install(release, wanted);
                *results[at].lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..at_once.clamp(1, releases.len().max(1)) {
                scope.spawn(work);
            }
        });
        results
            .into_iter()
            .filter_map(|result| result.into_inner().unwrap_or_else(PoisonError::into_inner))
            .collect()
    }

    /// Provisions `release` with the parts of `wanted` that it has, unless a channel of that name
    /// has them. What an existing channel has besides is kept among its parts.
    ///
    /// # Errors
    /// When it cannot be provisioned; an existing channel is then as it was before.
    pub fn install(
        &self,
        release: &DebianRelease,
        wanted: &BTreeSet<Component>,
    ) -> Result<Installed, InstallError> {
        let began = Instant::now();
        let say = |stage| {
            (self.watch)(&ProgressEvent {
                release,
                stage,
                elapsed: began.elapsed(),
            });
        };
        let there = || {
            let channel = self.store.open(release.name()).filter(|_| !self.renew)?;
            let is_enough = wanted
                .iter()
                .all(|part| has_whole(&channel, *part, release) || channel.lacks(*part));
            is_enough.then(|| {
                say(Stage::Ready);
                installed(channel, wanted, None)
            })
        };
        if let Some(installed) = there() {
            return Ok(installed);
        }
        self.bootstrapper.may(release)?;
        self.store.prepare()?;
        let waiting = || say(Stage::WaitingForOthers);
        let claim = self.store.claim(release.name(), self.cancel, &waiting)?;
        // Whoever had it before may have made just this.
        if let Some(installed) = there() {
            return Ok(installed);
        }
        let mut all = wanted.clone();
        if let Some(channel) = self.store.open(release.name()) {
            all.extend(Component::all().filter(|p| channel.offers(*p) || channel.inherits(*p)));
        }
        match self.make(release, &all, &claim, &say) {
            Ok(channel) => {
                say(Stage::Ready);
                Ok(installed(channel, wanted, Some(began.elapsed())))
            }
            Err(error) => {
                let error = self.explain(error, release, wanted);
                // The reason is said, whether or not the rest can be cleared away now.
                let _ = self.store.discard(&claim);
                Err(error)
            }
        }
    }

    fn make(
        &self,
        release: &DebianRelease,
        wanted: &BTreeSet<Component>,
        claim: &ExclusiveLock,
        say: &(dyn Fn(Stage) + Sync),
    ) -> Result<InstalledChannel, InstallError> {
        let parts = || wanted.iter().copied();
        if parts().all(|part| packages(part, release).is_empty()) {
            return Err(nothing(release, wanted));
        }
        let partial = self.store.partial(claim)?;
        let job = Job {
            release,
            wanted: &parts().flat_map(|part| packages(part, release)).collect(),
            tools: &parts()
                .flat_map(|part| own_packages(part, release))
                .collect(),
            partial: &partial,
            allow_expired: self.allow_expired,
        };
        let made = self
            .bootstrapper
            .make(&job, self.store, self.run_dir, self.cancel, say)?;
        say(Stage::Recording);
        complete(&partial.join("root"))?;
        let mut record = record(release, wanted, made);
        record.bootstrapper = self
            .bootstrapper
            .version(release, self.run_dir, self.cancel);
        Ok(self.store.publish(claim, record, self.cancel)?)
    }

    /// Says what a failure comes of, where that is another thing than what failed.
    fn explain(
        &self,
        error: InstallError,
        release: &DebianRelease,
        wanted: &BTreeSet<Component>,
    ) -> InstallError {
        let name = release.name().to_owned();
        if let InstallError::Failed { words, .. } = &error
            && has_nothing(words)
        {
            return nothing(release, wanted);
        }
        let store_is_full = is_full(self.store.dir());
        if error.is_interruption() || !(error.is_full_disk() || store_is_full) {
            return error;
        }
        let temporary = std::env::temp_dir();
        let (dir, variable) = if !store_is_full && is_full(&temporary) {
            (temporary, "TMPDIR")
        } else {
            (self.store.dir().to_owned(), "OCIPICK_CACHE")
        };
        InstallError::NoSpace {
            release: name,
            dir,
            variable,
        }
    }

    /// The first of `releases` whose archive has every package of `part`.
    ///
    /// # Errors
    /// When none has, or an archive cannot be asked.
    pub fn first_with(
        &self,
        part: Component,
        releases: &[DebianRelease],
    ) -> Result<DebianRelease, InstallError> {
        for release in releases {
            let began = Instant::now();
            (self.watch)(&ProgressEvent {
                release,
                stage: Stage::Asking(part),
                elapsed: began.elapsed(),
            });
            self.bootstrapper.may(release)?;
            let names = packages(part, release);
            if names.is_empty() {
                continue;
            }
            if self.bootstrapper.has(
                release,
                &names,
                self.allow_expired,
                self.run_dir,
                self.cancel,
            )? {
                return Ok(release.clone());
            }
        }
        Err(InstallError::NoRelease {
            from: releases
                .first()
                .map_or("the newest", DebianRelease::name)
                .to_owned(),
            part,
        })
    }
}

/// That a release has nothing of what is wanted.
fn nothing(release: &DebianRelease, wanted: &BTreeSet<Component>) -> InstallError {
    let parts: Vec<&str> = wanted.iter().map(|part| part.as_str()).collect();
    InstallError::Nothing {
        release: release.name().to_owned(),
        parts: parts.join(", "),
    }
}

/// Whether a channel has a part with all the packages that it needs by now.
fn has_whole(channel: &InstalledChannel, part: Component, release: &DebianRelease) -> bool {
    (channel.offers(part) || channel.inherits(part))
        && packages(part, release)
            .iter()
            .all(|package| channel.version(package).is_some())
}

fn installed(
    channel: InstalledChannel,
    wanted: &BTreeSet<Component>,
    took: Option<Duration>,
) -> Installed {
    let lacks = wanted.iter().copied();
    let lacks = lacks.filter(|part| channel.lacks(*part)).collect();
    Installed {
        channel,
        lacks,
        took,
    }
}

/// What is known of a channel that was made; who made it is left to the caller.
fn record(release: &DebianRelease, wanted: &BTreeSet<Component>, made: Made) -> ProvisioningRecord {
    let mut record = ProvisioningRecord {
        name: release.name().to_owned(),
        base: release.base().map(|base| base.name().to_owned()),
        tools: Vec::new(),
        auxiliary_tools: Vec::new(),
        inherits: Vec::new(),
        lacks: Vec::new(),
        packages: made.packages,
        bootstrapper: String::new(),
        expired: made.expired,
        files: None,
        bytes: None,
    };
    for part in wanted {
        let has = |name: &&str| record.packages.contains_key(*name);
        let needed = packages(*part, release);
        let is_there = !needed.is_empty() && needed.iter().all(has);
        let is_of_base = record.base.is_some()
            && own_packages(*part, release).iter().all(|name| {
                let package = record.packages.get(*name);
                package.is_some_and(|package| package.suite.is_none())
            });
        let names = match part {
            _ if !is_there => &mut record.lacks,
            _ if is_of_base => &mut record.inherits,
            Component::Tool(_) => &mut record.tools,
            Component::AuxiliaryTool(_) => &mut record.auxiliary_tools,
        };
        names.push(part.as_str().to_owned());
    }
    record
}

/// Whether next to nothing can be written there.
fn is_full(dir: &Path) -> bool {
    const NEXT_TO_NOTHING: u64 = 1 << 20;
    has_less_than(dir, NEXT_TO_NOTHING)
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
    let path = root.join("etc/ssl/certs/ca-certificates.crt");
    write_authorities(root, &path).map_err(|error| fail(&path, error))
}

/// Puts the authorities of a release, where it has any, into the one file that programs read: some do not start
/// without it.
fn write_authorities(root: &Path, file: &Path) -> std::io::Result<()> {
    let mut all = Vec::new();
    let certificates = WalkDir::new(root.join("usr/share/ca-certificates")).sort_by_file_name();
    for entry in certificates.into_iter().filter_map(Result::ok) {
        if entry.file_type().is_file() && entry.path().extension() == Some(OsStr::new("crt")) {
            all.extend(fs::read(entry.path())?);
        }
    }
    if all.is_empty() || file.exists() {
        return Ok(());
    }
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, all)
}

#[cfg(test)]
mod tests {
    use super::{super::PackageRecord, *};

    fn made(packages: &[(&str, Option<&str>)]) -> Made {
        let packages = packages.iter().map(|(name, suite)| {
            let package = PackageRecord {
                version: "1".to_owned(),
                sha256: "aa".to_owned(),
                suite: suite.map(str::to_owned),
                built_using: std::collections::BTreeMap::new(),
            };
            ((*name).to_owned(), package)
        });
        Made {
            packages: packages.collect(),
            expired: None,
        }
    }

    fn of(release: &str, wanted: &[&str], packages: &[(&str, Option<&str>)]) -> ProvisioningRecord {
        let wanted = wanted.iter().map(|name| name.parse().unwrap()).collect();
        record(&release.parse().unwrap(), &wanted, made(packages))
    }

    #[test]
    fn what_lacks_a_package_is_not_there() {
        let record = of(
            "trixie",
            &["docker", "podman", "crane", "oras", "umoci"],
            &[
                ("docker.io", None),
                ("containerd", None),
                ("runc", None),
                ("podman", None),
                ("umoci", None),
            ],
        );
        assert_eq!(record.tools, ["podman"]);
        assert_eq!(record.auxiliary_tools, ["umoci"]);
        assert_eq!(record.lacks, ["docker", "crane", "oras"]);
        assert_eq!((record.base, record.inherits), (None, Vec::new()));
    }

    #[test]
    fn a_release_that_has_no_packages_of_a_part_lacks_it() {
        let record = of(
            "trixie",
            &["systemd", "podman"],
            &[("podman", None), ("runc", None)],
        );
        assert_eq!(
            (record.tools, record.lacks),
            (vec!["podman".to_owned()], vec!["systemd".to_owned()])
        );
        let part: Component = "systemd".parse().unwrap();
        assert!(Component::all().any(|it| it == part) && Component::unasked().all(|it| it != part));
    }

    #[test]
    fn the_authorities_of_a_release_are_in_one_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("etc/ssl/certs/all.crt");
        write_authorities(dir.path(), &file).unwrap();
        assert!(!file.exists());
        let mozilla = dir.path().join("usr/share/ca-certificates/mozilla");
        fs::create_dir_all(&mozilla).unwrap();
        for (name, text) in [("b.crt", "b\n"), ("a.crt", "a\n"), ("README", "x")] {
            fs::write(mozilla.join(name), text).unwrap();
        }
        write_authorities(dir.path(), &file).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "a\nb\n");
    }

    #[test]
    fn an_addition_offers_only_what_it_has_itself() {
        let record = of(
            "experimental",
            &["podman", "skopeo", "crane", "buildah", "umoci"],
            &[
                ("podman", Some("experimental")),
                ("runc", None),
                ("skopeo", None),
                ("buildah", Some("experimental")),
                ("umoci", None),
            ],
        );
        assert_eq!(record.base.as_deref(), Some("sid"));
        assert_eq!(record.tools, ["podman", "buildah"]);
        assert!(record.auxiliary_tools.is_empty());
        assert_eq!(record.inherits, ["skopeo", "umoci"]);
        assert_eq!(record.lacks, ["crane"]);
    }

    #[test]
    fn a_daemon_of_another_suite_makes_another_docker() {
        let docker = |suite| {
            let packages = [
                ("docker.io", None),
                ("docker-cli", None),
                ("containerd", suite),
                ("runc", None),
            ];
            of("experimental", &["docker"], &packages).tools
        };
        assert_eq!(docker(Some("experimental")), ["docker"]);
        assert_eq!(docker(None), Vec::<String>::new());
    }

    #[test]
    fn a_channel_from_before_a_part_needed_more_is_not_whole() {
        let release: DebianRelease = "bullseye".parse().unwrap();
        let part = "podman".parse().unwrap();
        let channel = |packages: &[(&str, Option<&str>)]| InstalledChannel {
            record: of("bullseye", &["podman"], packages),
            root: Default::default(),
        };
        let whole = [("podman", None), ("runc", None), ("util-linux", None)];
        assert!(has_whole(&channel(&whole), part, &release));
        let mut before = channel(&whole);
        before.record.packages.remove("util-linux");
        assert!(!has_whole(&before, part, &release));
    }
}
