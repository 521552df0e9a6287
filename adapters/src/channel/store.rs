//! Where provisioned channels lie.

use super::{
    DebianRelease, FileDifference, InstalledChannel, ProvisioningRecord, SharedLock,
    files::{PackageFiles, sum_of},
    lock::{self, ExclusiveLock, Others},
};
use crate::{
    GO_CHANNEL, PYPI_CHANNEL,
    process::{Cancel, end_marked},
};
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

/// The directory that holds provisioned channels and the archives they were made of.
///
/// ```text
/// archives/              every downloaded archive, for all channels
/// lock                   held while archives are downloaded or removed
/// go/                    what Go has fetched and compiled, for all releases of upstream
/// channels/NAME/         a channel: `root/`, `files.sha256`, and `channel.json`, written last
/// channels/go/TOOL/VERSION/ a release of upstream: `bin/` and `channel.json`
/// channels/pypi/PACKAGE/VERSION/ what a wheel ships: `files/` and `channel.json`
/// channels/.NAME.lock    shared by runs inside the channel, had alone by who makes or removes it
/// channels/.partial-NAME what is being made
/// channels/.old-NAME     what was replaced, and is being removed
/// ```
#[derive(Clone, Debug)]
pub struct Store {
    dir: PathBuf,
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
    /// Another process makes, replaces or removes the channel.
    #[error(
        "the channel `{0}` is being provisioned or removed by another ocipick (hint: wait until it ends)"
    )]
    BeingMade(String),
    /// What is known of the channel cannot be read.
    #[error("{}: {what} (hint: ocipick channel install {name})", path.display())]
    Broken {
        /// Which channel.
        name: String,
        /// Where.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The user wants to end.
    #[error("interrupted")]
    Cancelled,
}

const RECORD: &str = "channel.json";
const ROOT: &str = "root";
const FILES: &str = "files.sha256";
const PARTIAL: &str = ".partial-";
const OLD: &str = ".old-";

