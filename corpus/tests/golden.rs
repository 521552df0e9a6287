//! What the corpus comes to, pinned: whatever changes a byte that tools see changes a line of
//! `golden.txt`; ids stay, in `ids.txt`; what the corpus breaks itself stands in `breaches.txt`; and the page about
//! coverage is the one that the corpus makes.

use ocipick_corpus::{
    Corpus, Digest, ReservedIds, built_in_specifications,
    coverage::Coverage,
    digest_of, exported,
    lint::{Violation, grouped},
};
use ocipick_records::CaseId;
use similar::TextDiff;
use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    fmt::Write as _,
    fs,
    path::Path,
};

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
        other => panic!("OCIPICK_BLESS is {other:?} (hint: 1 writes the files anew, 0 compares)"),
    }
}

/// Compares a file of the repository with what it should be, or writes it.
fn compare(file: &str, now: &str, advice: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    match wish() {
        Wish::Bless => fs::write(&path, now).unwrap_or_else(|error| panic!("{file}: {error}")),
        Wish::Compare => {
            let recorded = fs::read_to_string(&path).unwrap_or_default();
            if recorded != now {
                let diff = TextDiff::from_lines(recorded.as_str(), now);
                let diff = diff
                    .unified_diff()
                    .context_radius(0)
                    .header(file, "as the corpus is now")
                    .to_string();
                panic!("{file} is not what the corpus comes to:\n{diff}\n{advice}: {COMMAND}");
            }
        }
    }
}

fn built_in() -> Corpus {
    Corpus::built_in().unwrap_or_else(|error| panic!("{error}"))
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
    compare(
        "corpus/golden.txt",
        &lines(&built_in()),
        "New lines are new cases. A changed line is another case under an old id: results\n\
         that were measured on the old bytes no longer speak of it.\n\
         If that is what you want",
    );
}

/// Every id that was ever published stays: its case has it, or has it as an alias.
#[test]
fn golden_ids_once_published_stay() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("ids.txt");
    let recorded = fs::read_to_string(&path).unwrap_or_default();
    let corpus = built_in();
    let (published, known) = ids(&recorded, &corpus);
    let lost: Vec<&str> = published.difference(&known).copied().collect();
    assert!(
        lost.is_empty(),
        "corpus/ids.txt lists ids that no case has: {}\n\
         Results, baselines and links hang on them. A case that was renamed keeps its old id in \
         `aliases`; one that was wrong stays, and a better one is added.",
        lost.join(", ")
    );
    // Blessing adds, and never removes.
    let mut lines: Vec<&str> = published.union(&known).copied().collect();
    lines.push("");
    compare(
        "corpus/ids.txt",
        &lines.join("\n"),
        "New ids are recorded with",
    );
}

/// An id that is reserved is no case's, past or present, and no page names it.
#[test]
fn reserved_ids_are_nowhere() {
    let reserved = ReservedIds::built_in();
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = built_in();
    let (_, known) = ids("", &corpus);
    let used: Vec<&&str> = known.iter().filter(|id| reserved.has(id)).collect();
    assert!(
        used.is_empty(),
        "corpus/reserved.txt has {used:?}: give the case another id"
    );
    for page in [
        "ids.txt",
        "golden.txt",
        "breaches.txt",
        "tree.txt",
        "origins.toml",
        "untested.toml",
        "../docs/coverage.md",
    ] {
        let text = fs::read_to_string(dir.join(page)).unwrap();
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '/' | '-')));
        let told: Vec<&str> = words.filter(|word| reserved.has(word)).collect();
        assert!(
            told.is_empty(),
            "{page} names ids of corpus/reserved.txt: {told:?}"
        );
    }
}

/// The ids that are recorded, and those that cases have or had.
fn ids<'a>(recorded: &'a str, corpus: &'a Corpus) -> (BTreeSet<&'a str>, BTreeSet<&'a str>) {
    let all = corpus.cases().iter();
    let known = all.flat_map(|case| std::iter::once(&case.id).chain(&case.aliases));
    (
        recorded.lines().collect(),
        known.map(CaseId::as_str).collect(),
    )
}

#[test]
fn a_lost_id_is_noticed() {
    let corpus = built_in();
    let (published, known) = ids("controls/no-match\ncontrols/lost", &corpus);
    let lost: Vec<&&str> = published.difference(&known).collect();
    assert_eq!(lost, [&"controls/lost"]);
}

/// A digest for each case as a directory, and for the other files of a built corpus. `corpus.json` is
/// left out: another test holds it against the rest, and here it would change with every case.
fn tree(corpus: &Corpus) -> String {
    let specifications = built_in_specifications().unwrap_or_else(|error| panic!("{error}"));
    let cases: Vec<_> = corpus.cases().iter().collect();
    let files = exported(corpus, &specifications, &cases).unwrap_or_else(|e| panic!("{e}"));
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
    lines
        .map(|(part, files)| format!("{part}  {}\n", Digest::sha256(files.as_bytes())))
        .collect()
}

#[test]
fn golden_tree_is_as_recorded() {
    compare(
        "corpus/tree.txt",
        &tree(&built_in()),
        "A built corpus is not what it was: in its bytes where golden.txt changed as well,\n\
         in what is said about them otherwise. If that is what you want",
    );
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

#[test]
fn golden_breaches_are_as_recorded() {
    compare(
        "corpus/breaches.txt",
        &breaches(&built_in()),
        "These are clauses that documents of the corpus break themselves, seen in their bytes: see that\n\
         each line is meant, and that it is right. Then",
    );
}

#[test]
fn golden_coverage_is_as_the_corpus_has_it() {
    let corpus = built_in();
    let coverage = Coverage::of(&corpus).unwrap_or_else(|error| panic!("{error}"));
    let advice = "The page is generated. Write it anew";
    compare("docs/coverage.md", &coverage.document(), advice);
}

#[test]
fn everything_is_tested_or_explained() {
    let corpus = built_in();
    let coverage = Coverage::of(&corpus).unwrap_or_else(|error| panic!("{error}"));
    let gaps: Vec<String> = coverage.gaps().iter().map(ToString::to_string).collect();
    assert!(gaps.is_empty(), "{}", gaps.join("\n"));
}
