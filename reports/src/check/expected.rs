//! Expected failures: what is accepted for now, with a reason, and must go on happening.

use crate::versions::{VersionRange, VersionRangeError};
use globset::{Glob, GlobMatcher};
use ocipick_records::{Operation, OutcomeKind, Trial};
use serde::Deserialize;
use std::{fmt, str::FromStr};

/// The findings that do not fail the conformance trials.
#[derive(Debug, Default)]
pub struct ExpectedFailures {
    findings: Vec<ExpectedFailure>,
}

/// One of them.
#[derive(Debug)]
pub struct ExpectedFailure {
    case: GlobMatcher,
    tool: String,
    flavour: Flavours,
    versions: VersionRange,
    operation: Operation,
    shown: Shown,
    /// Why it is accepted.
    pub reason: String,
    /// Where it is discussed.
    pub link: Option<String>,
}

/// What a finding says happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Outcomes of this kind.
    Outcome(OutcomeKind),
    /// A requirement of a specification is broken, whatever the outcome is.
    Violation,
    /// A change that must not matter changes the selection.
    Selection,
}

impl FromStr for Shown {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "violates" => return Ok(Self::Violation),
            "selection" => return Ok(Self::Selection),
            _ => {}
        }
        let kind = word.parse().map(Self::Outcome);
        kind.map_err(|error| format!("{error}, violates, selection"))
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outcome(kind) => write!(f, "it was to be {kind}"),
            Self::Violation => f.write_str("it was to break a requirement"),
            Self::Selection => f.write_str("it was to be changed by what must not matter"),
        }
    }
}

/// Which flavours of a tool a finding is about.
#[derive(Debug, PartialEq, Eq)]
enum Flavours {
    /// The one without a name.
    Plain,
    /// All of them.
    Any,
    /// This one.
    Named(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    finding: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    case: String,
    tool: String,
    #[serde(default)]
    flavour: Option<String>,
    versions: String,
    #[serde(default)]
    operation: Option<String>,
    kind: String,
    reason: String,
    #[serde(default)]
    link: Option<String>,
}

/// Why the file of expected failures cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("known findings: {0}")]
pub struct ExpectedFailuresError(String);

/// How a trial stands to the expected failures.
#[derive(Debug)]
pub enum ExpectationStatus<'a> {
    /// No finding is about it.
    Unlisted,
    /// It shows what the finding says.
    Known(&'a ExpectedFailure),
    /// It no longer shows what the finding says.
    Stale(&'a ExpectedFailure),
}

impl ExpectedFailures {
    /// Reads the text of a file of expected failures.
    ///
    /// # Errors
    /// When it has a mistake, with its line where TOML knows it.
    pub fn parse(text: &str) -> Result<Self, ExpectedFailuresError> {
        let file: File =
            toml::from_str(text).map_err(|error| ExpectedFailuresError(error.to_string()))?;
        let findings = file
            .finding
            .into_iter()
            .map(ExpectedFailure::read)
            .collect::<Result<_, _>>()?;
        Ok(Self { findings })
    }

    /// How a trial stands to them; `violates` says whether it breaks a requirement of a
    /// specification. What was not measured neither confirms nor refutes anything.
    #[must_use]
    pub fn standing(&self, trial: &Trial, violates: bool) -> ExpectationStatus<'_> {
        let shows = |finding: &ExpectedFailure| match finding.shown {
            Shown::Outcome(kind) => kind == trial.outcome.kind(),
            Shown::Violation => violates,
            Shown::Selection => false,
        };
        let mut findings = self.findings.iter();
        match findings.find(|it| it.shown != Shown::Selection && it.is_about(trial)) {
            Some(finding) if shows(finding) => ExpectationStatus::Known(finding),
            Some(finding) if trial.outcome.is_measured() => ExpectationStatus::Stale(finding),
            Some(_) | None => ExpectationStatus::Unlisted,
        }
    }

    /// How the trial of a derived case stands to them, which was compared with the case that it was
    /// derived from; `changed` says whether the selection is another.
    #[must_use]
    pub fn selection(&self, derived: &Trial, changed: bool) -> ExpectationStatus<'_> {
        let mut findings = self.findings.iter();
        match findings.find(|it| it.shown == Shown::Selection && it.is_about(derived)) {
            Some(finding) if changed => ExpectationStatus::Known(finding),
            Some(finding) => ExpectationStatus::Stale(finding),
            None => ExpectationStatus::Unlisted,
        }
    }
}

