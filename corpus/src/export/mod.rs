//! The corpus as a directory that needs no ocipick: a layout per case, a description beside it, and
//! one file that a program can read.

mod record;
#[cfg(test)]
mod tests;

pub use record::{CASE_SCHEMA, CORPUS_SCHEMA, corpus_json_schema};

use crate::{
    Case, Corpus, LayoutError, Specification,
    layout::{self, LayoutFiles},
};
use record::{CorpusRecord, Held};
use std::path::Path;

/// The description of a case, beside its layout.
pub(crate) const CASE_FILE: &str = "case.json";
/// Everything that is known of all cases.
const CORPUS_FILE: &str = "corpus.json";
/// The JSON Schema of both.
const SCHEMA_FILE: &str = "corpus.schema.json";
/// What the directory is, for people.
const README_FILE: &str = "README.md";

/// The files of a corpus as a directory, by their paths below it, with slashes.
///
/// They are the same on every machine. `cases` are cases of `corpus`, perhaps not all, and
/// `specifications` those that its clauses belong to.
///
/// # Errors
///
/// Never in a way that depends on the machine: where a description cannot be written as JSON, which
/// is a fault of ocipick.
pub fn exported<'c>(
    corpus: &'c Corpus,
    specifications: &[Specification],
    cases: &[&'c Case],
) -> Result<LayoutFiles<'c>, serde_json::Error> {
    let mut files = LayoutFiles::new();
    let mut record = CorpusRecord::of(corpus, specifications, cases);
    for (case, record) in cases.iter().zip(&mut record.cases) {
        let layout = layout::files(case);
        record.layout.missing = layout.unstorable.iter().map(Held::of).collect();
        for (path, bytes) in layout.files {
            files.insert(format!("{}/{path}", case.id), bytes);
        }
        let described = json(&*record)?;
        files.insert(format!("{}/{CASE_FILE}", case.id), described.into());
    }
    files.insert(CORPUS_FILE.to_owned(), json(&record)?.into());
    let schema = corpus_json_schema().into_bytes();
    files.insert(SCHEMA_FILE.to_owned(), schema.into());
    let readme = include_bytes!("README.md");
    files.insert(README_FILE.to_owned(), readme.as_slice().into());
    Ok(files)
}

/// Writes cases of a corpus into a directory, which is made where it is not there.
///
/// Writing the same once more does no harm; a directory with anything else in it is refused.
///
/// # Errors
///
/// Where the directory is occupied or cannot be written.
pub fn write_corpus(
    corpus: &Corpus,
    specifications: &[Specification],
    cases: &[&Case],
    dir: &Path,
) -> Result<(), LayoutError> {
    let files = exported(corpus, specifications, cases)
        .map_err(|error| LayoutError::unwritable(dir, std::io::Error::other(error)))?;
    layout::write_files(dir, &files)
}

/// Indented, with a line end.
fn json(record: &impl serde::Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut text = serde_json::to_vec_pretty(record)?;
    text.push(b'\n');
    Ok(text)
}
