//! One file per tool, and the one list of them.

mod buildah;
mod charliecloud;
mod client;
mod containerd;
mod containers_storage;
mod copied_layout;
mod crane;
mod docker;
mod image;
mod lineages;
mod oci_client;
mod oras;
mod podman;
mod regctl;
mod scan_report;
mod skopeo;
mod syft;
mod systemd;
mod trivy;

pub(crate) use client::Client;

use crate::{Adapter, Tool};

/// Every tool, in the order of the matrix.
pub(crate) const ALL: &[Tool] = &[
    Tool::of(&docker::Docker),
    Tool::of(&podman::Podman),
    Tool::of(&buildah::Buildah),
    Tool::of(&skopeo::Skopeo),
    Tool::of(&crane::Crane),
    Tool::of(&containerd::Containerd),
    Tool::of(&oras::Oras),
    Tool::of(&regctl::Regctl),
    Tool::of(&charliecloud::Charliecloud),
    Tool::of(&systemd::Systemd),
    Tool::of(&oci_client::OciClient),
    Tool::of(&trivy::Trivy),
    Tool::of(&syft::Syft),
];

/// The description of a tool.
#[must_use]
pub fn adapter(tool: Tool) -> &'static dyn Adapter {
    tool.adapter()
}
