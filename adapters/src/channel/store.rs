//! Where provisioned channels lie, and what is known of each.

use crate::{Place, Rights, Tool};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

/// The directory that holds provisioned channels and the archives they were made of.
#[derive(Clone, Debug)]
pub struct Store {
    dir: PathBuf,
}

/// A provisioned channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// What is known of it.
    pub record: ChannelRecord,
    /// Its root directory.
    pub root: PathBuf,
}

/// What is known of a channel, in `channel.json` beside its root directory. The file is written
/// last, so a channel that has it is whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelRecord {
    /// Name of the release.
    pub name: String,
    /// The tools that were asked for.
    pub tools: Vec<String>,
    /// Every package, by name.
    pub packages: BTreeMap<String, PackageRecord>,
    /// What made it, with its version.
    pub bootstrapper: String,
    /// How far the metadata of the archive was past its date, where that was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired: Option<String>,
}

/// One package of a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageRecord {
    /// Its version.
    pub version: String,
    /// sha256 of its archive.
    pub sha256: String,
}

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {what}: {source}", path.display())]
pub struct StoreError {
    /// Where.
    pub path: PathBuf,
    what: &'static str,
    #[source]
    source: io::Error,
}

const RECORD: &str = "channel.json";
const ROOT: &str = "root";
pub(super) const PARTIAL: &str = ".partial-";

impl Store {
    /// The store in `OCIPICK_CACHE`, or else in the user's cache directory. Nothing is made.
    #[must_use]
    pub fn of_user(env: impl Fn(&str) -> Option<String>) -> Self {
        let non_empty = |name: &str| {
            env(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let dir = non_empty("OCIPICK_CACHE")
            .or_else(|| non_empty("XDG_CACHE_HOME").map(|cache| cache.join("ocipick")))
            .or_else(|| non_empty("HOME").map(|home| home.join(".cache/ocipick")))
            .unwrap_or_else(|| PathBuf::from("/var/cache/ocipick"));
        Self::at(&dir)
    }

    /// The store in `dir`. Nothing is made.
    #[must_use]
    pub fn at(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
        }
    }

    /// The directory of the store.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where downloaded archives are kept for all channels.
    #[must_use]
    pub fn archives(&self) -> PathBuf {
        self.dir.join("archives")
    }

    fn channels(&self) -> PathBuf {
        self.dir.join("channels")
    }

    pub(super) fn channel_dir(&self, name: &str) -> PathBuf {
        self.channels().join(name)
    }

    /// The channel of that name, if it is provisioned and whole.
    #[must_use]
    pub fn open(&self, name: &str) -> Option<Channel> {
        let dir = self.channel_dir(name);
        let record = serde_json::from_slice(&fs::read(dir.join(RECORD)).ok()?).ok()?;
        let root = dir.join(ROOT);
        root.is_dir().then_some(Channel { record, root })
    }

    /// Every whole channel, by name.
    #[must_use]
    pub fn list(&self) -> Vec<Channel> {
        let mut names: Vec<String> = fs::read_dir(self.channels())
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| !name.starts_with('.'))
            .collect();
        names.sort();
        names.iter().filter_map(|name| self.open(name)).collect()
    }

