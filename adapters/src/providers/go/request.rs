//! Which releases are asked for: `TOOL@VERSION`.

use super::{GoError, names::release_named};
use crate::Tool;
use globset::{Glob, GlobMatcher};
use ocipick_records::is_release;
use std::{fmt, str::FromStr};

/// Releases of a tool: `TOOL@VERSION`, the version with or without its `v`, `latest`, or a glob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseRequest {
    /// Which tool.
    pub tool: Tool,
    /// Which of its releases.
    pub which: WhichRelease,
}

/// Which releases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhichRelease {
    /// The newest.
    Latest,
    /// This one, as upstream calls it, written as Go does: `v1.2.3`.
    Exact(String),
    /// Every one that this glob fits. What is no release is among them where it has a `-`.
    Matching(String),
}

impl FromStr for ReleaseRequest {
    type Err = GoError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || GoError::Form(text.to_owned());
        let (tool, version) = text.split_once('@').ok_or_else(form)?;
        let tool: Tool = tool.parse()?;
        if version == "latest" {
            return Ok(Self {
                tool,
                which: WhichRelease::Latest,
            });
        }
        // It becomes the name of a directory, and an argument.
        let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-+_".contains(c);
        let number = version.strip_prefix('v').unwrap_or(version);
        let which = if version.contains(['*', '?', '[', '{']) {
            let number = if number.is_empty() { "*" } else { number };
            Glob::new(number).map_err(|_| form())?;
            WhichRelease::Matching(number.to_owned())
        } else if number.chars().all(is_plain) && is_whole(number) {
            WhichRelease::Exact(release_named(tool, &format!("v{number}")))
        } else {
            return Err(form());
        };
        Ok(Self { tool, which })
    }
}

/// Whether a version has all of its three numbers. What has fewer is a question to Go, which answers
/// otherwise tomorrow.
fn is_whole(number: &str) -> bool {
    let core = number.split(['-', '+', '_']).next().unwrap_or_default();
    let numbers: Vec<&str> = core.split('.').collect();
    let is_number = |it: &&str| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit());
    numbers.len() == 3 && numbers.iter().all(is_number)
}

impl ReleaseRequest {
    /// Whether this release, as `v1.2.3`, is asked for. The newest is one only among others, so
    /// everything may be it.
    #[must_use]
    pub fn fits(&self, version: &str) -> bool {
        match &self.which {
            WhichRelease::Latest => true,
            WhichRelease::Exact(exact) => exact == version,
            WhichRelease::Matching(glob) => {
                let number = version.strip_prefix('v').unwrap_or(version);
                (glob.contains('-') || is_release(number))
                    && matcher(glob).is_some_and(|glob| glob.is_match(number))
            }
        }
    }

    /// Those of these releases, the oldest first, that are asked for.
    #[must_use]
    pub fn among<'v>(&self, versions: &'v [String]) -> Vec<&'v String> {
        if self.which == WhichRelease::Latest {
            let mut newest = versions.iter().rev();
            let release = newest.clone().find(|it| is_release(it));
            return release.or_else(|| newest.next()).into_iter().collect();
        }
        versions.iter().filter(|it| self.fits(it)).collect()
    }
}

fn matcher(glob: &str) -> Option<GlobMatcher> {
    Glob::new(glob).ok().map(|glob| glob.compile_matcher())
}

impl fmt::Display for ReleaseRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = match &self.which {
            WhichRelease::Latest => "latest",
            WhichRelease::Exact(version) | WhichRelease::Matching(version) => version,
        };
        write!(f, "{}@{version}", self.tool)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(text: &str) -> ReleaseRequest {
        text.parse().unwrap()
    }

    #[test]
    fn a_version_is_written_with_or_without_its_v() {
        assert_eq!(request("crane@0.22.1"), request("crane@v0.22.1"));
        assert_eq!(request("crane@0.22.1").to_string(), "crane@v0.22.1");
        assert_eq!(request("crane@latest").which, WhichRelease::Latest);
        assert_eq!(request("crane@v0.2*"), request("crane@0.2*"));
        assert!(request("crane@v1.0.0-rc.1").fits("v1.0.0-rc.1"));
    }

    #[test]
    fn what_is_no_request_says_how_one_is_written() {
        for text in [
            "crane",
            "crane@",
            "krane@v1.0.0",
            "crane@v0.22",
            "crane@../x",
            "crane@v1.2.3/../../x",
            "crane@main",
            "crane@0.[",
        ] {
            let error = text.parse::<ReleaseRequest>().unwrap_err().to_string();
            assert!(error.contains("(hint: "), "{text}: {error}");
        }
    }

    #[test]
    fn globs_take_releases_and_pre_releases_only_where_they_say_so() {
        let versions = [
            "v0.19.2",
            "v0.20.1",
            "v0.20.2-rc.1",
            "v0.20.2",
            "v0.21.0-rc.1",
        ];
        let versions = versions.map(str::to_owned);
        let among = |text: &str| {
            let found = request(text).among(&versions).into_iter();
            found.map(String::as_str).collect::<Vec<_>>()
        };
        assert_eq!(among("crane@v0.20.*"), ["v0.20.1", "v0.20.2"]);
        assert_eq!(among("crane@*-rc*"), ["v0.20.2-rc.1", "v0.21.0-rc.1"]);
        assert_eq!(
            among("crane@latest"),
            ["v0.20.2"],
            "and not the pre-release"
        );
        assert_eq!(among("crane@v9.*"), [""; 0]);
    }
}
