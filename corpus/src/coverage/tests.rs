use super::*;
use crate::clause;

const CLAUSES: &str = "[[specification]]\nid = 's'\ntitle = 'S'\nreleases = ['1.0.0', '1.1.0']\n\
    [[clause]]\nid = 's/d/one'\nlevel = 'must'\nsays = 'One.'\nsince = '1.0.0'\n\
    link = 'https://one.example'\n[[clause]]\nid = 's/d/two'\nlevel = 'may'\nsays = 'Two.'\n\
    since = 'main'\nlink = 'https://two.example'\n[[clause]]\nid = 's/e/three'\nlevel = 'should'\n\
    says = 'Three.'\nsince = '1.1.0'\nlink = 'https://three.example'\n";
const ORIGINS: &str = "[[origin]]\nid = 'o/r#1'\nabout = 'the first'\nalso = ['o/r#2']\n\
    [[origin]]\nid = 'CVE-2020-1'\nabout = 'the second'\n\
    [[origin]]\nid = 'GHSA-a-b'\nabout = 'the third'\n";

/// A corpus of four cases of two families, which exercise `s/d/one` and come from `o/r#2`.
fn corpus() -> Corpus {
    let recipe = "title = 'A'\nwhy = 'B'\norigins = ['o/r#2', 'x/y#3']\nplatform = 'linux/amd64'\n\
        [[clauses]]\nid = 's/d/one'\n[children.a]\nplatform = 'linux/amd64'\n\
        [index]\nentries = ['a']\n";
    let files = ["a/w", "a/x", "a/y", "b/z"].map(|id| format!("recipes/{id}.toml"));
    let files: Vec<(&str, &str)> = files.iter().map(|path| (path.as_str(), recipe)).collect();
    let clauses = clause::read([("clauses.toml", CLAUSES)])
        .unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
        .clauses;
    Corpus::assemble("recipes", &files, clauses).unwrap_or_else(|error| panic!("{error}"))
}

fn coverage<'a>(corpus: &'a Corpus, untested: &str) -> Coverage<'a> {
    Coverage::assemble(
        corpus,
        ("origins.toml", ORIGINS),
        ("untested.toml", untested),
    )
    .unwrap_or_else(|error| panic!("{error}"))
}

fn gaps(untested: &str) -> Vec<String> {
    let corpus = corpus();
    let gaps = coverage(&corpus, untested).gaps();
    gaps.iter().map(ToString::to_string).collect()
}

const REASONS: &str = "[[clause]]\nid = 's/d/two'\nreason = 'Why.'\n\
    [[clause]]\nid = 's/e/three'\nreason = 'Why.'\n\
    [[origin]]\nid = 'CVE-2020-1'\nreason = 'Because.'\n\
    [[origin]]\nid = 'GHSA-a-b'\nreason = 'So.'\n";

#[test]
fn what_is_covered_or_explained_is_no_gap() {
    assert_eq!(gaps(REASONS), [""; 0]);
}

#[test]
fn what_is_neither_covered_nor_explained_is_a_gap() {
    let found = gaps("");
    assert_eq!(found.len(), 4, "{found:#?}");
    for (gap, id) in found
        .iter()
        .zip(["s/d/two", "s/e/three", "CVE-2020-1", "GHSA-a-b"])
    {
        assert!(gap.contains(id) && gap.contains("untested.toml"), "{gap}");
    }
}

#[test]
fn what_is_covered_and_explained_away_is_a_gap() {
    let more = "[[clause]]\nid = 's/d/one'\nreason = 'Why.'\n\
        [[origin]]\nid = 'o/r#1'\nreason = 'Because.'\n";
    let found = gaps(&format!("{REASONS}{more}"));
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].contains("s/d/one, which a/w tests"), "{found:#?}");
    assert!(found[1].contains("o/r#1, which a/w tests"), "{found:#?}");
}

#[test]
fn the_page_names_few_cases_and_counts_many() {
    let corpus = corpus();
    insta::assert_snapshot!("coverage-page", coverage(&corpus, REASONS).document());
    let open = coverage(&corpus, "").document();
    let open = open.split("\n## Open\n").nth(1).unwrap_or_default();
    insta::assert_snapshot!("coverage-open", open);
}

#[test]
fn mistakes_are_named_with_their_lines() {
    let corpus = corpus();
    let origins = "[[origin]]\nid = 'o/r'\nabout = 'x'\n[[origin]]\nid = 'o/r#2'\n\
        [[origin]]\nid = 'o/r#1'\nabout = 'x'\nalso = ['o/r#2']\n";
    let untested = "[[clause]]\nid = 's/d/onne'\nreason = 'x'\n[[origin]]\nid = 'o/r#9'\n\
        [[origin]]\nid = 'o/r#1'\nreason = 'x'\n[[origin]]\nid = 'o/r#1'\nreason = 'x'\nwhy = 'x'\n";
    let read = Coverage::assemble(
        &corpus,
        ("origins.toml", origins),
        ("untested.toml", untested),
    );
    insta::assert_snapshot!("coverage-mistakes", read.unwrap_err().to_string());
}

#[test]
fn a_clause_that_a_case_breaks_itself_is_covered() {
    let clauses = "[[specification]]\nid = 'image-spec'\ntitle = 'S'\nreleases = ['1.0.2']\n\
        [[clause]]\nid = 'image-spec/image-index/mediatype-present'\nlevel = 'should'\n\
        says = 'X.'\nsince = '1.0.2'\nlink = 'https://x.example'\n";
    let recipe = |body: &str| {
        format!(
            "title = 'A'\nwhy = 'B'\nplatform = 'linux/amd64'\n[children.a]\n\
             platform = 'linux/amd64'\n[index]\n{body}entries = ['a']\n"
        )
    };
    let gaps = |body: &str| {
        let clauses = clause::read([("clauses.toml", clauses)]).unwrap().clauses;
        let recipe = recipe(body);
        let files = [("recipes/a/x.toml", recipe.as_str())];
        let corpus = Corpus::assemble("recipes", &files, clauses).unwrap();
        Coverage::assemble(&corpus, ("origins.toml", ""), ("untested.toml", ""))
            .unwrap()
            .gaps()
            .len()
    };
    assert_eq!(gaps(""), 1);
    assert_eq!(gaps("body-type = false\n"), 0);
}
