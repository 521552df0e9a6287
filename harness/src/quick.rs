//! The text of `corpus/quick.txt`, made of the results that are published.

use ocipick_adapters::tool_infos;
use ocipick_corpus::Corpus;
use ocipick_records::{ReadError, Results};
use ocipick_reports::analysis::{
    matrix::{CaseBook, Matrix},
    quick::quick_set,
};
use std::{io, path::Path};

/// Why the quick set cannot be chosen.
#[derive(Debug, thiserror::Error)]
pub enum QuickError {
    /// The directory cannot be read.
    #[error("cannot list published results: {0}")]
    List(#[from] io::Error),
    /// A results file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// The ids of the quick set, a line each, of the results files (`*.jsonl.gz`) in a directory.
///
/// # Errors
/// When they cannot be read.
pub fn quick_cases(published: &Path, corpus: &Corpus) -> Result<String, QuickError> {
    let mut files = Vec::new();
    for entry in published.read_dir()? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".jsonl.gz") {
            files.push(path);
        }
    }
    // As they are published: of what was measured twice the later one counts.
    files.sort_by_key(|path| (path.as_os_str().len(), path.clone()));
    let mut results = Vec::new();
    for file in files {
        let mut read = Results::read(&file)?;
        read.supplied_tools = tool_infos();
        results.push(read);
    }
    let book = CaseBook::of(corpus);
    let matrix = Matrix::build(&results, &book);
    let known = |id: &&str| id.parse().is_ok_and(|id| corpus.get(&id).is_some());
    let cases = quick_set(&matrix).into_iter().filter(known);
    Ok(cases.map(|id| format!("{id}\n")).collect())
}
