//! Holding outcomes against the specifications.

use super::{
    args::Revisions,
    fail::{Failure, Result},
};
use ocipick_corpus::{Corpus, built_in_specifications};
use ocipick_reports::analysis::conformance::{self, Rulebook};

/// The rules of a corpus, as the revisions that were asked for have them.
pub(crate) fn rulebook<'c>(corpus: &'c Corpus, asked: &Revisions) -> Result<Rulebook<'c>> {
    let specifications = built_in_specifications()?;
    let revisions = conformance::Revisions::choose(&specifications, &asked.choices)
        .map_err(|error| Failure::usage(error.to_string()))?;
    Ok(Rulebook::new(corpus, revisions))
}
