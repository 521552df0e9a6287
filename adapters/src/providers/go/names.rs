//! What upstream calls the versions of a module, where it counts its releases otherwise.

use super::GoModule;
use crate::{Tool, adapter};
use ocipick_records::{compare_versions, is_release};

/// The releases of a tool that counts them otherwise than the module that they are built from.
///
/// A version of the module that the table does not have is called after the release before it, with what it is
/// itself behind that: `v29.8.1_2.0.0-beta.25`. So it sorts after that release and before the next, and is no
/// release that anybody takes without asking for it. One before all of the table keeps its own name.
#[derive(Debug, PartialEq, Eq)]
pub struct ReleaseNames {
    /// Versions of the module, and what upstream calls them; the oldest first.
    pub table: &'static [(&'static str, &'static str)],
    /// The module of the releases before, which have no go.mod.
    pub before: &'static str,
}

/// Between the release that an unknown version follows and the version.
const FOLLOWED_BY: char = '_';

impl ReleaseNames {
    fn name_of(&self, version: &str) -> String {
        let mut known = self.table.iter();
        if let Some((_, name)) = known.clone().find(|(it, _)| *it == version) {
            return (*name).to_owned();
        }
        let before = known.rfind(|(it, _)| compare_versions(it, version).is_lt());
        match before {
            Some((_, name)) => {
                let number = version.strip_prefix('v').unwrap_or(version);
                format!("{name}{FOLLOWED_BY}{number}")
            }
            None => version.to_owned(),
        }
    }

    fn version_of(&self, name: &str) -> Option<String> {
        let mut known = self.table.iter();
        if let Some((version, _)) = known.find(|(_, it)| *it == name) {
            return Some((*version).to_owned());
        }
        let version = match name.split_once(FOLLOWED_BY) {
            Some((_, number)) => format!("v{number}"),
            None => name.to_owned(),
        };
        (self.name_of(&version) == name).then_some(version)
    }

    /// Whether a release is older than all that the module has.
    pub(super) fn is_before(&self, name: &str) -> bool {
        let oldest = self.table.first();
        oldest.is_some_and(|(_, oldest)| compare_versions(name, oldest).is_lt())
    }

    /// The releases that the module has, as upstream calls them, without what came before one.
    pub(super) fn known(&self) -> String {
        let names = self.table.iter().map(|(_, name)| *name);
        let names = names.filter(|name| is_release(name));
        names.collect::<Vec<_>>().join(", ")
    }
}

impl GoModule {
    /// What upstream calls a version of this module.
    pub(super) fn release_of(&self, version: &str) -> String {
        match self.names {
            Some(names) => names.name_of(version),
            None => version.to_owned(),
        }
    }

    /// The version of this module that upstream calls so, if it can have one.
    pub(super) fn version_of(&self, release: &str) -> Option<String> {
        let version = match self.names {
            Some(names) => names.version_of(release)?,
            None => release.to_owned(),
        };
        self.may_have(&version).then_some(version)
    }
}

/// What upstream calls a release of a tool that is named by it, or by the version of its module.
pub(super) fn release_named(tool: Tool, name: &str) -> String {
    let mut named = adapter(tool).go_modules().iter();
    let module = named.find(|it| it.names.is_some() && it.may_have(name));
    module.map_or_else(|| name.to_owned(), |module| module.release_of(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: ReleaseNames = ReleaseNames {
        table: &[
            ("v2.0.0-beta.3", "v29.0.0"),
            ("v2.0.0-beta.9", "v29.4.0-rc.1"),
            ("v2.0.0-beta.18", "v29.6.0"),
        ],
        before: "example.test/old",
    };
    const MODULE: GoModule = GoModule {
        path: "example.test/moved/v2",
        commands: &["cmd/x"],
        tags: &[],
        cgo: false,
        names: Some(&NAMES),
    };

    #[test]
    fn names_lead_to_versions_and_back() {
        for (version, release) in [
            ("v2.0.0-beta.3", "v29.0.0"),
            ("v2.0.0-beta.18", "v29.6.0"),
            ("v2.0.0-beta.19", "v29.6.0_2.0.0-beta.19"),
            ("v2.0.0-beta.4", "v29.0.0_2.0.0-beta.4"),
            ("v2.0.0", "v29.6.0_2.0.0"),
            ("v2.0.0-beta.1", "v2.0.0-beta.1"),
        ] {
            assert_eq!(MODULE.release_of(version), release);
            assert_eq!(MODULE.version_of(release).as_deref(), Some(version));
        }
        for other in [
            "v29.6.1",
            "v28.5.2",
            "v29.0.0_2.0.0-beta.3",
            "v29.6.0_",
            "v3.0.0",
        ] {
            assert_eq!(MODULE.version_of(other), None, "{other}");
        }
    }

    #[test]
    fn what_upstream_has_no_name_for_stands_between_releases_and_is_none() {
        let unknown = MODULE.release_of("v2.0.0-beta.20");
        let ordered = ["v20.10.24", "v29.4.0-rc.1", "v29.6.0", &unknown, "v29.6.1"];
        assert!(ordered.is_sorted_by(|one, other| compare_versions(one, other).is_lt()));
        assert!(!is_release(&unknown) && !is_release(&MODULE.release_of("v2.0.0")));
    }

    #[test]
    fn what_is_older_than_the_module_is_known() {
        assert!(NAMES.is_before("v28.5.2") && NAMES.is_before("v20.10.0"));
        assert!(!NAMES.is_before("v29.0.0") && !NAMES.is_before("v29.6.1"));
    }

    #[test]
    fn the_tables_of_all_tools_are_in_order_and_say_nothing_twice() {
        let modules = Tool::ALL
            .iter()
            .flat_map(|tool| adapter(*tool).go_modules());
        let mut tables = 0;
        for module in modules {
            let Some(names) = module.names else { continue };
            tables += 1;
            let ascends = |one: &str, other: &str| compare_versions(one, other).is_lt();
            assert!(
                names
                    .table
                    .is_sorted_by(|one, other| ascends(one.0, other.0))
            );
            assert!(
                names
                    .table
                    .is_sorted_by(|one, other| ascends(one.1, other.1))
            );
            assert!(
                names
                    .table
                    .iter()
                    .all(|(version, _)| module.may_have(version))
            );
        }
        assert_eq!(tables, 1, "that of docker");
    }

    #[test]
    fn a_release_has_one_name_whoever_names_it() {
        let docker = "docker".parse().unwrap();
        assert_eq!(release_named(docker, "v2.0.0-beta.18"), "v29.6.0");
        assert_eq!(release_named(docker, "v29.6.0"), "v29.6.0");
        assert_eq!(
            release_named("crane".parse().unwrap(), "v2.0.0-beta.18"),
            "v2.0.0-beta.18"
        );
    }
}
