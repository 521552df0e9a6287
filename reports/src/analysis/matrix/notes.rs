//! What a reader must, or should, know of results before reading them.

use crate::analysis::builds::BinaryBuild;
use ocipick_records::Outcome;

/// What a reader must know before anything else: a run is not whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixWarning {
    /// Which of the runs, from one on.
    pub number: usize,
    /// How many runs there are.
    pub runs: usize,
    /// When the run began.
    pub started: String,
    /// How many trials are in its file.
    pub trials: usize,
    /// What is wrong with it.
    pub what: WarningKind,
}

/// What is wrong with a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WarningKind {
    /// It did not finish.
    Unfinished {
        /// How many trials were planned.
        planned: usize,
        /// Whether its last record was cut in the middle.
        torn: bool,
    },
    /// Its file has another number of trials than it ended with.
    ChangedAfterwards {
        /// How many it ended with.
        said: usize,
    },
}

/// What a reader should know besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MatrixNote {
    /// Cells were measured more than once, and the later trial is shown.
    MeasuredAgain {
        /// How many cells.
        cells: usize,
        /// Those in which the later outcome is another.
        differing: Vec<MeasuredAgain>,
    },
    /// A build does not stand for the release of its version.
    OtherBuild {
        /// Name of the tool.
        tool: String,
        /// Its version.
        version: String,
        /// Whose build it is, and with what it was linked.
        build: Box<BinaryBuild>,
    },
    /// The results are of so many different selections or versions of the corpus.
    SeveralCorpora(usize),
}

/// A cell that was measured again, with another outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeasuredAgain {
    /// Id of the case.
    pub case: String,
    /// Id of the runtime.
    pub runtime: String,
    /// What was observed first.
    pub earlier: Outcome,
    /// What was observed last.
    pub later: Outcome,
}
