//! Foreign text in Markdown.

use crate::{
    render::findings::{Sentence, SentencePart},
    text,
};

/// A sentence with its names in code spans.
pub(super) fn phrase(phrase: &Sentence) -> String {
    phrase
        .pieces()
        .iter()
        .map(|piece| match piece {
            SentencePart::Words(words) => prose_kept(words),
            SentencePart::Name(name) => code(name),
        })
        .collect()
}

/// Text outside code: everything with a meaning in Markdown or HTML is escaped.
pub(in crate::render) fn prose(text: &str) -> String {
    prose_kept(&text::line(text))
}

/// The same for text that is clean already, with its spaces at both ends.
fn prose_kept(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(
            c,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '|' | '~' | '#' | '$' | '@'
        ) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// A code span, with a fence longer than any in the text.
pub(in crate::render) fn code(text: &str) -> String {
    let text = text::line(text);
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    if longest == 0 {
        format!("{fence}{text}{fence}")
    } else {
        format!("{fence} {text} {fence}")
    }
}

/// In a table a pipe ends the cell even within a code span.
pub(in crate::render) fn code_in_table(text: &str) -> String {
    code(text).replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_spans_hold_any_text() {
        assert_eq!(code("a|b"), "`a|b`");
        assert_eq!(code("a``b`"), "``` a``b` ```");
        assert_eq!(code_in_table("a|b"), "`a\\|b`");
        assert_eq!(code("\n"), "(empty)");
    }

    #[test]
    fn prose_is_no_markup() {
        assert_eq!(prose("<b>*a*</b> @me"), r"\<b\>\*a\*\</b\> \@me");
    }
}
