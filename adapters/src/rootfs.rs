//! Reads files below the root of an image, and nowhere else.
//!
//! What an image holds is data of strangers, and ocipick may run as root. A link in it can lead to
//! any file of the machine, a pipe never ends, and to open a device can do anything. So no part of a
//! path may be a link or another mount, and before anything is opened it is known to be a file.

use nix::{
    errno::Errno,
    fcntl::{AT_FDCWD, OFlag, OpenHow, ResolveFlag, openat, openat2},
    sys::stat::{Mode, SFlag, fstat},
};
use ocipick_corpus::{MARKER_FILE, marker_text};
use std::{
    fs::File,
    io::{self, Read as _},
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::{Component, Path},
};

/// The marker of the image whose root file system is here; `None` where it has none.
///
/// # Errors
/// When nobody can tell, which says nothing about the image.
pub(crate) fn marker(root: &Path) -> io::Result<Option<String>> {
    Ok(file(root, Path::new(MARKER_FILE))?.and_then(marker_text))
}

/// The beginning of a file below a directory that a tool has written; `None` where there is no
/// such file.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn read(root: &Path, path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let Some(file) = file(root, path)? else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Opens the regular file at a path below a root; `None` where there is something else, or nothing.
///
/// # Errors
/// When nobody can tell.
pub(crate) fn file(root: &Path, path: &Path) -> io::Result<Option<File>> {
    let opened = file_by(&in_one_step, root, path);
    match opened {
        // Kernels before 5.6 do not know it, and some sandboxes forbid what they do not know.
        Err(Errno::ENOSYS | Errno::EPERM) => file_by(&step_by_step, root, path),
        _ => opened,
    }
    .or_else(|error| match error {
        Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP | Errno::EXDEV | Errno::ENAMETOOLONG => {
            Ok(None)
        }
        _ => Err(error.into()),
    })
}

