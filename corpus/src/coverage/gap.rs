//! What is missing: clauses and reports that have neither a case nor a reason to have none.

use super::Coverage;

/// A clause or report about which the corpus says nothing, or says two things.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Gap {
    /// No case exercises a clause, and none breaks it.
    #[error(
        "no case exercises the clause {0} (hint: name it in the [[clauses]] of a case, or say in corpus/untested.toml why there is none)"
    )]
    Clause(String),
    /// No case comes from a report.
    #[error(
        "no case comes from {0} (hint: name it in the `origins` of a case, or say in corpus/untested.toml why there is none)"
    )]
    Origin(String),
    /// A clause or report is listed as untested, and has a case all the same.
    #[error(
        "corpus/untested.toml lists {id}, which {case} tests (hint: take the entry out, now that there is a case)"
    )]
    Tested {
        /// The clause or report.
        id: String,
        /// One of its cases.
        case: String,
    },
}

impl Coverage<'_> {
    /// Everything that is missing, clauses first.
    #[must_use]
    pub fn gaps(&self) -> Vec<Gap> {
        let mut gaps = Vec::new();
        for clause in self.corpus.clauses() {
            let mut cases = self.exercising(clause).iter().chain(self.breaking(clause));
            let case = cases.next();
            let listed = self.untested.clauses.contains_key(&clause.id);
            match (case, listed) {
                (Some(case), true) => gaps.push(Gap::Tested {
                    id: clause.id.clone(),
                    case: case.id.to_string(),
                }),
                (None, false) => gaps.push(Gap::Clause(clause.id.clone())),
                (Some(_), false) | (None, true) => {}
            }
        }
        for origin in &self.origins {
            let cases = self.coming_from(origin);
            let listed = origin
                .ids()
                .find(|id| self.untested.origins.contains_key(*id));
            match (cases.first(), listed) {
                (Some(case), Some(id)) => gaps.push(Gap::Tested {
                    id: id.to_owned(),
                    case: case.id.to_string(),
                }),
                (None, None) => gaps.push(Gap::Origin(origin.id.clone())),
                (Some(_), None) | (None, Some(_)) => {}
            }
        }
        gaps
    }
}
