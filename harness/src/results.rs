//! Writing the results file: a record at a time, each whole on disk before the next.
//!
//! Cells that are tried repeatedly are recorded after their last try. Until then their tries stand
//! in a file beside the results, so that a run which is cut short loses none of them, and none
//! looks complete.

mod file;
mod journal;

use crate::run::{Attempt, Cell, Earlier, Event, Watcher};
pub use file::Previous;
use file::{keep_previous, open, rewrite};
use journal::Journal;
use ocipick_records::{
    Footer, Header, Outcome, ReadError, Record, RepeatedCells, Repeats, Results, Trial,
};
use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Name of the results file in the output directory.
pub const FILE: &str = "results.jsonl";

/// Writes the results of a run.
pub struct Writer {
    path: PathBuf,
    inner: Mutex<Inner>,
    began: Instant,
    previous: Option<Previous>,
}

struct Inner {
    file: File,
    journal: Option<Journal>,
    outcomes: Vec<Outcome>,
    /// Cells that have tries and are not recorded.
    incomplete: BTreeSet<Cell>,
    tools: Duration,
    own: Duration,
}

/// The most that a run took at one time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Peaks {
    /// Memory of ocipick and all that it started, in bytes; none where nobody could look.
    pub memory: Option<u64>,
    /// Disk of the private directories, in bytes; none where nobody could look.
    pub disk: Option<u64>,
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
    /// What stands there is not of ocipick.
    #[error("{} is there, and it is {what}; nothing was written (hint: --out DIR chooses another place)", path.display())]
    Foreign {
        /// Which file.
        path: PathBuf,
        /// What it is.
        what: String,
    },
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
    /// Begins a results file in `dir`, which is made if it is not there. Results that stand there
    /// are kept under another name, which [`Writer::previous`] tells.
    ///
    /// # Errors
    /// When it cannot be written, or what stands there is no results file.
    pub fn begin(dir: &Path, header: &Header) -> Result<Self, WriteError> {
        let path = dir.join(FILE);
        let fail = |source| WriteError::Open {
            path: path.clone(),
            source,
        };
        let (file, previous) = keep_previous(dir, &path)?;
        let journal = journal_of(dir, header).map_err(fail)?;
        let mut writer = Self::over(path, file, journal, Vec::new());
        writer.previous = previous;
        writer.write(&Record::Header(Box::new(header.clone())))?;
        Ok(writer)
    }

    /// What stood where these results go, and what it is called now.
    #[must_use]
    pub fn previous(&self) -> Option<&Previous> {
        self.previous.as_ref()
    }

    /// What the results file in `dir` says of how its cells are tried; a run that goes on does the
    /// same.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn repeats_in(dir: &Path) -> Result<Repeats, WriteError> {
        let results = Results::read(&dir.join(FILE))?;
        Ok(results.header.repeats.unwrap_or(Repeats::NONE))
    }

    /// Goes on with the results file in `dir`, after its last whole record. Returns what it has
    /// seen. Cells that trouble kept from being measured are taken out, to be tried again.
    ///
    /// # Errors
    /// When it cannot be read or written, is of another run, or has nothing left to be measured.
    pub fn resume(dir: &Path, header: &Header) -> Result<(Self, Earlier), WriteError> {
        let path = dir.join(FILE);
        if !path.exists() {
            // Opening would make it.
            Results::read(&path)?;
        }
        // Read under the lock, so that nobody else is still writing it.
        let mut file = open(dir, &path)?;
        let mut results = Results::read(&path)?;
        let differs = |what: String| WriteError::Different {
            path: path.clone(),
            what,
        };
        let is_open = |trial: &Trial| trial.outcome.is_trouble();
        let all = results.trials.iter().chain(&results.derived);
        let troubled = all.filter(|trial| is_open(trial)).count();
        if results.is_finished() && troubled == 0 {
            return Err(differs(
                "that run is finished, and trouble kept no cell from being measured".to_owned(),
            ));
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
                .map(|r| (r.alias().to_owned(), r.channel.clone()))
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
        let repeats = |header: &Header| describe(header.repeats.unwrap_or(Repeats::NONE));
        if repeats(&results.header) != repeats(header) {
            return Err(differs(format!(
                "it tries {}, and now that is to be {}",
                repeats(&results.header),
                repeats(header)
            )));
        }
        let fail = |source| WriteError::Open {
            path: path.clone(),
            source,
        };
        let private = results.header.private.clone();
        if let Some(now) = &header.private {
            let known = results.header.private.get_or_insert_default();
            known.add(now);
        }
        if troubled > 0 || results.header.private != private {
            results.trials.retain(|trial| !is_open(trial));
            results.derived.retain(|trial| !is_open(trial));
            results.footer = None;
            file = rewrite(&path, &results).map_err(fail)?;
        } else {
            mend(&mut file, &path, results.torn).map_err(fail)?;
        }
        let mut earlier = Earlier {
            troubled,
            ..Earlier::default()
        };
        for trial in results.trials.iter().chain(&results.derived) {
            let outcome = trial.outcome.clone();
            earlier.recorded.insert(Cell::of_trial(trial), outcome);
        }
        for tried in Journal::read(dir).map_err(fail)? {
            let cell = Cell::of_trial(&tried.trial);
            if !earlier.recorded.contains_key(&cell) {
                earlier.tries.entry(cell).or_default().push(tried);
            }
        }
        let journal = journal_of(dir, header).map_err(fail)?;
        let recorded = results.trials.into_iter().chain(results.derived);
        let outcomes = recorded.map(|trial| trial.outcome).collect();
        let writer = Self::over(path, file, journal, outcomes);
        let incomplete = earlier.tries.keys().cloned().collect();
        writer.inner().incomplete = incomplete;
        Ok((writer, earlier))
    }

    fn over(path: PathBuf, file: File, journal: Option<Journal>, outcomes: Vec<Outcome>) -> Self {
        let inner = Inner {
            file,
            journal,
            outcomes,
            incomplete: BTreeSet::new(),
            tools: Duration::ZERO,
            own: Duration::ZERO,
        };
        Self {
            path,
            inner: Mutex::new(inner),
            began: Instant::now(),
            previous: None,
        }
    }

    /// The results file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn write(&self, record: &Record) -> Result<(), WriteError> {
        self.append(&mut self.inner(), record)
    }

    fn append(&self, inner: &mut Inner, record: &Record) -> Result<(), WriteError> {
        append(&mut inner.file, record).map_err(|source| WriteError::Record {
            path: self.path.clone(),
            source,
        })
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many cells were tried, but not as often as they are to be, and so are not recorded.
    #[must_use]
    pub fn incomplete(&self) -> usize {
        self.inner().incomplete.len()
    }

    fn try_(&self, tried: &Attempt, tools: Duration, own: Duration) -> Result<(), WriteError> {
        let mut inner = self.inner();
        inner.incomplete.insert(Cell::of_trial(&tried.trial));
        inner.tools += tools;
        inner.own += own;
        match &mut inner.journal {
            Some(journal) => journal.add(tried).map_err(|source| WriteError::Record {
                path: self.path.with_file_name(journal::FILE),
                source,
            }),
            // Where every cell has one try, that is its record.
            None => Ok(()),
        }
    }

    fn trial(&self, trial: &Trial) -> Result<(), WriteError> {
        let mut inner = self.inner();
        inner.incomplete.remove(&Cell::of_trial(trial));
        self.append(&mut inner, &Record::Trial(Box::new(trial.clone())))?;
        inner.outcomes.push(trial.outcome.clone());
        Ok(())
    }

    /// Ends the file of a finished run.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(&self, ended: String, peaks: Peaks) -> Result<(), WriteError> {
        let mut inner = self.inner();
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let footer = Footer {
            ended,
            outcomes: Footer::count(inner.outcomes.iter()),
            trials: inner.outcomes.len(),
            duration_ms: millis(self.began.elapsed()),
            tools_ms: millis(inner.tools),
            own_ms: Some(millis(inner.own)),
            peak_memory_bytes: peaks.memory,
            peak_disk_bytes: peaks.disk,
        };
        self.append(&mut inner, &Record::Footer(footer))?;
        let fail = |source| WriteError::Record {
            path: self.path.clone(),
            source,
        };
        inner.file.sync_all().map_err(fail)?;
        if inner.journal.take().is_some() {
            // Everything in it is in the results.
            let dir = self.path.parent().unwrap_or(Path::new(""));
            Journal::remove(dir).map_err(fail)?;
        }
        Ok(())
    }
}

