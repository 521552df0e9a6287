//! `ocipick corpus check`: what is wrong with recipes and layouts, and which clauses each case
//! breaks itself.

use crate::commands::{
    fail::{Failure, Result},
    show::violation_lines,
    terminal::Terminal,
};
use clap::Args;
use ocipick::{
    exit::ExitCode,
    json::{CheckedCaseRecord, CheckedCorpus},
};
use ocipick_corpus::{
    Corpus, CorpusError, PlatformRequest,
    lint::{CheckedLayout, Consequence, Violation, check_layouts},
};
use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

#[derive(Debug, Args)]
pub(crate) struct CorpusCheckArgs {
    /// A directory of recipes (*.toml), of OCI layouts, or of both; without it, the built-in
    /// corpus
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Print everything as JSON
    #[arg(long)]
    json: bool,
    /// Fail (code 3) where a document breaks a requirement
    #[arg(long)]
    strict: bool,
}

/// What was checked.
#[derive(Default)]
struct Checked {
    cases: Vec<CheckedCase>,
    /// What keeps recipes and layouts from being cases.
    mistakes: Vec<String>,
}

/// A case, or a layout that cannot be one.
struct CheckedCase {
    id: String,
    source: String,
    breaches: Vec<Violation>,
    /// How many manifests its entries lead to, and how many of them are not in the layout. A sparse
    /// layout breaks nothing; who made one by mistake wants to know.
    absent: Option<(usize, usize)>,
}

impl CheckedCase {
    /// What is absent from a layout, for a person.
    fn absence(&self) -> Option<String> {
        let (absent, all) = self.absent.filter(|(absent, _)| *absent > 0)?;
        let manifests = if all == 1 { "manifest" } else { "manifests" };
        let are = if absent == 1 { "is" } else { "are" };
        Some(format!(
            "  {absent} of {all} {manifests} that entries lead to {are} not in the layout\n"
        ))
    }

    fn gravest(&self) -> Option<Consequence> {
        Consequence::of(&self.breaches)
    }
}

/// Checks a directory, or the built-in corpus; `strict` makes what is invalid a failure.
pub(super) fn check(args: &CorpusCheckArgs, screen: Terminal) -> Result<ExitCode> {
    let checked = match &args.dir {
        None => Checked {
            cases: of_corpus(&Corpus::built_in()?),
            mistakes: Vec::new(),
        },
        Some(dir) => of_directory(dir)?,
    };
    if args.json {
        screen.print_verbatim(&checked.json()?)?;
    } else if !checked.cases.is_empty() {
        screen.print(&checked.text())?;
    }
    match checked.mistakes.as_slice() {
        [] => {}
        [one] => return Err(Failure::usage(one)),
        several => {
            let list = several.join("\n  ");
            let count = several.len();
            return Err(Failure::usage(format!(
                "{count} mistakes in the corpus:\n  {list}"
            )));
        }
    }
    let is_invalid = |case: &CheckedCase| case.gravest() == Some(Consequence::Invalid);
    if args.strict && checked.cases.iter().any(is_invalid) {
        return Ok(ExitCode::CheckFailed);
    }
    Ok(ExitCode::Success)
}

/// Checks every recipe and every layout below a directory.
fn of_directory(dir: &Path) -> Result<Checked> {
    let mut checked = Checked::default();
    if !dir.is_dir() {
        return Err(Failure::usage(format!(
            "{} is no directory (hint: name one that holds recipes or OCI layouts)",
            dir.display()
        )));
    }
    let ask = PlatformRequest::Default;
    let layouts = check_layouts(dir, &ask).map_err(Failure::usage)?;
    let roots = recipe_roots(dir, |path| {
        layouts.iter().any(|layout| path.starts_with(&layout.path))
    });
    for root in &roots {
        match Corpus::from_recipes(root) {
            Ok(corpus) => checked.cases.extend(of_corpus(&corpus)),
            Err(CorpusError::Mistakes(mistakes)) => {
                let lines = mistakes.iter().map(ToString::to_string);
                checked.mistakes.extend(lines);
            }
            Err(error) => return Err(error.into()),
        }
    }
    if roots.is_empty() && layouts.is_empty() {
        return Err(Failure::usage(format!(
            "{} holds neither recipes nor OCI layouts (hint: recipes are *.toml in the folder of \
             their family, a layout is a directory with a file `oci-layout`, or with `index.json` \
             beside `blobs/`)",
            dir.display()
        )));
    }
    for CheckedLayout {
        path,
        case,
        breaches,
    } in layouts
    {
        let source = path.display().to_string();
        let (id, absent) = match case {
            Ok(case) => {
                let absent = case.children.iter().filter(|child| !child.served).count();
                (case.id.to_string(), Some((absent, case.children.len())))
            }
            Err(unread) => {
                checked.mistakes.push(unread.error.to_string());
                (unread.id.to_string(), None)
            }
        };
        checked.cases.push(CheckedCase {
            id,
            source,
            breaches,
            absent,
        });
    }
    Ok(checked)
}

