//! The arguments that several commands share.

use super::fail::{Failure, Result};
use clap::{Args, ValueEnum};
use ocipick_corpus::{Corpus, PlatformRequest, built_in_specifications};
use ocipick_reports::analysis::{
    changes::versions::FoldMode,
    conformance::{Choice, ConformanceRules, Revisions},
};
use std::path::PathBuf;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    Always,
    Never,
}

#[derive(Debug, Args)]
pub(crate) struct SelectionArgs {
    /// Only these cases, such as 'duplicates/**'
    #[arg(long = "case", value_name = "GLOB")]
    pub(crate) cases: Vec<String>,
    /// Take every index of every OCI layout below DIR as a case, in place of the built-in corpus
    #[arg(long, value_name = "DIR")]
    pub(crate) corpus: Option<PathBuf>,
    /// The platform to ask for in foreign layouts, or `default` for the tool's own
    #[arg(long, value_name = "PLATFORM", default_value = "linux/amd64")]
    pub(crate) platform: PlatformRequest,
}

#[derive(Debug, Args)]
pub(crate) struct FoldArgs {
    /// Whether a column of the matrix stands for all neighbouring versions that are alike in every
    /// row, within each source, with their number
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    fold: FoldChoice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FoldChoice {
    /// So that a table of more than 30 runtimes can be read; in others sources are not told apart
    Auto,
    Always,
    /// A column for every runtime
    Never,
}

impl FoldArgs {
    pub(crate) fn mode(&self) -> FoldMode {
        match self.fold {
            FoldChoice::Auto => FoldMode::Auto,
            FoldChoice::Always => FoldMode::Always,
            FoldChoice::Never => FoldMode::Never,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct RevisionArgs {
    /// Hold outcomes against this release of a specification, such as image-spec@1.0.2; once per
    /// specification [default: the newest release of each]
    #[arg(long = "spec", value_name = "SPECIFICATION@RELEASE")]
    choices: Vec<Choice>,
}

impl RevisionArgs {
    /// The rules of a corpus, as the revisions that were asked for have them.
    pub(crate) fn rules<'c>(&self, corpus: &'c Corpus) -> Result<ConformanceRules<'c>> {
        let specifications = built_in_specifications()?;
        let revisions = Revisions::choose(&specifications, &self.choices)
            .map_err(|error| Failure::usage(error.to_string()))?;
        Ok(ConformanceRules::new(corpus, revisions))
    }
}
