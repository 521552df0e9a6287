//! Rows that have something in common, by family.

use super::Sentence;
use crate::{analysis::matrix::Row, text};

/// Rows by family.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// Id of each family, with its rows in the order of the matrix.
    pub families: Vec<(String, Vec<RowName>)>,
}

/// The name of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowName {
    /// The part of the case's id after its family, with the platform where the id alone does not
    /// name the row.
    pub name: String,
    /// Id of the case.
    pub case: String,
    /// The platform asked for.
    pub platform: String,
}

impl Rows {
    /// Takes rows down, in their order.
    pub(super) fn of<'m, 'a: 'm>(rows: impl Iterator<Item = (&'a str, &'m Row<'a>)>) -> Self {
        let mut families: Vec<(String, Vec<RowName>)> = Vec::new();
        for (family, row) in rows {
            let family = text::line(family);
            let name = RowName {
                name: text::line(&row.short_label()),
                case: row.case.to_owned(),
                platform: row.platform.to_owned(),
            };
            match families.iter_mut().find(|(known, _)| *known == family) {
                Some((_, names)) => names.push(name),
                None => families.push((family, vec![name])),
            }
        }
        Self { families }
    }

    /// How many they are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.families.iter().map(|(_, names)| names.len()).sum()
    }

    /// `3 rows: nested: one-level and two-levels; missing: child`. Where there are more than
    /// `most`, that many are named, shared out among the families, and the others are counted.
    #[must_use]
    pub fn named(&self, most: usize) -> Sentence {
        let count = self.count();
        if let [(family, names)] = self.families.as_slice()
            && let [row] = names.as_slice()
        {
            let between = if family.is_empty() { "" } else { "/" };
            return Sentence::of_words("1 row: ").name(&format!("{family}{between}{}", row.name));
        }
        let shares = self.shares(most);
        let mut phrase = Sentence::of_words(&text::count(count, "row", "rows"));
        for (number, ((family, names), share)) in self.families.iter().zip(shares).enumerate() {
            phrase = phrase.words(if number == 0 { ": " } else { "; " });
            if !family.is_empty() {
                phrase = phrase.words(family);
                if share < names.len() {
                    phrase = phrase.words(&format!(" ({})", names.len()));
                }
                phrase = phrase.words(if share == 0 { "" } else { ": " });
            }
            let mut shown: Vec<Sentence> = names
                .iter()
                .take(share)
                .map(|row| Sentence::of_name(&row.name))
                .collect();
            let more = names.len() - shown.len();
            if more > 0 && share > 0 {
                shown.push(Sentence::of_words(&format!("{more} more")));
            }
            phrase = phrase.then(Sentence::list(shown));
        }
        phrase
    }

    /// How many rows of each family are named. Nobody is left out alone: a family that would lose
    /// a single name keeps it.
    fn shares(&self, most: usize) -> Vec<usize> {
        let count = self.count();
        self.families
            .iter()
            .map(|(_, names)| {
                let share = if count <= most {
                    names.len()
                } else {
                    (names.len() * most).div_ceil(count)
                };
                if share + 1 >= names.len() {
                    names.len()
                } else {
                    share
                }
            })
            .collect()
    }
}
