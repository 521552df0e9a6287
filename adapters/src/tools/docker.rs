//! Docker: an engine and a client, with one of two image stores.

use super::{
    image::{looked, marker_in_tar, sign},
    warden::Warden,
};
use crate::{
    Adapter, Ask, Attempt, Detected, Flavour, Identity, Looked, Missing, Operation, Place, Room,
    Runtime, Service, Session, Sign, Source, StartError, Tool,
    adapter::MARKER_LABEL,
    detect, mutant,
    process::{Daemon, DaemonError, DaemonSpec, Invocation, Ran, Readiness, RunError, run},
};
use ocipick_corpus::Platform;
use serde_json::Value;
use std::{collections::BTreeMap, fs, iter, path::PathBuf, time::Duration};

pub(super) struct Docker;

/// How long the engine may take to answer after its start.
const START: Duration = Duration::from_secs(60);
/// How long a client call that only looks may take.
const LOOK: Duration = Duration::from_secs(30);
/// The address of the machine's own engine.
const MACHINE: &str = "unix:///var/run/docker.sock";
/// The driver that says that containerd's image store is in use.
const CONTAINERD_STORE: &str = "io.containerd.snapshotter.v1";

impl Adapter for Docker {
    fn tool(&self) -> Tool {
        Tool::Docker
    }

    fn detect(&self, place: &Place, room: &Room) -> Detected {
        let Some(client) = place.find("docker") else {
            return detect::missing(Tool::Docker, place, "`docker` is not there".to_owned());
        };
        let client_says = detect::version_of(&client, room);
        let engine = place.find("dockerd");
        let private_impossible = if engine.is_none() {
            Some("there is no `dockerd`")
        } else if place.rights.root && place.rights.namespaces {
            None
        } else {
            Some("a private engine takes root and mount namespaces")
        };
        match (engine, private_impossible) {
            (Some(engine), None) => {
                let engine_says = detect::version_of(&engine, room);
                let version = match detect::version(&engine_says, place, "docker.io") {
                    Ok(version) => version,
                    Err(why) => return detect::missing(Tool::Docker, place, why),
                };
                let binaries = BTreeMap::from([("client", client), ("daemon", engine)]);
                let versions = BTreeMap::from([
                    ("client", client_says.unwrap_or_default()),
                    ("daemon", engine_says.unwrap_or_default()),
                ]);
                private(place, version, &binaries, &versions)
            }
            (engine, because) => {
                let because = because.unwrap_or_default();
                let because = if engine.is_some() {
                    because.to_owned()
                } else {
                    match &client_says {
                        Ok(said) => format!("the client is there ({said}), but {because}"),
                        Err(why) => why.clone(),
                    }
                };
                on_machine(place, room, client, because)
            }
        }
    }

    fn is_stateless(&self) -> bool {
        false
    }

    fn cannot(&self, runtime: &Runtime, operation: Operation) -> Option<String> {
        match (operation, runtime.flavour) {
            (Operation::Pull, _) => None,
            (Operation::Import, Some(Flavour::ContainerdStore)) => {
                (!loads_for_platforms(&runtime.version)).then(|| {
                    "before 28 docker load takes all of a layout, and selects nothing".to_owned()
                })
            }
            (Operation::Import, _) => {
                Some("docker load takes OCI layouts into containerd's store only".to_owned())
            }
        }
    }

    fn open(&self, runtime: &Runtime, mut room: Room) -> std::io::Result<Box<dyn Session>> {
        // Inside another root the engine would ask the root file system's driver to pivot.
        room.set_env("DOCKER_RAMDISK", "1");
        let address = match &runtime.service {
            Service::Machine { address, .. } => address.clone(),
            Service::Private | Service::None => {
                format!("unix://{}", room.dir().join("docker.sock").display())
            }
        };
        let store = runtime.flavour == Some(Flavour::ContainerdStore);
        // Saying it either way matters: newer engines default to containerd's store.
        let settings = format!("{{\"features\":{{\"containerd-snapshotter\":{store}}}}}\n");
        fs::write(room.dir().join("daemon.json"), settings)?;
        Ok(Box::new(DockerSession {
            runtime: runtime.clone(),
            warden: Warden::new("dockerd", runtime.service.clone(), room.dir()),
            room,
            address,
            trials: 0,
        }))
    }
}

