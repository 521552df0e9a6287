//! What commands print about the corpus.

use ocipick_corpus::{
    Case, Digest, digest_of_content,
    lint::{Consequence, Violation},
};
use schemars::JsonSchema;
use serde::Serialize;
use std::{collections::BTreeMap, path::Path, str};

const CASES: &str = "ocipick.cases/1";
const SHOW: &str = "ocipick.show/1";
const BUILD: &str = "ocipick.corpus-build/1";
const CHECK: &str = "ocipick.check/1";
const PUSH: &str = "ocipick.corpus-push/1";
const SERVE: &str = "ocipick.serve/1";

/// The cases that were asked for.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CaseList<'a> {
    /// Always `ocipick.cases/1`.
    #[schemars(extend("const" = CASES))]
    schema: &'static str,
    /// The cases, in the order of the corpus.
    cases: Vec<CaseOutline<'a>>,
}

/// A case without its bytes.
#[derive(Debug, Serialize, JsonSchema)]
struct CaseOutline<'a> {
    /// Its id, `family/name`.
    id: &'a str,
    family: &'a str,
    /// What the index is, in a line.
    title: &'a str,
    /// Why someone should care, in a sentence.
    why: &'a str,
    /// The platforms that are asked for, or `default`.
    asks: Vec<String>,
    /// The reports that it comes from.
    origins: &'a [String],
    /// A short digest of all that tools can see of it.
    content: String,
}

/// A case in full.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CaseInFull<'a> {
    /// Always `ocipick.show/1`.
    #[schemars(extend("const" = SHOW))]
    schema: &'static str,
    #[serde(flatten)]
    outline: CaseOutline<'a>,
    index: IndexRecord<'a>,
    children: Vec<ChildRecord<'a>>,
    clauses: Vec<ClauseRecord<'a>>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct IndexRecord<'a> {
    digest: &'a str,
    /// The media type that it is served as.
    media_type: &'a str,
    /// How many bytes.
    size: usize,
    /// The bytes, where they are text.
    text: Option<&'a str>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ChildRecord<'a> {
    name: &'a str,
    /// Digest of its manifest.
    manifest: &'a str,
    /// Digest of its configuration, where it has one.
    config: Option<&'a str>,
    /// The platform that it is for, where it is for one.
    platform: Option<String>,
    /// Whether the registry has it.
    served: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ClauseRecord<'a> {
    id: &'a str,
    /// For each thing that is asked for, the outcomes that satisfy the clause.
    satisfied_by: BTreeMap<String, Vec<String>>,
}

impl<'a> CaseOutline<'a> {
    fn of(case: &'a Case) -> Self {
        Self {
            id: case.id.as_str(),
            family: case.id.family(),
            title: &case.title,
            why: &case.why,
            asks: asks(case),
            origins: &case.origins,
            content: digest_of_content(case),
        }
    }
}

fn asks(case: &Case) -> Vec<String> {
    case.asks.iter().map(ToString::to_string).collect()
}

impl<'a> CaseList<'a> {
    /// These cases.
    pub fn of(cases: impl IntoIterator<Item = &'a Case>) -> Self {
        Self {
            schema: CASES,
            cases: cases.into_iter().map(CaseOutline::of).collect(),
        }
    }
}

impl<'a> CaseInFull<'a> {
    /// This case.
    #[must_use]
    pub fn of(case: &'a Case) -> Self {
        let children = case.children.iter().map(|child| ChildRecord {
            name: &child.name,
            manifest: child.manifest.as_str(),
            config: child.config.as_ref().map(Digest::as_str),
            platform: child.platform.as_ref().map(ToString::to_string),
            served: child.served,
        });
        let clauses = case.clauses.iter().map(|used| {
            let satisfied_by = used.satisfied_by.iter().map(|(ask, by)| {
                let by = by.iter().map(ToString::to_string);
                (ask.to_string(), by.collect())
            });
            ClauseRecord {
                id: &used.id,
                satisfied_by: satisfied_by.collect(),
            }
        });
        Self {
            schema: SHOW,
            outline: CaseOutline::of(case),
            index: IndexRecord {
                digest: case.index.digest.as_str(),
                media_type: &case.index.media_type,
                size: case.index.bytes.len(),
                text: str::from_utf8(&case.index.bytes).ok(),
            },
            children: children.collect(),
            clauses: clauses.collect(),
        }
    }
}

/// What was written as OCI layouts.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BuiltCorpus<'a> {
    /// Always `ocipick.corpus-build/1`.
    #[schemars(extend("const" = BUILD))]
    schema: &'static str,
    /// The directory.
    dir: String,
    /// Ids of the cases.
    cases: Vec<&'a str>,
}

