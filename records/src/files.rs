//! Files that somebody else wrote, read without being led astray: regular files only, up to a bound,
//! and symbolic links only as far as they stay in the directory that is read.
//!
//! A FIFO would be waited for, a device can do anything when it is opened, `/dev/zero` has no end, and
//! a link can lead to files that are nobody's business.

use nix::{
    errno::Errno,
    fcntl::{AT_FDCWD, OFlag, OpenHow, ResolveFlag, openat, openat2},
    sys::stat::Mode,
};
use std::{
    fs::{self, File, FileType},
    io::{self, Read as _},
    os::{
        fd::{AsFd, OwnedFd},
        unix::fs::{FileTypeExt as _, MetadataExt as _},
    },
    path::{Component, Path, PathBuf},
};

/// Why a file is not read. Every message ends with a hint.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system does not let us read it.
    #[error("cannot be read: {0} (hint: see that it is there and that you may read it)")]
    System(io::Error),
    /// It is a directory, a FIFO, a device or a socket.
    #[error("is {0}, and no regular file (hint: nothing else is read)")]
    Kind(&'static str),
    /// It is larger than anything that makes sense here.
    #[error("has {size} bytes, and at most {limit} are read (hint: see what it is)")]
    TooLarge {
        /// How many bytes it has, as far as the system says.
        size: u64,
        /// How many would be read.
        limit: u64,
    },
    /// A symbolic link on the way leads out of the directory that is read.
    #[error(
        "a symbolic link leads out of {} (hint: links are followed within it only; put the file itself there)",
        .0.display()
    )]
    LeadsOut(PathBuf),
}

impl FileError {
    /// Whether there is no such file.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        match self {
            Self::System(error) => error.kind() == io::ErrorKind::NotFound,
            Self::Kind(_) | Self::TooLarge { .. } | Self::LeadsOut(_) => false,
        }
    }

    /// Whether it is a directory.
    #[must_use]
    pub fn is_directory(&self) -> bool {
        matches!(self, Self::Kind(kind) if *kind == DIRECTORY)
    }

    fn of(errno: Errno, root: &Path) -> Self {
        match errno {
            Errno::EXDEV => Self::LeadsOut(root.to_owned()),
            // A socket cannot be opened at all.
            Errno::ENXIO => Self::Kind(SOCKET),
            other => Self::System(other.into()),
        }
    }
}

const DIRECTORY: &str = "a directory";
const SOCKET: &str = "a socket";

/// A directory below which files are read. It is held open, so that it stays the one it was.
#[derive(Debug)]
pub struct Root {
    path: PathBuf,
    dir: OwnedFd,
}

impl Root {
    /// Opens the directory; the links that lead to it are followed.
    ///
    /// # Errors
    ///
    /// Where it is no directory, or cannot be opened.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let dir = openat(AT_FDCWD, path, flags, Mode::empty())
            .map_err(|errno| FileError::System(errno.into()))?;
        Ok(Self {
            path: path.to_owned(),
            dir,
        })
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a regular file, by its path below the directory. Nothing else is ever opened.
    ///
    /// # Errors
    ///
    /// Where it is no regular file, or cannot be opened, or is not below the directory.
    pub fn open_regular(&self, name: &Path) -> Result<File, FileError> {
        let open = |flags| {
            below(self.dir.as_fd(), &self.path, name, flags)
                .map_err(|errno| FileError::of(errno, &self.path))
        };
        regular(open)
    }

    /// Reads a regular file of at most `limit` bytes, by its path below the directory.
    ///
    /// # Errors
    ///
    /// As [`Root::open_regular`], and where the file is larger.
    pub fn read(&self, name: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
        read_to(self.open_regular(name)?, limit)
    }