/// Marks the processes that make a channel, by the directory that they make.
pub(super) const INSTALL_MARKER: &str = "OCIPICK_INSTALL";

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
        // Hooks of the bootstrapper run elsewhere.
        let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
        Self { dir }
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

    /// The file that is locked while archives are downloaded.
    pub(super) fn downloads_lock(&self) -> PathBuf {
        self.dir.join("lock")
    }

    /// Where channels lie.
    pub(crate) fn channels(&self) -> PathBuf {
        self.dir.join("channels")
    }

    fn channel_dir(&self, name: &str) -> PathBuf {
        self.channels().join(name)
    }

    fn lock_of(&self, name: &str) -> PathBuf {
        self.channels().join(format!(".{name}.lock"))
    }

    /// The channel of that name, if it is provisioned and whole.
    #[must_use]
    pub fn open(&self, name: &str) -> Option<InstalledChannel> {
        self.look(name).ok().flatten()
    }

    /// The channel of that name, if it is provisioned.
    ///
    /// # Errors
    /// When there is something of that name that is no whole channel.
    pub fn look(&self, name: &str) -> Result<Option<InstalledChannel>, StoreError> {
        let dir = self.channel_dir(name);
        let path = dir.join(RECORD);
        let broken = |what: String| StoreError::Broken {
            name: name.to_owned(),
            path: path.clone(),
            what,
        };
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !dir.exists() => {
                return Ok(None);
            }
            Err(error) => return Err(broken(error.to_string())),
        };
        let record = serde_json::from_slice(&text).map_err(|error| broken(error.to_string()))?;
        let root = dir.join(ROOT);
        if root.is_dir() {
            Ok(Some(InstalledChannel { record, root }))
        } else {
            Err(broken(format!("there is no {ROOT} beside it")))
        }
    }

    /// The names of all channels, whole or not, the oldest release first.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .entries()
            // What is built from Go modules, and what wheels ship, lie below directories of these names.
            .filter(|name| !name.starts_with('.') && name != GO_CHANNEL && name != PYPI_CHANNEL)
            .collect();
        let releases = DebianRelease::all();
        let age = |name: &String| {
            let age = releases.iter().position(|release| release.name() == name);
            age.unwrap_or(releases.len())
        };
        names.sort_by_key(|name| (age(name), name.clone()));
        names
    }

    /// Every whole channel, the oldest release first.
    #[must_use]
    pub fn list(&self) -> Vec<InstalledChannel> {
        let names = self.names();
        names.iter().filter_map(|name| self.open(name)).collect()
    }

    fn entries(&self) -> impl Iterator<Item = String> {
        fs::read_dir(self.channels())
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
    }

    /// How the files of a channel differ from what they were when it was made; `None` where an
    /// earlier version of ocipick made it, and did not write down what they were. Returns how
    /// many files there were, too.
    ///
    /// # Errors
    /// When they cannot be read, or the user wants to end.
    pub fn verify(
        &self,
        channel: &InstalledChannel,
        cancel: &Cancel,
    ) -> Result<Option<(usize, FileDifference)>, StoreError> {
        let Some(expected) = &channel.record.files else {
            return Ok(None);
        };
        let path = self.channel_dir(&channel.record.name).join(FILES);
        let broken = |what: String| StoreError::Broken {
            name: channel.record.name.clone(),
            path: path.clone(),
            what,
        };
        let text = fs::read_to_string(&path).map_err(|error| broken(error.to_string()))?;
        if sum_of(&text) != *expected {
            return Err(broken("it is not the list that was written".to_owned()));
        }
        let then = PackageFiles::from_text(&text);
        let now = PackageFiles::below(&channel.root, cancel)
            .map_err(|source| interrupted_or(&channel.root, "cannot read", source))?;
        Ok(Some((then.len(), then.difference(&now))))
    }

    /// Removes a channel. Returns whether there was one.
    ///
    /// # Errors
    /// When it cannot be removed, another run works inside it, or another process makes it.
    pub fn remove(&self, name: &str) -> Result<bool, StoreError> {
        if !self.channels().is_dir() {
            return Ok(false);
        }
        let path = self.lock_of(name);
        let claim = lock::claim(name, &path, &Others::Refuse, &Cancel::default())?;
        self.discard(&claim)?;
        self.clear(name)
    }

    /// Removes every downloaded archive. Channels stay as they are. Returns how many bytes of
    /// disk that gave back.
    ///
    /// # Errors
    /// When they cannot be removed, or are being downloaded.
    pub fn remove_archives(&self) -> Result<u64, StoreError> {
        let archives = self.archives();
        if !archives.is_dir() {
            return Ok(0);
        }
        let Some(_claim) = lock::claim_at_once("archives", &self.downloads_lock())? else {
            return Err(StoreError::BeingMade("archives".to_owned()));
        };
        let bytes = self.archives_bytes();
        fs::remove_dir_all(&archives).map_err(io_at(&archives, "cannot remove"))?;
        Ok(bytes)
    }

    /// How many bytes of disk the downloaded archives take.
    #[must_use]
    pub fn archives_bytes(&self) -> u64 {
        use std::os::unix::fs::MetadataExt as _;
        let entries = walkdir::WalkDir::new(self.archives()).into_iter().flatten();
        let blocks = entries.filter_map(|entry| Some(entry.metadata().ok()?.blocks()));
        blocks.sum::<u64>() * 512
    }

    /// Keeps a channel from being replaced or removed while a run works inside it. `None` where
    /// nothing can be locked: there is no store yet, or it is another user's, who alone replaces it.
    ///
    /// # Errors
    /// When the channel is being made, replaced or removed.
    pub fn hold(&self, name: &str) -> Result<Option<SharedLock>, StoreError> {
        lock::hold(name, &self.lock_of(name))
    }

    /// Makes the directories of the store, and removes what killed installations left.
    pub(super) fn prepare(&self) -> Result<(), StoreError> {
        for dir in [self.archives(), self.channels()] {
            fs::create_dir_all(&dir).map_err(io_at(&dir, "cannot make"))?;
        }
        for entry in self.entries() {
            let left = entry
                .strip_prefix(PARTIAL)
                .or_else(|| entry.strip_prefix(OLD));
            // Where somebody works on the channel, it is not left.
            if let Some(name) = left
                && let Some(claim) = lock::claim_at_once(name, &self.lock_of(name))?
            {
                self.discard(&claim)?;
            }
        }
        Ok(())
    }

    /// The right to make or replace a channel. Waits for another process that makes it, after
    /// calling `waiting`.
    pub(super) fn claim(
        &self,
        name: &str,
        cancel: &Cancel,
        waiting: &dyn Fn(),
    ) -> Result<ExclusiveLock, StoreError> {
        let others = Others::WaitFor(waiting);
        lock::claim(name, &self.lock_of(name), &others, cancel)
    }

    /// An empty directory to make the channel in, on the same file system as the channels.
    pub(super) fn partial(&self, claim: &ExclusiveLock) -> Result<PathBuf, StoreError> {
        self.discard(claim)?;
        let path = self.partial_of(claim);
        fs::create_dir_all(&path).map_err(io_at(&path, "cannot make"))?;
        Ok(path)
    }

    fn partial_of(&self, claim: &ExclusiveLock) -> PathBuf {
        self.channels().join(format!("{PARTIAL}{}", claim.name))
    }

    fn old_of(&self, claim: &ExclusiveLock) -> PathBuf {
        self.channels().join(format!("{OLD}{}", claim.name))
    }

    /// Removes what was made so far, and ends whoever still makes it.
    pub(super) fn discard(&self, claim: &ExclusiveLock) -> Result<(), StoreError> {
        let partial = self.partial_of(claim);
        if partial.exists() {
            end_marked(INSTALL_MARKER, &partial.to_string_lossy());
        }
        for dir in [partial, self.old_of(claim)] {
            match fs::remove_dir_all(&dir) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(io_at(&dir, "cannot remove")(error));
                }
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    fn clear(&self, name: &str) -> Result<bool, StoreError> {
        let dir = self.channel_dir(name);
        // Without its record it is no longer whole, whatever happens next.
        let _ = fs::remove_file(dir.join(RECORD));
        match fs::remove_dir_all(&dir) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(io_at(&dir, "cannot remove")(source)),
        }
    }

    /// Turns the directory in which a channel was made into the channel. It replaces the one of
    /// that name, if there is one.
    pub(super) fn publish(
        &self,
        claim: &ExclusiveLock,
        mut record: ProvisioningRecord,
        cancel: &Cancel,
    ) -> Result<InstalledChannel, StoreError> {
        let partial = self.partial_of(claim);
        let write = |name: &str, text: &str| -> Result<(), StoreError> {
            let path = partial.join(name);
            let written = File::create(&path).and_then(|mut file| {
                io::Write::write_all(&mut file, text.as_bytes())?;
                file.sync_all()
            });
            written.map_err(io_at(&path, "cannot write"))
        };
        let root = partial.join(ROOT);
        let files = PackageFiles::below(&root, cancel)
            .map_err(|source| interrupted_or(&root, "cannot read", source))?;
        let list = files.to_text();
        write(FILES, &list)?;
        record.files = Some(sum_of(&list));
        record.bytes = Some(files.bytes);
        let text = serde_json::to_string_pretty(&record)
            .map_err(|error| io_at(&partial.join(RECORD), "cannot write")(error.into()))?;
        write(RECORD, &text)?;
        let dir = self.channel_dir(&claim.name);
        let old = self.old_of(claim);
        match fs::rename(&dir, &old) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(io_at(&dir, "cannot replace")(error));
            }
            Ok(()) | Err(_) => {}
        }
        fs::rename(&partial, &dir).map_err(io_at(&dir, "cannot make"))?;
        self.discard(claim)?;
        Ok(InstalledChannel {
            record,
            root: dir.join(ROOT),
        })
    }
}

fn io_at(path: &Path, what: &'static str) -> impl Fn(io::Error) -> StoreError {
    move |source| StoreError::Io {
        path: path.to_owned(),
        what,
        source,
    }
}

fn interrupted_or(path: &Path, what: &'static str, source: io::Error) -> StoreError {
    if source.kind() == io::ErrorKind::Interrupted {
        StoreError::Cancelled
    } else {
        io_at(path, what)(source)
    }
}

#[cfg(test)]
mod tests;
