//! Which cases and runtimes were asked for.

use super::{
    args::SelectionArgs,
    fail::{Failure, Result},
    terminal::Terminal,
};
use globset::{Glob, GlobSet, GlobSetBuilder};
use ocipick::inventory::Inventory;
use ocipick_adapters::Runtime;
use ocipick_corpus::{Case, Corpus, PlatformRequest};
use ocipick_records::{CaseId, CorpusStamp};
use std::sync::Arc;

/// A corpus, and the cases of it that were asked for.
pub(crate) struct Selected {
    pub(crate) corpus: Corpus,
    pub(crate) cases: Vec<Arc<Case>>,
    /// `built-in`, or the directory given.
    pub(crate) source: String,
    /// How many layouts were asked for that cannot be read.
    pub(crate) unread: usize,
}

/// Reads the corpus and picks the cases that were asked for. Where one was asked for by an id that
/// it no longer has, that is said.
pub(crate) fn cases(selection: &SelectionArgs, screen: Terminal) -> Result<Selected> {
    let (corpus, source) = match &selection.corpus {
        None => (Corpus::built_in()?, CorpusStamp::BUILT_IN.to_owned()),
        Some(dir) => (
            Corpus::foreign(dir, &selection.platform)?,
            dir.to_string_lossy().into_owned(),
        ),
    };
    let Picked {
        cases,
        renamed,
        unread,
    } = picked(&corpus, &selection.cases)?;
    for (old, new) in renamed {
        screen.say(&format!("the case {old} is {new} now"));
    }
    if cases.is_empty() && !unread.is_empty() {
        return Err(Failure::usage(unread.join("\n")));
    }
    for error in &unread {
        screen.say(&format!("left out: {error}"));
    }
    Ok(Selected {
        corpus,
        cases,
        source,
        unread: unread.len(),
    })
}

/// Picks cases of the built-in corpus.
pub(crate) fn built_in_cases(patterns: &[String], screen: Terminal) -> Result<Selected> {
    let selection = SelectionArgs {
        cases: patterns.to_vec(),
        corpus: None,
        platform: PlatformRequest::Default,
    };
    cases(&selection, screen)
}

/// The case that has this id, or had it before, which is then said.
pub(crate) fn case<'c>(corpus: &'c Corpus, id: &str, screen: Terminal) -> Result<&'c Case> {
    if let Some(case) = corpus.get_by_any_id(id) {
        if case.id.as_str() != id {
            screen.say(&format!("the case {id} is {} now", case.id));
        }
        return Ok(case);
    }
    let ids = corpus.cases().iter().map(|case| case.id.as_str());
    let close: Vec<&str> = ids
        .filter(|known| known.contains(id) || id.contains(known))
        .take(5)
        .collect();
    let hint = if close.is_empty() {
        "ocipick cases lists them".to_owned()
    } else {
        format!("did you mean {}?", close.join(", "))
    };
    let complaint = format!("there is no case `{id}` (hint: {hint})");
    Err(Failure::usage(complaint))
}

/// Cases that patterns lead to.
#[derive(Debug)]
struct Picked {
    cases: Vec<Arc<Case>>,
    /// Ids that were asked for and are no longer, with those that took their places.
    renamed: Vec<(String, String)>,
    /// What is wrong with layouts that were asked for and cannot be read.
    unread: Vec<String>,
}

fn picked(corpus: &Corpus, patterns: &[String]) -> Result<Picked> {
    let ids = corpus.cases().iter().map(|case| case.id.as_str());
    let all = corpus.cases().iter();
    let aliases = all.flat_map(|case| case.aliases.iter().map(CaseId::as_str));
    let unread = corpus.unread().iter();
    let known: Vec<&str> = ids
        .chain(aliases)
        .chain(unread.clone().map(|unread| unread.id.as_str()))
        .collect();
    let globs = globs("--case", patterns, &known, &[])?;
    let fits = |id: &CaseId| {
        globs
            .as_ref()
            .is_none_or(|globs| globs.is_match(id.as_str()))
    };
    let mut picked = Picked {
        cases: Vec::new(),
        renamed: Vec::new(),
        unread: unread
            .filter(|unread| fits(&unread.id))
            .map(|unread| unread.error.to_string())
            .collect(),
    };
    for case in corpus.cases() {
        let alias = case.aliases.iter().find(|alias| fits(alias));
        match (fits(&case.id), alias) {
            (true, _) => {}
            (false, Some(alias)) => {
                let renamed = (alias.to_string(), case.id.to_string());
                picked.renamed.push(renamed);
            }
            (false, None) => continue,
        }
        picked.cases.push(Arc::new(case.clone()));
    }
    Ok(picked)
}