    /// The names in a directory below this one, in their order; none where it is not there.
    ///
    /// # Errors
    ///
    /// Where it is no directory, or cannot be read, or is not below this one.
    pub fn names(&self, name: &Path) -> Result<Vec<PathBuf>, FileError> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let dir = match below(self.dir.as_fd(), &self.path, name, flags) {
            Ok(dir) => dir,
            Err(Errno::ENOENT) => return Ok(Vec::new()),
            Err(errno) => return Err(FileError::of(errno, &self.path)),
        };
        let system = |errno: Errno| FileError::System(errno.into());
        let mut names = Vec::new();
        for entry in nix::dir::Dir::from_fd(dir).map_err(system)? {
            let entry = entry.map_err(system)?;
            let file_name = entry.file_name().to_bytes();
            if file_name != b"." && file_name != b".." {
                let file_name: &std::ffi::OsStr =
                    std::os::unix::ffi::OsStrExt::from_bytes(file_name);
                names.push(PathBuf::from(file_name));
            }
        }
        names.sort();
        Ok(names)
    }
}

/// Opens a regular file that a user named; links are followed, and nothing but a regular file is
/// opened.
///
/// # Errors
///
/// Where it is no regular file, or cannot be opened.
pub fn open_regular(path: &Path) -> Result<File, FileError> {
    regular(|flags| {
        openat(AT_FDCWD, path, flags | OFlag::O_CLOEXEC, Mode::empty())
            .map_err(|errno| FileError::of(errno, path))
    })
}

/// Reads a file of at most `limit` bytes: below `root` where there is one, and else one that a user
/// named.
///
/// # Errors
///
/// Where it is no regular file, or larger, or cannot be read, or is not below `root`.
pub fn read_regular(path: &Path, root: Option<&Path>, limit: u64) -> Result<Vec<u8>, FileError> {
    match root {
        Some(root) => Root::open(root)?.read(path, limit),
        None => read_to(open_regular(path)?, limit),
    }
}

/// Opens for reading what was seen to be a regular file before, because to open a device does
/// something to it. What it is is looked at once more when it is open.
fn regular(open: impl Fn(OFlag) -> Result<OwnedFd, FileError>) -> Result<File, FileError> {
    check(&File::from(open(OFlag::O_PATH)?))?;
    let file = File::from(open(OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY)?);
    check(&file)?;
    Ok(file)
}

fn check(file: &File) -> Result<(), FileError> {
    let metadata = file.metadata().map_err(FileError::System)?;
    match kind(metadata.file_type()) {
        None => Ok(()),
        Some(kind) => Err(FileError::Kind(kind)),
    }
}

/// What a file is that is no regular one.
fn kind(kind: FileType) -> Option<&'static str> {
    if kind.is_file() {
        None
    } else if kind.is_dir() {
        Some(DIRECTORY)
    } else if kind.is_fifo() {
        Some("a FIFO")
    } else if kind.is_socket() {
        Some(SOCKET)
    } else if kind.is_char_device() || kind.is_block_device() {
        Some("a device")
    } else {
        Some("something else")
    }
}

