//! The lines of what is shown, one below the other.

use crate::render::paint;

/// The lines so far.
pub(super) struct Page {
    pub(super) lines: Vec<String>,
    /// How wide prose may be.
    pub(super) prose: Option<usize>,
}

impl Page {
    pub(super) fn line(&mut self, text: impl Into<String>) {
        self.lines.push(text.into());
    }

    /// An empty line, unless there is one already.
    pub(super) fn gap(&mut self) {
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(String::new());
        }
    }

    /// Prose, broken between words; later lines are indented.
    pub(super) fn prose(&mut self, first: &str, indent: usize, text: &str) {
        let most = self.prose.unwrap_or(usize::MAX);
        let mut line = first.to_owned();
        let mut empty = true;
        for word in text.split(' ') {
            if !empty && paint::width(&line) + 1 + paint::width(word) > most {
                let full = std::mem::replace(&mut line, " ".repeat(indent));
                self.lines.push(full.trim_end().to_owned());
                empty = true;
            }
            // Several spaces in a row stay, but not at the beginning of a line.
            if empty && word.is_empty() {
                continue;
            }
            if !empty {
                line.push(' ');
            }
            line.push_str(word);
            empty = false;
        }
        self.lines.push(line);
    }
}
