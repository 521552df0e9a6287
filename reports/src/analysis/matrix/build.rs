//! From records to a matrix.

use super::{
    CaseBook, CaseNote, FamilyNote, FamilyRows, MatrixNote, MatrixRuntime, MatrixWarning,
    MeasuredAgain, Row, Table, WarningKind,
    runtime::{KnownTools, Plain, RuntimeKey},
};
use crate::{
    analysis::{builds::PinAgreement, metamorphic::Relations},
    text,
};
use ocipick_records::{Footer, Header, Outcome, Results, RuntimeRecord, Trial};
use std::collections::{BTreeMap, BTreeSet};

/// The operations in the order in which they are shown; all others follow by name.
const OPERATIONS: [&str; 7] = ["pull", "run", "inspect", "scan", "copy", "import", "push"];

/// Cases by runtimes, of outcomes: one table per operation, all with the same runtimes.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix<'a> {
    /// The runs that the results are of, in the order given.
    pub runs: Vec<MeasuredRun<'a>>,
    /// What a reader must know before anything else: a run did not finish.
    pub warnings: Vec<MatrixWarning>,
    /// What a reader should know besides: how several results were merged.
    pub notes: Vec<MatrixNote>,
    /// The columns, in the order in which they are shown.
    pub runtimes: Vec<MatrixRuntime<'a>>,
    /// One table per operation.
    pub tables: Vec<Table<'a>>,
    /// What became of changes that must not matter, where any were tried.
    pub relations: Option<Relations>,
}

/// One run.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasuredRun<'a> {
    /// What was to be measured.
    pub header: &'a Header,
    /// Present where the run finished.
    pub footer: Option<&'a Footer>,
    /// How many trials it recorded.
    pub trials: usize,
    /// Whether its last line was cut in the middle.
    pub torn: bool,
}

/// The cells of one operation, by row.
type Cells<'a> = BTreeMap<RowKey<'a>, Vec<Option<&'a Trial>>>;

/// Where a row stands: the place of its family and case in the book, or their names behind all
/// that the book knows.
type RowKey<'a> = (usize, &'a str, usize, &'a str, &'a str);

impl<'a> Matrix<'a> {
    /// Arranges results, merged where there are several: of two trials of one cell the later
    /// one counts, and a note says so.
    #[must_use]
    pub fn build(results: &'a [Results], book: &'a CaseBook) -> Self {
        let tools = KnownTools::of(results);
        let keys: BTreeMap<Plain<'_>, RuntimeKey<'_>> = results
            .iter()
            .flat_map(|result| {
                let records = result.header.runtimes.iter();
                let records = records.map(|record| RuntimeKey::of_record(record, &tools));
                let trials = result.trials.iter();
                records.chain(trials.map(|trial| RuntimeKey::of_trial(trial, &tools)))
            })
            .map(|key| (key.plain(), key))
            .collect();
        let mut keys: Vec<RuntimeKey<'_>> = keys.into_values().collect();
        keys.sort();
        let columns: BTreeMap<Plain<'_>, usize> =
            keys.iter().map(RuntimeKey::plain).zip(0..).collect();
        let index = Index::new(book);

        let mut operations: BTreeMap<(usize, &str), Cells<'_>> = BTreeMap::new();
        let mut repeats = Repeats::default();
        for trial in results.iter().flat_map(|result| &result.trials) {
            let Some(column) = columns.get(&RuntimeKey::of_trial(trial, &tools).plain()) else {
                continue;
            };
            let cells = operations
                .entry(operation_place(&trial.operation))
                .or_default()
                .entry(index.place(trial))
                .or_insert_with(|| vec![None; columns.len()]);
            if let Some(cell) = cells.get_mut(*column) {
                repeats.note(cell.replace(trial), trial);
            }
        }

        let tables: Vec<Table<'a>> = operations
            .into_iter()
            .map(|((_, operation), rows)| Table {
                operation,
                families: index.families(rows),
            })
            .collect();
        let runs: Vec<MeasuredRun<'a>> = results.iter().map(MeasuredRun::of).collect();
        let mut matrix = Self {
            warnings: warnings(&runs),
            notes: Vec::new(),
            runtimes: runtimes(&keys, results, &tools),
            runs,
            tables,
            relations: Relations::of(results),
        };
        matrix.notes = matrix.notes(repeats);
        matrix.find_unmeasured();
        matrix
    }

