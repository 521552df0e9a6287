//! In how many rows runtimes disagree, in words.

use crate::{analysis::split::Disagreements, text};

impl Disagreements {
    /// In a sentence or two without the last full stop, what matters most first.
    #[must_use]
    pub fn words(&self, rows: usize) -> String {
        let of = text::count(rows, "row", "rows");
        let mut parts: Vec<String> = Vec::new();
        if self.children > 0 {
            parts.push(format!(
                "two runtimes take different images in {} of {of}",
                self.children
            ));
        }
        let more = |parts: &[String], number: usize| {
            if parts.is_empty() {
                format!("in {number} of {of}")
            } else {
                format!("in {number} more")
            }
        };
        if self.taken > 0 {
            let place = more(&parts, self.taken);
            parts.push(format!("some take an image and others take none {place}"));
        }
        if self.failures > 0 {
            let place = more(&parts, self.failures);
            parts.push(format!(
                "nobody takes one and some fail where others refuse {place}"
            ));
        }
        let mut words = if parts.is_empty() {
            format!("runtimes disagree in none of {of}")
        } else {
            parts.join("; ")
        };
        if self.reasons > 0 {
            words = format!(
                "{words}. All refuse, for different reasons, in {}, which is no disagreement",
                self.reasons
            );
        }
        let mut letters = words.chars();
        letters.next().map_or_else(String::new, |first| {
            first.to_uppercase().chain(letters).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_lead_with_different_images() {
        let counts = Disagreements {
            children: 50,
            taken: 282,
            failures: 46,
            reasons: 20,
        };
        assert_eq!(
            counts.words(658),
            "Two runtimes take different images in 50 of 658 rows; some take an image and others \
             take none in 282 more; nobody takes one and some fail where others refuse in 46 more. \
             All refuse, for different reasons, in 20, which is no disagreement"
        );
        assert_eq!(
            Disagreements::default().words(1),
            "Runtimes disagree in none of 1 row"
        );
        assert_eq!(counts.splits(), 378);
    }
}