impl<'a> BuiltCorpus<'a> {
    /// These cases in this directory.
    pub fn of(dir: &Path, cases: impl IntoIterator<Item = &'a Case>) -> Self {
        let cases = cases.into_iter().map(|case| case.id.as_str());
        Self {
            schema: BUILD,
            dir: dir.to_string_lossy().into_owned(),
            cases: cases.collect(),
        }
    }
}

/// What became of a case that a registry was to take: it has a reference, or was refused.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PushedCase<'a> {
    /// Always `ocipick.corpus-push/1`.
    #[schemars(extend("const" = PUSH))]
    schema: &'static str,
    /// Id of the case.
    case: &'a str,
    /// Where the registry has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    /// What was refused, and how.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<&'a str>,
}

impl<'a> PushedCase<'a> {
    /// A case that the registry has.
    #[must_use]
    pub fn accepted(case: &'a Case, reference: &'a str) -> Self {
        Self {
            schema: PUSH,
            case: case.id.as_str(),
            reference: Some(reference),
            refused: None,
        }
    }

    /// A case that the registry does not have whole.
    #[must_use]
    pub fn refused(case: &'a Case, words: &'a str) -> Self {
        Self {
            schema: PUSH,
            case: case.id.as_str(),
            reference: None,
            refused: Some(words),
        }
    }
}

/// Where cases can be pulled from.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ServedReferences<'a> {
    /// Always `ocipick.serve/1`.
    #[schemars(extend("const" = SERVE))]
    schema: &'static str,
    references: Vec<ServedReference<'a>>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ServedReference<'a> {
    /// Id of the case.
    case: &'a str,
    /// What to pull.
    reference: String,
    /// The platforms to ask for, or `default`.
    asks: Vec<String>,
}

impl<'a> ServedReferences<'a> {
    /// Cases, each with its reference.
    pub fn of(served: impl IntoIterator<Item = (&'a Case, String)>) -> Self {
        let references = served.into_iter().map(|(case, reference)| ServedReference {
            case: case.id.as_str(),
            reference,
            asks: asks(case),
        });
        Self {
            schema: SERVE,
            references: references.collect(),
        }
    }
}

/// What is wrong with recipes and layouts, and which clauses each case breaks itself.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CheckedCorpus<'a> {
    /// Always `ocipick.check/1`.
    #[schemars(extend("const" = CHECK))]
    schema: &'static str,
    /// Every case, and every layout that cannot be one.
    cases: Vec<CheckedCaseRecord<'a>>,
    /// What keeps recipes and layouts from being cases, for people.
    mistakes: &'a [String],
}

/// A case, or a layout that cannot be one.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CheckedCaseRecord<'a> {
    case: &'a str,
    source: &'a str,
    /// How many manifests that entries of a layout lead to are not in it; null where that is not
    /// known, and for recipes, which leave out on purpose.
    absent: Option<usize>,
    /// The gravest of what its violations mean; null where there are none.
    consequence: Option<&'a str>,
    breaches: Vec<BreachRecord<'a>>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct BreachRecord<'a> {
    clause: &'a str,
    level: &'a str,
    since: &'a str,
    consequence: &'a str,
    document: DocumentRecord<'a>,
    place: &'a str,
    what: &'a str,
}

#[derive(Debug, Serialize, JsonSchema)]
struct DocumentRecord<'a> {
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

impl<'a> CheckedCorpus<'a> {
    /// These cases and mistakes.
    pub fn of(
        cases: impl IntoIterator<Item = CheckedCaseRecord<'a>>,
        mistakes: &'a [String],
    ) -> Self {
        Self {
            schema: CHECK,
            cases: cases.into_iter().collect(),
            mistakes,
        }
    }
}

impl<'a> CheckedCaseRecord<'a> {
    /// A case with the clauses that it breaks, and how many manifests of its layout are absent.
    #[must_use]
    pub fn of(
        case: &'a str,
        source: &'a str,
        breaches: &'a [Violation],
        absent: Option<usize>,
    ) -> Self {
        Self {
            case,
            source,
            absent,
            consequence: Consequence::of(breaches).map(Consequence::as_str),
            breaches: breaches.iter().map(BreachRecord::of).collect(),
        }
    }
}

impl<'a> BreachRecord<'a> {
    fn of(breach: &'a Violation) -> Self {
        Self {
            clause: breach.clause,
            level: breach.level.as_str(),
            since: breach.since,
            consequence: breach.consequence.as_str(),
            document: DocumentRecord {
                kind: breach.document.kind(),
                name: breach.document.name(),
            },
            place: &breach.place,
            what: &breach.what,
        }
    }
}
