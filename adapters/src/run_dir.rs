//! The private run directory of a run: one directory that holds everything ocipick makes.
//!
//! Its owner holds a lock on the file `owner` in it for as long as it lives. A run directory whose lock is
//! free was left by a run that was killed; the next run ends its processes, by the marks they carry,
//! and removes it.
//!
//! Nothing is removed that is not known to be a run directory: by its name, by whose it is and who may
//! enter it, and by what its owner wrote. Before anything in it goes it gets another name, by which
//! a later run knows that it was to go; and what says whose it is goes last.

use crate::{
    cleanup,
    process::{end_session, of_session, resident},
};
use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions, Permissions, TryLockError},
    io::{self, Read as _, Write as _},
    os::unix::{
        ffi::OsStringExt as _,
        fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    },
    path::{Path, PathBuf},
    time::Duration,
};

const PREFIX: &str = "ocipick-";
/// Of one that is being made, and has no owner yet.
const UNFINISHED: &str = ".ocipick-new-";
/// Of one that is being removed.
const LEAVING: &str = ".ocipick-old-";
const OWNER: &str = "owner";
/// How long a run directory may take to get its owner, by far.
const MAKING: Duration = Duration::from_secs(60);
/// The first line of the file of an owner.
const SCHEMA: &str = "ocipick.run-directory/1";
/// The last line of one that the user asked to keep.
const KEPT: &str = "kept for inspection";
/// No owner writes more.
const OWNER_LIMIT: u64 = 4096;

/// The private directory of one run.
#[derive(Debug)]
pub struct RunDir {
    dir: PathBuf,
    session: String,
    keep: bool,
    _owner: File,
}

/// Why there is no run directory.
#[derive(Debug, thiserror::Error)]
#[error("cannot make a private directory in {}: {source} (hint: TMPDIR chooses another place)", base.display())]
pub struct RunDirError {
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

impl RunDir {
    /// Clears away what killed runs left in `base`, then makes a new run directory there.
    ///
    /// With `keep` the directory stays after the run, and later runs leave it alone.
    /// The path is kept short, because sockets below it may have at most 107 bytes.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn claim(base: &Path, keep: bool) -> Result<(Self, Vec<Cleared>), RunDirError> {
        // What tools are told, and what is mounted where, is told by absolute paths without links.
        let made = fs::canonicalize(base).and_then(|base| {
            let cleared = clear_abandoned(&base);
            Self::make(&base, keep).map(|run_dir| (run_dir, cleared))
        });
        made.map_err(|source| RunDirError {
            base: base.to_owned(),
            source,
        })
    }

    fn make(base: &Path, keep: bool) -> io::Result<Self> {
        let unfinished = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .rand_bytes(RANDOM)
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(base)?;
        let mut owner = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(unfinished.path().join(OWNER))?;
        owner.lock()?;
        owner.write_all(owner_note(keep).as_bytes())?;
        // Only now does it get the name that others look for, so that no other run takes a
        // run directory for abandoned between its making and its lock.
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

    /// The value of [`MARKER`](crate::process::MARKER) in the environment of every process of this run.
    #[must_use]
    pub fn session(&self) -> &str {
        &self.session
    }

    /// Tells what the run takes, from another thread.
    #[must_use]
    pub fn gauge(&self) -> ResourceUsage {
        ResourceUsage {
            dir: self.dir.clone(),
            session: self.session.clone(),
        }
    }

    /// Removes a directory of the run directory that is not needed any more, unless everything is kept.
    /// The processes that used it must have ended.
    pub fn give_back(&self, dir: &Path) {
        if !self.keep && dir.starts_with(&self.dir) {
            remove_tree(dir);
        }
    }

    /// Ends every process of this run that is still there, and returns how many there were.
    pub fn end_processes(&self) -> usize {
        end_session(&self.session)
    }
}

/// Tells what a run takes of the machine.
#[derive(Clone, Debug)]
pub struct ResourceUsage {
    dir: PathBuf,
    session: String,
}

impl ResourceUsage {
    /// The resident memory of this process and of every process of the run, in bytes. Pages that
    /// several share are counted for each, since to tell them apart would take longer than many a
    /// trial. `None` where the system does not say.
    #[must_use]
    pub fn memory(&self) -> Option<u64> {
        let own = resident(std::process::id())?;
        let others = of_session(&self.session);
        Some(own + others.into_iter().filter_map(resident).sum::<u64>())
    }

