//! Docker: an engine and a client, with one of two image stores.

mod engine;
mod found;
mod observe;

use super::supervisor::Warden;
use crate::{
    Adapter, Ask, Attempt, Detected, Flavour, Looked, Operation, Place, Room, Runtime, Service,
    Session, Source, StartError, Tool, mutant,
    process::{Invocation, Ran, RunError, run},
};
use std::{fs, time::Duration};

pub(super) struct Docker;

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
        found::found(place, room)
    }

    fn is_stateless(&self) -> bool {
        false
    }

    fn cannot(&self, runtime: &Runtime, operation: Operation) -> Option<String> {
        match (operation, runtime.flavour) {
            (Operation::Pull, _) => None,
            (Operation::Import, Some(Flavour::ContainerdStore)) => {
                (!found::loads_for_platforms(&runtime.version)).then(|| {
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
        if self.runtime.flavour == Some(Flavour::ContainerdStore) {
            Warden::may_mount(self.room.dir())?;
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
