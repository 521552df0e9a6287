//! The site: what its pages are told, and that every link of it leads somewhere.

use crate::{sample, verdicts as judged};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ocipick_corpus::{Corpus, Digest, built_in_specifications};
use ocipick_records::{CorpusStamp, Results};
use ocipick_reports::{
    analysis::{
        changes::versions::FoldMode,
        conformance::{ConformanceRules, Revisions, Verdicts},
        embargo::{EmbargoPolicy, redact},
        matrix::{CaseBook, Matrix},
    },
    site::{self, Site, Sources},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Makes something of results, their matrix and their verdicts.
pub(super) fn with<T>(
    results: Results,
    book: &CaseBook,
    corpus: &Corpus,
    make: impl FnOnce(&Sources<'_>) -> T,
) -> T {
    let results = [results];
    let matrix = Matrix::build(&results, book);
    let specifications = built_in_specifications().expect("they have no mistakes");
    let revisions = Revisions::choose(&specifications, &[]).expect("the newest are there");
    let rules = ConformanceRules::new(corpus, revisions);
    let verdicts = Verdicts::of(&matrix, &rules);
    make(&Sources {
        matrix: &matrix,
        verdicts: &verdicts,
        corpus,
        fold: FoldMode::Auto,
    })
}

/// Four cases of the built-in corpus, judged.
pub(super) fn of_corpus<T>(make: impl FnOnce(&Sources<'_>) -> T) -> T {
    let corpus = judged::corpus();
    let book = CaseBook::new([], corpus.cases());
    with(judged::results(corpus), &book, corpus, make)
}

/// Two operations over four releases, of cases that nobody knows.
pub(super) fn of_generations<T>(make: impl FnOnce(&Sources<'_>) -> T) -> T {
    let corpus = judged::corpus();
    with(sample::generations(), &sample::book(), corpus, make)
}

/// Every kind of outcome, in a run that did not finish.
pub(super) fn of_sample<T>(make: impl FnOnce(&Sources<'_>) -> T) -> T {
    with(sample::sample(), &sample::book(), judged::corpus(), make)
}

fn page(contexts: &mut BTreeMap<String, Value>, path: &str) -> Value {
    let page = contexts.remove(path);
    page.unwrap_or_else(|| panic!("there is no {path} among {:?}", contexts.keys()))
}

#[test]
fn pages_of_known_cases() {
    let mut contexts = of_corpus(site::contexts);
    for (name, path) in [
        ("site-overview", "index.html"),
        ("site-matrix", "matrix.html"),
        ("site-case", "case/duplicates/two-entries.html"),
        (
            "site-case-nested",
            "case/nested/after-flat-with-platform.html",
        ),
        ("site-runtime", "runtime/podman@4.3.1.html"),
        (
            "site-clause",
            "clause/image-spec/image-index/platform-first-match.html",
        ),
        ("site-findings", "findings.html"),
        ("site-about", "about.html"),
    ] {
        insta::assert_json_snapshot!(name, page(&mut contexts, path));
    }
}

#[test]
fn pages_of_generations() {
    let mut contexts = of_generations(site::contexts);
    for (name, path) in [
        ("site-generations-overview", "index.html"),
        ("site-generations-matrix", "matrix.html"),
        ("site-generations-import", "matrix-import.html"),
        ("site-generations-tool", "tool/containerd.html"),
        ("site-generations-tools", "tools.html"),
        ("site-generations-case", "case/duplicates/two-entries.html"),
        ("site-generations-findings", "findings.html"),
    ] {
        insta::assert_json_snapshot!(name, page(&mut contexts, path));
    }
}

#[test]
fn equal_results_give_equal_bytes() {
    assert_eq!(of_generations(Site::build), of_generations(Site::build));
}

/// The values of an attribute, as a browser reads them.
fn attributes<'p>(page: &'p str, name: &str) -> Vec<String> {
    let start = format!(" {name}=\"");
    let read = |rest: &'p str| {
        let value = rest.split('"').next().unwrap_or_default();
        let value = value.replace("&lt;", "<").replace("&gt;", ">");
        let value = value.replace("&quot;", "\"").replace("&#39;", "'");
        value.replace("&amp;", "&")
    };
    page.split(start.as_str()).skip(1).map(read).collect()
}

/// Where a link leads, as a path below the top of the site.
fn resolve(from: &str, to: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    if to.is_empty() {
        return Some(from.to_owned());
    }
    for part in to.split('/') {
        match part {
            ".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Checks that all links lead to a page, and there to the part that they name.
pub(super) fn check_links(site: &Site) -> Result<(), String> {
    let pages: BTreeMap<&str, String> = site
        .files
        .iter()
        .filter(|(path, _)| path.ends_with(".html"))
        .map(|(path, bytes)| (path.as_str(), String::from_utf8_lossy(bytes).into_owned()))
        .collect();
    let mut ids: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (path, page) in &pages {
        let all = attributes(page, "id");
        let own: BTreeSet<String> = all.iter().cloned().collect();
        if own.len() != all.len() {
            let twice = all
                .iter()
                .find(|id| all.iter().filter(|it| it == id).count() > 1);
            return Err(format!("{path}: {twice:?} is there twice"));
        }
        ids.insert(path, own);
    }
    for (path, page) in &pages {
        for link in attributes(page, "href") {
            let known = ["https://", "data:,"];
            if known.iter().any(|start| link.starts_with(start)) {
                continue;
            }
            let (to, part) = link.split_once('#').unwrap_or((&link, ""));
            let target = resolve(path, to).ok_or(format!("{path}: {link} leads out"))?;
            if !site.files.contains_key(&target) {
                return Err(format!(
                    "{path}: {link} leads to {target}, which is not there"
                ));
            }
            // With an equals sign it is a filter.
            let is_there = |ids: &BTreeSet<String>| ids.contains(part);
            if !part.is_empty()
                && !part.contains('=')
                && !ids.get(target.as_str()).is_some_and(is_there)
            {
                return Err(format!("{path}: {target} has no {part}"));
            }
        }
    }
    Ok(())
}

#[test]
fn every_link_leads_somewhere() {
    check_links(&of_corpus(Site::build)).unwrap();
    check_links(&of_generations(Site::build)).unwrap();
    let empty = sample::results(Vec::new());
    let nothing = with(empty, &CaseBook::default(), judged::corpus(), Site::build);
    check_links(&nothing).unwrap();
    assert!(nothing.files.contains_key("index.html"));
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let mut site = of_corpus(Site::build);
    site.files.remove("about.html");
    assert!(check_links(&site).is_err());
    let mut site = of_corpus(Site::build);
    let page = b"<a href=\"index.html#nowhere\">".to_vec();
    site.files.insert("odd.html".to_owned(), page);
    assert_eq!(
        check_links(&site),
        Err("odd.html: index.html has no nowhere".to_owned())
    );
}

#[test]
fn every_trial_has_its_evidence_under_a_permanent_address() {
    of_generations(|sources| {
        let site = Site::build(sources);
        for table in &sources.matrix.tables {
            for row in table.rows() {
                let path = format!("case/{}.html", row.case);
                let page = String::from_utf8(site.files[&path].clone()).unwrap();
                let ids = attributes(&page, "id");
                for (runtime, cell) in sources.matrix.runtimes.iter().zip(&row.cells) {
                    let plain = runtime.id.replace('#', "-");
                    let row = format!("{}/{}/{plain}", table.operation, row.platform);
                    let found = ids.iter().filter(|id| **id == plain || **id == row).count();
                    assert!(cell.is_none() || found > 0, "{path}: {row}");
                }
            }
        }
    });
    let site = of_corpus(Site::build);
    let page = String::from_utf8_lossy(&site.files["case/duplicates/two-entries.html"]);
    assert!(page.contains(" id=\"docker@28.5.2\""));
    assert!(page.contains(" id=\"podman@4.3.1\""));
}

#[test]
fn a_run_that_did_not_finish_is_told_on_every_page() {
    let torn = with(
        sample::sample(),
        &sample::book(),
        judged::corpus(),
        Site::build,
    );
    for (path, bytes) in torn
        .files
        .iter()
        .filter(|(path, _)| path.ends_with(".html"))
    {
        let page = String::from_utf8_lossy(bytes);
        assert!(page.contains("role=\"alert\">Warning: "), "{path}");
    }
}

#[test]
fn bytes_that_were_not_measured_are_not_shown() {
    let corpus = judged::corpus();
    let shown = |content: Option<&str>, source: &str| {
        let mut results = judged::results(corpus);
        results.header.corpus.source = source.to_owned();
        results.header.corpus.content.clear();
        if let Some(content) = content {
            let case = "duplicates/two-entries".to_owned();
            results
                .header
                .corpus
                .content
                .insert(case, content.to_owned());
        }
        let book = CaseBook::new([], corpus.cases());
        let mut contexts = with(results, &book, corpus, site::contexts);
        let page = page(&mut contexts, "case/duplicates/two-entries.html");
        let page = &page["page"];
        let is_some = |key: &str| !page[key].is_null();
        let raw = page["raw"].as_array().map_or(0, Vec::len);
        (raw, is_some("unknown"), is_some("caution"))
    };
    assert_eq!(shown(None, CorpusStamp::BUILT_IN), (1, false, true));
    assert_eq!(shown(Some("0"), CorpusStamp::BUILT_IN), (0, true, false));
    assert_eq!(shown(None, "/layouts"), (0, true, false));
}

#[test]
fn nothing_that_is_withheld_is_on_any_page() {
    let words = "SIGSEGV in layer.Unpack";
    let made = |withhold: bool| {
        let mut results = [sample::sample()];
        for trial in &mut results[0].trials {
            if trial.case == "sizes/huge" {
                trial.outcome = sample::crashed(words);
                trial.evidence.stderr_tail = words.to_owned();
            }
        }
        if withhold {
            redact(&mut results, EmbargoPolicy::built_in().unwrap());
        }
        let [results] = results;
        let site = with(results, &sample::book(), judged::corpus(), Site::build);
        let pages = site.files.values();
        let told = pages.filter(|page| String::from_utf8_lossy(page).contains(words));
        (told.count(), site)
    };
    assert!(made(false).0 > 0, "it would be told otherwise");
    let (told, site) = made(true);
    assert_eq!(told, 0);
    check_links(&site).unwrap();
    // The whole case is left out.
    assert!(!site.files.contains_key("case/sizes/huge.html"));
}

#[test]
fn what_was_not_measured_is_never_a_colour_alone_and_never_a_no() {
    let page = of_generations(|sources| {
        let site = Site::build(sources);
        String::from_utf8_lossy(&site.files["matrix.html"]).into_owned()
    });
    let cells: Vec<&str> = page
        .split("<td class=\"")
        .filter(|cell| {
            cell.split('"')
                .next()
                .is_some_and(|it| it.contains("unmeasured"))
        })
        .collect();
    assert!(!cells.is_empty());
    for cell in cells {
        assert!(cell.contains('–'), "{cell}");
    }
}

#[test]
fn every_page_says_what_a_browser_may_load() {
    let (site, report) = of_generations(|it| (Site::build(it), site::one_page(it)));
    let pages = site
        .files
        .iter()
        .filter(|(path, _)| path.ends_with(".html"));
    let pages: Vec<(String, String)> = pages
        .map(|(path, bytes)| (path.clone(), String::from_utf8_lossy(bytes).into_owned()))
        .chain([("the report".to_owned(), report)])
        .collect();
    assert!(pages.len() > 5);
    for (path, page) in pages {
        let policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src ";
        let at = page
            .find(policy)
            .unwrap_or_else(|| panic!("{path} has no policy"));
        // Before anything that it could forbid, and with no script in the page itself.
        let first = ["<script", "<style", "<link", "<img"]
            .iter()
            .filter_map(|tag| page.find(tag))
            .min();
        assert!(first.is_none_or(|first| at < first), "{path}: too late");
        let scripts: Vec<&str> = page
            .match_indices("<script")
            .map(|(at, _)| page[at..].split("</script>").next().unwrap_or_default())
            .collect();
        assert_eq!(scripts.len(), 1, "{path}");
        if path == "the report" {
            let policy = page[at..].split('>').next().unwrap_or_default();
            let hash = sha256_in_base64(scripts[0].strip_prefix("<script>").unwrap_or_default());
            let only = format!("script-src &#39;sha256-{hash}&#39;;");
            assert!(
                policy.contains(&only),
                "{policy} permits other scripts than {hash}"
            );
        } else {
            assert!(scripts[0].contains(" src="), "{path} has a script in it");
        }
        for handler in [" onclick=", " onload=", " onerror=", "javascript:"] {
            assert!(!page.contains(handler), "{path} has {handler}");
        }
    }
}

fn sha256_in_base64(text: &str) -> String {
    let digest = Digest::sha256(text.as_bytes());
    let hex = digest.encoded();
    let bytes: Vec<u8> = (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("it is hexadecimal"))
        .collect();
    STANDARD.encode(bytes)
}
