//! The files of the repository that are made of the corpus. `golden.txt` changes with every byte that
//! tools see, `tree.txt` with what the corpus is as a directory, `breaches.txt` with what its documents
//! break themselves; `ids.txt` only grows; `docs/coverage.md` says what is tested.

use crate::{
    Corpus, CorpusError, Digest, built_in_specifications, corpus_json_schema,
    coverage::Coverage,
    digest_of, exported,
    lint::{Violation, grouped},
};
use ocipick_records::CaseId;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

/// Why the files cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum GeneratedError {
    /// The corpus, its clauses, or what is said of its coverage has mistakes.
    #[error(transparent)]
    Corpus(#[from] CorpusError),
    /// A description cannot be written as JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// The files that are made of a corpus, by their paths in the repository. `ids` is what
/// `corpus/ids.txt` holds, of which nothing is ever taken away.
///
/// # Errors
/// When the corpus has mistakes in what is not needed to measure it.
pub fn generated(
    corpus: &Corpus,
    ids: &str,
) -> Result<BTreeMap<&'static str, String>, GeneratedError> {
    Ok(BTreeMap::from([
        ("corpus/breaches.txt", breaches(corpus)),
        ("corpus/golden.txt", digests(corpus)),
        ("corpus/ids.txt", all_ids(corpus, ids)),
        ("corpus/schema/corpus.schema.json", corpus_json_schema()),
        ("corpus/tree.txt", tree(corpus)?),
        ("docs/coverage.md", Coverage::of(corpus)?.document()),
    ]))
}

/// A line for each case: its id, the digest of its index, and that of all that it serves.
fn digests(corpus: &Corpus) -> String {
    let mut cases: Vec<_> = corpus.cases().iter().collect();
    cases.sort_by_key(|case| &case.id);
    let mut text = String::new();
    for case in cases {
        let whole = digest_of([case]);
        let columns = [case.id.as_str(), case.index.digest.as_str(), whole.as_str()];
        text.push_str(&columns.join("  "));
        text.push('\n');
    }
    text
}

/// The ids that are recorded, and those that cases have or had.
fn all_ids(corpus: &Corpus, recorded: &str) -> String {
    let cases = corpus.cases().iter();
    let known = cases.flat_map(|case| std::iter::once(&case.id).chain(&case.aliases));
    let mut ids: BTreeSet<&str> = known.map(CaseId::as_str).collect();
    ids.extend(recorded.lines());
    ids.iter().map(|id| format!("{id}\n")).collect()
}

/// A digest for each case as a directory, and for the other files of a built corpus. `corpus.json` is
/// left out: another test holds it against the rest, and here it would change with every case.
fn tree(corpus: &Corpus) -> Result<String, GeneratedError> {
    let specifications = built_in_specifications()?;
    let cases: Vec<_> = corpus.cases().iter().collect();
    let files = exported(corpus, &specifications, &cases)?;
    let mut parts: BTreeMap<&str, String> = BTreeMap::new();
    for (path, bytes) in &files {
        let part = corpus
            .cases()
            .iter()
            .map(|case| case.id.as_str())
            .find(|id| {
                path.strip_prefix(id)
                    .is_some_and(|rest| rest.starts_with('/'))
            })
            .unwrap_or(path);
        let line = format!("{path} {}\n", Digest::sha256(bytes));
        parts.entry(part).or_default().push_str(&line);
    }
    parts.remove("corpus.json");
    let lines = parts.iter();
    Ok(lines
        .map(|(part, files)| format!("{part}  {}\n", Digest::sha256(files.as_bytes())))
        .collect())
}

/// A line for each clause that a document of a case breaks.
fn breaches(corpus: &Corpus) -> String {
    let mut cases: Vec<_> = corpus.cases().iter().collect();
    cases.sort_by_key(|case| &case.id);
    let mut text = String::new();
    for case in cases {
        for group in grouped(&case.breaches()) {
            let Violation {
                clause,
                consequence,
                ..
            } = group.first;
            let _ = writeln!(text, "{}  {consequence}  {clause}  {group}", case.id);
        }
    }
    text
}