    /// Every trial that is shown, in the order of tables, rows and runtimes.
    pub fn trials(&self) -> impl Iterator<Item = &'a Trial> {
        self.tables
            .iter()
            .flat_map(Table::rows)
            .flat_map(|row| row.cells.iter().copied().flatten())
    }

    /// Every trial of the runtime in this place.
    pub fn trials_of(&self, column: usize) -> impl Iterator<Item = &'a Trial> {
        let rows = self.tables.iter().flat_map(Table::rows);
        rows.filter_map(move |row| row.cells.get(column).copied().flatten())
    }

    /// Whether runtimes of more than one channel are compared, so that a version alone does not
    /// name a column.
    #[must_use]
    pub fn has_channels(&self) -> bool {
        let channels: BTreeSet<&str> = self.runtimes.iter().map(|it| it.channel).collect();
        channels.len() > 1
    }

    fn notes(&self, repeats: Repeats) -> Vec<MatrixNote> {
        let mut notes = Vec::new();
        if repeats.cells > 0 {
            notes.push(MatrixNote::MeasuredAgain {
                cells: repeats.cells,
                differing: repeats.differing,
            });
        }
        notes.extend(self.builds());
        let digests: BTreeSet<&str> = self
            .runs
            .iter()
            .map(|run| run.header.corpus.digest.as_str())
            .collect();
        if digests.len() > 1 {
            notes.push(MatrixNote::SeveralCorpora(digests.len()));
        }
        notes
    }

    /// Every build that does not stand for the release of its version.
    fn builds(&self) -> Vec<MatrixNote> {
        let mut known = BTreeSet::new();
        let mut builds = Vec::new();
        for runtime in &self.runtimes {
            let build = runtime.build();
            if !build.differs() {
                continue;
            }
            let libraries = build.libraries().iter();
            let differing: Vec<(String, String)> = libraries
                .filter(|it| matches!(it.agreement, PinAgreement::Differs(_)))
                .map(|it| (it.name.clone(), it.linked.clone()))
                .collect();
            let distribution = build.distribution().map(str::to_owned);
            // Its configurations are one build.
            if known.insert((runtime.tool, runtime.version, distribution, differing)) {
                builds.push(MatrixNote::OtherBuild {
                    tool: runtime.tool.to_owned(),
                    version: runtime.version.to_owned(),
                    build: Box::new(build),
                });
            }
        }
        builds
    }

    /// Says of every runtime without a single measured trial why that is.
    fn find_unmeasured(&mut self) {
        let mut measured = BTreeSet::new();
        let mut reasons: BTreeMap<usize, BTreeMap<String, usize>> = BTreeMap::new();
        for row in self.tables.iter().flat_map(Table::rows) {
            measured.extend(row.measured().map(|(column, _)| column));
            for (column, cell) in row.cells.iter().enumerate() {
                if let Some(Outcome::Unmeasured { why, detail }) = cell.map(|trial| &trial.outcome)
                {
                    let detail = text::line(detail);
                    let reason = if detail.is_empty() {
                        why.to_string()
                    } else {
                        format!("{why}: {detail}")
                    };
                    *reasons
                        .entry(column)
                        .or_default()
                        .entry(reason)
                        .or_default() += 1;
                }
            }
        }
        for (column, runtime) in self.runtimes.iter_mut().enumerate() {
            if measured.contains(&column) {
                continue;
            }
            let header = runtime.record.and_then(|record| record.unmeasured.clone());
            let commonest = || {
                let reasons = reasons.remove(&column)?;
                let most = reasons.values().max().copied()?;
                reasons
                    .into_iter()
                    .find(|(_, count)| *count == most)
                    .map(|(reason, _)| reason)
            };
            runtime.unmeasured = header
                .or_else(commonest)
                .or_else(|| Some("no trial of it was recorded".to_owned()));
        }
    }
}

impl<'a> MeasuredRun<'a> {
    fn of(results: &'a Results) -> Self {
        Self {
            header: &results.header,
            footer: results.footer.as_ref(),
            trials: results.trials.len() + results.derived.len(),
            torn: results.torn,
        }
    }
}

/// Cells that were measured more than once.
#[derive(Default)]
struct Repeats {
    cells: usize,
    differing: Vec<MeasuredAgain>,
}

