//! The matrix as one static page, which needs nothing but itself.

use super::cell::{self, Tone};
use crate::{
    findings::{self, Piece},
    matrix::{Family, Fold, Matrix, Row, Runtime, Summary, Table},
    results::{Command, Exit, Identity, Observation, Request, Trial},
    text,
};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;

const TEMPLATE: &str = include_str!("../../templates/report.html");
/// How many characters of standard error are shown.
const STDERR: usize = 4000;
/// How many characters of a foreign line are shown.
const LINE: usize = 1000;

/// How to write the matrix down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether rows that are alike are shown one by one. The details have all of them anyway.
    pub all: bool,
    /// How many findings are shown at most.
    pub findings: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            all: false,
            findings: 3,
        }
    }
}

/// Writes the page.
///
/// # Panics
/// Never: the template is part of this crate, and its tests render every kind of outcome.
#[must_use]
pub fn render(matrix: &Matrix<'_>, options: &Options) -> String {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()
            .expect("the delimiters are the usual ones"),
    );
    environment
        .render_str(TEMPLATE, Serde(Page::of(matrix, options)))
        .expect("the template fits its context")
}

/// All that the template is given, as JSON: what a snapshot test compares, because markup changes
/// more often than what is said.
///
/// # Panics
/// Never: all keys are text, and all numbers are finite.
#[must_use]
pub fn context(matrix: &Matrix<'_>, options: &Options) -> serde_json::Value {
    serde_json::to_value(Page::of(matrix, options)).expect("keys are text and numbers are finite")
}

#[derive(Serialize)]
struct Page {
    headline: String,
    summary: Summary,
    counts: String,
    findings: Vec<Vec<PieceView>>,
    legend: Vec<LegendView>,
    runtimes: Vec<RuntimeView>,
    tables: Vec<TableView>,
}

#[derive(Serialize)]
struct PieceView {
    name: bool,
    text: String,
}

#[derive(Serialize)]
struct LegendView {
    tone: Tone,
    symbol: &'static str,
    meaning: &'static str,
}

#[derive(Serialize)]
struct RuntimeView {
    name: String,
    heading: Vec<String>,
    unmeasured: Option<String>,
    /// What exactly was run, in lines.
    provenance: Vec<String>,
}

#[derive(Serialize)]
struct TableView {
    operation: String,
    rows: usize,
    runtimes: usize,
    splits: usize,
    families: Vec<FamilyView>,
    cases: Vec<CaseView>,
}

#[derive(Serialize)]
struct FamilyView {
    id: String,
    title: String,
    about: String,
    rows: Vec<RowView>,
}

#[derive(Serialize)]
struct RowView {
    anchor: String,
    name: String,
    title: String,
    platform: Option<String>,
    alike: Vec<String>,
    split: bool,
    cells: Vec<CellView>,
}

#[derive(Serialize)]
struct CellView {
    tone: Tone,
    text: String,
    /// Where its evidence is.
    anchor: String,
    /// The outcome in full.
    title: String,
}

#[derive(Serialize)]
struct CaseView {
    anchor: String,
    label: String,
    title: String,
    why: String,
    platform: String,
    split: bool,
    /// What occurs in it, for the line that is seen while it is closed.
    tones: Vec<CellGist>,
    trials: Vec<TrialView>,
}

#[derive(Serialize, PartialEq)]
struct CellGist {
    tone: Tone,
    text: String,
}

#[derive(Serialize)]
struct TrialView {
    anchor: String,
    runtime: String,
    tone: Tone,
    outcome: String,
    /// Absent where there was no trial.
    evidence: Option<EvidenceView>,
}

#[derive(Serialize)]
struct EvidenceView {
    took: String,
    exit: Option<String>,
    reported: Vec<String>,
    materialised: Vec<String>,
    requests: Vec<String>,
    commands: Vec<String>,
    notes: Vec<String>,
    stderr: String,
}

