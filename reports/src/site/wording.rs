//! Words that several pages share: sentences with links, tones, runtimes.

use super::index::SiteIndex;
use crate::{
    analysis::matrix::Row,
    render::{
        cell::{self, CellStyle, CellText, CellWording},
        findings::{Rows, Sentence, SentencePart},
    },
    text,
};
use ocipick_records::Outcome;
use serde::Serialize;

/// How many characters of a foreign line are shown.
const LINE: usize = 1000;

/// A part of a sentence.
#[derive(Serialize)]
pub(super) struct PieceView {
    name: bool,
    text: String,
}

/// Words with the page that they lead to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct LinkView {
    pub(super) text: String,
    pub(super) href: String,
}

/// Rows of one family, each with its page.
#[derive(Serialize)]
pub(super) struct RowsView {
    pub(super) family: String,
    pub(super) rows: Vec<LinkView>,
}

/// An outcome in a few words, with how it looks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct OutcomeView {
    pub(super) tone: CellStyle,
    pub(super) text: String,
}

/// An entry of a legend.
#[derive(Serialize)]
pub(super) struct LegendView {
    tone: CellStyle,
    symbol: &'static str,
    meaning: &'static str,
}

pub(super) fn pieces(phrase: &Sentence) -> Vec<PieceView> {
    let pieces = phrase.pieces().iter();
    pieces
        .map(|piece| match piece {
            SentencePart::Words(text) => PieceView {
                name: false,
                text: text.clone(),
            },
            SentencePart::Name(text) => PieceView {
                name: true,
                text: text.clone(),
            },
        })
        .collect()
}

pub(super) fn rows(site_index: &SiteIndex<'_>, operation: &str, rows: &Rows) -> Vec<RowsView> {
    let families = rows.families.iter();
    families
        .map(|(family, rows)| RowsView {
            family: family.clone(),
            rows: rows
                .iter()
                .map(|row| LinkView {
                    text: row.name.clone(),
                    href: site_index.row(operation, &row.case, &row.platform),
                })
                .collect(),
        })
        .collect()
}

pub(super) fn outcome(outcome: &Outcome) -> OutcomeView {
    let CellText { tone, text } = cell::outcome(outcome, CellWording::Full);
    OutcomeView { tone, text }
}

/// What each symbol means, as far as it occurs.
pub(super) fn legend<'a>(rows: impl Iterator<Item = &'a Row<'a>>) -> Vec<LegendView> {
    let mut tones: Vec<CellStyle> = rows
        .flat_map(|row| row.cells.iter())
        .map(|trial| cell::cell(*trial, CellWording::Full).tone)
        .collect();
    tones.sort_unstable();
    tones.dedup();
    tones
        .into_iter()
        .map(|tone| LegendView {
            tone,
            symbol: tone.symbol(),
            meaning: tone.meaning(),
        })
        .collect()
}

/// Foreign text on one line, of a length that a page can bear.
pub(super) fn line(foreign: &str) -> String {
    text::clip(&text::line(foreign), LINE)
}

/// The same, shorter, for titles.
pub(super) fn title(foreign: &str) -> String {
    text::clip(&text::line(foreign), 120)
}

/// Where a report is, by its id: `owner/repository#number`, `CVE-…` or `GHSA-…`.
pub(super) fn origin(id: &str) -> Option<String> {
    let plain = |text: &str| {
        let mut chars = text.chars();
        !text.is_empty() && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    if let Some((repository, number)) = id.split_once('#') {
        let (owner, name) = repository.split_once('/')?;
        let number: u64 = number.parse().ok()?;
        return (plain(owner) && plain(name))
            .then(|| format!("https://github.com/{owner}/{name}/issues/{number}"));
    }
    match id {
        _ if !plain(id) => None,
        _ if id.starts_with("GHSA-") => Some(format!("https://github.com/advisories/{id}")),
        _ if id.starts_with("CVE-") => Some(format!("https://www.cve.org/CVERecord?id={id}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::origin;

    #[test]
    fn only_reports_of_known_places_are_links() {
        assert_eq!(
            origin("moby/moby#1").as_deref(),
            Some("https://github.com/moby/moby/issues/1")
        );
        assert_eq!(
            origin("CVE-2021-41190").as_deref(),
            Some("https://www.cve.org/CVERecord?id=CVE-2021-41190")
        );
        for odd in [
            "javascript:alert(1)",
            "a/b#1\" onclick",
            "",
            "a/b/c#1",
            "CVE-1&x",
        ] {
            assert_eq!(origin(odd), None, "{odd}");
        }
    }
}
