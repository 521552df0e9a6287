//! What the table of one case means, with every default filled in.

use super::{
    Clauses, asks,
    clauses::{self, ClauseSpec},
    placeholder,
};
use crate::{
    Ask, Platform,
    child::{ChildSpec, Kind},
    json::Members,
    media_type::Format,
    mistake::{MistakeKind, Report},
    value::{Fields, Key, Node, Table, Value, to_members, wrong},
};
use std::ops::Range;

/// The keys of a recipe.
pub(crate) const TOP_LEVEL: &[&str] = &[
    "title",
    "why",
    "origins",
    "platform",
    "platforms",
    "name",
    "clauses",
    "axes",
    "except",
    "children",
    "index",
    "indexes",
    "entries",
];

/// The keys that say how a recipe expands, and are gone afterwards.
pub(crate) const EXPANSION_KEYS: &[&str] = &["name", "axes", "except"];

/// One case, as its recipe has it.
pub(crate) struct Spec {
    pub(crate) title: String,
    pub(crate) why: String,
    pub(crate) origins: Vec<String>,
    pub(crate) asks: Vec<Ask>,
    pub(crate) clauses: Vec<ClauseSpec>,
    pub(crate) children: Vec<ChildSpec>,
    pub(crate) index: IndexSpec,
    pub(crate) indexes: Vec<IndexSpec>,
    pub(crate) entries: Vec<EntrySpec>,
}

impl Spec {
    /// The architecture of programs where a config names none: the first that is asked for.
    pub(super) fn program_for(&self) -> &str {
        let mut platforms = self.asks.iter().filter_map(Ask::platform);
        platforms
            .next()
            .map_or("amd64", |platform| &platform.architecture)
    }
}

/// The index under test, or a nested one.
pub(crate) struct IndexSpec {
    /// Its name; empty for the index under test.
    pub(crate) name: String,
    pub(crate) served_type: String,
    /// `mediaType` in the body; none where the key is left out.
    pub(crate) body_type: Option<String>,
    pub(crate) annotations: Option<Vec<Template>>,
    pub(crate) served: bool,
    pub(crate) content: IndexContent,
}

/// A key, its value with placeholders, and where the value was written.
pub(crate) type Template = (String, String, Range<usize>);

/// What an index holds.
pub(crate) enum IndexContent {
    /// Names of entries, children and nested indexes, in order.
    Entries(Vec<(String, Range<usize>)>),
    /// Raw text with placeholders.
    Text(String, Range<usize>),
}

/// An entry that is not ordinary.
pub(crate) struct EntrySpec {
    pub(crate) name: String,
    /// What it points at, and where that was written.
    pub(crate) of: (String, Range<usize>),
    pub(crate) media_type: Field<(String, Range<usize>)>,
    pub(crate) platform: Field<PlatformSpec>,
    pub(crate) size: Field<SizeSpec>,
    pub(crate) digest: Option<(String, Range<usize>)>,
    pub(crate) artifact_type: Option<(String, Range<usize>)>,
    pub(crate) annotations: Option<Vec<Template>>,
}

/// A field of an entry.
pub(crate) enum Field<T> {
    /// As in an ordinary entry.
    Ordinary,
    /// Left out.
    Absent,
    /// As the recipe says.
    Written(T),
}

/// A platform in an entry.
pub(crate) enum PlatformSpec {
    /// JSON null.
    Null,
    /// These keys, in this order.
    Keys(Members),
}

/// A size in an entry.
pub(crate) enum SizeSpec {
    /// This number.
    Number(i128),
    /// Off the true size by that much.
    OffBy(i128),
}

/// The keys of one of the tables that hold named things.
pub(crate) fn section_keys<'a>(recipe: &'a Table, section: &str) -> Vec<&'a Key> {
    match recipe.get(section).map(|value| &value.node) {
        Some(Node::Table(table)) => table.members.iter().map(|(key, _)| key).collect(),
        _ => Vec::new(),
    }
}

/// Notes names that are taken or cannot be written in placeholders.
pub(crate) fn check_names(recipe: &Table, report: &mut Report<'_>) {
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
        if let Some((_, _, first)) = names[..place].iter().find(|(taken, ..)| taken == name) {
            let name = (*name).to_owned();
            report.add(span, MistakeKind::NameTaken { name, first });
        }
    }
    let entries = section_keys(recipe, "entries");
    let all = names.iter().map(|(name, span, _)| (*name, *span));
    for (name, span) in all.chain(entries.iter().map(|key| (key.name.as_str(), &key.span))) {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if name.is_empty() || !name.chars().all(plain) {
            report.add(span, MistakeKind::BadName(name.to_owned()));
        }
    }
}