/// The runtimes of a private engine: one, or two where it can have both stores.
fn private(
    place: &Place,
    version: String,
    binaries: &BTreeMap<&'static str, PathBuf>,
    versions: &BTreeMap<&'static str, String>,
) -> Detected {
    let runtime = |flavour| Runtime {
        tool: Tool::Docker,
        version: version.clone(),
        flavour,
        place: place.clone(),
        binaries: binaries.clone(),
        versions: versions.clone(),
        service: Service::Private,
        notes: Vec::new(),
        is_in_several_channels: false,
    };
    let mut detected = Detected {
        runtimes: vec![runtime(None)],
        missing: Vec::new(),
    };
    if has_containerd_store(&version) {
        detected
            .runtimes
            .push(runtime(Some(Flavour::ContainerdStore)));
    } else {
        detected.missing.push(Missing {
            tool: Tool::Docker,
            flavour: Some(Flavour::ContainerdStore),
            channel: place.channel.clone(),
            why: format!("docker {version} has no containerd image store (it came with 24)"),
            remedy: "`ocipick channel install` a release with a newer docker".to_owned(),
        });
    }
    detected
}

/// Whether an engine of this version can use containerd's image store. The engine itself is
/// asked once it runs.
fn has_containerd_store(version: &str) -> bool {
    is_at_least(version, 24)
}

/// Whether `docker load` of this version has `--platform`.
fn loads_for_platforms(version: &str) -> bool {
    is_at_least(version, 28)
}

fn is_at_least(version: &str, major: u32) -> bool {
    version
        .split('.')
        .next()
        .and_then(|said| said.parse::<u32>().ok())
        .is_some_and(|said| said >= major)
}

/// The machine's own engine, where no private one is possible.
fn on_machine(place: &Place, room: &Room, client: PathBuf, because: String) -> Detected {
    if place.root.is_some() {
        return detect::missing(Tool::Docker, place, because);
    }
    let args = [
        "-H",
        MACHINE,
        "version",
        "--format",
        "{{.Server.Version}} {{.Client.Version}}",
    ];
    let asked = run(&room.outside(&client, &args, LOOK), room.cancel());
    let said = match asked {
        Ok(ran) if ran.exit.is_success() => ran.stdout().trim().to_owned(),
        _ => {
            let why = format!("{because}, and no engine of the machine answers");
            return detect::missing(Tool::Docker, place, why);
        }
    };
    let (server, client_says) = said.split_once(' ').unwrap_or((&said, ""));
    let args = ["-H", MACHINE, "info", "--format", "{{json .DriverStatus}}"];
    let store = run(&room.outside(&client, &args, LOOK), room.cancel())
        .is_ok_and(|ran| ran.stdout().contains(CONTAINERD_STORE));
    Detected {
        runtimes: vec![Runtime {
            tool: Tool::Docker,
            version: crate::tool::short_version(server).unwrap_or_else(|| server.to_owned()),
            flavour: store.then_some(Flavour::ContainerdStore),
            place: place.clone(),
            binaries: BTreeMap::from([("client", client)]),
            versions: BTreeMap::from([
                ("client", client_says.to_owned()),
                ("daemon", server.to_owned()),
            ]),
            service: Service::Machine {
                address: MACHINE.to_owned(),
                because: because.clone(),
            },
            notes: vec![format!(
                "the machine's own engine was used, because {because}"
            )],
            is_in_several_channels: false,
        }],
        missing: Vec::new(),
    }
}

struct DockerSession {
    runtime: Runtime,
    room: Room,
    warden: Warden,
    address: String,
    trials: u32,
}

impl DockerSession {
    fn invocation(&self, args: &[&str], deadline: Duration) -> Invocation {
        let mut all = vec!["-H", self.address.as_str()];
        all.extend(args);
        let client = self.runtime.binary("client");
        match self.runtime.service {
            Service::Machine { .. } => self.room.outside(&client, &all, deadline),
            Service::Private | Service::None => self.room.invocation(&client, &all, deadline),
        }
    }

    fn docker(&self, args: &[&str], deadline: Duration) -> Result<Ran, RunError> {
        run(&self.invocation(args, deadline), self.room.cancel())
    }

