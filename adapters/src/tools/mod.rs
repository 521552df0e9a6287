//! One adapter per tool.

mod containerd;
mod crane;
mod docker;
mod image;
mod podman;
mod skopeo;
mod supervisor;

use crate::{Adapter, Tool, ToolInfo};

/// The adapter of a tool.
#[must_use]
pub fn adapter(tool: Tool) -> &'static dyn Adapter {
    of(tool).1
}

/// What there is to know of a tool.
pub(crate) fn info(tool: Tool) -> &'static ToolInfo {
    of(tool).0
}

/// The one list of the files in this folder.
fn of(tool: Tool) -> (&'static ToolInfo, &'static dyn Adapter) {
    match tool {
        Tool::Docker => (&docker::INFO, &docker::Docker),
        Tool::Podman => (&podman::INFO, &podman::Podman),
        Tool::Skopeo => (&skopeo::INFO, &skopeo::Skopeo),
        Tool::Crane => (&crane::INFO, &crane::Crane),
        Tool::Containerd => (&containerd::INFO, &containerd::Containerd),
    }
}
