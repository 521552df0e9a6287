//! The tools that ocipick drives.

use crate::{Adapter, adapter, channel::DebianRelease, tools};
use ocipick_records::ToolInfo;
use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

/// A tool that ocipick drives.
#[derive(Clone, Copy)]
pub struct Tool(&'static dyn Adapter);

impl Tool {
    /// The tool of an adapter.
    pub(crate) const fn of(adapter: &'static dyn Adapter) -> Self {
        Self(adapter)
    }

    /// Every tool, in the order of the matrix.
    pub const ALL: &[Self] = tools::ALL;

    /// The description of it.
    pub(crate) fn adapter(self) -> &'static dyn Adapter {
        self.0
    }

    /// What there is to know of it.
    #[must_use]
    pub fn info(self) -> &'static ToolInfo {
        adapter(self).info()
    }

    /// The names of its binaries.
    #[must_use]
    pub fn binaries(self) -> &'static [String] {
        &self.info().binaries
    }

    /// The stable word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        &self.info().name
    }

    /// Whether any release of Debian ships it, as far as is known.
    #[must_use]
    pub(crate) fn is_packaged(self) -> bool {
        let mut releases = DebianRelease::all().into_iter();
        releases.any(|release| !self.adapter().packages(&release).is_empty())
    }

    /// Its place in [`Self::ALL`].
    fn position(self) -> usize {
        let mut all = Self::ALL.iter();
        all.position(|it| it.as_str() == self.as_str())
            .unwrap_or(Self::ALL.len())
    }
}

/// What there is to know of every tool, in the order of the matrix.
#[must_use]
pub fn tool_infos() -> Vec<ToolInfo> {
    Tool::ALL.iter().map(|tool| tool.info().clone()).collect()
}

impl PartialEq for Tool {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Tool {}

impl Hash for Tool {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl PartialOrd for Tool {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Tool {
    fn cmp(&self, other: &Self) -> Ordering {
        let position = self.position().cmp(&other.position());
        position.then_with(|| self.as_str().cmp(other.as_str()))
    }
}

impl fmt::Debug for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tool({})", self.as_str())
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that names no tool.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no tool that ocipick drives (hint: {names})",
    names = Tool::ALL.iter().map(|tool| tool.as_str()).collect::<Vec<_>>().join(", ")
)]
pub struct UnknownTool(String);

impl FromStr for Tool {
    type Err = UnknownTool;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|tool| tool.as_str() == text)
            .ok_or_else(|| UnknownTool(text.to_owned()))
    }
}

/// A configuration of a tool that selects by other code, and so is a runtime of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flavour(&'static str);

impl Flavour {
    /// The flavour of this word.
    #[must_use]
    pub const fn new(word: &'static str) -> Self {
        Self(word)
    }

    /// The stable word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

/// Makes the short version out of what a binary or a package says: `20.10.24` of
/// `Docker version 20.10.24+dfsg1, build 5d6db84`, `2.0.0-rc.3` of `v2.0.0-rc.3`.
///
/// What a distribution adds is left out here and kept in the provenance.
#[must_use]
pub fn short_version(said: &str) -> Option<String> {
    said.split_whitespace().find_map(|word| {
        let word = word.trim_start_matches('v').trim_end_matches(',');
        let digits = |text: &str| {
            text.find(|c: char| !c.is_ascii_digit() && c != '.')
                .unwrap_or(text.len())
        };
        let number = &word[..digits(word)];
        let number = number.trim_end_matches('.');
        if !number.contains('.') || !number.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let rest = &word[number.len()..];
        let before_release = ["-rc", "-beta", "-alpha", "~rc", "~beta", "~alpha"]
            .iter()
            .find(|prefix| rest.starts_with(**prefix))
            .map(|_| {
                let end = rest[1..]
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '.')
                    .map_or(rest.len(), |at| at + 1);
                format!("-{}", &rest[1..end])
            });
        Some(format!("{number}{}", before_release.unwrap_or_default()))
    })
}

/// What distributions add to versions.
const ADDED: [&str; 8] = [
    "+ds", "~ds", "+dfsg", "~dfsg", "+deb", "~deb", "+repack", "-0ubuntu",
];
/// The most characters of a version.
const LONGEST: usize = 64;

