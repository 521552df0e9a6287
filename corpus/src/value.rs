//! TOML values that remember where they were written.

use crate::{
    diagnostic::{DiagnosticKind, DiagnosticReport},
    json::{Json, Members},
    nearest::nearest,
};
use std::ops::{Range, RangeInclusive};
use strum::VariantArray;
use toml::de::{DeTable, DeValue};

/// A value and its place in the file.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) span: Range<usize>,
    pub(crate) node: Node,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Text(String),
    Int(i128),
    Float(String),
    Bool(bool),
    Date(String),
    List(Vec<Value>),
    Table(Table),
}

impl Node {
    /// What it is, for people.
    pub(crate) const fn what(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Int(_) | Self::Float(_) => "a number",
            Self::Bool(_) => "true or false",
            Self::Date(_) => "a date",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

/// A table whose members stand in the order of the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) members: Vec<(Key, Value)>,
}

/// A key and its place in the file.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) span: Range<usize>,
    pub(crate) name: String,
}

impl Table {
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.members
            .iter()
            .find(|(key, _)| key.name == name)
            .map(|(_, value)| value)
    }

    /// Where a key was written.
    pub(crate) fn key_span(&self, name: &str) -> Option<&Range<usize>> {
        let mut keys = self.members.iter().map(|(key, _)| key);
        keys.find(|key| key.name == name).map(|key| &key.span)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|(key, _)| key.name.as_str())
    }

    /// Notes every key that is not among the known ones.
    pub(crate) fn check_keys(
        &self,
        place: &str,
        known: &[&str],
        report: &mut DiagnosticReport<'_>,
    ) {
        for (key, _) in &self.members {
            if !known.contains(&key.name.as_str()) {
                let kind = DiagnosticKind::UnknownKey {
                    key: key.name.clone(),
                    place: place.to_owned(),
                    nearest: nearest(&key.name, known.iter().copied()).map(str::to_owned),
                    known: owned(known.iter().copied()),
                };
                report.add(&key.span, kind);
            }
        }
    }
}

/// Owned copies of words, for an error.
pub(crate) fn owned<'a>(words: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    words.into_iter().map(str::to_owned).collect()
}

/// Reads a TOML file into a table.
pub(crate) fn parse(text: &str, report: &mut DiagnosticReport<'_>) -> Option<Table> {
    match DeTable::parse(text) {
        Ok(table) => Some(convert_table(table.into_inner(), report)),
        Err(error) => {
            let message = error.message().trim().replace('\n', ", ");
            report.add(
                &error.span().unwrap_or(0..0),
                DiagnosticKind::Syntax(message),
            );
            None
        }
    }
}

fn convert_table(table: DeTable<'_>, report: &mut DiagnosticReport<'_>) -> Table {
    let mut members: Vec<(Key, Value)> = table
        .into_iter()
        .map(|(key, value)| {
            let key = Key {
                span: key.span(),
                name: key.into_inner().into_owned(),
            };
            let span = value.span();
            let node = convert(value.into_inner(), &span, report);
            (key, Value { span, node })
        })
        .collect();
    members.sort_by_key(|(key, _)| key.span.start);
    Table { members }
}

fn convert(value: DeValue<'_>, span: &Range<usize>, report: &mut DiagnosticReport<'_>) -> Node {
    match value {
        DeValue::String(text) => Node::Text(text.into_owned()),
        DeValue::Integer(number) => {
            let digits = number.as_str();
            let value = i128::from_str_radix(digits, number.radix()).unwrap_or_else(|_| {
                report.add(span, DiagnosticKind::BadNumber(number.to_string()));
                0
            });
            Node::Int(value)
        }
        DeValue::Float(number) => {
            let text = number.as_str().trim_start_matches('+');
            if text.ends_with("inf") || text.ends_with("nan") {
                report.add(span, DiagnosticKind::BadNumber(text.to_owned()));
            }
            Node::Float(text.to_owned())
        }
        DeValue::Boolean(truth) => Node::Bool(truth),
        DeValue::Datetime(date) => Node::Date(date.to_string()),
        DeValue::Array(items) => Node::List(
            items
                .into_iter()
                .map(|item| {
                    let span = item.span();
                    let node = convert(item.into_inner(), &span, report);
                    Value { span, node }
                })
                .collect(),
        ),
        DeValue::Table(table) => Node::Table(convert_table(table, report)),
    }
}

