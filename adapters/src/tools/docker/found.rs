//! Which docker an installation has: one with an engine of its own, or the client of the machine's engine.

use super::{CONTAINERD_DRIVER, CONTAINERD_STORE, Docker, MACHINE};
use crate::{
    Adapter as _, BinaryOrigin, Detected, Installation, MachineDaemon, Missing, Runtime, Sandbox,
    Service, Tool, detect, driver::LOOK, process::run, tool::full_version,
};
use ocipick_records::is_at_least;
use std::{collections::BTreeMap, path::PathBuf};

/// Looks for it.
pub(super) fn found(tool: Tool, installation: &Installation, sandbox: &Sandbox) -> Detected {
    if let Some(companion) = installation.lacks(tool) {
        return detect::without(tool, installation, companion);
    }
    let Some(client) = installation.find("docker") else {
        return detect::missing(tool, installation, "`docker` is not there".to_owned());
    };
    let client_says = detect::version_of(&client, Docker.version_argument(), sandbox);
    let engine = installation.find("dockerd");
    let private_impossible = if engine.is_none() {
        Some("there is no `dockerd`")
    } else if installation.privileges.root && installation.privileges.namespaces {
        None
    } else {
        Some("a private engine takes root and mount namespaces")
    };
    match (engine, private_impossible) {
        (Some(engine), None) => {
            let engine_says = detect::version_of(&engine, Docker.version_argument(), sandbox);
            let version =
                match detect::version(&engine_says, installation, Some(&engine), "docker.io") {
                    Ok(version) => version,
                    Err(why) => return detect::missing(tool, installation, why),
                };
            let binaries = BTreeMap::from([("client", client), ("daemon", engine)]);
            let mut versions = BTreeMap::from([
                ("client", client_says.unwrap_or_default()),
                ("daemon", engine_says.unwrap_or_default()),
            ]);
            // Of any other source they come with the engine.
            if installation.module.is_some() {
                for companion in Docker.companions() {
                    let is_client = companion.program == "docker";
                    if let Some(path) = installation.find(companion.program).filter(|_| !is_client)
                    {
                        let says = detect::version_of(&path, "--version", sandbox);
                        versions.insert(companion.program, says.unwrap_or_default());
                    }
                }
            }
            private(tool, installation, version, &binaries, &versions)
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
            on_machine(tool, installation, sandbox, client, because)
        }
    }
}

/// The runtimes of a private engine: one, or two where it can have both stores.
fn private(
    tool: Tool,
    installation: &Installation,
    version: String,
    binaries: &BTreeMap<&'static str, PathBuf>,
    versions: &BTreeMap<&'static str, String>,
) -> Detected {
    let runtime = |flavour| Runtime {
        tool,
        version: version.clone(),
        flavour,
        installation: installation.clone(),
        binaries: binaries.clone(),
        versions: versions.clone(),
        service: Service::Private,
        notes: Vec::new(),
        origin: BinaryOrigin::default(),
    };
    let mut detected = Detected {
        runtimes: vec![runtime(None)],
        missing: Vec::new(),
    };
    if has_containerd_store(&version) {
        detected.runtimes.push(runtime(Some(CONTAINERD_STORE)));
    } else {
        detected.missing.push(Missing {
            tool,
            flavour: Some(CONTAINERD_STORE),
            channel: installation.channel.clone(),
            why: format!("docker {version} has no containerd image store (it came with 24)"),
            remedy: "`ocipick channel install` a release with a newer docker".to_owned(),
        });
    }
    detected
}

/// Whether an engine of this version can use containerd's image store. The engine itself is
/// asked once it runs.
fn has_containerd_store(version: &str) -> bool {
    is_at_least(version, "24")
}

/// Whether `docker load` of this version has `--platform`.
pub(super) fn loads_for_platforms(version: &str) -> bool {
    is_at_least(version, "28")
}

/// The machine's own engine, where no private one is possible.
fn on_machine(
    tool: Tool,
    installation: &Installation,
    sandbox: &Sandbox,
    client: PathBuf,
    because: String,
) -> Detected {
    if installation.machine_daemon == MachineDaemon::Never {
        return detect::missing(tool, installation, because);
    }
    let args = [
        "-H",
        MACHINE,
        "version",
        "--format",
        "{{.Server.Version}} {{.Client.Version}}",
    ];
    let asked = run(&sandbox.outside(&client, &args, LOOK), sandbox.cancel());
    let said = match asked {
        Ok(ran) if ran.exit.is_success() => ran.stdout().trim().to_owned(),
        _ => {
            let why = format!("{because}, and no engine of the machine answers");
            return detect::missing(tool, installation, why);
        }
    };
    let (server, client_says) = said.split_once(' ').unwrap_or((&said, ""));
    let args = ["-H", MACHINE, "info", "--format", "{{json .DriverStatus}}"];
    let store = run(&sandbox.outside(&client, &args, LOOK), sandbox.cancel())
        .is_ok_and(|ran| ran.stdout().contains(CONTAINERD_DRIVER));
    Detected {
        runtimes: vec![Runtime {
            tool,
            version: full_version(server).unwrap_or_else(|| "unversioned".to_owned()),
            flavour: store.then_some(CONTAINERD_STORE),
            installation: installation.clone(),
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
            origin: BinaryOrigin::default(),
        }],
        missing: Vec::new(),
    }
}
