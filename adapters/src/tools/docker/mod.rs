//! Docker: an engine and a client, with one of two image stores.

mod engine;
mod found;
mod observe;

use super::supervisor::DaemonSupervisor;
use crate::{
    Adapter, Detected, Execution, Flavour, ImageSource, Installation, RawObservation, Request,
    Runtime, Sandbox, Service, Session, StartError, Support, Tool, ToolInfo, mutant,
    process::{Invocation, Ran, RunError, run},
};
use ocipick_records::Operation;
use std::{fs, time::Duration};

/// What there is to know of it.
pub(super) const INFO: ToolInfo = ToolInfo {
    name: "docker",
    binaries: &["docker", "dockerd"],
    package: "docker.io",
    packages: |release| {
        // From trixie on the client is a package of its own.
        if release.is_at_least("trixie") {
            vec!["docker.io", "docker-cli", "containerd"]
        } else {
            vec!["docker.io", "containerd"]
        }
    },
    needs: |_| vec!["runc"],
    snapshotter: |flavour| match flavour {
        Some(Flavour::ContainerdStore) => Some("overlayfs"),
        Some(Flavour::Local) | None => Some("vfs"),
    },
};

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

    fn detect(&self, installation: &Installation, sandbox: &Sandbox) -> Detected {
        found::found(installation, sandbox)
    }

    fn is_stateless(&self) -> bool {
        false
    }

    fn supports(&self, runtime: &Runtime, operation: Operation) -> Support {
        match (operation, runtime.flavour) {
            (Operation::Pull, _) => Support::Yes,
            (Operation::Import, Some(Flavour::ContainerdStore)) => Support::where_(
                found::loads_for_platforms(&runtime.version),
                "before 28 docker load takes all of a layout, and selects nothing",
            ),
            (Operation::Import, _) => {
                Support::No("docker load takes OCI layouts into containerd's store only".to_owned())
            }
            (
                operation @ (Operation::Run
                | Operation::Inspect
                | Operation::Copy
                | Operation::Push),
                _,
            ) => Support::not_carried_out(operation),
        }
    }

    fn open(&self, runtime: &Runtime, mut sandbox: Sandbox) -> std::io::Result<Box<dyn Session>> {
        // Inside another root the engine would ask the root file system's driver to pivot.
        sandbox.set_env("DOCKER_RAMDISK", "1");
        let address = match &runtime.service {
            Service::Machine { address, .. } => address.clone(),
            Service::Private | Service::None => {
                format!("unix://{}", sandbox.dir().join("docker.sock").display())
            }
        };
        let store = runtime.flavour == Some(Flavour::ContainerdStore);
        // Saying it either way matters: newer engines default to containerd's store.
        let settings = format!("{{\"features\":{{\"containerd-snapshotter\":{store}}}}}\n");
        fs::write(sandbox.dir().join("daemon.json"), settings)?;
        Ok(Box::new(DockerSession {
            runtime: runtime.clone(),
            supervisor: DaemonSupervisor::new("dockerd", runtime.service.clone(), sandbox.dir()),
            sandbox,
            address,
            trials: 0,
        }))
    }
}

struct DockerSession {
    runtime: Runtime,
    sandbox: Sandbox,
    supervisor: DaemonSupervisor,
    address: String,
    trials: u32,
}

impl DockerSession {
    fn invocation(&self, args: &[&str], deadline: Duration) -> Invocation {
        let mut all = vec!["-H", self.address.as_str()];
        all.extend(args);
        let client = self.runtime.binary("client");
        match self.runtime.service {
            Service::Machine { .. } => self.sandbox.outside(&client, &all, deadline),
            Service::Private | Service::None => self.sandbox.invocation(&client, &all, deadline),
        }
    }

    fn docker(&self, args: &[&str], deadline: Duration) -> Result<Ran, RunError> {
        run(&self.invocation(args, deadline), self.sandbox.cancel())
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
        if !self.supervisor.must_start() {
            return Ok(());
        }
        if self.runtime.flavour == Some(Flavour::ContainerdStore) {
            DaemonSupervisor::may_mount(self.sandbox.dir())?;
        }
        self.supervisor.adopt(self.start_engine())?;
        self.check_store()
    }

    fn execute(&mut self, request: &Request<'_>) -> Execution {
        if let Err(error) = self.start() {
            return Execution::troubled(error.into());
        }
        let mut execution = Execution::default();
        self.trials += 1;
        let container = format!("ocipick-{}-{}", std::process::id(), self.trials);
        let mut reference = request.reference();
        let platform = request.platform_args();
        let removal = self.removal(&reference, &container);
        if let Err(trouble) = self.supervisor.begin(&removal) {
            return Execution::troubled(trouble);
        }
        let archive;
        let mut args = Vec::new();
        match &request.source {
            ImageSource::Registry { .. } => {
                args.push("pull");
                args.extend(platform.iter().map(String::as_str));
                args.push(&reference);
            }
            ImageSource::Layout(layout) => {
                args.push("load");
                args.extend(platform.iter().map(String::as_str));
                archive = layout.archive.to_string_lossy().into_owned();
                args.extend(["--input", &archive]);
            }
        }
        match self.docker(&args, request.deadline) {
            Ok(ran) => execution.decisive = Some(execution.keep(ran)),
            Err(error) => {
                // What was pulled until now must not stay in an engine that is not ours.
                execution.trouble = Some(error.into());
                self.supervisor
                    .remove(&mut execution, &self.sandbox, &removal);
                return execution;
            }
        }
        (request.done)();
        if execution.succeeded() {
            let mut names = execution
                .decisive_command()
                .filter(|_| request.is_nameless())
                .map(loaded)
                .unwrap_or_default();
            if names.len() > 1 {
                let words = format!("docker load took several images: {}", names.join(", "));
                execution.reported = RawObservation::Failed(words.clone());
                execution.materialised = RawObservation::Failed(words);
            } else {
                if let Some(name) = names.pop() {
                    reference = name;
                }
                if let Err(error) = self.look(&mut execution, request, &reference, &container) {
                    execution.trouble = Some(error.into());
                }
            }
        }
        mutant::has_looked(&mut execution);
        let removal = self.removal(&reference, &container);
        let question = self.invocation(&["version"], LOOK);
        // Only of an image that was pulled a container was made.
        let begin = usize::from(!execution.succeeded());
        let end = if request.leaves_image() { 1 } else { 2 };
        let removal = &removal[begin..end.max(begin)];
        self.supervisor
            .end(&mut execution, &self.sandbox, LOST, &question, removal);
        execution
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
