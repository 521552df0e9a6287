//! What commands print about runtimes and channels.

use super::{ListedRelease, ReleaseResult};
use crate::{inventory::Inventory, run::runtime_record};
use ocipick_adapters::{
    GoOutcome, Missing, Runtime, Service,
    channel::{
        Component, DebianRelease, InstallError, Installed, InstalledChannel, Store, StoreError,
    },
};
use ocipick_records::Linked;
use ocipick_reports::analysis::builds::BinaryBuild;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

const RUNTIMES: &str = "ocipick.runtimes/1";
const CHANNELS: &str = "ocipick.channels/1";
const INSTALL: &str = "ocipick.channel-install/1";
const REMOVE: &str = "ocipick.channel-remove/1";
const CHECK: &str = "ocipick.channel-check/1";

/// The runtimes that were found, and what is missing and how to get it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RuntimeList<'a> {
    /// Always `ocipick.runtimes/1`.
    #[schemars(extend("const" = RUNTIMES))]
    schema: &'static str,
    /// Those that can be measured, in the order of the matrix.
    runtimes: Vec<FoundRuntime<'a>>,
    /// Those that cannot.
    missing: Vec<MissingRuntime<'a>>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct FoundRuntime<'a> {
    /// `tool@version+flavour#channel`.
    id: String,
    tool: &'static str,
    version: &'a str,
    /// Its configuration, where there is more than one.
    flavour: Option<&'static str>,
    /// Where it comes from: `path`, or a release.
    channel: &'a str,
    /// What each binary says of its version, by role.
    versions: &'a BTreeMap<&'static str, String>,
    /// The packages that ship it, and their versions.
    packages: BTreeMap<String, String>,
    /// What each binary was linked with, by role.
    linked: BTreeMap<String, Linked>,
    build: RuntimeBuild,
    /// Whose daemon it needs, where it needs one.
    daemon: Option<RuntimeDaemon>,
    /// What else to know about it.
    notes: Vec<&'a str>,
}

/// Who built a runtime, and how that compares with the release.
#[derive(Debug, Serialize, JsonSchema)]
struct RuntimeBuild {
    /// The distribution that built it, where one did.
    distribution: Option<String>,
    /// Whether it was linked with a library that selects otherwise than the one that the release
    /// pins.
    differs: bool,
    /// Which library that is, or what else there is to say.
    note: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum RuntimeDaemon {
    /// One that ocipick starts for the runtime alone.
    Private,
    /// The machine's own.
    Machine,
}

#[derive(Debug, Serialize, JsonSchema)]
struct MissingRuntime<'a> {
    tool: &'static str,
    /// Which configuration of it, where the others were found.
    flavour: Option<&'static str>,
    /// Where it was looked for.
    channel: &'a str,
    /// What is missing.
    why: &'a str,
    /// How to get it.
    remedy: &'a str,
}

impl<'a> RuntimeList<'a> {
    /// All of an inventory.
    #[must_use]
    pub fn of(inventory: &'a Inventory) -> Self {
        Self {
            schema: RUNTIMES,
            runtimes: inventory.runtimes.iter().map(FoundRuntime::of).collect(),
            missing: inventory.missing.iter().map(MissingRuntime::of).collect(),
        }
    }
}

impl<'a> FoundRuntime<'a> {
    fn of(runtime: &'a Runtime) -> Self {
        let record = runtime_record(runtime);
        let build = BinaryBuild::of(&record);
        let notes = runtime.installation.notes.iter().chain(&runtime.notes);
        Self {
            id: runtime.id(),
            tool: runtime.tool.as_str(),
            version: &runtime.version,
            flavour: runtime.flavour.map(|flavour| flavour.as_str()),
            channel: &runtime.installation.channel,
            versions: &runtime.versions,
            build: RuntimeBuild {
                distribution: build.distribution().map(str::to_owned),
                differs: build.differs(),
                note: build.note(),
            },
            packages: record.provenance.packages,
            linked: record.provenance.linked,
            daemon: match &runtime.service {
                Service::None => None,
                Service::Private => Some(RuntimeDaemon::Private),
                Service::Machine { .. } => Some(RuntimeDaemon::Machine),
            },
            notes: notes.map(String::as_str).collect(),
        }
    }
}

impl<'a> MissingRuntime<'a> {
    fn of(missing: &'a Missing) -> Self {
        Self {
            tool: missing.tool.as_str(),
            flavour: missing.flavour.map(|flavour| flavour.as_str()),
            channel: &missing.channel,
            why: &missing.why,
            remedy: &missing.remedy,
        }
    }
}

/// The channels that are provisioned.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChannelList {
    /// Always `ocipick.channels/1`.
    #[schemars(extend("const" = CHANNELS))]
    schema: &'static str,
    channels: Vec<ListedChannel>,
    /// Releases of upstream that were built.
    releases: Vec<ListedRelease>,
    /// How many bytes of disk the archives take that are kept for the next installation.
    archives_bytes: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum ListedChannel {
    Whole(ChannelOutline),
    /// A channel of which it is not known what it is.
    Broken {
        name: String,
        /// What is wrong with it.
        broken: String,
    },
}

