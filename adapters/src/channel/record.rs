//! What is known of a channel.

use super::{Component, packages::own_packages};
use crate::{Installation, Privileges, Tool, short_version};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::PathBuf};

/// A provisioned channel.
#[derive(Clone, Debug, PartialEq)]
pub struct InstalledChannel {
    /// What is known of it.
    pub record: ProvisioningRecord,
    /// Its root directory.
    pub root: PathBuf,
}

/// What is known of a channel, in `channel.json` beside its root directory. The file is written
/// last, so a channel that has it is whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvisioningRecord {
    /// Name of the release, or of the addition to one.
    pub name: String,
    /// The release that it is an addition to, where it is none by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// The tools that it offers.
    pub tools: Vec<String>,
    /// What it offers besides the tools.
    #[serde(rename = "companions")]
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub auxiliary_tools: Vec<String>,
    /// What is there as well, and not offered, because it is that of the base.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inherits: Vec<String>,
    /// What was asked for, too, and is not in the release.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<String>,
    /// Every package, by name.
    pub packages: BTreeMap<String, PackageRecord>,
    /// What made it, with its version.
    pub bootstrapper: String,
    /// How far the metadata of the archive was past its date, where that was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired: Option<String>,
    /// sha256 of the list of its files, which lies beside this record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<String>,
    /// How many bytes of disk it took when it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// One package of a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageRecord {
    /// Its version.
    pub version: String,
    /// sha256 of its archive.
    pub sha256: String,
    /// Where it comes from, where that is not the release itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suite: Option<String>,
    /// The source packages that it was built with, and their versions, where it says so.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub built_using: BTreeMap<String, String>,
}

impl InstalledChannel {
    /// Whether it offers this tool. What was an auxiliary tool when the channel was made may be a
    /// tool by now.
    #[must_use]
    pub fn has(&self, tool: Tool) -> bool {
        self.offers(Component::Tool(tool))
    }

    /// Whether it offers this part.
    #[must_use]
    pub fn offers(&self, part: Component) -> bool {
        let ProvisioningRecord {
            tools,
            auxiliary_tools,
            ..
        } = &self.record;
        names(tools, part) || names(auxiliary_tools, part)
    }

    /// Whether this part is that of the base.
    #[must_use]
    pub fn inherits(&self, part: Component) -> bool {
        names(&self.record.inherits, part)
    }

    /// Whether the release was found not to have this part.
    #[must_use]
    pub fn lacks(&self, part: Component) -> bool {
        names(&self.record.lacks, part)
    }

    /// The version of a package.
    #[must_use]
    pub fn version(&self, package: &str) -> Option<&str> {
        let package = self.record.packages.get(package)?;
        Some(&package.version)
    }

    /// The version of a part, as its package says, without what a distribution adds.
    #[must_use]
    pub fn part_version(&self, part: Component) -> Option<String> {
        let release = self.record.name.parse().ok()?;
        let package = self.version(own_packages(part, &release).first()?)?;
        // Before a colon stands an epoch, which is the distribution's own.
        let version = package.split_once(':').map_or(package, |(_, rest)| rest);
        short_version(version)
    }

    /// The channel as an installation.
    #[must_use]
    pub fn place(&self, privileges: Privileges) -> Installation {
        let record = &self.record;
        let packages = record
            .packages
            .iter()
            .map(|(name, package)| (name.clone(), package.version.clone()))
            .collect();
        let mut notes = Vec::new();
        if let Some(base) = &record.base {
            notes.push(format!(
                "{} is an addition to {base}: what the tool needs is of {base} where {} has \
                 nothing newer to take along",
                record.name, record.name
            ));
        }
        if let Some(expired) = &record.expired {
            notes.push(format!(
                "the archive metadata of {} was past its date ({expired}); accepted with \
                 --allow-expired, signatures verified",
                record.name
            ));
        }
        let built_using = record.packages.iter().filter_map(|(name, package)| {
            let using = &package.built_using;
            (!using.is_empty()).then(|| (name.clone(), using.clone()))
        });
        Installation {
            built_using: built_using.collect(),
            ..Installation::provisioned(&record.name, &self.root, packages, notes, privileges)
        }
    }
}

fn names(all: &[String], part: Component) -> bool {
    all.iter().any(|name| name == part.as_str())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn record(name: &str) -> ProvisioningRecord {
        ProvisioningRecord {
            name: name.to_owned(),
            base: None,
            tools: vec!["skopeo".to_owned()],
            auxiliary_tools: Vec::new(),
            inherits: Vec::new(),
            lacks: Vec::new(),
            packages: BTreeMap::new(),
            bootstrapper: "mmdebstrap 1.3.5".to_owned(),
            expired: None,
            files: None,
            bytes: None,
        }
    }

    #[test]
    fn records_of_earlier_versions_are_read() {
        let text = r#"{"name": "sid", "tools": ["docker"], "packages":
            {"docker.io": {"version": "28.5.2", "sha256": "aa"}},
            "bootstrapper": "mmdebstrap 1.3.5"}"#;
        let record: ProvisioningRecord = serde_json::from_str(text).unwrap();
        assert_eq!((record.auxiliary_tools.len(), record.files), (0, None));
    }

    #[test]
    fn versions_are_those_of_packages() {
        let mut record = record("sid");
        let package = |version: &str| PackageRecord {
            version: version.to_owned(),
            sha256: "aa".to_owned(),
            suite: None,
            built_using: BTreeMap::new(),
        };
        record.packages = [
            ("skopeo".to_owned(), package("2:1.22.0+ds1-1")),
            ("docker.io".to_owned(), package("28.5.2+dfsg4-5")),
        ]
        .into();
        let channel = InstalledChannel {
            record,
            root: PathBuf::new(),
        };
        let version = |tool: &str| channel.part_version(tool.parse().unwrap());
        assert_eq!(version("skopeo").as_deref(), Some("1.22.0"));
        assert_eq!(version("docker").as_deref(), Some("28.5.2"));
        assert_eq!(version("crane"), None);
    }

    #[test]
    fn a_companion_that_became_a_tool_is_had() {
        let mut record = record("sid");
        record.auxiliary_tools = vec!["crane".to_owned()];
        let channel = InstalledChannel {
            record,
            root: PathBuf::new(),
        };
        let has = |tool: &str| channel.has(tool.parse().unwrap());
        assert!(has("crane") && has("skopeo") && !has("docker"));
    }
}
