//! The files of a run in its output directory: never one that is not ours, and never through a link.

use super::{WriteError, append, journal};
use ocipick_records::{Record, Results};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, BufRead as _, BufReader, Read as _, Seek as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// What results are called that others have come in place of.
const PREVIOUS: &str = "results.previous.jsonl";
/// What a results file is called that is not yet whole.
const UNFINISHED: &str = ".results.new.jsonl";

/// Results that others have come in place of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Previous {
    /// What they are called now.
    pub path: PathBuf,
    /// Whether their run had finished, so that `--resume` would have had nothing to do.
    pub finished: bool,
}

/// Opens a file for one writer, without touching what it holds. It is made where it is not there.
pub(super) fn open(dir: &Path, path: &Path) -> Result<File, WriteError> {
    let fail = |source| WriteError::Open {
        path: path.to_owned(),
        source,
    };
    fs::create_dir_all(dir).map_err(fail)?;
    let file = open_regular(path, false).map_err(|error| refused(path, error))?;
    lock(&file, path)?;
    Ok(file)
}

fn lock(file: &File, path: &Path) -> Result<(), WriteError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(WriteError::Busy(path.to_owned())),
        Err(TryLockError::Error(source)) => Err(WriteError::Open {
            path: path.to_owned(),
            source,
        }),
    }
}

/// Opens a file to append to it: a regular one, and nothing that waits for others, or that a link
/// names.
pub(super) fn open_regular(path: &Path, new: bool) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .create_new(new)
        .custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK | nix::libc::O_NOCTTY)
        .open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other(NO_FILE))
    }
}

const NO_FILE: &str = "no regular file";

/// What is said of a file that was not opened.
fn refused(path: &Path, error: io::Error) -> WriteError {
    let foreign = |what: &str| WriteError::Foreign {
        path: path.to_owned(),
        what: what.to_owned(),
    };
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => foreign("a symbolic link"),
        Ok(metadata) if !metadata.is_file() && !metadata.is_dir() => foreign(NO_FILE),
        Ok(_) | Err(_) => WriteError::Open {
            path: path.to_owned(),
            source: error,
        },
    }
}

/// Makes space for new results in `dir`. Those that are there are kept under another name.
pub(super) fn keep_previous(
    dir: &Path,
    path: &Path,
) -> Result<(File, Option<Previous>), WriteError> {
    let fail = |source| WriteError::Open {
        path: path.to_owned(),
        source,
    };
    let old = open(dir, path)?;
    let tries = dir.join(journal::FILE);
    journal::check(&tries).map_err(|what| WriteError::Foreign {
        path: tries.clone(),
        what,
    })?;
    let is_empty = old.metadata().map_err(fail)?.len() == 0;
    if is_empty {
        // Nothing to keep; a run that was killed before its header leaves this.
        journal::Journal::remove(dir).map_err(fail)?;
        return Ok((old, None));
    }
    check(&old, path)?;
    let kept = dir.join(PREVIOUS);
    match fs::symlink_metadata(&kept) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        _ => {
            let earlier = open_regular(&kept, false).map_err(|error| refused(&kept, error))?;
            check(&earlier, &kept)?;
        }
    }
    let finished = is_finished(&old).map_err(fail)?;
    // With the lock on both nobody else takes the name in between.
    let unfinished = dir.join(UNFINISHED);
    let file = make_anew(&unfinished).map_err(fail)?;
    lock(&file, path)?;
    fs::rename(path, &kept).map_err(fail)?;
    fs::rename(&unfinished, path).map_err(fail)?;
    // The tries of an unfinished run are of no use to another, but they are of that one.
    let kept_tries = dir.join(journal::PREVIOUS);
    match (tries.exists(), journal::check(&kept_tries)) {
        (true, Ok(())) => fs::rename(&tries, &kept_tries).map_err(fail)?,
        (true, Err(what)) => {
            return Err(WriteError::Foreign {
                path: kept_tries,
                what,
            });
        }
        (false, _) => {}
    }
    let previous = Previous {
        path: kept,
        finished,
    };
    Ok((file, Some(previous)))
}

/// A new file under the name of one that is not yet whole. What a killed run left there goes.
fn make_anew(path: &Path) -> io::Result<File> {
    let left = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return open_regular(path, true),
        Err(error) => return Err(error),
        Ok(_) => open_regular(path, false)?,
    };
    let beginning = beginning_of(&left)?;
    if !beginning.starts_with(HEADER) && !HEADER.starts_with(&beginning) {
        let what = format!("{} is no results file of ocipick", path.display());
        return Err(io::Error::other(what));
    }
    fs::remove_file(path)?;
    open_regular(path, true)
}

/// How results begin.
const HEADER: &[u8] = b"{\"type\":\"header\",\"schema\":\"ocipick.results/";

fn beginning_of(file: &File) -> io::Result<Vec<u8>> {
    let mut beginning = Vec::new();
    let mut reader: &File = file;
    reader.rewind()?;
    reader
        .take(HEADER.len() as u64)
        .read_to_end(&mut beginning)?;
    Ok(beginning)
}

/// Whether a file begins like results.
fn check(file: &File, path: &Path) -> Result<(), WriteError> {
    match beginning_of(file) {
        Ok(beginning) if beginning == HEADER => Ok(()),
        Ok(_) => Err(WriteError::Foreign {
            path: path.to_owned(),
            what: "no results file of ocipick".to_owned(),
        }),
        Err(source) => Err(WriteError::Open {
            path: path.to_owned(),
            source,
        }),
    }
}

/// Whether the last line of results is a footer.
fn is_finished(file: &File) -> io::Result<bool> {
    let mut reader: &File = file;
    reader.rewind()?;
    let mut last = Vec::new();
    let mut line = Vec::new();
    let mut reader = BufReader::new(reader);
    while reader.read_until(b'\n', &mut line)? > 0 {
        std::mem::swap(&mut last, &mut line);
        line.clear();
    }
    Ok(last.starts_with(b"{\"type\":\"footer\"") && last.ends_with(b"\n"))
}

/// Writes results anew, in place of those in a file that is locked. Whoever looks finds the old or
/// the new ones, and whoever writes waits for neither.
pub(super) fn rewrite(path: &Path, results: &Results) -> io::Result<File> {
    let unfinished = path.with_file_name(UNFINISHED);
    let mut file = make_anew(&unfinished)?;
    file.try_lock().map_err(io::Error::from)?;
    append(&mut file, &Record::Header(Box::new(results.header.clone())))?;
    for trial in results.trials.iter().chain(&results.derived) {
        append(&mut file, &Record::Trial(Box::new(trial.clone())))?;
    }
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    Ok(file)
}