    /// Removes a channel. Returns whether there was one.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self, name: &str) -> Result<bool, StoreError> {
        let dir = self.channel_dir(name);
        // Without its record it is no longer whole, whatever happens next.
        let _ = fs::remove_file(dir.join(RECORD));
        match fs::remove_dir_all(&dir) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(StoreError {
                path: dir,
                what: "cannot remove",
                source,
            }),
        }
    }

    /// Makes the store's directories and takes its lock, so that one process installs at a
    /// time; then removes what interrupted installations left.
    pub(super) fn lock(&self) -> Result<File, StoreError> {
        let fail = |path: &Path, what| {
            let path = path.to_owned();
            move |source| StoreError { path, what, source }
        };
        for dir in [self.archives(), self.channels()] {
            fs::create_dir_all(&dir).map_err(fail(&dir, "cannot make"))?;
        }
        let path = self.dir.join("lock");
        let lock = File::create(&path).map_err(fail(&path, "cannot make"))?;
        lock.lock().map_err(fail(&path, "cannot lock"))?;
        for entry in fs::read_dir(self.channels())
            .into_iter()
            .flatten()
            .flatten()
        {
            if entry.file_name().to_string_lossy().starts_with(PARTIAL) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        Ok(lock)
    }

    /// An empty directory to provision into, on the same file system as the channels.
    pub(super) fn partial(&self, name: &str) -> Result<PathBuf, StoreError> {
        let path = self.channels().join(format!("{PARTIAL}{name}"));
        fs::create_dir_all(&path).map_err(|source| StoreError {
            path: path.clone(),
            what: "cannot make",
            source,
        })?;
        Ok(path)
    }

    /// Turns a provisioned directory into a channel, in one step.
    pub(super) fn publish(
        &self,
        partial: &Path,
        record: &ChannelRecord,
    ) -> Result<Channel, StoreError> {
        let dir = self.channel_dir(&record.name);
        let fail = |path: &Path, what, source| StoreError {
            path: path.to_owned(),
            what,
            source,
        };
        let path = partial.join(RECORD);
        let text = serde_json::to_vec_pretty(record)
            .map_err(|error| fail(&path, "cannot write", error.into()))?;
        fs::write(&path, text).map_err(|error| fail(&path, "cannot write", error))?;
        self.remove(&record.name)?;
        fs::rename(partial, &dir).map_err(|error| fail(&dir, "cannot make", error))?;
        Ok(Channel {
            record: record.clone(),
            root: dir.join(ROOT),
        })
    }
}

impl Channel {
    /// Whether it was provisioned with this tool.
    #[must_use]
    pub fn has(&self, tool: Tool) -> bool {
        self.record.tools.iter().any(|name| name == tool.as_str())
    }

    /// The channel as a place where runtimes come from.
    #[must_use]
    pub fn place(&self, rights: Rights) -> Place {
        let packages = self
            .record
            .packages
            .iter()
            .map(|(name, package)| (name.clone(), package.version.clone()))
            .collect();
        let notes = self
            .record
            .expired
            .iter()
            .map(|expired| {
                format!(
                    "the archive metadata of {} was past its date ({expired}); accepted with \
                     --allow-expired, signatures verified",
                    self.record.name
                )
            })
            .collect();
        Place::provisioned(&self.record.name, &self.root, packages, notes, rights)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(name: &str) -> ChannelRecord {
        ChannelRecord {
            name: name.to_owned(),
            tools: vec!["skopeo".to_owned()],
            packages: BTreeMap::new(),
            bootstrapper: "mmdebstrap 1.3.5".to_owned(),
            expired: None,
        }
    }

    #[test]
    fn what_is_not_published_is_no_channel() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::at(dir.path());
        let lock = store.lock().unwrap();
        let partial = store.partial("trixie").unwrap();
        fs::create_dir(partial.join(ROOT)).unwrap();
        assert_eq!((store.open("trixie"), store.list().len()), (None, 0));
        let published = store.publish(&partial, &record("trixie")).unwrap();
        assert_eq!(store.open("trixie"), Some(published));
        let left = store.partial("sid").unwrap();
        drop(lock);
        drop(store.lock().unwrap());
        assert!(
            !left.exists(),
            "an interrupted installation is cleared away"
        );
        assert!(store.remove("trixie").unwrap());
        assert!(!store.remove("trixie").unwrap());
    }

    #[test]
    fn the_user_can_choose_where() {
        let store = |pairs: &'static [(&str, &str)]| {
            Store::of_user(move |name| {
                pairs
                    .iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(
            store(&[("OCIPICK_CACHE", "/a"), ("HOME", "/b")]).dir(),
            Path::new("/a")
        );
        assert_eq!(
            store(&[("HOME", "/b")]).dir(),
            Path::new("/b/.cache/ocipick")
        );
        assert_eq!(store(&[]).dir(), Path::new("/var/cache/ocipick"));
    }
}