/// The members of a table as JSON, in the order of the file, whatever they are.
pub(crate) fn to_members(table: &Table) -> Members {
    table
        .members
        .iter()
        .map(|(key, value)| (key.name.clone(), to_json(value)))
        .collect()
}

fn to_json(value: &Value) -> Json {
    match &value.node {
        Node::Text(text) | Node::Date(text) => Json::str(text),
        Node::Int(number) => Json::Int(*number),
        Node::Float(text) => Json::Float(text.clone()),
        Node::Bool(truth) => Json::Bool(*truth),
        Node::List(items) => Json::Arr(items.iter().map(to_json).collect()),
        Node::Table(table) => Json::Obj(to_members(table)),
    }
}

/// Reads the members of one table, noting what is missing or of the wrong type.
pub(crate) struct Fields<'a, 'r, 't> {
    pub(crate) table: &'a Table,
    /// How people call this table.
    pub(crate) place: String,
    pub(crate) report: &'r mut DiagnosticReport<'t>,
}

impl<'a, 'r, 't> Fields<'a, 'r, 't> {
    /// Starts reading a table that may have these keys and no others.
    pub(crate) fn new(
        table: &'a Table,
        place: impl Into<String>,
        known: &[&str],
        report: &'r mut DiagnosticReport<'t>,
    ) -> Self {
        let place = place.into();
        table.check_keys(&place, known, report);
        Self {
            table,
            place,
            report,
        }
    }

    /// Notes that a key is missing; `span` is where the table was written.
    pub(crate) fn missing(&mut self, key: &str, span: &Range<usize>, hint: &str) {
        let kind = DiagnosticKind::MissingKey {
            key: key.to_owned(),
            place: self.place.clone(),
            hint: hint.to_owned(),
        };
        self.report.add(span, kind);
    }

    pub(crate) fn wrong(&mut self, key: &str, value: &Value, expected: &'static str) {
        wrong(self.report, key, value, expected);
    }

    /// A text, which may hold placeholders of children.
    pub(crate) fn template(&mut self, key: &str) -> Option<(&'a str, Range<usize>)> {
        let value = self.table.get(key)?;
        if let Node::Text(text) = &value.node {
            Some((text, value.span.clone()))
        } else {
            self.wrong(key, value, "a text");
            None
        }
    }

