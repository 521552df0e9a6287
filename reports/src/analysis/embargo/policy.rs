//! Which cells are for private disclosure.

use crate::{analysis::embargo::is_withheld, versions::VersionRange};
use globset::{Glob, GlobMatcher};
use ocipick_corpus::ReservedIds;
use ocipick_records::{Outcome, OutcomeKind, Trial};
use serde::Deserialize;
use std::sync::OnceLock;

/// Which cells are for private disclosure, and which are known already.
#[derive(Clone, Debug)]
pub struct EmbargoPolicy {
    withhold: Vec<Entry>,
    disclosed: Vec<Disclosed>,
    reserved: ReservedIds,
}

/// Why a cell is for private disclosure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withheld {
    /// By which rule.
    pub rule: EmbargoRule,
    /// What somebody could do with it.
    pub reason: String,
    /// The advisory that it is a kind of, if there is one.
    pub link: Option<String>,
}

/// By which rule a cell is for private disclosure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmbargoRule {
    /// The tool or its daemon died, or panicked.
    Crash,
    /// The corpus does not have the case, and its id is reserved.
    Reserved,
    /// An earlier version withheld it, and left a mark.
    Marked,
    /// An entry of the file names it.
    Listed,
}

/// Why a policy cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("embargo: {0}")]
pub struct PolicyError(String);

#[derive(Clone, Debug)]
struct Entry {
    case: GlobMatcher,
    kinds: Vec<OutcomeKind>,
    children: Option<Vec<String>>,
    when: When,
    reason: String,
    link: Option<String>,
}

#[derive(Clone, Debug)]
struct Disclosed {
    case: GlobMatcher,
    tool: String,
    flavour: Option<String>,
    versions: VersionRange,
    kinds: Vec<OutcomeKind>,
    /// Of crashes only those that were survived.
    survived: bool,
}

