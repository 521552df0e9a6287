//! Where a document lies while it is read: what it is called, what it refers to, and what has been
//! found wrong with it.

use super::{
    Subject, Violation,
    blobs::BlobIndex,
    json::{FaultKind, Kind, Read, Value},
    path::Path,
    rule::Rule,
};
use crate::fold::is_same_key;

/// One document, and what is found wrong with it.
pub(super) struct LintContext<'d, 's> {
    pub(super) subject: Subject,
    pub(super) shelf: &'d BlobIndex<'s>,
    pub(super) breaches: &'d mut Vec<Violation>,
}

impl LintContext<'_, '_> {
    /// Notes that the rule is broken at that place.
    pub(super) fn note(&mut self, rule: Rule, path: &Path<'_>, what: impl Into<String>) {
        self.note_at(rule, path.to_string(), what);
    }

    /// Notes that the rule is broken at that place.
    pub(super) fn note_at(&mut self, rule: Rule, place: String, what: impl Into<String>) {
        let facts = rule.facts();
        self.breaches.push(Violation {
            clause: facts.clause,
            level: facts.level,
            since: facts.since,
            consequence: facts.consequence,
            document: self.subject.clone(),
            place,
            what: what.into(),
        });
    }

    /// Notes what is wrong with a document of an OCI media type as JSON.
    pub(super) fn json(&mut self, read: &Read<'_>) {
        for fault in &read.faults {
            let (rule, what) = match &fault.kind {
                FaultKind::Syntax { at, expected } => (
                    Rule::NotJson,
                    format!("is not JSON: at byte {at} should be {expected}"),
                ),
                FaultKind::Mark => (
                    Rule::NotJson,
                    "begins with a byte-order mark, which is no part of JSON".to_owned(),
                ),
                FaultKind::Trailing { at } => (
                    Rule::NotJson,
                    format!("goes on after its end, at byte {at}"),
                ),
                FaultKind::Control => (
                    Rule::NotJson,
                    "holds a control character that is not escaped".to_owned(),
                ),
                FaultKind::NotUtf8 => (Rule::NotUtf8, "holds what is not UTF-8".to_owned()),
                FaultKind::Surrogate => (
                    Rule::NotUtf8,
                    "holds half of a character, which UTF-8 does not have".to_owned(),
                ),
                FaultKind::Imprecise(number) => (
                    Rule::ImpreciseNumber,
                    format!("is {number}, which a double cannot hold"),
                ),
                FaultKind::Repeated { name, count } => (
                    Rule::RepeatedKey,
                    format!("has the key `{name}` {count} times"),
                ),
            };
            self.note_at(rule, fault.place.clone(), what);
        }
    }
}

/// Calls `look` with each value of a key and its place; says whether there was one.
pub(super) fn each<'j, 'a>(
    object: Value<'j, 'a>,
    path: &Path<'_>,
    key: &str,
    mut look: impl FnMut(Value<'j, 'a>, &Path<'_>),
) -> bool {
    let path = path.key(key);
    let mut any = false;
    for (repetition, value) in object.all(key).enumerate() {
        look(value, &path.again(repetition));
        any = true;
    }
    any
}

/// Says that a key is not there, and what is there that looks like it.
pub(super) fn lacks(object: Value<'_, '_>, key: &str) -> String {
    let alike = object.members().map(|(name, _)| name);
    match alike.into_iter().find(|name| is_same_key(name, key)) {
        Some(alike) => format!("has no `{key}`; `{alike}` is another key"),
        None => format!("has no `{key}`"),
    }
}

/// Whether the value is an object; what it is instead goes to `otherwise`.
pub(super) fn is_object(value: Value<'_, '_>, otherwise: impl FnOnce(String)) -> bool {
    let is_object = value.kind() == Kind::Object;
    if !is_object {
        otherwise(value.kind().what());
    }
    is_object
}