impl Watcher for Writer {
    fn see(&self, event: &Event<'_>) -> io::Result<()> {
        match event {
            Event::TryEnded {
                tried, tools, own, ..
            } => self.try_(tried, *tools, *own).map_err(io::Error::other),
            Event::TrialEnded { trial } => self.trial(trial).map_err(io::Error::other),
            Event::RoundBegan { .. }
            | Event::RuntimeBegan { .. }
            | Event::TryBegan { .. }
            | Event::RuntimeEnded { .. } => Ok(()),
        }
    }
}

/// Tries need a file of their own where a cell has several.
fn journal_of(dir: &Path, header: &Header) -> io::Result<Option<Journal>> {
    let several = header.repeats.is_some_and(|repeats| repeats.tries > 1);
    several.then(|| Journal::open(dir)).transpose()
}

/// How cells are tried, for a person.
fn describe(repeats: Repeats) -> String {
    let Repeats { tries, of, seed } = repeats;
    match (tries, of) {
        (..=1, _) => "each cell once".to_owned(),
        (_, RepeatedCells::Every) => format!("each cell {tries} times (seed {seed})"),
        (_, RepeatedCells::Splits) => {
            format!("each cell that splits or refuses {tries} times (seed {seed})")
        }
        (_, RepeatedCells::Differences) => {
            format!("each cell that differs from the released version {tries} times (seed {seed})")
        }
    }
}

/// Appends a line, whole or not at all.
fn append(file: &mut File, record: &impl serde::Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(record)?;
    line.push(b'\n');
    let before = file.metadata()?.len();
    if let Err(error) = file.write_all(&line) {
        // Half a record would be no record; what fits stays whole.
        let _ = file.set_len(before);
        return Err(error);
    }
    Ok(())
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

#[cfg(test)]
mod tests;
