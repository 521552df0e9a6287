//! What was built, as `channel.json` keeps it.

use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::PathBuf};

/// What is known of a release that was built.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GoRecord {
    /// Name of the tool.
    pub tool: String,
    /// Path of the module.
    pub module: String,
    /// Its version, as in `v1.2.3`.
    pub version: String,
    /// What upstream calls that, where it is something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// Its checksum, as in `go.sum`.
    pub sum: String,
    /// Version of the compiler.
    pub go: String,
    /// The tags of the build.
    pub tags: Vec<String>,
    /// Whether it was built with a compiler of C.
    pub cgo: bool,
    /// `install`, or `module with upstream's replaces` where `go install` does not take it as it is.
    pub how: String,
    /// What that module says besides, line by line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub directives: Vec<String>,
    /// The libraries that select manifests, and their versions.
    pub libraries: BTreeMap<String, String>,
    /// Whether it was linked with what the release pins.
    pub pins: Pins,
    /// How long the build took, downloads included.
    pub seconds: f64,
    /// The size of the binaries.
    pub bytes: u64,
    /// The SHA-256 of each binary.
    pub sha256: BTreeMap<String, String>,
}

/// How the libraries of a binary compare with those that the go.mod of the release names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Pins {
    /// They are the same.
    Same(AsUpstream),
    /// These are others.
    Differ(Vec<PinDifference>),
}

/// The word for what is linked as upstream pins it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AsUpstream {
    /// The one word.
    #[serde(rename = "as upstream")]
    Word,
}

/// A library that is linked in another version than the release pins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinDifference {
    /// Which library.
    pub library: String,
    /// What the go.mod of the release says.
    pub pinned: String,
    /// What it was linked with.
    pub linked: String,
}

impl Pins {
    /// Compares what was linked with what is pinned. What only one of them names says nothing: not all
    /// that is pinned is linked, and go.mod files of old leave out what libraries need themselves.
    pub(super) fn compare(
        pinned: &BTreeMap<&str, &str>,
        linked: &BTreeMap<String, String>,
    ) -> Self {
        let differ = linked.iter().filter_map(|(library, version)| {
            let pinned = pinned.get(&**library)?;
            (pinned != version).then(|| PinDifference {
                library: library.clone(),
                pinned: (*pinned).to_owned(),
                linked: version.clone(),
            })
        });
        let differ: Vec<PinDifference> = differ.collect();
        if differ.is_empty() {
            Self::Same(AsUpstream::Word)
        } else {
            Self::Differ(differ)
        }
    }
}

/// A release that was built.
#[derive(Clone, Debug, PartialEq)]
pub struct GoRelease {
    /// What is known of it.
    pub record: GoRecord,
    /// Where it lies.
    pub(super) dir: PathBuf,
}

impl GoRecord {
    /// What upstream calls it.
    #[must_use]
    pub fn release(&self) -> &str {
        self.release.as_deref().unwrap_or(&self.version)
    }
}

impl GoRelease {
    /// Where its binaries lie.
    #[must_use]
    pub fn bin(&self) -> PathBuf {
        self.dir.join(BIN)
    }

    /// Its name: `crane@v0.22.1`.
    #[must_use]
    pub fn name(&self) -> String {
        name(&self.record.tool, self.record.release())
    }
}

/// The directory of binaries.
pub(super) const BIN: &str = "bin";

/// What a release is called.
pub(super) fn name(tool: &str, version: &str) -> String {
    format!("{tool}@{version}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_linked_is_compared_with_what_is_pinned() {
        let pinned = [("a", "v1.0.0"), ("b", "v1.0.0"), ("unused", "v3.0.0")].into();
        let linked = |b: &str| {
            let all = [("a", "v1.0.0"), ("b", b), ("unnamed", "v9.0.0")];
            all.map(|(library, version)| (library.to_owned(), version.to_owned()))
                .into()
        };
        let same = Pins::compare(&pinned, &linked("v1.0.0"));
        assert_eq!(serde_json::to_string(&same).unwrap(), r#""as upstream""#);
        let differ = Pins::compare(&pinned, &linked("v1.2.0"));
        let text = serde_json::to_string(&differ).unwrap();
        assert_eq!(
            text,
            r#"[{"library":"b","pinned":"v1.0.0","linked":"v1.2.0"}]"#
        );
        for pins in [same, differ] {
            let text = serde_json::to_string(&pins).unwrap();
            assert_eq!(serde_json::from_str::<Pins>(&text).unwrap(), pins);
        }
    }
}