/// The whole version that a binary says, so that no two builds of different sources share it:
/// `0.20.7-12-gdeadbee-dirty`, `2.4.2_unknown` of `2.4.2+unknown`. What distributions add is left
/// out all the same, since it names the package and not the source.
///
/// A `+` would be taken for the flavour in an id, so it is written `_`.
#[must_use]
pub(crate) fn full_version(said: &str) -> Option<String> {
    said.split_whitespace().find_map(|word| {
        let word = word.trim_start_matches('v').trim_end_matches([',', ';']);
        let word = word.trim_end_matches("+incompatible");
        let end = word.find(|c: char| !c.is_ascii_digit() && c != '.');
        let (number, rest) = word.split_at(end.unwrap_or(word.len()));
        if !number.starts_with(|c: char| c.is_ascii_digit())
            || !number.trim_end_matches('.').contains('.')
            || !(rest.is_empty() || rest.starts_with(['-', '+', '~', '_']))
        {
            return None;
        }
        let added = ADDED.iter().filter_map(|added| rest.find(added)).min();
        let rest = &rest[..added.unwrap_or(rest.len())];
        let spelled = |c: char| match c {
            '~' => '-',
            '.' | '-' => c,
            c if c.is_ascii_alphanumeric() => c,
            _ => '_',
        };
        let number = number.trim_end_matches('.');
        let all = number.chars().chain(rest.chars().map(spelled));
        Some(all.take(LONGEST).collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_of_builds_stay_and_those_of_distributions_do_not() {
        for (said, version) in [
            (
                "v0.20.7-12-gdeadbee-dirty",
                Some("0.20.7-12-gdeadbee-dirty"),
            ),
            ("0.20.8-dev", Some("0.20.8-dev")),
            (
                "containerd github.com/containerd/containerd/v2 v2.3.0-45-gabc.m abc.m",
                Some("2.3.0-45-gabc.m"),
            ),
            (
                "ctr github.com/containerd/containerd/v2 2.4.2+unknown",
                Some("2.4.2_unknown"),
            ),
            ("skopeo version 1.18.0-dev commit: abc", Some("1.18.0-dev")),
            (
                "Docker version 20.10.24+dfsg1, build 5d6db84",
                Some("20.10.24"),
            ),
            (
                "containerd github.com/containerd/containerd 1.6.20~ds1 x",
                Some("1.6.20"),
            ),
            ("v2.0.0-rc.3", Some("2.0.0-rc.3")),
            ("1.0.0~rc93+ds1", Some("1.0.0-rc93")),
            ("v28.2.2+incompatible", Some("28.2.2")),
            ("podman version 4.9.4-rhel", Some("4.9.4-rhel")),
            (
                "v0.0.0-20260101120000-abcdef123456",
                Some("0.0.0-20260101120000-abcdef123456"),
            ),
            ("1.2.3-a#b@c/d", Some("1.2.3-a_b_c_d")),
            ("(devel)", None),
            ("could not determine build information", None),
            ("Docker version library-import, build library-import", None),
        ] {
            assert_eq!(full_version(said).as_deref(), version, "{said}");
        }
    }

    #[test]
    fn versions_lose_what_distributions_add() {
        let short = |said| short_version(said).unwrap();
        assert_eq!(
            short("Docker version 20.10.24+dfsg1, build 5d6db84"),
            "20.10.24"
        );
        assert_eq!(short("podman version 4.3.1"), "4.3.1");
        assert_eq!(
            short("containerd github.com/containerd/containerd 1.6.20~ds1 x"),
            "1.6.20"
        );
        assert_eq!(short("ctr containerd.io 2.1.9+unknown"), "2.1.9");
        assert_eq!(short("0.20.7+ds1-1+b3"), "0.20.7");
        assert_eq!(short("v2.0.0-rc.3"), "2.0.0-rc.3");
        assert_eq!(short("skopeo version 1.18.0-dev commit: x"), "1.18.0");
        assert_eq!(short_version("could not determine build information"), None);
    }

    #[test]
    fn tools_read_back_and_have_names_and_binaries_of_their_own() {
        let mut binaries = Vec::new();
        for tool in Tool::ALL {
            assert_eq!(tool.as_str().parse(), Ok(*tool));
            binaries.extend(tool.binaries());
        }
        assert!(Tool::ALL.is_sorted_by(|left, right| left < right));
        let all = binaries.len();
        binaries.sort();
        binaries.dedup();
        assert_eq!(binaries.len(), all);
        assert!("dokcer".parse::<Tool>().is_err());
    }
}
