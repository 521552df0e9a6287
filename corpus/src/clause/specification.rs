//! The specifications and their releases, in order.

use crate::nearest::nearest;

/// A specification and its releases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Specification {
    /// What the ids of its clauses begin with.
    pub id: String,
    /// What it calls itself.
    pub title: String,
    releases: Vec<String>,
    /// When each of them was tagged, where that is known.
    dates: Vec<String>,
}

/// A release of a specification, or what stands in its repository after all of them. Releases of
/// one specification are in order; those of different ones should not be compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release {
    place: usize,
    name: String,
    main: bool,
    date: Option<String>,
}

/// What stands in the repository after the last release.
const MAIN: &str = "main";

impl Specification {
    /// Names a specification and its releases, the oldest first.
    pub(super) fn new(
        id: String,
        title: String,
        releases: Vec<String>,
        dates: Vec<String>,
    ) -> Self {
        Self {
            id,
            title,
            releases,
            dates,
        }
    }

    /// Its releases, the oldest first.
    pub fn releases(&self) -> impl DoubleEndedIterator<Item = Release> + '_ {
        let numbered = self.releases.iter().enumerate();
        numbered.map(|(place, name)| Release {
            place,
            name: name.clone(),
            main: false,
            date: self.dates.get(place).cloned(),
        })
    }

    /// What stands in its repository after the last release.
    #[must_use]
    pub fn main(&self) -> Release {
        Release {
            place: self.releases.len(),
            name: MAIN.to_owned(),
            main: true,
            date: None,
        }
    }

    /// The release of that name; `main` is what comes after all of them.
    #[must_use]
    pub fn release(&self, name: &str) -> Option<Release> {
        self.releases()
            .chain([self.main()])
            .find(|release| release.name == name)
    }

    /// The newest release that is no candidate for one; where there is none, the newest of all.
    #[must_use]
    pub fn newest(&self) -> Release {
        self.releases()
            .rfind(|release| !release.name.contains('-'))
            .or_else(|| self.releases().next_back())
            .unwrap_or_else(|| self.main())
    }

    /// The release whose name is closest to a word, where one is close enough.
    #[must_use]
    pub fn nearest(&self, name: &str) -> Option<&str> {
        let names = self.releases.iter().map(String::as_str);
        nearest(name, names.chain([MAIN]))
    }
}

impl Release {
    /// What it is called, without the `v` of tags.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The day on which it was tagged, as in `2024-02-15`; nothing where that is not known.
    #[must_use]
    pub fn date(&self) -> Option<&str> {
        self.date.as_deref()
    }

    /// Whether it is what comes after all releases.
    #[must_use]
    pub const fn is_main(&self) -> bool {
        self.main
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specification(releases: &[&str]) -> Specification {
        let releases = releases.iter().map(|name| (*name).to_owned()).collect();
        Specification::new("x".into(), "X".into(), releases, Vec::new())
    }

    #[test]
    fn releases_are_in_the_order_in_which_they_are_listed() {
        let listed = specification(&["1.0.0", "1.1.0-rc1", "1.1.0"]);
        let release = |name| listed.release(name).unwrap();
        assert!(release("1.0.0") < release("1.1.0-rc1"));
        assert!(release("1.1.0-rc1") < release("1.1.0"), "not as texts");
        assert!(release("1.1.0") < release("main") && release("main").is_main());
        assert_eq!(listed.release("1.2.0"), None);
        assert_eq!(listed.nearest("1.1.0-rc2"), Some("1.1.0-rc1"));
    }

    #[test]
    fn the_newest_release_is_no_candidate() {
        let newest = |releases| specification(releases).newest().name().to_owned();
        assert_eq!(newest(&["1.0.0", "1.1.0-rc1"]), "1.0.0");
        assert_eq!(newest(&["1.1.0-rc1"]), "1.1.0-rc1");
        assert_eq!(newest(&[]), "main");
    }
}
