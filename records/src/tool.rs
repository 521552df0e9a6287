//! What there is to know of a tool besides what was measured of it. It travels in the header of results,
//! so that whoever reads them knows no tool by itself.

use crate::{Platform, is_at_least};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt::Write as _};

/// A tool: what it is made of, whose code selects for it, how it is asked, and who makes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ToolInfo {
    /// The stable word for it.
    pub name: String,
    /// Its programs, the client first.
    pub binaries: Vec<String>,
    /// The package of a distribution by which people install it.
    pub package: String,
    /// Its configurations that select by code of their own, the plain one first.
    pub configurations: Vec<Configuration>,
    /// Who makes it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<Project>,
}

/// One configuration of a tool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Configuration {
    /// Its flavour; none is what the tool does when it is left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flavour: Option<String>,
    /// Whose code selects the manifest: a library, or the tool itself. What has one lineage speaks with one
    /// voice.
    pub lineage: String,
    /// Whether it goes on with what the plain configuration did in older versions.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub continues_plain: bool,
    /// What people call it, in versions that have several configurations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<Way>,
    /// How it is asked for, as the end of `with …`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<String>,
    /// By operation, the command that is given where it is not the tool's own name with the operation
    /// behind it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub commands: BTreeMap<String, String>,
    /// The commands by which a person pulls an image and looks at what came of it. `REFERENCE` stands
    /// for the image, `{platform}` for `--platform P` and `{override}` for `--override-os O …`, each with
    /// a blank behind it, or for nothing where no platform is asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reproduce: Vec<String>,
}

/// The name of a configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Way {
    /// The name.
    pub name: String,
    /// The version from which on there are several; always where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
}

/// The project that makes a tool, and what a report to it looks like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Project {
    /// Its repository on GitHub.
    pub repository: String,
    /// Where a vulnerability is told in private.
    pub security: String,
    /// What its titles begin with.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// The fields of its template for reports; empty where it has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub form: Vec<FormField>,
}

/// A field of a template: the label that the project gives it, and what belongs there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FormField {
    /// As the template has it.
    pub label: String,
    /// What belongs there.
    pub asks: FieldKind,
}

/// What a field of a template asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FieldKind {
    /// What the report is about.
    Description,
    /// Steps to reproduce it.
    Steps,
    /// What happens.
    Received,
    /// What was expected.
    Expected,
    /// Both in one field.
    ReceivedAndExpected,
    /// Versions, as far as they are known.
    Version,
    /// The output of a command that the person has to type.
    Output(String),
    /// A choice of the template, with what holds for these trials.
    Choice(String),
    /// Everything else: index, trace, peers, environment.
    More,
}

impl ToolInfo {
    /// The configuration of a flavour; none where it is not known.
    #[must_use]
    pub fn configuration(&self, flavour: Option<&str>) -> Option<&Configuration> {
        self.configurations
            .iter()
            .find(|it| it.flavour.as_deref() == flavour)
    }
}

impl Configuration {
    /// What it is called in this version, where the version has several.
    #[must_use]
    pub fn way(&self, version: &str) -> Option<&str> {
        let way = self.way.as_ref()?;
        let since = way.since.as_deref();
        since
            .is_none_or(|since| is_at_least(version, since))
            .then_some(&*way.name)
    }

    /// The commands by which a person pulls an image for a platform, or for the default of the tool, and
    /// looks at what came of it.
    #[must_use]
    pub fn by_hand(&self, platform: Option<&Platform>) -> Vec<String> {
        let flag = platform.map_or_else(String::new, |it| format!("--platform {it} "));
        let overrides = platform.map_or_else(String::new, overrides);
        self.reproduce
            .iter()
            .map(|line| {
                line.replace("{platform}", &flag)
                    .replace("{override}", &overrides)
            })
            .collect()
    }
}

fn overrides(platform: &Platform) -> String {
    let text = platform.to_string();
    let names = ["--override-os", "--override-arch", "--override-variant"];
    let mut flags = String::new();
    for (name, part) in names.iter().zip(text.splitn(3, '/')) {
        let _ = write!(flags, "{name} {part} ");
    }
    flags
}

impl Project {
    /// A project with a template of these fields.
    #[must_use]
    pub fn new(repository: &str, security: &str, prefix: &str, form: &[(&str, FieldKind)]) -> Self {
        Self {
            repository: repository.to_owned(),
            security: security.to_owned(),
            prefix: prefix.to_owned(),
            form: form
                .iter()
                .map(|(label, asks)| FormField {
                    label: (*label).to_owned(),
                    asks: asks.clone(),
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_has_a_name_where_there_are_several() {
        let way = |since: Option<&str>| Configuration {
            way: Some(Way {
                name: "transfer service".to_owned(),
                since: since.map(str::to_owned),
            }),
            ..Configuration::default()
        };
        assert_eq!(way(Some("2")).way("2.1.9"), Some("transfer service"));
        assert_eq!(way(Some("2")).way("1.7.24"), None);
        assert_eq!(way(None).way("1"), Some("transfer service"));
        assert_eq!(Configuration::default().way("1"), None);
    }

    #[test]
    fn a_platform_is_spelled_as_each_tool_takes_it() {
        let tool = Configuration {
            reproduce: vec![
                "a {platform}REFERENCE".to_owned(),
                "b {override}copy '{{.Id}}'".to_owned(),
            ],
            ..Configuration::default()
        };
        let arm = "linux/arm/v7".parse().unwrap();
        assert_eq!(
            tool.by_hand(Some(&arm)),
            [
                "a --platform linux/arm/v7 REFERENCE",
                "b --override-os linux --override-arch arm --override-variant v7 copy '{{.Id}}'",
            ]
        );
        assert_eq!(tool.by_hand(None), ["a REFERENCE", "b copy '{{.Id}}'"]);
    }

    #[test]
    fn what_is_written_down_reads_back() {
        let info = ToolInfo {
            name: "x".to_owned(),
            configurations: vec![Configuration::default()],
            project: Some(Project::new(
                "a/b",
                "c@d",
                "",
                &[("L", FieldKind::Output("x".to_owned()))],
            )),
            ..ToolInfo::default()
        };
        let text = serde_json::to_string(&info).unwrap();
        assert_eq!(serde_json::from_str::<ToolInfo>(&text).unwrap(), info);
    }
}
