//! Colour in a terminal, kept apart from layout.
//!
//! Text is laid out with marks in it that have no width, and at the end each mark becomes an
//! escape sequence or nothing. So the layout is the same with and without colour, and whether
//! there is colour depends on the caller alone, not on the environment. The marks are tag
//! characters of Unicode, which [`text::line`] takes out of all foreign text.

use strum::VariantArray as _;
use unicode_width::UnicodeWidthChar as _;

/// How a piece of text stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::VariantArray)]
pub(super) enum Style {
    Bold,
    Dim,
    Green,
    Yellow,
    Red,
    Magenta,
    Cyan,
}

impl Style {
    const END: char = '\u{e0060}';

    fn mark(self) -> char {
        match self {
            Self::Bold => '\u{e0061}',
            Self::Dim => '\u{e0062}',
            Self::Green => '\u{e0063}',
            Self::Yellow => '\u{e0064}',
            Self::Red => '\u{e0065}',
            Self::Magenta => '\u{e0066}',
            Self::Cyan => '\u{e0067}',
        }
    }

    fn sequence(self) -> &'static str {
        match self {
            Self::Bold => "\u{1b}[1m",
            Self::Dim => "\u{1b}[2m",
            Self::Green => "\u{1b}[32m",
            Self::Yellow => "\u{1b}[33m",
            Self::Red => "\u{1b}[31m",
            Self::Magenta => "\u{1b}[35m",
            Self::Cyan => "\u{1b}[36m",
        }
    }
}

/// Marks a text to stand out.
pub(super) fn mark(style: Style, text: &str) -> String {
    format!("{}{text}{}", style.mark(), Style::END)
}

/// How many columns a marked text takes.
pub(super) fn width(marked: &str) -> usize {
    let shown = marked.chars().filter(|c| !is_mark(*c));
    shown.map(|c| c.width().unwrap_or(0)).sum()
}

/// Replaces every mark.
pub(super) fn paint(marked: &str, color: bool) -> String {
    let mut painted = String::with_capacity(marked.len());
    for c in marked.chars() {
        if !is_mark(c) {
            painted.push(c);
        } else if color {
            let style = Style::VARIANTS.iter().find(|style| style.mark() == c);
            painted.push_str(style.map_or("\u{1b}[0m", |style| style.sequence()));
        }
    }
    painted
}

fn is_mark(c: char) -> bool {
    ('\u{e0060}'..='\u{e0067}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_changes_no_text() {
        let marked = format!("{} b", mark(Style::Red, "a"));
        assert_eq!(paint(&marked, false), "a b");
        assert_eq!(paint(&marked, true), "\u{1b}[31ma\u{1b}[0m b");
        assert_eq!(width(&marked), 3);
    }

    #[test]
    fn foreign_text_carries_no_marks() {
        assert_eq!(crate::text::line(&mark(Style::Red, "a")), "a");
    }
}
