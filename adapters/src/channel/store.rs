//! Where provisioned channels lie, and what is known of each.

use crate::{Place, Rights, Tool};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs::{self, File, TryLockError},
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
    /// The tools that it has.
    pub tools: Vec<String>,
    /// The tools that were asked for, too, and that the release does not have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<String>,
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
pub enum StoreError {
    /// The system refuses.
    #[error("{}: {what}: {source}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Another run works inside the channel that was to be replaced or removed.
    #[error("the channel `{0}` is in use by another run of ocipick (hint: wait until it ends)")]
    InUse(String),
}

/// Keeps a channel from being replaced or removed for as long as it is held.
#[derive(Debug)]
pub struct Hold(#[expect(dead_code, reason = "the lock lives as long as the file is open")] File);

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
    /// When it cannot be removed, or another run works inside it.
    pub fn remove(&self, name: &str) -> Result<bool, StoreError> {
        let _alone = self.alone_in(name)?;
        self.clear(name)
    }

    /// Keeps a channel from being replaced or removed while a run works inside it. `None` where
    /// nothing can be locked: there is no store yet, or it is another user's, who alone replaces it.
    #[must_use]
    pub fn hold(&self, name: &str) -> Option<Hold> {
        let path = self.lock_of(name);
        let file = File::open(&path).or_else(|_| File::create(&path)).ok()?;
        file.lock_shared().ok()?;
        Some(Hold(file))
    }

    fn lock_of(&self, name: &str) -> PathBuf {
        self.channels().join(format!(".{name}.lock"))
    }

    /// Makes sure that no run works inside a channel.
    fn alone_in(&self, name: &str) -> Result<Option<File>, StoreError> {
        if !self.channels().is_dir() {
            return Ok(None);
        }
        let path = self.lock_of(name);
        let io = |what| {
            let path = path.clone();
            move |source| StoreError::Io { path, what, source }
        };
        let file = File::create(&path).map_err(io("cannot make"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse(name.to_owned())),
            Err(TryLockError::Error(source)) => Err(io("cannot lock")(source)),
        }
    }

    fn clear(&self, name: &str) -> Result<bool, StoreError> {
        let dir = self.channel_dir(name);
        // Without its record it is no longer whole, whatever happens next.
        let _ = fs::remove_file(dir.join(RECORD));
        match fs::remove_dir_all(&dir) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(StoreError::Io {
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
            move |source| StoreError::Io { path, what, source }
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
        fs::create_dir_all(&path).map_err(|source| StoreError::Io {
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
        let fail = |path: &Path, what, source| StoreError::Io {
            path: path.to_owned(),
            what,
            source,
        };
        let path = partial.join(RECORD);
        let text = serde_json::to_vec_pretty(record)
            .map_err(|error| fail(&path, "cannot write", error.into()))?;
        fs::write(&path, text).map_err(|error| fail(&path, "cannot write", error))?;
        let _alone = self.alone_in(&record.name)?;
        self.clear(&record.name)?;
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

    /// Whether the release was found not to have this tool.
    #[must_use]
    pub fn lacks(&self, tool: Tool) -> bool {
        self.record.lacks.iter().any(|name| name == tool.as_str())
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
            lacks: Vec::new(),
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
    fn a_channel_that_is_held_is_neither_replaced_nor_removed() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::at(dir.path());
        let lock = store.lock().unwrap();
        let fill = || {
            let partial = store.partial("trixie").unwrap();
            fs::create_dir_all(partial.join(ROOT)).unwrap();
            partial
        };
        let published = store.publish(&fill(), &record("trixie")).unwrap();
        let (one, another) = (store.hold("trixie").unwrap(), store.hold("trixie").unwrap());
        let refused = store.publish(&fill(), &record("trixie")).unwrap_err();
        assert!(
            refused.to_string().contains("in use by another run"),
            "{refused}"
        );
        assert!(store.remove("trixie").is_err());
        drop(one);
        assert!(
            store.remove("trixie").is_err(),
            "another run still holds it"
        );
        assert_eq!(store.open("trixie"), Some(published));
        drop(another);
        assert!(store.remove("trixie").unwrap());
        drop(lock);
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
