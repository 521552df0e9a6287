//! Evidence: what was seen in a trial, before anybody draws a conclusion from it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was seen in one trial.
///
/// The three kinds of evidence (what the tool says, what the image contains, which requests
/// reached the registry) are kept side by side and never merged: where they contradict each
/// other, that is the outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// What the tool itself says of the image that it now has.
    pub reported: Observation,
    /// What the image that it now has contains.
    pub materialised: Observation,
    /// Every request that reached the registry, in order.
    pub requests: Vec<HttpRequest>,
    /// How the command that decided the trial ended; absent where none was run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<Exit>,
    /// The last lines that this command wrote to its standard error.
    pub stderr_tail: String,
    /// Every command, in order, as run.
    pub commands: Vec<Command>,
    /// What a reader should know besides: other children fetched, processes that outlived
    /// the tool, a second pull answered from the store.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// The result of looking in one place.
///
/// That nothing was there and that nobody could look are different things: the first is a
/// statement about the tool, the second is not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Observation {
    /// Nobody looked, because the tool had failed before.
    #[default]
    NotLooked,
    /// Something was there.
    Seen {
        /// Every sign of an image that was found.
        sightings: Vec<Sighting>,
    },
    /// The tool answered that there is nothing, or there was nothing to be found.
    Absent {
        /// In whose words.
        words: String,
    },
    /// Looking failed for a reason that says nothing about the tool's choice.
    Failed {
        /// What failed.
        trouble: String,
    },
}

impl Observation {
    /// What was seen; empty where nothing was.
    #[must_use]
    pub fn sightings(&self) -> &[Sighting] {
        match self {
            Self::Seen { sightings } => sightings,
            Self::NotLooked | Self::Absent { .. } | Self::Failed { .. } => &[],
        }
    }
}

/// One sign of an image, such as a digest that a tool printed or a file that its image has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sighting {
    /// Where it was seen, such as `docker image inspect`.
    pub source: String,
    /// What was seen.
    #[serde(rename = "is")]
    pub identity: Identity,
    /// The children of the case that this is a sign of: one in built-in cases; several where
    /// foreign children share content; none where it is a sign of no child at all.
    pub children: Vec<String>,
}

/// By what an image was recognised.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "what", content = "value", rename_all = "kebab-case")]
pub enum Identity {
    /// The digest of its manifest.
    ManifestDigest(String),
    /// The digest of its config.
    ConfigDigest(String),
    /// The digests of its layers as stored, base first.
    LayerDigests(Vec<String>),
    /// The digests of its unpacked layers, base first.
    DiffIds(Vec<String>),
    /// The chain id over its unpacked layers, as the image specification defines it.
    ChainId(String),
    /// The text of the file `/ocipick/child` in its root file system.
    Marker(String),
    /// The label `ocipick.child` of its config.
    Label(String),
    /// The digests of everything that the store had of what was asked for: a sign of each child that
    /// was in it with manifest and config.
    Stored(Vec<String>),
}

/// One request that reached the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HttpRequest {
    /// HTTP method.
    pub method: String,
    /// Path below the namespace of the trial, such as `/manifests/latest`, so that it is the same
    /// in every run.
    pub path: String,
    /// HTTP status answered.
    pub status: u16,
    /// Bytes of body sent.
    pub bytes: u64,
    /// Milliseconds since the trial began.
    pub at_ms: u64,
    /// The `User-Agent` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The `Accept` headers, joined by `, `.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept: Option<String>,
    /// The `Range` header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<String>,
}

/// How a process ended: in JSON `{"how":"code","value":1}`; `deadline` and `output-limit` have no
/// value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "how", content = "value", rename_all = "kebab-case")]
pub enum Exit {
    /// It exited with this code.
    Code(i32),
    /// It died of this signal.
    Signal(i32),
    /// It was still running at its deadline, and was ended with all that it had started.
    Deadline,
    /// It printed more than there is room for, and was ended with all that it had started.
    OutputLimit,
}

impl Exit {
    /// Whether it exited with code 0.
    #[must_use]
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }
}

/// One command, as run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Command {
    /// The command line for a shell, with the environment that matters in front.
    pub line: String,
    /// How it ended.
    pub exit: Exit,
    /// Milliseconds it took.
    pub duration_ms: u64,
}
