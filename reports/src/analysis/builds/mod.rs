//! Who built a runtime, and with what: whether it stands for the release whose version it carries.
//!
//! A distribution links Go programs with libraries of its own. The code that selects manifests is
//! such a library, so a build can pick what the release of the same version never picks. What is
//! true of such a build must not be said of the release.

mod pins;

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
        let debian = DEBIAN
            .contains(&record.channel.as_str())
            .then_some("Debian");
        let distribution = provenance.distribution.as_deref().or(debian);
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

    /// What such a build is called beside its version: `Debian's build`.
    #[must_use]
    pub fn label(&self) -> Option<String> {
        let distribution = self.distribution.as_deref()?;
        Some(format!("{distribution}'s build"))
    }

    /// The same where the build does not stand for the release, and nothing elsewhere: what heads of
    /// columns say.
    #[must_use]
    pub fn mark(&self) -> Option<String> {
        if self.differs() {
            self.label()
                .or_else(|| Some("a build of its own".to_owned()))
        } else {
            None
        }
    }

    /// Which library differs from what the release pins, as a part of a sentence: `linked with
    /// containerd/platforms 1.0.0~rc4; the release pins 1.0.0-rc.1`. Where none differs, which one
    /// is another version and selects alike. Nothing where there is nothing to say.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        let of = |wanted: fn(&PinAgreement) -> bool| {
            let libraries = self.libraries.iter();
            let notes: Vec<String> = libraries
                .filter(|it| wanted(&it.agreement))
                .filter_map(Library::note)
                .collect();
            (!notes.is_empty()).then(|| notes.join("; "))
        };
        of(|it| matches!(it, PinAgreement::Differs(_)))
            .or_else(|| of(|it| matches!(it, PinAgreement::Alike(_))))
            .or_else(|| {
                let unknown = self.is_distribution() && self.basis == Basis::NotRecorded;
                unknown.then(|| "what it was linked with was not recorded".to_owned())
            })
    }

    /// Everything that is known, in lines.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(label) = self.label() {
            lines.push(if self.differs() {
                format!("{label}, which does not select as the release does")
            } else {
                label
            });
        }
        if let Some(go) = &self.go {
            let says = match self.basis {
                Basis::Recorded(LinkedSource::BuiltUsing) => ", says the package",
                Basis::Recorded(LinkedSource::BuildInfo) => ", says the binary",
                Basis::KnownPackage => ", as that package was",
                Basis::NotRecorded => "",
            };
            lines.push(format!("compiled with Go {go}{says}"));
        }
        for library in &self.libraries {
            lines.push(library.line());
        }
        if self.is_distribution() && self.basis == Basis::NotRecorded {
            lines.push("what it was linked with was not recorded".to_owned());
        }
        lines
    }
}

impl Library {
    fn note(&self) -> Option<String> {
        let Self { name, linked, .. } = self;
        let pinned = self.pinned.as_deref()?;
        match &self.agreement {
            PinAgreement::Differs(_) => Some(format!(
                "linked with {name} {linked}; the release pins {pinned}"
            )),
            PinAgreement::Alike(because) => Some(format!(
                "linked with {name} {linked}; the release pins {pinned}, and {because}"
            )),
            PinAgreement::Same | PinAgreement::Unknown => None,
        }
    }

    fn line(&self) -> String {
        let Self { name, linked, .. } = self;
        let source = self.source.as_deref().map(|source| format!(" ({source})"));
        let source = source.unwrap_or_default();
        match (&self.agreement, self.note()) {
            (PinAgreement::Differs(changes), Some(note)) => {
                let changes: Vec<String> = changes
                    .iter()
                    .map(|change| format!("; between them: {change}"))
                    .collect();
                format!("{note}{source}{}", changes.concat())
            }
            (_, Some(note)) => format!("{note}{source}"),
            (PinAgreement::Same, None) => {
                format!("linked with {name} {linked}, as the release pins it{source}")
            }
            (_, None) => {
                format!("linked with {name} {linked}; what the release pins is not known")
            }
        }
    }
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
