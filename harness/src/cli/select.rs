//! Which cases and runtimes were asked for.

use super::{
    args::Selection,
    fail::{Failure, Result},
};
use globset::{Glob, GlobSet, GlobSetBuilder};
use ocipick::fleet::Fleet;
use ocipick_adapters::Runtime;
use ocipick_corpus::{Case, Corpus};
use ocipick_reports::results::CorpusStamp;
use std::sync::Arc;

/// A corpus, and the cases of it that were asked for.
pub(crate) struct Selected {
    pub(crate) corpus: Corpus,
    pub(crate) cases: Vec<Arc<Case>>,
    /// `built-in`, or the directory given.
    pub(crate) source: String,
}

/// Reads the corpus and picks the cases that were asked for.
pub(crate) fn cases(selection: &Selection) -> Result<Selected> {
    let (corpus, source) = match &selection.corpus {
        None => (Corpus::built_in()?, CorpusStamp::BUILT_IN.to_owned()),
        Some(dir) => (
            Corpus::foreign(dir, &selection.platform)?,
            dir.to_string_lossy().into_owned(),
        ),
    };
    let ids: Vec<&str> = corpus.cases().iter().map(|case| case.id.as_str()).collect();
    let globs = globs("--case", &selection.cases, &ids, &[])?;
    let cases = corpus
        .cases()
        .iter()
        .filter(|case| {
            globs
                .as_ref()
                .is_none_or(|globs| globs.is_match(case.id.as_str()))
        })
        .map(|case| Arc::new(case.clone()))
        .collect();
    Ok(Selected {
        corpus,
        cases,
        source,
    })
}

/// Picks the runtimes that were asked for.
pub(crate) fn runtimes(fleet: &Fleet, patterns: &[String]) -> Result<Vec<Runtime>> {
    if patterns.is_empty() {
        return Ok(fleet.runtimes.clone());
    }
    let ids: Vec<String> = fleet.runtimes.iter().map(Runtime::id).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    // A tool that is not there is not a glob that is wrong.
    let missing: Vec<String> = fleet
        .missing
        .iter()
        .map(|missing| format!("{}@", missing.tool))
        .collect();
    let globs = globs("--runtime", patterns, &ids, &missing)?;
    Ok(fleet
        .runtimes
        .iter()
        .filter(|runtime| {
            globs
                .as_ref()
                .is_none_or(|globs| globs.is_match(runtime.id()))
        })
        .cloned()
        .collect())
}

/// Makes a matcher of globs, each of which must match something that is known, or begin like
/// something that is known to be absent.
fn globs(
    option: &str,
    patterns: &[String],
    known: &[&str],
    absent: &[String],
) -> Result<Option<GlobSet>> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let mut builder = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = Glob::new(pattern)
            .map_err(|error| Failure::usage(format!("{option} {pattern}: {error}")))?;
        let matcher = glob.compile_matcher();
        let is_absent = absent
            .iter()
            .any(|start| pattern.starts_with(start.as_str()));
        if !is_absent && !known.iter().any(|name| matcher.is_match(name)) {
            return Err(Failure::usage(format!(
                "{option} {pattern} matches nothing (hint: {})",
                examples(known)
            )));
        }
        builder.add(glob);
    }
    builder
        .build()
        .map(Some)
        .map_err(|error| Failure::usage(format!("{option}: {error}")))
}

fn examples(known: &[&str]) -> String {
    const SHOWN: usize = 5;
    match known.len() {
        0 => "there is nothing to match".to_owned(),
        all if all <= SHOWN => format!("there are {}", known.join(", ")),
        all => format!(
            "there are {}, and {} more",
            known[..SHOWN].join(", "),
            all - SHOWN
        ),
    }
}
