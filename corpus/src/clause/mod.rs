//! Clauses: what the specifications say, one statement at a time, and since when.

mod read;
mod specification;

pub(crate) use read::{Read, read, refusals};
pub use specification::{Release, Specification};

use ocipick_records::RefusalReason;
use std::collections::BTreeSet;

/// A statement of a specification, in our own words, with what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Names it for ever, such as `image-spec/image-index/platform-first-match`. Its first part is
    /// the specification.
    pub id: String,
    /// What it says, and what it said before: oldest first, and never empty.
    pub wordings: Vec<Wording>,
    /// The reasons for which a tool that refuses breaks it. For any other reason a refusal is
    /// about something else.
    pub breached_by: BTreeSet<RefusalReason>,
    /// How its wording changed, where that takes more words.
    pub history: Option<String>,
    /// Why it can be disputed that a tool breaks it, where its words can be read in two ways.
    pub arguable: Option<String>,
    /// The file that holds it.
    pub source: String,
}

/// What a clause says from one release on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    /// The first release that has it; `main` where none has yet.
    pub since: Release,
    /// The first release that no longer has it, where there is one.
    pub until: Option<Release>,
    /// How strongly the specification says it.
    pub level: Level,
    /// The statement.
    pub says: String,
    /// Where it stands.
    pub link: String,
    /// Names what it asks for, where that is something else than what the newest wording asks
    /// for, so that cases can say which outcomes satisfy it.
    pub demand: Option<String>,
}

impl Clause {
    /// The id of its specification.
    #[must_use]
    pub fn specification(&self) -> &str {
        specification_of(&self.id)
    }

    /// What it says in this release of its specification; nothing where that does not have it.
    #[must_use]
    pub fn as_of(&self, release: &Release) -> Option<&Wording> {
        self.wordings
            .iter()
            .find(|wording| wording.holds_in(release))
    }

    /// The last thing it said, be that in a release or, where none has it, after all of them.
    ///
    /// # Panics
    ///
    /// Never: there is at least one wording.
    #[must_use]
    pub fn newest(&self) -> &Wording {
        let mut wordings = self.wordings.iter().rev();
        wordings
            .find(|wording| !wording.since.is_main())
            .or_else(|| self.wordings.last())
            .expect("a clause is read with a wording")
    }

    /// The names of what it asked for before.
    pub fn demands(&self) -> impl Iterator<Item = &str> {
        self.wordings
            .iter()
            .filter_map(|wording| wording.demand.as_deref())
    }
}

impl Wording {
    /// Whether a release has it.
    #[must_use]
    pub fn holds_in(&self, release: &Release) -> bool {
        self.since <= *release && self.until.as_ref().is_none_or(|until| release < until)
    }
}

/// The specification that an id of a clause belongs to.
pub(crate) fn specification_of(id: &str) -> &str {
    id.split_once('/')
        .map_or(id, |(specification, _)| specification)
}

/// How strongly a specification says something.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::Display,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(serialize_all = "kebab-case")]
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
    /// The word that stands for it in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{built_in_clauses, built_in_specifications};

    fn said(id: &str, release: &str) -> Option<(Level, Option<String>)> {
        let specifications = built_in_specifications().unwrap();
        let clauses = built_in_clauses().unwrap();
        let clause = clauses.iter().find(|clause| clause.id == id).unwrap();
        let specification = specifications
            .iter()
            .find(|specification| specification.id == clause.specification())
            .unwrap();
        let wording = clause.as_of(&specification.release(release).unwrap())?;
        Some((wording.level, wording.demand.clone()))
    }

    #[test]
    fn what_a_clause_said_depends_on_the_release() {
        let unknown = |release| said("image-spec/image-index/child-mt-unknown", release);
        let ignored = || Some("ignored".to_owned());
        assert_eq!(unknown("1.0.0"), Some((Level::Should, ignored())));
        assert_eq!(unknown("1.0.2"), Some((Level::Should, ignored())));
        assert_eq!(unknown("1.1.0-rc1"), Some((Level::Must, ignored())));
        assert_eq!(unknown("1.1.0-rc3"), Some((Level::Must, ignored())));
        assert_eq!(unknown("1.1.0-rc4"), Some((Level::Must, None)));
        assert_eq!(unknown("main"), Some((Level::Must, None)));
        let first = |release| said("image-spec/image-index/platform-first-match", release);
        assert_eq!(first("1.0.2"), None);
        assert_eq!(first("1.1.0-rc1"), Some((Level::Should, None)));
        let arm = |release| said("image-spec/image-index/variant-table-arm", release);
        assert_eq!(arm("1.1.0"), Some((Level::Should, None)));
        assert_eq!(arm("1.1.1"), None, "replaced by the wider table");
        let header = |release| said("distribution-spec/pull/dcd-header", release);
        assert_eq!(header("1.1.1"), Some((Level::Should, None)));
        assert_eq!(header("main"), Some((Level::Must, None)));
    }

    #[test]
    fn the_newest_wording_is_one_that_was_released_if_any_was() {
        let clauses = built_in_clauses().unwrap();
        let level = |id: &str| {
            let clause = clauses.iter().find(|clause| clause.id == id).unwrap();
            (
                clause.newest().level,
                clause.newest().since.name().to_owned(),
            )
        };
        assert_eq!(
            level("distribution-spec/pull/dcd-header"),
            (Level::Should, "1.0.0".to_owned())
        );
        assert_eq!(
            level("image-spec/descriptor/size-nonneg"),
            (Level::Must, "main".to_owned())
        );
    }
}
