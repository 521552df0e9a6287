//! The table of what releases pin.

use super::{Library, PinAgreement};
use crate::versions::VersionRange;
use ocipick_records::{RuntimeRecord, compare_versions};
use serde::Deserialize;
use std::{cmp::Ordering, collections::BTreeMap, sync::LazyLock};

const TABLE: &str = include_str!("pins.toml");

/// The table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pins {
    #[serde(rename = "pin")]
    pub(super) pins: Vec<Pin>,
    #[serde(rename = "own")]
    pub(super) own: Vec<Own>,
    #[serde(rename = "alike")]
    pub(super) alike: Vec<Alike>,
    #[serde(rename = "change")]
    pub(super) changes: Vec<PinChange>,
    #[serde(rename = "linked")]
    pub(super) known: Vec<KnownPackage>,
}

/// What a release pins.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pin {
    pub(super) tool: String,
    pub(super) version: String,
    pub(super) library: String,
    pub(super) pins: String,
    /// Where that stands.
    pub(super) source: String,
}

/// A tool that selects by code of its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Own {
    pub(super) tool: String,
    pub(super) versions: String,
}

/// Versions of a library that select by the same code.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Alike {
    pub(super) library: String,
    pub(super) versions: Vec<String>,
    pub(super) because: String,
}

/// A version of a library from which on it selects otherwise.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PinChange {
    pub(super) library: String,
    pub(super) at: String,
    pub(super) what: String,
}

/// What a package was linked with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KnownPackage {
    /// Its name and version.
    pub(super) package: String,
    /// The tool that it is the package of, where that is called otherwise.
    pub(super) tool: Option<String>,
    pub(super) go: String,
    pub(super) libraries: BTreeMap<String, String>,
}

impl Pins {
    /// The table in the program.
    pub(super) fn built_in() -> &'static Self {
        static PINS: LazyLock<Pins> = LazyLock::new(|| {
            toml::from_str(TABLE).expect("the table is part of the program, and a test reads it")
        });
        &PINS
    }

    /// What the package of a tool was linked with, where it is one that is known.
    pub(super) fn linked(
        &self,
        tool: &str,
        packages: &BTreeMap<String, String>,
    ) -> Option<&KnownPackage> {
        self.known.iter().find(|known| {
            let Some((package, version)) = known.package.split_once(' ') else {
                return false;
            };
            let is_its = known.tool.as_deref().unwrap_or(package) == tool;
            is_its
                && packages
                    .get(package)
                    .is_some_and(|it| without_rebuild(it) == version)
        })
    }

    /// A library of a runtime held against what the release of its version pins; nothing where it
    /// does not select for this tool.
    pub(super) fn held(&self, record: &RuntimeRecord, name: &str, linked: &str) -> Option<Library> {
        let of_tool = self.pins.iter().filter(|pin| pin.tool == record.tool);
        let of_version: Vec<&Pin> = of_tool
            .clone()
            .filter(|pin| is_one(&pin.version, &record.version))
            .collect();
        let pinned = of_version.iter().find(|pin| pin.library == name);
        let agreement = match pinned {
            Some(pin) => self.compare(name, &pin.pins, linked),
            // The release pins others, and does not select by this one.
            None if !of_version.is_empty() || self.is_own(record) => return None,
            None if of_tool.clone().any(|pin| pin.library == name) => PinAgreement::Unknown,
            None => return None,
        };
        Some(Library {
            name: name.to_owned(),
            linked: linked.to_owned(),
            pinned: pinned.map(|pin| pin.pins.clone()),
            agreement,
            source: pinned.map(|pin| pin.source.clone()),
        })
    }

    /// How a version that was linked compares with the one that the release pins.
    pub(super) fn compare(&self, library: &str, pinned: &str, linked: &str) -> PinAgreement {
        if is_one(pinned, linked) {
            return PinAgreement::Same;
        }
        let alike = self.alike.iter().find(|alike| {
            let has = |version: &str| alike.versions.iter().any(|it| is_one(it, version));
            alike.library == library && has(pinned) && has(linked)
        });
        if let Some(alike) = alike {
            return PinAgreement::Alike(alike.because.clone());
        }
        let of_library = self.changes.iter().filter(|it| it.library == library);
        let between = of_library
            .filter(|change| is_before(pinned, &change.at) != is_before(linked, &change.at));
        PinAgreement::Differs(between.map(|change| change.what.clone()).collect())
    }

    pub(super) fn is_own(&self, record: &RuntimeRecord) -> bool {
        self.own.iter().any(|own| {
            let range = own.versions.parse::<VersionRange>();
            own.tool == record.tool && range.is_ok_and(|range| range.contains(&record.version))
        })
    }
}

/// Whether two texts are one version of a library. A commit is a version only of itself.
fn is_one(left: &str, right: &str) -> bool {
    left == right
        || (is_number(left) && is_number(right) && compare_versions(left, right) == Ordering::Equal)
}

/// Whether a version comes before one with a number. The commits in the table do.
fn is_before(version: &str, number: &str) -> bool {
    !is_number(version) || compare_versions(version, number) == Ordering::Less
}

fn is_number(version: &str) -> bool {
    version.contains('.') && version.starts_with(|c: char| c.is_ascii_digit())
}

/// The version of a package without what a rebuild without changes adds: `1.2-3` of `1.2-3+b1`.
fn without_rebuild(version: &str) -> &str {
    match version.rsplit_once("+b") {
        Some((version, number)) if number.chars().all(|c| c.is_ascii_digit()) => version,
        Some(_) | None => version,
    }
}
