//! Outcomes: what the evidence of a trial amounts to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// What the evidence of one trial amounts to.
///
/// It says what was observed, and nothing about whether that is right: a refusal can be what the
/// specification asks for, and a pick can be what it forbids. `kind` is one of [`OutcomeKind`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Outcome {
    /// The tool succeeded; what it reports and what is materialised name one child, which was
    /// fetched in this trial.
    Picked {
        /// Name of the child in the case.
        child: String,
        /// Digest of the manifest of that child.
        digest: String,
    },
    /// The tool exited with an error, and is still healthy. A crash is never a refusal.
    Refused {
        /// Why, from a closed list.
        reason: RefusalReason,
        /// The tool's own words.
        message: String,
    },
    /// The tool reported success, and left nothing usable.
    Nothing,
    /// The evidence contradicts itself: the tool reports one child and has another, the child was
    /// never fetched, or two children are kept for the one platform.
    Mixed {
        /// The children that the evidence names, in the order of their names.
        children: Vec<String>,
        /// The digests of their manifests, in the same order.
        digests: Vec<String>,
    },
    /// The tool or its daemon died of a signal or a panic of its own, or panicked and lives on.
    Crashed {
        /// What died or panicked, and its first words.
        what: String,
        /// Whether what panicked recovered by itself and lives on: only the request was lost. Such a
        /// fault is never called a death.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        survived: bool,
    },
    /// The tool did not end within its deadline.
    TimedOut {
        /// The deadline, in milliseconds.
        after_ms: u64,
    },
    /// Repeated trials of this cell differ although the controls hold. It is never counted as any
    /// one of the outcomes observed.
    Unstable {
        /// Every outcome seen, with its count.
        observed: Vec<Observed>,
    },
    /// The harness could not measure. Never a pass, never a failure.
    Unmeasured {
        /// Why.
        why: UnmeasuredWhy,
        /// The details, for a person.
        detail: String,
    },
}

/// How [`Outcome::Crashed`] is put into words where what panicked lives on.
pub const SURVIVED: &str = "panicked, lives on";

/// One of several outcomes of an unstable cell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Observed {
    /// The outcome.
    pub outcome: Box<Outcome>,
    /// How often it was seen.
    pub count: u32,
}

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every value, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The stable word for it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text).ok_or_else(|| {
                    UnknownWord {
                        text: text.to_owned(),
                        known: Self::ALL.iter().map(|value| value.as_str()).collect(),
                    }
                })
            }
        }
    };
}

words! {
    /// Why a tool refused.
    RefusalReason {
        /// No entry matches the platform asked for.
        NoMatch = "no-match",
        /// The entry is itself an index, which the tool does not follow.
        NestedUnsupported = "nested-unsupported",
        /// A media type that the tool does not take.
        MediaType = "media-type",
        /// Content that is not where the tool looked for it: the registry does not have it, or a
        /// place that its urls name does not answer.
        MissingContent = "missing-content",
        /// The content is not as long as its descriptor, or the response that carries it, says.
        SizeMismatch = "size-mismatch",
        /// The content does not hash to its digest.
        DigestMismatch = "digest-mismatch",
        /// More than one answer, and the tool will not choose.
        Ambiguous = "ambiguous",
        /// A document that the tool cannot read.
        Malformed = "malformed",
        /// The picked image is not for the platform that its entry claims.
        PlatformMismatch = "platform-mismatch",
        /// A layer that the tool cannot unpack: it is no archive, or not compressed as its type
        /// says.
        UnreadableLayer = "unreadable-layer",
        /// The document is larger, or has more entries, than the tool reads.
        TooLarge = "too-large",
        /// The tool chose what it had not fetched: it fetches by one choice, and unpacks by another.
        NotFetched = "not-fetched",
        /// The registry answered that the client may not have it: 401 or 403.
        Denied = "denied",
        /// The registry answered that the client asks too often: 429.
        RateLimited = "rate-limited",
        /// The registry answered that it failed itself: 5xx.
        ServerError = "server-error",
        /// Any other refusal.
        Other = "other",
        /// A reason that came with a later version than the one that reads it. No run writes this.
        Unknown = "unknown",
    }
}

