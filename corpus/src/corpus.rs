//! The corpus: every case, in the order of the matrix.

use crate::{
    Case, Clause, CorpusError, Diagnostic, DiagnosticKind, Digest, Effects, Family, Fault,
    HeaderFault, LayoutRef, PlatformRequest, Specification, Unread, clause,
    diagnostic::DiagnosticReport,
    family, layout,
    nearest::nearest,
    recipe::{self, Source},
    value::owned,
};
use ocipick_records::{CaseId, Root, read_regular};
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::Path,
    sync::Arc,
};

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

const FAMILIES: &str = "families.toml";

/// Cases with their families and the clauses they exercise.
#[derive(Clone, Debug)]
pub struct Corpus {
    cases: Vec<Case>,
    families: Vec<Family>,
    clauses: Vec<Clause>,
    unread: Arc<[Unread]>,
}

/// How large a recipe can be. The largest that is built in has some hundred kilobytes.
const RECIPE_LIMIT: u64 = 16 << 20;

impl Corpus {
    /// Makes the corpus that is built into the program.
    ///
    /// # Errors
    ///
    /// Where a recipe, clause or family file has mistakes; all of them are listed.
    pub fn built_in() -> Result<Self, CorpusError> {
        // Paths are shown as they are in the repository.
        let files: Vec<(String, &str)> = RECIPES
            .iter()
            .map(|(path, text)| (format!("corpus/{path}"), *text))
            .collect();
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(path, text)| (path.as_str(), *text))
            .collect();
        Self::assemble("corpus/recipes", &files, built_in_clauses()?)
    }

    /// Makes a corpus of the recipes below a directory, as somebody who writes them has them.
    /// Clauses are those that are built in.
    ///
    /// # Errors
    ///
    /// Where a file cannot be read, or has mistakes; all mistakes of all files are listed.
    pub fn from_recipes(dir: &Path) -> Result<Self, CorpusError> {
        let mut files = Vec::new();
        let root = Root::open(dir);
        for entry in walkdir::WalkDir::new(dir).sort_by_file_name() {
            let entry = entry.map_err(|error| CorpusError::walk(dir, error))?;
            let path = entry.path();
            // What is called a recipe and cannot be read is a mistake, and is not passed over.
            if !entry.file_type().is_dir() && path.extension().is_some_and(|end| end == "toml") {
                let below = path.strip_prefix(dir).unwrap_or(path);
                let bytes = match &root {
                    Ok(root) => root.read(below, RECIPE_LIMIT),
                    // The directory is one recipe.
                    Err(_) => read_regular(path, None, RECIPE_LIMIT),
                };
                let bytes = bytes.map_err(|error| CorpusError::file(path, error))?;
                let text = String::from_utf8(bytes).map_err(|error| {
                    CorpusError::read(path, io::Error::new(io::ErrorKind::InvalidData, error))
                })?;
                files.push((path.display().to_string(), text));
            }
        }
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        Self::assemble(&dir.display().to_string(), &files, built_in_clauses()?)
    }

    /// Makes a corpus of the OCI layouts below a directory, each of which is asked for the same.
    /// The id of a case is its path relative to `dir`; where a layout names several indexes, each of
    /// them is a case, and its name stands behind a colon. Layouts that cannot be read do not keep
    /// the others from being a corpus: they are [`Corpus::unread`].
    ///
    /// # Errors
    ///
    /// Where there is no layout, or none can be read; all of those are listed.
    pub fn foreign(dir: &Path, ask: &PlatformRequest) -> Result<Self, CorpusError> {
        let none = |error| CorpusError::Layouts(vec![error]);
        let (cases, unread) = layout::read_all(dir, ask).map_err(none)?;
        if cases.is_empty() {
            let errors = unread.into_iter().map(|unread| unread.error);
            return Err(CorpusError::Layouts(errors.collect()));
        }
        Ok(Self {
            families: families_of(&cases),
            cases,
            clauses: Vec::new(),
            unread: unread.into(),
        })
    }

    /// Makes a corpus of files below `root`, which their paths begin with.
    pub(crate) fn assemble(
        root: &str,
        files: &[(&str, &str)],
        clauses: Vec<Clause>,
    ) -> Result<Self, CorpusError> {
        let known: BTreeMap<&str, &Clause> = clauses
            .iter()
            .map(|clause| (clause.id.as_str(), clause))
            .collect();
        let mut mistakes = Vec::new();
        let mut families = None;
        let mut cases: BTreeMap<CaseId, Case> = BTreeMap::new();
        for (path, text) in files {
            let relative = path.strip_prefix(root).unwrap_or(path).trim_matches('/');
            if relative == FAMILIES {
                match family::read(path, text) {
                    Ok(read) => families = Some(read),
                    Err(more) => mistakes.extend(more),
                }
                continue;
            }
            let mut report = DiagnosticReport::new(path, text);
            let stem = relative.strip_suffix(".toml").unwrap_or(relative);
            if let Some((family, stem)) = stem.split_once('/')
                && !stem.contains('/')
            {
                let source = Source {
                    path,
                    family,
                    stem,
                    text,
                };
                match recipe::cases(source, &known) {
                    Ok(made) => add(made, &mut cases, &mut report),
                    Err(more) => mistakes.extend(more),
                }
            } else {
                report.add(&(0..0), DiagnosticKind::Misplaced);
            }
            mistakes.extend(report.into_mistakes());
        }
        let mut cases: Vec<Case> = cases.into_values().collect();
        mistakes.extend(shared_content(&cases));
        mistakes.extend(taken_aliases(&cases));
        let families = match families {
            Some(families) => {
                mistakes.extend(unlisted(&cases, &families));
                families
            }
            None => families_of(&cases),
        };
        // The cases of one file share what is wrong with it as a whole.
        mistakes.dedup();
        if !mistakes.is_empty() {
            return Err(CorpusError::Mistakes(mistakes));
        }
        let place = |case: &Case| families.iter().position(|f| f.id == case.id.family());
        cases.sort_by_key(|case| (place(case), case.id.clone()));
        Ok(Self {
            cases,
            families,
            clauses,
            unread: Arc::default(),
        })
    }

    /// The cases, family by family.
    #[must_use]
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// The case of that id.
    #[must_use]
    pub fn get(&self, id: &CaseId) -> Option<&Case> {
        self.cases.iter().find(|case| case.id == *id)
    }

    /// The case that has this id, or had it before.
    #[must_use]
    pub fn get_by_any_id(&self, id: &str) -> Option<&Case> {
        let has = |case: &&Case| case.id.as_str() == id;
        let had = |case: &&Case| case.aliases.iter().any(|alias| alias.as_str() == id);
        let mut cases = self.cases.iter();
        cases.clone().find(has).or_else(|| cases.find(had))
    }

    /// The families, in the order of the matrix.
    #[must_use]
    pub fn families(&self) -> &[Family] {
        &self.families
    }

    /// The clauses that cases may exercise, by id; none in a corpus of foreign layouts.
    #[must_use]
    pub fn clauses(&self) -> &[Clause] {
        &self.clauses
    }

    /// The clause of that id.
    #[must_use]
    pub fn clause(&self, id: &str) -> Option<&Clause> {
        self.clauses.iter().find(|clause| clause.id == id)
    }

    /// The layouts of a foreign corpus that cannot be read, and are no cases.
    #[must_use]
    pub fn unread(&self) -> &[Unread] {
        &self.unread
    }

    /// What [`digest_of`] says of all cases.
    #[must_use]
    pub fn digest(&self) -> Digest {
        digest_of(&self.cases)
    }
}

