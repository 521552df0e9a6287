//! Runtimes: one tool, at one version, in one configuration.

use crate::{Flavour, Place, Tool};
use std::{collections::BTreeMap, path::PathBuf};

/// One tool, at one version, in one configuration, found in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runtime {
    /// Which tool.
    pub tool: Tool,
    /// Its version, without what a distribution adds.
    pub version: String,
    /// Its configuration, where there is more than one.
    pub flavour: Option<Flavour>,
    /// Where it was found.
    pub place: Place,
    /// Its binaries by role, as paths inside the place.
    pub binaries: BTreeMap<&'static str, PathBuf>,
    /// What each of them says of its version.
    pub versions: BTreeMap<&'static str, String>,
    /// Who runs its daemon.
    pub service: Service,
    /// What a reader must know to judge what it shows.
    pub notes: Vec<String>,
    /// Whether another channel of the fleet holds the same version, so that the id must name
    /// the channel.
    pub is_in_several_channels: bool,
}

/// Who runs the daemon of a runtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Service {
    /// The tool has none.
    None,
    /// ocipick starts a private one.
    Private,
    /// The machine's own, at this address, because a private one is impossible for this reason.
    Machine {
        /// Address of its socket.
        address: String,
        /// Why there is no private one.
        because: String,
    },
}

impl Runtime {
    /// `tool@version` or `tool@version+flavour`, with `#channel` where two channels hold the same.
    #[must_use]
    pub fn id(&self) -> String {
        let mut id = self.id_without_channel();
        if self.is_in_several_channels {
            id.push('#');
            id.push_str(&self.place.channel);
        }
        id
    }

    /// `tool@version` or `tool@version+flavour`.
    #[must_use]
    pub fn id_without_channel(&self) -> String {
        let flavour = self.flavour.map(|flavour| format!("+{}", flavour.as_str()));
        format!(
            "{}@{}{}",
            self.tool,
            self.version,
            flavour.unwrap_or_default()
        )
    }

    /// The binary that plays this role.
    #[must_use]
    pub fn binary(&self, role: &str) -> PathBuf {
        // Adapters put in what they later ask for; an absent role gives a path that cannot be
        // started, which is reported as such.
        self.binaries.get(role).cloned().unwrap_or_default()
    }
}

/// A tool that a place does not have, or not so that it could be measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Which tool.
    pub tool: Tool,
    /// Which configuration of it, where the others are there.
    pub flavour: Option<Flavour>,
    /// Where it was looked for.
    pub channel: String,
    /// What is missing.
    pub why: String,
    /// How to get it.
    pub remedy: String,
}

/// What a place has of one tool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detected {
    /// The runtimes that can be measured.
    pub runtimes: Vec<Runtime>,
    /// What is missing.
    pub missing: Vec<Missing>,
}
