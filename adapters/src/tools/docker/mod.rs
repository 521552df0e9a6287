//! Docker: an engine and a client, with one of two image stores.

mod engine;
mod found;
mod observe;
mod releases;

use crate::{
    Action, Adapter, Asked, Cleanup, Companion, DaemonAdapter, Detected, Flavour, GoModule,
    HarnessError, ImageSource, Installation, Look, RawObservation, Runtime, Sandbox, SandboxedTool,
    Service, Support, Tool, channel::DebianRelease, driver::LOOK, process::Invocation,
};
use observe::{loaded, look_at};
use ocipick_records::{Configuration, FieldKind, Operation, Project, ToolInfo, Way};
use std::{collections::BTreeMap, fs, io, sync::LazyLock, time::Duration};

pub(super) struct Docker;

/// The engine with containerd's image store in place of its classic one.
const CONTAINERD_STORE: Flavour = Flavour::new("containerd-store");
/// The address of the machine's own engine.
const MACHINE: &str = "unix:///var/run/docker.sock";
/// The driver that says that containerd's image store is in use.
const CONTAINERD_DRIVER: &str = "io.containerd.snapshotter.v1";

/// The labels are those of the template in moby's repository, and the contact that of its security policy,
/// as they stood in November 2026.
static INFO: LazyLock<ToolInfo> = LazyLock::new(|| {
    let pull = "docker pull {platform}REFERENCE";
    let inspect =
        "docker image inspect --format '{{.Id}} {{.RepoDigests}} {{.Architecture}}' REFERENCE";
    // Without a command docker refuses images that name none. The classic store has one image under a
    // reference, the other one per platform.
    let create = |platform: &str| {
        format!(
            "docker create --name picked --pull never {platform}REFERENCE /ocipick/say && docker cp picked:/ocipick/child - | tar -xO"
        )
    };
    let commands = || BTreeMap::from([("import".to_owned(), "docker load".to_owned())]);
    ToolInfo {
        name: "docker".to_owned(),
        binaries: ["docker", "dockerd"].map(str::to_owned).to_vec(),
        package: "docker.io".to_owned(),
        configurations: vec![
            Configuration {
                lineage: "docker".to_owned(),
                // With version 24 docker got a second store to choose from.
                way: Some(Way {
                    name: "classic store".to_owned(),
                    since: Some("24".to_owned()),
                }),
                with: Some("the classic store".to_owned()),
                commands: commands(),
                reproduce: vec![pull.to_owned(), inspect.to_owned(), create("")],
                ..Configuration::default()
            },
            Configuration {
                flavour: Some(CONTAINERD_STORE.as_str().to_owned()),
                lineage: "containerd".to_owned(),
                way: Some(Way {
                    name: "containerd's store".to_owned(),
                    since: None,
                }),
                with: Some("containerd's store".to_owned()),
                commands: commands(),
                reproduce: vec![
                    "# with the feature containerd-snapshotter set in daemon.json".to_owned(),
                    pull.to_owned(),
                    inspect.to_owned(),
                    create("{platform}"),
                ],
                ..Configuration::default()
            },
        ],
        project: Some(Project::new(
            "moby/moby",
            "security@docker.com",
            "",
            &[
                ("Description", FieldKind::Description),
                ("Reproduce", FieldKind::Steps),
                ("Expected behavior", FieldKind::Expected),
                ("docker version", FieldKind::Version),
                ("docker info", FieldKind::Output("docker info".to_owned())),
                ("Additional Info", FieldKind::More),
            ],
        )),
    }
});