/// Reads the clauses that are built into the program, by id.
///
/// # Errors
///
/// Where a clause file has mistakes; all of them are listed.
pub fn built_in_clauses() -> Result<Vec<Clause>, CorpusError> {
    Ok(read_built_in()?.clauses)
}

/// Reads the specifications that the clauses belong to, with their releases.
///
/// # Errors
///
/// Where a clause file has mistakes; all of them are listed.
pub fn built_in_specifications() -> Result<Vec<Specification>, CorpusError> {
    Ok(read_built_in()?.specifications)
}

fn read_built_in() -> Result<clause::Read, CorpusError> {
    let files: Vec<(String, &str)> = CLAUSES
        .iter()
        .map(|(path, text)| (format!("corpus/{path}"), *text))
        .collect();
    clause::read(files.iter().map(|(path, text)| (path.as_str(), *text)))
        .map_err(CorpusError::Mistakes)
}

/// One digest of everything that tools can see of these cases, in this order: two results with the
/// same digest were measured on the same bytes.
///
/// Titles, clauses and origins are left out, so that an explanation can be bettered without
/// making old results incomparable.
#[must_use]
pub fn digest_of<'a>(cases: impl IntoIterator<Item = &'a Case>) -> Digest {
    let mut hasher = Lengths(Sha256::new());
    for case in cases {
        hasher.add(case.id.as_str().as_bytes());
        let mut asks = case.asks.iter();
        hasher.add(
            asks.next()
                .map_or_else(String::new, ToString::to_string)
                .as_bytes(),
        );
        hasher.add(case.index.media_type.as_bytes());
        hasher.add(&case.index.bytes);
        hasher.count(case.documents.len());
        for document in &case.documents {
            hasher.add(document.digest.as_str().as_bytes());
            hasher.add(document.media_type.as_bytes());
        }
        hasher.count(case.blobs.len());
        for blob in &case.blobs {
            hasher.add(blob.digest.as_str().as_bytes());
        }
        // What few cases have is fed only where it is there, each under a word that no id can
        // be, so that the digests of the others are as they were before it was thought of.
        for ask in asks {
            hasher.add(b"+ask");
            hasher.add(ask.to_string().as_bytes());
        }
        for operation in &case.operations {
            hasher.add(b"+operation");
            hasher.add(operation.as_str().as_bytes());
        }
        for fault in &case.faults {
            hasher.add(b"+fault");
            hasher.fault(fault);
        }
        if case.layout_refs != [LayoutRef::latest(&case.index)] {
            hasher.add(b"+layout");
            hasher.count(case.layout_refs.len());
            for entry in &case.layout_refs {
                hasher.add(entry.media_type.as_bytes());
                hasher.add(entry.digest.as_str().as_bytes());
                hasher.add(entry.size.to_string().as_bytes());
                hasher.maybe(entry.name.as_deref().map(str::as_bytes));
            }
        }
    }
    Digest::verbatim(format!(
        "sha256:{}",
        crate::digest::hex(&hasher.0.finalize())
    ))
}

