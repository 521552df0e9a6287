//! Who built a tool, and what it was linked with.

mod buildinfo;
mod control;

pub(crate) use buildinfo::BuildInfo;
#[cfg(test)]
pub(crate) use buildinfo::tests as made;
pub(crate) use control::{built_using, stanzas};

use crate::{Installation, Provider, Tool, adapter, channel::sum};
use ocipick_records::{Linked, LinkedSource};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Who built a tool, and with what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BinaryOrigin {
    /// The distribution whose packages ship it.
    pub distribution: Option<String>,
    /// Those packages, and their versions.
    pub packages: BTreeMap<String, String>,
    /// What each binary was linked with, by role.
    pub linked: BTreeMap<&'static str, Linked>,
    /// Of binaries of the user's own, of those that were built here and of those of wheels, the SHA-256 of each, by
    /// role.
    pub sha256: BTreeMap<&'static str, String>,
}

/// A package that ships a binary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) built_using: BTreeMap<String, String>,
}

impl BinaryOrigin {
    /// Who built these binaries of an installation.
    #[must_use]
    pub fn of(installation: &Installation, binaries: &BTreeMap<&'static str, PathBuf>) -> Self {
        let mut origin = Self::default();
        for (role, path) in binaries {
            let is_built = installation.module.as_ref();
            let is_built = is_built.is_some_and(|module| path.starts_with(&module.bin));
            let is_of_wheel = installation.provider == Provider::Pypi;
            if (is_built || is_of_wheel || installation.copied_from.contains_key(path))
                && let Ok(sum) = sum(path)
            {
                origin.sha256.insert(role, sum);
            }
            let package = package_of(installation, path);
            let of_package = package
                .as_ref()
                .and_then(|it| control::linked(&it.built_using));
            let linked = of_package.or_else(|| {
                BuildInfo::read(&installation.on_machine(path)).map(|info| linked_with(&info))
            });
            if let Some(linked) = linked {
                origin.linked.insert(role, linked);
            }
            if let Some(package) = package {
                origin.distribution.clone_from(&installation.distribution);
                origin.packages.insert(package.name, package.version);
            }
            // What images are left to belongs to it, too.
            let beside = auxiliary_tools(path).iter();
            for name in beside.filter(|_| installation.provider == Provider::Debian) {
                if let Some(version) = installation.package_version(name) {
                    origin
                        .packages
                        .insert((*name).to_owned(), version.to_owned());
                }
            }
        }
        origin
    }
}

/// What a binary says itself of what it was linked with.
pub(crate) fn linked_with(info: &BuildInfo) -> Linked {
    let libraries = info.modules.iter().filter_map(|(module, version)| {
        let bare = match module.rsplit_once("/v") {
            Some((bare, major)) if major.chars().all(|c| c.is_ascii_digit()) => bare,
            Some(_) | None => module,
        };
        // Whichever tool it is: what links a library may select by it.
        let mut known = Tool::ALL.iter().flat_map(|tool| adapter(*tool).libraries());
        let (_, name) = known.find(|(known, _)| *known == bare)?;
        let version = version
            .trim_start_matches('v')
            .trim_end_matches("+incompatible");
        (!version.is_empty()).then(|| ((*name).to_owned(), version.to_owned()))
    });
    Linked {
        go: Some(info.go.clone()),
        libraries: libraries.collect(),
        source: LinkedSource::BuildInfo,
    }
}

/// The packages that can ship a binary of this name, and those that its tool leaves images to.
fn packages_of(binary: &Path) -> (Vec<&str>, &'static [&'static str]) {
    match binary.file_name().and_then(|name| name.to_str()) {
        Some("docker") => (vec!["docker-cli", "docker.io"], &[]),
        Some("dockerd") => (vec!["docker.io"], &["containerd", "runc"]),
        Some("ctr" | "containerd") => (vec!["containerd"], &[]),
        Some(other) => (vec![other], &[]),
        None => (Vec::new(), &[]),
    }
}

fn auxiliary_tools(binary: &Path) -> &'static [&'static str] {
    packages_of(binary).1
}

/// The package of a distribution that ships a binary of an installation.
pub(crate) fn package_of(installation: &Installation, binary: &Path) -> Option<Package> {
    let (names, _) = packages_of(binary);
    if installation.provider == Provider::Debian {
        return names.iter().find_map(|name| {
            Some(Package {
                name: (*name).to_owned(),
                version: installation.package_version(name)?.to_owned(),
                built_using: installation
                    .built_using
                    .get(*name)
                    .cloned()
                    .unwrap_or_default(),
            })
        });
    }
    // A copy of the user's own is no package's, and neither is what was built here, or what a wheel ships. Of a client
    // all that is known is the shell.
    if installation.copied_from.contains_key(binary)
        || installation.module.is_some()
        || matches!(installation.provider, Provider::Pypi | Provider::Client)
    {
        return None;
    }
    names
        .iter()
        .find_map(|name| installed(&installation.dpkg, name, binary))
}

/// The most that is read of what dpkg writes down.
const MOST: u64 = 64 << 20;