impl Page {
    fn of(matrix: &Matrix<'_>, options: &Options) -> Self {
        let summary = Summary::of(matrix);
        let mut tones: Vec<Tone> = matrix
            .tables
            .iter()
            .flat_map(Table::rows)
            .flat_map(|row| row.cells.iter().map(|cell| cell::cell(*cell).tone))
            .collect();
        tones.sort_unstable();
        tones.dedup();
        Self {
            headline: summary.headline(),
            counts: summary.counts(),
            summary,
            findings: findings::most_surprising(matrix, options.findings)
                .iter()
                .map(|finding| {
                    let sentence = finding.sentence();
                    sentence.pieces().iter().map(PieceView::of).collect()
                })
                .collect(),
            legend: tones
                .into_iter()
                .map(|tone| LegendView {
                    tone,
                    symbol: tone.symbol(),
                    meaning: tone.meaning(),
                })
                .collect(),
            runtimes: matrix
                .runtimes
                .iter()
                .map(|runtime| RuntimeView::of(runtime, matrix.has_channels()))
                .collect(),
            tables: (0..)
                .zip(&matrix.tables)
                .map(|(number, table)| TableView::of(matrix, number, table, options))
                .collect(),
        }
    }
}

impl PieceView {
    fn of(piece: &Piece) -> Self {
        match piece {
            Piece::Words(text) => Self {
                name: false,
                text: text.clone(),
            },
            Piece::Name(text) => Self {
                name: true,
                text: text.clone(),
            },
        }
    }
}

impl RuntimeView {
    fn of(runtime: &Runtime<'_>, with_channel: bool) -> Self {
        let mut provenance = Vec::new();
        if let Some(record) = runtime.record {
            let it = &record.provenance;
            for (role, path) in &it.binaries {
                provenance.push(line(&match it.versions.get(role) {
                    Some(version) => format!("{role}: {path}, which says {version}"),
                    None => format!("{role}: {path}"),
                }));
            }
            for (package, version) in &it.packages {
                provenance.push(line(&format!("package {package} {version}")));
            }
            provenance.extend(it.notes.iter().map(|note| line(note)));
        }
        Self {
            name: cell::full_name(runtime),
            heading: cell::heading(runtime, with_channel),
            unmeasured: runtime.unmeasured.as_deref().map(line),
            provenance,
        }
    }
}

impl TableView {
    fn of(matrix: &Matrix<'_>, number: usize, table: &Table<'_>, options: &Options) -> Self {
        // By place, because ids of foreign cases may hold anything.
        let mut place = 0;
        let mut families = Vec::new();
        let mut cases = Vec::new();
        for family in &table.families {
            let anchors: Vec<String> = family
                .rows
                .iter()
                .map(|_| {
                    place += 1;
                    format!("case-{number}-{place}")
                })
                .collect();
            families.push(FamilyView::of(matrix, family, &anchors, options));
            let rows = family.rows.iter().zip(anchors);
            cases.extend(rows.map(|(row, anchor)| CaseView::of(matrix, row, anchor)));
        }
        Self {
            operation: text::line(table.operation),
            rows: table.rows().count(),
            runtimes: table.columns().len(),
            splits: table.splits(),
            families,
            cases,
        }
    }
}

impl FamilyView {
    fn of(matrix: &Matrix<'_>, family: &Family<'_>, anchors: &[String], options: &Options) -> Self {
        let folds = family.lines(options.all);
        let rows = folds.iter().map(|fold| {
            let place = family
                .rows
                .iter()
                .position(|row| std::ptr::eq(row, fold.row));
            let anchor = place.and_then(|place| anchors.get(place));
            RowView::of(matrix, fold, anchor.map_or("", String::as_str))
        });
        Self {
            id: text::line(family.id),
            title: text::line(family.title),
            about: text::line(family.about),
            rows: rows.collect(),
        }
    }
}

impl RowView {
    fn of(matrix: &Matrix<'_>, fold: &Fold<'_, '_>, anchor: &str) -> Self {
        let row = fold.row;
        let cells = matrix.runtimes.iter().enumerate().map(|(column, runtime)| {
            let trial = row.cells.get(column).copied().flatten();
            let shown = cell::cell(trial);
            CellView {
                tone: shown.tone,
                text: shown.text,
                anchor: format!("{anchor}-{column}"),
                title: in_full(runtime, trial),
            }
        });
        Self {
            anchor: anchor.to_owned(),
            name: text::line(row.name()),
            title: text::line(row.title),
            platform: row.among_platforms.then(|| text::line(row.platform)),
            alike: fold
                .alike_labels()
                .iter()
                .map(|it| text::line(it))
                .collect(),
            split: row.is_split(),
            cells: cells.collect(),
        }
    }
}

