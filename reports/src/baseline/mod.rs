//! Baselines: what a runtime did, as somebody accepted it.
//!
//! A baseline is a text file that is committed and read in reviews: one line per case, operation
//! and platform, in a stable order, below a header that names the runtime, the corpus and ocipick.
//! Each line carries a short digest of what tools can see of the case, so that a case whose bytes
//! changed is a new case rather than a changed outcome.
//!
//! What a tool does that is asked for no platform hangs on the processor, too: such lines are of the
//! CPU level that the header names, and hold only there.
//!
//! Nothing that was not measured is ever recorded.

mod answer;
mod check;
mod merge;
mod set;
mod text;

pub use answer::{AnswerError, BaselineAnswer};
pub use check::{Check, check};
pub use merge::{Merge, MergeError};
pub use set::{BaselineSet, Distance, Reference};
pub use text::{BaselineError, BaselineFault};

use ocipick_corpus::PlatformRequest;
use ocipick_records::Trial;
use std::{collections::BTreeMap, fmt};

/// What a runtime did, as somebody accepted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    /// The runtime.
    pub build: BaselineBuild,
    /// The level of the processor on which the lines that leave the platform to the tool were
    /// measured, as in `x86-64-v3`. Baselines of versions before this was recorded do not have it.
    pub cpu: Option<String>,
    /// The corpus that was measured last.
    pub corpus: BaselineCorpus,
    /// The version of ocipick that recorded last.
    pub ocipick: String,
    /// What the runtime did.
    pub lines: BTreeMap<BaselineKey, BaselineLine>,
}

/// A runtime: one build of one version of a tool, in one configuration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BaselineBuild {
    /// Name of the tool.
    pub tool: String,
    /// Its version.
    pub version: String,
    /// Its configuration, where there is more than one.
    pub flavour: Option<String>,
    /// Where it comes from. Builds of one version from two places are different ones.
    pub channel: String,
}

/// Which corpus was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaselineCorpus {
    /// Whether it is the one in the program.
    pub built_in: bool,
    /// How many of its cases were asked for.
    pub cases: usize,
    /// Digest over those.
    pub digest: String,
}

/// What was asked: a row of a matrix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BaselineKey {
    /// Id of the case.
    pub case: String,
    /// What the tool was asked to do.
    pub operation: String,
    /// The platform asked for.
    pub platform: String,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaselineLine {
    /// A short digest of what tools can see of the case.
    pub content: String,
    /// What the runtime did.
    pub answer: BaselineAnswer,
}

impl BaselineBuild {
    /// The runtime that made a trial.
    #[must_use]
    pub fn of(trial: &Trial) -> Self {
        Self {
            tool: trial.tool.clone(),
            version: trial.version.clone(),
            flavour: trial.flavour.clone(),
            channel: trial.channel.clone(),
        }
    }

    /// Its id, as results write it: `tool@version+flavour#channel`.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}@{}", self.tool, self.stem(true))
    }

    /// Whether another build is of the same version, in the same configuration.
    #[must_use]
    pub fn is_as(&self, other: &Self) -> bool {
        self.tool == other.tool && self.version == other.version && self.flavour == other.flavour
    }

    /// The name of its file below the directory of its tool, without an ending.
    fn stem(&self, with_channel: bool) -> String {
        let flavour = self.flavour.iter().map(|flavour| format!("+{flavour}"));
        let channel = with_channel.then(|| format!("#{}", self.channel));
        let parts = flavour.chain(channel);
        parts.fold(self.version.clone(), |stem, part| stem + &part)
    }
}

impl fmt::Display for BaselineBuild {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tool, channel, .. } = self;
        write!(f, "{tool}@{} ({channel})", self.stem(false))
    }
}

impl BaselineKey {
    /// What a trial was asked.
    #[must_use]
    pub fn of(trial: &Trial) -> Self {
        Self {
            case: trial.case.clone(),
            operation: trial.operation.clone(),
            platform: trial.platform.clone(),
        }
    }
}

impl BaselineKey {
    /// Whether the platform was left to the tool, which then goes by the processor that it runs on.
    #[must_use]
    pub fn is_left_to_tool(&self) -> bool {
        self.platform == PlatformRequest::DEFAULT
    }
}

impl fmt::Display for BaselineKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.case, self.operation, self.platform)
    }
}
