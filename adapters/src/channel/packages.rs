//! Which packages make a tool work in a release.

use super::Release;
use crate::Tool;

/// The packages that a tool needs in a release. That a release does not have one is found out
/// by asking its archive, since archives change.
#[must_use]
pub fn packages(tool: Tool, release: &Release) -> Vec<&'static str> {
    match tool {
        // From trixie on the client is a package of its own.
        Tool::Docker if release.is_at_least("trixie") => {
            vec!["docker.io", "docker-cli", "containerd", "runc"]
        }
        Tool::Docker => vec!["docker.io", "containerd", "runc"],
        // Before netavark podman asks for `nsenter` and does nothing without it.
        Tool::Podman if !release.is_at_least("bookworm") => vec!["podman", "runc", "util-linux"],
        Tool::Podman => vec!["podman", "runc"],
        Tool::Skopeo => vec!["skopeo"],
        Tool::Crane => vec!["crane"],
        Tool::Containerd => vec!["containerd", "runc"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_docker_client_became_a_package_of_its_own() {
        let of = |release: &str| packages(Tool::Docker, &release.parse().unwrap());
        assert!(!of("bookworm").contains(&"docker-cli"));
        assert!(of("trixie").contains(&"docker-cli") && of("sid").contains(&"docker-cli"));
    }
}