    fn start_engine(&self) -> Result<Daemon, DaemonError> {
        let path = |name: &str| self.room.dir().join(name).to_string_lossy().into_owned();
        // What an engine that died has left would keep the next one from starting.
        for stale in ["docker.pid", "docker.sock"] {
            let _ = fs::remove_file(self.room.dir().join(stale));
        }
        let _ = fs::remove_dir_all(self.room.dir().join("exec"));
        let args = [
            "--config-file",
            &path("daemon.json"),
            "--iptables=false",
            "--ip6tables=false",
            "--bridge=none",
            "--ip-forward=false",
            "--data-root",
            &path("data"),
            "--exec-root",
            &path("exec"),
            "--pidfile",
            &path("docker.pid"),
            "--insecure-registry",
            "127.0.0.0/8",
            "-H",
            &self.address,
        ]
        .map(str::to_owned);
        let mut args = args.to_vec();
        if self.runtime.flavour.is_none() {
            // Plain directories need nothing of the kernel; the driver has no part in choosing.
            args.extend(["--storage-driver", "vfs"].map(str::to_owned));
        }
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let spec = DaemonSpec {
            name: "dockerd",
            invocation: self
                .room
                .invocation(&self.runtime.binary("daemon"), &args, START),
            log: self.room.dir().join("dockerd.log"),
            ready: &|| {
                if !self.room.dir().join("docker.sock").exists() {
                    return Readiness::NotYet;
                }
                let asked = self.docker(&["version", "--format", "{{.Server.Version}}"], LOOK);
                if asked.is_ok_and(|ran| ran.exit.is_success()) {
                    Readiness::Ready
                } else {
                    Readiness::NotYet
                }
            },
        };
        Daemon::start(&spec, self.room.cancel())
    }

    /// Makes sure that the engine uses the store that the flavour names.
    fn check_store(&self) -> Result<(), StartError> {
        let info = self
            .docker(
                &["info", "--format", "{{.Driver}} {{json .DriverStatus}}"],
                LOOK,
            )
            .map_err(|error| match error {
                RunError::Cancelled => StartError::Cancelled,
                RunError::Start { .. } | RunError::Isolation(_) => {
                    StartError::NotStarted(error.to_string())
                }
            })?;
        let uses_containerd = info.stdout().contains(CONTAINERD_STORE);
        match (self.runtime.flavour, uses_containerd) {
            (Some(Flavour::ContainerdStore), true) | (None, false) => Ok(()),
            (Some(_), _) => Err(StartError::Unsupported(format!(
                "this engine did not take up containerd's image store, but {}",
                info.stdout().trim()
            ))),
            (None, true) => Err(StartError::Unsupported(
                "this engine has containerd's image store only".to_owned(),
            )),
        }
    }

    /// Looks at what the store has for the reference: by inspecting the image, and by making a
    /// container of it and taking the marker file out of that.
    fn look(
        &self,
        attempt: &mut Attempt,
        ask: &Ask<'_>,
        reference: &str,
        container: &str,
    ) -> Result<(), RunError> {
        let reference = &*mutant::looked_at(reference);
        let classic = self.runtime.flavour.is_none();
        let mut reported = Vec::new();
        // With containerd's store `image inspect` speaks of the default platform, and some
        // versions cannot inspect what they can run; only the container tells there.
        if classic {
            let inspected = self.inspect(attempt, reference)?;
            let Some(image) = inspected else {
                let words = attempt.commands.last().map(Ran::last_words);
                attempt.reported = Looked::Absent(words.unwrap_or_default());
                attempt.materialised = attempt.reported.clone();
                return Ok(());
            };
            if let Some(id) = image["Id"].as_str() {
                reported.push(sign(
                    "docker image inspect",
                    Identity::ConfigDigest(id.to_owned()),
                ));
            }
            reported.extend(label("docker image inspect", &image));
        }
        if let Some(words) = self.create(attempt, ask, reference, container)? {
            attempt.reported = looked(reported, &words);
            attempt.materialised = Looked::Absent(words);
            return Ok(());
        }
        let at = attempt.keep(self.docker(&["container", "inspect", container], LOOK)?);
        let inspected = first(&attempt.commands[at].stdout());
        let source = "docker container inspect";
        reported.extend(label(source, &inspected));
        if let Some(manifest) = inspected["ImageManifestDescriptor"]["digest"].as_str() {
            reported.push(sign(source, Identity::ManifestDigest(manifest.to_owned())));
        } else if let (true, Some(id)) = (classic, inspected["Image"].as_str()) {
            reported.push(sign(source, Identity::ConfigDigest(id.to_owned())));
        }
        attempt.reported = looked(reported, "docker names neither an id nor a label");
        let file = format!("{container}:/ocipick/child");
        let at = attempt.keep(self.docker(&["cp", &file, "-"], LOOK)?);
        let copied = &attempt.commands[at];
        attempt.materialised = if copied.exit.is_success() {
            match marker_in_tar(&*copied.stdout_bytes()) {
                Ok(Some(marker)) => Looked::Seen(vec![sign("docker cp", Identity::Marker(marker))]),
                Ok(None) => Looked::Failed("docker cp copied something else".to_owned()),
                Err(error) => Looked::Failed(format!("docker cp: {error}")),
            }
        } else if is_no_such_file(&copied.stderr()) {
            let image = self.inspect(attempt, reference)?.unwrap_or_default();
            let layers = strings(&image["RootFS"]["Layers"]);
            let signs = if layers.is_empty() {
                Vec::new()
            } else {
                vec![sign("docker image inspect", Identity::DiffIds(layers))]
            };
            looked(signs, "the image has no layers")
        } else {
            Looked::Failed(format!("docker cp: {}", copied.last_words()))
        };
        Ok(())
    }

