//! What is being done, for a person who waits.

use super::{Component, DebianRelease};
use std::{
    fmt, fs,
    path::Path,
    sync::mpsc::{RecvTimeoutError, channel},
    time::Duration,
};

/// How often progress is looked for.
const LOOK: Duration = Duration::from_millis(200);

/// What is being done for a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Asking its archive whether it has a part.
    Asking(Component),
    /// Another ocipick makes the same channel.
    WaitingForOthers,
    /// Downloading the lists of packages.
    Indexing,
    /// Finding out which packages are needed.
    Planning,
    /// Another release downloads.
    WaitingForDownloads,
    /// Downloading what is not there yet of so many packages.
    Downloading {
        /// How far, from 0 to 100.
        percent: u8,
        /// How many packages the channel has.
        packages: usize,
    },
    /// Unpacking them.
    Unpacking {
        /// How many are unpacked, about.
        done: usize,
        /// How many there are.
        packages: usize,
    },
    /// Comparing what was unpacked with what the archives hold.
    Verifying,
    /// Writing down what is there.
    Recording,
    /// The channel is there.
    Ready,
}

impl Stage {
    /// Whether it is the same stage as another, however far.
    #[must_use]
    pub fn is_like(self, other: Self) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&other)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asking(part) => write!(f, "asking whether it has {part}"),
            Self::WaitingForOthers => f.write_str("waiting for another ocipick that provisions it"),
            Self::Indexing => f.write_str("downloading the lists of packages"),
            Self::Planning => f.write_str("finding out which packages are needed"),
            Self::WaitingForDownloads => {
                f.write_str("waiting for the downloads of another release")
            }
            Self::Downloading { percent, packages } => {
                write!(
                    f,
                    "downloading what is missing of {packages} packages, {percent} %"
                )
            }
            Self::Unpacking { done, packages } => {
                write!(f, "unpacking, {done} of {packages} packages")
            }
            Self::Verifying => f.write_str("comparing what was unpacked with the archives"),
            Self::Recording => f.write_str("writing down what is there"),
            Self::Ready => f.write_str("ready"),
        }
    }
}

/// Something happened to a release.
#[derive(Clone, Copy, Debug)]
pub struct ProgressEvent<'a> {
    /// Which one.
    pub release: &'a DebianRelease,
    /// What is being done.
    pub stage: Stage,
    /// How long the release has been worked on.
    pub elapsed: Duration,
}

/// Does `work`, and meanwhile says which stage the hooks of the bootstrapper have reached: they
/// write it into `notes`, while `root` grows.
pub(super) fn watched<T>(
    notes: &Path,
    root: &Path,
    say: &(dyn Fn(Stage) + Sync),
    work: impl FnOnce() -> T,
) -> T {
    let (done, watched) = channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut last = None;
            while watched.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                let stage = stage(notes, root);
                if stage.is_some() && stage != last {
                    last = stage;
                    stage.into_iter().for_each(say);
                }
            }
        });
        let outcome = work();
        drop(done);
        outcome
    })
}

fn stage(notes: &Path, root: &Path) -> Option<Stage> {
    let read = |name: &str| fs::read_to_string(notes.join(name)).unwrap_or_default();
    let packages = || read("sums").lines().count();
    Some(match read("stages").lines().last()? {
        "indexing" => Stage::Indexing,
        "planning" => Stage::Planning,
        "waiting" => Stage::WaitingForDownloads,
        "downloading" => Stage::Downloading {
            percent: percent(&read("status")),
            packages: packages(),
        },
        "unpacking" => {
            let packages = packages();
            // Every package of Debian has a folder here.
            let folders = fs::read_dir(root.join("usr/share/doc"));
            let done = folders.map_or(0, Iterator::count).min(packages);
            Stage::Unpacking { done, packages }
        }
        "verifying" => Stage::Verifying,
        _ => return None,
    })
}

/// The last percentage in what apt writes to its status file: `dlstatus:3:12.5:…`.
fn percent(status: &str) -> u8 {
    let last = status
        .lines()
        .filter_map(|line| line.strip_prefix("dlstatus:")?.split(':').nth(1))
        .next_back();
    let whole = last.and_then(|number| number.split('.').next());
    let percent: u8 = whole.and_then(|number| number.parse().ok()).unwrap_or(0);
    percent.min(100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn the_stage_is_read_from_the_notes() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
        let root = dir.path().join("root");
        let now = || stage(dir.path(), &root);
        assert_eq!(now(), None);
        write("stages", "indexing\nplanning\n");
        assert_eq!(now(), Some(Stage::Planning));
        write("sums", "aa  a.deb\nbb  b.deb\n");
        write("stages", "planning\ndownloading\n");
        let downloading = |percent| {
            Some(Stage::Downloading {
                percent,
                packages: 2,
            })
        };
        assert_eq!(now(), downloading(0));
        write(
            "status",
            "dlstatus:1:0:Running\ndlstatus:1:49.98:Retrieving\n",
        );
        assert_eq!(now(), downloading(49));
        write("status", "dlstatus:1:garbage\ndlstatus:");
        assert_eq!(now(), downloading(0));
        fs::create_dir_all(root.join("usr/share/doc/a")).unwrap();
        write("stages", "downloading\nunpacking\n");
        assert_eq!(
            now(),
            Some(Stage::Unpacking {
                done: 1,
                packages: 2
            })
        );
    }

    #[test]
    fn each_stage_is_said_once() {
        let dir = tempfile::tempdir().unwrap();
        let said = Mutex::new(Vec::new());
        let say = |stage| said.lock().unwrap().push(stage);
        let outcome = watched(dir.path(), dir.path(), &say, || {
            fs::write(dir.path().join("stages"), "indexing\n").unwrap();
            std::thread::sleep(LOOK * 4);
            1
        });
        assert_eq!(outcome, 1);
        assert_eq!(*said.lock().unwrap(), [Stage::Indexing]);
    }
}
