//! Axes: one recipe becomes one table per combination of values.

use super::{keys, placeholder};
use crate::{
    diagnostic::{DiagnosticKind, DiagnosticReport, PlaceholderFault},
    nearest::nearest,
    value::{Fields, Node, Table, Value, owned, wrong},
};
use std::{collections::BTreeSet, ops::Range};

/// One combination of axis values.
pub(crate) struct Expansion {
    /// The name of the case.
    pub(crate) name: String,
    /// Where that name was written.
    pub(crate) name_span: Range<usize>,
    /// Ids that the case had before, and where they were written.
    pub(crate) aliases: Vec<(String, Range<usize>)>,
    /// The recipe without axes, every variable replaced.
    pub(crate) table: Table,
}

struct Axis<'a> {
    name: &'a str,
    span: Range<usize>,
    values: Vec<(String, Value)>,
}

/// One axis at one of its values.
struct Setting<'a> {
    axis: &'a str,
    /// The name of the value.
    name: &'a str,
    value: Value,
}

/// Makes every combination that `except` does not leave out.
pub(crate) fn expand(
    recipe: &Table,
    stem: &str,
    report: &mut DiagnosticReport<'_>,
) -> Vec<Expansion> {
    let axes = axes(recipe, report);
    if axes.iter().any(|axis| axis.values.is_empty()) {
        return Vec::new();
    }
    let exceptions = exceptions(recipe, &axes, report);
    let mut excepted = BTreeSet::new();
    let mut used = BTreeSet::new();
    let mut expansions = Vec::new();
    for combination in combinations(&axes) {
        let left_out = exceptions.iter().position(|(_, exception)| {
            exception.iter().all(|(axis, value)| {
                combination
                    .iter()
                    .any(|(of, (name, _))| of.name == *axis && name == value)
            })
        });
        if let Some(place) = left_out {
            excepted.insert(place);
            continue;
        }
        let mut expander = Expander {
            settings: Vec::new(),
            used: &mut used,
            report,
        };
        for (axis, (name, value)) in &combination {
            // The value of an axis may use the axes above it.
            let value = expander.value(value);
            expander.settings.push(Setting {
                axis: axis.name,
                name,
                value,
            });
        }
        let (name, name_span) = expander.case_name(recipe, stem);
        let aliases = expander.aliases(recipe);
        let mut table = Table::default();
        for (key, value) in &recipe.members {
            if !keys::EXPANSION.contains(&key.name.as_str()) {
                let value = expander.value(value);
                table.members.push((key.clone(), value));
            }
        }
        expansions.push(Expansion {
            name,
            name_span,
            aliases,
            table,
        });
    }
    for (place, (span, _)) in exceptions.iter().enumerate() {
        if expansions.is_empty() || !excepted.contains(&place) {
            let all = expansions.is_empty();
            report.add(span, DiagnosticKind::ExceptUseless { all });
        }
    }
    for axis in &axes {
        if !expansions.is_empty() && !used.contains(axis.name) {
            let axis_name = axis.name.to_owned();
            report.add(&axis.span, DiagnosticKind::AxisUnused { axis: axis_name });
        }
    }
    expansions
}

fn axes<'a>(recipe: &'a Table, report: &mut DiagnosticReport<'_>) -> Vec<Axis<'a>> {
    let Some(value) = recipe.get("axes") else {
        return Vec::new();
    };
    let Node::List(items) = &value.node else {
        wrong(report, "axes", value, "a list of tables ([[axes]])");
        return Vec::new();
    };
    let mut axes = Vec::new();
    for item in items {
        let Node::Table(table) = &item.node else {
            wrong(report, "axes", item, "a table");
            continue;
        };
        let mut fields = Fields::new(table, "[[axes]]", keys::AXIS, report);
        if table.get("name").is_none() {
            fields.missing("name", &item.span, "what varies, in a word");
        }
        let Some(name) = fields.text("name") else {
            continue;
        };
        let values = match table.get("values") {
            Some(value) => axis_values(value, report),
            None => Vec::new(),
        };
        if values.is_empty() {
            report.add(&item.span, DiagnosticKind::AxisEmpty(name.to_owned()));
        }
        axes.push(Axis {
            name,
            span: item.span.clone(),
            values,
        });
    }
    axes
}

