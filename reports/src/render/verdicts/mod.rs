//! Verdicts and consensus, for people and for programs.

pub mod markdown;
pub mod terminal;

mod json;
mod peers;
mod row;

pub(super) use json::{ConsensusJson, VerdictsJson, consensus};
pub(crate) use row::{clauses, peers};

use crate::{
    analysis::{
        conformance::{ClauseViolations, RuntimeTally, Verdict, Verdicts},
        matrix::{Matrix, MatrixRuntime},
    },
    text,
};
use ocipick_corpus::Level;
use peers::Peers;

/// How many cases are named where a clause was broken in many.
const CASES: usize = 3;

/// The keyword of RFC 2119 for a level.
pub(crate) fn keyword(level: Level) -> &'static str {
    match level {
        Level::Must => "MUST",
        Level::Should => "SHOULD",
        Level::May => "MAY",
        Level::Statement => "statement",
        Level::Silent => "silent",
    }
}

/// The runtimes in these columns, a tool at a time, as in `podman 3.0.1 and 4.3.1`. Where a version
/// comes from is said where that alone tells two columns apart; where all that were measured of a
/// tool are meant, how many those are.
pub(crate) fn runtimes(matrix: &Matrix<'_>, columns: &[usize]) -> Vec<(String, Vec<String>)> {
    let tool_of = |runtime: &MatrixRuntime<'_>| {
        let flavour = runtime
            .flavour
            .map_or_else(String::new, |it| format!("+{it}"));
        text::line(&format!("{}{flavour}", runtime.tool))
    };
    let mut tools: Vec<(String, Vec<String>)> = Vec::new();
    for runtime in columns
        .iter()
        .filter_map(|column| matrix.runtimes.get(*column))
    {
        let tool = tool_of(runtime);
        let twin = matrix.runtimes.iter().any(|other| {
            (other.tool, other.version, other.flavour)
                == (runtime.tool, runtime.version, runtime.flavour)
                && other.channel != runtime.channel
        });
        let version = if twin {
            text::line(&format!("{} ({})", runtime.version, runtime.channel))
        } else {
            text::line(runtime.version)
        };
        match tools.iter_mut().find(|(known, _)| *known == tool) {
            Some((_, versions)) => versions.push(version),
            None => tools.push((tool, vec![version])),
        }
    }
    for (tool, versions) in &mut tools {
        let measured = matrix.runtimes.iter().filter(|it| it.unmeasured.is_none());
        let all = measured.filter(|runtime| tool_of(runtime) == *tool).count();
        if all > 2 && versions.len() == all {
            *versions = vec![format!("(all {all})")];
        }
    }
    tools
}

/// What is to be said of those who broke a clause somewhere: that it can be disputed, and whose
/// release is older than the sentence. Empty where there is nothing to say.
pub(crate) fn remarks(matrix: &Matrix<'_>, breaches: &ClauseViolations) -> String {
    let mut remarks = Vec::new();
    if breaches.arguable {
        remarks.push("arguable".to_owned());
    }
    if !breaches.older.is_empty() {
        let whose = if breaches.older == breaches.columns {
            String::new()
        } else {
            let tools: Vec<String> = runtimes(matrix, &breaches.older)
                .into_iter()
                .map(|(tool, versions)| format!("{tool} {}", text::list(&versions)))
                .collect();
            format!(": {}", tools.join("; "))
        };
        remarks.push(format!("older than the sentence{whose}"));
    }
    if remarks.is_empty() {
        String::new()
    } else {
        format!(" ({})", remarks.join("; "))
    }
}

/// A runtime's numbers, in the order of [`COUNTED`].
fn counts(tally: &RuntimeTally, against: usize) -> [usize; 5] {
    let count = |verdict| tally.counts.get(&verdict).copied().unwrap_or_default();
    [
        count(Verdict::Violates),
        count(Verdict::Deviates),
        count(Verdict::Conforms),
        count(Verdict::NotJudged),
        against,
    ]
}

/// What is counted of each runtime: the first four are verdicts, and the last is how often it did
/// something else than most of its peers.
pub(crate) const COUNTED: [&str; 5] = ["violates", "deviates", "conforms", "unjudged", "outvoted"];

/// What verdicts and peers come to, over everything that a matrix shows.
pub(crate) struct Overall {
    /// The specifications with their revisions.
    pub(crate) revisions: String,
    /// The numbers of each runtime, by its place in the matrix, in the order of [`COUNTED`].
    pub(crate) runtimes: Vec<(usize, [usize; 5])>,
}

impl Overall {
    /// Nothing where no case of the matrix exercises a clause.
    pub(crate) fn of(matrix: &Matrix<'_>, verdicts: &Verdicts<'_>) -> Option<Self> {
        if verdicts.is_empty() {
            return None;
        }
        let peers = Peers::of(matrix);
        let revisions: Vec<String> = verdicts
            .revisions()
            .map(|(specification, release)| format!("{specification} {release}"))
            .collect();
        let runtimes = verdicts.runtimes().into_iter().map(|tally| {
            let against = peers.against.get(&tally.column).copied();
            (tally.column, counts(&tally, against.unwrap_or_default()))
        });
        Some(Self {
            revisions: revisions.join(", "),
            runtimes: runtimes.collect(),
        })
    }
}

/// The first few of many names, and how many more there are.
fn few<T>(names: &[T], most: usize) -> (&[T], usize) {
    // One more takes no more room than to say that there is one more.
    if names.len() <= most + 1 {
        (names, 0)
    } else {
        (&names[..most], names.len() - most)
    }
}
