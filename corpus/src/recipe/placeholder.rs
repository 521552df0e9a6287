//! Placeholders: `${NAME.digest}`, `${byte:ff}`, and the variables of axes.

use crate::diagnostic::{DiagnosticKind, DiagnosticReport, PlaceholderFault};
use std::ops::Range;

/// A piece of a text with placeholders.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// What stands for itself.
    Literal(&'a str),
    /// What stands between `${` and `}`.
    Placeholder(&'a str),
    /// `${` and everything after it, where no `}` follows.
    Unclosed(&'a str),
}

/// Cuts a text into pieces.
pub(crate) fn pieces(mut text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    while let Some(start) = text.find("${") {
        let (literal, rest) = text.split_at(start);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        let Some(end) = rest.find('}') else {
            pieces.push(Piece::Unclosed(rest));
            return pieces;
        };
        pieces.push(Piece::Placeholder(&rest[2..end]));
        text = &rest[end + 1..];
    }
    if !text.is_empty() {
        pieces.push(Piece::Literal(text));
    }
    pieces
}

/// What stands inside the braces, where a text is one placeholder and nothing else.
pub(crate) fn whole(text: &str) -> Option<&str> {
    match pieces(text).as_slice() {
        [Piece::Placeholder(inner)] => Some(inner),
        _ => None,
    }
}

/// Replaces those placeholders for which there is something, and leaves the others.
pub(crate) fn replace(text: &str, mut with: impl FnMut(&str) -> Option<String>) -> String {
    let mut out = String::new();
    for piece in pieces(text) {
        match piece {
            Piece::Literal(text) | Piece::Unclosed(text) => out.push_str(text),
            Piece::Placeholder(inner) => match with(inner) {
                Some(replacement) => out.push_str(&replacement),
                None => {
                    out.push_str("${");
                    out.push_str(inner);
                    out.push('}');
                }
            },
        }
    }
    out
}

/// Notes every placeholder in a text in which none may be left.
pub(crate) fn none_in(text: &str, span: &Range<usize>, report: &mut DiagnosticReport<'_>) {
    for piece in pieces(text) {
        match piece {
            Piece::Literal(_) => {}
            Piece::Placeholder(inner) => wrong(inner, span, PlaceholderFault::NotHere, report),
            Piece::Unclosed(rest) => unclosed(rest, span, report),
        }
    }
}

/// Notes a placeholder that becomes nothing.
pub(crate) fn wrong(
    inner: &str,
    span: &Range<usize>,
    fault: PlaceholderFault,
    report: &mut DiagnosticReport<'_>,
) {
    let text = format!("${{{inner}}}");
    let kind = DiagnosticKind::Placeholder {
        text: text.clone(),
        fault,
    };
    report.add_within(span, &text, kind);
}

/// Notes a placeholder without an end.
pub(crate) fn unclosed(rest: &str, span: &Range<usize>, report: &mut DiagnosticReport<'_>) {
    const SHOWN: usize = 20;
    let text: String = rest
        .lines()
        .next()
        .unwrap_or(rest)
        .chars()
        .take(SHOWN)
        .collect();
    let kind = DiagnosticKind::Placeholder {
        text: text.clone(),
        fault: PlaceholderFault::Unclosed,
    };
    report.add_within(span, &text, kind);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_at_its_placeholders() {
        assert_eq!(
            pieces("a ${b.c}{}${d}${"),
            [
                Piece::Literal("a "),
                Piece::Placeholder("b.c"),
                Piece::Literal("{}"),
                Piece::Placeholder("d"),
                Piece::Unclosed("${"),
            ]
        );
        assert_eq!(whole("${a.b}"), Some("a.b"));
        assert_eq!(whole("${a}${b}"), None);
        assert_eq!(whole(""), None);
    }

    #[test]
    fn unknown_placeholders_stay() {
        let with = |inner: &str| (inner == "a").then(|| "1".to_owned());
        assert_eq!(replace("${a}-${b}-${", with), "1-${b}-${");
    }
}
