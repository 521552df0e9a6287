//! The three kinds of record.

use super::{Evidence, Outcome, OutcomeKind, RepeatedCells, ToolInfo};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the format, in every header.
pub const SCHEMA: &str = "ocipick.results/1";

/// One line of a results file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Record {
    /// The first line.
    Header(Box<Header>),
    /// One line per trial, written as it ends.
    Trial(Box<Trial>),
    /// The last line, of a finished run only.
    Footer(Footer),
}

/// What was measured, with what, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Header {
    /// Always `ocipick.results/1`.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: String,
    /// Version of ocipick.
    pub ocipick: String,
    /// When the run began, RFC 3339 in UTC.
    pub started: String,
    /// The corpus that was measured.
    pub corpus: CorpusStamp,
    /// The machine.
    pub host: Host,
    /// What names the machine and its user; never in what is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private: Option<Private>,
    /// The runtimes asked for, those that turned out unmeasurable included.
    pub runtimes: Vec<RuntimeRecord>,
    /// What there is to know of the tools, in the order of the matrix.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<ToolInfo>,
    /// The tools that were looked for and not found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<MissingRecord>,
    /// The channels that runtimes were provisioned in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<ChannelRecord>,
    /// The operations asked for.
    pub operations: Vec<String>,
    /// How many trials a finished run has.
    pub planned: usize,
    /// Which cells are tried more than once; none where this is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<Repeats>,
}

/// Which cells are tried more than once, how often, and in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Repeats {
    /// How often those cells are tried.
    pub tries: u32,
    /// Which cells.
    pub of: RepeatedCells,
    /// The seed of the order in which they are tried again. The same seed gives the same order.
    pub seed: u32,
}

impl Repeats {
    /// Every cell once.
    pub const NONE: Self = Self {
        tries: 1,
        of: RepeatedCells::Every,
        seed: 0,
    };
}

/// Which corpus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CorpusStamp {
    /// Digest over ids and bytes of the cases asked for.
    pub digest: String,
    /// How many cases.
    pub cases: usize,
    /// `built-in`, or the directory given.
    pub source: String,
    /// For each case asked for a short digest of all that tools can see of it, whatever they are
    /// asked: where two results have the same, they measured the same bytes. Results of versions
    /// before this was recorded do not have it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub content: BTreeMap<String, String>,
}

impl CorpusStamp {
    /// What [`CorpusStamp::source`] is where the corpus is the one in the program.
    pub const BUILT_IN: &str = "built-in";

    /// Whether the corpus is the one in the program, and not layouts of somebody else.
    #[must_use]
    pub fn is_built_in(&self) -> bool {
        self.source == Self::BUILT_IN
    }
}

/// The machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Host {
    /// Operating system, as in `linux`.
    pub os: String,
    /// Architecture in GOARCH's words, as in `amd64`.
    pub architecture: String,
    /// Name and version of the distribution.
    pub distribution: String,
    /// Release of the kernel.
    pub kernel: String,
    /// How many processors.
    pub cpus: usize,
    /// The level of the processor in the words of the architecture, as in `x86-64-v3` or `armv8.2-a`.
    /// Tools that are asked for no platform take by it what they pick. Results of versions before
    /// this was recorded do not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_level: Option<String>,
    /// Version of the control groups: `v1`, `v2`, or `hybrid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cgroup: Option<String>,
}

/// What names a machine and its user, so that it can be taken out of what is published.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Private {
    /// Directories by what they are (`run`, `tmp`, `home`, `cache`, `out`, `cwd`, `corpus`), each as it was
    /// given and as it is without links.
    #[serde(default)]
    pub directories: BTreeMap<String, Vec<String>>,
    /// Names by what they are (`host`, `user`). Where a run went on under another name, that is
    /// `host-2`.
    #[serde(default)]
    pub names: BTreeMap<String, String>,
}