/// Reads the table of one case. Nothing where a part is missing without which the rest
/// cannot be read; whatever is wrong is noted.
pub(crate) fn decode(
    table: &Table,
    clauses: &Clauses<'_>,
    report: &mut Report<'_>,
) -> Option<Spec> {
    const START: Range<usize> = 0..0;
    // Unknown keys were noted before the recipe was expanded.
    let mut fields = Fields::new(table, "a recipe", TOP_LEVEL, report);
    let title = fields.required("title", &START, "what the index is, in a line");
    let why = fields.required("why", &START, "why someone should care, in a sentence");
    let origins = fields.texts("origins");
    if table.get("index").is_none() {
        fields.missing("index", &START, "[index] with entries = [\"…\"]");
    }
    for (origin, span) in &origins {
        if !is_origin(origin) {
            report.add(span, MistakeKind::BadOrigin(origin.clone()));
        }
    }
    let asks = asks::read(table, &START, report);
    let index = table.get("index").and_then(|value| {
        let inner = as_table("index", value, report)?;
        let format = format(inner, "[index]", Format::Oci, report);
        let spec = index(inner, String::new(), value, format, report)?;
        Some((format, spec))
    });
    let clauses = clauses::read(table, clauses, asks.as_deref(), report);
    let (format, index) = index?;
    let children = section(table, "children", report, |name, value, report| {
        child(name, value, format, report)
    });
    let indexes = section(table, "indexes", report, |name, value, report| {
        let inner = as_table(name, value, report)?;
        let format = self::format(inner, &format!("[indexes.{name}]"), format, report);
        self::index(inner, name.to_owned(), value, format, report)
    });
    let entries = section(table, "entries", report, entry);
    clauses::note_undefined_picks(&clauses, children.as_deref(), report);
    Some(Spec {
        title,
        why,
        origins: origins.into_iter().map(|(origin, _)| origin).collect(),
        asks: asks?,
        clauses,
        children: children?,
        index,
        indexes: indexes?,
        entries: entries?,
    })
}

pub(super) fn as_table<'a>(
    key: &str,
    value: &'a Value,
    report: &mut Report<'_>,
) -> Option<&'a Table> {
    if let Node::Table(table) = &value.node {
        Some(table)
    } else {
        wrong(report, key, value, "a table");
        None
    }
}

