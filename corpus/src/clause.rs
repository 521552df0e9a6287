//! Clauses: what the specifications say, one statement at a time.

use crate::{
    mistake::{Mistake, MistakeKind, Report},
    value::{self, Fields, Node, wrong},
};
use std::{collections::BTreeMap, fmt};

/// A statement of a specification, in our own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Names it for ever, such as `image-spec/image-index/platform-first-match`.
    pub id: String,
    /// How strongly the specification says it.
    pub level: Level,
    /// The statement.
    pub says: String,
    /// The first release of the specification that has it; `main` where none has.
    pub since: String,
    /// Where it stands.
    pub link: String,
    /// How its wording changed, where it did.
    pub history: Option<String>,
    /// The file that holds it.
    pub source: String,
}

/// How strongly a specification says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// An absolute requirement, or a prohibition.
    Must,
    /// A recommendation.
    Should,
    /// Something that is truly optional.
    May,
    /// Said without a keyword of RFC 2119.
    Statement,
    /// Nothing is said, although somebody might look for it.
    Silent,
}

impl Level {
    const ALL: [(&str, Self); 5] = [
        ("must", Self::Must),
        ("should", Self::Should),
        ("may", Self::May),
        ("statement", Self::Statement),
        ("silent", Self::Silent),
    ];

    /// The word that stands for it in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Must => "must",
            Self::Should => "should",
            Self::May => "may",
            Self::Statement => "statement",
            Self::Silent => "silent",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Reads the clauses of several files, given as path and content.
pub(crate) fn read<'a>(
    files: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Vec<Clause>, Vec<Mistake>> {
    let mut clauses: BTreeMap<String, Clause> = BTreeMap::new();
    let mut mistakes = Vec::new();
    for (path, text) in files {
        let mut report = Report::new(path, text);
        read_file(path, text, &mut clauses, &mut report);
        mistakes.extend(report.into_mistakes());
    }
    if mistakes.is_empty() {
        Ok(clauses.into_values().collect())
    } else {
        Err(mistakes)
    }
}

fn read_file(
    path: &str,
    text: &str,
    clauses: &mut BTreeMap<String, Clause>,
    report: &mut Report<'_>,
) {
    const KEYS: &[&str] = &["id", "level", "says", "since", "link", "history"];
    let Some(table) = value::parse(text, report) else {
        return;
    };
    table.check_keys("a clause file", &["clause"], report);
    let Some(value) = table.get("clause") else {
        return;
    };
    let Node::List(items) = &value.node else {
        wrong(report, "clause", value, "a list of tables ([[clause]])");
        return;
    };
    for item in items {
        let Node::Table(table) = &item.node else {
            wrong(report, "clause", item, "a table");
            continue;
        };
        let mut fields = Fields::new(table, "[[clause]]", KEYS, report);
        let span = &item.span;
        let id = fields.required("id", span, "specification/document/statement");
        if table.get("level").is_none() {
            fields.missing("level", span, "must, should, may, statement or silent");
        }
        let level = fields.choice("level", Level::Silent, &Level::ALL);
        let clause = Clause {
            says: fields.required("says", span, "the statement, in our own words"),
            since: fields.required("since", span, "the first release that has it, or main"),
            link: fields.required("link", span, "where it stands"),
            history: fields.text("history").map(str::to_owned),
            source: path.to_owned(),
            level,
            id: id.clone(),
        };
        if let Some(earlier) = clauses.get(&id) {
            let other = earlier.source.clone();
            report.add(span, MistakeKind::IdTaken { id, other });
        } else {
            clauses.insert(id, clause);
        }
    }
}
