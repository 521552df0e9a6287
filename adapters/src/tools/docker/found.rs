//! Which docker a place has: one with an engine of its own, or the client of the machine's engine.

use super::{CONTAINERD_STORE, LOOK, MACHINE};
use crate::{
    Detected, Flavour, Missing, Origin, Place, Room, Runtime, Service, Tool, detect, process::run,
    tool::full_version,
};
use ocipick_records::is_at_least;
use std::{collections::BTreeMap, path::PathBuf};

/// Looks for it.
pub(super) fn found(place: &Place, room: &Room) -> Detected {
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
            let version = match detect::version(&engine_says, place, Some(&engine), "docker.io") {
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
        origin: Origin::default(),
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
    is_at_least(version, "24")
}

/// Whether `docker load` of this version has `--platform`.
pub(super) fn loads_for_platforms(version: &str) -> bool {
    is_at_least(version, "28")
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
            version: full_version(server).unwrap_or_else(|| "unversioned".to_owned()),
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
            origin: Origin::default(),
        }],
        missing: Vec::new(),
    }
}