impl ExpectedFailure {
    fn read(row: Row) -> Result<Self, ExpectedFailuresError> {
        let broken =
            |what: String| ExpectedFailuresError(format!("`{}` of {}: {what}", row.case, row.tool));
        Ok(Self {
            case: Glob::new(&row.case)
                .map_err(|error| broken(error.to_string()))?
                .compile_matcher(),
            flavour: match row.flavour.as_deref() {
                None => Flavours::Plain,
                Some("*") => Flavours::Any,
                Some(name) => Flavours::Named(name.to_owned()),
            },
            versions: row
                .versions
                .parse()
                .map_err(|error: VersionRangeError| broken(error.to_string()))?,
            operation: match row.operation.as_deref() {
                None => Operation::Pull,
                Some(word) => word
                    .parse()
                    .map_err(|_| broken(format!("there is no operation `{word}`")))?,
            },
            shown: row.kind.parse().map_err(&broken)?,
            reason: row.reason.clone(),
            link: row.link.clone(),
            tool: row.tool.clone(),
        })
    }

    fn is_about(&self, trial: &Trial) -> bool {
        self.tool == trial.tool
            && self.operation.as_str() == trial.operation
            && match &self.flavour {
                Flavours::Any => true,
                Flavours::Plain => trial.flavour.is_none(),
                Flavours::Named(name) => trial.flavour.as_ref() == Some(name),
            }
            && self.versions.contains(&trial.version)
            && self.case.is_match(&trial.case)
    }

    /// What the finding says happens.
    #[must_use]
    pub fn shown(&self) -> Shown {
        self.shown
    }
}