/// A short digest of everything that tools can see of a case, whatever they are asked: the first
/// twelve digits of it. Outcomes measured on cases with the same one can be compared.
#[must_use]
pub fn digest_of_content(case: &Case) -> String {
    let nothing_asked = Case {
        asks: Vec::new(),
        operations: BTreeSet::new(),
        ..case.clone()
    };
    let digest = digest_of([&nothing_asked]);
    let hex = digest.as_str().split_once(':').map_or("", |(_, hex)| hex);
    hex.chars().take(12).collect()
}

/// Feeds a hash with pieces so that no two sequences of pieces are fed alike.
struct Lengths(Sha256);

impl Lengths {
    fn count(&mut self, count: usize) {
        self.0.update((count as u64).to_le_bytes());
    }

    fn add(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.update(bytes);
    }

    fn maybe(&mut self, bytes: Option<&[u8]>) {
        self.count(usize::from(bytes.is_some()));
        self.add(bytes.unwrap_or_default());
    }

    fn maybe_number(&mut self, number: Option<u128>) {
        self.maybe(
            number
                .map(u128::to_le_bytes)
                .as_ref()
                .map(<[u8; 16]>::as_slice),
        );
    }

    fn header(&mut self, fault: Option<&HeaderFault>) {
        self.maybe(fault.map(|fault| match fault {
            HeaderFault::Absent => b"-".as_slice(),
            HeaderFault::Says(_) => b"=".as_slice(),
        }));
        match fault {
            Some(HeaderFault::Says(text)) => self.add(text.as_bytes()),
            Some(HeaderFault::Absent) | None => {}
        }
    }

