//! The columns of a matrix.

use crate::analysis::builds::BinaryBuild;
use ocipick_records::{Configuration, Results, RuntimeRecord, ToolInfo, Trial, compare_versions};
use std::cmp::Ordering;

/// Releases of Debian, oldest first: of one version in several, the one that was built first comes
/// first. All other channels follow by name.
const RELEASES: [&str; 7] = [
    "buster",
    "bullseye",
    "bookworm",
    "trixie",
    "forky",
    "sid",
    "experimental",
];

/// One tool, at one version, in one configuration, from one channel: a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixRuntime<'a> {
    /// Its id, with `#channel` only where the results given have the same from two channels.
    pub id: String,
    /// Name of the tool.
    pub tool: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Its configuration, where there is more than one.
    pub flavour: Option<&'a str>,
    /// Where it comes from.
    pub channel: &'a str,
    /// What the header says of it; the later one where several headers name it.
    pub record: Option<&'a RuntimeRecord>,
    /// What there is to know of its tool.
    pub info: Option<&'a ToolInfo>,
    /// Why nothing was measured, where no trial of it was measured in any operation.
    pub unmeasured: Option<String>,
}

impl<'a> MatrixRuntime<'a> {
    /// Who built it, and with what.
    #[must_use]
    pub fn build(&self) -> BinaryBuild {
        self.record.map(BinaryBuild::of).unwrap_or_default()
    }

    /// What there is to know of its configuration.
    #[must_use]
    pub fn configuration(&self) -> Option<&'a Configuration> {
        self.info?.configuration(self.flavour)
    }

    /// Whose code selects for it: what has one lineage speaks with one voice. A tool that nothing is known of
    /// speaks for itself.
    #[must_use]
    pub fn lineage(&self) -> &'a str {
        let plain = || self.info?.configuration(None);
        let configuration = self.configuration().or_else(plain);
        configuration.map_or(self.tool, |configuration| &configuration.lineage)
    }
}

/// What makes two runtimes one: all that it is, but not how its id is written, because an id
/// carries its channel only where two channels of that run hold the same version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RuntimeKey<'a> {
    /// Place of its tool among those of which something is known; all others follow by name.
    pub(super) place: usize,
    pub(super) tool: &'a str,
    pub(super) version: &'a str,
    pub(super) flavour: Option<&'a str>,
    pub(super) channel: &'a str,
    /// The id up to its channel, so that two ids are never merged in silence.
    pub(super) stem: &'a str,
}

/// A key by its letters alone. Thousands of trials are looked up by it, and versions are costly to
/// compare.
pub(super) type Plain<'a> = (&'a str, &'a str, Option<&'a str>, &'a str, &'a str);

impl<'a> RuntimeKey<'a> {
    pub(super) fn plain(&self) -> Plain<'a> {
        (
            self.tool,
            self.version,
            self.flavour,
            self.channel,
            self.stem,
        )
    }

    pub(super) fn of_trial(trial: &'a Trial, tools: &KnownTools<'a>) -> Self {
        Self {
            place: tools.place(&trial.tool),
            tool: &trial.tool,
            version: &trial.version,
            flavour: trial.flavour.as_deref(),
            channel: &trial.channel,
            stem: trial.alias(),
        }
    }

    pub(super) fn of_record(record: &'a RuntimeRecord, tools: &KnownTools<'a>) -> Self {
        Self {
            place: tools.place(&record.tool),
            tool: &record.tool,
            version: &record.version,
            flavour: record.flavour.as_deref(),
            channel: &record.channel,
            stem: record.alias(),
        }
    }
}

/// The tools of which something is known, in order.
#[derive(Default)]
pub(super) struct KnownTools<'a>(Vec<&'a ToolInfo>);

impl<'a> KnownTools<'a> {
    /// Those of several results. Of one that several speak of, the first is right.
    pub(super) fn of(results: &'a [Results]) -> Self {
        let mut known: Vec<&ToolInfo> = Vec::new();
        for info in results.iter().flat_map(Results::tools) {
            if !known.iter().any(|it| it.name == info.name) {
                known.push(info);
            }
        }
        Self(known)
    }

