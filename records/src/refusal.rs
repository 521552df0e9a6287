//! Why a tool refuses, as far as recipes and clauses need to know.

/// Why a tool refuses: the closed list that results use as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// No entry matches the platform asked for.
    NoMatch,
    /// The entry is itself an index, which the tool does not follow.
    NestedUnsupported,
    /// A media type that the tool does not take.
    MediaType,
    /// Content that is not where the tool looked for it: the registry does not have it, or a place
    /// that its urls name does not answer.
    MissingContent,
    /// The content is not as long as its descriptor, or the response that carries it, says.
    SizeMismatch,
    /// The content does not hash to its digest.
    DigestMismatch,
    /// More than one answer, and the tool will not choose.
    Ambiguous,
    /// A document that the tool cannot read.
    Malformed,
    /// The picked image is not for the platform that its entry claims.
    PlatformMismatch,
    /// A layer that the tool cannot unpack: it is no archive, or not compressed as its type says.
    UnreadableLayer,
    /// The document is larger, or has more entries, than the tool reads.
    TooLarge,
    /// The tool chose what it had not fetched: it fetches by one choice, and unpacks by another.
    NotFetched,
    /// The registry answered that the client may not have it: 401 or 403.
    Denied,
    /// The registry answered that the client asks too often: 429.
    RateLimited,
    /// The registry answered that it failed itself: 5xx.
    ServerError,
}

impl Refusal {
    /// Every reason by which a refusal can be told from others, with its word. What is `other` in
    /// results is not among them: it says nothing of what the refusal is about.
    pub const ALL: [(&str, Self); 15] = [
        ("no-match", Self::NoMatch),
        ("nested-unsupported", Self::NestedUnsupported),
        ("media-type", Self::MediaType),
        ("missing-content", Self::MissingContent),
        ("size-mismatch", Self::SizeMismatch),
        ("digest-mismatch", Self::DigestMismatch),
        ("ambiguous", Self::Ambiguous),
        ("malformed", Self::Malformed),
        ("platform-mismatch", Self::PlatformMismatch),
        ("unreadable-layer", Self::UnreadableLayer),
        ("too-large", Self::TooLarge),
        ("not-fetched", Self::NotFetched),
        ("denied", Self::Denied),
        ("rate-limited", Self::RateLimited),
        ("server-error", Self::ServerError),
    ];

    /// The word that stands for it in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoMatch => "no-match",
            Self::NestedUnsupported => "nested-unsupported",
            Self::MediaType => "media-type",
            Self::MissingContent => "missing-content",
            Self::SizeMismatch => "size-mismatch",
            Self::DigestMismatch => "digest-mismatch",
            Self::Ambiguous => "ambiguous",
            Self::Malformed => "malformed",
            Self::PlatformMismatch => "platform-mismatch",
            Self::UnreadableLayer => "unreadable-layer",
            Self::TooLarge => "too-large",
            Self::NotFetched => "not-fetched",
            Self::Denied => "denied",
            Self::RateLimited => "rate-limited",
            Self::ServerError => "server-error",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_word() {
        for (word, refusal) in Refusal::ALL {
            assert_eq!(word, refusal.as_str());
        }
    }
}
