//! Whose build a runtime is, and with what it was linked, in words.

use crate::{
    analysis::{
        builds::{Basis, BinaryBuild, BuildPair, Library, OneSidedLibrary, PinAgreement},
        changes::ChangeKind,
        matrix::{Matrix, MatrixRuntime},
    },
    text,
};
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

impl BuildPair<'_, '_> {
    /// What is compared: `containerd 2.1.9+cri, sid against go`.
    #[must_use]
    pub fn title(&self, matrix: &Matrix<'_>) -> String {
        let of = |column: usize| matrix.runtimes.get(column);
        let (Some(built), Some(release)) = (of(self.distribution), of(self.upstream)) else {
            return String::new();
        };
        let flavour = built.flavour.map(|flavour| format!("+{flavour}"));
        text::line(&format!(
            "{} {}{}, {} against {}",
            built.tool,
            built.version,
            flavour.unwrap_or_default(),
            built.channel,
            release.channel
        ))
    }

    /// In how many rows they differ, as a sentence with its full stop.
    #[must_use]
    pub fn counts(&self) -> String {
        let of = text::count(self.compared, "row", "rows");
        let differing = self.differing.len();
        let mut parts = vec![match differing {
            0 => format!("None of {of} differs"),
            1 => format!("1 of {of} differs"),
            _ => format!("{differing} of {of} differ"),
        }];
        let reasons = self.differing.iter();
        let reasons = reasons.filter(|it| it.kind == ChangeKind::Reason).count();
        if reasons > 0 {
            parts.push(format!("{reasons} in the reason for refusing alone"));
        }
        let once = self.differing.iter();
        let once = once.filter(|it| it.change.rests_on_one_try()).count();
        if once > 0 {
            let rest = match (once, differing) {
                (1, 1) => "it rests".to_owned(),
                (1, _) => "1 of them rests".to_owned(),
                (once, all) if once == all => "all of them rest".to_owned(),
                (once, _) => format!("{once} of them rest"),
            };
            parts.push(format!(
                "{rest} on cells that were tried once, where a race looks like a difference \
                 (--repeat 5 tells them apart)"
            ));
        }
        if !self.flaky.is_empty() {
            let flaky = text::count(self.flaky.len(), "more row", "more rows");
            parts.push(format!(
                "in {flaky} one of the builds wavers when repeated, which is no difference between \
                 them"
            ));
        }
        format!("{}.", parts.join("; "))
    }

    /// In what the builds differ, as sentences.
    #[must_use]
    pub fn cause(&self, matrix: &Matrix<'_>) -> String {
        let built = matrix.runtimes.get(self.distribution);
        let build = built.map(MatrixRuntime::build).unwrap_or_default();
        let who = text::line(build.distribution().unwrap_or("The distribution"));
        if !self.is_recorded {
            return "What one of them was linked with was not recorded.".to_owned();
        }
        let mut sentences: Vec<String> = self
            .libraries
            .iter()
            .map(|library| library.against_release(&who))
            .collect();
        sentences.extend(self.one_sided.iter().map(|library| library.words(&who)));
        if self.libraries.is_empty() && self.one_sided.is_empty() {
            sentences.push("Both select by code of the tool's own.".to_owned());
        }
        let differs = |it: &Library| matches!(it.agreement, PinAgreement::Differs(_));
        let none_differs = self.one_sided.is_empty() && !self.libraries.iter().any(differs);
        if !self.differing.is_empty() && none_differs {
            sentences.push("No library that selects differs.".to_owned());
        }
        if let Some((built, release)) = &self.compilers {
            sentences.push(text::line(&format!(
                "{who} compiled it with Go {built}, the other one was compiled with Go {release}."
            )));
        }
        sentences.join(" ")
    }
}

impl OneSidedLibrary {
    fn words(&self, who: &str) -> String {
        let Self { name, version, .. } = self;
        text::line(&if self.is_of_distribution {
            format!("{who} links {name} {version}, and the release none that is recorded.")
        } else {
            format!("The release links {name} {version}; what {who} links is not recorded.")
        })
    }
}

impl Library {
    /// How a distribution linked it, and how the release did.
    fn against_release(&self, who: &str) -> String {
        let Self { name, linked, .. } = self;
        let pinned = self.pinned.as_deref().unwrap_or_default();
        text::line(&match &self.agreement {
            PinAgreement::Same | PinAgreement::Unknown => {
                format!("{who} links {name} {linked}, as the release does.")
            }
            PinAgreement::Alike(because) => {
                format!("{who} links {name} {linked}, the release pins {pinned}, and {because}.")
            }
            PinAgreement::Differs(changes) => {
                let changes = if changes.is_empty() {
                    String::new()
                } else {
                    format!("; between them: {}", changes.join("; "))
                };
                format!("{who} links {name} {linked}, the release pins {pinned}{changes}.")
            }
        })
    }

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
