//! Drafts of reports to the project that makes a tool: facts, gathered for a person to read and file.
//!
//! Nothing is filed here, and nothing is measured. [`Draft::of`] refuses what is no finding: a cell
//! that was not measured, one that differs when repeated, and one that the newest measured version
//! of the tool no longer shows. Whether the trial still comes out the same is for the caller to find
//! out, who says so in [`Confirmed`].

mod project;
mod reproducer;

pub use project::plain_form;
pub use reproducer::script;

use crate::{
    analysis::{
        builds::BinaryBuild,
        changes::versions::lines,
        conformance::{ConformanceRules, Verdict, Verdicts},
        consensus::Consensus,
        embargo::{EmbargoPolicy, Splits, Withheld, withheld},
        matrix::{CaseBook, Matrix, MatrixRuntime, Row},
        split::SplitSide,
    },
    text, ways,
};
use ocipick_corpus::{Case, Level};
use ocipick_records::{
    Configuration, Evidence, Host, Outcome, Project, Results, RuntimeRecord, Trial,
};
use std::fmt;

/// Which cell a report is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellName {
    /// Id of the runtime, as the results have it.
    pub runtime: String,
    /// Id of the case.
    pub case: String,
    /// The platform asked for; none where the case has one only.
    pub platform: Option<String>,
    /// What the tool was asked to do.
    pub operation: String,
}

/// A trial that was repeated, and came out the same each time.
#[derive(Clone, Debug)]
pub struct Confirmed {
    /// How often.
    pub times: u32,
    /// When, RFC 3339 in UTC.
    pub at: String,
    /// Version of ocipick.
    pub ocipick: String,
    /// What was seen the first time.
    pub evidence: Evidence,
    /// The outcome, with the tool's words of the first time.
    pub outcome: Outcome,
    /// The machine on which it was repeated.
    pub host: Host,
    /// What exactly was run there.
    pub record: RuntimeRecord,
}

/// Why there is nothing to draft.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoDraft {
    /// The results have no such cell.
    #[error("the results have no trial of {runtime} on {case}{hint}")]
    NoCell {
        /// The runtime.
        runtime: String,
        /// The case.
        case: String,
        /// What there is.
        hint: String,
    },
    /// The cell was not measured.
    #[error("{0} was not measured: {1}")]
    Unmeasured(String, String),
    /// The cell differs when repeated.
    #[error("{0} differs when repeated ({1}), so that there is no one thing to report")]
    Unstable(String, String),
    /// A newer version does something else.
    #[error(
        "{cell} is {was}, and the newest measured version no longer shows that: {newer} is {now}"
    )]
    Gone {
        /// The cell.
        cell: String,
        /// What was observed.
        was: String,
        /// The newer runtime.
        newer: String,
        /// What it does.
        now: String,
    },
    /// Nothing speaks against the outcome.
    #[error("{cell} is {was}, and nothing speaks against that: {why}")]
    Expected {
        /// The cell.
        cell: String,
        /// What was observed.
        was: String,
        /// Why it is no fault.
        why: String,
    },
    /// The case was other bytes.
    #[error("{0} was other bytes when it was measured (hint: measure again)")]
    OtherBytes(String),
}

/// Everything that a report says, before it is put into words.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The trial, as it was recorded.
    pub trial: Trial,
    /// Who built the runtime, and with what.
    pub build: BinaryBuild,
    /// Where it goes; none for a tool whose project is not known.
    pub project: Option<Project>,
    /// How the tool is asked; none for one of which nothing is known.
    pub configuration: Option<Configuration>,
    /// Why it is for private disclosure, where it is.
    pub withheld: Option<Withheld>,
    /// What the clauses say, those that were broken first.
    pub clauses: Vec<ClauseLine>,
    /// The nearest older version that did something else.
    pub earlier: Option<Peer>,
    /// The newer versions that do the same.
    pub newer: Vec<String>,
    /// What the runtimes do, in groups that agree; those that agree with this one first.
    pub peers: Vec<PeerGroup>,
    /// How many cells of the row are left out, because they are for private disclosure elsewhere.
    pub left_out: usize,
}

/// A clause that the case exercises, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClauseLine {
    /// Its id.
    pub id: String,
    /// How strongly it says it.
    pub level: Level,
    /// What it says.
    pub says: String,
    /// Where it stands.
    pub link: String,
    /// Which outcomes satisfy it here.
    pub satisfied_by: Vec<String>,
    /// What became of it.
    pub verdict: Verdict,
}

