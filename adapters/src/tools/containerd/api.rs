//! The messages that are spoken with containerd, as far as they are needed. They are written by hand, from
//!
//! - `api.proto` of `kubernetes/cri-api`, packages `runtime.v1alpha2` and `runtime.v1`. What is used here has the same
//!   numbers in both;
//! - `api/services/{images,leases,snapshots}/v1` and `api/types/mount.proto` of `containerd/containerd`.
//!
//! A field that is not here is passed over when it is read.

use prost::Message;
use serde::Serialize;
use std::collections::BTreeMap;

/// Which image is meant: by a reference, or by the id that the runtime gave it.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ImageSpec {
    #[prost(string, tag = "1")]
    pub(super) image: String,
}

/// The question of `PullImage`, of `RemoveImage`, and, without `verbose`, of `ImageStatus`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ImageRequest {
    #[prost(message, optional, tag = "1")]
    pub(super) image: Option<ImageSpec>,
}

/// The answer to `PullImage`.
#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PullImageResponse {
    #[prost(string, tag = "1")]
    pub(super) image_ref: String,
}

/// The question of `ImageStatus`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ImageStatusRequest {
    #[prost(message, optional, tag = "1")]
    pub(super) image: Option<ImageSpec>,
    #[prost(bool, tag = "2")]
    pub(super) verbose: bool,
}

/// The answer to it.
#[derive(Clone, PartialEq, Message, Serialize)]
pub(super) struct ImageStatusResponse {
    #[prost(message, optional, tag = "1")]
    pub(super) image: Option<Image>,
    /// Under `info` there is JSON that only containerd writes.
    #[prost(btree_map = "string, string", tag = "2")]
    pub(super) info: BTreeMap<String, String>,
}

/// An image that the runtime has.
#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Image {
    #[prost(string, tag = "1")]
    pub(super) id: String,
    #[prost(string, repeated, tag = "2")]
    pub(super) repo_tags: Vec<String>,
    #[prost(string, repeated, tag = "3")]
    pub(super) repo_digests: Vec<String>,
    #[prost(uint64, tag = "4")]
    pub(super) size: u64,
}

/// A message with nothing in it, or with nothing that is needed.
#[derive(Clone, PartialEq, Message, Serialize)]
pub(super) struct Nothing {}

/// The answer to `ListImages`.
#[derive(Clone, PartialEq, Message, Serialize)]
pub(super) struct ListImagesResponse {
    #[prost(message, repeated, tag = "1")]
    pub(super) images: Vec<Image>,
}

/// The question of `Images/Delete`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct DeleteImageRequest {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    /// Whether to answer when what only this image needs is collected.
    #[prost(bool, tag = "2")]
    pub(super) sync: bool,
}

/// The question of `Leases/Create`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct CreateLeaseRequest {
    #[prost(string, tag = "1")]
    pub(super) id: String,
}

/// The question of `Leases/Delete`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct DeleteLeaseRequest {
    #[prost(string, tag = "1")]
    pub(super) id: String,
    /// Whether to answer when what nothing refers to is collected.
    #[prost(bool, tag = "2")]
    pub(super) sync: bool,
}

/// The question of `Snapshots/View`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ViewSnapshotRequest {
    #[prost(string, tag = "1")]
    pub(super) snapshotter: String,
    #[prost(string, tag = "2")]
    pub(super) key: String,
    #[prost(string, tag = "3")]
    pub(super) parent: String,
}

/// The answer to it: what would have to be mounted.
#[derive(Clone, PartialEq, Message, Serialize)]
pub(super) struct ViewSnapshotResponse {
    #[prost(message, repeated, tag = "1")]
    pub(super) mounts: Vec<Mount>,
}

/// A mount.
#[derive(Clone, PartialEq, Message, Serialize)]
pub(super) struct Mount {
    #[prost(string, tag = "1")]
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[prost(string, tag = "2")]
    pub(super) source: String,
    #[prost(string, repeated, tag = "4")]
    pub(super) options: Vec<String>,
}

/// The question of `Snapshots/Remove`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct RemoveSnapshotRequest {
    #[prost(string, tag = "1")]
    pub(super) snapshotter: String,
    #[prost(string, tag = "2")]
    pub(super) key: String,
}
