//! Texts that may hold placeholders of children.

use crate::value::{Fields, Node, Table};
use std::ops::Range;

/// A text with placeholders, and where it was written.
pub(in crate::recipe) type Template = (String, Range<usize>);

/// Keys, their values with placeholders, and where the values were written.
pub(in crate::recipe) type Pairs = Vec<(String, String, Range<usize>)>;

/// Members that are written as they stand, after those that are ordinary.
pub(in crate::recipe) type Extra = Table;

/// A text with placeholders.
pub(super) fn text(fields: &mut Fields<'_, '_, '_>, key: &str) -> Option<Template> {
    let (text, span) = fields.template(key)?;
    Some((text.to_owned(), span))
}

/// A table whose members are written as they stand; empty where it is left out.
pub(super) fn extra(fields: &mut Fields<'_, '_, '_>) -> Extra {
    match fields.table.get("extra").map(|value| (value, &value.node)) {
        None => Extra::default(),
        Some((_, Node::Table(table))) => table.clone(),
        Some((value, _)) => {
            fields.wrong("extra", value, "a table");
            Extra::default()
        }
    }
}
