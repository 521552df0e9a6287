//! Families: the cases of one kind of ambiguity, in the order of the matrix.

use crate::{
    diagnostic::{Diagnostic, DiagnosticKind, DiagnosticReport},
    value::{self, Fields, Node, wrong},
};

/// A family of cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// The first part of the ids of its cases.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// What its cases are about, in a sentence; empty for the folders of foreign layouts.
    pub about: String,
}

/// Reads `families.toml`.
pub(crate) fn read(path: &str, text: &str) -> Result<Vec<Family>, Vec<Diagnostic>> {
    let mut report = DiagnosticReport::new(path, text);
    let families = read_file(text, &mut report);
    if report.is_empty() {
        Ok(families)
    } else {
        Err(report.into_mistakes())
    }
}

fn read_file(text: &str, report: &mut DiagnosticReport<'_>) -> Vec<Family> {
    let mut families: Vec<Family> = Vec::new();
    let Some(table) = value::parse(text, report) else {
        return families;
    };
    table.check_keys("families.toml", &["family"], report);
    let Some(value) = table.get("family") else {
        return families;
    };
    let Node::List(items) = &value.node else {
        wrong(report, "family", value, "a list of tables ([[family]])");
        return families;
    };
    for item in items {
        let Node::Table(table) = &item.node else {
            wrong(report, "family", item, "a table");
            continue;
        };
        let mut fields = Fields::new(table, "[[family]]", &["id", "title", "about"], report);
        let family = Family {
            id: fields.required("id", &item.span, "the name of its folder"),
            title: fields.required("title", &item.span, "what it is called"),
            about: fields.required("about", &item.span, "what it is about, in a sentence"),
        };
        if families.iter().any(|earlier| earlier.id == family.id) {
            let kind = DiagnosticKind::IdTaken {
                id: family.id,
                other: "an earlier [[family]]".to_owned(),
            };
            report.add(&item.span, kind);
        } else {
            families.push(family);
        }
    }
    families
}
