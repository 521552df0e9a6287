//! All the baselines there are, and which of them a runtime is held against.

use super::{Baseline, BaselineBuild, text::escape};
use ocipick_records::compare_versions;
use std::cmp::Ordering;

/// All the baselines there are.
#[derive(Clone, Debug, Default)]
pub struct BaselineSet {
    /// Each with its place below the directory of all, and in that order.
    baselines: Vec<(String, Baseline)>,
}

/// The baseline that a runtime is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference<'s> {
    /// Where it lies, below the directory of all.
    pub place: &'s str,
    /// The baseline.
    pub baseline: &'s Baseline,
    /// How far it is from the runtime.
    pub distance: Distance,
}

/// How far a baseline is from a runtime. The nearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Distance {
    /// It is of this very runtime.
    Same,
    /// It is of this version, built by somebody else.
    OtherBuild,
    /// It is of an older version.
    Older,
}

impl BaselineSet {
    /// Every baseline, with its place below the directory of all.
    pub fn baselines(&self) -> impl Iterator<Item = (&str, &Baseline)> {
        let all = self.baselines.iter();
        all.map(|(place, baseline)| (place.as_str(), baseline))
    }

    /// What a runtime is held against: the baseline of this build, or else of another build of
    /// this version, or else of the nearest older version, always in the same configuration.
    #[must_use]
    pub fn reference(&self, build: &BaselineBuild) -> Option<Reference<'_>> {
        let of_line = self
            .baselines
            .iter()
            .filter(|(_, it)| it.build.tool == build.tool && it.build.flavour == build.flavour);
        let distances = of_line.filter_map(|(place, baseline)| {
            let distance = match compare_versions(&baseline.build.version, &build.version) {
                Ordering::Greater => return None,
                Ordering::Equal if baseline.build.channel == build.channel => Distance::Same,
                Ordering::Equal => Distance::OtherBuild,
                Ordering::Less => Distance::Older,
            };
            Some(Reference {
                place,
                baseline,
                distance,
            })
        });
        distances.min_by(|one, other| {
            let (of_one, of_other) = (&one.baseline.build, &other.baseline.build);
            let foreign = |it: &BaselineBuild| it.channel != build.channel;
            one.distance
                .cmp(&other.distance)
                .then_with(|| compare_versions(&of_other.version, &of_one.version))
                .then_with(|| foreign(of_one).cmp(&foreign(of_other)))
                .then_with(|| of_one.cmp(of_other))
        })
    }

    /// Where the baseline of a runtime lies or belongs, below the directory of all:
    /// `TOOL/VERSION.txt`, with `+FLAVOUR`, and with `#CHANNEL` where that name is taken by another
    /// build of the version, or the ids of runtimes name the channel to tell two builds apart.
    #[must_use]
    pub fn place(&self, build: &BaselineBuild, named: bool) -> String {
        let own = self.baselines.iter().find(|(_, it)| it.build == *build);
        if let Some((place, _)) = own {
            return place.clone();
        }
        let part = |text: &str| escape(text).replace('/', "%2F").replace("%23", "#");
        let place = |named| format!("{}/{}.txt", part(&build.tool), part(&build.stem(named)));
        let plain = place(named);
        if self.baselines.iter().any(|(taken, _)| *taken == plain) {
            place(true)
        } else {
            plain
        }
    }

    /// Puts a baseline where it belongs, in place of the one that is there.
    pub fn put(&mut self, place: String, baseline: Baseline) {
        self.baselines.retain(|(taken, _)| *taken != place);
        self.baselines.push((place, baseline));
        self.baselines.sort_by(|one, other| one.0.cmp(&other.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::BaselineCorpus;
    use std::collections::BTreeMap;

    fn build(tool: &str, version: &str, flavour: Option<&str>, channel: &str) -> BaselineBuild {
        BaselineBuild {
            tool: tool.into(),
            version: version.into(),
            flavour: flavour.map(str::to_owned),
            channel: channel.into(),
        }
    }

    fn shelf(builds: &[BaselineBuild]) -> BaselineSet {
        let mut shelf = BaselineSet::default();
        for build in builds {
            let place = shelf.place(build, false);
            let baseline = Baseline {
                build: build.clone(),
                cpu: None,
                corpus: BaselineCorpus {
                    built_in: true,
                    cases: 0,
                    digest: "sha256:00".into(),
                },
                ocipick: "0".into(),
                lines: BTreeMap::new(),
            };
            shelf.put(place, baseline);
        }
        shelf
    }

    #[test]
    fn the_nearest_baseline_is_the_reference() {
        let plain = |version, channel| build("docker", version, None, channel);
        let shelf = shelf(&[
            plain("20.10.24", "bookworm"),
            plain("26.1.5", "trixie"),
            plain("26.1.5", "path"),
            plain("28.5.2", "sid"),
            build("docker", "27.0.0", Some("containerd-store"), "sid"),
        ]);
        let found = |build: BaselineBuild| {
            let reference = shelf.reference(&build)?;
            Some((reference.distance, reference.baseline.build.to_string()))
        };
        let is = |distance, build: &str| Some((distance, build.to_owned()));
        assert_eq!(
            found(plain("26.1.5", "trixie")),
            is(Distance::Same, "docker@26.1.5 (trixie)")
        );
        assert_eq!(
            found(plain("28.5.2", "path")),
            is(Distance::OtherBuild, "docker@28.5.2 (sid)")
        );
        assert_eq!(
            found(plain("27.1.0", "trixie")),
            is(Distance::Older, "docker@26.1.5 (trixie)"),
            "of two builds the one from the same place"
        );
        assert_eq!(
            found(plain("29.0.0", "sid")),
            is(Distance::Older, "docker@28.5.2 (sid)")
        );
        assert_eq!(found(plain("19.3.0", "path")), None, "none is older");
        assert_eq!(
            found(build("docker", "28.5.2", Some("containerd-store"), "sid")),
            is(Distance::Older, "docker@27.0.0+containerd-store (sid)"),
            "another configuration is no reference"
        );
        assert_eq!(found(build("crane", "1", None, "sid")), None);
    }

    #[test]
    fn two_builds_of_a_version_have_two_files() {
        let of = |channel| build("umoci", "0.4.7", None, channel);
        let shelf = shelf(&[of("bookworm"), of("trixie")]);
        let places: Vec<&str> = shelf.baselines.iter().map(|(place, _)| &**place).collect();
        assert_eq!(places, ["umoci/0.4.7#trixie.txt", "umoci/0.4.7.txt"]);
        assert_eq!(shelf.place(&of("bookworm"), true), "umoci/0.4.7.txt");
        assert_eq!(shelf.place(&of("trixie"), false), "umoci/0.4.7#trixie.txt");
        assert_eq!(shelf.place(&of("sid"), false), "umoci/0.4.7#sid.txt");
        let other = build("umoci", "0.4.8", Some("a/b"), "sid");
        assert_eq!(shelf.place(&other, false), "umoci/0.4.8+a%2Fb.txt");
        assert_eq!(shelf.place(&other, true), "umoci/0.4.8+a%2Fb#sid.txt");
    }
}
