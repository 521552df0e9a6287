//! Which revision of each specification outcomes are held against.

use ocipick_corpus::{Clause, Release, Specification, Wording};
use std::{collections::BTreeMap, fmt, str::FromStr};

/// A revision of a specification as somebody asks for it: `image-spec@1.0.2`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Id of the specification.
    pub specification: String,
    /// Name of the release, or `main`.
    pub release: String,
}

/// Why a text asks for no revision.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no revision (hint: write SPECIFICATION@RELEASE, such as image-spec@1.0.2)")]
pub struct ChoiceError(String);

/// Why there is no such revision.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RevisionError {
    /// Nobody knows the specification.
    #[error("there is no specification `{name}` (hint: there are {})", known.join(", "))]
    NoSpecification {
        /// The name as written.
        name: String,
        /// The specifications there are.
        known: Vec<String>,
    },
    /// The specification has no such release.
    #[error(
        "{specification} has no release `{name}` (hint: {}there are {})",
        nearest.as_ref().map_or_else(String::new, |nearest| format!("did you mean {nearest}? ")),
        known.join(", ")
    )]
    NoRelease {
        /// The specification.
        specification: String,
        /// The name as written.
        name: String,
        /// The release that was probably meant.
        nearest: Option<String>,
        /// The releases there are.
        known: Vec<String>,
    },
    /// One specification in two revisions.
    #[error(
        "{specification} is asked for twice, as {one} and as {other} (hint: outcomes are held against one revision of each specification at a time)"
    )]
    Twice {
        /// The specification.
        specification: String,
        /// The first revision.
        one: String,
        /// The second revision.
        other: String,
    },
}

/// One revision of each specification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revisions {
    chosen: BTreeMap<String, Release>,
}

impl Revisions {
    /// The revisions that are asked for, and the newest release of every other specification.
    ///
    /// # Errors
    ///
    /// Where there is no such revision, or two of one specification are asked for.
    pub fn choose(
        specifications: &[Specification],
        choices: &[Choice],
    ) -> Result<Self, RevisionError> {
        let mut asked: BTreeMap<&str, Release> = BTreeMap::new();
        for choice in choices {
            let specification = find(specifications, &choice.specification)?;
            let release = release(specification, &choice.release)?;
            match asked.get(specification.id.as_str()) {
                Some(earlier) if *earlier != release => {
                    return Err(RevisionError::Twice {
                        specification: specification.id.clone(),
                        one: earlier.name().to_owned(),
                        other: release.name().to_owned(),
                    });
                }
                Some(_) | None => {
                    asked.insert(&specification.id, release);
                }
            }
        }
        let chosen = specifications
            .iter()
            .map(|specification| {
                let asked = asked.remove(specification.id.as_str());
                let release = asked.unwrap_or_else(|| specification.newest());
                (specification.id.clone(), release)
            })
            .collect();
        Ok(Self { chosen })
    }

    /// Every specification with its revision, by id.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Release)> {
        self.chosen
            .iter()
            .map(|(id, release)| (id.as_str(), release))
    }

    /// What a clause says in the revision of its specification; nothing where that does not have
    /// it.
    #[must_use]
    pub fn wording<'c>(&self, clause: &'c Clause) -> Option<&'c Wording> {
        clause.as_of(self.chosen.get(clause.specification())?)
    }
}

impl fmt::Display for Revisions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (id, release)) in self.chosen.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{id} {}", release.name())?;
        }
        Ok(())
    }
}

fn find<'s>(
    specifications: &'s [Specification],
    name: &str,
) -> Result<&'s Specification, RevisionError> {
    let found = specifications.iter().find(|it| it.id == name);
    found.ok_or_else(|| RevisionError::NoSpecification {
        name: name.to_owned(),
        known: specifications.iter().map(|it| it.id.clone()).collect(),
    })
}

fn release(specification: &Specification, name: &str) -> Result<Release, RevisionError> {
    // Tags begin with a v, and so do habits.
    let plain = name.strip_prefix('v').unwrap_or(name);
    specification
        .release(plain)
        .ok_or_else(|| RevisionError::NoRelease {
            specification: specification.id.clone(),
            name: name.to_owned(),
            nearest: specification.nearest(plain).map(str::to_owned),
            known: specification
                .releases()
                .chain([specification.main()])
                .map(|release| release.name().to_owned())
                .collect(),
        })
}

impl FromStr for Choice {
    type Err = ChoiceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('@') {
            Some((specification, release)) if !specification.is_empty() && !release.is_empty() => {
                Ok(Self {
                    specification: specification.to_owned(),
                    release: release.to_owned(),
                })
            }
            Some(_) | None => Err(ChoiceError(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocipick_corpus::built_in_specifications;

    fn chosen(choices: &[&str]) -> Result<String, String> {
        let choices: Vec<Choice> = choices
            .iter()
            .map(|choice| {
                choice
                    .parse()
                    .map_err(|error: ChoiceError| error.to_string())
            })
            .collect::<Result<_, _>>()?;
        Revisions::choose(&built_in_specifications().unwrap(), &choices)
            .map(|revisions| revisions.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_not_asked_for_is_the_newest_release() {
        assert_eq!(
            chosen(&[]).unwrap(),
            "distribution-spec 1.1.1, docker-v2s2 3.1, image-spec 1.1.1"
        );
        assert_eq!(
            chosen(&[
                "image-spec@1.0.2",
                "distribution-spec@main",
                "image-spec@v1.0.2"
            ])
            .unwrap(),
            "distribution-spec main, docker-v2s2 3.1, image-spec 1.0.2"
        );
    }

    #[test]
    fn a_revision_has_a_specification_and_a_release() {
        for text in ["image-spec", "image-spec@", "@1.0.2", "@"] {
            assert_eq!(text.parse::<Choice>(), Err(ChoiceError(text.to_owned())));
        }
        let all = Revisions::choose(&built_in_specifications().unwrap(), &[]).unwrap();
        let ids: Vec<&str> = all.iter().map(|(id, _)| id).collect();
        assert_eq!(ids, ["distribution-spec", "docker-v2s2", "image-spec"]);
    }

    #[test]
    fn what_there_is_not_is_answered_with_what_there_is() {
        let texts = [
            vec!["1.0.2"],
            vec!["runtime-spec@1.0"],
            vec!["image-spec@1.1"],
            vec!["image-spec@1.0.2", "image-spec@1.1.0"],
        ];
        let errors: Vec<String> = texts.iter().map(|text| chosen(text).unwrap_err()).collect();
        insta::assert_snapshot!("revision-errors", errors.join("\n"));
    }
}
