//! Reading a results file, whole or cut short.

use super::{Footer, Header, Record, SCHEMA, ToolInfo, Trial, unknown};
use crate::{FileError, gzip::unpacked, open_regular};
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read as _},
    path::{Path, PathBuf},
};

/// More than this is no results file, packed or not, but an attack on whoever reads it.
pub(crate) const MOST: u64 = 2 << 30;
/// The longest line. The largest that was ever written has some hundred thousand bytes.
const LONGEST: u64 = 64 << 20;

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
    /// What whoever reads knows of tools by itself. Older headers only name them.
    pub supplied_tools: Vec<ToolInfo>,
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
    Io(#[from] io::Error),
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
    /// A line that goes on and on.
    #[error("line {line} has more than {} MiB (hint: is this a results.jsonl of ocipick?)", LONGEST >> 20)]
    TooLong {
        /// Which line, from 1.
        line: usize,
    },
    /// A format that this version does not read.
    #[error("its format is `{0}`, and this version reads `{SCHEMA}`")]
    Schema(String),
}

impl Results {
    /// Reads a results file, packed by gzip or not. A file without a footer is a run that did not finish, and is read;
    /// a last line that was cut short is left out and noted in [`Results::torn`].
    ///
    /// It is read line by line. What is no regular file, unpacks to more than 2 GiB, or has a line of
    /// more than 64 MiB is refused.
    ///
    /// # Errors
    /// When the file cannot be read, or is no results file.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        open(path)
            .and_then(|file| unpacked(BufReader::new(file)))
            .map_err(ReadErrorKind::from)
            .and_then(|lines| Self::of_lines(BufReader::new(lines)))
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
        Self::of_lines(bytes)
    }

    fn of_lines(mut lines: impl BufRead) -> Result<Self, ReadErrorKind> {
        let mut header = None;
        let mut trials = Vec::new();
        let mut footer = None;
        let mut torn = false;
        let mut line = Vec::new();
        // Empty lines count, so that the numbers are those of an editor.
        for number in 1.. {
            line.clear();
            lines.by_ref().take(LONGEST).read_until(b'\n', &mut line)?;
            if line.is_empty() {
                break;
            }
            let is_complete = line.ends_with(b"\n");
            if !is_complete && line.len() as u64 == LONGEST {
                return Err(ReadErrorKind::TooLong { line: number });
            }
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            if text.is_empty() {
                continue;
            }
            let record = match record(text) {
                Ok(record) => record,
                Err(_) if !is_complete && header.is_some() => {
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
            supplied_tools: Vec::new(),
        })
    }

    /// What there is to know of the tools, in the order of the matrix: what was supplied, and then what the
    /// header says of others. It is in this order because results may be a stranger's, and where a
    /// vulnerability is told, or what a person types, is nothing to take from strangers.
    pub fn tools(&self) -> impl Iterator<Item = &ToolInfo> {
        let supplied = &self.supplied_tools;
        let others = self.header.tools.iter();
        supplied
            .iter()
            .chain(others.filter(|it| !supplied.iter().any(|known| known.name == it.name)))
    }

    /// What there is to know of a tool.
    #[must_use]
    pub fn tool(&self, name: &str) -> Option<&ToolInfo> {
        self.tools().find(|it| it.name == name)
    }

    /// Whether the run finished.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.footer.is_some()
    }
}

/// Opens a regular file. A FIFO would be waited for, and a device has no end.
fn open(path: &Path) -> io::Result<File> {
    open_regular(path).map_err(|error| match error {
        FileError::System(error) => error,
        other => io::Error::other(other.to_string()),
    })
}

/// Reads a record. Words that came with a later version are read as unknown.
fn record(line: &[u8]) -> Result<Record, serde_json::Error> {
    serde_json::from_slice(line).or_else(|error| unknown::read(line).ok_or(error))
}
