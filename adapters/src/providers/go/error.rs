//! Why a release is not built.

use super::PinDifference;
use crate::{Tool, UnknownTool, adapter, channel::StoreError, process::RunError};
use std::{io, path::PathBuf};

/// How upstream releases come where there is no Go.
const GET_GO: &str = "Debian: apt-get install golang-go, from backports where a module asks for a \
                      newer one; everything else works without";

/// Why a release of upstream is not built. Every message ends with a hint, unless Go's own words do.
#[derive(Debug, thiserror::Error)]
pub enum GoError {
    /// There is no Go.
    #[error("`go` is not on PATH, and upstream releases are built with it (hint: {GET_GO})")]
    NoGo,
    /// It is no release.
    #[error(
        "`{0}` names no releases of a tool (hint: TOOL@VERSION with all three numbers, TOOL@latest, or a glob in quotes, as in 'crane@v0.2*')"
    )]
    Form(String),
    /// It is no tool.
    #[error(transparent)]
    Tool(#[from] UnknownTool),
    /// The tool is none that a module builds.
    #[error("{tool} is not built from a Go module here (hint: {})", otherwise(.tool))]
    NoModule {
        /// Which tool.
        tool: &'static str,
    },
    /// No module of the tool can have this version.
    #[error(
        "{tool} {version} is of no module that Go can build: {modules} have other major versions (hint: {})",
        otherwise(.tool)
    )]
    OtherMajor {
        /// Which tool.
        tool: &'static str,
        /// Which version.
        version: String,
        /// The modules that it is built from.
        modules: String,
    },
    /// The module that the tool is built from has no version of this release.
    #[error(
        "{tool} {release} is no version of {module} that is known here (hint: it has {known}; a later one is named by the version of the module)"
    )]
    Unnamed {
        /// Which tool.
        tool: &'static str,
        /// What upstream calls the release.
        release: String,
        /// The module.
        module: &'static str,
        /// The releases that are known.
        known: String,
    },
    /// Nothing fits.
    #[error("no release of {tool} is {pattern} (hint: {known})")]
    NoMatch {
        /// Which tool.
        tool: &'static str,
        /// What was asked for.
        pattern: String,
        /// What there is.
        known: String,
    },
    /// The module cannot be had; in Go's own words.
    #[error("{module}: {words}")]
    Fetch {
        /// Which module.
        module: String,
        /// What Go says.
        words: String,
    },
    /// Before modules.
    #[error(
        "{module} {version} has no go.mod, so what it would be linked with is anybody's guess (hint: {})",
        otherwise(.tool)
    )]
    NoModFile {
        /// Which tool.
        tool: &'static str,
        /// The module.
        module: String,
        /// Its version.
        version: String,
    },
    /// Its go.mod takes a library from a directory of upstream's own checkout.
    #[error(
        "the go.mod of {module} {version} takes {library} from {directory}, which only its checkout has (hint: {}, or build it there and measure it with --tool {tool}=PATH)",
        otherwise(.tool)
    )]
    LocalReplace {
        /// Which tool.
        tool: &'static str,
        /// The module.
        module: String,
        /// Its version.
        version: String,
        /// The library that it replaces.
        library: String,
        /// The directory.
        directory: String,
    },
    /// It does not build; in the compiler's words.
    #[error("does not build with Go {go}: {words}")]
    Build {
        /// Version of the compiler.
        go: String,
        /// Its words.
        words: String,
    },
    /// What was built is something else.
    #[error(
        "{program} says that it is {says}, and {asked} was asked for (hint: nothing was installed)"
    )]
    Other {
        /// Which program.
        program: String,
        /// What its build information says.
        says: String,
        /// What was asked for.
        asked: String,
    },
    /// Go said something that cannot be read.
    #[error("`go {command}` printed what cannot be read: {what} (hint: try it by hand)")]
    Unreadable {
        /// Which command.
        command: String,
        /// What is wrong with it.
        what: String,
    },
    /// A file cannot be written or read.
    #[error("{}: {source} (hint: see that it can be written, and that there is space)", .path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A program could not be run.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl GoError {
    /// Whether the user wanted to end.
    #[must_use]
    pub fn is_interruption(&self) -> bool {
        matches!(
            self,
            Self::Run(RunError::Cancelled) | Self::Store(StoreError::Cancelled)
        )
    }

    pub(super) fn io(path: &std::path::Path) -> impl Fn(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io {
            path: path.clone(),
            source,
        }
    }
}

/// The nearest other way to a tool.
fn otherwise(tool: &str) -> String {
    let tool: Option<Tool> = tool.parse().ok();
    let wheels = tool.map(|tool| adapter(tool).wheels()).unwrap_or_default();
    match (tool, wheels) {
        (Some(_), [wheel, ..]) => format!("ocipick channel install pypi:{wheel}"),
        (Some(tool), []) => format!(
            "Debian's builds of `{}`: ocipick channel install RELEASE, as in bookworm or sid",
            tool.info().package
        ),
        (None, _) => "Debian's builds: ocipick channel install RELEASE".to_owned(),
    }
}

impl std::fmt::Display for PinDifference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} for {}", self.library, self.linked, self.pinned)
    }
}