    fn fault(&mut self, fault: &Fault) {
        let Effects {
            answer,
            bytes,
            cut,
            delay,
            content_type,
            digest_header,
            chunked,
        } = &fault.effects;
        self.add(fault.target.as_str().as_bytes());
        for method in fault.methods.as_strs() {
            self.add(method.as_bytes());
        }
        self.maybe_number(fault.times.map(|times| u128::from(times.get())));
        self.count(usize::from(answer.is_some()));
        if let Some(answer) = answer {
            self.count(usize::from(answer.status));
            self.count(answer.headers.len());
            for (name, value) in &answer.headers {
                self.add(name.as_bytes());
                self.add(value.as_bytes());
            }
            self.maybe(answer.body.as_deref().map(str::as_bytes));
        }
        self.maybe(bytes.as_ref().map(|other| other.digest.as_str().as_bytes()));
        self.maybe_number(cut.map(u128::from));
        self.maybe_number(delay.map(|delay| delay.as_millis()));
        self.header(content_type.as_ref());
        self.header(digest_header.as_ref());
        self.count(usize::from(*chunked));
    }
}

fn add(made: Vec<Case>, cases: &mut BTreeMap<CaseId, Case>, report: &mut DiagnosticReport<'_>) {
    for case in made {
        if let Some(earlier) = cases.get(&case.id) {
            let kind = DiagnosticKind::IdTaken {
                id: case.id.as_str().to_owned(),
                other: earlier.source.clone(),
            };
            report.add(&(0..0), kind);
        } else {
            cases.insert(case.id.clone(), case);
        }
    }
}

/// Families without a file that lists them, by id.
fn families_of(cases: &[Case]) -> Vec<Family> {
    let ids: BTreeSet<&str> = cases.iter().map(|case| case.id.family()).collect();
    ids.into_iter()
        .map(|id| Family {
            id: id.to_owned(),
            title: id.to_owned(),
            about: String::new(),
        })
        .collect()
}

fn unlisted(cases: &[Case], families: &[Family]) -> Vec<Diagnostic> {
    let ids = || families.iter().map(|family| family.id.as_str());
    let unlisted = cases
        .iter()
        .filter(|case| !ids().any(|id| id == case.id.family()));
    unlisted
        .map(|case| {
            let family = case.id.family();
            whole_file(
                case,
                DiagnosticKind::FamilyUnknown {
                    family: family.to_owned(),
                    nearest: nearest(family, ids()).map(str::to_owned),
                    known: owned(ids()),
                },
            )
        })
        .collect()
}

/// Finds children that share a manifest, config or layer, within a case or between cases:
/// evidence that names such a digest would name two children.
fn shared_content(cases: &[Case]) -> Vec<Diagnostic> {
    let mut owners: BTreeMap<&Digest, (&Case, &str)> = BTreeMap::new();
    let mut mistakes = Vec::new();
    for case in cases {
        for child in &case.children {
            let layers = child.layers.iter().map(|layer| &layer.digest);
            let parts = std::iter::once(&child.manifest).chain(&child.config);
            for digest in parts.chain(layers) {
                if let Some((other, name)) = owners.insert(digest, (case, &child.name)) {
                    let kind = DiagnosticKind::SharedContent {
                        child: child.name.clone(),
                        case: case.id.as_str().to_owned(),
                        digest: digest.as_str().to_owned(),
                        other: format!("{} {name}", other.id),
                    };
                    mistakes.push(whole_file(case, kind));
                }
            }
        }
    }
    mistakes
}

/// Finds ids of the past that are those of other cases, or of several.
fn taken_aliases(cases: &[Case]) -> Vec<Diagnostic> {
    let mut owners: BTreeMap<&CaseId, &Case> = cases.iter().map(|case| (&case.id, case)).collect();
    let mut mistakes = Vec::new();
    for case in cases {
        for alias in &case.aliases {
            if let Some(other) = owners.insert(alias, case) {
                let kind = DiagnosticKind::IdTaken {
                    id: alias.as_str().to_owned(),
                    other: format!("{} in {}", other.id, other.source),
                };
                mistakes.push(whole_file(case, kind));
            }
        }
    }
    mistakes
}

