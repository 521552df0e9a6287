//! How often runtimes agree, as a map: the darker, the more often.

use crate::{analysis::agreement::Agreement, render::cell, site::index::SiteIndex};
use serde::Serialize;

/// How wide and high a field is where numbers stand in it, and where none do.
const FIELDS: (usize, usize) = (46, 15);
/// Up to so many runtimes there is room for numbers.
const NUMBERS: usize = 14;
/// From so many in a hundred on a field is dark.
const DARK: usize = 80;

#[derive(Serialize)]
pub(in crate::site) struct HeatView {
    width: usize,
    height: usize,
    /// How wide and high a field is.
    field: usize,
    /// What the map shows, for those who do not see it.
    about: String,
    names: Vec<NameView>,
    fields: Vec<FieldView>,
    /// Who always or nearly always agrees, in words.
    groups: Vec<String>,
}

#[derive(Serialize)]
struct NameView {
    text: String,
    href: String,
    x: usize,
    y: usize,
}

#[derive(Serialize)]
struct FieldView {
    x: usize,
    y: usize,
    /// How dark it is, from 0 to 100; none where the two were never measured together. Nothing is of
    /// a middle shade, on which no number can be read.
    shade: Option<usize>,
    /// The number, where there is room.
    text: Option<String>,
    /// Whether the field is so dark that its number has to be light.
    dark: bool,
    title: String,
}

impl HeatView {
    /// The map of the runtimes in these columns; nothing where there are no two.
    pub(in crate::site) fn of(site_index: &SiteIndex<'_>, columns: &[usize]) -> Option<Self> {
        if columns.len() < 2 {
            return None;
        }
        let agreement = Agreement::of(site_index.matrix, columns);
        let numbers = columns.len() <= NUMBERS;
        let field = if numbers { FIELDS.0 } else { FIELDS.1 };
        let name = |column: usize| {
            let runtime = site_index.runtime_of(column);
            runtime.map_or_else(String::new, |it| crate::text::line(&it.id))
        };
        let longest = columns.iter().map(|column| name(*column).chars().count());
        // A name stands behind each row, in letters of about this width.
        let letters = longest.max().unwrap_or(0) * if numbers { 8 } else { 7 } + 12;
        let mut fields = Vec::new();
        for (row, one) in agreement.order.iter().enumerate() {
            for (column, other) in agreement.order.iter().enumerate().take(row) {
                let pair = agreement.pair(*one, *other);
                let percent = pair.percent();
                let said = percent.map_or_else(
                    || "never measured together".to_owned(),
                    |percent| {
                        format!(
                            "the same in {} of {} rows, {percent} %",
                            pair.same, pair.both
                        )
                    },
                );
                fields.push(FieldView {
                    x: column * field,
                    y: row * field,
                    shade: percent.map(|percent| match percent {
                        0..DARK => percent / 2,
                        _ => 75 + percent.saturating_sub(DARK) * 5 / 4,
                    }),
                    text: numbers.then(|| {
                        percent.map_or_else(|| cell::NO_TRIAL.to_owned(), |it| it.to_string())
                    }),
                    dark: percent.is_some_and(|percent| percent >= DARK),
                    title: format!("{} and {}: {said}", name(*one), name(*other)),
                });
            }
        }
        let names = agreement.order.iter().enumerate();
        let names: Vec<NameView> = names
            .map(|(place, column)| NameView {
                text: name(*column),
                href: site_index.runtime(*column),
                x: place * field + field / 8,
                y: place * field + field / 2,
            })
            .collect();
        let groups = agreement.groups(95);
        let groups: Vec<String> = groups
            .iter()
            .filter(|group| group.len() > 1)
            .map(|group| {
                let names: Vec<String> = group.iter().map(|column| name(*column)).collect();
                crate::text::list(&names)
            })
            .collect();
        Some(Self {
            width: columns.len() * field + letters,
            height: columns.len() * field,
            field,
            about: format!(
                "How often each two of {} runtimes do the same, as a map of {} fields; those that \
                 agree most stand beside each other.",
                columns.len(),
                fields.len()
            ),
            names,
            fields,
            groups,
        })
    }
}
