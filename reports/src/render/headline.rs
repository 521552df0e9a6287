//! The head of every report: what was measured, in numbers.

use crate::{
    analysis::{
        embargo,
        matrix::{Matrix, MeasuredRun},
        metamorphic::Relations,
        split::Disagreements,
    },
    text,
};
use ocipick_records::{Footer, OutcomeKind, Trial};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What was measured, in numbers: the head of every report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Summary {
    /// What a reader must know before anything else.
    pub warnings: Vec<String>,
    /// What a reader should know besides.
    pub notes: Vec<String>,
    /// Every run that the results are of.
    pub runs: Vec<RunSummary>,
    /// How many cases have a trial.
    pub cases: usize,
    /// How many runtimes have a trial that was measured.
    pub runtimes: usize,
    /// How many trials are shown.
    pub trials: usize,
    /// How many rows there are: cases, by platform and operation.
    pub rows: usize,
    /// How many rows are splits.
    pub splits: usize,
    /// The same by the way in which runtimes disagree, and the rows that differ in reasons only.
    pub disagreements: Disagreements,
    /// Trials by kind of outcome; every kind is there.
    pub outcomes: BTreeMap<OutcomeKind, usize>,
    /// How many of the crashes are panics that were survived.
    #[serde(skip_serializing_if = "is_zero")]
    pub survived: usize,
    /// How many cells have no trial, among the runtimes with any trial in that operation.
    pub without_trial: usize,
    /// Cells that were measured, and are for private disclosure first; they are counted as
    /// unmeasured, too.
    pub withheld: usize,
    /// Runtimes of which nothing was measured, and tools that were looked for and not found.
    pub unmeasured: Vec<UnmeasuredRuntime>,
    /// What became of changes that must not matter, where any were tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relations: Option<Relations>,
}

/// One run, in a few words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RunSummary {
    /// Version of ocipick.
    pub ocipick: String,
    /// When it began.
    pub started: String,
    /// The machine, in a line.
    pub host: String,
    /// The corpus, in a line.
    pub corpus: String,
    /// Whether it finished.
    pub finished: bool,
    /// How long it took in milliseconds, where it finished.
    pub duration_ms: Option<u64>,
    /// How long ocipick waited for tools, summed over all trials, where the run finished.
    pub tools_ms: Option<u64>,
    /// How long ocipick itself was at work in trials, where the footer says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_ms: Option<u64>,
    /// The most memory that ocipick held, where the footer says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_memory_bytes: Option<u64>,
    /// The most disk that private directories took, where the footer says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_disk_bytes: Option<u64>,
}

/// A runtime of which nothing was measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UnmeasuredRuntime {
    /// Its id.
    pub runtime: String,
    /// Why, in a line.
    pub why: String,
}

impl Summary {
    /// Counts what the matrix shows.
    #[must_use]
    pub fn of(matrix: &Matrix<'_>) -> Self {
        let trials: Vec<&Trial> = matrix.trials().collect();
        let cases: BTreeSet<&str> = trials.iter().map(|trial| trial.case.as_str()).collect();
        let rows: usize = matrix.tables.iter().map(|table| table.rows().count()).sum();
        let cells: usize = matrix
            .tables
            .iter()
            .map(|table| table.rows().count() * table.columns().len())
            .sum();
        let mut disagreements = Disagreements::default();
        for row in matrix.tables.iter().flat_map(|table| table.rows()) {
            disagreements.add(row.split(), row.differs_in_reasons_only());
        }
        Self {
            warnings: matrix.warnings.iter().map(ToString::to_string).collect(),
            notes: matrix.notes.iter().map(ToString::to_string).collect(),
            runs: matrix.runs.iter().map(RunSummary::of).collect(),
            cases: cases.len(),
            runtimes: matrix
                .runtimes
                .iter()
                .filter(|runtime| runtime.unmeasured.is_none())
                .count(),
            trials: trials.len(),
            rows,
            splits: disagreements.splits(),
            disagreements,
            outcomes: Footer::count(trials.iter().map(|trial| &trial.outcome)),
            survived: trials
                .iter()
                .filter(|trial| trial.outcome.is_survived_panic())
                .count(),
            without_trial: cells.saturating_sub(trials.len()),
            withheld: trials
                .iter()
                .filter(|trial| embargo::is_withheld(&trial.outcome))
                .count(),
            unmeasured: unmeasured(matrix),
            relations: matrix.relations.clone(),
        }
    }

    /// What was measured, in one line.
    #[must_use]
    pub fn headline(&self) -> String {
        let mut headline = format!(
            "{}, {}, {}",
            text::count(self.cases, "case", "cases"),
            text::count(self.runtimes, "runtime", "runtimes"),
            text::count(self.trials, "trial", "trials"),
        );
        let took: Option<u64> = self.runs.iter().map(|run| run.duration_ms).sum();
        if let Some(took) = took {
            headline.push_str(" in ");
            headline.push_str(&text::duration(took));
        }
        headline
    }