words! {
    /// Why a trial was not measured.
    UnmeasuredWhy {
        /// The tool is not there.
        NotInstalled = "not-installed",
        /// This version or flavour does not support the operation.
        Unsupported = "unsupported",
        /// The runtime failed one of the two controls, so nothing it says counts.
        ControlsFailed = "controls-failed",
        /// Its daemon did not start.
        NotStarted = "not-started",
        /// Some kind of evidence could not be had.
        EvidenceMissing = "evidence-missing",
        /// The machine or the harness failed: no space, no connection, no permission.
        HarnessTrouble = "harness-trouble",
        /// The run was interrupted before this trial ended.
        Interrupted = "interrupted",
        /// It was measured, and is left out of what is published: it is for private disclosure
        /// first. No run writes this.
        Withheld = "withheld",
        /// Its outcome, or why there is none, came with a later version than the one that reads it.
        /// No run writes this.
        Unknown = "unknown",
    }
}

words! {
    /// The kinds of outcome.
    OutcomeKind {
        /// See [`Outcome::Picked`].
        Picked = "picked",
        /// See [`Outcome::Refused`].
        Refused = "refused",
        /// See [`Outcome::Nothing`].
        Nothing = "nothing",
        /// See [`Outcome::Mixed`].
        Mixed = "mixed",
        /// See [`Outcome::Crashed`].
        Crashed = "crashed",
        /// See [`Outcome::TimedOut`].
        TimedOut = "timed-out",
        /// See [`Outcome::Unstable`].
        Unstable = "unstable",
        /// See [`Outcome::Unmeasured`].
        Unmeasured = "unmeasured",
    }
}

words! {
    /// Which cells of a run are tried more than once.
    RepeatedCells {
        /// Every cell.
        Every = "every",
        /// The cells of rows that split, and cells that are neither a pick nor unmeasured.
        Splits = "splits",
        /// The cells of a build of somebody's own that differ from those of what it is held against, and those of
        /// that.
        Differences = "differences",
    }
}

/// A word that is not in a closed list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not one of {}", known.join(", "))]
pub struct UnknownWord {
    text: String,
    known: Vec<&'static str>,
}

/// What outcomes have in common, as far as every grouping of them goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutcomeClass {
    /// An image was taken.
    Pick,
    /// The tool refused.
    Refusal,
    /// No usable image, and no error that says so: nothing, mixed, crashed, timed out.
    NoAnswer,
    /// Another answer each time.
    Unstable,
    /// Nothing was measured.
    Unmeasured,
}

impl RefusalReason {
    /// Every reason that says what the refusal is about, so that clauses can name it.
    pub fn telling() -> impl Iterator<Item = Self> + Clone {
        Self::ALL.iter().copied().filter(|reason| reason.tells())
    }

    /// Whether it says what the refusal is about.
    #[must_use]
    pub fn tells(self) -> bool {
        !matches!(self, Self::Other | Self::Unknown)
    }
}

impl Outcome {
    /// What it has in common with others.
    #[must_use]
    pub fn class(&self) -> OutcomeClass {
        match self {
            Self::Picked { .. } => OutcomeClass::Pick,
            Self::Refused { .. } => OutcomeClass::Refusal,
            Self::Nothing | Self::Mixed { .. } | Self::Crashed { .. } | Self::TimedOut { .. } => {
                OutcomeClass::NoAnswer
            }
            Self::Unstable { .. } => OutcomeClass::Unstable,
            Self::Unmeasured { .. } => OutcomeClass::Unmeasured,
        }
    }

    /// Which kind of outcome this is.
    #[must_use]
    pub fn kind(&self) -> OutcomeKind {
        match self {
            Self::Picked { .. } => OutcomeKind::Picked,
            Self::Refused { .. } => OutcomeKind::Refused,
            Self::Nothing => OutcomeKind::Nothing,
            Self::Mixed { .. } => OutcomeKind::Mixed,
            Self::Crashed { .. } => OutcomeKind::Crashed,
            Self::TimedOut { .. } => OutcomeKind::TimedOut,
            Self::Unstable { .. } => OutcomeKind::Unstable,
            Self::Unmeasured { .. } => OutcomeKind::Unmeasured,
        }
    }

