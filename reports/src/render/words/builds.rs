//! Whose build a runtime is, and with what it was linked, in words.

use crate::analysis::builds::{Basis, BinaryBuild, Library, PinAgreement};
use ocipick_records::LinkedSource;

impl BinaryBuild {
    /// What such a build is called beside its version: `Debian's build`.
    #[must_use]
    pub fn label(&self) -> Option<String> {
        let distribution = self.distribution()?;
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
            let libraries = self.libraries().iter();
            let notes: Vec<String> = libraries
                .filter(|it| wanted(&it.agreement))
                .filter_map(Library::note)
                .collect();
            (!notes.is_empty()).then(|| notes.join("; "))
        };
        of(|it| matches!(it, PinAgreement::Differs(_)))
            .or_else(|| of(|it| matches!(it, PinAgreement::Alike(_))))
            .or_else(|| {
                let unknown = self.is_distribution() && self.basis() == Basis::NotRecorded;
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
        if let Some(go) = self.go() {
            let says = match self.basis() {
                Basis::Recorded(LinkedSource::BuiltUsing) => ", says the package",
                Basis::Recorded(LinkedSource::BuildInfo) => ", says the binary",
                Basis::KnownPackage => ", as that package was",
                Basis::NotRecorded => "",
            };
            lines.push(format!("compiled with Go {go}{says}"));
        }
        for library in self.libraries() {
            lines.push(library.line());
        }
        if self.is_distribution() && self.basis() == Basis::NotRecorded {
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