/// A runtime and what it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its id, with its channel.
    pub runtime: String,
    /// What it did.
    pub outcome: Outcome,
}

/// Runtimes that did the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerGroup {
    /// Their ids, with their channels.
    pub runtimes: Vec<String>,
    /// What the first of them did.
    pub outcome: Outcome,
    /// Whether the runtime that the report is about is among them.
    pub is_own: bool,
}

impl fmt::Display for CellName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.runtime, self.case)
    }
}

/// The one trial that a name means.
///
/// # Errors
/// When there is none, when it was not measured or differs when repeated.
pub fn find<'r>(results: &'r [Results], name: &CellName) -> Result<&'r Trial, NoDraft> {
    let all = || results.iter().flat_map(|results| &results.trials);
    let is_row = |trial: &&Trial| {
        trial.case == name.case
            && trial.operation == name.operation
            && name
                .platform
                .as_ref()
                .is_none_or(|platform| *platform == trial.platform)
    };
    // Of two trials of one cell the later one counts, as in every report.
    let found = all()
        .filter(is_row)
        .rfind(|trial| trial.runtime == name.runtime || trial.alias() == name.runtime);
    let Some(trial) = found else {
        let mut there: Vec<&str> = all().filter(is_row).map(Trial::alias).collect();
        there.dedup();
        let hint = if there.is_empty() {
            String::new()
        } else {
            format!(" (hint: there is {})", there.join(", "))
        };
        return Err(NoDraft::NoCell {
            runtime: name.runtime.clone(),
            case: name.case.clone(),
            hint,
        });
    };
    match &trial.outcome {
        Outcome::Unmeasured { why, detail } => Err(NoDraft::Unmeasured(
            name.to_string(),
            text::line(&format!("{why}: {detail}")),
        )),
        Outcome::Unstable { .. } => Err(NoDraft::Unstable(
            name.to_string(),
            text::line(&trial.outcome.gist()),
        )),
        Outcome::Picked { .. }
        | Outcome::Refused { .. }
        | Outcome::Nothing
        | Outcome::Mixed { .. }
        | Outcome::Crashed { .. }
        | Outcome::TimedOut { .. } => Ok(trial),
    }
}

impl Draft {
    /// Gathers what there is to say of a cell.
    ///
    /// # Errors
    /// When there is nothing to report.
    pub fn of(
        results: &[Results],
        name: &CellName,
        book: &CaseBook,
        rules: &ConformanceRules<'_>,
        policy: &EmbargoPolicy,
    ) -> Result<Self, NoDraft> {
        let trial = find(results, name)?;
        let private = policy.withholds(trial, Splits::of(results).has(trial));
        // What is to be told to other projects first has no place in a report to this one.
        let mut public = results.to_vec();
        let hidden = withheld(results, policy);
        let is_row = |case: &str, platform: &str, operation: &str| {
            case == trial.case && platform == trial.platform && operation == trial.operation
        };
        let left_out = hidden
            .iter()
            .filter(|cell| is_row(&cell.case, &cell.platform, &cell.operation))
            .filter(|cell| !is_of_tool(&cell.runtime, &trial.tool))
            .count();
        for public in &mut public {
            public.trials.retain(|other| {
                other.tool == trial.tool || !hidden.iter().any(|cell| cell.is_of(other))
            });
        }
        let matrix = Matrix::build(&public, book);
        let found = matrix
            .tables
            .iter()
            .filter(|table| table.operation == trial.operation)
            .flat_map(|table| table.rows())
            .find(|row| row.case == trial.case && row.platform == trial.platform);
        let column = found.and_then(|row| {
            let cells = row.cells.iter();
            cells.enumerate().find_map(|(column, cell)| {
                let it = (*cell)?;
                (it.runtime == trial.runtime && it.channel == trial.channel).then_some(column)
            })
        });
        let (Some(row), Some(column)) = (found, column) else {
            return Err(NoDraft::NoCell {
                runtime: name.runtime.clone(),
                case: name.case.clone(),
                hint: String::new(),
            });
        };
        let along = Along::of(&matrix, row, column, &trial.outcome);
        if let Some(newer) = along.gone {
            return Err(NoDraft::Gone {
                cell: name.to_string(),
                was: text::line(&trial.outcome.gist()),
                now: text::line(&newer.outcome.gist()),
                newer: newer.runtime,
            });
        }
        let info = matrix.runtimes.get(column).and_then(|it| it.info);
        let verdicts = Verdicts::of(&matrix, rules);
        let clauses = clauses(&verdicts, trial, column);
        if let Some(why) = no_fault(&matrix, row, &trial.outcome, &clauses) {
            return Err(NoDraft::Expected {
                cell: name.to_string(),
                was: text::line(&trial.outcome.gist()),
                why,
            });
        }
        Ok(Self {
            trial: trial.clone(),
            build: matrix
                .runtimes
                .get(column)
                .map(MatrixRuntime::build)
                .unwrap_or_default(),
            project: info.and_then(|it| it.project.clone()),
            configuration: info
                .and_then(|it| it.configuration(trial.flavour.as_deref()))
                .cloned(),
            withheld: private,
            clauses,
            earlier: along.earlier,
            newer: along.newer,
            peers: peers(&matrix, row, column),
            left_out,
        })
    }
}