    /// Whether a panic was recovered by what panicked, which lives on.
    #[must_use]
    pub fn is_survived_panic(&self) -> bool {
        matches!(self, Self::Crashed { survived: true, .. })
    }

    /// Whether anything was measured at all.
    #[must_use]
    pub fn is_measured(&self) -> bool {
        self.class() != OutcomeClass::Unmeasured
    }

    /// Whether trouble kept it from being measured, so that another attempt may bring what this one
    /// did not. What a tool cannot be asked is no trouble.
    #[must_use]
    pub fn is_trouble(&self) -> bool {
        match self {
            Self::Unmeasured { why, .. } => match why {
                UnmeasuredWhy::Unsupported
                | UnmeasuredWhy::NotInstalled
                | UnmeasuredWhy::Withheld => false,
                UnmeasuredWhy::ControlsFailed
                | UnmeasuredWhy::NotStarted
                | UnmeasuredWhy::EvidenceMissing
                | UnmeasuredWhy::HarnessTrouble
                | UnmeasuredWhy::Unknown
                | UnmeasuredWhy::Interrupted => true,
            },
            Self::Picked { .. }
            | Self::Refused { .. }
            | Self::Nothing
            | Self::Mixed { .. }
            | Self::Crashed { .. }
            | Self::TimedOut { .. }
            | Self::Unstable { .. } => false,
        }
    }