/// In which rows an entry counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum When {
    Always,
    /// Where two runtimes pick different children.
    Split,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    withhold: Vec<WithholdRow>,
    #[serde(default)]
    disclosed: Vec<DisclosedRow>,
    #[serde(default)]
    harmless: Vec<DisclosedRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WithholdRow {
    case: String,
    kinds: Vec<OutcomeKind>,
    children: Option<Vec<String>>,
    when: When,
    reason: String,
    link: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DisclosedRow {
    case: String,
    tool: String,
    flavour: Option<String>,
    versions: String,
    kinds: Vec<OutcomeKind>,
    #[expect(dead_code, reason = "it is there for those who review the file")]
    reason: String,
    #[expect(dead_code, reason = "it is there for those who review the file")]
    link: Option<String>,
}

/// The reason for withholding a crash.
const RESERVED: &str = "the corpus does not have this case";
const MARKED: &str = "an earlier version withheld it";
const CRASH: &str = "data that anyone can publish ends or disturbs a process";

impl EmbargoPolicy {
    /// Reads the text of a policy.
    ///
    /// # Errors
    /// When it has a mistake.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let file: File = toml::from_str(text).map_err(|error| PolicyError(error.to_string()))?;
        let glob = |text: &str| {
            let glob = Glob::new(text).map_err(|error| PolicyError(error.to_string()));
            glob.map(|glob| glob.compile_matcher())
        };
        let withhold = file.withhold.into_iter().map(|row| {
            Ok(Entry {
                case: glob(&row.case)?,
                kinds: row.kinds,
                children: row.children,
                when: row.when,
                reason: row.reason,
                link: row.link,
            })
        });
        let disclosed = file.disclosed.into_iter().map(|row| (row, false));
        let harmless = file.harmless.into_iter().map(|row| (row, true));
        let disclosed = disclosed.chain(harmless).map(|(row, survived)| {
            Ok(Disclosed {
                survived,
                case: glob(&row.case)?,
                tool: row.tool,
                flavour: row.flavour,
                versions: row
                    .versions
                    .parse()
                    .map_err(|error| PolicyError(format!("{error}")))?,
                kinds: row.kinds,
            })
        });
        Ok(Self {
            withhold: withhold.collect::<Result<_, _>>()?,
            disclosed: disclosed.collect::<Result<_, _>>()?,
            reserved: ReservedIds::default(),
        })
    }

    /// The same with ids that no case of the corpus has, and that nothing is published of.
    #[must_use]
    pub fn reserving(mut self, reserved: ReservedIds) -> Self {
        self.reserved = reserved;
        self
    }

    /// Whether a case is not of the corpus, and its id reserved.
    #[must_use]
    pub fn is_reserved(&self, case: &str) -> bool {
        self.reserved.has(case)
    }

    /// The one that is built into the program.
    ///
    /// # Errors
    /// When its file has a mistake.
    pub fn built_in() -> Result<&'static Self, PolicyError> {
        static POLICY: OnceLock<Result<EmbargoPolicy, PolicyError>> = OnceLock::new();
        let policy = POLICY.get_or_init(|| {
            let policy = Self::parse(include_str!("embargo.toml"))?;
            Ok(policy.reserving(ReservedIds::built_in()))
        });
        policy.as_ref().map_err(Clone::clone)
    }

    /// Whether a cell is for private disclosure, and why. `is_split` says whether two runtimes pick
    /// different children in its row, as [`Splits`](super::Splits) knows.
    #[must_use]
    pub fn withholds(&self, trial: &Trial, is_split: bool) -> Option<Withheld> {
        let by = |rule, reason: &str| Withheld {
            rule,
            reason: reason.to_owned(),
            link: None,
        };
        if self.is_reserved(&trial.case) {
            return Some(by(EmbargoRule::Reserved, RESERVED));
        }
        if is_withheld(&trial.outcome) {
            return Some(by(EmbargoRule::Marked, MARKED));
        }
        self.look(trial, &trial.outcome, is_split)
    }

    fn look(&self, trial: &Trial, outcome: &Outcome, is_split: bool) -> Option<Withheld> {
        if let Outcome::Unstable { observed } = outcome {
            let mut observed = observed.iter();
            return observed.find_map(|seen| self.look(trial, &seen.outcome, is_split));
        }
        let kind = outcome.kind();
        if self.disclosed.iter().any(|it| it.is_about(trial, outcome)) {
            return None;
        }
        if kind == OutcomeKind::Crashed {
            return Some(Withheld {
                rule: EmbargoRule::Crash,
                reason: CRASH.to_owned(),
                link: None,
            });
        }
        let entry = self.withhold.iter().find(|it| {
            it.case.is_match(&trial.case)
                && it.names(outcome)
                && match it.when {
                    When::Always => true,
                    When::Split => is_split,
                }
        })?;
        Some(Withheld {
            rule: EmbargoRule::Listed,
            reason: entry.reason.clone(),
            link: entry.link.clone(),
        })
    }

    /// The globs of all entries, each of which should find a case.
    pub fn globs(&self) -> impl Iterator<Item = &GlobMatcher> {
        let withhold = self.withhold.iter().map(|it| &it.case);
        withhold.chain(self.disclosed.iter().map(|it| &it.case))
    }
}

impl Entry {
    fn names(&self, outcome: &Outcome) -> bool {
        let child = match (&self.children, outcome) {
            (Some(children), Outcome::Picked { child, .. }) => children.contains(child),
            (Some(_), _) => false,
            (None, _) => true,
        };
        child && self.kinds.contains(&outcome.kind())
    }
}

impl Disclosed {
    fn is_about(&self, trial: &Trial, outcome: &Outcome) -> bool {
        let flavour = match self.flavour.as_deref() {
            Some("*") => true,
            flavour => flavour == trial.flavour.as_deref(),
        };
        flavour
            && self.tool == trial.tool
            && self.kinds.contains(&outcome.kind())
            && (!self.survived || outcome.is_survived_panic())
            && self.versions.contains(&trial.version)
            && self.case.is_match(&trial.case)
    }
}