    /// What the run directory takes on its disk, in bytes; `None` where it is not there. Files that
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

impl Drop for RunDir {
    fn drop(&mut self) {
        let survivors = self.end_processes();
        if survivors > 0 {
            tracing::warn!(
                survivors,
                "processes had outlived their tools, and were ended"
            );
        }
        if !self.keep {
            remove(&self.dir);
        }
    }
}

/// How many characters of a name are by chance.
const RANDOM: usize = 6;

/// What the name of a directory says that it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Unfinished,
    InUse,
    Leaving,
}

/// Reads a name; `None` where no run directory has such a one. With it comes what is by chance.
fn stage_of(name: &str) -> Option<(Stage, &str)> {
    let (stage, random) = [
        (Stage::Unfinished, UNFINISHED),
        (Stage::Leaving, LEAVING),
        (Stage::InUse, PREFIX),
    ]
    .into_iter()
    .find_map(|(stage, prefix)| Some((stage, name.strip_prefix(prefix)?)))?;
    let is_random = random.len() == RANDOM && random.bytes().all(|it| it.is_ascii_alphanumeric());
    is_random.then_some((stage, random))
}

/// What an owner writes down.
fn owner_note(keep: bool) -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let stat = read("/proc/self/stat");
    let started = stat
        .rsplit_once(')')
        .and_then(|(_, rest)| rest.split_whitespace().nth(19))
        .unwrap_or_default();
    let kept = if keep {
        format!("{KEPT}\n")
    } else {
        String::new()
    };
    format!(
        "{SCHEMA}\nuid {}\npid {} started {started} boot {}\n{kept}",
        nix::unistd::geteuid(),
        std::process::id(),
        read("/proc/sys/kernel/random/boot_id").trim()
    )
}

/// What the file of an owner of ours says of keeping; `None` where it is none.
fn is_kept(note: &str) -> Option<bool> {
    let mut lines = note.lines();
    let uid = format!("uid {}", nix::unistd::geteuid());
    let is_note = lines.next() == Some(SCHEMA)
        && lines.next() == Some(&*uid)
        && lines.next().is_some_and(|line| line.starts_with("pid "))
        && note.ends_with('\n');
    match (is_note, lines.next()) {
        (true, None) => Some(false),
        (true, Some(KEPT)) => Some(true),
        _ => None,
    }
}

/// Clears away the run directories in `base` whose owners are gone.
fn clear_abandoned(base: &Path) -> Vec<Cleared> {
    let Ok(entries) = fs::read_dir(base) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| clear(&entry.path(), entry.file_name().to_str()?))
        .collect()
}

/// Clears a directory of that name away, where it is a run directory of ours that nobody uses.
fn clear(dir: &Path, name: &str) -> Option<Cleared> {
    let (stage, random) = stage_of(name)?;
    if !is_ours(dir) {
        return None;
    }
    let owner = match open_owner(&dir.join(OWNER)) {
        Ok(owner) => owner,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Killed between two steps, of which one makes or leaves a directory with nothing in
            // it. It goes if it is empty, and not otherwise.
            let is_left = match stage {
                Stage::Unfinished => is_older(dir, MAKING),
                Stage::Leaving => true,
                Stage::InUse => false,
            };
            if is_left {
                let _ = fs::remove_dir(dir);
            }
            return None;
        }
        Err(_) => return None,
    };
    match owner.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => return None,
    }
    let mut note = String::new();
    (&owner).take(OWNER_LIMIT).read_to_string(&mut note).ok()?;
    match (is_kept(&note), stage) {
        (Some(false), _) | (Some(true), Stage::Unfinished | Stage::Leaving) => {}
        (None, Stage::Unfinished) if note.is_empty() && is_older(dir, MAKING) => {
            // It had no time to write it, nor to make anything else.
            let _ = fs::remove_file(dir.join(OWNER)).and_then(|()| fs::remove_dir(dir));
            return None;
        }
        (Some(true), Stage::InUse) | (None, _) => return None,
    }
    let processes = end_session(&format!("{PREFIX}{random}"));
    if stage == Stage::InUse {
        cleanup::carry_out(dir);
    }
    let trouble = remove(dir);
    (stage != Stage::Unfinished).then(|| Cleared {
        dir: dir.to_owned(),
        processes,
        trouble,
    })
}

