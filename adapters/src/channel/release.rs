//! The releases of Debian, in order, and what can be added to one.

use std::{fmt, fs, str::FromStr};

/// A release that channels can be made of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DebianRelease(&'static str);

/// Oldest first; `sid` is always the newest. An addition comes after what it is added to.
const RELEASES: &[&str] = &[
    "bullseye",
    "bookworm",
    "trixie",
    "forky",
    "sid",
    "experimental",
];

/// What is no release by itself, and what it is added to.
const ADDITIONS: &[(&str, &str)] = &[("experimental", "sid")];

impl DebianRelease {
    /// Its code name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0
    }

    /// The release that this is an addition to, where it is none by itself.
    #[must_use]
    pub fn base(&self) -> Option<Self> {
        ADDITIONS
            .iter()
            .find(|(name, _)| *name == self.0)
            .map(|(_, base)| Self(base))
    }

    /// Whether it came after `other`, or is it.
    pub(crate) fn is_at_least(&self, other: &str) -> bool {
        let position = |name: &str| RELEASES.iter().position(|release| *release == name);
        position(self.0) >= position(other)
    }

    /// Every release, oldest first.
    #[must_use]
    pub fn all() -> Vec<Self> {
        RELEASES.iter().map(|name| Self(name)).collect()
    }
}

impl fmt::Display for DebianRelease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

/// A word that names no release.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no release that ocipick can provision (hint: {})", RELEASES.join(", "))]
pub struct UnknownRelease {
    text: String,
}

impl FromStr for DebianRelease {
    type Err = UnknownRelease;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        RELEASES
            .iter()
            .find(|name| **name == text)
            .map(|name| Self(name))
            .ok_or_else(|| UnknownRelease {
                text: text.to_owned(),
            })
    }
}

/// The release that this machine runs, where it is one of Debian's.
#[must_use]
pub fn running_release() -> Option<DebianRelease> {
    let text = fs::read_to_string("/etc/os-release").ok()?;
    running_in(&text)
}

/// What the distribution that this machine runs is called, in a word: `Debian`, `Ubuntu`.
#[must_use]
pub(crate) fn running_distribution() -> Option<String> {
    let name = os_release("NAME")?;
    name.split_whitespace().next().map(str::to_owned)
}

/// What this machine's `/etc/os-release` says under a key.
#[must_use]
pub fn os_release(key: &str) -> Option<String> {
    value_in(&fs::read_to_string("/etc/os-release").ok()?, key)
}

fn value_in(os_release: &str, key: &str) -> Option<String> {
    os_release.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        (name == key).then(|| value.trim_matches('"').to_owned())
    })
}

fn running_in(os_release: &str) -> Option<DebianRelease> {
    let value = |key: &str| value_in(os_release, key);
    if value("ID")? != "debian" {
        return None;
    }
    // Testing and unstable say `forky/sid`, and carry the code name of testing.
    value("VERSION_CODENAME")?.parse().ok()
}

/// The releases after `release`, oldest first. Additions are not among them: whoever wants one
/// asks for it.
#[must_use]
pub fn later_releases(release: &DebianRelease) -> Vec<DebianRelease> {
    RELEASES
        .iter()
        .skip_while(|name| **name != release.0)
        .skip(1)
        .map(|name| DebianRelease(name))
        .filter(|release| release.base().is_none())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_running_release_is_read_from_os_release() {
        let text = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_CODENAME=bookworm\n";
        assert_eq!(running_in(text).unwrap().name(), "bookworm");
        assert_eq!(running_in("ID=ubuntu\nVERSION_CODENAME=noble\n"), None);
        assert_eq!(running_in("ID=debian\n"), None);
    }

    #[test]
    fn later_means_newer() {
        let bookworm: DebianRelease = "bookworm".parse().unwrap();
        let later: Vec<_> = later_releases(&bookworm)
            .iter()
            .map(DebianRelease::name)
            .collect();
        assert_eq!(later, ["trixie", "forky", "sid"]);
        let sid: DebianRelease = "sid".parse().unwrap();
        assert_eq!(later_releases(&sid), []);
        assert!("jammy".parse::<DebianRelease>().is_err());
    }

    #[test]
    fn experimental_is_added_to_sid() {
        let experimental: DebianRelease = "experimental".parse().unwrap();
        assert_eq!(experimental.base(), Some(DebianRelease("sid")));
        assert!(experimental.is_at_least("sid"));
        assert!(RELEASES.iter().all(|name| {
            DebianRelease(name)
                .base()
                .is_none_or(|base| base.base().is_none())
        }));
    }
}