    /// What `image inspect` prints, unless it fails.
    fn inspect(&self, attempt: &mut Attempt, reference: &str) -> Result<Option<Value>, RunError> {
        let at = attempt.keep(self.docker(&["image", "inspect", reference], LOOK)?);
        let inspected = &attempt.commands[at];
        let succeeded = inspected.exit.is_success();
        Ok(succeeded.then(|| first(&inspected.stdout())))
    }

    /// Makes a container of the image, without ever pulling again. Returns the words of docker
    /// where that is impossible.
    fn create(
        &self,
        attempt: &mut Attempt,
        ask: &Ask<'_>,
        reference: &str,
        container: &str,
    ) -> Result<Option<String>, RunError> {
        let platform = ask.platform_args();
        let mut create = |platform: &[String]| -> Result<Option<String>, RunError> {
            let mut args = vec!["create", "--pull", "never", "--name", container];
            args.extend(platform.iter().map(String::as_str));
            // Without a command docker refuses images that name none, which is another matter.
            args.extend([reference, "/ocipick/say"]);
            let at = attempt.keep(self.docker(&args, ask.deadline)?);
            let created = &attempt.commands[at];
            Ok((!created.exit.is_success()).then(|| created.last_words()))
        };
        // The classic store has one image under a reference. The other has one per platform,
        // and is first asked for the one that was pulled; where that was left to the engine, the
        // container is left to it, too.
        if self.runtime.flavour.is_none() || platform.is_empty() {
            return create(&[]);
        }
        let Some(words) = create(&platform)? else {
            return Ok(None);
        };
        // What was pulled for another variant than the one asked for is there only by its own name.
        let fallbacks = ask.platform.map(fallbacks).unwrap_or_default();
        let others = iter::once(None).chain(fallbacks.iter().map(Some));
        for other in others {
            let args = other.map_or_else(Vec::new, |other| {
                vec!["--platform".to_owned(), other.to_string()]
            });
            if create(&args)?.is_none() {
                let with = other.map_or_else(
                    || format!("without {}", platform.join(" ")),
                    |other| format!("with --platform {other}"),
                );
                attempt.notes.push(format!(
                    "a container can be made of the image only {with}: {words}"
                ));
                return Ok(None);
            }
        }
        Ok(Some(words))
    }

    /// The commands that remove exactly what a trial makes, in the machine's engine as in a
    /// private one.
    fn removal(&self, reference: &str, container: &str) -> [Invocation; 2] {
        [
            self.invocation(&["rm", "--force", container], LOOK),
            self.invocation(&["rmi", "--force", reference], LOOK),
        ]
    }
}

impl Session for DockerSession {
    fn start(&mut self) -> Result<(), StartError> {
        if !self.warden.must_start() {
            return Ok(());
        }
        self.warden.adopt(self.start_engine())?;
        self.check_store()
    }

