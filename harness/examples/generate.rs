//! Writes the files of the repository that are made of code and corpus: schemas, what pins the corpus,
//! and the page about coverage. `make generate` runs it; tests hold the files against the same.

use ocipick::quick::quick_cases;
use ocipick_corpus::{Corpus, generated};
use ocipick_reports::render;
use std::{
    error::Error,
    fs,
    io::{self, Write as _},
    path::Path,
};

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let ids = fs::read_to_string(root.join("corpus/ids.txt"))?;
    let corpus = Corpus::built_in()?;
    let mut files = generated(&corpus, &ids)?;
    let published = root.join("reports/published");
    files.insert("corpus/quick.txt", quick_cases(&published, &corpus)?);
    files.extend(ocipick::json::schemas());
    files.extend([
        (
            "reports/schema/diff.schema.json",
            render::diff::json::json_schema(),
        ),
        (
            "reports/schema/draft.schema.json",
            render::draft::json_schema(),
        ),
        (
            "reports/schema/matrix.schema.json",
            render::json::json_schema(),
        ),
        (
            "reports/schema/results.schema.json",
            ocipick_records::json_schema(),
        ),
        (
            "reports/schema/summary.schema.json",
            render::summary::json_schema(),
        ),
    ]);
    let mut out = io::stdout().lock();
    for (name, text) in files {
        let path = root.join(name);
        if fs::read_to_string(&path).is_ok_and(|there| there == text) {
            continue;
        }
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir)?;
        }
        fs::write(&path, text)?;
        writeln!(out, "wrote {name}")?;
    }
    Ok(())
}
