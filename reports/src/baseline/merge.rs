//! From results to baselines.

use super::{Baseline, BaselineAnswer, BaselineBuild, BaselineCorpus, BaselineKey, BaselineLine};
use ocipick_records::Results;
use std::collections::BTreeMap;

/// What recording new outcomes did to a baseline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merge {
    /// What was recorded for the first time, or of a case whose bytes are others now.
    pub added: usize,
    /// What is another answer now than the one that was recorded: before, and now.
    pub changed: Vec<(BaselineKey, BaselineAnswer, BaselineAnswer)>,
    /// What is as it was recorded.
    pub same: usize,
    /// What was recorded before and not measured now.
    pub kept: usize,
    /// What was recorded before on a processor of another level, or an unknown one, not measured
    /// now, and taken out: it holds only there.
    pub other_level: usize,
}

/// Why outcomes cannot be recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// Results that do not say which bytes they measured.
    #[error(
        "these results of ocipick {ocipick} do not say which bytes each case was (hint: run again with this version, then bless that)"
    )]
    NoContent {
        /// The version that wrote them.
        ocipick: String,
    },
    /// A baseline of another corpus.
    #[error(
        "the baseline of {build} is of {}, and these results are not (hint: keep baselines of another corpus in a directory of their own, with --into)",
        if *.built_in { "the built-in corpus" } else { "somebody's own layouts" }
    )]
    OtherCorpus {
        /// The runtime.
        build: Box<BaselineBuild>,
        /// Whether the baseline is of the built-in corpus.
        built_in: bool,
    },
}

impl Baseline {
    /// Makes a baseline of everything that results have of each runtime. Nothing that was not
    /// measured is in them; a runtime of which nothing was measured has none.
    ///
    /// # Errors
    ///
    /// Where the results do not say which bytes they measured.
    pub fn all_of(results: &Results) -> Result<Vec<Self>, MergeError> {
        let header = &results.header;
        let mut baselines: BTreeMap<BaselineBuild, Self> = BTreeMap::new();
        for trial in &results.trials {
            let Some(answer) = BaselineAnswer::of(&trial.outcome) else {
                continue;
            };
            let Some(content) = header.corpus.content.get(&trial.case) else {
                return Err(MergeError::NoContent {
                    ocipick: header.ocipick.clone(),
                });
            };
            let build = BaselineBuild::of(trial);
            let baseline = baselines.entry(build.clone()).or_insert_with(|| Self {
                build,
                cpu: None,
                corpus: BaselineCorpus {
                    built_in: header.corpus.is_built_in(),
                    cases: header.corpus.cases,
                    digest: header.corpus.digest.clone(),
                },
                ocipick: header.ocipick.clone(),
                lines: BTreeMap::new(),
            });
            let line = BaselineLine {
                content: content.clone(),
                answer,
            };
            let key = BaselineKey::of(trial);
            if key.is_left_to_tool() {
                baseline.cpu.clone_from(&header.host.cpu_level);
            }
            baseline.lines.insert(key, line);
        }
        Ok(baselines.into_values().collect())
    }

    /// Records what a newer baseline of the same runtime has, and keeps the rest. Lines that leave
    /// the platform to the tool are of one CPU level: where newer ones are of another, those that
    /// were not measured now go.
    ///
    /// # Errors
    ///
    /// Where the two are of different corpora.
    pub fn merge(&mut self, newer: Self) -> Result<Merge, MergeError> {
        if self.corpus.built_in != newer.corpus.built_in {
            return Err(MergeError::OtherCorpus {
                build: Box::new(self.build.clone()),
                built_in: self.corpus.built_in,
            });
        }
        let mut merge = Merge::default();
        if newer.lines.keys().any(BaselineKey::is_left_to_tool) && self.cpu != newer.cpu {
            merge.other_level =
                self.prune(|key, _| key.is_left_to_tool() && !newer.lines.contains_key(key));
            self.cpu = newer.cpu;
        }
        merge.kept = self.lines.len();
        self.corpus = newer.corpus;
        self.ocipick = newer.ocipick;
        for (key, line) in newer.lines {
            let older = self.lines.insert(key.clone(), line.clone());
            merge.kept -= usize::from(older.is_some());
            match older {
                Some(older) if older.content == line.content && older.answer == line.answer => {
                    merge.same += 1;
                }
                Some(older) if older.content == line.content => {
                    merge.changed.push((key, older.answer, line.answer));
                }
                Some(_) | None => merge.added += 1,
            }
        }
        Ok(merge)
    }

    /// Removes every line that `is_gone` says is about nothing any more, and tells how many.
    pub fn prune(&mut self, is_gone: impl Fn(&BaselineKey, &BaselineLine) -> bool) -> usize {
        let before = self.lines.len();
        self.lines.retain(|key, line| !is_gone(key, line));
        before - self.lines.len()
    }
}
