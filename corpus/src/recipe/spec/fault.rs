//! `[[faults]]`: how the registry misbehaves.

use super::{
    tables,
    template::{self, Pairs, Template},
};
use crate::{
    FaultPart, LayoutRef, Methods,
    diagnostic::{DiagnosticKind, DiagnosticReport},
    recipe::keys,
    value::{Fields, Node, Table},
};
use std::{num::NonZeroU32, ops::Range, time::Duration};

/// A fault, before it is known what its names lead to.
pub(in crate::recipe) struct FaultSpec {
    pub(in crate::recipe) on: Target,
    /// Where the name of the target was written.
    pub(in crate::recipe) on_span: Range<usize>,
    pub(in crate::recipe) part: FaultPart,
    pub(in crate::recipe) part_span: Range<usize>,
    pub(in crate::recipe) methods: Methods,
    pub(in crate::recipe) times: Option<NonZeroU32>,
    pub(in crate::recipe) status: Option<u16>,
    pub(in crate::recipe) headers: Pairs,
    pub(in crate::recipe) body: Option<Template>,
    pub(in crate::recipe) cut: Option<(u64, Range<usize>)>,
    pub(in crate::recipe) delay: Option<Duration>,
    /// Whose bytes stand in.
    pub(in crate::recipe) bytes_of: Option<Template>,
    pub(in crate::recipe) content_type: Option<Option<Template>>,
    pub(in crate::recipe) digest_header: Option<Option<Template>>,
    pub(in crate::recipe) chunked: bool,
}

/// What a fault is on.
pub(in crate::recipe) enum Target {
    /// The index under test.
    Index,
    /// A child or nested index.
    Named(String),
}

/// The keys of which at least one says what happens.
const EFFECTS: &[&str] = &[
    "status",
    "cut",
    "delay-ms",
    "bytes-of",
    "content-type",
    "digest-header",
    "content-length",
];

/// Ten minutes: no tool is waited for longer.
const LONGEST_DELAY: i128 = 600_000;

/// Reads every fault that can be read; whatever is wrong is noted.
pub(super) fn read(recipe: &Table, report: &mut DiagnosticReport<'_>) -> Vec<FaultSpec> {
    let tables = tables(recipe, "faults", report);
    let faults = tables
        .into_iter()
        .map(|(table, item)| fault(table, &item.span, report));
    faults.collect::<Vec<_>>().into_iter().flatten().collect()
}

fn fault(
    table: &Table,
    span: &Range<usize>,
    report: &mut DiagnosticReport<'_>,
) -> Option<FaultSpec> {
    let mut fields = Fields::new(table, "[[faults]]", keys::FAULT, report);
    if table.get("on").is_none() {
        let hint = "index, or the name of a child or nested index";
        fields.missing("on", span, hint);
    }
    let span_of = |key| table.get(key).map_or(0..0, |value| value.span.clone());
    let on = match fields.text("on") {
        Some(LayoutRef::INDEX) => Some(Target::Index),
        Some(name) => Some(Target::Named(name.to_owned())),
        None => None,
    };
    let part = fields.variant("part", FaultPart::Manifest);
    let methods = methods(&mut fields);
    let times = fields
        .whole("times", 1..=i128::from(u32::MAX))
        .and_then(|times| NonZeroU32::new(u32::try_from(times).ok()?));
    let status = fields
        .whole("status", 200..=599)
        .and_then(|status| u16::try_from(status).ok());
    let headers = fields.templates("headers").unwrap_or_default();
    note_bad_headers(&headers, fields.report);
    let cut = fields
        .whole("cut", 0..=i128::from(u32::MAX))
        .and_then(|cut| u64::try_from(cut).ok())
        .map(|cut| (cut, span_of("cut")));
    let delay = fields
        .whole("delay-ms", 1..=LONGEST_DELAY)
        .and_then(|delay| u64::try_from(delay).ok())
        .map(Duration::from_millis);
    let chunked = is_chunked(&mut fields);
    let content_type = text_or_false(&mut fields, "content-type");
    let digest_header = text_or_false(&mut fields, "digest-header");
    let body = template::text(&mut fields, "body");
    let bytes_of = template::text(&mut fields, "bytes-of");
    note_without_meaning(table, status, methods, fields.report);
    if !EFFECTS.iter().any(|key| table.get(key).is_some()) {
        fields.report.add(span, DiagnosticKind::FaultNothing);
    }
    Some(FaultSpec {
        on: on?,
        on_span: span_of("on"),
        part,
        part_span: span_of("part"),
        methods,
        times,
        status,
        headers,
        body,
        cut,
        delay,
        bytes_of,
        content_type,
        digest_header,
        chunked,
    })
}