/// How a path below a directory is opened.
type Opener = dyn Fn(BorrowedFd<'_>, &Path, OFlag) -> Result<OwnedFd, Errno>;

fn file_by(open: &Opener, root: &Path, path: &Path) -> Result<Option<File>, Errno> {
    // Where the root itself lies is our own affair, and may be a link.
    let to_root = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let root = openat(AT_FDCWD, root, to_root, Mode::empty())?;
    // To look at something does not open it.
    let looked_at = open(root.as_fd(), path, OFlag::O_PATH)?;
    if !is_regular(&looked_at)? {
        return Ok(None);
    }
    let to_read = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let opened = open(root.as_fd(), path, to_read)?;
    Ok(is_regular(&opened)?.then(|| opened.into()))
}

fn is_regular(file: &OwnedFd) -> Result<bool, Errno> {
    let mode = SFlag::from_bits_truncate(fstat(file)?.st_mode);
    Ok(mode & SFlag::S_IFMT == SFlag::S_IFREG)
}

const NEVER_FOLLOWED: OFlag = OFlag::O_NOFOLLOW.union(OFlag::O_CLOEXEC);

/// The kernel itself sees to it that the path stays below the root.
fn in_one_step(root: BorrowedFd<'_>, path: &Path, flags: OFlag) -> Result<OwnedFd, Errno> {
    let how = OpenHow::new().flags(flags | NEVER_FOLLOWED).resolve(
        ResolveFlag::RESOLVE_BENEATH
            | ResolveFlag::RESOLVE_NO_SYMLINKS
            | ResolveFlag::RESOLVE_NO_MAGICLINKS
            | ResolveFlag::RESOLVE_NO_XDEV,
    );
    openat2(root, path, how)
}

/// The same, one part of the path after another.
fn step_by_step(root: BorrowedFd<'_>, path: &Path, flags: OFlag) -> Result<OwnedFd, Errno> {
    let device = fstat(root)?.st_dev;
    let mut at = root.try_clone_to_owned().map_err(|_| Errno::EMFILE)?;
    let mut parts = path.components().peekable();
    while let Some(part) = parts.next() {
        let Component::Normal(name) = part else {
            return Err(Errno::EXDEV);
        };
        let flags = match parts.peek() {
            Some(_) => OFlag::O_PATH | OFlag::O_DIRECTORY,
            None => flags,
        };
        at = openat(&at, name, flags | NEVER_FOLLOWED, Mode::empty())?;
        if fstat(&at)?.st_dev != device {
            return Err(Errno::EXDEV);
        }
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::unistd::mkfifo;
    use std::{fs, os::unix::fs::symlink, path::PathBuf, sync::mpsc, thread, time::Duration};

    /// The root of an image, beside a file of the machine that it must never show.
    struct Scene {
        dir: tempfile::TempDir,
        root: PathBuf,
    }

    impl Scene {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let root = dir.path().join("root");
            fs::create_dir(&root).unwrap();
            fs::write(dir.path().join("secret"), "secret").unwrap();
            fs::create_dir(dir.path().join("outside")).unwrap();
            fs::write(dir.path().join("outside/child"), "secret").unwrap();
            Self { dir, root }
        }

        fn with_folder() -> Self {
            let scene = Self::new();
            fs::create_dir(scene.root.join("ocipick")).unwrap();
            scene
        }

        fn outside(&self, name: &str) -> PathBuf {
            self.dir.path().join(name)
        }

        /// What is read there, in either way; nothing of it may hang.
        #[track_caller]
        fn reads(&self) -> Option<Vec<u8>> {
            let (send, receive) = mpsc::channel();
            let root = self.root.clone();
            thread::spawn(move || {
                let both = [&in_one_step as &Opener, &step_by_step].map(|open| {
                    let found = match file_by(open, &root, Path::new(MARKER_FILE)) {
                        Err(Errno::EINVAL) => panic!("flags that do not go together"),
                        found => found.ok().flatten(),
                    };
                    found.map(|file| {
                        let mut bytes = Vec::new();
                        file.take(1 << 20).read_to_end(&mut bytes).unwrap();
                        bytes
                    })
                });
                send.send((both, marker(&root).unwrap())).unwrap();
            });
            let hung = "it hung";
            let ([one, two], marker) = receive.recv_timeout(Duration::from_secs(5)).expect(hung);
            assert_eq!(one, two);
            assert_eq!(marker, one.clone().and_then(|bytes| marker_text(&*bytes)));
            one
        }
    }

    #[test]
    fn a_file_below_the_root_is_read() {
        let scene = Scene::with_folder();
        assert_eq!(scene.reads(), None);
        fs::write(scene.root.join("ocipick/child"), "a/b c\n").unwrap();
        assert_eq!(scene.reads().unwrap(), b"a/b c\n");
        assert_eq!(marker(&scene.root).unwrap().unwrap(), "a/b c");
        assert!(marker(&scene.outside("absent")).unwrap().is_none());
    }

    #[test]
    fn links_lead_nowhere() {
        for target in [
            "/proc/self/environ",
            "/proc/self/exe",
            "/etc/hostname",
            "../../secret",
            "x",
        ] {
            let scene = Scene::with_folder();
            fs::write(scene.root.join("ocipick/x"), "within").unwrap();
            symlink(target, scene.root.join("ocipick/child")).unwrap();
            assert_eq!(scene.reads(), None, "{target}");
        }
        let scene = Scene::with_folder();
        symlink(scene.outside("secret"), scene.root.join("ocipick/child")).unwrap();
        assert_eq!(scene.reads(), None);
    }

    #[test]
    fn directories_that_are_links_lead_nowhere() {
        let scene = Scene::new();
        let folder = scene.root.join("ocipick");
        for target in [
            scene.outside("outside"),
            "../outside".into(),
            "/".into(),
            "/proc/self/cwd".into(),
        ] {
            symlink(&target, &folder).unwrap();
            assert_eq!(scene.reads(), None, "{target:?}");
            fs::remove_file(&folder).unwrap();
        }
    }

    #[test]
    fn what_is_no_file_is_not_opened() {
        let scene = Scene::with_folder();
        let child = scene.root.join("ocipick/child");
        mkfifo(&child, Mode::S_IRWXU).unwrap();
        assert_eq!(scene.reads(), None);
        fs::remove_file(&child).unwrap();
        fs::create_dir(&child).unwrap();
        assert_eq!(scene.reads(), None);
        let scene = Scene::new();
        fs::write(scene.root.join("ocipick"), "x").unwrap();
        assert_eq!(scene.reads(), None);
        // Where devices cannot be made there are none in images, either.
        use nix::sys::stat::{makedev, mknod};
        let scene = Scene::with_folder();
        let child = scene.root.join("ocipick/child");
        if mknod(&child, SFlag::S_IFCHR, Mode::S_IRWXU, makedev(1, 5)).is_ok() {
            assert_eq!(scene.reads(), None);
        }
    }

    #[test]
    fn a_huge_file_is_no_marker_and_only_its_beginning_is_read() {
        let scene = Scene::with_folder();
        let child = scene.root.join("ocipick/child");
        File::create(child).unwrap().set_len(1 << 40).unwrap();
        assert_eq!(marker(&scene.root).unwrap(), None);
        let read = read(&scene.root, Path::new(MARKER_FILE), 10).unwrap();
        assert_eq!(read.unwrap(), vec![0; 10]);
    }
}