impl fmt::Display for ExpectedFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.reason)?;
        match &self.link {
            Some(link) => write!(f, " ({link})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocipick_records::{Evidence, Outcome, UnmeasuredWhy};

    fn trial(outcome: Outcome) -> Trial {
        Trial {
            case: "missing/alone".to_owned(),
            runtime: "docker@28.5.2".to_owned(),
            tool: "docker".to_owned(),
            version: "28.5.2".to_owned(),
            flavour: None,
            channel: "path".to_owned(),
            operation: "pull".to_owned(),
            platform: "linux/amd64".to_owned(),
            outcome,
            evidence: Evidence::default(),
            duration_ms: 0,
            tries: 1,
            derived: None,
        }
    }

    const FILE: &str = r#"
[[finding]]
case = "missing/*"
tool = "docker"
versions = ">=28, <29"
kind = "crashed"
reason = "it does"
"#;

    #[test]
    fn a_listed_finding_is_known_until_it_no_longer_occurs() {
        let known = ExpectedFailures::parse(FILE).unwrap();
        let crashed = trial(Outcome::Crashed {
            what: "x".to_owned(),
            survived: false,
        });
        assert!(matches!(
            known.standing(&crashed, false),
            ExpectationStatus::Known(_)
        ));
        let stale = trial(Outcome::Nothing);
        assert!(matches!(
            known.standing(&stale, false),
            ExpectationStatus::Stale(_)
        ));
        let unmeasured = trial(Outcome::Unmeasured {
            why: UnmeasuredWhy::NotStarted,
            detail: String::new(),
        });
        assert!(matches!(
            known.standing(&unmeasured, false),
            ExpectationStatus::Unlisted
        ));
    }

    #[test]
    fn a_violation_is_known_until_there_is_none() {
        let known = ExpectedFailures::parse(&FILE.replace("crashed", "violates")).unwrap();
        let refused = trial(Outcome::Nothing);
        assert!(matches!(
            known.standing(&refused, true),
            ExpectationStatus::Known(_)
        ));
        assert!(matches!(
            known.standing(&refused, false),
            ExpectationStatus::Stale(_)
        ));
    }

    #[test]
    fn other_versions_and_flavours_are_not_meant() {
        let known = ExpectedFailures::parse(FILE).unwrap();
        let mut other = trial(Outcome::Crashed {
            what: "x".to_owned(),
            survived: false,
        });
        other.version = "29.0.1".to_owned();
        assert!(matches!(
            known.standing(&other, false),
            ExpectationStatus::Unlisted
        ));
        other.version = "28.0".to_owned();
        other.flavour = Some("containerd-store".to_owned());
        assert!(matches!(
            known.standing(&other, false),
            ExpectationStatus::Unlisted
        ));
    }

    #[test]
    fn a_finding_names_one_flavour_or_all() {
        let of = |listed: &str, flavour: Option<&str>| {
            let text = format!("{FILE}flavour = \"{listed}\"\n");
            let known = ExpectedFailures::parse(&text).unwrap();
            let nothing = Trial {
                flavour: flavour.map(str::to_owned),
                ..trial(Outcome::Nothing)
            };
            !matches!(known.standing(&nothing, false), ExpectationStatus::Unlisted)
        };
        assert!(of("snapshotter", Some("snapshotter")));
        assert!(!of("snapshotter", Some("other")) && !of("snapshotter", None));
        assert!(of("*", Some("other")) && of("*", None));
    }

    #[test]
    fn a_finding_is_about_pulls_or_about_the_operation_that_it_names() {
        let known = ExpectedFailures::parse(FILE).unwrap();
        let import = Trial {
            operation: "import".to_owned(),
            ..trial(Outcome::Nothing)
        };
        assert!(matches!(
            known.standing(&import, false),
            ExpectationStatus::Unlisted
        ));
        let named = FILE.to_owned() + "operation = \"import\"\n";
        let known = ExpectedFailures::parse(&named).unwrap();
        assert!(matches!(
            known.standing(&import, false),
            ExpectationStatus::Stale(_)
        ));
        let pull = trial(Outcome::Nothing);
        assert!(matches!(
            known.standing(&pull, false),
            ExpectationStatus::Unlisted
        ));
        let wrong = named.replace("\"import\"", "\"export\"");
        let error = ExpectedFailures::parse(&wrong).unwrap_err().to_string();
        assert!(error.contains("no operation `export`"), "{error}");
    }

    #[test]
    fn mistakes_are_named() {
        let broken = FILE.replace("crashed", "exploded");
        assert!(
            ExpectedFailures::parse(&broken)
                .unwrap_err()
                .to_string()
                .contains("`exploded`")
        );
        let unknown = FILE.replace("reason", "because");
        assert!(
            ExpectedFailures::parse(&unknown)
                .unwrap_err()
                .to_string()
                .contains("unknown field")
        );
    }

    #[test]
    fn changes_of_the_selection_are_a_kind_of_their_own() {
        let known = ExpectedFailures::parse(
            "[[finding]]\ncase = \"a/*~warm-store\"\ntool = \"docker\"\nversions = \"*\"\n\
             kind = \"selection\"\nreason = \"r\"\n",
        )
        .unwrap();
        let named = |case: &str| Trial {
            case: case.to_owned(),
            ..trial(Outcome::Nothing)
        };
        let derived = named("a/b~warm-store");
        let of = |changed| known.selection(&derived, changed);
        assert!(matches!(of(true), ExpectationStatus::Known(_)));
        assert!(matches!(of(false), ExpectationStatus::Stale(_)));
        let other = named("a/b~index-annotation");
        assert!(matches!(
            known.selection(&other, true),
            ExpectationStatus::Unlisted
        ));
        assert!(matches!(
            known.standing(&derived, true),
            ExpectationStatus::Unlisted
        ));
    }
}