impl Repeats {
    fn note(&mut self, earlier: Option<&Trial>, later: &Trial) {
        let Some(earlier) = earlier else { return };
        self.cells += 1;
        if !earlier.outcome.agrees_with(&later.outcome) {
            self.differing.push(MeasuredAgain {
                case: later.case.clone(),
                runtime: later.runtime.clone(),
                earlier: earlier.outcome.clone(),
                later: later.outcome.clone(),
            });
        }
    }
}

/// The book by id.
struct Index<'a> {
    families: BTreeMap<&'a str, (usize, &'a FamilyNote)>,
    cases: BTreeMap<&'a str, (usize, &'a CaseNote)>,
}

impl<'a> Index<'a> {
    fn new(book: &'a CaseBook) -> Self {
        Self {
            families: book
                .families
                .iter()
                .enumerate()
                .map(|(place, note)| (note.id.as_str(), (place, note)))
                .collect(),
            cases: book
                .cases
                .iter()
                .enumerate()
                .map(|(place, note)| (note.id.as_str(), (place, note)))
                .collect(),
        }
    }

    fn place(&self, trial: &'a Trial) -> RowKey<'a> {
        let case = self.cases.get(trial.case.as_str());
        let family = case.map_or_else(
            || trial.case.rsplit_once('/').map_or("", |(family, _)| family),
            |(_, note)| note.family.as_str(),
        );
        (
            self.families.get(family).map_or(usize::MAX, |it| it.0),
            family,
            case.map_or(usize::MAX, |it| it.0),
            &trial.case,
            &trial.platform,
        )
    }

    fn families(&self, rows: Cells<'a>) -> Vec<FamilyRows<'a>> {
        let mut platforms: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, _, _, case, _) in rows.keys() {
            *platforms.entry(case).or_default() += 1;
        }
        let mut families: Vec<FamilyRows<'a>> = Vec::new();
        for ((_, family, _, case, platform), cells) in rows {
            let note = self.cases.get(case).map(|(_, note)| *note);
            let row = Row {
                case,
                platform,
                among_platforms: platforms.get(case).is_some_and(|number| *number > 1),
                title: note.map_or("", |note| &note.title),
                why: note.map_or("", |note| &note.why),
                cells,
            };
            match families.last_mut() {
                Some(last) if last.id == family => last.rows.push(row),
                Some(_) | None => {
                    let note = self.families.get(family).map(|(_, note)| *note);
                    families.push(FamilyRows {
                        id: family,
                        title: note.map_or("", |note| &note.title),
                        about: note.map_or("", |note| &note.about),
                        rows: vec![row],
                    });
                }
            }
        }
        families
    }
}

fn operation_place(operation: &str) -> (usize, &str) {
    let place = OPERATIONS.iter().position(|known| *known == operation);
    (place.unwrap_or(OPERATIONS.len()), operation)
}

fn runtimes<'a>(
    keys: &[RuntimeKey<'a>],
    results: &'a [Results],
    tools: &KnownTools<'a>,
) -> Vec<MatrixRuntime<'a>> {
    let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
    for key in keys {
        *uses.entry(key.stem).or_default() += 1;
    }
    let records: BTreeMap<Plain<'a>, &'a RuntimeRecord> = results
        .iter()
        .flat_map(|result| &result.header.runtimes)
        .map(|record| (RuntimeKey::of_record(record, tools).plain(), record))
        .collect();
    keys.iter()
        .map(|key| MatrixRuntime {
            id: if uses.get(key.stem) == Some(&1) {
                key.stem.to_owned()
            } else {
                format!("{}#{}", key.stem, key.channel)
            },
            tool: key.tool,
            version: key.version,
            flavour: key.flavour,
            channel: key.channel,
            record: records.get(&key.plain()).copied(),
            info: tools.get(key.tool),
            unmeasured: None,
        })
        .collect()
}

fn warnings(runs: &[MeasuredRun<'_>]) -> Vec<MatrixWarning> {
    let warning = |(number, run): (usize, &MeasuredRun<'_>)| {
        let what = match run.footer {
            None => WarningKind::Unfinished {
                planned: run.header.planned,
                torn: run.torn,
            },
            Some(footer) if footer.trials != run.trials => WarningKind::ChangedAfterwards {
                said: footer.trials,
            },
            Some(_) => return None,
        };
        Some(MatrixWarning {
            number,
            runs: runs.len(),
            started: run.header.started.clone(),
            trials: run.trials,
            what,
        })
    };
    (1..).zip(runs).filter_map(warning).collect()
}
