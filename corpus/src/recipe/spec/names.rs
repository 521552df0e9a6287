//! The names of axes, children, indexes and entries.

use crate::{
    LayoutRef,
    diagnostic::{DiagnosticKind, DiagnosticReport},
    value::{Key, Node, Table, Value},
};
use std::ops::Range;

/// What a raw manifest calls its own parts.
pub(in crate::recipe) const SELF: &str = "self";

/// The keys of one of the tables that hold named things.
pub(in crate::recipe) fn section_keys<'a>(recipe: &'a Table, section: &str) -> Vec<&'a Key> {
    match recipe.get(section).map(|value| &value.node) {
        Some(Node::Table(table)) => table.members.iter().map(|(key, _)| key).collect(),
        _ => Vec::new(),
    }
}

/// Notes names that are taken or cannot be written in placeholders.
pub(in crate::recipe) fn check(recipe: &Table, report: &mut DiagnosticReport<'_>) {
    let mut names: Vec<(&str, &Range<usize>, &'static str)> = Vec::new();
    if let Some(Value {
        node: Node::List(axes),
        ..
    }) = recipe.get("axes")
    {
        for axis in axes {
            if let Node::Table(axis) = &axis.node
                && let Some(value) = axis.get("name")
                && let Node::Text(name) = &value.node
            {
                names.push((name, &value.span, "an axis"));
            }
        }
    }
    for (section, what) in [("children", "a child"), ("indexes", "an index")] {
        for key in section_keys(recipe, section) {
            names.push((&key.name, &key.span, what));
        }
    }
    for (place, (name, span, _)) in names.iter().enumerate() {
        let reserved = match *name {
            SELF => Some("the manifest that a placeholder stands in"),
            LayoutRef::INDEX => Some("the index under test"),
            _ => None,
        };
        let taken = names[..place].iter().find(|(taken, ..)| taken == name);
        if let Some(first) = reserved.or(taken.map(|(.., first)| *first)) {
            let name = (*name).to_owned();
            report.add(span, DiagnosticKind::NameTaken { name, first });
        }
    }
    let entries = section_keys(recipe, "entries");
    let all = names.iter().map(|(name, span, _)| (*name, *span));
    for (name, span) in all.chain(entries.iter().map(|key| (key.name.as_str(), &key.span))) {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if name.is_empty() || !name.chars().all(plain) {
            report.add(span, DiagnosticKind::BadName(name.to_owned()));
        }
    }
}
