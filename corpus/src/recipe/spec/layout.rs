//! `[layout]`: the case as an OCI layout.

use super::{as_table, tables};
use crate::{
    diagnostic::DiagnosticReport,
    recipe::keys,
    value::{Fields, Table},
};
use std::ops::Range;

/// An entry of `index.json`.
pub(in crate::recipe) struct RefSpec {
    /// `index`, a child or a nested index.
    pub(in crate::recipe) of: String,
    /// Where that was written.
    pub(in crate::recipe) span: Range<usize>,
    pub(in crate::recipe) name: Option<String>,
}

/// Reads the entries of `index.json`; none where they are as always.
pub(super) fn read(recipe: &Table, report: &mut DiagnosticReport<'_>) -> Option<Vec<RefSpec>> {
    let value = recipe.get("layout")?;
    let layout = as_table("layout", value, report)?;
    let mut fields = Fields::new(layout, "[layout]", keys::LAYOUT, report);
    if layout.get("refs").is_none() {
        let hint = "refs = [{ of = \"index\", name = \"latest\" }]";
        fields.missing("refs", &value.span, hint);
    }
    let mut refs = Vec::new();
    for (table, item) in tables(layout, "refs", report) {
        let mut fields = Fields::new(table, "an element of `refs`", keys::LAYOUT_REF, report);
        if table.get("of").is_none() {
            let hint = "index, or the name of a child or nested index";
            fields.missing("of", &item.span, hint);
        }
        let name = fields.text("name").map(str::to_owned);
        if let Some(of) = fields.text("of") {
            let span = table.get("of").map_or(0..0, |value| value.span.clone());
            let of = of.to_owned();
            refs.push(RefSpec { of, span, name });
        }
    }
    Some(refs)
}
