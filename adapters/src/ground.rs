//! The private ground of a run: one directory that holds everything ocipick makes.
//!
//! Its owner holds a lock on it for as long as it lives. A ground whose lock is free was left
//! by a run that was killed; the next run ends its processes, by the marker they carry, and
//! removes it.

use crate::{
    process::{MARKER, end_marked, marked, resident},
    undo,
};
use std::{
    collections::BTreeSet,
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

const PREFIX: &str = "ocipick-";
const UNFINISHED: &str = ".ocipick-new-";
const OWNER: &str = "owner";

/// The private directory of one run.
#[derive(Debug)]
pub struct Ground {
    dir: PathBuf,
    session: String,
    keep: bool,
    _owner: File,
}

/// Why there is no ground to stand on.
#[derive(Debug, thiserror::Error)]
#[error("cannot make a private directory in {}: {source} (hint: TMPDIR chooses another place)", base.display())]
pub struct GroundError {
    base: PathBuf,
    #[source]
    source: io::Error,
}

/// What an earlier run had left behind and is now gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleared {
    /// The directory.
    pub dir: PathBuf,
    /// How many processes were ended.
    pub processes: usize,
    /// Why something is still there.
    pub trouble: Option<String>,
}

impl Ground {
    /// Clears away what killed runs left in `base`, then makes a new ground there.
    ///
    /// With `keep` the directory stays after the run, and later runs leave it alone.
    /// The path is kept short, because sockets below it may have at most 107 bytes.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn claim(base: &Path, keep: bool) -> Result<(Self, Vec<Cleared>), GroundError> {
        let cleared = clear_abandoned(base);
        Self::make(base, keep)
            .map(|ground| (ground, cleared))
            .map_err(|source| GroundError {
                base: base.to_owned(),
                source,
            })
    }

    fn make(base: &Path, keep: bool) -> io::Result<Self> {
        let unfinished = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .rand_bytes(6)
            .tempdir_in(base)?;
        let mut owner = File::create(unfinished.path().join(OWNER))?;
        if keep {
            owner.write_all(KEPT)?;
        }
        owner.lock()?;
        // Only now does it get the name that others look for, so that no other run takes a
        // ground for abandoned between its making and its lock.
        let unfinished = unfinished.keep();
        let random = unfinished
            .file_name()
            .map(|name| name.to_string_lossy().replace(UNFINISHED, ""))
            .unwrap_or_default();
        let session = format!("{PREFIX}{random}");
        let dir = base.join(&session);
        fs::rename(&unfinished, &dir)?;
        Ok(Self {
            dir,
            session,
            keep,
            _owner: owner,
        })
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The value of [`MARKER`] in the environment of every process of this run.
    #[must_use]
    pub fn session(&self) -> &str {
        &self.session
    }

    /// Tells what the run takes, from another thread.
    #[must_use]
    pub fn gauge(&self) -> Gauge {
        Gauge {
            dir: self.dir.clone(),
            session: self.session.clone(),
        }
    }

    /// Removes a directory of the ground that is not needed any more, unless everything is kept.
    /// The processes that used it must have ended.
    pub fn give_back(&self, dir: &Path) {
        if !self.keep && dir.starts_with(&self.dir) {
            remove_tree(dir);
        }
    }

    /// Ends every process of this run that is still there, and returns how many there were.
    pub fn end_processes(&self) -> usize {
        end_marked(MARKER, &self.session)
    }
}

/// Tells what a run takes of the machine.
#[derive(Clone, Debug)]
pub struct Gauge {
    dir: PathBuf,
    session: String,
}

impl Gauge {
    /// The resident memory of this process and of every process of the run, in bytes. Pages that
    /// several share are counted for each, since to tell them apart would take longer than many a
    /// trial. `None` where the system does not say.
    #[must_use]
    pub fn memory(&self) -> Option<u64> {
        let own = resident(std::process::id())?;
        let others = marked(MARKER, &self.session);
        Some(own + others.into_iter().filter_map(resident).sum::<u64>())
    }

    /// What the ground takes on its disk, in bytes; `None` where it is not there. Files that
    /// vanish meanwhile do not matter.
    #[must_use]
    pub fn disk(&self) -> Option<u64> {
        let device = fs::symlink_metadata(&self.dir).ok()?.dev();
        let mut linked = BTreeSet::new();
        let mut blocks = 0;
        let mut dirs = vec![self.dir.clone()];
        while let Some(dir) = dirs.pop() {
            for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
                let Ok(metadata) = entry.metadata() else {
                    continue;
                };
                if metadata.dev() != device {
                    continue;
                }
                if metadata.is_dir() {
                    dirs.push(entry.path());
                } else if metadata.nlink() > 1 && !linked.insert(metadata.ino()) {
                    continue;
                }
                blocks += metadata.blocks();
            }
        }
        Some(blocks * 512)
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        let survivors = self.end_processes();
        if survivors > 0 {
            tracing::warn!(
                survivors,
                "processes had outlived their tools, and were ended"
            );
        }
        if !self.keep {
            remove_tree(&self.dir);
        }
    }
}

