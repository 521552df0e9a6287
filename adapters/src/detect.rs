//! What the detection of several tools has in common.

use crate::{Detected, Missing, Place, Room, Runtime, Service, Tool, tool::short_version};
use std::{collections::BTreeMap, path::Path, time::Duration};

/// How long a binary may take to say its version.
const PATIENCE: Duration = Duration::from_secs(20);

/// Detects a tool that is one binary without daemon.
pub(crate) fn single_binary(tool: Tool, name: &str, place: &Place, room: &Room) -> Detected {
    let Some(binary) = place.find(name) else {
        return missing(tool, place, format!("`{name}` is not there"));
    };
    let said = version_of(&binary, room);
    match version(&said, place, name) {
        Ok(version) => Detected {
            runtimes: vec![Runtime {
                tool,
                version,
                flavour: None,
                place: place.clone(),
                binaries: BTreeMap::from([("client", binary)]),
                versions: BTreeMap::from([("client", said.unwrap_or_default())]),
                service: Service::None,
                notes: Vec::new(),
                is_in_several_channels: false,
            }],
            missing: Vec::new(),
        },
        Err(why) => missing(tool, place, why),
    }
}

/// The short version of a binary, from what it says, or else from its package.
pub(crate) fn version(
    said: &Result<String, String>,
    place: &Place,
    package: &str,
) -> Result<String, String> {
    let from_package = || place.package_version(package).and_then(short_version);
    match said {
        Ok(said) => short_version(said).or_else(from_package).ok_or_else(|| {
            format!("`{package}` is there, but its version cannot be told from `{said}`")
        }),
        Err(why) => Err(why.clone()),
    }
}

/// What a binary says of its version, in one line.
pub(crate) fn version_of(binary: &Path, room: &Room) -> Result<String, String> {
    let name = binary
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    // Most have a flag for it, some a command.
    let arg = match name.as_str() {
        "crane" | "oras" => "version",
        _ => "--version",
    };
    match room.run(binary, &[arg], PATIENCE) {
        Ok(ran) if ran.exit.is_success() => {
            let said = ran.stdout();
            let said = if said.trim().is_empty() {
                ran.stderr()
            } else {
                said
            };
            Ok(said.lines().next().unwrap_or_default().trim().to_owned())
        }
        Ok(ran) => Err(format!("`{name} {arg}` failed: {}", ran.last_words())),
        Err(error) => Err(format!("`{name}` does not start: {error}")),
    }
}

/// Whether the help of a command does not know an option. A binary is asked, because distributions
/// patch what they ship; one that gives no help is taken to know it.
pub(crate) fn lacks_option(binary: &Path, command: &[&str], option: &str, room: &Room) -> bool {
    let mut args = command.to_vec();
    args.push("--help");
    match room.run(binary, &args, PATIENCE) {
        Ok(ran) if ran.exit.is_success() => {
            let said = ran.stdout() + &ran.stderr();
            !said.contains(option)
        }
        Ok(_) | Err(_) => false,
    }
}

/// A tool that is not there.
pub(crate) fn missing(tool: Tool, place: &Place, why: String) -> Detected {
    Detected {
        runtimes: Vec::new(),
        missing: vec![Missing {
            tool,
            flavour: None,
            channel: place.channel.clone(),
            why,
            remedy: remedy(tool, place),
        }],
    }
}

/// How to get a tool.
pub(crate) fn remedy(tool: Tool, place: &Place) -> String {
    let package = match tool {
        Tool::Docker => "docker.io",
        Tool::Podman => "podman",
        Tool::Skopeo => "skopeo",
        Tool::Crane => "crane",
        Tool::Containerd => "containerd",
    };
    if place.root.is_some() {
        format!(
            "`ocipick channel install {}` with {tool} among its tools",
            place.channel
        )
    } else {
        format!(
            "`make matrix` provisions it privately where apt and root are there; or install `{package}`"
        )
    }
}