impl Private {
    /// Adds what names another machine, or the same one later: a run that goes on has a new private
    /// directory.
    pub fn add(&mut self, other: &Self) {
        for (what, ways) in &other.directories {
            let known = self.directories.entry(what.clone()).or_default();
            for way in ways {
                if !known.contains(way) {
                    known.push(way.clone());
                }
            }
        }
        for (what, name) in &other.names {
            if self.names.values().any(|known| known == name) {
                continue;
            }
            let numbered = (2..).map(|n| format!("{what}-{n}"));
            let free = std::iter::once(what.clone())
                .chain(numbered)
                .find(|key| !self.names.contains_key(key));
            if let Some(key) = free {
                self.names.insert(key, name.clone());
            }
        }
    }
}

/// One tool, at one version, in one configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuntimeRecord {
    /// `tool@version+flavour#channel`. Results of earlier versions have no `#channel`.
    pub id: String,
    /// Name of the tool.
    pub tool: String,
    /// Its version.
    pub version: String,
    /// Its configuration, where there is more than one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flavour: Option<String>,
    /// Where it comes from: `path`, or a release.
    pub channel: String,
    /// What exactly was run.
    pub provenance: Provenance,
    /// Why none of its trials count, where none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unmeasured: Option<String>,
}

/// A channel that runtimes were provisioned in: what everything that runs there was made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChannelRecord {
    /// Its name, which [`RuntimeRecord::channel`] refers to.
    pub name: String,
    /// The release that it was added on top of, where it is no release by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Every package in it, by name.
    pub packages: BTreeMap<String, ArchiveRecord>,
    /// What laid it out, with its version.
    pub bootstrapper: String,
    /// How far the metadata of the distribution's archive was past its date, where that was
    /// accepted. Its signatures were verified all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired: Option<String>,
}

/// The archive that a package was unpacked from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ArchiveRecord {
    /// Version of the package, as the distribution writes it.
    pub version: String,
    /// sha256 of the archive, in hexadecimal digits.
    pub sha256: String,
    /// Where the package comes from, where that is not the release itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suite: Option<String>,
}

/// A tool that was looked for and not found, or not so that it could be measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MissingRecord {
    /// Name of the tool.
    pub tool: String,
    /// Which configuration of it, where the others were found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flavour: Option<String>,
    /// Where it was looked for.
    pub channel: String,
    /// What is missing.
    pub why: String,
    /// How to get it.
    pub remedy: String,
}

/// What exactly was run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Provenance {
    /// Path of each binary, by role (`client`, `daemon`).
    pub binaries: BTreeMap<String, String>,
    /// The kind of source: `path`, `debian`, `go`, or `binary` for one that the user named. Results of earlier
    /// versions do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The Go module that it was built from, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<ModuleOrigin>,
    /// Of binaries that the user named, or that were built, the SHA-256 of each, by role.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sha256: BTreeMap<String, String>,
    /// What each binary says of its version, by role.
    pub versions: BTreeMap<String, String>,
    /// The packages that ship the tool, and their versions, where a distribution built it. The
    /// archives of provisioned ones are among [`Header::channels`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub packages: BTreeMap<String, String>,
    /// The distribution that built it, as in `Debian`, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distribution: Option<String>,
    /// What each binary was linked with, by role, where that is known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub linked: BTreeMap<String, Linked>,
    /// What keeps the file systems of images, as in `overlayfs`, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshotter: Option<String>,
    /// What a reader must know to judge the provenance: expired metadata accepted, a daemon
    /// of the machine used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A release of upstream that was built from its Go module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModuleOrigin {
    /// Path of the module.
    pub path: String,
    /// Its version, as in `v1.2.3`.
    pub version: String,
    /// Its checksum, as in `go.sum`.
    pub sum: String,
    /// How it was built: `install`, or `module with upstream's replaces`.
    pub how: String,
}