/// An installed package, where it ships a file of this path.
fn installed(dpkg: &Path, name: &str, path: &Path) -> Option<Package> {
    let read = |path: &Path| {
        let metadata = path.metadata().ok()?;
        (metadata.is_file() && metadata.len() <= MOST).then(|| fs::read_to_string(path).ok())?
    };
    // Where `/bin` leads to `/usr/bin`, a file has two paths.
    let resolved = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let paths = [path, resolved.as_path()];
    let paths: Vec<&str> = paths.iter().filter_map(|path| path.to_str()).collect();
    let ships = |list: &str| {
        list.lines().any(|line| {
            paths.iter().any(|path| {
                line == *path || path.strip_prefix("/usr").is_some_and(|short| short == line)
            })
        })
    };
    let info = dpkg.join("info");
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let lists = [format!("{name}.list"), format!("{name}:{arch}.list")];
    let list = lists.iter().find_map(|list| read(&info.join(list)))?;
    if !ships(&list) {
        return None;
    }
    let status = read(&dpkg.join("status"))?;
    let stanza = stanzas(&status)
        .into_iter()
        .find(|stanza| stanza.get("Package").is_some_and(|it| it == name))?;
    Some(Package {
        name: name.to_owned(),
        version: stanza.get("Version")?.clone(),
        built_using: built_using(&stanza),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Privileges;
    use buildinfo::tests::{modules, program};
    use std::ffi::OsStr;

    const RIGHTS: Privileges = Privileges {
        root: false,
        namespaces: false,
    };

    fn machine(dpkg: &Path) -> Installation {
        Installation {
            dpkg: dpkg.to_owned(),
            distribution: Some("Debian".to_owned()),
            ..Installation::this_machine(OsStr::new(""), RIGHTS)
        }
    }

    #[test]
    fn the_machines_own_package_says_what_it_was_built_with() {
        let dir = tempfile::tempdir().unwrap();
        let binary = dir.path().join("skopeo");
        fs::write(&binary, "#!/bin/sh\n").unwrap();
        fs::create_dir(dir.path().join("info")).unwrap();
        let list = format!("/.\n{}\n", binary.canonicalize().unwrap().display());
        fs::write(dir.path().join("info/skopeo.list"), list).unwrap();
        fs::write(
            dir.path().join("status"),
            "Package: skopeo-doc\nVersion: 9\n\nPackage: skopeo\nVersion: 1.9.3+ds1-1+b10\n\
             Built-Using: golang-1.19 (= 1.19.8-2), golang-github-containers-image (= 5.23.1-4)\n",
        )
        .unwrap();
        let installation = machine(dir.path());
        let origin = BinaryOrigin::of(&installation, &[("client", binary.clone())].into());
        assert_eq!(origin.distribution.as_deref(), Some("Debian"));
        assert_eq!(origin.packages["skopeo"], "1.9.3+ds1-1+b10");
        let linked = &origin.linked["client"];
        assert_eq!(linked.go.as_deref(), Some("1.19.8"));
        assert_eq!(linked.libraries["containers/image"], "5.23.1");

        // A binary of the same name that no package ships is nobody's.
        let own = dir.path().join("own");
        fs::create_dir(&own).unwrap();
        let own = own.join("skopeo");
        fs::write(&own, "#!/bin/sh\n").unwrap();
        let origin = BinaryOrigin::of(&installation, &[("client", own)].into());
        assert_eq!(origin, BinaryOrigin::default());
    }

    #[test]
    fn a_binary_says_itself_what_it_was_linked_with() {
        let dir = tempfile::tempdir().unwrap();
        let binary = dir.path().join("dockerd");
        let text = modules(&[
            "mod\tgithub.com/docker/docker\t(devel)\t",
            "dep\tgithub.com/containerd/containerd/v2\tv2.1.4\th1:x",
            "dep\tgithub.com/containerd/platforms\tv1.0.0-rc.1\th1:x",
            "dep\tgithub.com/containerd/platforms2\tv9\th1:x",
        ]);
        fs::write(&binary, program("go1.24.9", &text)).unwrap();
        let origin = BinaryOrigin::of(&machine(dir.path()), &[("daemon", binary)].into());
        let linked = &origin.linked["daemon"];
        assert_eq!(linked.source, LinkedSource::BuildInfo);
        assert_eq!(
            linked.libraries,
            [
                ("containerd".to_owned(), "2.1.4".to_owned()),
                ("containerd/platforms".to_owned(), "1.0.0-rc.1".to_owned()),
            ]
            .into()
        );
        assert_eq!(origin.distribution, None);
    }

    #[test]
    fn a_provisioned_package_says_what_it_was_built_with() {
        let packages = [
            ("docker.io", "28.5.2+dfsg4-5"),
            ("containerd", "2.1.9+ds1-5"),
        ];
        let packages = packages.map(|(name, version)| (name.to_owned(), version.to_owned()));
        let mut installation =
            Installation::provisioned("sid", Path::new("/x"), packages.into(), Vec::new(), RIGHTS);
        let using = [(
            "golang-github-containerd-platforms".to_owned(),
            "1.0.0~rc4-2".to_owned(),
        )];
        installation
            .built_using
            .insert("docker.io".to_owned(), using.into());
        let binaries = [("client", "docker"), ("daemon", "dockerd")];
        let binaries = binaries.map(|(role, name)| (role, Path::new("/usr/bin").join(name)));
        let origin = BinaryOrigin::of(&installation, &binaries.into());
        assert_eq!(origin.distribution.as_deref(), Some("Debian"));
        assert_eq!(
            origin.packages.len(),
            2,
            "and containerd, that images are left to"
        );
        for role in ["client", "daemon"] {
            let linked = &origin.linked[role];
            assert_eq!(
                linked.libraries["containerd/platforms"], "1.0.0~rc4",
                "{role}"
            );
        }
    }
}