/// Reads every member of a table of named things; nothing where one of them cannot be read.
fn section<T>(
    recipe: &Table,
    name: &str,
    report: &mut Report<'_>,
    mut read: impl FnMut(&str, &Value, &mut Report<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let Some(value) = recipe.get(name) else {
        return Some(Vec::new());
    };
    let table = as_table(name, value, report)?;
    let read: Vec<Option<T>> = table
        .members
        .iter()
        .map(|(key, value)| read(&key.name, value, report))
        .collect();
    read.into_iter().collect()
}

/// `owner/repository#number`, `CVE-…` or `GHSA-…`.
/// Whether a text is `owner/repository#number`, or the id of a CVE or GHSA.
pub(crate) fn is_origin(text: &str) -> bool {
    let word = |text: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        !text.is_empty() && text.chars().all(plain)
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if let Some((repository, number)) = text.split_once('#') {
        return digits(number)
            && repository
                .split_once('/')
                .is_some_and(|(owner, name)| word(owner) && word(name));
    }
    text.strip_prefix("CVE-")
        .and_then(|rest| rest.split_once('-'))
        .is_some_and(|(year, number)| digits(year) && digits(number))
        || text.strip_prefix("GHSA-").is_some_and(word)
}

fn format(table: &Table, place: &str, default: Format, report: &mut Report<'_>) -> Format {
    let mut fields = Fields {
        table,
        place: place.to_owned(),
        report,
    };
    fields.choice(
        "format",
        default,
        &[("oci", Format::Oci), ("docker", Format::Docker)],
    )
}

fn child(name: &str, value: &Value, default: Format, report: &mut Report<'_>) -> Option<ChildSpec> {
    const KEYS: &[&str] = &[
        "platform",
        "format",
        "manifest-type",
        "body-type",
        "config-type",
        "layer-type",
        "kind",
        "artifact-type",
        "annotations",
        "served",
    ];
    let table = as_table(name, value, report)?;
    let place = format!("[children.{name}]");
    let format = format(table, &place, default, report);
    let mut fields = Fields::new(table, place, KEYS, report);
    let kind = fields.choice(
        "kind",
        Kind::Image,
        &[
            ("image", Kind::Image),
            ("attestation", Kind::Attestation),
            ("artifact", Kind::Artifact),
        ],
    );
    let (config_type, layer_type) = kind.types(format);
    let manifest_type = fields
        .text("manifest-type")
        .unwrap_or(format.manifest())
        .to_owned();
    let body_type = fields
        .text_or_false("body-type")
        .unwrap_or_else(|| Some(manifest_type.clone()));
    let platform = child_platform(kind, &mut fields, value);
    let annotations = fields.templates("annotations");
    for (_, text, span) in annotations.iter().flatten() {
        placeholder::none_in(text, span, fields.report);
    }
    Some(ChildSpec {
        name: name.to_owned(),
        kind,
        manifest_type,
        body_type,
        config_type: fields.text("config-type").unwrap_or(config_type).to_owned(),
        layer_type: fields.text("layer-type").unwrap_or(layer_type).to_owned(),
        artifact_type: fields.text("artifact-type").map(str::to_owned),
        annotations: annotations.map(|annotations| {
            annotations
                .into_iter()
                .map(|(key, text, _)| (key, text))
                .collect()
        }),
        platform,
        served: fields.flag("served", true),
    })
}

fn child_platform(kind: Kind, fields: &mut Fields<'_, '_, '_>, child: &Value) -> Option<Members> {
    let Some(value) = fields.table.get("platform") else {
        return match kind {
            Kind::Image => {
                let hint = "what its config says: \"linux/amd64\", or false for nothing";
                fields.missing("platform", &child.span, hint);
                None
            }
            Kind::Attestation => Some(platform_keys("unknown", "unknown", None)),
            Kind::Artifact => None,
        };
    };
    match &value.node {
        Node::Bool(false) => None,
        Node::Text(_) | Node::Table(_) => platform(value, fields.report),
        Node::Int(_) | Node::Float(_) | Node::Bool(true) | Node::Date(_) | Node::List(_) => {
            fields.wrong("platform", value, "a text, a table or false");
            None
        }
    }
}

/// The keys of a platform that is written as a text or a table; none where it is wrong.
fn platform(value: &Value, report: &mut Report<'_>) -> Option<Members> {
    match &value.node {
        Node::Text(text) => {
            let Ok(platform) = text.parse::<Platform>() else {
                report.add(&value.span, MistakeKind::BadPlatform(text.clone()));
                return None;
            };
            Some(platform_keys(
                &platform.architecture,
                &platform.os,
                platform.variant.as_deref(),
            ))
        }
        Node::Table(table) => {
            no_placeholders_inside(value, report);
            Some(to_members(table))
        }
        Node::Int(_) | Node::Float(_) | Node::Bool(_) | Node::Date(_) | Node::List(_) => None,
    }
}

fn no_placeholders_inside(value: &Value, report: &mut Report<'_>) {
    match &value.node {
        Node::Text(text) => placeholder::none_in(text, &value.span, report),
        Node::List(items) => {
            for item in items {
                no_placeholders_inside(item, report);
            }
        }
        Node::Table(table) => {
            for (_, value) in &table.members {
                no_placeholders_inside(value, report);
            }
        }
        Node::Int(_) | Node::Float(_) | Node::Bool(_) | Node::Date(_) => {}
    }
}

fn platform_keys(architecture: &str, os: &str, variant: Option<&str>) -> Members {
    use crate::json::{Json, push};
    let mut keys = Members::new();
    push(&mut keys, "architecture", Json::str(architecture));
    push(&mut keys, "os", Json::str(os));
    if let Some(variant) = variant {
        push(&mut keys, "variant", Json::str(variant));
    }
    keys
}

fn index(
    table: &Table,
    name: String,
    value: &Value,
    format: Format,
    report: &mut Report<'_>,
) -> Option<IndexSpec> {
    const KEYS: &[&str] = &[
        "entries",
        "text",
        "format",
        "served-type",
        "body-type",
        "annotations",
        "served",
    ];
    let (place, known) = if name.is_empty() {
        ("[index]".to_owned(), &KEYS[..KEYS.len() - 1])
    } else {
        (format!("[indexes.{name}]"), KEYS)
    };
    let mut fields = Fields::new(table, place.clone(), known, report);
    let served_type = fields
        .text("served-type")
        .unwrap_or(format.index())
        .to_owned();
    let body_type = fields
        .text_or_false("body-type")
        .unwrap_or_else(|| Some(served_type.clone()));
    let annotations = fields.templates("annotations");
    let served = fields.flag("served", true);
    let entries = fields.texts("entries");
    let text = fields.template("text");
    if table.get("entries").is_none() && table.get("text").is_none() {
        let hint = "the names of children, in order; or write `text`";
        fields.missing("entries", &value.span, hint);
    }
    for (key, hint) in [
        ("entries", "an index is either a list of entries or a text"),
        ("body-type", "write it in the text"),
        ("annotations", "write them in the text"),
    ] {
        if text.is_some()
            && let Some(span) = table.key_span(key)
        {
            let kind = MistakeKind::MeansNothing {
                key: key.to_owned(),
                beside: "text".to_owned(),
                place: place.clone(),
                hint: hint.to_owned(),
            };
            report.add(span, kind);
        }
    }
    Some(IndexSpec {
        name,
        served_type,
        body_type,
        annotations,
        served,
        content: match text {
            Some((text, span)) => IndexContent::Text(text.to_owned(), span),
            None => IndexContent::Entries(entries),
        },
    })
}

fn entry(name: &str, value: &Value, report: &mut Report<'_>) -> Option<EntrySpec> {
    const KEYS: &[&str] = &[
        "of",
        "media-type",
        "platform",
        "size",
        "digest",
        "artifact-type",
        "annotations",
    ];
    let table = as_table(name, value, report)?;
    let mut fields = Fields::new(table, format!("[entries.{name}]"), KEYS, report);
    let written =
        |found: Option<(&str, Range<usize>)>| found.map(|(text, span)| (text.to_owned(), span));
    let of =
        written(fields.template("of")).unwrap_or_else(|| (name.to_owned(), value.span.clone()));
    let digest = written(fields.template("digest"));
    let artifact_type = written(fields.template("artifact-type"));
    let annotations = fields.templates("annotations");
    let media_type = match table.get("media-type").map(|value| &value.node) {
        Some(Node::Bool(false)) => Field::Absent,
        _ => written(fields.template("media-type")).map_or(Field::Ordinary, Field::Written),
    };
    Some(EntrySpec {
        name: name.to_owned(),
        of,
        media_type,
        platform: entry_platform(&mut fields),
        size: entry_size(&mut fields),
        digest,
        artifact_type,
        annotations,
    })
}

fn entry_platform(fields: &mut Fields<'_, '_, '_>) -> Field<PlatformSpec> {
    let Some(value) = fields.table.get("platform") else {
        return Field::Ordinary;
    };
    match &value.node {
        Node::Bool(false) => Field::Absent,
        Node::Text(text) if text == "null" => Field::Written(PlatformSpec::Null),
        Node::Text(_) | Node::Table(_) => platform(value, fields.report)
            .map_or(Field::Absent, |keys| {
                Field::Written(PlatformSpec::Keys(keys))
            }),
        Node::Int(_) | Node::Float(_) | Node::Bool(true) | Node::Date(_) | Node::List(_) => {
            fields.wrong("platform", value, "a text, a table, \"null\" or false");
            Field::Absent
        }
    }
}

fn entry_size(fields: &mut Fields<'_, '_, '_>) -> Field<SizeSpec> {
    let Some(value) = fields.table.get("size") else {
        return Field::Ordinary;
    };
    match &value.node {
        Node::Bool(false) => Field::Absent,
        Node::Int(number) => Field::Written(SizeSpec::Number(*number)),
        Node::Text(text) => {
            let signed = text.starts_with(['+', '-']);
            if let Some(difference) = text.parse().ok().filter(|_| signed) {
                Field::Written(SizeSpec::OffBy(difference))
            } else {
                fields
                    .report
                    .add(&value.span, MistakeKind::BadSize(text.clone()));
                Field::Absent
            }
        }
        Node::Float(_) | Node::Bool(true) | Node::Date(_) | Node::List(_) | Node::Table(_) => {
            fields.wrong("size", value, "a number, a text or false");
            Field::Absent
        }
    }
}
