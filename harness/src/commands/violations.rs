//! How violations are shown to people.

use ocipick_corpus::lint::{Consequence, Subject, Violation, grouped};
use std::fmt::Write as _;

/// A paragraph for every clause that a document breaks.
pub(crate) fn lines(breaches: &[Violation]) -> String {
    let mut text = String::new();
    for group in grouped(breaches) {
        let Violation { clause, level, .. } = group.first;
        let advice = group.first.advice();
        let _ = writeln!(text, "  breaks {clause} ({level}): {advice}");
        let _ = writeln!(text, "    {group}");
    }
    text
}

/// What a list of cases says of one that some tool is right to refuse: of its index, or else of
/// something inside.
pub(crate) fn mark(breaches: &[Violation]) -> Option<&'static str> {
    let gravest = |is_index: bool| {
        let of = breaches
            .iter()
            .filter(|breach| (breach.document == Subject::Index) == is_index)
            .filter(|breach| breach.excuses_refusal());
        // What only the next version of a specification demands counts for less.
        of.map(|breach| (breach.consequence, !breach.is_released()))
            .min()
    };
    match (gravest(true), gravest(false)) {
        (Some((Consequence::Invalid, false)), _) => Some("invalid"),
        (Some((Consequence::Invalid, true)), _) => Some("invalid once released"),
        (Some(_), _) => Some("not to be trusted"),
        (None, Some((Consequence::Invalid, _))) => Some("invalid inside"),
        (None, Some(_)) => Some("not to be trusted inside"),
        (None, None) => None,
    }
}

/// What the marks in a list of cases mean.
pub(crate) const LEGEND: &str = "\
[invalid]: the index breaks a requirement itself, and refusing it is right. [not to be trusted]: the
specification lets it be turned down. `inside`: not the index, but something that it leads to.
`ocipick show CASE` names the clauses.";
