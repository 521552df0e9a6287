//! What the corpus comes to, pinned: whatever changes a byte that tools see changes a line of
//! `golden.txt`; ids stay, in `ids.txt`; what the corpus breaks itself stands in `breaches.txt`; and the page about
//! coverage is the one that the corpus makes.

use ocipick_corpus::{Corpus, ReservedIds, coverage::Coverage, generated};
use ocipick_records::CaseId;
use similar::TextDiff;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

/// Compares a file of the repository with what is made of the corpus.
fn compare(file: &str, advice: &str) {
    static MADE: LazyLock<BTreeMap<&str, String>> = LazyLock::new(|| {
        let ids = fs::read_to_string(path("corpus/ids.txt")).unwrap_or_default();
        generated(&built_in(), &ids).unwrap_or_else(|error| panic!("{error}"))
    });
    let now = &MADE[file];
    let recorded = fs::read_to_string(path(file)).unwrap_or_default();
    if recorded != *now {
        let diff = TextDiff::from_lines(recorded.as_str(), now);
        let diff = diff
            .unified_diff()
            .context_radius(0)
            .header(file, "as the corpus is now")
            .to_string();
        panic!("{file} is not what the corpus comes to:\n{diff}\n{advice}: make generate");
    }
}

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file)
}

fn built_in() -> Corpus {
    Corpus::built_in().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn golden_digests_are_as_recorded() {
    compare(
        "corpus/golden.txt",
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
    // What is recorded is added to, and nothing is removed.
    compare("corpus/ids.txt", "New ids are recorded with");
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

#[test]
fn golden_tree_is_as_recorded() {
    compare(
        "corpus/tree.txt",
        "A built corpus is not what it was: in its bytes where golden.txt changed as well,\n\
         in what is said about them otherwise. If that is what you want",
    );
}

#[test]
fn golden_breaches_are_as_recorded() {
    compare(
        "corpus/breaches.txt",
        "These are clauses that documents of the corpus break themselves, seen in their bytes: see that\n\
         each line is meant, and that it is right. Then",
    );
}

#[test]
fn golden_coverage_is_as_the_corpus_has_it() {
    compare("docs/coverage.md", "The page is generated. Write it anew");
}

#[test]
fn the_schema_of_a_corpus_is_published_as_it_is() {
    compare("corpus/schema/corpus.schema.json", "Write it anew");
}

#[test]
fn everything_is_tested_or_explained() {
    let corpus = built_in();
    let coverage = Coverage::of(&corpus).unwrap_or_else(|error| panic!("{error}"));
    let gaps: Vec<String> = coverage.gaps().iter().map(ToString::to_string).collect();
    assert!(gaps.is_empty(), "{}", gaps.join("\n"));
}