fn axis_values(value: &Value, report: &mut DiagnosticReport<'_>) -> Vec<(String, Value)> {
    match &value.node {
        Node::Table(table) => table
            .members
            .iter()
            .map(|(key, value)| (key.name.clone(), value.clone()))
            .collect(),
        Node::List(items) => items
            .iter()
            .filter_map(|item| match &item.node {
                Node::Text(text) => Some((text.clone(), item.clone())),
                Node::Int(number) => Some((number.to_string(), item.clone())),
                Node::Float(_) | Node::Bool(_) | Node::Date(_) | Node::List(_) | Node::Table(_) => {
                    wrong(report, "values", item, "a text or a whole number");
                    None
                }
            })
            .collect(),
        Node::Text(_) | Node::Int(_) | Node::Float(_) | Node::Bool(_) | Node::Date(_) => {
            wrong(report, "values", value, "a list or a table");
            Vec::new()
        }
    }
}

/// Every exception, as axis and value names that have to hold together, with its place.
type Exceptions = Vec<(Range<usize>, Vec<(String, String)>)>;

fn exceptions(recipe: &Table, axes: &[Axis<'_>], report: &mut DiagnosticReport<'_>) -> Exceptions {
    let Some(value) = recipe.get("except") else {
        return Vec::new();
    };
    let Node::List(items) = &value.node else {
        wrong(report, "except", value, "a list of tables");
        return Vec::new();
    };
    let names: Vec<&str> = axes.iter().map(|axis| axis.name).collect();
    let mut exceptions = Vec::new();
    for item in items {
        let Node::Table(table) = &item.node else {
            wrong(report, "except", item, "a table");
            continue;
        };
        let mut fields = Fields::new(table, "`except`", &names, report);
        let mut exception = Vec::new();
        for axis in axes {
            if table.get(axis.name).is_none() {
                continue;
            }
            let choices: Vec<(&str, &str)> = axis
                .values
                .iter()
                .map(|(name, _)| (name.as_str(), name.as_str()))
                .collect();
            let value = fields.choice(axis.name, "", &choices);
            exception.push((axis.name.to_owned(), value.to_owned()));
        }
        let understood = exception.iter().all(|(_, value)| !value.is_empty());
        if !understood {
            continue;
        }
        if exception.is_empty() {
            report.add(&item.span, DiagnosticKind::ExceptUseless { all: false });
        } else {
            exceptions.push((item.span.clone(), exception));
        }
    }
    exceptions
}

/// Every combination of one value per axis; the last axis varies fastest.
fn combinations<'b, 'a>(axes: &'b [Axis<'a>]) -> Vec<Vec<(&'b Axis<'a>, &'b (String, Value))>> {
    let mut all = vec![Vec::new()];
    for axis in axes {
        all = all
            .into_iter()
            .flat_map(|head| {
                axis.values.iter().map(move |value| {
                    let mut combination = head.clone();
                    combination.push((axis, value));
                    combination
                })
            })
            .collect();
    }
    all
}

struct Expander<'a, 'r, 't> {
    settings: Vec<Setting<'a>>,
    used: &'r mut BTreeSet<String>,
    report: &'r mut DiagnosticReport<'t>,
}