    fn take(&mut self, ask: &Ask<'_>) -> Attempt {
        if let Err(error) = self.start() {
            return Attempt::troubled(error.into());
        }
        let mut attempt = Attempt::default();
        self.trials += 1;
        let container = format!("ocipick-{}-{}", std::process::id(), self.trials);
        let mut reference = ask.reference();
        let platform = ask.platform_args();
        let removal = self.removal(&reference, &container);
        if let Err(trouble) = self.warden.begin(&removal) {
            return Attempt::troubled(trouble);
        }
        let archive;
        let mut args = Vec::new();
        match &ask.source {
            Source::Registry { .. } => {
                args.push("pull");
                args.extend(platform.iter().map(String::as_str));
                args.push(&reference);
            }
            Source::Layout(layout) => {
                args.push("load");
                args.extend(platform.iter().map(String::as_str));
                archive = layout.archive.to_string_lossy().into_owned();
                args.extend(["--input", &archive]);
            }
        }
        match self.docker(&args, ask.deadline) {
            Ok(ran) => attempt.decisive = Some(attempt.keep(ran)),
            Err(error) => {
                // What was pulled until now must not stay in an engine that is not ours.
                attempt.trouble = Some(error.into());
                self.warden.remove(&mut attempt, &self.room, &removal);
                return attempt;
            }
        }
        (ask.pulled)();
        if attempt.succeeded() {
            let mut names = attempt
                .decisive_command()
                .filter(|_| ask.is_nameless())
                .map(loaded)
                .unwrap_or_default();
            if names.len() > 1 {
                let words = format!("docker load took several images: {}", names.join(", "));
                attempt.reported = Looked::Failed(words.clone());
                attempt.materialised = Looked::Failed(words);
            } else {
                if let Some(name) = names.pop() {
                    reference = name;
                }
                if let Err(error) = self.look(&mut attempt, ask, &reference, &container) {
                    attempt.trouble = Some(error.into());
                }
            }
        }
        mutant::has_looked(&mut attempt);
        let removal = self.removal(&reference, &container);
        let question = self.invocation(&["version"], LOOK);
        // Only of an image that was pulled a container was made.
        let begin = usize::from(!attempt.succeeded());
        let end = if ask.leaves_image() { 1 } else { 2 };
        let removal = &removal[begin..end.max(begin)];
        self.warden
            .end(&mut attempt, &self.room, LOST, &question, removal);
        attempt
    }
}

/// What `docker load` calls the images that it took.
fn loaded(load: &Ran) -> Vec<String> {
    let printed = load.stdout();
    let names = printed.lines().filter_map(|line| {
        let name = line.strip_prefix("Loaded image ID: ");
        name.or_else(|| line.strip_prefix("Loaded image: "))
    });
    names.map(|name| name.trim().to_owned()).collect()
}

/// How a client says that it lost the engine.
const LOST: &[&str] = &[
    "unexpected EOF",
    "Cannot connect to the Docker daemon",
    "connection reset",
    "error during connect",
];

/// The variants that an image for `asked` may have instead, best first: those that a processor for
/// `asked` runs as well.
fn fallbacks(asked: &Platform) -> Vec<Platform> {
    let variant = asked.variant.as_deref();
    let lower: &[&str] = match (asked.architecture.as_str(), variant) {
        ("arm", Some("v8")) => &["v7", "v6", "v5"],
        ("arm", Some("v7") | None) => &["v6", "v5"],
        ("arm", Some("v6")) => &["v5"],
        ("amd64", Some("v4")) => &["v3", "v2", "v1"],
        ("amd64", Some("v3")) => &["v2", "v1"],
        ("amd64", Some("v2")) => &["v1"],
        _ => &[],
    };
    lower
        .iter()
        .map(|&variant| Platform {
            variant: Some(variant.to_owned()),
            ..asked.clone()
        })
        .collect()
}

/// How every version words that the root file system has no such file.
fn is_no_such_file(stderr: &str) -> bool {
    [
        "Could not find the file",
        "no such file or directory",
        "No such container:path",
    ]
    .iter()
    .any(|words| stderr.contains(words))
}

/// The first object of what `inspect` prints.
fn first(printed: &str) -> Value {
    serde_json::from_str::<Value>(printed).map_or(Value::Null, |mut all| all[0].take())
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}

fn label(source: &'static str, inspected: &Value) -> Option<Sign> {
    inspected["Config"]["Labels"][MARKER_LABEL]
        .as_str()
        .map(|label| sign(source, Identity::Label(label.to_owned())))
}