fn whole_file(case: &Case, kind: DiagnosticKind) -> Diagnostic {
    Diagnostic {
        path: case.source.clone(),
        line: 1,
        column: 1,
        kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FaultPart, Methods};
    use ocipick_records::Operation;
    use std::{fs, time::Duration};

    const RECIPE: &str = "title = 'A'\nwhy = 'B'\nplatform = 'linux/amd64'\n[children.a]\n\
        platform = 'linux/amd64'\n[index]\nentries = ['a']\n";

    fn fault(case: &Case) -> Fault {
        Fault {
            on: "index".to_owned(),
            part: FaultPart::Manifest,
            target: case.index.digest.clone(),
            methods: Methods::Get,
            times: None,
            effects: Effects {
                cut: Some(1),
                ..Effects::default()
            },
        }
    }

    fn mistakes(files: &[(&str, &str)]) -> String {
        Corpus::assemble("recipes", files, Vec::new())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn the_built_in_corpus_is_without_mistakes() {
        let corpus = Corpus::built_in().unwrap_or_else(|error| panic!("{error}"));
        assert!(!corpus.cases().is_empty());
        for case in corpus.cases() {
            assert_eq!(corpus.get(&case.id).map(|found| &found.id), Some(&case.id));
            for clause in &case.clauses {
                assert!(corpus.clause(&clause.id).is_some(), "{}", clause.id);
            }
        }
    }

    #[test]
    fn cases_stand_in_the_order_of_their_families() {
        let families = "[[family]]\nid = 'z'\ntitle = 'Z'\nabout = 'Z.'\n\
            [[family]]\nid = 'a'\ntitle = 'A'\nabout = 'A.'\n";
        let files = [
            ("recipes/a/y.toml", RECIPE),
            ("recipes/a/x.toml", RECIPE),
            ("recipes/families.toml", families),
            ("recipes/z/x.toml", RECIPE),
        ];
        let corpus = Corpus::assemble("recipes", &files, Vec::new()).unwrap();
        let ids: Vec<&str> = corpus.cases.iter().map(|case| case.id.as_str()).collect();
        assert_eq!(ids, ["z/x", "a/x", "a/y"]);
    }

    #[test]
    fn mistakes_of_all_files_are_listed() {
        let named = format!("name = 'x'\n{RECIPE}");
        let files = [
            (
                "recipes/families.toml",
                "[[family]]\nid = 'duplicate'\ntitle = 'D'\n",
            ),
            ("recipes/duplicates/x.toml", RECIPE),
            ("recipes/duplicates/y.toml", &named),
            ("recipes/duplicates/deep/x.toml", RECIPE),
            ("recipes/x.toml", RECIPE),
            ("recipes/broken/x.toml", "x"),
        ];
        insta::assert_snapshot!("mistakes-of-all-files", mistakes(&files));
        let families = "[[family]]\nid = 'duplicate'\ntitle = 'D'\nabout = 'D.'\n";
        insta::assert_snapshot!(
            "mistake-family-unlisted",
            mistakes(&[("recipes/families.toml", families), files[1]])
        );
    }

    #[test]
    fn mistakes_in_clauses_are_listed() {
        let clauses =
            "[[clause]]\nid = 's/a'\nlevel = 'must'\nsays = 'A.'\nsince = 'main'\nlink = 'l'\n";
        let other = "[[clause]]\nid = 's/b'\nlevel = 'shall'\nsays = 'B.'\nlinks = 'l'\n";
        let releases = "[[specification]]\nid = 's'\ntitle = 'S'\nreleases = []\n";
        let files = [
            ("a.toml", clauses),
            ("b.toml", clauses),
            ("c.toml", other),
            ("s.toml", releases),
        ];
        let Err(mistakes) = clause::read(files) else {
            panic!("no mistake was found");
        };
        let mistakes = CorpusError::Mistakes(mistakes);
        insta::assert_snapshot!("mistakes-in-clauses", mistakes.to_string());
    }

    #[test]
    fn children_that_share_content_are_found() {
        let files = [("recipes/a/x.toml", RECIPE)];
        let corpus = Corpus::assemble("recipes", &files, Vec::new()).unwrap();
        let mut twice = corpus.cases.clone();
        twice.extend(corpus.cases);
        let mistakes = shared_content(&twice);
        assert_eq!(mistakes.len(), 3, "manifest, config and layer");
        assert!(
            mistakes[0]
                .to_string()
                .contains("child `a` of a/x shares sha256:")
        );
    }

    #[test]
    fn an_id_of_the_past_is_that_of_one_case() {
        let alias = |ids: &str| format!("aliases = {ids}\n{RECIPE}");
        let (one, other) = (alias("['a/old']"), alias("['a/old', 'a/x']"));
        let files = [("recipes/a/x.toml", &*one), ("recipes/a/y.toml", &*other)];
        insta::assert_snapshot!("mistakes-in-aliases", mistakes(&files));
        let corpus = Corpus::assemble("recipes", &files[..1], Vec::new()).unwrap();
        for id in ["a/x", "a/old"] {
            let found = corpus.get_by_any_id(id).map(|case| case.id.as_str());
            assert_eq!(found, Some("a/x"));
        }
        assert!(corpus.get_by_any_id("a/older").is_none());
    }

    #[test]
    fn recipes_on_disk_become_a_corpus() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("a")).unwrap();
        fs::write(root.path().join("a/x.toml"), RECIPE).unwrap();
        fs::write(root.path().join("a/notes.txt"), "no recipe").unwrap();
        let corpus = Corpus::from_recipes(root.path()).unwrap();
        assert_eq!(corpus.cases.len(), 1);
        assert!(corpus.cases[0].source.ends_with("x.toml"));
        let error = Corpus::from_recipes(&root.path().join("absent")).unwrap_err();
        assert!(error.to_string().contains("absent"), "{error}");
    }

    #[test]
    fn the_digest_depends_on_what_tools_see_and_on_nothing_else() {
        let files = [("recipes/a/x.toml", RECIPE)];
        let corpus = Corpus::assemble("recipes", &files, Vec::new()).unwrap();
        let digest = corpus.digest();
        let changed = |change: fn(&mut Case)| {
            let mut case = corpus.cases[0].clone();
            change(&mut case);
            digest_of([&case]) != digest
        };
        assert!(!changed(|case| case.title.clear()));
        assert!(changed(|case| case.id = CaseId::foreign("a/y")));
        assert!(changed(|case| case.asks = vec![PlatformRequest::Default]));
        assert!(changed(|case| case.asks.push(PlatformRequest::Default)));
        assert!(changed(|case| {
            case.operations.insert(Operation::Import);
        }));
        let with = |effects: fn(&mut Effects)| {
            changed(|case| {
                case.faults = vec![fault(case)];
            }) && {
                let mut case = corpus.cases[0].clone();
                case.faults = vec![fault(&case)];
                let before = digest_of([&case]);
                effects(&mut case.faults[0].effects);
                digest_of([&case]) != before
            }
        };
        assert!(with(|it| it.cut = Some(2)));
        assert!(with(|it| it.delay = Some(Duration::from_millis(1))));
        assert!(with(|it| it.chunked = true));
        assert!(with(|it| it.content_type = Some(HeaderFault::Absent)));
        assert!(with(
            |it| it.digest_header = Some(HeaderFault::Says(String::new()))
        ));
        assert!(changed(|case| case.layout_refs[0].name = None));
        assert!(changed(|case| case.layout_refs.clear()));
        assert!(changed(|case| case.index.media_type.push('x')));
        assert!(changed(|case| case.index.bytes = [1].into()));
        assert!(changed(|case| case.documents[0].media_type.push('x')));
        assert!(changed(|case| case.documents.clear()));
        assert!(changed(|case| case.blobs.clear()));
    }
}