impl Expander<'_, '_, '_> {
    /// The name of the case: the template filled in with the names of values, or the stem of the
    /// file with all of them.
    fn case_name(&mut self, recipe: &Table, stem: &str) -> (String, Range<usize>) {
        let Some(value) = recipe.get("name") else {
            let mut name = stem.to_owned();
            for setting in &self.settings {
                name.push('-');
                name.push_str(setting.name);
            }
            return (name, 0..0);
        };
        let Node::Text(template) = &value.node else {
            wrong(self.report, "name", value, "a text");
            return (stem.to_owned(), value.span.clone());
        };
        let name = self.in_name(template, &value.span);
        (name, value.span.clone())
    }

    /// The earlier ids of the case, written as its name is.
    fn aliases(&mut self, recipe: &Table) -> Vec<(String, Range<usize>)> {
        let Some(value) = recipe.get("aliases") else {
            return Vec::new();
        };
        let Node::List(items) = &value.node else {
            wrong(self.report, "aliases", value, "a list of texts");
            return Vec::new();
        };
        let mut aliases = Vec::new();
        for item in items {
            if let Node::Text(template) = &item.node {
                let alias = self.in_name(template, &item.span);
                aliases.push((alias, item.span.clone()));
            } else {
                wrong(self.report, "aliases", item, "a text");
            }
        }
        aliases
    }

    /// A template of names, in which an axis is the name of its value.
    fn in_name(&mut self, template: &str, span: &Range<usize>) -> String {
        let name = placeholder::replace(template, |inner| {
            if let Some(setting) = self.settings.iter().find(|setting| setting.axis == inner) {
                return Some(setting.name.to_owned());
            }
            self.in_text(inner, span)
        });
        placeholder::none_in(&name, span, self.report);
        name
    }

    fn value(&mut self, value: &Value) -> Value {
        let node = match &value.node {
            Node::Text(text) => {
                if let Some(inner) = placeholder::whole(text)
                    && let Some(found) = self.variable(inner, &value.span)
                {
                    return found;
                }
                Node::Text(placeholder::replace(text, |inner| {
                    self.in_text(inner, &value.span)
                }))
            }
            Node::List(items) => Node::List(items.iter().map(|item| self.value(item)).collect()),
            Node::Table(table) => Node::Table(Table {
                members: table
                    .members
                    .iter()
                    .map(|(key, value)| (key.clone(), self.value(value)))
                    .collect(),
            }),
            Node::Int(_) | Node::Float(_) | Node::Bool(_) | Node::Date(_) => value.node.clone(),
        };
        Value {
            span: value.span.clone(),
            node,
        }
    }

    /// The value of `axis` or `axis.key`; none where no axis has that name.
    fn variable(&mut self, inner: &str, span: &Range<usize>) -> Option<Value> {
        let (axis, key) = match inner.split_once('.') {
            Some((axis, key)) => (axis, Some(key)),
            None => (inner, None),
        };
        let setting = self.settings.iter().find(|setting| setting.axis == axis)?;
        self.used.insert(axis.to_owned());
        let Some(key) = key else {
            return Some(setting.value.clone());
        };
        let known: Vec<&str> = match &setting.value.node {
            Node::Table(table) => match table.get(key) {
                Some(value) => return Some(value.clone()),
                None => table.keys().collect(),
            },
            Node::Text(_)
            | Node::Int(_)
            | Node::Float(_)
            | Node::Bool(_)
            | Node::Date(_)
            | Node::List(_) => Vec::new(),
        };
        let fault = PlaceholderFault::AxisKey {
            value: setting.name.to_owned(),
            nearest: nearest(key, known.iter().copied()).map(str::to_owned),
            known: owned(known),
        };
        placeholder::wrong(inner, span, fault, self.report);
        // Something has to stand there, and the mistake is noted.
        Some(Value {
            span: span.clone(),
            node: Node::Text(String::new()),
        })
    }

    fn in_text(&mut self, inner: &str, span: &Range<usize>) -> Option<String> {
        let found = self.variable(inner, span)?;
        match found.node {
            Node::Text(text) | Node::Float(text) => Some(text),
            Node::Int(number) => Some(number.to_string()),
            Node::Bool(_) | Node::Date(_) | Node::List(_) | Node::Table(_) => {
                let fault = PlaceholderFault::NotText(found.node.what());
                placeholder::wrong(inner, span, fault, self.report);
                Some(String::new())
            }
        }
    }
}
