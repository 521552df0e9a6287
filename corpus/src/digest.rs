//! Content digests, in the form the OCI image specification writes them.

use sha2::{Digest as _, Sha256, Sha512};
use std::fmt;
use strum::VariantArray as _;

/// An algorithm that digests of the corpus are made with.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Algorithm {
    /// SHA-256, which every tool knows.
    Sha256,
    /// SHA-512, which the image specification registers as well.
    Sha512,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word for it in a digest.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A digest string such as `sha256:e3b0…`, kept exactly as written.
///
/// It is a plain string because ocipick must be able to serve and report digests
/// that no validating type would hold (`image-spec/descriptor/digest-grammar`).
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// Computes the sha256 digest of `bytes`.
    #[must_use]
    pub fn sha256(bytes: &[u8]) -> Self {
        Self(format!("sha256:{}", hex(&Sha256::digest(bytes))))
    }

    /// Computes the digest of `bytes` by an algorithm.
    #[must_use]
    pub fn of(algorithm: Algorithm, bytes: &[u8]) -> Self {
        match algorithm {
            Algorithm::Sha256 => Self::sha256(bytes),
            Algorithm::Sha512 => Self(format!("sha512:{}", hex(&Sha512::digest(bytes)))),
        }
    }

    /// The digests of `bytes` by every algorithm that is not that of this one.
    #[must_use]
    pub(crate) fn others(&self, bytes: &[u8]) -> Vec<Self> {
        let others = Algorithm::ALL.iter();
        let others = others.filter(|other| self.algorithm() != Some(other.as_str()));
        others.map(|other| Self::of(*other, bytes)).collect()
    }

    /// Takes a digest as somebody wrote it, without judging it.
    #[must_use]
    pub fn verbatim(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The whole string, algorithm and all.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part after the colon, or the whole string where there is no colon.
    #[must_use]
    pub fn encoded(&self) -> &str {
        self.0
            .split_once(':')
            .map_or(self.0.as_str(), |(_, encoded)| encoded)
    }

    /// The algorithm before the colon, where there is one.
    #[must_use]
    pub fn algorithm(&self) -> Option<&str> {
        self.0.split_once(':').map(|(algorithm, _)| algorithm)
    }

    /// The first twelve characters of the encoded part, for people.
    #[must_use]
    pub fn short(&self) -> &str {
        let encoded = self.encoded();
        encoded.get(..12).unwrap_or(encoded)
    }

    /// Whether this is a digest of an algorithm we know, and what `bytes` come to by it.
    #[must_use]
    pub fn matches(&self, bytes: &[u8]) -> bool {
        let algorithm = self.algorithm().map(str::parse::<Algorithm>);
        algorithm.is_some_and(|it| it.is_ok_and(|known| *self == Self::of(known, bytes)))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Lower-case hexadecimal, as digests are written.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sha256_of_nothing_is_the_well_known_value() {
        assert_eq!(
            Digest::sha256(b"").as_str(),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn sha512_of_nothing_is_the_well_known_value() {
        let digest = Digest::of(Algorithm::Sha512, b"");
        assert!(
            digest
                .as_str()
                .starts_with("sha512:cf83e1357eefb8bdf1542850d66d8007")
        );
        assert_eq!(digest.encoded().len(), 128);
        assert!(digest.matches(b"") && !digest.matches(b"x"));
        assert!(!Digest::verbatim("md5:x").matches(b""));
    }

    #[test]
    fn a_digest_is_told_from_those_of_other_algorithms() {
        let own = Digest::sha256(b"x");
        assert_eq!(own.others(b"x"), [Digest::of(Algorithm::Sha512, b"x")]);
        assert_eq!(Digest::verbatim("md5:0").others(b"x").len(), 2);
    }

    #[test]
    fn odd_digests_are_kept_verbatim() {
        let digest = Digest::verbatim("not-a-digest");
        assert_eq!(
            (digest.algorithm(), digest.encoded()),
            (None, "not-a-digest")
        );
    }
}
