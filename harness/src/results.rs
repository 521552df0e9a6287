//! Writing the results file: a record at a time, each whole on disk before the next.

use crate::run::{Cell, Event, Watcher};
use ocipick_reports::results::{Footer, Header, Outcome, ReadError, Record, Results, Trial};
use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Name of the results file in the output directory.
pub const FILE: &str = "results.jsonl";

/// Writes the results of a run.
pub struct Writer {
    path: PathBuf,
    inner: Mutex<Inner>,
    began: Instant,
}

struct Inner {
    file: File,
    trials: Vec<(Cell, Outcome)>,
    tools: Duration,
}

/// Why results cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The output directory or the file in it cannot be made.
    #[error("cannot write results to {}: {source} (hint: --out DIR chooses another place)", path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Another run writes there.
    #[error("another run of ocipick writes to {} (hint: --out DIR chooses another place)", .0.display())]
    Busy(PathBuf),
    /// A record cannot be written; those before it are kept.
    #[error("cannot write to {}: {source} (hint: what was recorded until now is kept; with room again, `--resume` goes on from there)", path.display())]
    Record {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The results to go on from cannot be read.
    #[error("cannot go on: {0}")]
    Resume(#[from] ReadError),
    /// The results to go on from are of another run.
    #[error("cannot go on with {}: {what} (hint: run without --resume to begin anew)", path.display())]
    Different {
        /// Which file.
        path: PathBuf,
        /// What differs.
        what: String,
    },
}

impl Writer {
    /// Begins a results file in `dir`, which is made if it is not there. What stood there
    /// before is replaced.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(dir: &Path, header: &Header) -> Result<Self, WriteError> {
        let path = dir.join(FILE);
        let file = open(dir, &path)?;
        file.set_len(0).map_err(|source| WriteError::Open {
            path: path.clone(),
            source,
        })?;
        let writer = Self::over(path, file, Vec::new());
        writer.write(&Record::Header(Box::new(header.clone())))?;
        Ok(writer)
    }

    /// Goes on with the results file in `dir`, after its last whole record. Returns the cells
    /// that it has.
    ///
    /// # Errors
    /// When it cannot be read or written, is finished, or is of another run.
    pub fn resume(dir: &Path, header: &Header) -> Result<(Self, BTreeSet<Cell>), WriteError> {
        let path = dir.join(FILE);
        if !path.exists() {
            // Opening would make it.
            Results::read(&path)?;
        }
        // Read under the lock, so that nobody else is still writing it.
        let mut file = open(dir, &path)?;
        let results = Results::read(&path)?;
        let differs = |what: String| WriteError::Different {
            path: path.clone(),
            what,
        };
        if results.is_finished() {
            return Err(differs("that run is finished".to_owned()));
        }
        for (what, then, now) in [
            (
                "corpus",
                &results.header.corpus.digest,
                &header.corpus.digest,
            ),
            (
                "version of ocipick",
                &results.header.ocipick,
                &header.ocipick,
            ),
        ] {
            if then != now {
                return Err(differs(format!(
                    "its {what} is {then}, and now it is {now}"
                )));
            }
        }
        let ids = |header: &Header| -> Vec<(String, String)> {
            header
                .runtimes
                .iter()
                .map(|r| (r.id.clone(), r.channel.clone()))
                .collect()
        };
        if ids(&results.header) != ids(header) {
            let names: Vec<String> = ids(&results.header).into_iter().map(|(id, _)| id).collect();
            return Err(differs(format!(
                "it measured other runtimes: {}",
                names.join(", ")
            )));
        }
        for then in &results.header.channels {
            let mut now = header.channels.iter();
            if now.any(|now| now.name == then.name && now.packages != then.packages) {
                return Err(differs(format!(
                    "its channel {} was provisioned anew since then",
                    then.name
                )));
            }
        }
        mend(&mut file, &path, results.torn).map_err(|source| WriteError::Open {
            path: path.clone(),
            source,
        })?;
        let trials: Vec<(Cell, Outcome)> = results
            .trials
            .iter()
            .map(|trial| (Cell::of_trial(trial), trial.outcome.clone()))
            .collect();
        let done = trials.iter().map(|(cell, _)| cell.clone()).collect();
        Ok((Self::over(path, file, trials), done))
    }

    fn over(path: PathBuf, file: File, trials: Vec<(Cell, Outcome)>) -> Self {
        let inner = Inner {
            file,
            trials,
            tools: Duration::ZERO,
        };
        Self {
            path,
            inner: Mutex::new(inner),
            began: Instant::now(),
        }
    }

    /// The results file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn write(&self, record: &Record) -> Result<(), WriteError> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        self.append(&mut inner, record)
    }

    fn append(&self, inner: &mut Inner, record: &Record) -> Result<(), WriteError> {
        let fail = |source| WriteError::Record {
            path: self.path.clone(),
            source,
        };
        let mut line = serde_json::to_vec(record).map_err(|error| fail(error.into()))?;
        line.push(b'\n');
        let before = inner.file.metadata().map_err(fail)?.len();
        if let Err(error) = inner.file.write_all(&line) {
            // Half a record would be no record; what fits stays whole.
            let _ = inner.file.set_len(before);
            return Err(fail(error));
        }
        Ok(())
    }

    fn trial(&self, trial: &Trial, tools: Duration) -> Result<(), WriteError> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        self.append(&mut inner, &Record::Trial(Box::new(trial.clone())))?;
        inner.tools += tools;
        inner
            .trials
            .push((Cell::of_trial(trial), trial.outcome.clone()));
        Ok(())
    }

    /// Ends the file of a finished run.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(&self, ended: String) -> Result<(), WriteError> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let footer = Footer {
            ended,
            outcomes: Footer::count(inner.trials.iter().map(|(_, outcome)| outcome)),
            trials: inner.trials.len(),
            duration_ms: millis(self.began.elapsed()),
            tools_ms: millis(inner.tools),
            own_ms: None,
            peak_memory_bytes: None,
            peak_disk_bytes: None,
        };
        self.append(&mut inner, &Record::Footer(footer))?;
        inner.file.sync_all().map_err(|source| WriteError::Record {
            path: self.path.clone(),
            source,
        })
    }
}

impl Watcher for Writer {
    fn see(&self, event: &Event<'_>) -> io::Result<()> {
        match event {
            Event::TrialEnded { trial, tools, .. } => {
                self.trial(trial, *tools).map_err(io::Error::other)
            }
            Event::RuntimeBegan { .. } | Event::TrialBegan { .. } | Event::RuntimeEnded { .. } => {
                Ok(())
            }
        }
    }
}

/// Makes the file end with a whole line: a record that was cut in the middle goes, and one that
/// only lacks its line end gets it.
fn mend(file: &mut File, path: &Path, torn: bool) -> io::Result<()> {
    let bytes = fs::read(path)?;
    let line_end = bytes.iter().rposition(|byte| *byte == b'\n');
    let whole = line_end.map_or(0, |at| at + 1);
    if torn {
        file.set_len(whole as u64)
    } else if whole < bytes.len() {
        file.write_all(b"\n")
    } else {
        Ok(())
    }
}

/// Opens the file for one writer, without touching what it holds.
fn open(dir: &Path, path: &Path) -> Result<File, WriteError> {
    let fail = |source| WriteError::Open {
        path: path.to_owned(),
        source,
    };
    fs::create_dir_all(dir).map_err(fail)?;
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(fail)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(WriteError::Busy(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(fail(error)),
    }
}

#[cfg(test)]
mod tests;
