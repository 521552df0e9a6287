//! The head of a column: a version, or neighbouring versions that are alike in every row.

use crate::{
    analysis::{
        changes::versions::{AlikeVersions, ColumnFolding},
        matrix::Matrix,
    },
    render::cell,
    text,
};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(crate) struct Head {
    pub(crate) version: String,
    pub(crate) until: Option<String>,
    pub(crate) channel: Option<String>,
    /// How many runtimes it stands for, where that is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) count: Option<usize>,
    /// What a build among them is called that does not stand for the release.
    pub(crate) build: Option<String>,
    /// Every runtime in it.
    pub(crate) title: String,
}

impl Head {
    pub(crate) fn of(matrix: &Matrix<'_>, band: &AlikeVersions, folding: ColumnFolding) -> Self {
        let runtimes = band.columns.iter();
        let runtimes = runtimes.filter_map(|column| matrix.runtimes.get(*column));
        let names: Vec<String> = runtimes
            .clone()
            .map(|runtime| match runtime.build().mark() {
                Some(mark) => format!("{}, {mark}", cell::full_name(runtime)),
                None => cell::full_name(runtime),
            })
            .collect();
        let marks: Vec<Option<String>> = runtimes.clone().map(|it| it.build().mark()).collect();
        let channels: Vec<String> = runtimes.map(|it| text::line(it.channel)).collect();
        let several = band.columns.len() > 1;
        Self {
            version: cell::plain_version(matrix, band.first()),
            until: several.then(|| cell::plain_version(matrix, band.last())),
            channel: match channels.as_slice() {
                [first, .., last] if matrix.has_channels() && first != last => {
                    Some(format!("{first}–{last}"))
                }
                [first, ..] if matrix.has_channels() => Some(first.clone()),
                _ => None,
            },
            count: folding.count(band),
            build: marks.into_iter().flatten().next(),
            title: text::list(&names),
        }
    }
}
