//! The media types of the two families of container formats.

use crate::layer::Compression;

/// Which family of media types a document belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum Format {
    /// The OCI image specification.
    Oci,
    /// Docker image manifest version 2, schema 2.
    Docker,
}

impl Format {
    /// The type of an image index or manifest list.
    pub(crate) const fn index(self) -> &'static str {
        match self {
            Self::Oci => "application/vnd.oci.image.index.v1+json",
            Self::Docker => "application/vnd.docker.distribution.manifest.list.v2+json",
        }
    }

    /// The type of a manifest.
    pub(crate) const fn manifest(self) -> &'static str {
        match self {
            Self::Oci => "application/vnd.oci.image.manifest.v1+json",
            Self::Docker => "application/vnd.docker.distribution.manifest.v2+json",
        }
    }

    /// The type of an image config.
    pub(crate) const fn config(self) -> &'static str {
        match self {
            Self::Oci => "application/vnd.oci.image.config.v1+json",
            Self::Docker => "application/vnd.docker.container.image.v1+json",
        }
    }

    /// The type of a layer.
    pub(crate) const fn layer(self, compression: Compression) -> &'static str {
        match (self, compression) {
            (Self::Oci, Compression::Gzip) => "application/vnd.oci.image.layer.v1.tar+gzip",
            (Self::Oci, Compression::Zstd) => "application/vnd.oci.image.layer.v1.tar+zstd",
            (Self::Oci, Compression::None) => "application/vnd.oci.image.layer.v1.tar",
            (Self::Docker, Compression::Gzip) => {
                "application/vnd.docker.image.rootfs.diff.tar.gzip"
            }
            (Self::Docker, Compression::Zstd) => {
                "application/vnd.docker.image.rootfs.diff.tar.zstd"
            }
            (Self::Docker, Compression::None) => "application/vnd.docker.image.rootfs.diff.tar",
        }
    }
}

/// The type of an in-toto statement that stands as a layer.
pub(crate) const IN_TOTO: &str = "application/vnd.in-toto+json";

/// The type of the config of an artifact of ours.
pub(crate) const ARTIFACT_CONFIG: &str = "application/vnd.ocipick.config.v1+json";

/// The type of the one layer of an artifact of ours.
pub(crate) const ARTIFACT_NOTE: &str = "application/vnd.ocipick.note.v1";

/// Whether a media type is that of the config of an image.
pub(crate) fn is_image_config(media_type: &str) -> bool {
    [Format::Oci, Format::Docker]
        .iter()
        .any(|format| format.config() == media_type)
}

/// The type of a config, layer or anything else that has no content.
pub(crate) const EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// The type of a manifest of docker's first schema.
pub(crate) const SCHEMA1: &str = "application/vnd.docker.distribution.manifest.v1+json";

/// The same with signatures.
pub(crate) const SCHEMA1_SIGNED: &str = "application/vnd.docker.distribution.manifest.v1+prettyjws";
