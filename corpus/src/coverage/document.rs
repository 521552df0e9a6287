//! `docs/coverage.md`: what is covered, as a page for people.

use super::{Coverage, Gap, Origin};
use crate::{Case, Clause, Level, Wording};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

const HEAD: &str = "\
# Coverage

What the corpus tests of the specifications and of the reports that are known, and what it does not
test and why. This page is made of `corpus/`; write it anew with
`make generate`.

A case exercises a clause where a tool meets there what the clause is about. Tools are judged by the clause
in those cases that say what satisfies it or what breaks it; in the others the case is there to show what
tools do, and the verdict is silent. A case breaks a clause itself where a document of it is not what the
clause asks for, so that refusing it can be right. Cases are named where they are few; otherwise a family
stands for its cases, with their number. `ocipick show CASE` shows one in full.
";

impl Coverage<'_> {
    /// The page, in Markdown.
    #[must_use]
    pub fn document(&self) -> String {
        let mut page = HEAD.to_owned();
        self.numbers(&mut page);
        self.clauses(&mut page);
        self.origins(&mut page);
        self.reasons(&mut page);
        self.open(&mut page);
        page
    }

    fn numbers(&self, page: &mut String) {
        let clauses = self.corpus.clauses();
        let exercised = clauses.iter().filter(|c| !self.exercising(c).is_empty());
        let is_broken_only =
            |c: &&Clause| self.exercising(c).is_empty() && !self.breaking(c).is_empty();
        let broken_only = clauses.iter().filter(is_broken_only);
        let judged = clauses.iter().filter(|c| !self.judging(c).is_empty());
        let required = judged
            .clone()
            .filter(|c| c.newest().level == Level::Must)
            .count();
        let covered = self
            .origins
            .iter()
            .filter(|o| !self.coming_from(o).is_empty());
        let families: BTreeSet<&str> = self.corpus.cases().iter().map(|c| c.id.family()).collect();
        let _ = writeln!(
            page,
            "\n{} cases in {} families. Of {} clauses {} are exercised, and {} more are broken by a \
             document of a case. Tools are judged by {} of them, of which {} are requirements (MUST). \
             {} of {} reports have a case.",
            self.corpus.cases().len(),
            families.len(),
            clauses.len(),
            exercised.count(),
            broken_only.count(),
            judged.count(),
            required,
            covered.count(),
            self.origins.len(),
        );
    }

    /// One table per document of a specification, which is one file of clauses.
    fn clauses(&self, page: &mut String) {
        let mut documents: BTreeMap<&str, Vec<&Clause>> = BTreeMap::new();
        for clause in self.corpus.clauses() {
            let file = clause.source.rsplit('/').next().unwrap_or_default();
            let document = file.strip_suffix(".toml").unwrap_or(file);
            documents.entry(document).or_default().push(clause);
        }
        page.push_str("\n## Clauses\n");
        for (document, clauses) in documents {
            let _ = writeln!(page, "\n### {document}\n");
            page.push_str("| clause | level | exercised by | judged in | broken by |\n|---|---|---|---:|---|\n");
            for clause in clauses {
                let Clause { id, .. } = clause;
                let Wording { link, level, .. } = clause.newest();
                let cases = self.in_short(self.exercising(clause));
                let cases = match self.untested.clauses.get(id) {
                    Some(_) if cases.is_empty() => "not tested, see below",
                    Some(_) | None => &cases,
                };
                let broken = self.in_short(self.breaking(clause));
                let judged = match self.judging(clause).len() {
                    0 => String::new(),
                    cases => cases.to_string(),
                };
                let _ = writeln!(
                    page,
                    "| [{id}]({link}) | {level} | {cases} | {judged} | {broken} |"
                );
            }
        }
    }

    fn origins(&self, page: &mut String) {
        let mut rows: BTreeMap<String, (&str, String)> = BTreeMap::new();
        for origin in &self.origins {
            let cases = self.coming_from(origin);
            if !cases.is_empty() {
                let ids: Vec<String> = origin.ids().map(link).collect();
                rows.insert(ids.join(", "), (&origin.about, self.in_short(&cases)));
            }
        }
        for (id, cases) in self.unlisted() {
            rows.insert(link(id), ("", self.in_short(cases)));
        }
        page.push_str("\n## Reports\n\n| report | about | cases |\n|---|---|---|\n");
        for (id, (about, cases)) in rows {
            let _ = writeln!(page, "| {id} | {about} | {cases} |");
        }
    }

    /// What is not tested, by the reasons for it.
    fn reasons(&self, page: &mut String) {
        page.push_str("\n## Not tested\n");
        let clauses = self.untested.clauses.iter();
        let clauses = clauses.map(|(id, reason)| (reason.as_str(), id.clone()));
        by_reason(page, "Clauses", clauses);
        let origins = self.untested.origins.iter().map(|(id, reason)| {
            let known = self.origins.iter().find(|origin| origin.has(id));
            let about = known.map_or("", |origin| origin.about.as_str());
            let ids: Vec<String> = known.map_or_else(
                || vec![link(id)],
                |origin| Origin::ids(origin).map(link).collect(),
            );
            (reason.as_str(), format!("{}: {about}", ids.join(", ")))
        });
        by_reason(page, "Reports", origins);
    }

    /// What has neither a case nor a reason to have none.
    fn open(&self, page: &mut String) {
        let mut lines = String::new();
        for gap in self.gaps() {
            let _ = match gap {
                Gap::Clause(id) => writeln!(lines, "- {id}"),
                Gap::Origin(id) => {
                    let known = self.origins.iter().find(|origin| origin.id == id);
                    let about = known.map_or("", |origin| origin.about.as_str());
                    writeln!(lines, "- {}: {about}", link(&id))
                }
                Gap::Tested { id, case } => {
                    writeln!(lines, "- {id} is listed as not tested, and {case} tests it")
                }
            };
        }
        if !lines.is_empty() {
            let _ = write!(
                page,
                "\n## Open\n\nNeither tested nor explained yet.\n\n{lines}"
            );
        }
    }

    /// The cases by name where they are few, and families with their numbers where they are not.
    fn in_short(&self, cases: &[&Case]) -> String {
        const FEW: usize = 3;
        if cases.len() <= FEW {
            let ids: Vec<String> = cases.iter().map(|case| case.id.to_string()).collect();
            return ids.join(", ");
        }
        let mut families: Vec<(&str, Vec<&Case>)> = Vec::new();
        for case in cases {
            let family = case.id.family();
            match families.iter_mut().find(|(known, _)| *known == family) {
                Some((_, known)) => known.push(case),
                None => families.push((family, vec![case])),
            }
        }
        let words: Vec<String> = families
            .iter()
            .map(|(family, cases)| match cases.as_slice() {
                [one] => one.id.to_string(),
                several => format!("{family} ({})", several.len()),
            })
            .collect();
        words.join(", ")
    }
}

fn by_reason<'a>(page: &mut String, title: &str, entries: impl Iterator<Item = (&'a str, String)>) {
    let mut reasons: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (reason, entry) in entries {
        reasons.entry(reason).or_default().push(entry);
    }
    if reasons.is_empty() {
        return;
    }
    let _ = writeln!(page, "\n### {title}");
    for (reason, entries) in reasons {
        let _ = writeln!(page, "\n{reason}\n");
        for entry in entries {
            let _ = writeln!(page, "- {entry}");
        }
    }
}

/// A report, as a link to where it can be read.
fn link(id: &str) -> String {
    match id.split_once('#') {
        Some((repository, number)) => {
            format!("[{id}](https://github.com/{repository}/issues/{number})")
        }
        None if id.starts_with("GHSA-") => format!("[{id}](https://github.com/advisories/{id})"),
        None => format!("[{id}](https://www.cve.org/CVERecord?id={id})"),
    }
}