/// A channel without its packages.
#[derive(Debug, Serialize, JsonSchema)]
struct ChannelOutline {
    name: String,
    /// The release that it is an addition to, where it is none by itself.
    base: Option<String>,
    /// How many bytes of disk it took when it was made.
    bytes: Option<u64>,
    /// How many packages it has.
    packages: usize,
    /// What made it, with its version.
    bootstrapper: String,
    /// The tools that it offers.
    tools: Vec<String>,
    /// What it offers besides the tools.
    companions: Vec<String>,
    /// The versions of all these; null where none is known.
    versions: BTreeMap<String, Option<String>>,
    /// What was asked for, too, and is not in the release.
    lacks: Vec<String>,
    /// How far the metadata of the archive was past its date, where that was accepted.
    expired: Option<String>,
}

impl ChannelList {
    /// The channels of a store, each of which may be broken.
    pub fn of(
        channels: impl IntoIterator<Item = (String, Result<Option<InstalledChannel>, StoreError>)>,
        releases: Vec<ListedRelease>,
        archives_bytes: u64,
    ) -> Self {
        let channels = channels
            .into_iter()
            .filter_map(|(name, looked)| match looked {
                Ok(channel) => Some(ListedChannel::Whole(ChannelOutline::of(channel?))),
                Err(error) => Some(ListedChannel::Broken {
                    name,
                    broken: error.to_string(),
                }),
            });
        Self {
            schema: CHANNELS,
            channels: channels.collect(),
            releases,
            archives_bytes,
        }
    }

    /// Everything that is provisioned.
    #[must_use]
    pub fn of_store(store: &Store) -> Self {
        let names = store.names().into_iter();
        let channels = names.map(|name| {
            let looked = store.look(&name);
            (name, looked)
        });
        let releases = store.go_releases().into_iter();
        let releases = releases.map(|(tool, version)| {
            let looked = store.go_release(tool, &version);
            ListedRelease::of(format!("{tool}@{version}"), looked)
        });
        Self::of(channels, releases.collect(), store.archives_bytes())
    }
}

impl ChannelOutline {
    fn of(channel: InstalledChannel) -> Self {
        let record = &channel.record;
        let all = record.tools.iter().chain(&record.auxiliary_tools);
        let versions = all.map(|name| {
            let part: Option<Component> = name.parse().ok();
            let version = part.and_then(|part| channel.part_version(part));
            (name.clone(), version)
        });
        let versions = versions.collect();
        let record = channel.record;
        Self {
            name: record.name,
            base: record.base,
            bytes: record.bytes,
            packages: record.packages.len(),
            bootstrapper: record.bootstrapper,
            tools: record.tools,
            companions: record.auxiliary_tools,
            versions,
            lacks: record.lacks,
            expired: record.expired,
        }
    }
}

/// What became of each release that was to be provisioned.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InstalledChannels<'a> {
    /// Always `ocipick.channel-install/1`.
    #[schemars(extend("const" = INSTALL))]
    schema: &'static str,
    channels: Vec<ChannelResult<'a>>,
    /// What became of each release of upstream.
    releases: Vec<ReleaseResult>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum ChannelResult<'a> {
    Installed {
        channel: &'a str,
        /// The tools that it offers.
        tools: &'a [String],
        /// What it offers besides the tools.
        companions: &'a [String],
        /// What was asked for, too, and is not in the release.
        lacks: &'a [String],
    },
    Failed {
        channel: &'a str,
        /// Why it is not there.
        error: String,
    },
}

impl<'a> InstalledChannels<'a> {
    /// What became of these releases.
    pub fn of(
        done: impl IntoIterator<Item = (&'a DebianRelease, Result<&'a Installed, &'a InstallError>)>,
        built: &[GoOutcome],
    ) -> Self {
        let channels = done.into_iter().map(|(release, result)| match result {
            Ok(installed) => ChannelResult::Installed {
                channel: release.name(),
                tools: &installed.channel.record.tools,
                companions: &installed.channel.record.auxiliary_tools,
                lacks: &installed.channel.record.lacks,
            },
            Err(error) => ChannelResult::Failed {
                channel: release.name(),
                error: error.to_string(),
            },
        });
        Self {
            schema: INSTALL,
            channels: channels.collect(),
            releases: built.iter().map(ReleaseResult::of).collect(),
        }
    }
}

/// What was removed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RemovedChannels<'a> {
    /// Always `ocipick.channel-remove/1`.
    #[schemars(extend("const" = REMOVE))]
    schema: &'static str,
    /// Names of the channels.
    removed: Vec<&'a str>,
    /// Whether the downloaded archives were removed.
    archives: bool,
}

impl<'a> RemovedChannels<'a> {
    /// These channels, and perhaps the archives.
    #[must_use]
    pub fn of(removed: Vec<&'a str>, archives: bool) -> Self {
        Self {
            schema: REMOVE,
            removed,
            archives,
        }
    }
}

/// One thing that was found of a channel.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChannelFinding<'a> {
    /// Always `ocipick.channel-check/1`.
    #[schemars(extend("const" = CHECK))]
    schema: &'static str,
    /// Name of the channel.
    channel: &'a str,
    /// Whether that is as it should be.
    well: bool,
    /// What was found, for people.
    says: &'a str,
}

impl<'a> ChannelFinding<'a> {
    /// This of that channel.
    #[must_use]
    pub fn of(channel: &'a str, well: bool, says: &'a str) -> Self {
        Self {
            schema: CHECK,
            channel,
            well,
            says,
        }
    }
}
