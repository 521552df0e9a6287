//! Reading a results file, whole or cut short.

use super::{Footer, Header, Record, SCHEMA, Trial};
use std::path::{Path, PathBuf};

/// A results file, read.
#[derive(Clone, Debug, PartialEq)]
pub struct Results {
    /// What was measured.
    pub header: Header,
    /// Every trial of a cell, in the order written.
    pub trials: Vec<Trial>,
    /// The trials of cases that were derived from others, in the order written.
    pub derived: Vec<Trial>,
    /// Present where the run finished.
    pub footer: Option<Footer>,
    /// Whether the last line was cut in the middle, as a kill or a full disk leaves it.
    pub torn: bool,
}

/// Why a results file cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {kind}", path.display())]
pub struct ReadError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    #[source]
    pub kind: ReadErrorKind,
}

/// What is wrong with a results file.
#[derive(Debug, thiserror::Error)]
pub enum ReadErrorKind {
    /// The file cannot be opened or read.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// A line is no record.
    #[error("line {line} is no record: {reason} (hint: is this a results.jsonl of ocipick?)")]
    Line {
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The file has no lines.
    #[error("it is empty (hint: the run ended before its header was written)")]
    Empty,
    /// The first record is not a header, or a later one is.
    #[error("line {line} is a {found}, where a {wanted} belongs")]
    Order {
        /// Which line, from 1.
        line: usize,
        /// What stands there.
        found: &'static str,
        /// What belongs there.
        wanted: &'static str,
    },
    /// A format that this version does not read.
    #[error("its format is `{0}`, and this version reads `{SCHEMA}`")]
    Schema(String),
}

impl Results {
    /// Reads a results file, packed by gzip or not. A file without a footer is a run that did not finish, and is read;
    /// a last line that was cut short is left out and noted in [`Results::torn`].
    ///
    /// # Errors
    /// When the file cannot be read, or is no results file.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        std::fs::read(path)
            .and_then(crate::publish::unpack)
            .map_err(ReadErrorKind::from)
            .and_then(|bytes| Self::parse(&bytes))
            .map_err(|kind| ReadError {
                path: path.to_owned(),
                kind,
            })
    }

    /// Reads the bytes of a results file.
    ///
    /// # Errors
    /// When they are no results file.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReadErrorKind> {
        let complete = bytes.ends_with(b"\n");
        // Numbered before empty lines are left out, so that the numbers are those of an editor.
        let lines: Vec<(usize, &[u8])> = (1..)
            .zip(bytes.split(|byte| *byte == b'\n'))
            .filter(|(_, line)| !line.is_empty())
            .collect();
        let last = lines.last().map_or(0, |(number, _)| *number);
        let mut header = None;
        let mut trials = Vec::new();
        let mut footer = None;
        let mut torn = false;
        for (number, line) in lines {
            let record = match serde_json::from_slice::<Record>(line) {
                Ok(record) => record,
                Err(_) if number == last && header.is_some() && !complete => {
                    torn = true;
                    break;
                }
                Err(error) => {
                    return Err(ReadErrorKind::Line {
                        line: number,
                        reason: error.to_string(),
                    });
                }
            };
            let order = |found, wanted| ReadErrorKind::Order {
                line: number,
                found,
                wanted,
            };
            match (record, header.is_some(), footer.is_some()) {
                (Record::Header(read), false, _) => {
                    if read.schema != SCHEMA {
                        return Err(ReadErrorKind::Schema(read.schema));
                    }
                    header = Some(*read);
                }
                (Record::Trial(read), true, false) => trials.push(*read),
                (Record::Footer(read), true, false) => footer = Some(read),
                (Record::Header(_), true, _) => return Err(order("header", "trial")),
                (Record::Trial(_), _, _) if header.is_none() => {
                    return Err(order("trial", "header"));
                }
                (Record::Footer(_), false, _) => return Err(order("footer", "header")),
                (Record::Trial(_), _, _) => return Err(order("trial", "line end")),
                (Record::Footer(_), _, _) => return Err(order("second footer", "line end")),
            }
        }
        let header = header.ok_or(ReadErrorKind::Empty)?;
        let (derived, trials) = trials.into_iter().partition(|read| read.derived.is_some());
        Ok(Self {
            header,
            trials,
            derived,
            footer,
            torn,
        })
    }

    /// Whether the run finished.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.footer.is_some()
    }
}
