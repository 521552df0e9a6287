//! Holding outcomes against the specifications.

use super::{
    args::RevisionArgs,
    fail::{Failure, Result},
};
use ocipick_corpus::{Corpus, built_in_specifications};
use ocipick_reports::analysis::conformance::{self, ConformanceRules};

/// The rules of a corpus, as the revisions that were asked for have them.
pub(crate) fn rules<'c>(corpus: &'c Corpus, asked: &RevisionArgs) -> Result<ConformanceRules<'c>> {
    let specifications = built_in_specifications()?;
    let revisions = conformance::Revisions::choose(&specifications, &asked.choices)
        .map_err(|error| Failure::usage(error.to_string()))?;
    Ok(ConformanceRules::new(corpus, revisions))
}