/// What a Go binary was linked with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Linked {
    /// Version of the compiler, as in `1.27.1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub go: Option<String>,
    /// The libraries that select manifests, and their versions: `containerd`,
    /// `containerd/platforms`, `containers/image`, `containers/common`, `go-containerregistry`.
    /// Empty where it was linked with none of them besides its own code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub libraries: BTreeMap<String, String>,
    /// Who says so.
    pub source: LinkedSource,
}

/// Who says what a binary was linked with.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum LinkedSource {
    /// `Built-Using` and `Static-Built-Using` of the package that ships it.
    BuiltUsing,
    /// The build information in the binary.
    #[serde(rename = "buildinfo")]
    BuildInfo,
}

/// One runtime, one operation, one case, one platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trial {
    /// Id of the case.
    pub case: String,
    /// Id of the runtime.
    pub runtime: String,
    /// Name of the tool.
    pub tool: String,
    /// Its version.
    pub version: String,
    /// Its configuration, where there is more than one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flavour: Option<String>,
    /// Where it comes from.
    pub channel: String,
    /// What the tool was asked to do.
    pub operation: String,
    /// The platform asked for.
    pub platform: String,
    /// What the evidence amounts to.
    pub outcome: Outcome,
    /// What was seen.
    pub evidence: Evidence,
    /// How long the trial took, in milliseconds; all tries together.
    pub duration_ms: u64,
    /// How often the cell was tried. The evidence is of the first try.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub tries: u32,
    /// Where the case was derived from another: from which, and how. Such a trial is no cell of a
    /// matrix.
    #[serde(flatten)]
    pub derived: Option<Derived>,
}

/// From what the case of a trial was derived, by a change that must not matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Derived {
    /// The name of the change, such as `other-platform-last`.
    pub relation: String,
    /// Id of the case that was changed.
    pub base: String,
}

/// An id without the channel behind it.
fn without_channel<'i>(id: &'i str, channel: &str) -> &'i str {
    id.strip_suffix(channel)
        .and_then(|rest| rest.strip_suffix('#'))
        .unwrap_or(id)
}

impl RuntimeRecord {
    /// Its id without the channel, as ids were before all of them named it.
    #[must_use]
    pub fn alias(&self) -> &str {
        without_channel(&self.id, &self.channel)
    }
}

impl Trial {
    /// The id of its runtime without the channel, as ids were before all of them named it.
    #[must_use]
    pub fn alias(&self) -> &str {
        without_channel(&self.runtime, &self.channel)
    }
}

fn once() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_once(tries: &u32) -> bool {
    *tries == 1
}

/// The end of a finished run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Footer {
    /// When the run ended, RFC 3339 in UTC.
    pub ended: String,
    /// Trials by kind of outcome; kinds that did not occur are there with 0.
    pub outcomes: BTreeMap<OutcomeKind, usize>,
    /// How many trials.
    pub trials: usize,
    /// Wall time of the run in milliseconds; of the last part, where it was resumed.
    pub duration_ms: u64,
    /// Time spent waiting for tools, summed over all trials and their repeats, in milliseconds; of
    /// the last part, where the run was resumed.
    pub tools_ms: u64,
    /// Time spent by ocipick itself in trials, summed over all trials and their repeats, in
    /// milliseconds: what a trial took beyond waiting for tools. Of the last part, where the run
    /// was resumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_ms: Option<u64>,
    /// The most memory that ocipick and all tools and daemons that it had started held at one
    /// time, in bytes: resident pages, and those that processes share counted for each of them. Of
    /// the last part, where the run was resumed; so is the disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_memory_bytes: Option<u64>,
    /// The most disk that the private directories of the run took at one time, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_disk_bytes: Option<u64>,
}

impl Footer {
    /// Counts outcomes by kind, with every kind present.
    #[must_use]
    pub fn count<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> BTreeMap<OutcomeKind, usize> {
        let mut counts: BTreeMap<OutcomeKind, usize> =
            OutcomeKind::ALL.iter().map(|kind| (*kind, 0)).collect();
        for outcome in outcomes {
            *counts.entry(outcome.kind()).or_default() += 1;
        }
        counts
    }
}
