//! The fleet: every runtime that can be found, and every one that cannot, and why.

use ocipick_adapters::{
    Detected, Ground, Missing, PATH_CHANNEL, Place, Rights, Room, Runtime, Tool, adapter,
    channel::{Channel, Companion, Hold, Part, Release, Store, StoreError},
    process::Cancel,
};
use std::{collections::BTreeSet, ffi::OsString, fmt, io, str::FromStr, sync::Arc};

/// Where runtimes are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The tools installed on this machine.
    Path,
    /// The tools installed on this machine, and for those that it lacks, provisioned ones, from
    /// the oldest channel that has them.
    Auto,
    /// The tools of a provisioned release.
    Release(String),
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            PATH_CHANNEL => Ok(Self::Path),
            "auto" => Ok(Self::Auto),
            name => Release::from_str(name)
                .map(|release| Self::Release(release.name().to_owned()))
                .map_err(|error| format!("{error}, or `path`, or `auto`")),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Path => PATH_CHANNEL,
            Self::Auto => "auto",
            Self::Release(name) => name,
        })
    }
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Fleet {
    /// Every runtime that can be measured, in the order of the matrix.
    pub runtimes: Vec<Runtime>,
    /// Every one that cannot, and why.
    pub missing: Vec<Missing>,
    /// The channels that were looked into.
    pub channels: Vec<Channel>,
    /// Keeps the channels of the runtimes as they are, for as long as the fleet is there.
    pub holds: Vec<Arc<Hold>>,
}

/// A companion that was started, with what it says of its version, or why it does not start.
pub type Started = (Companion, Result<String, String>);

/// Looks for tools, in private rooms of `ground`.
pub struct Scout<'a> {
    /// Where rooms are made.
    pub ground: &'a Ground,
    /// Where provisioned channels lie.
    pub store: Store,
    /// The variable PATH.
    pub path: OsString,
    /// The wish of the user to end.
    pub cancel: &'a Cancel,
}

/// Why the fleet cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// A private directory cannot be made.
    #[error("cannot make a private directory: {0}")]
    Room(#[from] io::Error),
    /// A channel that was asked for is not provisioned.
    #[error("the channel `{0}` is not provisioned (hint: ocipick channel install {0})")]
    NoChannel(String),
    /// A channel that was asked for is broken, or another ocipick makes it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<'a> Scout<'a> {
    /// Looks on the user's own PATH, and in the user's own cache.
    #[must_use]
    pub fn of_user(ground: &'a Ground, cancel: &'a Cancel) -> Self {
        Self {
            ground,
            store: Store::of_user(|name| std::env::var(name).ok()),
            path: std::env::var_os("PATH").unwrap_or_default(),
            cancel,
        }
    }

    /// Every runtime of `sources`, without duplicates.
    ///
    /// # Errors
    /// When a channel is not provisioned, or no private directory can be made.
    pub fn fleet(&self, sources: &[Source]) -> Result<Fleet, FleetError> {
        let rights = Rights::probe(self.ground.dir(), self.cancel);
        let mut fleet = Fleet::default();
        for source in sources {
            match source {
                Source::Path => self.add(&mut fleet, &self.machine(rights), Tool::ALL)?,
                Source::Release(name) => {
                    fleet.holds.extend(self.store.hold(name)?.map(Arc::new));
                    let channel = self
                        .store
                        .look(name)?
                        .ok_or_else(|| FleetError::NoChannel(name.clone()))?;
                    let tools: Vec<Tool> = Tool::ALL
                        .iter()
                        .copied()
                        .filter(|tool| channel.has(*tool))
                        .collect();
                    self.add(&mut fleet, &channel.place(rights), &tools)?;
                    fleet.channels.push(channel);
                }
                Source::Auto => self.complete(&mut fleet, rights)?,
            }
        }
        let mut seen = BTreeSet::new();
        fleet
            .runtimes
            .retain(|runtime| seen.insert((runtime.id(), runtime.place.channel.clone())));
        fleet.runtimes.sort_by_key(|runtime| runtime.tool);
        fleet.missing.dedup();
        Ok(fleet)
    }

    /// Starts the companions of a channel, to see whether they do.
    ///
    /// # Errors
    /// When no private directory can be made.
    pub fn companions(&self, channel: &Channel) -> Result<Vec<Started>, FleetError> {
        let place = channel.place(Rights::probe(self.ground.dir(), self.cancel));
        let room = self.room(&place, "companions")?;
        let offered = Companion::ALL.iter().copied();
        let offered = offered.filter(|it| channel.offers(Part::Companion(*it)));
        Ok(offered.map(|it| (it, it.start(&place, &room))).collect())
    }

    fn machine(&self, rights: Rights) -> Place {
        Place::this_machine(&self.path, rights)
    }

    fn complete(&self, fleet: &mut Fleet, rights: Rights) -> Result<(), FleetError> {
        let names = self.store.names();
        for name in &names {
            fleet.holds.extend(self.store.hold(name)?.map(Arc::new));
        }
        let channels: Vec<Channel> = names
            .iter()
            .filter_map(|name| self.store.open(name))
            .collect();
        for tool in Tool::ALL {
            let found = self.detect(&self.machine(rights), *tool)?;
            if !found.runtimes.is_empty() {
                fleet.runtimes.extend(found.runtimes);
                fleet.missing.extend(found.missing);
                continue;
            }
            match channels.iter().find(|channel| channel.has(*tool)) {
                Some(channel) => self.add(fleet, &Channel::place(channel, rights), &[*tool])?,
                None => fleet.missing.extend(found.missing),
            }
        }
        fleet.channels.extend(channels);
        Ok(())
    }

    fn add(&self, fleet: &mut Fleet, place: &Place, tools: &[Tool]) -> Result<(), FleetError> {
        for tool in tools {
            let Detected { runtimes, missing } = self.detect(place, *tool)?;
            fleet.runtimes.extend(runtimes);
            fleet.missing.extend(missing);
        }
        Ok(())
    }

    fn detect(&self, place: &Place, tool: Tool) -> Result<Detected, FleetError> {
        if place.root.is_some() && !place.rights.namespaces {
            let missing = Missing {
                tool,
                flavour: None,
                channel: place.channel.clone(),
                why: "a provisioned tool runs in a root directory of its own, which takes root \
                      and mount namespaces"
                    .to_owned(),
                remedy: "run ocipick as root, or install the tool on this machine".to_owned(),
            };
            return Ok(Detected {
                runtimes: Vec::new(),
                missing: vec![missing],
            });
        }
        let room = self.room(place, tool.as_str())?;
        Ok(adapter(tool).detect(place, &room))
    }

    fn room(&self, place: &Place, name: &str) -> io::Result<Room> {
        let dir = self.ground.dir().join("scout");
        Room::furnish(
            &dir.join(&place.channel).join(name),
            self.ground.dir(),
            self.ground.session(),
            place,
            self.cancel,
        )
    }
}
