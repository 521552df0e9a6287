//! The tries of cells that are not yet recorded, in a file beside the results.

use super::{append, file::open_regular};
use crate::run::Attempt;
use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::Path,
};

/// Name of the file. It is there only while a run with repeats is not finished.
pub(super) const FILE: &str = "tries.jsonl";
/// What the tries of a run are called that another has come in place of.
pub(super) const PREVIOUS: &str = "tries.previous.jsonl";

/// Whether there is no file of that name, or one that begins like tries.
///
/// # Errors
/// What it is, where it is another thing.
pub(super) fn check(path: &Path) -> Result<(), String> {
    const BEGINNING: &[u8] = b"{\"round\":";
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.to_string()),
        Ok(metadata) if metadata.is_symlink() => return Err("a symbolic link".to_owned()),
        Ok(metadata) if !metadata.is_file() => return Err("no regular file".to_owned()),
        Ok(_) => {}
    }
    let mut beginning = Vec::new();
    open_regular(path, false)
        .and_then(|file| {
            file.take(BEGINNING.len() as u64)
                .read_to_end(&mut beginning)
        })
        .map_err(|error| error.to_string())?;
    // A run that was killed early may have written less than that.
    if BEGINNING.starts_with(&beginning) {
        Ok(())
    } else {
        Err("no file of tries of ocipick".to_owned())
    }
}

/// The file. Whoever holds the lock on the results is the only one who writes it.
pub(super) struct Journal(File);

impl Journal {
    /// Opens the file in `dir` to go on with it; what was cut in the middle goes.
    pub(super) fn open(dir: &Path) -> io::Result<Self> {
        let path = dir.join(FILE);
        check(&path).map_err(io::Error::other)?;
        let file = open_regular(&path, false)?;
        let bytes = fs::read(&path)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n');
        file.set_len(whole.map_or(0, |at| at as u64 + 1))?;
        Ok(Self(file))
    }

    /// The tries in the file, in the order in which they were made; none where it is not there.
    /// A line that is no try was cut in the middle, and is left out.
    pub(super) fn read(dir: &Path) -> io::Result<Vec<Attempt>> {
        check(&dir.join(FILE)).map_err(io::Error::other)?;
        let bytes = match fs::read(dir.join(FILE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            read => read?,
        };
        Ok(bytes
            .split_inclusive(|byte| *byte == b'\n')
            .filter(|line| line.ends_with(b"\n"))
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect())
    }

    /// Adds a try.
    pub(super) fn add(&mut self, tried: &Attempt) -> io::Result<()> {
        append(&mut self.0, tried)
    }

    /// Removes the file, where it is there.
    pub(super) fn remove(dir: &Path) -> io::Result<()> {
        match fs::remove_file(dir.join(FILE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }
}