/// Clears away the grounds in `base` whose owners are gone.
fn clear_abandoned(base: &Path) -> Vec<Cleared> {
    let Ok(entries) = fs::read_dir(base) else {
        return Vec::new();
    };
    let mut cleared = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let dir = entry.path();
        if !name.starts_with(PREFIX) || !dir.join(OWNER).is_file() || !is_ours(&dir) {
            continue;
        }
        let Ok(owner) = File::open(dir.join(OWNER)) else {
            continue;
        };
        match owner.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => continue,
        }
        if fs::read(dir.join(OWNER)).is_ok_and(|note| note == KEPT) {
            continue;
        }
        let processes = end_marked(MARKER, &name);
        undo::carry_out(&dir);
        let trouble = remove_tree(&dir);
        cleared.push(Cleared {
            dir,
            processes,
            trouble,
        });
    }
    cleared
}

/// What the owner file of a ground says that the user asked to keep.
const KEPT: &[u8] = b"kept for inspection\n";

fn is_ours(dir: &Path) -> bool {
    fs::symlink_metadata(dir).is_ok_and(|metadata| {
        metadata.is_dir() && metadata.uid() == nix::unistd::geteuid().as_raw()
    })
}

/// Removes a tree with everything mounted below it. Returns why something remains.
fn remove_tree(dir: &Path) -> Option<String> {
    unmount_below(dir);
    match fs::remove_dir_all(dir) {
        Ok(()) => None,
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            tracing::warn!(dir = %dir.display(), %error, "cannot remove");
            Some(error.to_string())
        }
    }
}

/// Without namespaces of their own, tools leave their mounts on the machine.
fn unmount_below(dir: &Path) {
    let Ok(table) = fs::read_to_string("/proc/self/mountinfo") else {
        return;
    };
    let mut points: Vec<PathBuf> = table
        .lines()
        .filter_map(|line| line.split(' ').nth(4))
        .map(|point| PathBuf::from(point.replace("\\040", " ")))
        .filter(|point| point.starts_with(dir) && point != dir)
        .collect();
    points.sort_by_key(|point| std::cmp::Reverse(point.components().count()));
    for point in points {
        if let Err(error) = nix::mount::umount2(&point, nix::mount::MntFlags::MNT_DETACH) {
            tracing::warn!(point = %point.display(), %error, "cannot unmount");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ground_goes_when_its_run_ends() {
        let base = tempfile::tempdir().unwrap();
        let (ground, cleared) = Ground::claim(base.path(), false).unwrap();
        fs::write(ground.dir().join("file"), "x").unwrap();
        assert!(cleared.is_empty());
        let dir = ground.dir().to_owned();
        drop(ground);
        assert!(!dir.exists());
    }

    #[test]
    fn a_gauge_counts_what_is_there_once() {
        let base = tempfile::tempdir().unwrap();
        let (ground, _) = Ground::claim(base.path(), false).unwrap();
        let room = ground.dir().join("r00.0");
        fs::create_dir(&room).unwrap();
        fs::write(room.join("file"), vec![1; 1 << 20]).unwrap();
        fs::hard_link(room.join("file"), room.join("again")).unwrap();
        std::os::unix::fs::symlink("/", room.join("elsewhere")).unwrap();
        // Holes take nothing.
        File::create(room.join("hole"))
            .and_then(|file| file.set_len(1 << 30))
            .unwrap();
        let gauge = ground.gauge();
        let disk = gauge.disk().unwrap();
        assert!((1 << 20..2 << 20).contains(&disk), "{disk}");
        assert!(gauge.memory().unwrap() > 1 << 20);
        ground.give_back(&room);
        assert!(!room.exists() && gauge.disk().unwrap() < 1 << 20);
        // Nothing else may be given back.
        ground.give_back(base.path());
        assert!(ground.dir().exists());
    }

    #[test]
    fn a_living_run_is_left_alone_and_a_dead_one_cleared() {
        let base = tempfile::tempdir().unwrap();
        let (living, _) = Ground::claim(base.path(), false).unwrap();
        let dead = base.path().join("ocipick-dead00");
        fs::create_dir(&dead).unwrap();
        fs::write(dead.join(OWNER), "").unwrap();
        let (_next, cleared) = Ground::claim(base.path(), false).unwrap();
        assert_eq!(cleared.len(), 1);
        assert_eq!(cleared[0].dir, dead);
        assert!(!dead.exists());
        assert!(living.dir().exists());
    }

    #[test]
    fn strangers_and_kept_grounds_are_left_alone() {
        let base = tempfile::tempdir().unwrap();
        fs::create_dir(base.path().join("ocipick-notes")).unwrap();
        let (kept, _) = Ground::claim(base.path(), true).unwrap();
        let dir = kept.dir().to_owned();
        drop(kept);
        let (_next, cleared) = Ground::claim(base.path(), false).unwrap();
        assert_eq!(cleared, []);
        assert!(dir.exists() && base.path().join("ocipick-notes").exists());
    }
}
