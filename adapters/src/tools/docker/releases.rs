//! Which versions of its module the releases of docker are.

use crate::{GoModule, ReleaseNames};

/// From 29 on upstream gives a release two tags: `docker-v29.6.0`, which is what everybody knows, and that of a
/// beta of the module. Not every release has one of those: 29.6.1 has none.
///
/// Of every beta up to 21 the two tags are at one commit in upstream's repository, as of August 2026. The later
/// ones are known by what is in the module: `releases/versions.yaml` names, at every beta since 16, the release
/// that it is as the `next` one; and their dates are those of the releases.
const NAMES: ReleaseNames = ReleaseNames {
    table: &[
        ("v2.0.0-beta.1", "v29.0.0-rc.2"),
        ("v2.0.0-beta.2", "v29.0.0-rc.3"),
        ("v2.0.0-beta.3", "v29.0.0"),
        ("v2.0.0-beta.5", "v29.1.0"),
        ("v2.0.0-beta.6", "v29.2.0"),
        ("v2.0.0-beta.7", "v29.3.0"),
        ("v2.0.0-beta.8", "v29.3.1"),
        ("v2.0.0-beta.9", "v29.4.0-rc.1"),
        ("v2.0.0-beta.11", "v29.4.1"),
        ("v2.0.0-beta.12", "v29.5.0-rc.1"),
        ("v2.0.0-beta.13", "v29.5.0"),
        ("v2.0.0-beta.14", "v29.5.1"),
        ("v2.0.0-beta.15", "v29.5.2"),
        ("v2.0.0-beta.16", "v29.5.3"),
        ("v2.0.0-beta.17", "v29.6.0-rc.1"),
        ("v2.0.0-beta.18", "v29.6.0"),
        ("v2.0.0-beta.19", "v29.7.0-rc.1"),
        ("v2.0.0-beta.20", "v29.7.0"),
        ("v2.0.0-beta.21", "v29.7.1"),
        ("v2.0.0-beta.23", "v29.8.0"),
        ("v2.0.0-beta.24", "v29.8.1"),
    ],
    before: "github.com/docker/docker",
};

/// The engine alone: the client has no go.mod, and containerd is a program of its own.
pub(super) const MODULES: &[GoModule] = &[GoModule {
    path: "github.com/moby/moby/v2",
    commands: &["cmd/dockerd"],
    tags: &[],
    // Only drivers that a pull does not use would take it: btrfs, quotas of xfs, nftables.
    cgo: false,
    names: Some(&NAMES),
}];
