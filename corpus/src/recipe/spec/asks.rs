//! What tools are asked for: `platform`, or `platforms`.

use crate::{
    PlatformRequest,
    diagnostic::{DiagnosticKind, DiagnosticReport},
    value::{Fields, Table},
};
use std::ops::Range;

/// Reads what tools are asked for; nothing where that is missing or wrong, which is noted.
pub(super) fn read(
    table: &Table,
    place: &Range<usize>,
    report: &mut DiagnosticReport<'_>,
) -> Option<Vec<PlatformRequest>> {
    let mut fields = Fields {
        table,
        place: "a recipe".to_owned(),
        report,
    };
    if table.get("platforms").is_none() {
        if table.get("platform").is_none() {
            let hint = "what tools are asked for: \"linux/amd64\"";
            fields.missing("platform", place, hint);
        }
        let (text, span) = fields.template("platform")?;
        return ask(text, &span, report).map(|ask| vec![ask]);
    }
    if let Some(span) = table.key_span("platform") {
        let kind = DiagnosticKind::MeansNothing {
            key: "platform".to_owned(),
            beside: "platforms".to_owned(),
            place: "a recipe".to_owned(),
            hint: "write it into the list".to_owned(),
        };
        fields.report.add(span, kind);
    }
    let texts = fields.texts("platforms");
    let mut asks = Vec::new();
    let mut whole = true;
    for (text, span) in &texts {
        match ask(text, span, report) {
            Some(ask) if asks.contains(&ask) => report.add(span, DiagnosticKind::AskTwice(ask)),
            Some(ask) => asks.push(ask),
            None => whole = false,
        }
    }
    if texts.is_empty() {
        let span = table.key_span("platforms").unwrap_or(place);
        report.add(span, DiagnosticKind::AskNothing);
    }
    (whole && !asks.is_empty()).then_some(asks)
}

fn ask(
    text: &str,
    span: &Range<usize>,
    report: &mut DiagnosticReport<'_>,
) -> Option<PlatformRequest> {
    let ask = text.parse().ok();
    if ask.is_none() {
        report.add(span, DiagnosticKind::BadAsk(text.to_owned()));
    }
    ask
}
