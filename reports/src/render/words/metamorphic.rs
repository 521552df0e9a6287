//! What became of changes that must not matter, in words.

use crate::analysis::metamorphic::{ChangedSelection, Relations};
use ocipick_corpus::Relation;

impl Relations {
    /// How many there are of each, in a line.
    #[must_use]
    pub fn counts(&self) -> String {
        format!(
            "Changes that must not matter: {} did not; {} did; {} not compared; {} seen too seldom",
            self.hold,
            self.changed.len(),
            self.not_compared,
            self.unrepeated.len()
        )
    }

    /// Every change that did matter, or seems to have, in a sentence each.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let changed = self.changed.iter();
        let changed = changed.map(|it| format!("{}: {}", it.kind(), it.sentence()));
        let unrepeated = self.unrepeated.iter();
        let unrepeated = unrepeated.map(|it| format!("seen too seldom: {}", it.sentence()));
        changed.chain(unrepeated).collect()
    }
}

impl ChangedSelection {
    /// What happened, without the kind of finding in front of it.
    #[must_use]
    pub fn sentence(&self) -> String {
        let about = match self.relation.parse::<Relation>() {
            Ok(relation) => relation.about(),
            // Of another version of ocipick.
            Err(_) => &self.relation,
        };
        format!(
            "{} on {} ({}): {}; with {about}: {}",
            self.runtime,
            self.case,
            self.platform,
            self.base.gist(),
            self.derived.gist()
        )
    }

    /// What kind of finding it is.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.relation.parse() {
            Ok(Relation::WarmStore) => "stateful selection",
            _ => "selection changed by something that must not matter",
        }
    }
}
