//! The id of a case: `family/name`, which never changes once published.

use std::{fmt, str::FromStr};

/// The id of a case, `family/name`.
///
/// Built-in ids have exactly two parts of lower-case letters, digits and single hyphens.
/// The id of a foreign layout is its path below the corpus directory, whatever that is,
/// and is made with [`CaseId::foreign`].
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct CaseId(String);

/// Why a text is no case id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a case id (hint: family/name, in lower-case letters, digits and hyphens)")]
pub struct CaseIdError(String);

impl CaseId {
    /// Takes the relative path of a foreign layout as its id.
    #[must_use]
    pub fn foreign(path: impl Into<String>) -> Self {
        Self(path.into())
    }

    /// The whole id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the last slash; empty for a foreign layout at the top.
    #[must_use]
    pub fn family(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(family, _)| family)
    }

    /// The part after the last slash.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0
            .rsplit_once('/')
            .map_or(self.0.as_str(), |(_, name)| name)
    }

    /// The id as components of a repository path, in the letters that the distribution
    /// specification permits. Different foreign ids can map to one path.
    #[must_use]
    pub fn repository_path(&self) -> String {
        let slug = |component: &str| {
            let mut text = String::new();
            for c in component.chars() {
                if c.is_ascii_alphanumeric() {
                    text.push(c.to_ascii_lowercase());
                } else if !text.is_empty() && !text.ends_with('-') {
                    text.push('-');
                }
            }
            text.trim_end_matches('-').to_owned()
        };
        let components: Vec<String> = self
            .0
            .split('/')
            .map(slug)
            .filter(|component| !component.is_empty())
            .collect();
        if components.is_empty() {
            "case".to_owned()
        } else {
            components.join("/")
        }
    }
}

impl FromStr for CaseId {
    type Err = CaseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = |part: &str| {
            !part.is_empty()
                && part.split('-').all(|piece| {
                    !piece.is_empty()
                        && piece
                            .bytes()
                            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
                })
        };
        match text.split_once('/') {
            Some((family, name)) if word(family) && word(name) => Ok(Self(text.to_owned())),
            _ => Err(CaseIdError(text.to_owned())),
        }
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_ids_have_two_plain_parts() {
        assert!("duplicates/two-entries".parse::<CaseId>().is_ok());
        for text in [
            "", "a", "a/", "/b", "a/b/c", "A/b", "a/b_c", "a/-b", "a/b--c",
        ] {
            assert!(text.parse::<CaseId>().is_err(), "{text}");
        }
    }

    #[test]
    fn foreign_ids_become_legal_repository_paths() {
        let path = |id: &str| CaseId::foreign(id).repository_path();
        assert_eq!(path("My Layouts/Über.v2"), "my-layouts/ber-v2");
        assert_eq!(path("..."), "case");
        assert_eq!(path("duplicates/two-entries"), "duplicates/two-entries");
    }
}
