//! In how many rows a scanner reads another child than a runtime takes, in words.

use crate::{analysis::split_views::ViewCounts, text};

impl ViewCounts {
    /// In a sentence or more, with the last full stop. The operation is that by which runtimes took
    /// the image.
    #[must_use]
    pub fn words(&self, operation: &str) -> String {
        let operation = text::line(operation);
        let compared = text::count(self.compared, "row", "rows");
        let split = match self.split {
            0 => "none".to_owned(),
            split => split.to_string(),
        };
        let mut words = format!(
            "Of {compared} with both a scan and a {operation}, a scanner reads another image than a \
             runtime takes in {split}."
        );
        let others = [
            (self.only_read, "a scanner reads what a runtime refuses"),
            (self.only_taken, "a runtime takes what a scanner refuses"),
            (self.flaky, "a cell differs when repeated, and it may be so"),
        ];
        let others: Vec<String> = others
            .iter()
            .filter(|(rows, _)| *rows > 0)
            .map(|(rows, what)| format!("{what} in {rows}"))
            .collect();
        if !others.is_empty() {
            let before = if self.split == 0 {
                "But"
            } else {
                "Of the others,"
            };
            words = format!("{words} {before} {}.", text::list(&others));
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_say_what_is_no_split_view() {
        let counts = ViewCounts {
            compared: 12,
            split: 3,
            only_read: 2,
            only_taken: 1,
            flaky: 0,
        };
        assert_eq!(
            counts.words("pull"),
            "Of 12 rows with both a scan and a pull, a scanner reads another image than a runtime \
             takes in 3. Of the others, a scanner reads what a runtime refuses in 2 and a runtime \
             takes what a scanner refuses in 1."
        );
        let none = ViewCounts {
            compared: 1,
            flaky: 1,
            ..ViewCounts::default()
        };
        assert_eq!(
            none.words("run"),
            "Of 1 row with both a scan and a run, a scanner reads another image than a runtime takes \
             in none. But a cell differs when repeated, and it may be so in 1."
        );
    }
}