fn of_corpus(corpus: &Corpus) -> Vec<CheckedCase> {
    let cases = corpus.cases().iter().map(|case| CheckedCase {
        id: case.id.to_string(),
        source: case.source.clone(),
        breaches: case.breaches(),
        // What a recipe leaves out it leaves out on purpose.
        absent: None,
    });
    cases.collect()
}

/// The directories below which the folders of families lie: the one given where recipes are as deep
/// in it as that, else those that are deeper.
fn recipe_roots(dir: &Path, is_other: impl Fn(&Path) -> bool) -> BTreeSet<PathBuf> {
    let mut roots = BTreeSet::new();
    let mut open = vec![dir.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if is_other(&path) {
                continue;
            }
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                open.push(path);
            } else if path.extension().is_some_and(|end| end == "toml") {
                // The list of families lies beside the folders of the families.
                let is_list = entry.file_name() == "families.toml";
                let above = if is_list {
                    Some(&*folder)
                } else {
                    folder.parent()
                };
                let above = above.filter(|above| above.starts_with(dir));
                roots.insert(above.unwrap_or(dir).to_owned());
            }
        }
    }
    let is_inner = |root: &PathBuf| root.ancestors().skip(1).any(|outer| roots.contains(outer));
    let inner: Vec<PathBuf> = roots
        .iter()
        .filter(|root| is_inner(root))
        .cloned()
        .collect();
    roots.retain(|root| !inner.contains(root));
    roots
}

impl Checked {
    /// Every case that breaks something, and how many there are of each kind.
    fn text(&self) -> String {
        let mut text = String::new();
        for case in &self.cases {
            let absence = case.absence();
            if case.breaches.is_empty() && absence.is_none() {
                continue;
            }
            let _ = writeln!(text, "{}", case.id);
            text.push_str(&violation_lines(&case.breaches));
            text.push_str(&absence.unwrap_or_default());
            text.push('\n');
        }
        let count = |gravest| {
            let alike = self.cases.iter().filter(|case| case.gravest() == gravest);
            alike.count()
        };
        let kinds = [
            (Some(Consequence::Invalid), "invalid"),
            (Some(Consequence::Untrusted), "not to be trusted"),
            (Some(Consequence::Weak), "against recommendations"),
            (Some(Consequence::Odd), "odd"),
            (None, "break nothing"),
        ];
        let kinds: Vec<String> = kinds
            .into_iter()
            .map(|(gravest, words)| (count(gravest), words))
            .filter(|(count, _)| *count > 0)
            .map(|(count, words)| format!("{count} {words}"))
            .collect();
        let all = self.cases.len();
        let what = if all == 1 { "case" } else { "cases" };
        let _ = writeln!(text, "{all} {what}: {}", kinds.join(", "));
        text
    }

    fn json(&self) -> Result<String> {
        let cases = self.cases.iter().map(|case| {
            let absent = case.absent.map(|(absent, _)| absent);
            CheckedCaseRecord::of(&case.id, &case.source, &case.breaches, absent)
        });
        let record = CheckedCorpus::of(cases, &self.mistakes);
        serde_json::to_string_pretty(&record).map_err(Failure::internal)
    }
}
