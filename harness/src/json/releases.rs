//! What is said of releases of upstream that were built.

use ocipick_adapters::{GoOutcome, GoRecord, GoRelease, PinDifference, Pins, channel::StoreError};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// A release that was built, or what lies in its place.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ListedRelease {
    /// One that is whole.
    Whole(Box<ReleaseOutline>),
    /// Something of which it is not known what it is.
    Broken {
        /// Its name: `crane@v0.22.1`.
        name: String,
        /// What is wrong with it.
        broken: String,
    },
}

/// What is known of a release that was built.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReleaseOutline {
    /// Its name: `crane@v0.22.1`.
    name: String,
    tool: String,
    /// Path of the module.
    module: String,
    /// Its version.
    version: String,
    /// What upstream calls that, where it is something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    release: Option<String>,
    /// Its checksum, as in `go.sum`.
    sum: String,
    /// Version of the compiler.
    go: String,
    /// The tags of the build.
    tags: Vec<String>,
    /// Whether it was built with a compiler of C.
    cgo: bool,
    /// `install`, or `module with upstream's replaces`.
    how: String,
    /// The libraries that select manifests, and their versions.
    libraries: BTreeMap<String, String>,
    /// Which libraries were linked in another version than the release pins; empty where it is as upstream.
    other_than_pinned: Vec<OtherPin>,
    /// How long the build took.
    seconds: f64,
    /// The size of the binaries.
    bytes: u64,
    /// The SHA-256 of each binary.
    sha256: BTreeMap<String, String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct OtherPin {
    library: String,
    pinned: String,
    linked: String,
}

/// What became of a release that was to be built.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ReleaseResult {
    /// It is there.
    Built {
        /// What is known of it.
        #[serde(flatten)]
        release: Box<ReleaseOutline>,
        /// Whether it was built now, and not before.
        now: bool,
    },
    /// It is not.
    Failed {
        /// What was asked for.
        name: String,
        /// Why it is not there.
        error: String,
    },
}

impl ListedRelease {
    pub(super) fn of(name: String, looked: Result<Option<GoRelease>, StoreError>) -> Self {
        let broken = match looked {
            Ok(Some(release)) => return Self::Whole(ReleaseOutline::of(&release)),
            Ok(None) => "it is gone".to_owned(),
            Err(error) => error.to_string(),
        };
        Self::Broken { name, broken }
    }
}

impl ReleaseOutline {
    fn of(release: &GoRelease) -> Box<Self> {
        let GoRecord {
            tool,
            module,
            version,
            release: called,
            sum,
            go,
            tags,
            cgo,
            how,
            libraries,
            pins,
            seconds,
            bytes,
            sha256,
            directives: _,
        } = release.record.clone();
        let other = match pins {
            Pins::Same(_) => Vec::new(),
            Pins::Differ(all) => all,
        };
        let other = other.into_iter().map(|it| {
            let PinDifference {
                library,
                pinned,
                linked,
            } = it;
            OtherPin {
                library,
                pinned,
                linked,
            }
        });
        Box::new(Self {
            name: release.name(),
            tool,
            module,
            version,
            release: called,
            sum,
            go,
            tags,
            cgo,
            how,
            libraries,
            other_than_pinned: other.collect(),
            seconds,
            bytes,
            sha256,
        })
    }
}

impl ReleaseResult {
    pub(super) fn of(outcome: &GoOutcome) -> Self {
        match &outcome.result {
            Ok((release, now)) => Self::Built {
                release: ReleaseOutline::of(release),
                now: *now,
            },
            Err(error) => Self::Failed {
                name: outcome.name.clone(),
                error: error.to_string(),
            },
        }
    }
}
