//! What tools have in common that select by one library.

/// The modules of containerd that select, in its own client and in docker's engine.
pub(super) const CONTAINERD: &[(&str, &str)] = &[
    ("github.com/containerd/containerd", "containerd"),
    ("github.com/containerd/platforms", "containerd/platforms"),
];

/// The modules of containers/image, which moved, and of what lies beside it.
pub(super) const CONTAINERS_IMAGE: &[(&str, &str)] = &[
    ("github.com/containers/image", "containers/image"),
    ("go.podman.io/image", "containers/image"),
    ("github.com/containers/common", "containers/common"),
    ("go.podman.io/common", "containers/common"),
];