/// Opens the file of an owner: a file, and nothing that it links to or that waits for others.
fn open_owner(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK)
        .open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() && metadata.uid() == nix::unistd::geteuid().as_raw() {
        Ok(file)
    } else {
        Err(io::ErrorKind::InvalidData.into())
    }
}

fn is_older(dir: &Path, than: Duration) -> bool {
    let modified = fs::symlink_metadata(dir).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > than))
}

/// Whether it is a directory, and no link to one, of this user, which nobody else may enter.
fn is_ours(dir: &Path) -> bool {
    fs::symlink_metadata(dir).is_ok_and(|metadata| {
        metadata.is_dir()
            && metadata.uid() == nix::unistd::geteuid().as_raw()
            && metadata.mode() & 0o7777 == 0o700
    })
}

/// Removes a run directory in steps of which none leaves anything that a later run would not know. Returns
/// why something remains.
fn remove(dir: &Path) -> Option<String> {
    // Nothing may be removed through a mount, and a mount would hold the name.
    if let Some(trouble) = unmount_below(dir) {
        return Some(trouble);
    }
    let name = dir.file_name()?.to_str()?;
    let (_, random) = stage_of(name)?;
    let leaving = dir.with_file_name(format!("{LEAVING}{random}"));
    let removed = (|| {
        if leaving != dir {
            fs::rename(dir, &leaving)?;
        }
        for entry in fs::read_dir(&leaving)? {
            let entry = entry?;
            if entry.file_name() == OWNER {
                continue;
            }
            if entry.file_type()?.is_dir() {
                fs::remove_dir_all(entry.path())?;
            } else {
                fs::remove_file(entry.path())?;
            }
        }
        fs::remove_file(leaving.join(OWNER))?;
        fs::remove_dir(&leaving)
    })();
    match removed {
        Ok(()) => None,
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            tracing::warn!(dir = %leaving.display(), %error, "cannot remove");
            Some(error.to_string())
        }
    }
}

/// Removes a directory of a run directory with everything mounted below it.
fn remove_tree(dir: &Path) {
    if unmount_below(dir).is_some() {
        return;
    }
    match fs::remove_dir_all(dir) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => tracing::warn!(dir = %dir.display(), %error, "cannot remove"),
    }
}

/// Without namespaces of their own, tools leave their mounts on the machine. Returns what is still
/// mounted: what lies there may be of others, and must not be removed.
fn unmount_below(dir: &Path) -> Option<String> {
    for point in mounts_below(dir) {
        if let Err(error) = nix::mount::umount2(&point, nix::mount::MntFlags::MNT_DETACH) {
            tracing::warn!(point = %point.display(), %error, "cannot unmount");
        }
    }
    let left = mounts_below(dir);
    let first = left.first()?;
    Some(format!("{} is still mounted", first.display()))
}

/// What is mounted below a directory, the deepest first.
fn mounts_below(dir: &Path) -> Vec<PathBuf> {
    let table = fs::read("/proc/self/mountinfo").unwrap_or_default();
    let mut points: Vec<PathBuf> = table
        .split(|byte| *byte == b'\n')
        .filter_map(|line| line.split(|byte| *byte == b' ').nth(4))
        .map(mount_point)
        .filter(|point| point.starts_with(dir))
        .collect();
    points.sort_by_key(|point| std::cmp::Reverse(point.components().count()));
    points
}