    /// Whether two tools did the same, leaving aside how they worded it: the same child
    /// picked, the same reason for refusing, the same kind of failure.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        // By field, because a child may be named `nothing` or `crashed`, and because a matrix
        // asks this of every pair of its cells.
        match (self, other) {
            (Self::Picked { child, .. }, Self::Picked { child: theirs, .. }) => child == theirs,
            (Self::Refused { reason, .. }, Self::Refused { reason: theirs, .. }) => {
                reason == theirs
            }
            (
                Self::Mixed { children, .. },
                Self::Mixed {
                    children: theirs, ..
                },
            ) => children == theirs,
            (Self::Unmeasured { why, .. }, Self::Unmeasured { why: theirs, .. }) => why == theirs,
            (Self::Unstable { .. }, Self::Unstable { .. }) => self.gist() == other.gist(),
            (
                Self::Crashed { survived, .. },
                Self::Crashed {
                    survived: theirs, ..
                },
            ) => survived == theirs,
            (Self::Nothing, Self::Nothing) | (Self::TimedOut { .. }, Self::TimedOut { .. }) => true,
            (
                Self::Picked { .. }
                | Self::Refused { .. }
                | Self::Nothing
                | Self::Mixed { .. }
                | Self::Crashed { .. }
                | Self::TimedOut { .. }
                | Self::Unstable { .. }
                | Self::Unmeasured { .. },
                _,
            ) => false,
        }
    }

    /// The outcome in a few words, without what differs from run to run. Outcomes of one kind
    /// with equal gists agree.
    #[must_use]
    pub fn gist(&self) -> String {
        match self {
            Self::Picked { child, .. } => child.clone(),
            Self::Refused { reason, .. } => format!("refused: {reason}"),
            Self::Nothing => "nothing".to_owned(),
            Self::Mixed { children, .. } => format!("mixed: {}", children.join(" + ")),
            Self::Crashed {
                survived: false, ..
            } => "crashed".to_owned(),
            Self::Crashed { survived: true, .. } => SURVIVED.to_owned(),
            Self::TimedOut { .. } => "timed out".to_owned(),
            Self::Unstable { observed } => {
                // In the order of their words: which of them came first is chance.
                let gists: BTreeSet<String> =
                    observed.iter().map(|seen| seen.outcome.gist()).collect();
                let gists: Vec<String> = gists.into_iter().collect();
                format!("unstable: {}", gists.join(" | "))
            }
            Self::Unmeasured { why, .. } => format!("unmeasured: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_that_say_nothing_are_not_for_clauses() {
        let silent = RefusalReason::ALL.iter().filter(|it| !it.tells());
        assert_eq!(
            silent.collect::<Vec<_>>(),
            [&RefusalReason::Other, &RefusalReason::Unknown]
        );
        assert_eq!(
            RefusalReason::telling().count() + 2,
            RefusalReason::ALL.len()
        );
    }

    #[test]
    fn words_read_back_and_nothing_else_does() {
        for reason in RefusalReason::ALL {
            assert_eq!(reason.as_str().parse(), Ok(*reason));
        }
        for why in UnmeasuredWhy::ALL {
            assert_eq!(why.as_str().parse(), Ok(*why));
        }
        for kind in OutcomeKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
        assert!("pleasedonotaddthis".parse::<RefusalReason>().is_err());
    }

    #[test]
    fn outcomes_are_written_as_contracted() {
        let written = |outcome: &Outcome| serde_json::to_string(outcome).unwrap();
        assert_eq!(
            written(&Outcome::Picked {
                child: "first".into(),
                digest: "sha256:aa".into()
            }),
            r#"{"kind":"picked","child":"first","digest":"sha256:aa"}"#
        );
        assert_eq!(
            written(&Outcome::Refused {
                reason: RefusalReason::NoMatch,
                message: "no".into()
            }),
            r#"{"kind":"refused","reason":"no-match","message":"no"}"#
        );
        assert_eq!(written(&Outcome::Nothing), r#"{"kind":"nothing"}"#);
        assert_eq!(
            written(&Outcome::TimedOut { after_ms: 5 }),
            r#"{"kind":"timed-out","after_ms":5}"#
        );
    }

    #[test]
    fn a_panic_that_was_survived_is_no_death() {
        let crashed = |survived| Outcome::Crashed {
            what: "panic".into(),
            survived,
        };
        let (death, panic) = (crashed(false), crashed(true));
        assert_eq!(death.kind(), panic.kind());
        assert!(panic.agrees_with(&crashed(true)) && death.agrees_with(&crashed(false)));
        assert!(!panic.agrees_with(&death) && !death.agrees_with(&panic));
        assert_ne!(death.gist(), panic.gist());
        // As it was written before there was a difference.
        let old = r#"{"kind":"crashed","what":"panic"}"#;
        assert_eq!(serde_json::from_str::<Outcome>(old).unwrap(), death);
        assert_eq!(serde_json::to_string(&death).unwrap(), old);
        let new = serde_json::to_string(&panic).unwrap();
        assert_eq!(new, r#"{"kind":"crashed","what":"panic","survived":true}"#);
        assert_eq!(serde_json::from_str::<Outcome>(&new).unwrap(), panic);
    }

    #[test]
    fn refusals_agree_by_reason_and_not_by_wording() {
        let refused = |reason, message: &str| Outcome::Refused {
            reason,
            message: message.into(),
        };
        let left = refused(RefusalReason::NoMatch, "no matching manifest");
        assert!(left.agrees_with(&refused(RefusalReason::NoMatch, "no image found")));
        assert!(!left.agrees_with(&refused(RefusalReason::Malformed, "no matching manifest")));
    }

    #[test]
    fn a_child_named_like_a_failure_is_still_a_pick() {
        let picked = |child: &str| Outcome::Picked {
            child: child.into(),
            digest: "sha256:aa".into(),
        };
        assert!(!picked("nothing").agrees_with(&Outcome::Nothing));
        assert!(!picked("timed out").agrees_with(&Outcome::TimedOut { after_ms: 1 }));
    }

    #[test]
    fn unstable_cells_agree_whatever_came_first() {
        let seen = |outcome: Outcome, count| Observed {
            outcome: Box::new(outcome),
            count,
        };
        let unstable = |observed| Outcome::Unstable { observed };
        let hang = Outcome::TimedOut { after_ms: 9 };
        let left = unstable(vec![seen(Outcome::Nothing, 2), seen(hang.clone(), 1)]);
        let right = unstable(vec![seen(hang, 4), seen(Outcome::Nothing, 1)]);
        assert!(left.agrees_with(&right));
    }
}