fn methods(fields: &mut Fields<'_, '_, '_>) -> Methods {
    let Some(value) = fields.table.get("methods") else {
        return Methods::Both;
    };
    let words = fields.texts("methods");
    let has = |method| words.iter().any(|(word, _)| word == method);
    match (has("GET"), has("HEAD")) {
        _ if words
            .iter()
            .any(|(word, _)| word != "GET" && word != "HEAD") => {}
        (true, true) => return Methods::Both,
        (true, false) => return Methods::Get,
        (false, true) => return Methods::Head,
        (false, false) => {}
    }
    fields.report.add(&value.span, DiagnosticKind::BadMethods);
    Methods::Both
}

/// `content-length = false`, and nothing else.
fn is_chunked(fields: &mut Fields<'_, '_, '_>) -> bool {
    match fields
        .table
        .get("content-length")
        .map(|value| (value, &value.node))
    {
        None => false,
        Some((_, Node::Bool(false))) => true,
        Some((value, _)) => {
            fields.wrong("content-length", value, "false, or left out");
            false
        }
    }
}

/// A text with placeholders, or `false`.
fn text_or_false(fields: &mut Fields<'_, '_, '_>, key: &str) -> Option<Option<Template>> {
    match &fields.table.get(key)?.node {
        Node::Bool(false) => Some(None),
        Node::Text(_) => template::text(fields, key).map(Some),
        Node::Int(_)
        | Node::Float(_)
        | Node::Bool(true)
        | Node::Date(_)
        | Node::List(_)
        | Node::Table(_) => {
            // Says what is wrong with it.
            fields.text_or_false(key);
            None
        }
    }
}

/// Notes headers that cannot be, or that have keys of their own.
fn note_bad_headers(headers: &Pairs, report: &mut DiagnosticReport<'_>) {
    for (name, _, span) in headers {
        let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        let own_key = match name.to_ascii_lowercase().as_str() {
            "content-type" => Some("content-type"),
            "docker-content-digest" => Some("digest-header"),
            "content-length" | "transfer-encoding" => Some("content-length"),
            _ => None,
        };
        let hint = match own_key {
            Some(key) => format!("the key `{key}` is for that"),
            None if !name.is_empty() && name.chars().all(token) => continue,
            None => "a header has a name of letters, digits and hyphens".to_owned(),
        };
        let name = name.clone();
        report.add(span, DiagnosticKind::BadHeader { name, hint });
    }
}

/// Notes keys that cannot mean anything together, or alone.
fn note_without_meaning(
    table: &Table,
    status: Option<u16>,
    methods: Methods,
    report: &mut DiagnosticReport<'_>,
) {
    let mut nothing = |key: &str, beside: &str, hint: &str| {
        if let Some(span) = table.key_span(key) {
            let kind = DiagnosticKind::MeansNothing {
                key: key.to_owned(),
                beside: beside.to_owned(),
                place: "[[faults]]".to_owned(),
                hint: hint.to_owned(),
            };
            report.add(span, kind);
        }
    };
    if table.get("body").is_some() {
        nothing("bytes-of", "body", "an answer has one body");
    }
    if status.is_some_and(|status| status >= 300) {
        let hint = "such an answer does not have what was asked for";
        nothing("bytes-of", "status", hint);
    }
    if matches!(status, Some(204 | 304)) {
        for key in ["body", "cut", "content-length"] {
            nothing(key, "status", "204 and 304 come without a body");
        }
    }
    if methods == Methods::Head {
        for key in ["cut", "body"] {
            nothing(key, "methods", "an answer to HEAD has no body");
        }
    }
    if table.get("status").is_none() {
        for key in ["headers", "body"] {
            if let Some(span) = table.key_span(key) {
                let kind = DiagnosticKind::NeedsKey {
                    key: key.to_owned(),
                    needed: "status".to_owned(),
                    place: "[[faults]]".to_owned(),
                    hint: "status = 200 leaves the status as it is".to_owned(),
                };
                report.add(span, kind);
            }
        }
    }
}
