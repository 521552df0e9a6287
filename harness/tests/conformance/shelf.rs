//! What the processes of one cargo-nextest run have measured, for each other to read.

use anyhow::Context as _;
use ocipick_reports::results::Trial;
use std::{
    fs::{self, File},
    io,
    path::PathBuf,
};

/// Whether cargo-nextest runs this, with a process per trial.
pub(crate) fn under_nextest() -> bool {
    std::env::var_os("NEXTEST").is_some()
}

/// A directory of the run with a file of records per runtime.
pub(crate) struct Shelf {
    dir: PathBuf,
}

impl Shelf {
    /// The shelf of the run that this process belongs to.
    pub(crate) fn of_run() -> Self {
        let run = std::env::var("NEXTEST_RUN_ID").unwrap_or_else(|_| "unknown".to_owned());
        Self {
            dir: PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
                .join("conformance")
                .join(run),
        }
    }

    fn path(&self, runtime: &str) -> PathBuf {
        self.dir.join(format!("{runtime}.jsonl"))
    }

    /// Waits until no other process measures this runtime; then this one may.
    pub(crate) fn lock(&self, runtime: &str) -> io::Result<File> {
        fs::create_dir_all(&self.dir)?;
        let lock = File::create(self.dir.join(format!("{runtime}.lock")))?;
        lock.lock()?;
        Ok(lock)
    }

    /// The records of a runtime, if it was measured.
    pub(crate) fn read(&self, runtime: &str) -> anyhow::Result<Option<Vec<Trial>>> {
        let path = self.path(runtime);
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

    /// Leaves the records of a runtime for the others, whole or not at all.
    pub(crate) fn write<'a>(
        &self,
        runtime: &str,
        records: impl Iterator<Item = &'a Trial>,
    ) -> anyhow::Result<()> {
        let mut text = String::new();
        for record in records {
            text.push_str(&serde_json::to_string(record)?);
            text.push('\n');
        }
        let unfinished = self.dir.join(format!("{runtime}.unfinished"));
        fs::write(&unfinished, text)?;
        fs::rename(&unfinished, self.path(runtime))?;
        Ok(())
    }
}
