//! What is known of the cases besides their results: order, families, titles.

use ocipick_corpus::{Case, Corpus};

/// The cases of a corpus, in order, with the words that reports show about them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseBook {
    /// The families, in the order in which they are shown.
    pub families: Vec<FamilyNote>,
    /// The cases, in the order in which they are shown within their family.
    pub cases: Vec<CaseNote>,
}

/// What is known of a family.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FamilyNote {
    /// The part of its cases' ids before the last slash.
    pub id: String,
    /// What its cases have in common, in a line.
    pub title: String,
    /// The same in a few sentences.
    pub about: String,
}

/// What is known of a case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseNote {
    /// Its id.
    pub id: String,
    /// The id of its family.
    pub family: String,
    /// What the index is, in a line.
    pub title: String,
    /// Why someone should care, in a sentence.
    pub why: String,
}

impl CaseBook {
    /// All families and cases of a corpus.
    #[must_use]
    pub fn of(corpus: &Corpus) -> Self {
        let families = corpus.families().iter().map(|family| FamilyNote {
            id: family.id.clone(),
            title: family.title.clone(),
            about: family.about.clone(),
        });
        Self::new(families, corpus.cases())
    }

    /// Takes down these families and cases, in their order.
    pub fn new<'a>(
        families: impl IntoIterator<Item = FamilyNote>,
        cases: impl IntoIterator<Item = &'a Case>,
    ) -> Self {
        Self {
            families: families.into_iter().collect(),
            cases: cases.into_iter().map(CaseNote::from).collect(),
        }
    }
}

impl From<&Case> for CaseNote {
    fn from(case: &Case) -> Self {
        Self {
            id: case.id.to_string(),
            family: case.id.family().to_owned(),
            title: case.title.clone(),
            why: case.why.clone(),
        }
    }
}
