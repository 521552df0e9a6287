//! The evidence of a trial, as lines that people read.

use crate::text;
use ocipick_records::{Command, Exit, HttpRequest, Identity, Observation, Trial};
use serde::Serialize;

/// How many characters of a foreign line are shown.
const LINE: usize = 1000;
/// How many characters of standard error are shown.
const STDERR: usize = 4000;

/// What was seen in a trial.
#[derive(Serialize)]
pub(crate) struct EvidenceView {
    pub(crate) took: String,
    exit: Option<String>,
    reported: Vec<String>,
    materialised: Vec<String>,
    requests: Vec<String>,
    commands: Vec<String>,
    notes: Vec<String>,
    stderr: String,
}

impl EvidenceView {
    pub(crate) fn of(trial: &Trial) -> Self {
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
        Identity::Stored(digests) => format!("content of the store {}", digests.join(" ")),
        Identity::ChainId(chain) => format!("chain of layers {chain}"),
        Identity::DiffIds(digests) => format!("unpacked layers {}", digests.join(" ")),
        Identity::Marker(text) => format!("marker {text}"),
        Identity::Label(text) => format!("label {text}"),
    }
}

fn request(request: &HttpRequest) -> String {
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

/// Foreign text on one line, of a length that a page can bear.
fn line(text: &str) -> String {
    text::clip(&text::line(text), LINE)
}