impl Draft {
    /// Who built what was measured, where that is a distribution: `Debian's build, of sid`.
    #[must_use]
    pub fn distribution(&self) -> Option<String> {
        let label = self.build.label()?;
        Some(text::line(&format!("{label}, of {}", self.trial.channel)))
    }
}

fn is_of_tool(runtime: &str, tool: &str) -> bool {
    runtime.split('@').next() == Some(tool)
}

/// Why an outcome is nothing to report: a clause asks for it, or most peers do the same and no clause
/// speaks against it. What no tool should do is always something to report.
fn no_fault(
    matrix: &Matrix<'_>,
    row: &Row<'_>,
    outcome: &Outcome,
    clauses: &[ClauseLine],
) -> Option<String> {
    match outcome {
        Outcome::Picked { .. } | Outcome::Refused { .. } => {}
        Outcome::Nothing
        | Outcome::Mixed { .. }
        | Outcome::Crashed { .. }
        | Outcome::TimedOut { .. }
        | Outcome::Unstable { .. }
        | Outcome::Unmeasured { .. } => return None,
    }
    if clauses.iter().any(|it| it.verdict.is_violation()) {
        return None;
    }
    if let Some(kept) = clauses.iter().find(|it| it.verdict == Verdict::Conforms) {
        return Some(format!("{} asks for it", kept.id));
    }
    // What fails is no peer to go by, and who refuses is on one side, whatever the reason.
    let consensus = Consensus::of(matrix, row)?;
    let side = SplitSide::of(outcome);
    let (mut own, mut all) = (0.0, 0.0);
    for cluster in &consensus.clusters {
        match SplitSide::of(cluster.outcome) {
            it @ Some(SplitSide::Took(_) | SplitSide::Refused) => {
                all += cluster.share;
                own += if it == side { cluster.share } else { 0.0 };
            }
            Some(
                SplitSide::Nothing | SplitSide::Mixed(_) | SplitSide::Crashed | SplitSide::TimedOut,
            )
            | None => {}
        }
    }
    (own * 2.0 > all)
        .then(|| "most tools do the same, or all do, and no clause says otherwise".to_owned())
}

/// What the versions of the same tool in the same configuration do.
struct Along {
    earlier: Option<Peer>,
    newer: Vec<String>,
    gone: Option<Peer>,
}

impl Along {
    fn of(matrix: &Matrix<'_>, row: &Row<'_>, column: usize, outcome: &Outcome) -> Self {
        let mut along = Self {
            earlier: None,
            newer: Vec::new(),
            gone: None,
        };
        let lines = lines(matrix);
        let Some(line) = lines.iter().find(|line| line.columns.contains(&column)) else {
            return along;
        };
        let mut is_newer = false;
        for other in line.before.iter().chain(&line.columns) {
            if *other == column {
                is_newer = true;
                continue;
            }
            let Some(theirs) = row.cells.get(*other).copied().flatten() else {
                continue;
            };
            if !theirs.outcome.is_measured() {
                continue;
            }
            let peer = Peer {
                runtime: name(matrix, *other),
                outcome: theirs.outcome.clone(),
            };
            let shows = shows(&theirs.outcome, outcome);
            match (is_newer, shows) {
                (true, true) => {
                    along.newer.push(peer.runtime);
                    along.gone = None;
                }
                // The newest that was measured decides.
                (true, false) => along.gone = Some(peer),
                (false, true) => along.earlier = None,
                (false, false) => along.earlier = Some(peer),
            }
        }
        along
    }
}

