//! What a channel is made of: the tools that are measured, and auxiliary tools for other work.

use crate::{Installation, Sandbox, Tool, detect};
use std::{fmt, path::Path, str::FromStr};
use strum::VariantArray as _;

/// A program that channels hold besides the tools: it builds, moves or keeps images, and is not
/// measured by itself.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::Display,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(serialize_all = "kebab-case")]
pub enum AuxiliaryTool {
    /// umoci.
    Umoci,
    /// The distribution registry.
    DockerRegistry,
}

impl AuxiliaryTool {
    /// Every auxiliary tool.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The stable word for it, which is also the name of its binary and of its package.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Starts it, to ask for its version. Returns the line in which it says so.
    ///
    /// # Errors
    /// When it is not there, or does not start, in words for a person.
    pub fn start(self, place: &Installation, sandbox: &Sandbox) -> Result<String, String> {
        let name = self.as_str();
        let binary = place
            .find(name)
            .ok_or_else(|| format!("`{name}` is not there"))?;
        detect::version_of(Path::new(&binary), "--version", sandbox)
    }
}

/// A tool or an auxiliary tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Component {
    /// Something that is measured.
    Tool(Tool),
    /// Something besides.
    AuxiliaryTool(AuxiliaryTool),
}

impl Component {
    /// Every part: the tools that releases ship, in the order of the matrix, then the auxiliary tools.
    pub fn all() -> impl Iterator<Item = Self> {
        let tools = Tool::ALL.iter().copied();
        let tools = tools.filter(|tool| tool.is_packaged()).map(Self::Tool);
        tools.chain(AuxiliaryTool::ALL.iter().copied().map(Self::AuxiliaryTool))
    }

    /// Every part that a release is provisioned with where it is named without its parts.
    pub fn unasked() -> impl Iterator<Item = Self> {
        Self::all().filter(|part| match part {
            Self::Tool(tool) => tool.adapter().is_provisioned_unasked(),
            Self::AuxiliaryTool(_) => true,
        })
    }

    /// The stable word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tool(tool) => tool.as_str(),
            Self::AuxiliaryTool(auxiliary_tool) => auxiliary_tool.as_str(),
        }
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that names no part.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is nothing that a channel holds (hint: {})", hint())]
pub struct UnknownComponent {
    text: String,
}

fn hint() -> String {
    let names: Vec<&str> = Component::all().map(Component::as_str).collect();
    names.join(", ")
}

impl FromStr for Component {
    type Err = UnknownComponent;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::all()
            .find(|part| part.as_str() == text)
            .ok_or_else(|| UnknownComponent {
                text: text.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_a_word_of_its_own() {
        for part in Component::all() {
            assert_eq!(part.as_str().parse(), Ok(part));
        }
        let unknown = "dokcer".parse::<Component>().unwrap_err().to_string();
        assert!(unknown.contains("docker, podman") && unknown.contains("umoci"));
    }
}