/// Reads an open file, which may grow meanwhile, up to the limit.
fn read_to(file: File, limit: u64) -> Result<Vec<u8>, FileError> {
    let size = file.metadata().map_err(FileError::System)?.size();
    if size > limit {
        return Err(FileError::TooLarge { size, limit });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(FileError::System)?;
    let size = bytes.len() as u64;
    if size > limit {
        return Err(FileError::TooLarge { size, limit });
    }
    Ok(bytes)
}

/// Opens something below a directory. A link that leads out of it is EXDEV.
fn below(dir: impl AsFd, root: &Path, name: &Path, flags: OFlag) -> nix::Result<OwnedFd> {
    let resolve = ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_MAGICLINKS;
    let how = OpenHow::new()
        .flags(flags | OFlag::O_CLOEXEC)
        .resolve(resolve);
    match openat2(&dir, name, how) {
        // Before Linux 5.6 there is no such call, and some sandboxes forbid it.
        Err(Errno::ENOSYS | Errno::EPERM) => resolved(root, name, flags),
        // Something was renamed meanwhile.
        Err(Errno::EAGAIN) => openat2(&dir, name, how),
        other => other,
    }
}

/// The same without help of the system: where the path leads is found out first.
fn resolved(root: &Path, name: &Path, flags: OFlag) -> nix::Result<OwnedFd> {
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if !name.components().all(plain) {
        return Err(Errno::EXDEV);
    }
    let errno = |error: io::Error| error.raw_os_error().map_or(Errno::EIO, Errno::from_raw);
    let root = fs::canonicalize(root).map_err(errno)?;
    let path = fs::canonicalize(root.join(name)).map_err(errno)?;
    if !path.starts_with(&root) {
        return Err(Errno::EXDEV);
    }
    let flags = flags | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    openat(AT_FDCWD, &path, flags, Mode::empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::unistd::mkfifo;
    use std::os::unix::{fs::symlink, net::UnixListener};

    /// Opens as the system helps, and as it does not.
    type Open = fn(&Path, &Path) -> Result<Vec<u8>, FileError>;

    const WAYS: &[Open] = &[
        |root, name| Root::open(root)?.read(name, 100),
        |root, name| {
            let open = |flags| resolved(root, name, flags).map_err(|e| FileError::of(e, root));
            read_to(regular(open)?, 100)
        },
    ];

    #[test]
    fn regular_files_within_the_root_are_read_and_nothing_else() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("root");
        fs::create_dir_all(root.join("sub")).unwrap();
        fs::write(home.path().join("secret"), "secret").unwrap();
        fs::write(root.join("plain"), "plain").unwrap();
        fs::write(root.join("large"), [b'x'; 101]).unwrap();
        symlink("../plain", root.join("sub/inside")).unwrap();
        symlink("../secret", root.join("outside")).unwrap();
        symlink("..", root.join("up")).unwrap();
        symlink(home.path().join("secret"), root.join("absolute")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        symlink("/dev/zero", root.join("zero")).unwrap();
        mkfifo(&root.join("fifo"), Mode::S_IRWXU).unwrap();
        let _listener = UnixListener::bind(root.join("socket")).unwrap();
        for read in WAYS {
            let read = |name: &str| read(&root, Path::new(name));
            assert_eq!(read("plain").unwrap(), b"plain");
            assert_eq!(read("sub/inside").unwrap(), b"plain");
            for name in ["outside", "absolute", "up/secret", "../secret", "zero"] {
                let error = read(name).unwrap_err();
                assert!(matches!(error, FileError::LeadsOut(_)), "{name}: {error}");
            }
            for (name, words) in [
                ("fifo", "is a FIFO"),
                ("socket", "is a socket"),
                ("sub", "is a directory"),
                ("large", "has 101 bytes, and at most 100"),
                ("loop", "cannot be read"),
            ] {
                let error = read(name).unwrap_err().to_string();
                assert!(error.starts_with(words), "{name}: {error}");
                assert!(error.contains("(hint: "), "{error}");
            }
            assert!(read("absent").unwrap_err().is_absent());
        }
    }

    #[test]
    fn what_a_user_names_may_be_reached_by_links_but_is_a_regular_file() {
        let home = tempfile::tempdir().unwrap();
        let path = |name: &str| home.path().join(name);
        fs::write(path("plain"), "plain").unwrap();
        symlink(path("plain"), path("link")).unwrap();
        symlink("/dev/zero", path("zero")).unwrap();
        mkfifo(&path("fifo"), Mode::S_IRWXU).unwrap();
        assert_eq!(read_regular(&path("link"), None, 5).unwrap(), b"plain");
        let error = read_regular(&path("link"), None, 4).unwrap_err();
        assert!(matches!(error, FileError::TooLarge { size: 5, limit: 4 }));
        for name in ["zero", "fifo"] {
            let error = read_regular(&path(name), None, 5).unwrap_err();
            assert!(matches!(error, FileError::Kind(_)), "{error}");
        }
    }

    #[test]
    fn names_are_those_below_the_root() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("root/b")).unwrap();
        fs::write(home.path().join("root/b/y"), "").unwrap();
        fs::write(home.path().join("root/b/x"), "").unwrap();
        symlink("..", home.path().join("root/up")).unwrap();
        let root = Root::open(&home.path().join("root")).unwrap();
        let names = root.names(Path::new("b")).unwrap();
        assert_eq!(names, [Path::new("x"), Path::new("y")]);
        assert!(root.names(Path::new("absent")).unwrap().is_empty());
        assert!(matches!(
            root.names(Path::new("up")),
            Err(FileError::LeadsOut(_))
        ));
    }
}
