//! Publishing cases to a registry by raw HTTP: the bytes that were authored, under the media types
//! that were authored, by nobody's library in between.
//!
//! A registry may refuse an odd index. That is its answer, and no failure of the publication: it is
//! returned beside what was accepted.

mod auth;
mod client;
mod target;

pub use auth::{AuthError, Credentials};
pub use client::{Client, PublishError};
pub use target::{Target, TargetError};

use ocipick_corpus::{Case, Digest, Document};

/// What became of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Published {
    /// Everything was accepted; this is its reference.
    Whole(String),
    /// The registry refused one of the documents, and so the case.
    Refused {
        /// What was refused: `index`, or the digest of a manifest or nested index.
        what: String,
        /// The HTTP status.
        status: u16,
        /// The registry's own words.
        words: String,
    },
    /// No registry could serve this case as it was authored, because of this.
    Impossible(String),
}

/// Publishes a case: its blobs, its manifests and nested indexes, innermost first, and then the
/// index under test with the tag `latest`.
///
/// # Errors
///
/// When the registry cannot be reached, denies access, or fails over a blob.
pub fn publish(client: &Client, case: &Case) -> Result<Published, PublishError> {
    if !case.faults.is_empty() {
        return Ok(Published::Impossible(
            "it wants a registry that misbehaves, which only `ocipick serve` does".to_owned(),
        ));
    }
    let repository = client.target().repository(case);
    for blob in &case.blobs {
        client.blob(&repository, &blob.digest, &blob.bytes)?;
    }
    // A registry may insist that it has what a document names. The corpus lists documents in the
    // order in which recipes name them, so they are tried until no further one is accepted.
    let mut left: Vec<&Document> = case.documents.iter().collect();
    while !left.is_empty() {
        let before = left.len();
        let mut refused = Vec::new();
        let mut refusal = None;
        for document in left {
            match client.manifest(&repository, document.digest.as_str(), document)? {
                None => {}
                Some((status, words)) => {
                    refusal = Some(refused_as(&document.digest, status, words));
                    refused.push(document);
                }
            }
        }
        if let (Some(refusal), true) = (refusal, refused.len() == before) {
            return Ok(refusal);
        }
        left = refused;
    }
    Ok(match client.manifest(&repository, "latest", &case.index)? {
        None => Published::Whole(client.target().reference(&repository)),
        Some((status, words)) => Published::Refused {
            what: "index".to_owned(),
            status,
            words,
        },
    })
}

fn refused_as(digest: &Digest, status: u16, words: String) -> Published {
    Published::Refused {
        what: digest.as_str().to_owned(),
        status,
        words,
    }
}
