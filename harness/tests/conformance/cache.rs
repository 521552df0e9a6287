//! What the processes of one cargo-nextest run have measured, for each other to read.

use anyhow::Context as _;
use ocipick_records::{Operation, Trial};
use std::{
    fs::{self, File},
    io,
    path::PathBuf,
};

/// Whether cargo-nextest runs this, with a process per trial.
pub(crate) fn under_nextest() -> bool {
    std::env::var_os("NEXTEST").is_some()
}

/// In a directory of the run, the records of one operation of a runtime.
pub(crate) struct RecordCache {
    dir: PathBuf,
    name: String,
}

impl RecordCache {
    /// The shelf of the run that this process belongs to.
    pub(crate) fn of_run(runtime: &str, operation: Operation) -> Self {
        let run = std::env::var("NEXTEST_RUN_ID").unwrap_or_else(|_| "unknown".to_owned());
        Self {
            dir: PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
                .join("conformance")
                .join(run),
            name: format!("{runtime}.{operation}"),
        }
    }

    fn path(&self) -> PathBuf {
        self.dir.join(format!("{}.jsonl", self.name))
    }

    /// Waits until no other process measures this; then this one may.
    pub(crate) fn lock(&self) -> io::Result<File> {
        fs::create_dir_all(&self.dir)?;
        let lock = File::create(self.dir.join(format!("{}.lock", self.name)))?;
        lock.lock()?;
        Ok(lock)
    }

    /// The records, if there are any yet.
    pub(crate) fn read(&self) -> anyhow::Result<Option<Vec<Trial>>> {
        let path = self.path();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        let records = text
            .lines()
            .map(serde_json::from_str)
            .collect::<Result<_, _>>()
            .with_context(|| path.display().to_string())?;
        Ok(Some(records))
    }

    /// Leaves the records for the others, whole or not at all.
    pub(crate) fn write<'a>(&self, records: impl Iterator<Item = &'a Trial>) -> anyhow::Result<()> {
        let mut text = String::new();
        for record in records {
            text.push_str(&serde_json::to_string(record)?);
            text.push('\n');
        }
        let unfinished = self.dir.join(format!("{}.unfinished", self.name));
        fs::write(&unfinished, text)?;
        fs::rename(&unfinished, self.path())?;
        Ok(())
    }
}