    pub(super) fn get(&self, tool: &str) -> Option<&'a ToolInfo> {
        self.0.iter().copied().find(|it| it.name == tool)
    }

    fn place(&self, tool: &str) -> usize {
        let place = self.0.iter().position(|it| it.name == tool);
        place.unwrap_or(self.0.len())
    }
}

fn age(channel: &str) -> (usize, &str) {
    let release = RELEASES.iter().position(|release| *release == channel);
    (release.unwrap_or(RELEASES.len()), channel)
}

impl PartialOrd for RuntimeKey<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for RuntimeKey<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place
            .cmp(&other.place)
            .then_with(|| self.tool.cmp(other.tool))
            .then_with(|| self.flavour.cmp(&other.flavour))
            .then_with(|| compare_versions(self.version, other.version))
            // Two ways to write one version are two versions all the same.
            .then_with(|| self.version.cmp(other.version))
            .then_with(|| age(self.channel).cmp(&age(other.channel)))
            .then_with(|| self.stem.cmp(other.stem))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocipick_records::Provenance;

    fn key<'a>(tool: &'a str, version: &'a str, flavour: Option<&'a str>) -> RuntimeKey<'a> {
        let known = ["docker", "podman", "skopeo", "crane", "containerd"];
        let place = known.iter().position(|it| *it == tool);
        RuntimeKey {
            place: place.unwrap_or(known.len()),
            tool,
            version,
            flavour,
            channel: "path",
            stem: "",
        }
    }

    #[test]
    fn columns_are_ordered_by_tool_then_flavour_then_version() {
        let mut keys = [
            key("umoci", "0.4.7", None),
            key("buildah", "1.28", None),
            key("containerd", "1.10.0", None),
            key("containerd", "1.9.0", None),
            key("crane", "0.20", None),
            key("docker", "28.5.2", Some("containerd-store")),
            key("docker", "26.1.5", Some("containerd-store")),
            key("docker", "28.5.2", None),
            key("docker", "26.1.5", None),
            key("skopeo", "1.9.3", None),
            key("podman", "5.0", None),
        ];
        keys.sort();
        let shown: Vec<String> = keys
            .iter()
            .map(|key| format!("{} {} {}", key.tool, key.version, key.flavour.unwrap_or("")))
            .collect();
        assert_eq!(
            shown,
            [
                "docker 26.1.5 ",
                "docker 28.5.2 ",
                "docker 26.1.5 containerd-store",
                "docker 28.5.2 containerd-store",
                "podman 5.0 ",
                "skopeo 1.9.3 ",
                "crane 0.20 ",
                "containerd 1.9.0 ",
                "containerd 1.10.0 ",
                "buildah 1.28 ",
                "umoci 0.4.7 ",
            ]
        );
    }

    #[test]
    fn one_version_in_several_releases_is_ordered_by_release() {
        let mut keys = ["sid", "path", "bullseye", "bookworm"].map(|channel| RuntimeKey {
            channel,
            ..key("umoci", "0.4.7", None)
        });
        keys.sort();
        assert_eq!(
            keys.map(|key| key.channel),
            ["bullseye", "bookworm", "sid", "path"]
        );
    }

    #[test]
    fn a_channel_in_the_id_is_not_part_of_its_stem() {
        let of = |id: &str| {
            let record = RuntimeRecord {
                id: id.to_owned(),
                tool: "umoci".to_owned(),
                version: "0.4.7".to_owned(),
                flavour: None,
                channel: "bookworm".to_owned(),
                provenance: Provenance::default(),
                unmeasured: None,
            };
            RuntimeKey::of_record(&record, &KnownTools::default())
                .stem
                .to_owned()
        };
        assert_eq!(of("umoci@0.4.7#bookworm"), "umoci@0.4.7");
        assert_eq!(of("umoci@0.4.7"), "umoci@0.4.7");
    }
}
