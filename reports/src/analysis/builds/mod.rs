//! Who built a runtime, and with what: whether it stands for the release whose version it carries.
//!
//! A distribution links Go programs with libraries of its own. The code that selects manifests is
//! such a library, so a build can pick what the release of the same version never picks. What is
//! true of such a build must not be said of the release.

mod pairs;
mod pins;

pub use pairs::{BuildPair, DifferingRow, FlakyRow, OneSidedLibrary};

use ocipick_records::{Linked, LinkedSource, RuntimeRecord};
use pins::Pins;
use std::collections::BTreeMap;

/// The channels that are releases of Debian.
const DEBIAN: [&str; 7] = [
    "buster",
    "bullseye",
    "bookworm",
    "trixie",
    "forky",
    "sid",
    "experimental",
];

/// Who built a runtime, and how what it was linked with compares with what the release pins.
///
/// The default is what is known of nothing: no distribution, nothing recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BinaryBuild {
    distribution: Option<String>,
    go: Option<String>,
    libraries: Vec<Library>,
    basis: Basis,
}

/// One library that selects manifests, as it was linked and as the release pins it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Library {
    /// Its name, as in `containerd/platforms`.
    pub name: String,
    /// The version that it was linked with.
    pub linked: String,
    /// The version that the release pins, where that is known.
    pub pinned: Option<String>,
    /// How the two compare.
    pub agreement: PinAgreement,
    /// Where it stands what the release pins.
    pub source: Option<String>,
}

/// How the linked version of a library compares with the pinned one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PinAgreement {
    /// They are one version.
    Same,
    /// They are two, and select by the same code, for this reason.
    Alike(String),
    /// They are two, and select by other code, or nobody compared them. What is known to have
    /// changed between them.
    Differs(Vec<String>),
    /// What the release pins is not known.
    Unknown,
}

/// What is known of what a build was linked with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Basis {
    /// Nothing: it was not recorded.
    #[default]
    NotRecorded,
    /// The results say so.
    Recorded(LinkedSource),
    /// The results do not say so, and the packages that they name are known.
    KnownPackage,
}

impl BinaryBuild {
    /// What the record of a runtime says, and for results from before it was recorded, what is
    /// known of the packages that were measured.
    #[must_use]
    pub fn of(record: &RuntimeRecord) -> Self {
        let pins = Pins::built_in();
        let provenance = &record.provenance;
        let distribution = distribution_of(record);
        let recorded = deciding(&provenance.linked);
        let (go, libraries, basis) = match recorded {
            Some(linked) => (
                linked.go.clone(),
                Some(&linked.libraries),
                Basis::Recorded(linked.source),
            ),
            None => match pins.linked(&record.tool, &provenance.packages) {
                Some(known) => (
                    Some(known.go.clone()),
                    Some(&known.libraries),
                    Basis::KnownPackage,
                ),
                None => (None, None, Basis::NotRecorded),
            },
        };
        let libraries = libraries.into_iter().flatten();
        Self {
            distribution: distribution.map(str::to_owned),
            go,
            libraries: libraries
                .filter_map(|(name, linked)| pins.held(record, name, linked))
                .collect(),
            basis,
        }
    }

    /// Whether a distribution built it, and not the project whose version it carries.
    #[must_use]
    pub fn is_distribution(&self) -> bool {
        self.distribution.is_some()
    }

    /// The distribution that built it.
    #[must_use]
    pub fn distribution(&self) -> Option<&str> {
        self.distribution.as_deref()
    }

    /// The version of its compiler.
    #[must_use]
    pub fn go(&self) -> Option<&str> {
        self.go.as_deref()
    }

    /// The libraries that select manifests for this tool.
    #[must_use]
    pub fn libraries(&self) -> &[Library] {
        &self.libraries
    }

    /// Who says what it was linked with.
    #[must_use]
    pub fn basis(&self) -> Basis {
        self.basis
    }

    /// Whether it selects by other code than the release of its version, so that nothing that it
    /// does may be said of the release.
    #[must_use]
    pub fn differs(&self) -> bool {
        let mut libraries = self.libraries.iter();
        libraries.any(|it| matches!(it.agreement, PinAgreement::Differs(_)))
    }
}

/// The distribution that built a runtime, where one did.
#[must_use]
pub fn distribution_of(record: &RuntimeRecord) -> Option<&str> {
    let debian = DEBIAN
        .contains(&record.channel.as_str())
        .then_some("Debian");
    record.provenance.distribution.as_deref().or(debian)
}

/// Of the binaries of a runtime the one that selects: the daemon, where there is one.
fn deciding(linked: &BTreeMap<String, Linked>) -> Option<&Linked> {
    linked
        .get("daemon")
        .or_else(|| linked.get("client"))
        .or_else(|| linked.values().next())
}

#[cfg(test)]
mod tests;
