//! Which packages make a part work in a release.

use super::{AuxiliaryTool, Component, DebianRelease};
use crate::Tool;

/// The packages that a part needs in a release. That a release does not have one is found out
/// by asking its archive, since archives change.
#[must_use]
pub fn packages(part: Component, release: &DebianRelease) -> Vec<&'static str> {
    let mut packages = own_packages(part, release);
    match part {
        Component::Tool(Tool::Docker | Tool::Containerd) => packages.push("runc"),
        // Before netavark podman asks for `nsenter` and does nothing without it.
        Component::Tool(Tool::Podman) if !release.is_at_least("bookworm") => {
            packages.extend(["runc", "util-linux"]);
        }
        Component::Tool(Tool::Podman) => packages.push("runc"),
        Component::Tool(Tool::Skopeo | Tool::Crane) | Component::AuxiliaryTool(_) => {}
    }
    packages
}

/// The packages that decide what a part does with an index: those that ship it, and the daemon
/// that it leaves images to. The first one names its version.
pub(super) fn own_packages(part: Component, release: &DebianRelease) -> Vec<&'static str> {
    match part {
        // From trixie on the client is a package of its own.
        Component::Tool(Tool::Docker) if release.is_at_least("trixie") => {
            vec!["docker.io", "docker-cli", "containerd"]
        }
        Component::Tool(Tool::Docker) => vec!["docker.io", "containerd"],
        Component::Tool(Tool::Podman) => vec!["podman"],
        Component::Tool(Tool::Skopeo) => vec!["skopeo"],
        Component::Tool(Tool::Crane) => vec!["crane"],
        Component::Tool(Tool::Containerd) => vec!["containerd"],
        Component::AuxiliaryTool(AuxiliaryTool::Buildah) => vec!["buildah"],
        Component::AuxiliaryTool(AuxiliaryTool::Oras) => vec!["oras"],
        Component::AuxiliaryTool(AuxiliaryTool::Umoci) => vec!["umoci"],
        Component::AuxiliaryTool(AuxiliaryTool::DockerRegistry) => vec!["docker-registry"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_docker_client_became_a_package_of_its_own() {
        let of = |release: &str| packages(Component::Tool(Tool::Docker), &release.parse().unwrap());
        assert!(!of("bookworm").contains(&"docker-cli"));
        for release in ["trixie", "sid", "experimental"] {
            assert!(of(release).contains(&"docker-cli"), "{release}");
        }
    }
}
