//! The digests of the whole corpus, pinned: whatever changes a byte that tools see changes a line.

use ocipick_corpus::{Corpus, digest_of};
use similar::TextDiff;
use std::{env, fs, path::Path};

const COMMAND: &str = "OCIPICK_BLESS=1 cargo test -p ocipick-corpus golden";

/// What `OCIPICK_BLESS` asks for.
enum Wish {
    Compare,
    Bless,
}

fn wish() -> Wish {
    match env::var("OCIPICK_BLESS") {
        Err(env::VarError::NotPresent) => Wish::Compare,
        Ok(value) if value == "0" => Wish::Compare,
        Ok(value) if value == "1" => Wish::Bless,
        other => panic!("OCIPICK_BLESS is {other:?} (hint: 1 writes golden.txt, 0 compares)"),
    }
}

fn lines(corpus: &Corpus) -> String {
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

#[test]
fn golden_digests_are_as_recorded() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden.txt");
    let corpus = Corpus::built_in().unwrap_or_else(|error| panic!("{error}"));
    let now = lines(&corpus);
    match wish() {
        Wish::Bless => fs::write(&path, &now).unwrap(),
        Wish::Compare => {
            let recorded = fs::read_to_string(&path).unwrap_or_default();
            if recorded != now {
                let diff = TextDiff::from_lines(&recorded, &now);
                let diff = diff
                    .unified_diff()
                    .context_radius(0)
                    .header("corpus/golden.txt", "the corpus as it is now")
                    .to_string();
                panic!(
                    "the corpus is not the one that golden.txt records:\n{diff}\n\
                     New lines are new cases. A changed line is another case under an old id: results\n\
                     that were measured on the old bytes no longer speak of it.\n\
                     If that is what you want: {COMMAND}"
                );
            }
        }
    }
}
