//! Which packages make a part work in a release.

use super::{Companion, Part, Release};
use crate::Tool;

/// The packages that a part needs in a release. That a release does not have one is found out
/// by asking its archive, since archives change.
#[must_use]
pub fn packages(part: Part, release: &Release) -> Vec<&'static str> {
    let mut packages = own_packages(part, release);
    match part {
        Part::Tool(Tool::Docker | Tool::Containerd) => packages.push("runc"),
        // Before netavark podman asks for `nsenter` and does nothing without it.
        Part::Tool(Tool::Podman) if !release.is_at_least("bookworm") => {
            packages.extend(["runc", "util-linux"]);
        }
        Part::Tool(Tool::Podman) => packages.push("runc"),
        Part::Tool(Tool::Skopeo | Tool::Crane) | Part::Companion(_) => {}
    }
    packages
}

/// The packages that decide what a part does with an index: those that ship it, and the daemon
/// that it leaves images to. The first one names its version.
pub(super) fn own_packages(part: Part, release: &Release) -> Vec<&'static str> {
    match part {
        // From trixie on the client is a package of its own.
        Part::Tool(Tool::Docker) if release.is_at_least("trixie") => {
            vec!["docker.io", "docker-cli", "containerd"]
        }
        Part::Tool(Tool::Docker) => vec!["docker.io", "containerd"],
        Part::Tool(Tool::Podman) => vec!["podman"],
        Part::Tool(Tool::Skopeo) => vec!["skopeo"],
        Part::Tool(Tool::Crane) => vec!["crane"],
        Part::Tool(Tool::Containerd) => vec!["containerd"],
        Part::Companion(Companion::Buildah) => vec!["buildah"],
        Part::Companion(Companion::Oras) => vec!["oras"],
        Part::Companion(Companion::Umoci) => vec!["umoci"],
        Part::Companion(Companion::DockerRegistry) => vec!["docker-registry"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_docker_client_became_a_package_of_its_own() {
        let of = |release: &str| packages(Part::Tool(Tool::Docker), &release.parse().unwrap());
        assert!(!of("bookworm").contains(&"docker-cli"));
        for release in ["trixie", "sid", "experimental"] {
            assert!(of(release).contains(&"docker-cli"), "{release}");
        }
    }
}
