//! What several adapters look for in an image.

use crate::{RawFingerprint, RawObservation, process::Ran};
use ocipick_records::Identity;

/// What a look at several signs amounts to: something seen, or nothing in these words.
pub(super) fn looked(signs: Vec<RawFingerprint>, otherwise: &str) -> RawObservation {
    if signs.is_empty() {
        RawObservation::Absent(otherwise.to_owned())
    } else {
        RawObservation::Seen(signs)
    }
}

/// A sign, in one line.
pub(super) fn sign(source: &'static str, identity: Identity) -> RawFingerprint {
    RawFingerprint { source, identity }
}

/// A config digest with its algorithm, which some tools leave out.
pub(super) fn with_algorithm(digest: &str) -> String {
    if digest.contains(':') {
        digest.to_owned()
    } else {
        format!("sha256:{digest}")
    }
}

/// What is in a store, from a command that lists digests, one a line.
pub(super) fn stored(source: &'static str, listed: &Ran) -> Option<RawFingerprint> {
    let printed = listed.stdout();
    let digests: Vec<String> = printed
        .lines()
        .map(str::trim)
        .filter(|line| line.contains(':'))
        .map(str::to_owned)
        .collect();
    let is_something = listed.exit.is_success() && !digests.is_empty();
    is_something.then(|| sign(source, Identity::Stored(digests)))
}