/// Whether an outcome is, or can be, what was observed.
fn shows(outcome: &Outcome, wanted: &Outcome) -> bool {
    match outcome {
        Outcome::Unstable { observed } => observed.iter().any(|it| it.outcome.agrees_with(wanted)),
        Outcome::Picked { .. }
        | Outcome::Refused { .. }
        | Outcome::Nothing
        | Outcome::Mixed { .. }
        | Outcome::Crashed { .. }
        | Outcome::TimedOut { .. }
        | Outcome::Unmeasured { .. } => outcome.agrees_with(wanted),
    }
}

fn name(matrix: &Matrix<'_>, column: usize) -> String {
    let runtime = matrix.runtimes.get(column);
    runtime.map_or_else(String::new, |it| {
        text::line(&format!("{} ({})", it.id, it.channel))
    })
}

fn clauses(verdicts: &Verdicts<'_>, trial: &Trial, column: usize) -> Vec<ClauseLine> {
    let entries = verdicts.of_row(&trial.operation, &trial.case, &trial.platform);
    let entries = entries.iter().filter(|entry| entry.column == column);
    let mut clauses: Vec<ClauseLine> = entries
        .filter_map(|entry| {
            let wording = verdicts.wording(&entry.rule.clause)?;
            Some(ClauseLine {
                id: entry.rule.clause.clone(),
                level: wording.level,
                says: wording.says.clone(),
                link: wording.link.clone(),
                satisfied_by: entry
                    .rule
                    .satisfied_by
                    .iter()
                    .map(ToString::to_string)
                    .collect(),
                verdict: entry.reasoned.verdict,
            })
        })
        .collect();
    clauses.sort_by_key(|clause| std::cmp::Reverse(clause.verdict));
    clauses
}

fn peers(matrix: &Matrix<'_>, row: &Row<'_>, column: usize) -> Vec<PeerGroup> {
    let Some(consensus) = Consensus::of(matrix, row) else {
        return Vec::new();
    };
    let groups = consensus.clusters.iter().map(|cluster| PeerGroup {
        runtimes: cluster
            .columns
            .iter()
            .map(|column| name(matrix, *column))
            .collect(),
        outcome: cluster.outcome.clone(),
        is_own: cluster.columns.contains(&column),
    });
    let mut groups: Vec<PeerGroup> = groups.collect();
    groups.sort_by_key(|group| !group.is_own);
    groups
}

/// What the index is, for the places that need the case itself.
#[must_use]
pub fn title(draft: &Draft, case: &Case) -> String {
    let subject = text::line(&case.title);
    let subject = match subject.split_once(' ') {
        // `OCI` and the like stay as they are.
        Some((first, rest)) if first.chars().skip(1).all(char::is_lowercase) => {
            format!("{} {rest}", first.to_lowercase())
        }
        Some(_) | None => subject,
    };
    let what = match &draft.trial.outcome {
        Outcome::Picked { child, .. } => format!("picks `{}`", text::line(child)),
        Outcome::Refused { reason, .. } => format!("refuses ({reason})"),
        Outcome::Nothing => "ends with success and no usable image".to_owned(),
        Outcome::Mixed { .. } => "leaves contradictory evidence".to_owned(),
        Outcome::Crashed { survived: true, .. } => "panics and lives on".to_owned(),
        Outcome::Crashed { .. } => "crashes".to_owned(),
        Outcome::TimedOut { .. } => "does not end".to_owned(),
        Outcome::Unstable { .. } => "differs when repeated".to_owned(),
        Outcome::Unmeasured { .. } => "was not measured".to_owned(),
    };
    let project = draft.project.as_ref();
    let prefix = project.map_or("", |project| &project.prefix);
    format!(
        "{prefix}{}{} {what}: {subject}",
        draft.command(),
        draft.way()
    )
}

impl Draft {
    /// The command that was given.
    #[must_use]
    pub fn command(&self) -> String {
        let trial = &self.trial;
        ways::command_line(self.configuration.as_ref(), &trial.tool, &trial.operation)
    }

    /// The way that it goes, in brackets after a space, where the tool has several.
    #[must_use]
    pub fn way(&self) -> String {
        ways::way(self.configuration.as_ref(), &self.trial.version)
            .map_or_else(String::new, |way| format!(" ({way})"))
    }
}