/// A path as the kernel writes it into the table of mounts: what would end a word or a line is
/// written by its number.
fn mount_point(written: &[u8]) -> PathBuf {
    let mut path = Vec::with_capacity(written.len());
    let mut rest = written;
    while let Some((first, after)) = rest.split_first() {
        let number = after.get(..3).and_then(|digits| {
            let digits = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 8).ok()
        });
        match (first, number) {
            (b'\\', Some(byte)) => {
                path.push(byte);
                rest = &after[3..];
            }
            _ => {
                path.push(*first);
                rest = after;
            }
        }
    }
    std::ffi::OsString::from_vec(path).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ground_goes_when_its_run_ends() {
        let base = tempfile::tempdir().unwrap();
        let (run_dir, cleared) = RunDir::claim(base.path(), false).unwrap();
        fs::write(run_dir.dir().join("file"), "x").unwrap();
        assert!(cleared.is_empty());
        let dir = run_dir.dir().to_owned();
        drop(run_dir);
        assert!(!dir.exists());
    }

    #[test]
    fn a_gauge_counts_what_is_there_once() {
        let base = tempfile::tempdir().unwrap();
        let (run_dir, _) = RunDir::claim(base.path(), false).unwrap();
        let sandbox = run_dir.dir().join("r00.0");
        fs::create_dir(&sandbox).unwrap();
        fs::write(sandbox.join("file"), vec![1; 1 << 20]).unwrap();
        fs::hard_link(sandbox.join("file"), sandbox.join("again")).unwrap();
        std::os::unix::fs::symlink("/", sandbox.join("elsewhere")).unwrap();
        // Holes take nothing.
        File::create(sandbox.join("hole"))
            .and_then(|file| file.set_len(1 << 30))
            .unwrap();
        let gauge = run_dir.gauge();
        let disk = gauge.disk().unwrap();
        assert!((1 << 20..2 << 20).contains(&disk), "{disk}");
        assert!(gauge.memory().unwrap() > 1 << 20);
        run_dir.give_back(&sandbox);
        assert!(!sandbox.exists() && gauge.disk().unwrap() < 1 << 20);
        // Nothing else may be given back.
        run_dir.give_back(base.path());
        assert!(run_dir.dir().exists());
    }

    /// A run directory whose owner was killed.
    fn abandoned(base: &Path, name: &str) -> PathBuf {
        let dir = base.join(name);
        fs::create_dir(&dir).unwrap();
        fs::set_permissions(&dir, Permissions::from_mode(0o700)).unwrap();
        fs::write(dir.join(OWNER), owner_note(false)).unwrap();
        fs::create_dir(dir.join("r00.0")).unwrap();
        fs::write(dir.join("r00.0/file"), "x").unwrap();
        dir
    }

    fn next(base: &Path) -> Vec<PathBuf> {
        let (_next, cleared) = RunDir::claim(base, false).unwrap();
        cleared.into_iter().map(|cleared| cleared.dir).collect()
    }

    #[test]
    fn a_living_run_is_left_alone_and_a_dead_one_cleared() {
        let base = tempfile::tempdir().unwrap();
        let (living, _) = RunDir::claim(base.path(), false).unwrap();
        let dead = abandoned(base.path(), "ocipick-dead00");
        assert_eq!(next(base.path()), [dead.as_path()]);
        assert!(!dead.exists());
        assert!(living.dir().exists());
    }

    #[test]
    fn strangers_and_kept_grounds_are_left_alone() {
        let base = tempfile::tempdir().unwrap();
        let (kept, _) = RunDir::claim(base.path(), true).unwrap();
        let mut left = vec![kept.dir().to_owned()];
        drop(kept);
        let mut stranger = |name: &str, change: &dyn Fn(&Path)| {
            let dir = abandoned(base.path(), name);
            change(&dir);
            left.push(dir);
        };
        let say =
            |words: &'static str| move |dir: &Path| fs::write(dir.join(OWNER), words).unwrap();
        let nothing = |_: &Path| {};
        stranger("ocipick-mydata", &say("bob\n"));
        stranger("ocipick-empty0", &say(""));
        stranger("ocipick-schema", &say("ocipick.run-directory/1\n"));
        stranger(
            "ocipick-other1",
            &say("ocipick.run-directory/1\nuid 12345\npid 1\n"),
        );
        stranger("ocipick-notes", &nothing);
        stranger("ocipick-my-data", &nothing);
        stranger("ocipick-thesis2", &nothing);
        stranger(".ocipick-new-notes12", &nothing);
        stranger(".ocipick-old-mine12", &say("mine"));
        stranger("ocipick-public", &|dir| {
            fs::set_permissions(dir, Permissions::from_mode(0o755)).unwrap();
        });
        stranger("ocipick-noone0", &|dir| {
            fs::remove_file(dir.join(OWNER)).unwrap();
        });
        stranger(".ocipick-old-full00", &|dir| {
            fs::remove_file(dir.join(OWNER)).unwrap();
        });
        stranger("ocipick-linked", &|dir| {
            fs::rename(dir.join(OWNER), dir.join("elsewhere")).unwrap();
            std::os::unix::fs::symlink("elsewhere", dir.join(OWNER)).unwrap();
        });
        stranger("ocipick-fifo00", &|dir| {
            fs::remove_file(dir.join(OWNER)).unwrap();
            let mode = nix::sys::stat::Mode::S_IRUSR;
            nix::unistd::mkfifo(&dir.join(OWNER), mode).unwrap();
        });
        // A link to a real one is not that.
        let target = abandoned(base.path(), "target");
        let link = base.path().join("ocipick-link00");
        std::os::unix::fs::symlink(&target, &link).unwrap();
        left.extend([target, link]);
        assert_eq!(next(base.path()), Vec::<PathBuf>::new());
        for dir in left {
            assert!(
                dir.join("r00.0/file").exists() || dir.join(OWNER).exists(),
                "{dir:?}"
            );
        }
    }

    #[test]
    fn whatever_a_kill_leaves_of_a_clearing_the_next_run_clears() {
        let base = tempfile::tempdir().unwrap();
        // Renamed; half of it removed; all but the owner; the owner, too.
        let renamed = abandoned(base.path(), ".ocipick-old-aaaaaa");
        let half = abandoned(base.path(), ".ocipick-old-bbbbbb");
        fs::remove_dir_all(half.join("r00.0")).unwrap();
        let empty = abandoned(base.path(), ".ocipick-old-cccccc");
        fs::remove_dir_all(empty.join("r00.0")).unwrap();
        fs::remove_file(empty.join(OWNER)).unwrap();
        let mut cleared = next(base.path());
        cleared.sort();
        assert_eq!(cleared, [renamed, half]);
        assert_eq!(fs::read_dir(base.path()).unwrap().count(), 0);
    }

    #[test]
    fn whatever_a_kill_leaves_of_the_making_a_later_run_clears() {
        let base = tempfile::tempdir().unwrap();
        // With its owner it is cleared at once.
        abandoned(base.path(), ".ocipick-new-aaaaaa");
        // Without, somebody may be making it just now.
        let fresh = |name: &str| {
            let dir = base.path().join(name);
            fs::create_dir(&dir).unwrap();
            fs::set_permissions(&dir, Permissions::from_mode(0o700)).unwrap();
            dir
        };
        let (bare, silent) = (fresh(".ocipick-new-bbbbbb"), fresh(".ocipick-new-cccccc"));
        fs::write(silent.join(OWNER), "").unwrap();
        assert_eq!(next(base.path()), Vec::<PathBuf>::new());
        assert_eq!(fs::read_dir(base.path()).unwrap().count(), 2);
        let earlier = std::time::SystemTime::now() - 2 * MAKING;
        for dir in [bare, silent] {
            let dir = File::open(dir).unwrap();
            dir.set_modified(earlier).unwrap();
        }
        assert_eq!(next(base.path()), Vec::<PathBuf>::new());
        assert_eq!(fs::read_dir(base.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_ground_of_a_relative_base_has_an_absolute_path() {
        let (run_dir, _) = RunDir::claim(Path::new("."), false).unwrap();
        assert!(run_dir.dir().is_absolute());
        assert!(RunDir::claim(Path::new("/nonexistent/dir"), false).is_err());
    }

    #[test]
    fn mount_points_are_read_as_the_kernel_writes_them() {
        for (written, path) in [
            ("/tmp/a\\040b", "/tmp/a b"),
            ("/tmp/a\\134b\\012c", "/tmp/a\\b\nc"),
            ("/tmp/ü", "/tmp/ü"),
        ] {
            assert_eq!(mount_point(written.as_bytes()), Path::new(path));
        }
        assert!(mounts_below(Path::new("/")).contains(&PathBuf::from("/")));
    }
}
