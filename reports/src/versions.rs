//! Ranges of versions, as files that people write name them.

use ocipick_records::compare_versions;
use std::{cmp::Ordering, str::FromStr};

/// A range of versions: `*`, `1.7.24`, or bounds joined by commas, as in `>=2, <2.2`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRange(Vec<(Bound, String)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    Is,
    AtLeast,
    Above,
    AtMost,
    Below,
}

/// A text that is no range of versions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no range of versions (hint: `*`, `1.7.24`, `>=2, <2.2`)")]
pub struct VersionRangeError(String);

impl FromStr for VersionRange {
    type Err = VersionRangeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim() == "*" {
            return Ok(Self(Vec::new()));
        }
        text.split(',')
            .map(|part| {
                let part = part.trim();
                let (bound, version) = [
                    (">=", Bound::AtLeast),
                    (">", Bound::Above),
                    ("<=", Bound::AtMost),
                    ("<", Bound::Below),
                ]
                .iter()
                .find_map(|(sign, bound)| Some((*bound, part.strip_prefix(sign)?.trim())))
                .unwrap_or((Bound::Is, part));
                if version.starts_with(|c: char| c.is_ascii_digit()) {
                    Ok((bound, version.to_owned()))
                } else {
                    Err(VersionRangeError(text.to_owned()))
                }
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl VersionRange {
    /// Whether a version is in the range.
    #[must_use]
    pub fn contains(&self, version: &str) -> bool {
        self.0.iter().all(|(bound, limit)| {
            let order = compare_versions(version, limit);
            match bound {
                Bound::Is => order == Ordering::Equal,
                Bound::AtLeast => order != Ordering::Less,
                Bound::Above => order == Ordering::Greater,
                Bound::AtMost => order != Ordering::Greater,
                Bound::Below => order == Ordering::Less,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        let contains =
            |range: &str, version| range.parse::<VersionRange>().unwrap().contains(version);
        assert!(contains("*", "1.2.3") && contains("1.10", "1.10.0"));
        assert!(contains(">=1.9, <2", "1.10.3") && !contains("<1.10", "1.10.0"));
        assert!(contains("<2.0.0", "2.0.0-rc.1"));
        assert!(contains(">2.0.0-rc.2", "2.0.0-rc.10") && contains("1.10.0", "1.10"));
        assert!(contains(">=2", "dev-0a1b2c3d") && !contains("<3", "dev-0a1b2c3d"));
        assert!("new ones".parse::<VersionRange>().is_err());
    }
}
