//! Where releases lie that were built: `channels/go/TOOL/VERSION/`, and beside it, with a dot, what is being
//! made and who may.

use super::{
    GO_CHANNEL, GoError, GoRecord, GoRelease,
    record::{BIN, name},
};
use crate::{
    Tool,
    channel::{ExclusiveLock, Others, SharedLock, Store, StoreError, claim, hold, sum},
    process::Cancel,
};
use ocipick_records::compare_versions;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

const RECORD: &str = "channel.json";

impl Store {
    /// Where Go keeps what it fetched and compiled for releases.
    #[must_use]
    pub fn go_caches(&self) -> PathBuf {
        self.dir().join(GO_CHANNEL)
    }

    fn tool_dir(&self, tool: &str) -> PathBuf {
        self.channels().join(GO_CHANNEL).join(tool)
    }

    fn release_dir(&self, tool: &str, version: &str) -> PathBuf {
        self.tool_dir(tool).join(version)
    }

    /// Every release that was built, whole or not: tools in their order, the oldest first.
    #[must_use]
    pub fn go_releases(&self) -> Vec<(Tool, String)> {
        let mut all = Vec::new();
        for tool in Tool::ALL {
            let entries = fs::read_dir(self.tool_dir(tool.as_str()));
            let entries = entries.into_iter().flatten().flatten();
            let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
            let mut versions: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
            versions.sort_by(|one, other| compare_versions(one, other));
            all.extend(versions.into_iter().map(|version| (*tool, version)));
        }
        all
    }

    /// A release, if it was built.
    ///
    /// # Errors
    /// When there is something of that name that is none.
    pub fn go_release(&self, tool: Tool, version: &str) -> Result<Option<GoRelease>, StoreError> {
        let dir = self.release_dir(tool.as_str(), version);
        let path = dir.join(RECORD);
        let broken = |what: String| StoreError::Broken {
            name: name(tool.as_str(), version),
            path: path.clone(),
            what,
        };
        match fs::read(&path) {
            Ok(text) => {
                let record: GoRecord =
                    serde_json::from_slice(&text).map_err(|error| broken(error.to_string()))?;
                if record.tool != tool.as_str() || record.release() != version {
                    let other = name(&record.tool, record.release());
                    return Err(broken(format!("it is of {other}")));
                }
                Ok(Some(GoRelease { record, dir }))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && !dir.exists() => Ok(None),
            Err(error) => Err(broken(error.to_string())),
        }
    }

    /// Keeps a release from being replaced or removed while a run works with it.
    ///
    /// # Errors
    /// When it is being made, replaced or removed.
    pub fn hold_go_release(
        &self,
        tool: Tool,
        version: &str,
    ) -> Result<Option<SharedLock>, StoreError> {
        let path = self.lock_of_release(tool.as_str(), version);
        hold(&name(tool.as_str(), version), &path)
    }

    fn lock_of_release(&self, tool: &str, version: &str) -> PathBuf {
        self.tool_dir(tool).join(format!(".{version}.lock"))
    }

    /// The binaries of a release that are not as they were built.
    #[must_use]
    pub fn changed_binaries(&self, release: &GoRelease) -> Vec<String> {
        let bin = release.bin();
        let all = release.record.sha256.iter();
        let changed = all
            .filter(|(program, expected)| sum(&bin.join(program)).ok().as_ref() != Some(*expected));
        changed.map(|(program, _)| program.clone()).collect()
    }

    /// Removes a release. Returns whether there was one.
    ///
    /// # Errors
    /// When it cannot be removed, a run works with it, or another process makes it.
    pub fn remove_go_release(&self, tool: Tool, version: &str) -> Result<bool, StoreError> {
        let dir = self.release_dir(tool.as_str(), version);
        if !dir.exists() {
            return Ok(false);
        }
        let lock = self.lock_of_release(tool.as_str(), version);
        let name = name(tool.as_str(), version);
        let _claim = claim(&name, &lock, &Others::Refuse, &Cancel::default())?;
        // Without its record it is no longer whole, whatever happens next.
        let _ = fs::remove_file(dir.join(RECORD));
        fs::remove_dir_all(&dir).map_err(io_at(&dir, "cannot remove"))?;
        let _ = fs::remove_file(&lock);
        let _ = fs::remove_dir(self.tool_dir(tool.as_str()));
        Ok(true)
    }

    /// Removes what Go has fetched and compiled. Releases stay as they are. Returns how many bytes of disk
    /// that gave back.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove_go_caches(&self) -> Result<u64, StoreError> {
        let dir = self.go_caches();
        let bytes = self.go_caches_bytes();
        // Go takes the right to write from directories of modules.
        for entry in walkdir::WalkDir::new(&dir).into_iter().flatten() {
            if entry.file_type().is_dir() {
                use std::os::unix::fs::PermissionsExt as _;
                let _ = fs::set_permissions(entry.path(), fs::Permissions::from_mode(0o755));
            }
        }
        match fs::remove_dir_all(&dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(io_at(&dir, "cannot remove")(error))
            }
            Ok(()) | Err(_) => Ok(bytes),
        }
    }

    /// How many bytes of disk the caches of Go take.
    #[must_use]
    pub fn go_caches_bytes(&self) -> u64 {
        use std::os::unix::fs::MetadataExt as _;
        let entries = walkdir::WalkDir::new(self.go_caches())
            .into_iter()
            .flatten();
        let blocks = entries.filter_map(|entry| Some(entry.metadata().ok()?.blocks()));
        blocks.sum::<u64>() * 512
    }
}

