//! The tries of cells that are not yet recorded, in a file beside the results.

use super::append;
use crate::run::Try;
use std::{
    fs::{self, File, OpenOptions},
    io,
    path::Path,
};

/// Name of the file. It is there only while a run with repeats is not finished.
pub(super) const FILE: &str = "tries.jsonl";

/// The file. Whoever holds the lock on the results is the only one who writes it.
pub(super) struct Journal(File);

impl Journal {
    /// Opens the file in `dir` to go on with it; what was cut in the middle goes.
    pub(super) fn open(dir: &Path) -> io::Result<Self> {
        let path = dir.join(FILE);
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        let bytes = fs::read(&path)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n');
        file.set_len(whole.map_or(0, |at| at as u64 + 1))?;
        Ok(Self(file))
    }

    /// The tries in the file, in the order in which they were made; none where it is not there.
    /// A line that is no try was cut in the middle, and is left out.
    pub(super) fn read(dir: &Path) -> io::Result<Vec<Try>> {
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
    pub(super) fn add(&mut self, tried: &Try) -> io::Result<()> {
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
