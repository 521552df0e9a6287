//! What can go wrong: in the harness ([`RegistryError`]), and in a request ([`RequestError`]).

use hyper::StatusCode;
use serde_json::{Value, json};
use std::io;

/// Why the registry cannot start, or cannot serve a case.
///
/// All of these are trouble of the harness or of the case, never of a tool.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// No runtime could be made, for want of threads or descriptors.
    #[error("cannot start the threads of the registry")]
    Threads(#[source] io::Error),
    /// No port on loopback could be had.
    #[error("cannot listen on 127.0.0.1")]
    Listen(#[source] io::Error),
    /// The authority for TLS, or its certificate, could not be made.
    #[error("cannot make the authority of the registry")]
    Authority(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The name is not one that the distribution specification permits, so that tools would
    /// refuse the reference before they ask for anything.
    #[error(
        "`{0}` is not a repository name (hint: lower-case letters and digits, joined by `.`, `_`, `-` and `/`)"
    )]
    Name(String),
    /// A namespace of this name is open, so that requests could not be told apart.
    #[error("namespace `{0}` is open already")]
    Taken(String),
    /// A media type or digest of the case has characters that no HTTP header can carry.
    #[error("document {digest} cannot be served: {value:?} does not fit into the header {header}")]
    Header {
        /// The document or blob that it belongs to.
        digest: String,
        /// The header it should have gone into.
        header: String,
        /// What was authored.
        value: String,
    },
}

/// Why a request is not granted, in the terms of the distribution specification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RequestError {
    /// No namespace of this name is open.
    NameUnknown { name: String },
    /// The namespace has no such tag, or no document with this digest.
    ManifestUnknown { name: String, reference: String },
    /// The namespace has neither a blob nor a document with this digest.
    BlobUnknown { name: String, digest: String },
    /// The range asked for lies outside the blob of this many bytes.
    RangeInvalid { range: String, length: usize },
    /// The path exists, the method does not; `allow` is what the `Allow` header says.
    Method { method: String, allow: &'static str },
    /// This is a registry without the referrers API.
    Referrers { digest: String },
    /// The path is none that the distribution specification defines.
    Endpoint { path: String },
    /// The case wants this status.
    Wanted { status: StatusCode },
    /// The path exists in a namespace that is written to, the method does not.
    NotAllowed { method: String, allow: &'static str },
    /// No such upload is under way.
    UploadUnknown { upload: String },
    /// An upload ends without a digest.
    NoDigest,
    /// The namespace has no space for more.
    TooLarge,
}

impl RequestError {
    /// The HTTP status that goes with it.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::NameUnknown { .. }
            | Self::ManifestUnknown { .. }
            | Self::BlobUnknown { .. }
            | Self::Referrers { .. }
            | Self::Endpoint { .. }
            | Self::UploadUnknown { .. } => StatusCode::NOT_FOUND,
            Self::RangeInvalid { .. } => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::Method { .. } | Self::NotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoDigest => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Wanted { status } => *status,
        }
    }

    /// The error code; all but `RANGE_INVALID` and `UNKNOWN` are in the table of the
    /// specification.
    fn code(&self) -> &'static str {
        match self {
            Self::NameUnknown { .. } => "NAME_UNKNOWN",
            Self::ManifestUnknown { .. } => "MANIFEST_UNKNOWN",
            Self::BlobUnknown { .. } => "BLOB_UNKNOWN",
            Self::RangeInvalid { .. } => "RANGE_INVALID",
            Self::Method { .. }
            | Self::NotAllowed { .. }
            | Self::Referrers { .. }
            | Self::Endpoint { .. } => "UNSUPPORTED",
            Self::UploadUnknown { .. } => "BLOB_UPLOAD_UNKNOWN",
            Self::NoDigest => "DIGEST_INVALID",
            Self::TooLarge => "SIZE_INVALID",
            Self::Wanted { status } => match status.as_u16() {
                401 => "UNAUTHORIZED",
                403 => "DENIED",
                404 => "MANIFEST_UNKNOWN",
                429 => "TOOMANYREQUESTS",
                _ => "UNKNOWN",
            },
        }
    }

    fn message(&self) -> &'static str {
        match self {
            Self::NameUnknown { .. } => "repository name not known to registry",
            Self::ManifestUnknown { .. } => "manifest unknown to registry",
            Self::BlobUnknown { .. } => "blob unknown to registry",
            Self::RangeInvalid { .. } => "range lies outside the blob",
            Self::Method { .. } => "this registry is read-only",
            Self::Referrers { .. } => "this registry has no referrers API",
            Self::Endpoint { .. } => "no such endpoint",
            Self::Wanted { .. } => "the case wants this answer",
            Self::NotAllowed { .. } => "this method is not allowed here",
            Self::UploadUnknown { .. } => "blob upload unknown to registry",
            Self::NoDigest => "an upload ends with a digest",
            Self::TooLarge => "there is no space for more",
        }
    }

    fn detail(&self) -> Value {
        match self {
            Self::NameUnknown { name } => json!({ "name": name }),
            Self::ManifestUnknown { name, reference } => {
                json!({ "name": name, "reference": reference })
            }
            Self::BlobUnknown { name, digest } => json!({ "name": name, "digest": digest }),
            Self::RangeInvalid { range, length } => json!({ "range": range, "length": length }),
            Self::Method { method, .. } | Self::NotAllowed { method, .. } => {
                json!({ "method": method })
            }
            Self::Referrers { digest } => json!({ "digest": digest }),
            Self::Endpoint { path } => json!({ "path": path }),
            Self::UploadUnknown { upload } => json!({ "upload": upload }),
            Self::Wanted { .. } | Self::NoDigest | Self::TooLarge => Value::Null,
        }
    }

    /// The body, as the distribution specification lays it out.
    pub(super) fn body(&self) -> String {
        json!({
            "errors": [{
                "code": self.code(),
                "message": self.message(),
                "detail": self.detail(),
            }]
        })
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_have_the_shape_of_the_specification() {
        let refusal = RequestError::ManifestUnknown {
            name: "a/b".to_owned(),
            reference: "v1\"".to_owned(),
        };
        let body: Value = serde_json::from_str(&refusal.body()).unwrap();
        assert_eq!(
            body,
            json!({"errors": [{
                "code": "MANIFEST_UNKNOWN",
                "message": "manifest unknown to registry",
                "detail": {"name": "a/b", "reference": "v1\""},
            }]})
        );
    }
}