/// A release that is being made.
pub(super) struct Workshop {
    tool: &'static str,
    version: String,
    pub(super) dir: PathBuf,
    target: PathBuf,
    #[expect(dead_code, reason = "the right lasts as long as it is held")]
    claim: ExclusiveLock,
}

impl Workshop {
    /// An empty directory to make a release in, beside where it will lie. Waits for another process
    /// that makes it.
    pub(super) fn open(
        store: &Store,
        tool: Tool,
        version: &str,
        cancel: &Cancel,
    ) -> Result<Self, GoError> {
        let tool = tool.as_str();
        let parent = store.tool_dir(tool);
        fs::create_dir_all(&parent).map_err(GoError::io(&parent))?;
        let claim = claim(
            &name(tool, version),
            &store.lock_of_release(tool, version),
            &Others::WaitFor(&|| ()),
            cancel,
        )?;
        let dir = parent.join(format!(".partial-{version}"));
        clear(&dir)?;
        fs::create_dir(&dir).map_err(GoError::io(&dir))?;
        Ok(Self {
            tool,
            version: version.to_owned(),
            dir,
            target: store.release_dir(tool, version),
            claim,
        })
    }

    /// Where the binaries go.
    pub(super) fn bin(&self) -> PathBuf {
        self.dir.join(BIN)
    }

    /// Makes the release out of it, in place of the one that is there.
    pub(super) fn publish(self, record: GoRecord) -> Result<GoRelease, GoError> {
        let path = self.dir.join(RECORD);
        let text = serde_json::to_string_pretty(&record)
            .map_err(|error| GoError::io(&path)(error.into()))?;
        fs::write(&path, text + "\n").map_err(GoError::io(&path))?;
        let parent = self.target.parent().unwrap_or(&self.target).to_owned();
        let old = parent.join(format!(".old-{}", self.version));
        clear(&old)?;
        if self.target.exists() {
            fs::rename(&self.target, &old).map_err(GoError::io(&self.target))?;
        }
        fs::rename(&self.dir, &self.target).map_err(GoError::io(&self.target))?;
        clear(&old)?;
        tracing::debug!(tool = self.tool, version = %self.version, "built");
        Ok(GoRelease {
            record,
            dir: self.target.clone(),
        })
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        // Once it is a release, there is nothing of that name.
        let _ = fs::remove_dir_all(&self.dir);
    }
}

fn clear(dir: &Path) -> Result<(), GoError> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(GoError::io(dir)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn io_at(path: &Path, what: &'static str) -> impl Fn(io::Error) -> StoreError {
    move |source| StoreError::Io {
        path: path.to_owned(),
        what,
        source,
    }
}
