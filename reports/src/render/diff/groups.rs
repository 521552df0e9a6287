//! Changes that are alike, told once.

use crate::analysis::changes::{
    OutcomeChange,
    results::{CoverageChange, Diff, DiffCoverage},
};
use ocipick_records::{Outcome, Trial};

/// Rows in which one pair of runtimes changed in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffGroup {
    /// Which runtimes, by their place among the pairs.
    pub pair: usize,
    /// In which way.
    pub change: OutcomeChange,
    /// What was observed then, in a few words.
    pub was: String,
    /// What is observed now.
    pub is: String,
    /// The rows, as people call them.
    pub rows: Vec<String>,
}

/// Rows that only one side measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoverageGroup {
    /// Which runtimes, by their place among the pairs.
    pub pair: usize,
    /// Which side measured them.
    pub kind: CoverageChange,
    /// What the other side says instead of an outcome.
    pub instead: String,
    /// The rows, as people call them.
    pub rows: Vec<String>,
}

impl OutcomeChange {
    /// What it is, as the title of a list.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::NowCrashes => "Now crashes",
            Self::NowFails => {
                "Now hangs, panics and lives on, leaves nothing, or contradicts itself"
            }
            Self::OtherPick => "Another child is picked",
            Self::NowRefused => "Was picked, is refused now",
            Self::NowPicked => "Was refused, is picked now",
            Self::Elsewhere => "Differs when repeated, and never did what the other did",
            Self::OtherFailure => "Fails in another way",
            Self::NoLongerFails => "No longer fails",
            Self::OtherReason => "Refused for another reason, or in other words",
            Self::Wavers => "Differs when repeated, and may be what it was",
        }
    }
}

impl Diff<'_> {
    /// What changed for one pair of runtimes, by kind, and within a kind as it was met.
    #[must_use]
    pub fn groups(&self, pair: usize) -> Vec<DiffGroup> {
        let mut groups: Vec<DiffGroup> = Vec::new();
        for cell in self.cells.iter().filter(|cell| cell.pair == pair) {
            let (was, is) = (gist(cell.change.before), gist(cell.change.after));
            let known = groups
                .iter_mut()
                .find(|it| it.change == cell.change.what && it.was == was && it.is == is);
            let row = self.row(cell.place.operation, &cell.label);
            match known {
                Some(group) => group.rows.push(row),
                None => groups.push(DiffGroup {
                    pair,
                    change: cell.change.what,
                    was,
                    is,
                    rows: vec![row],
                }),
            }
        }
        groups.sort_by_key(|group| group.change);
        groups
    }

    /// What only one side measured of one pair of runtimes.
    #[must_use]
    pub fn coverage_groups(&self, pair: usize) -> Vec<CoverageGroup> {
        let mut groups: Vec<CoverageGroup> = Vec::new();
        for it in self.coverage.iter().filter(|it| it.pair == pair) {
            let instead = instead(it);
            let known = groups
                .iter_mut()
                .find(|group| group.kind == it.kind && group.instead == instead);
            let row = self.row(it.place.operation, &it.label);
            match known {
                Some(group) => group.rows.push(row),
                None => groups.push(CoverageGroup {
                    pair,
                    kind: it.kind,
                    instead,
                    rows: vec![row],
                }),
            }
        }
        groups.sort_by_key(|group| group.kind);
        groups
    }

    /// A row, with its operation where there are several.
    fn row(&self, operation: &str, label: &str) -> String {
        let several = self.old.tables.len() > 1 || self.new.tables.len() > 1;
        if several {
            format!("{operation} of {label}")
        } else {
            label.to_owned()
        }
    }
}

fn gist(trial: &Trial) -> String {
    match &trial.outcome {
        Outcome::Picked { child, .. } => format!("picked {child}"),
        other => other.gist(),
    }
}

fn instead(it: &DiffCoverage<'_>) -> String {
    match it.other.map(|trial| &trial.outcome) {
        Some(Outcome::Unmeasured { why, .. }) => why.to_string(),
        Some(other) => other.gist(),
        None => "no trial".to_owned(),
    }
}
