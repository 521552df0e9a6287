//! One case in full: what every runtime did, and the evidence for it.

use super::{LINE, line};
use crate::{
    matrix::{Matrix, Row, Runtime},
    render::{
        cell::{self, Tone, Wording},
        verdicts,
    },
    results::{Command, Exit, Identity, Observation, Request, Trial},
    text,
    verdict::{Verdict, Verdicts},
};
use serde::Serialize;

/// How many characters of standard error are shown.
const STDERR: usize = 4000;
#[derive(Serialize)]
pub(super) struct CaseView {
    anchor: String,
    label: String,
    title: String,
    why: String,
    platform: String,
    split: bool,
    /// What occurs in it, for the line that is seen while it is closed.
    tones: Vec<CellGist>,
    /// What the peers do.
    peers: Option<String>,
    /// What became of each clause.
    clauses: Vec<ClauseView>,
    trials: Vec<TrialView>,
}

#[derive(Serialize)]
struct ClauseView {
    name: String,
    says: String,
    link: String,
    /// Verdict and runtimes.
    verdicts: Vec<(Verdict, String)>,
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

impl CaseView {
    pub(super) fn of(
        matrix: &Matrix<'_>,
        operation: &str,
        row: &Row<'_>,
        anchor: String,
        verdicts: Option<&Verdicts<'_>>,
    ) -> Self {
        let clauses = verdicts.map_or_else(Vec::new, |verdicts| {
            let clauses = verdicts::clauses(matrix, verdicts, operation, row).into_iter();
            clauses
                .map(|clause| ClauseView {
                    name: clause.name,
                    says: clause.says,
                    link: clause.link,
                    verdicts: clause.verdicts,
                })
                .collect()
        });
        let mut tones: Vec<CellGist> = Vec::new();
        for trial in row.cells.iter().flatten() {
            let shown = cell::cell(Some(trial), Wording::Full);
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
                tone: cell::cell(trial, Wording::Full).tone,
                outcome: in_full(runtime, trial),
                evidence: trial.map(EvidenceView::of),
            }
        });
        Self {
            label: text::line(&row.label()),
            title: text::line(row.title),
            why: text::line(row.why),
            platform: cell::asked_for(row).unwrap_or_else(|| text::line(row.platform)),
            split: row.is_split(),
            tones,
            peers: verdicts.and_then(|_| verdicts::peers(matrix, row)),
            clauses,
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

/// An outcome in full, or why there is none.
pub(super) fn in_full(runtime: &Runtime<'_>, trial: Option<&Trial>) -> String {
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