    /// A text.
    pub(crate) fn text(&mut self, key: &str) -> Option<&'a str> {
        let (text, span) = self.template(key)?;
        super::recipe::no_placeholders(text, &span, self.report);
        Some(text)
    }

    /// A text that cannot be left out; the empty text where it is.
    pub(crate) fn required(&mut self, key: &str, span: &Range<usize>, hint: &str) -> String {
        if self.table.get(key).is_none() {
            self.missing(key, span, hint);
        }
        self.text(key).unwrap_or_default().to_owned()
    }

    /// A text or `false`: `None` where the key is absent, `Some(None)` where it is `false`.
    pub(crate) fn text_or_false(&mut self, key: &str) -> Option<Option<String>> {
        let value = self.table.get(key)?;
        match &value.node {
            Node::Bool(false) => Some(None),
            Node::Text(_) => self.text(key).map(|text| Some(text.to_owned())),
            Node::Int(_)
            | Node::Float(_)
            | Node::Bool(true)
            | Node::Date(_)
            | Node::List(_)
            | Node::Table(_) => {
                self.wrong(key, value, "a text or false");
                None
            }
        }
    }

    pub(crate) fn flag(&mut self, key: &str, default: bool) -> bool {
        let Some(value) = self.table.get(key) else {
            return default;
        };
        if let Node::Bool(truth) = value.node {
            truth
        } else {
            self.wrong(key, value, "true or false");
            default
        }
    }

    /// A list of texts with their places; empty where the key is absent.
    pub(crate) fn texts(&mut self, key: &str) -> Vec<(String, Range<usize>)> {
        let Some(value) = self.table.get(key) else {
            return Vec::new();
        };
        let Node::List(items) = &value.node else {
            self.wrong(key, value, "a list of texts");
            return Vec::new();
        };
        let mut texts = Vec::new();
        for (place, item) in items.iter().enumerate() {
            if let Node::Text(text) = &item.node {
                super::recipe::no_placeholders(text, &item.span, self.report);
                texts.push((text.clone(), item.span.clone()));
            } else {
                self.wrong(&format!("{key}[{place}]"), item, "a text");
            }
        }
        texts
    }

    /// A list of texts, which may hold placeholders of children.
    pub(crate) fn list_of_templates(&mut self, key: &str) -> Option<Vec<(String, Range<usize>)>> {
        let value = self.table.get(key)?;
        let Node::List(items) = &value.node else {
            self.wrong(key, value, "a list of texts");
            return None;
        };
        let mut texts = Vec::new();
        for (place, item) in items.iter().enumerate() {
            if let Node::Text(text) = &item.node {
                texts.push((text.clone(), item.span.clone()));
            } else {
                self.wrong(&format!("{key}[{place}]"), item, "a text");
            }
        }
        Some(texts)
    }

    /// A whole number within bounds.
    pub(crate) fn whole(&mut self, key: &str, within: RangeInclusive<i128>) -> Option<i128> {
        let value = self.table.get(key)?;
        let Node::Int(number) = value.node else {
            self.wrong(key, value, "a whole number");
            return None;
        };
        if within.contains(&number) {
            return Some(number);
        }
        let kind = DiagnosticKind::OutOfBounds {
            key: key.to_owned(),
            number,
            least: *within.start(),
            most: *within.end(),
        };
        self.report.add(&value.span, kind);
        None
    }

    /// A table of texts, which may hold placeholders of children.
    pub(crate) fn templates(&mut self, key: &str) -> Option<Vec<(String, String, Range<usize>)>> {
        let value = self.table.get(key)?;
        let Node::Table(table) = &value.node else {
            self.wrong(key, value, "a table of texts");
            return None;
        };
        let mut pairs = Vec::new();
        for (name, value) in &table.members {
            if let Node::Text(text) = &value.node {
                pairs.push((name.name.clone(), text.clone(), value.span.clone()));
            } else {
                self.wrong(&name.name, value, "a text");
            }
        }
        Some(pairs)
    }

    /// One of several words; the first of them where the key is absent.
    pub(crate) fn variant<T>(&mut self, key: &str, default: T) -> T
    where
        T: Copy + Into<&'static str> + VariantArray,
    {
        let choices = T::VARIANTS.iter().map(|value| ((*value).into(), *value));
        self.choice(key, default, &choices.collect::<Vec<_>>())
    }

    /// The same of words that are known only now.
    pub(crate) fn choice<T: Copy>(&mut self, key: &str, default: T, choices: &[(&str, T)]) -> T {
        let Some(text) = self.text(key) else {
            return default;
        };
        if let Some((_, choice)) = choices.iter().find(|(word, _)| *word == text) {
            return *choice;
        }
        let span = self.table.get(key).map_or(0..0, |value| value.span.clone());
        let words = || choices.iter().map(|(word, _)| *word);
        let kind = DiagnosticKind::BadChoice {
            key: key.to_owned(),
            found: text.to_owned(),
            nearest: nearest(text, words()).map(str::to_owned),
            known: owned(words()),
        };
        self.report.add(&span, kind);
        default
    }
}

/// Notes a value of the wrong type.
pub(crate) fn wrong(
    report: &mut DiagnosticReport<'_>,
    key: &str,
    value: &Value,
    expected: &'static str,
) {
    let kind = DiagnosticKind::WrongType {
        key: key.to_owned(),
        found: value.node.what(),
        expected,
    };
    report.add(&value.span, kind);
}
