//! One adapter per tool.

mod containerd;
mod crane;
mod docker;
mod image;
mod podman;
mod skopeo;
mod supervisor;

use crate::{Adapter, Tool};

/// The adapter of a tool.
#[must_use]
pub fn adapter(tool: Tool) -> &'static dyn Adapter {
    match tool {
        Tool::Docker => &docker::Docker,
        Tool::Podman => &podman::Podman,
        Tool::Skopeo => &skopeo::Skopeo,
        Tool::Crane => &crane::Crane,
        Tool::Containerd => &containerd::Containerd,
    }
}