impl CaseView {
    fn of(matrix: &Matrix<'_>, row: &Row<'_>, anchor: String) -> Self {
        let mut tones: Vec<CellGist> = Vec::new();
        for trial in row.cells.iter().flatten() {
            let shown = cell::cell(Some(trial));
            let gist = CellGist {
                tone: shown.tone,
                text: shown.text,
            };
            if !tones.contains(&gist) {
                tones.push(gist);
            }
        }
        let trials = matrix.runtimes.iter().enumerate().map(|(column, runtime)| {
            let trial = row.cells.get(column).copied().flatten();
            TrialView {
                anchor: format!("{anchor}-{column}"),
                runtime: cell::full_name(runtime),
                tone: cell::cell(trial).tone,
                outcome: in_full(runtime, trial),
                evidence: trial.map(EvidenceView::of),
            }
        });
        Self {
            label: text::line(&row.label()),
            title: text::line(row.title),
            why: text::line(row.why),
            platform: text::line(row.platform),
            split: row.is_split(),
            tones,
            trials: trials.collect(),
            anchor,
        }
    }
}

impl EvidenceView {
    fn of(trial: &Trial) -> Self {
        let it = &trial.evidence;
        Self {
            took: text::duration(trial.duration_ms),
            exit: it.exit.map(exit),
            reported: observation(&it.reported),
            materialised: observation(&it.materialised),
            requests: it.requests.iter().map(request).collect(),
            commands: it.commands.iter().map(command).collect(),
            notes: it.notes.iter().map(|note| line(note)).collect(),
            stderr: text::tail(text::block(&it.stderr_tail).trim_end(), STDERR),
        }
    }
}

fn in_full(runtime: &Runtime<'_>, trial: Option<&Trial>) -> String {
    text::clip(&cell::cell_in_full(runtime, trial), LINE)
}

fn observation(observation: &Observation) -> Vec<String> {
    match observation {
        Observation::NotLooked => vec!["nobody looked, because the tool had failed".to_owned()],
        Observation::Seen { sightings } => sightings
            .iter()
            .map(|sighting| {
                let children = if sighting.children.is_empty() {
                    "no child of the case".to_owned()
                } else {
                    text::list(&sighting.children)
                };
                line(&format!(
                    "{}: {}, which is {children}",
                    sighting.source,
                    identity(&sighting.identity)
                ))
            })
            .collect(),
        Observation::Absent { words } => vec![line(&format!("nothing there: {words}"))],
        Observation::Failed { trouble } => vec![line(&format!("could not look: {trouble}"))],
    }
}

fn identity(identity: &Identity) -> String {
    match identity {
        Identity::ManifestDigest(digest) => format!("manifest {digest}"),
        Identity::ConfigDigest(digest) => format!("config {digest}"),
        Identity::LayerDigests(digests) => format!("layers {}", digests.join(" ")),
        Identity::ChainId(chain) => format!("chain of layers {chain}"),
        Identity::DiffIds(digests) => format!("unpacked layers {}", digests.join(" ")),
        Identity::Marker(text) => format!("marker {text}"),
        Identity::Label(text) => format!("label {text}"),
    }
}

fn request(request: &Request) -> String {
    let range = request
        .range
        .as_deref()
        .map_or_else(String::new, |range| format!(" (range {range})"));
    line(&format!(
        "{} {}{range} → {}, {} bytes, at {}",
        request.method,
        request.path,
        request.status,
        request.bytes,
        text::duration(request.at_ms)
    ))
}

fn command(command: &Command) -> String {
    // On one line, so that it can be copied; what it did stands behind a comment sign.
    format!(
        "{}  # {}, {}",
        line(&command.line),
        exit(command.exit),
        text::duration(command.duration_ms)
    )
}

fn exit(exit: Exit) -> String {
    match exit {
        Exit::Code(code) => format!("exit code {code}"),
        Exit::Signal(signal) => format!("died of signal {signal}"),
        Exit::Deadline => "ended at its deadline".to_owned(),
        Exit::OutputLimit => "ended because it printed too much".to_owned(),
    }
}

fn line(text: &str) -> String {
    text::clip(&text::line(text), LINE)
}

#[cfg(test)]
mod tests {
    use super::{super::cell::SPLIT, *};

    #[test]
    fn the_mark_of_a_split_is_the_one_of_other_formats() {
        assert!(TEMPLATE.contains(SPLIT));
    }
}