/// Picks the runtimes that were asked for.
pub(crate) fn runtimes(inventory: &Inventory, patterns: &[String]) -> Result<Vec<Runtime>> {
    if patterns.is_empty() {
        return Ok(inventory.runtimes.clone());
    }
    // Ids without their channel stay good.
    let aliases = inventory.runtimes.iter().map(Runtime::alias);
    let ids: Vec<String> = aliases
        .chain(inventory.runtimes.iter().map(Runtime::id))
        .collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    // A tool that is not there is not a glob that is wrong.
    let missing: Vec<String> = inventory
        .missing
        .iter()
        .map(|missing| format!("{}@", missing.tool))
        .collect();
    let globs = globs("--runtime", patterns, &ids, &missing)?;
    Ok(inventory
        .runtimes
        .iter()
        .filter(|runtime| {
            globs
                .as_ref()
                .is_none_or(|globs| globs.is_match(runtime.id()) || globs.is_match(runtime.alias()))
        })
        .cloned()
        .collect())
}

/// Makes a matcher of globs, each of which must match something that is known, or begin like
/// something that is known to be absent.
pub(crate) fn globs(
    option: &str,
    patterns: &[String],
    known: &[&str],
    absent: &[String],
) -> Result<Option<GlobSet>> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let mut builder = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = Glob::new(pattern)
            .map_err(|error| Failure::usage(format!("{option} {pattern}: {error}")))?;
        let matcher = glob.compile_matcher();
        let is_absent = absent
            .iter()
            .any(|start| pattern.starts_with(start.as_str()));
        if !is_absent && !known.iter().any(|name| matcher.is_match(name)) {
            return Err(Failure::usage(format!(
                "{option} {pattern} matches nothing (hint: {})",
                examples(known)
            )));
        }
        builder.add(glob);
    }
    builder
        .build()
        .map(Some)
        .map_err(|error| Failure::usage(format!("{option}: {error}")))
}

fn examples(known: &[&str]) -> String {
    const SHOWN: usize = 5;
    match known.len() {
        0 => "there is nothing to match".to_owned(),
        all if all <= SHOWN => format!("there are {}", known.join(", ")),
        all => format!(
            "there are {}, and {} more",
            known[..SHOWN].join(", "),
            all - SHOWN
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::args::ColorChoice;

    fn corpus() -> Corpus {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("new")).unwrap();
        for (name, aliases) in [("one", "['old/one', 'older/one']"), ("two", "[]")] {
            let recipe = format!(
                "title = 'A'\nwhy = 'B'\nplatform = 'linux/amd64'\naliases = {aliases}\n\
                 [children.a]\nplatform = 'linux/amd64'\n[index]\nentries = ['a']\n"
            );
            std::fs::write(dir.path().join(format!("new/{name}.toml")), recipe).unwrap();
        }
        Corpus::from_recipes(dir.path()).unwrap()
    }

    fn ids(pattern: &str) -> (Vec<String>, Vec<(String, String)>) {
        let picked = picked(&corpus(), &[pattern.to_owned()]).unwrap();
        let ids = picked.cases.iter().map(|case| case.id.to_string());
        (ids.collect(), picked.renamed)
    }

    #[test]
    fn a_case_is_found_by_an_id_that_it_had() {
        let renamed = |old: &str| vec![(old.to_owned(), "new/one".to_owned())];
        let one = vec!["new/one".to_owned()];
        assert_eq!(ids("new/one"), (one.clone(), Vec::new()));
        assert_eq!(ids("old/one"), (one.clone(), renamed("old/one")));
        assert_eq!(ids("older/*"), (one, renamed("older/one")));
        assert_eq!(
            ids("**").1,
            [],
            "what is found as it is called now is not renamed"
        );
        assert!(picked(&corpus(), &["oldest/*".to_owned()]).is_err());
    }

    #[test]
    fn a_case_is_shown_by_an_id_that_it_had() {
        let (corpus, screen) = (corpus(), Terminal::new(ColorChoice::Never));
        let shown = case(&corpus, "older/one", screen).unwrap();
        assert_eq!(shown.id.as_str(), "new/one");
        assert!(case(&corpus, "oldest/one", screen).is_err());
    }
}
