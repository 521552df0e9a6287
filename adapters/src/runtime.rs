//! Runtimes: one tool, at one version, in one configuration.

use crate::{BinaryOrigin, Flavour, Installation, Tool};
use std::{collections::BTreeMap, path::PathBuf};

/// One tool, at one version, in one configuration, of one installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runtime {
    /// Which tool.
    pub tool: Tool,
    /// Its version, without what a distribution adds.
    pub version: String,
    /// Its configuration, where there is more than one.
    pub flavour: Option<Flavour>,
    /// Where it was found.
    pub installation: Installation,
    /// Its binaries by role, as paths inside the root.
    pub binaries: BTreeMap<&'static str, PathBuf>,
    /// What each of them says of its version.
    pub versions: BTreeMap<&'static str, String>,
    /// Who runs its daemon.
    pub service: Service,
    /// What a reader must know to judge what it shows.
    pub notes: Vec<String>,
    /// Who built it, and with what.
    pub origin: BinaryOrigin,
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
    /// `tool@version+flavour#channel`, without what it does not have.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}#{}", self.alias(), self.installation.channel)
    }

    /// The same without the channel, as ids were before all of them named it.
    #[must_use]
    pub fn alias(&self) -> String {
        let flavour = self.flavour.map(|flavour| format!("+{}", flavour.as_str()));
        format!(
            "{}@{}{}",
            self.tool,
            self.version,
            flavour.unwrap_or_default()
        )
    }

    /// What keeps the file systems of its images, as it is asked to; nothing where it has no store,
    /// or somebody else chose.
    #[must_use]
    pub fn snapshotter(&self) -> Option<&'static str> {
        match self.service {
            Service::Machine { .. } => None,
            Service::Private | Service::None => self.tool.adapter().snapshotter(self.flavour),
        }
    }

    /// The binary that plays this role.
    #[must_use]
    pub fn binary(&self, role: &str) -> PathBuf {
        // Adapters put in what they later ask for; an absent role gives a path that cannot be
        // started, which is reported as such.
        self.binaries.get(role).cloned().unwrap_or_default()
    }
}

/// What runtimes are called where people read of them: their ids, without the channel where no two
/// of them are told apart by it.
#[must_use]
pub fn names(runtimes: &[Runtime]) -> Vec<String> {
    let aliases: Vec<String> = runtimes.iter().map(Runtime::alias).collect();
    let is_shared = |alias: &String| aliases.iter().filter(|it| *it == alias).count() > 1;
    let pairs = runtimes.iter().zip(&aliases);
    let names = pairs.map(|(runtime, alias)| {
        if is_shared(alias) {
            runtime.id()
        } else {
            alias.clone()
        }
    });
    names.collect()
}

/// A tool that an installation does not have, or not so that it could be measured.
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

/// What an installation has of one tool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detected {
    /// The runtimes that can be measured.
    pub runtimes: Vec<Runtime>,
    /// What is missing.
    pub missing: Vec<Missing>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Privileges;
    use std::ffi::OsStr;

    #[test]
    fn names_have_the_channel_where_it_tells_two_apart() {
        let privileges = Privileges {
            root: false,
            namespaces: false,
        };
        let runtime = |version: &str, channel: &str| Runtime {
            tool: "docker".parse().unwrap(),
            version: version.to_owned(),
            flavour: Some(Flavour::new("containerd-store")),
            installation: Installation {
                channel: channel.to_owned(),
                ..Installation::this_machine(OsStr::new(""), privileges)
            },
            binaries: BTreeMap::new(),
            versions: BTreeMap::new(),
            service: Service::None,
            notes: Vec::new(),
            origin: BinaryOrigin::default(),
        };
        let all = [
            runtime("28.5.2", "sid"),
            runtime("28.5.2", "path"),
            runtime("26.1.5", "sid"),
        ];
        assert_eq!(all[2].id(), "docker@26.1.5+containerd-store#sid");
        assert_eq!(
            names(&all),
            [
                "docker@28.5.2+containerd-store#sid",
                "docker@28.5.2+containerd-store#path",
                "docker@26.1.5+containerd-store",
            ]
        );
    }
}
