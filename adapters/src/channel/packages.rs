//! Which packages make a part work in a release.

use super::{Component, DebianRelease};

/// The packages that a part needs in a release. That a release does not have one is found out
/// by asking its archive, since archives change.
#[must_use]
pub fn packages(part: Component, release: &DebianRelease) -> Vec<&'static str> {
    let mut packages = own_packages(part, release);
    match part {
        Component::Tool(tool) => packages.extend(tool.adapter().needs(release)),
        Component::AuxiliaryTool(_) => {}
    }
    packages
}

/// The packages that decide what a part does with an index, the first of which names its version.
pub(super) fn own_packages(part: Component, release: &DebianRelease) -> Vec<&'static str> {
    match part {
        Component::Tool(tool) => tool.adapter().packages(release),
        Component::AuxiliaryTool(tool) => vec![tool.as_str()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_docker_client_became_a_package_of_its_own() {
        let of = |release: &str| packages("docker".parse().unwrap(), &release.parse().unwrap());
        assert!(!of("bookworm").contains(&"docker-cli"));
        for release in ["trixie", "sid", "experimental"] {
            assert!(of(release).contains(&"docker-cli"), "{release}");
        }
    }
}