impl Adapter for Docker {
    fn info(&self) -> &'static ToolInfo {
        &INFO
    }

    fn libraries(&self) -> &'static [(&'static str, &'static str)] {
        super::lineages::CONTAINERD
    }

    fn messages(&self) -> &'static [&'static str] {
        &[
            include_str!("../docker.messages.toml"),
            include_str!("../containerd.messages.toml"),
        ]
    }

    fn packages(&self, release: &DebianRelease) -> Vec<&'static str> {
        // From trixie on the client is a package of its own.
        if release.is_at_least("trixie") {
            vec!["docker.io", "docker-cli", "containerd"]
        } else {
            vec!["docker.io", "containerd"]
        }
    }

    fn go_modules(&self) -> &'static [GoModule] {
        releases::MODULES
    }

    fn companions(&self) -> &'static [Companion] {
        const CLIENT: Companion = Companion {
            program: "docker",
            tool: "docker",
            needed: true,
        };
        const HELPER: Companion = Companion {
            program: engine::HELPER,
            tool: "containerd",
            needed: true,
        };
        &[
            CLIENT,
            HELPER,
            // What an image holds that is no root file system is seen by it alone.
            Companion {
                program: "ctr",
                needed: false,
                ..HELPER
            },
            // No container is run, but from 29 on the engine does not start without it.
            Companion {
                program: "runc",
                ..CLIENT
            },
        ]
    }

    fn needs(&self, _: &DebianRelease) -> Vec<&'static str> {
        vec!["runc"]
    }

    fn snapshotter(&self, flavour: Option<Flavour>) -> Option<&'static str> {
        if flavour == Some(CONTAINERD_STORE) {
            Some("overlayfs")
        } else {
            Some("vfs")
        }
    }

    fn detect(&self, tool: Tool, installation: &Installation, sandbox: &Sandbox) -> Detected {
        found::found(tool, installation, sandbox)
    }

    fn is_stateless(&self) -> bool {
        false
    }

    fn supports(&self, runtime: &Runtime, operation: Operation) -> Support {
        match operation {
            Operation::Pull => Support::Yes,
            Operation::Import if uses_containerd(runtime) => Support::where_(
                found::loads_for_platforms(&runtime.version),
                "before 28 docker load takes all of a layout, and selects nothing",
            ),
            Operation::Import => {
                Support::No("docker load takes OCI layouts into containerd's store only".to_owned())
            }
            operation @ (Operation::Run
            | Operation::Inspect
            | Operation::Scan
            | Operation::Copy
            | Operation::Push) => Support::not_carried_out(operation),
        }
    }

    fn prepare(&self, runtime: &Runtime, sandbox: &mut Sandbox) -> io::Result<()> {
        // Inside another root the engine would ask the root file system's driver to pivot.
        sandbox.set_env("DOCKER_RAMDISK", "1");
        engine::link_helpers(&runtime.installation, sandbox)?;
        let store = uses_containerd(runtime);
        // Saying it either way matters: newer engines default to containerd's store.
        let settings = format!("{{\"features\":{{\"containerd-snapshotter\":{store}}}}}\n");
        fs::write(sandbox.dir().join("daemon.json"), settings)
    }

    fn daemon(&self) -> Option<&dyn DaemonAdapter> {
        Some(&engine::Engine)
    }

    fn actions(&self, asked: &Asked<'_>) -> Vec<Action> {
        let reference = asked.request.reference();
        let platform = asked.request.platform_args();
        let archive;
        let mut args = Vec::new();
        match &asked.request.source {
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
        vec![docker(asked.tool, &args, asked.request.deadline).into()]
    }

    fn observe(&self, asked: &Asked<'_>, look: &mut Look<'_>) -> Result<(), HarnessError> {
        let mut names = look
            .decisive()
            .filter(|_| asked.request.is_nameless())
            .map(loaded)
            .unwrap_or_default();
        if names.len() > 1 {
            let words = format!("docker load took several images: {}", names.join(", "));
            look.reported = RawObservation::Failed(words.clone());
            look.materialised = RawObservation::Failed(words);
            return Ok(());
        }
        look.image = names.pop();
        let reference = look.image.clone();
        let reference = reference.unwrap_or_else(|| asked.request.reference());
        look_at(asked, look, &reference)
    }

    /// Removes exactly what a trial makes, in the machine's engine as in a private one.
    fn cleanup(&self, asked: &Asked<'_>, image: Option<&str>) -> Cleanup {
        let (tool, container) = (asked.tool, container(asked));
        let reference = asked.request.reference();
        let image = image.unwrap_or(&reference);
        Cleanup {
            look: vec![docker(tool, &["rm", "--force", &container], LOOK)],
            image: vec![docker(tool, &["rmi", "--force", image], LOOK)],
            ..Cleanup::default()
        }
    }
}

/// Whether the engine is to have containerd's store.
fn uses_containerd(runtime: &Runtime) -> bool {
    runtime.flavour == Some(CONTAINERD_STORE)
}

/// Where the engine listens.
fn address(tool: &SandboxedTool) -> String {
    match &tool.runtime().service {
        Service::Machine { address, .. } => address.clone(),
        Service::Private | Service::None => format!("unix://{}", tool.path_text("docker.sock")),
    }
}

/// The container that is made of the image of a trial.
fn container(asked: &Asked<'_>) -> String {
    format!("ocipick-{}-{}", std::process::id(), asked.number)
}

/// A command of the client.
fn docker(tool: &SandboxedTool, args: &[&str], deadline: Duration) -> Invocation {
    let address = address(tool);
    let mut all = vec!["-H", address.as_str()];
    all.extend(args);
    tool.client(&all, deadline)
}
