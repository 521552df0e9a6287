//! Makes the site of results and writes it below a directory that does not exist yet.
//! `cargo run -p ocipick-reports --example site -- DIR [sample|generations|large|FILE]`.

#[path = "../benches/large/mod.rs"]
mod large;
#[path = "../tests/it/sample.rs"]
mod sample;

use ocipick_corpus::{Corpus, built_in_specifications};
use ocipick_records::Results;
use ocipick_reports::{
    analysis::{
        changes::versions::FoldMode,
        conformance::{ConformanceRules, Revisions, Verdicts},
        matrix::{CaseBook, Matrix},
    },
    site::{Site, Sources},
};
use std::{
    fs,
    io::{Error, Write as _},
    path::{Path, PathBuf},
    time::Instant,
};

fn main() -> std::io::Result<()> {
    let dir = std::env::args()
        .nth(1)
        .ok_or_else(|| Error::other("where to?"))?;
    let corpus = Corpus::built_in().map_err(Error::other)?;
    let built_in = CaseBook::of(&corpus);
    let (results, book) = match std::env::args().nth(2).as_deref() {
        None | Some("sample") => (sample::sample(), sample::book()),
        Some("generations") => (sample::generations(), sample::book()),
        Some("large") => (large::results(), CaseBook::default()),
        Some(file) => {
            let results = Results::read(Path::new(file)).map_err(Error::other)?;
            (results, built_in)
        }
    };
    let results = [results];
    let matrix = Matrix::build(&results, &book);
    let specifications = built_in_specifications().map_err(Error::other)?;
    let revisions = Revisions::choose(&specifications, &[]).map_err(Error::other)?;
    let rules = ConformanceRules::new(&corpus, revisions);
    let verdicts = Verdicts::of(&matrix, &rules);
    let began = Instant::now();
    let site = Site::build(&Sources {
        matrix: &matrix,
        verdicts: &verdicts,
        corpus: &corpus,
        fold: FoldMode::Auto,
    });
    let took = began.elapsed();
    for (path, bytes) in &site.files {
        let file = PathBuf::from(&dir).join(path);
        fs::create_dir_all(file.parent().unwrap_or(Path::new(".")))?;
        fs::write(file, bytes)?;
    }
    writeln!(
        std::io::stdout(),
        "{} files, {} bytes, made in {took:.1?}",
        site.files.len(),
        site.size()
    )
}