    /// What the runs cost, as far as their footers say: time in tools beside time in ocipick, and
    /// the most memory and disk that were held. Trials run side by side, so the times are not those
    /// of a clock.
    #[must_use]
    pub fn cost(&self) -> Option<String> {
        let all = |of: fn(&RunSummary) -> Option<u64>| -> Option<Vec<u64>> {
            self.runs.iter().map(of).collect()
        };
        let sum = |of| all(of).map(|each: Vec<u64>| each.iter().sum::<u64>());
        let most = |of| all(of).and_then(|each: Vec<u64>| each.into_iter().max());
        let mut cost = Vec::new();
        if let (Some(tools), Some(own)) = (sum(|run| run.tools_ms), sum(|run| run.own_ms)) {
            cost.push(format!(
                "{} in the tools and {} in ocipick itself, over all trials",
                text::duration(tools),
                text::duration(own)
            ));
        }
        let memory = most(|run| run.peak_memory_bytes);
        let disk = most(|run| run.peak_disk_bytes);
        let held: Vec<String> = [(memory, "memory"), (disk, "disk")]
            .into_iter()
            .filter_map(|(bytes, what)| Some(format!("{} of {what}", text::bytes(bytes?))))
            .collect();
        if !held.is_empty() {
            cost.push(format!("at most {}", text::list(&held)));
        }
        (!cost.is_empty()).then(|| cost.join("; "))
    }

    /// How often each kind of outcome occurred, as in `30 picked, 2 refused`.
    #[must_use]
    pub fn counts(&self) -> String {
        let words = |kind: OutcomeKind| match kind {
            OutcomeKind::Picked => "picked",
            OutcomeKind::Refused => "refused",
            OutcomeKind::Nothing => "nothing",
            OutcomeKind::Mixed => "mixed",
            OutcomeKind::Crashed => "crashed",
            OutcomeKind::TimedOut => "timed out",
            OutcomeKind::Unstable => "unstable",
            OutcomeKind::Unmeasured => "not measured",
        };
        let counts: Vec<String> = self
            .outcomes
            .iter()
            .map(|(kind, count)| match kind {
                OutcomeKind::Unmeasured => (words(*kind), count.saturating_sub(self.withheld)),
                OutcomeKind::Crashed => (words(*kind), count.saturating_sub(self.survived)),
                _ => (words(*kind), *count),
            })
            .chain([
                ("panicked and live on", self.survived),
                ("withheld", self.withheld),
                ("without a trial", self.without_trial),
            ])
            .filter(|(_, count)| *count > 0)
            .map(|(words, count)| format!("{count} {words}"))
            .collect();
        if counts.is_empty() {
            "nothing was measured".to_owned()
        } else {
            counts.join(", ")
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

fn unmeasured(matrix: &Matrix<'_>) -> Vec<UnmeasuredRuntime> {
    let entry = |runtime: &str, why: &str| UnmeasuredRuntime {
        runtime: text::line(runtime),
        why: text::clip(&text::line(why), 200),
    };
    let found = matrix
        .runtimes
        .iter()
        .filter_map(|runtime| Some(entry(&runtime.id, runtime.unmeasured.as_deref()?)));
    let missing: BTreeSet<(String, &str)> = matrix
        .runs
        .iter()
        .flat_map(|run| &run.header.missing)
        .map(|missing| {
            let flavour = missing
                .flavour
                .as_ref()
                .map(|flavour| format!("+{flavour}"))
                .unwrap_or_default();
            let name = format!("{}{flavour} ({})", missing.tool, missing.channel);
            (name, missing.why.as_str())
        })
        .collect();
    found
        .chain(missing.iter().map(|(name, why)| entry(name, why)))
        .collect()
}

impl RunSummary {
    fn of(run: &MeasuredRun<'_>) -> Self {
        let header = run.header;
        let host = &header.host;
        let corpus = &header.corpus;
        Self {
            ocipick: text::line(&header.ocipick),
            started: text::line(&header.started),
            host: text::line(&format!(
                "{}/{}, {}, kernel {}, {}{}",
                host.os,
                host.architecture,
                host.distribution,
                host.kernel,
                text::count(host.cpus, "processor", "processors"),
                host.cpu_level
                    .as_ref()
                    .map_or_else(String::new, |level| format!(" of level {level}")),
            )),
            corpus: text::line(&format!(
                "{}, {}, {}",
                corpus.source,
                text::count(corpus.cases, "case", "cases"),
                text::clip(&corpus.digest, 20),
            )),
            finished: run.footer.is_some(),
            duration_ms: run.footer.map(|footer| footer.duration_ms),
            tools_ms: run.footer.map(|footer| footer.tools_ms),
            own_ms: run.footer.and_then(|footer| footer.own_ms),
            peak_memory_bytes: run.footer.and_then(|footer| footer.peak_memory_bytes),
            peak_disk_bytes: run.footer.and_then(|footer| footer.peak_disk_bytes),
        }
    }
}
