//! What a go.mod says, as `go mod edit -json` prints it.

use serde::Deserialize;
use std::{collections::BTreeMap, fmt::Write as _};

/// A go.mod.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct ModuleFile {
    pub(super) go: Option<String>,
    require: Option<Vec<ModuleVersion>>,
    exclude: Option<Vec<ModuleVersion>>,
    replace: Option<Vec<Replacement>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ModuleVersion {
    pub(super) path: String,
    #[serde(default)]
    pub(super) version: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Replacement {
    pub(super) old: ModuleVersion,
    pub(super) new: ModuleVersion,
}

impl ModuleVersion {
    fn words(&self) -> String {
        match &self.version {
            Some(version) => format!("{} {version}", self.path),
            None => self.path.clone(),
        }
    }
}

impl ModuleFile {
    /// Whether `go install` takes the module as it is: it refuses what only a main module may say.
    pub(super) fn is_plain(&self) -> bool {
        self.replacements().is_empty() && self.exclude.as_ref().is_none_or(Vec::is_empty)
    }

    fn replacements(&self) -> &[Replacement] {
        self.replace.as_deref().unwrap_or_default()
    }

    /// A library that is taken from a directory.
    pub(super) fn local(&self) -> Option<&Replacement> {
        let mut all = self.replacements().iter();
        all.find(|it| it.new.version.is_none())
    }

    /// The go.mod of a module that uses this one, with all that its own would say if it were the main
    /// one.
    pub(super) fn consumer(&self) -> String {
        let mut text = "module build\n".to_owned();
        if let Some(go) = &self.go {
            let _ = write!(text, "\ngo {go}\n");
        }
        for line in self.directives() {
            let _ = write!(text, "\n{line}\n");
        }
        text
    }

    /// What only a main module may say.
    pub(super) fn directives(&self) -> Vec<String> {
        let replaced = self
            .replacements()
            .iter()
            .map(|it| format!("replace {} => {}", it.old.words(), it.new.words()));
        let excluded = self.exclude.iter().flatten();
        let excluded = excluded.map(|it| format!("exclude {}", it.words()));
        replaced.chain(excluded).collect()
    }

    /// Which version of each library the release pins.
    pub(super) fn pins(&self) -> BTreeMap<&str, &str> {
        let required = self.require.iter().flatten();
        let mut pins: BTreeMap<&str, &str> = required
            .filter_map(|it| Some((&*it.path, it.version.as_deref()?)))
            .collect();
        for Replacement { old, new } in self.replacements() {
            let is_meant = |pin: &str| old.version.as_deref().is_none_or(|it| it == pin);
            if let Some(version) = new.version.as_deref()
                && pins.get(&*old.path).is_some_and(|pin| is_meant(pin))
            {
                pins.insert(&old.path, version);
            }
        }
        pins
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> ModuleFile {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_plain_module_says_nothing_that_only_a_main_one_may() {
        let plain = read(
            r#"{"Module": {"Path": "example.test/a"}, "Go": "1.25.0", "Require": [{"Path": "b", "Version": "v1.0.0", "Indirect": true}], "Exclude": null, "Replace": null}"#,
        );
        assert!(plain.is_plain() && plain.local().is_none());
        assert_eq!(plain.pins(), [("b", "v1.0.0")].into());
    }

    #[test]
    fn what_replaces_and_excludes_goes_into_the_consumer() {
        let file = read(
            r#"{"Go": "1.21", "Require": [{"Path": "b", "Version": "v1.0.0"}, {"Path": "c", "Version": "v2.0.0"}],
                "Exclude": [{"Path": "d", "Version": "v0.1.0"}],
                "Replace": [{"Old": {"Path": "b"}, "New": {"Path": "fork/b", "Version": "v1.1.0"}},
                            {"Old": {"Path": "c", "Version": "v3.0.0"}, "New": {"Path": "c", "Version": "v4.0.0"}}]}"#,
        );
        assert!(!file.is_plain() && file.local().is_none());
        assert_eq!(
            file.consumer(),
            "module build\n\ngo 1.21\n\nreplace b => fork/b v1.1.0\n\nreplace c v3.0.0 => c v4.0.0\n\nexclude d v0.1.0\n"
        );
        assert_eq!(file.pins(), [("b", "v1.1.0"), ("c", "v2.0.0")].into());
    }

    #[test]
    fn a_directory_is_found_among_what_replaces() {
        let file = read(
            r#"{"Replace": [{"Old": {"Path": "b"}, "New": {"Path": "b", "Version": "v1.1.0"}},
                            {"Old": {"Path": "api"}, "New": {"Path": "./api"}}]}"#,
        );
        let local = file.local().unwrap();
        assert_eq!((&*local.old.path, &*local.new.path), ("api", "./api"));
    }
}
