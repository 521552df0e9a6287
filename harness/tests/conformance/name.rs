//! What a trial is called, which is also how cargo-nextest asks for it.

use ocipick::operations;
use ocipick_records::Operation;
use std::fmt;

/// What stands between the parts.
const BETWEEN: &str = "::";

/// The name of a trial: `docker@20.10.24::pull::duplicates/two-entries`, and `…::linux/arm64` behind
/// it where the case asks for more than one platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Name<'a> {
    pub(crate) runtime: &'a str,
    pub(crate) operation: Operation,
    pub(crate) case: &'a str,
    pub(crate) platform: Option<&'a str>,
}

impl<'a> Name<'a> {
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (runtime, rest) = text.split_once(BETWEEN)?;
        let (word, rest) = rest.split_once(BETWEEN)?;
        let operation = operations::named(word)?.operation;
        let (case, platform) = match rest.split_once(BETWEEN) {
            Some((case, platform)) => (case, Some(platform)),
            None => (rest, None),
        };
        Some(Self {
            runtime,
            operation,
            case,
            platform,
        })
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            runtime,
            operation,
            case,
            platform,
        } = self;
        write!(f, "{runtime}{BETWEEN}{operation}{BETWEEN}{case}")?;
        platform.map_or(Ok(()), |platform| write!(f, "{BETWEEN}{platform}"))
    }
}
