//! Texts with placeholders.

use super::Renderer;
use crate::{
    diagnostic::PlaceholderFault,
    json::{Json, Members, size},
    nearest::nearest,
    recipe::{
        What,
        placeholder::{self, Piece},
        spec::{Extra, Pairs},
    },
    value::{Node, Value, owned},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::ops::Range;

/// What a raw manifest calls its own parts.
pub(super) const SELF: &str = "self";

/// The most bytes that one placeholder may stand for.
const MOST_PADDING: usize = 16 << 20;

impl Renderer<'_, '_, '_> {
    /// A text of an entry, its placeholders replaced.
    pub(super) fn text(&mut self, text: &str, span: &Range<usize>) -> Option<String> {
        let mut out = String::new();
        let mut whole = true;
        for piece in placeholder::pieces(text) {
            match piece {
                Piece::Literal(literal) => out.push_str(literal),
                Piece::Unclosed(rest) => {
                    placeholder::unclosed(rest, span, self.report);
                    whole = false;
                }
                Piece::Placeholder(inner) if inner.starts_with("byte:") => {
                    placeholder::wrong(inner, span, PlaceholderFault::ByteInText, self.report);
                    whole = false;
                }
                Piece::Placeholder(inner) => match self.replacement(inner, span, None) {
                    Some(replacement) => out.push_str(&replacement),
                    None => whole = false,
                },
            }
        }
        whole.then_some(out)
    }

    /// A raw text, its placeholders replaced. `own` is the child whose manifest it is.
    pub(super) fn raw(
        &mut self,
        text: &str,
        span: &Range<usize>,
        own: Option<&str>,
    ) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let mut whole = true;
        for piece in placeholder::pieces(text) {
            match piece {
                Piece::Literal(literal) => out.extend_from_slice(literal.as_bytes()),
                Piece::Unclosed(rest) => {
                    placeholder::unclosed(rest, span, self.report);
                    whole = false;
                }
                Piece::Placeholder(inner) => {
                    let bytes = match inner.strip_prefix("byte:") {
                        Some(digits) => {
                            let byte = byte(digits);
                            if byte.is_none() {
                                let fault = PlaceholderFault::Byte;
                                placeholder::wrong(inner, span, fault, self.report);
                            }
                            byte.map(|byte| vec![byte])
                        }
                        None => self.replacement(inner, span, own).map(String::into_bytes),
                    };
                    match bytes {
                        Some(bytes) => out.extend_from_slice(&bytes),
                        None => whole = false,
                    }
                }
            }
        }
        whole.then_some(out)
    }

    /// Annotations, their placeholders replaced.
    pub(super) fn pairs(&mut self, pairs: &Pairs) -> Option<Vec<(String, String)>> {
        let replaced: Vec<Option<(String, String)>> = pairs
            .iter()
            .map(|(key, text, span)| Some((key.clone(), self.text(text, span)?)))
            .collect();
        replaced.into_iter().collect()
    }

    /// Members that are written as they stand, the placeholders in their texts replaced.
    pub(super) fn extra(&mut self, extra: &Extra) -> Option<Members> {
        let members: Vec<Option<(String, Json)>> = extra
            .members
            .iter()
            .map(|(key, value)| Some((key.name.clone(), self.json(value)?)))
            .collect();
        members.into_iter().collect()
    }

    fn json(&mut self, value: &Value) -> Option<Json> {
        match &value.node {
            Node::Text(text) => self.text(text, &value.span).map(Json::Str),
            Node::Date(text) => Some(Json::str(text)),
            Node::Int(number) => Some(Json::Int(*number)),
            Node::Float(text) => Some(Json::Float(text.clone())),
            Node::Bool(truth) => Some(Json::Bool(*truth)),
            Node::List(items) => {
                let items: Vec<Option<Json>> = items.iter().map(|item| self.json(item)).collect();
                items.into_iter().collect::<Option<_>>().map(Json::Arr)
            }
            Node::Table(table) => self.extra(table).map(Json::Obj),
        }
    }

    /// What a placeholder other than a byte becomes.
    fn replacement(
        &mut self,
        inner: &str,
        span: &Range<usize>,
        own: Option<&str>,
    ) -> Option<String> {
        if let Some(rest) = inner.strip_prefix("repeat:") {
            let repeated = repeated(rest);
            if repeated.is_none() {
                let fault = PlaceholderFault::Repetition(MOST_PADDING);
                placeholder::wrong(inner, span, fault, self.report);
            }
            return repeated;
        }
        let Some(digits) = inner.strip_prefix("pad:") else {
            return self.property(inner, span, own);
        };
        let length = digits.parse().ok().filter(|length| *length <= MOST_PADDING);
        let plain = digits.bytes().all(|digit| digit.is_ascii_digit());
        if let (Some(length), true) = (length, plain) {
            return Some(" ".repeat(length));
        }
        let fault = PlaceholderFault::Padding(MOST_PADDING);
        placeholder::wrong(inner, span, fault, self.report);
        None
    }

    /// The value of `NAME.digest` and the like.
    fn property(&mut self, inner: &str, span: &Range<usize>, own: Option<&str>) -> Option<String> {
        let (name, property) = inner.split_once('.').unwrap_or((inner, ""));
        let of_part = property.starts_with("config.") || property.starts_with("layer.");
        let name = match own {
            // Its own digest is not known before it is written.
            Some(own) if name == SELF && of_part => own,
            Some(_) if name == SELF => {
                placeholder::wrong(inner, span, PlaceholderFault::OwnDocument, self.report);
                return None;
            }
            _ => name,
        };
        if !self.is_target(name) {
            let fault = PlaceholderFault::Undefined {
                nearest: nearest(name, self.targets()).map(str::to_owned),
                known: owned(self.targets()),
            };
            placeholder::wrong(inner, span, fault, self.report);
            return None;
        }
        if of_part {
            // Who is given a part of a child can end up with that child, so that it is one of the
            // case with all that belongs to it.
            if own != Some(name) {
                self.target(name, span)?;
            }
            return self.part_property(name, property).or_else(|| {
                placeholder::wrong(inner, span, PlaceholderFault::Property, self.report);
                None
            });
        }
        let target = self.target(name, span)?;
        match property {
            "digest" => Some(target.digest.as_str().to_owned()),
            "size" => Some(target.size().to_string()),
            "media-type" => Some(target.media_type),
            "base64" => Some(BASE64_STANDARD.encode(&target.bytes)),
            _ => {
                placeholder::wrong(inner, span, PlaceholderFault::Property, self.report);
                None
            }
        }
    }

    /// The digest or size of the config or layer of a child.
    fn part_property(&mut self, name: &str, property: &str) -> Option<String> {
        let spec = self.spec;
        let child = spec.children.iter().find(|child| child.name == name)?;
        self.used.insert((What::Child, name.to_owned()));
        let parts = self.parts(child);
        let blob = match property.split_once('.')?.0 {
            "config" => &parts.config,
            _ => &parts.layer,
        };
        match property.split_once('.')?.1 {
            "digest" => Some(blob.digest.as_str().to_owned()),
            "size" => Some(size(&blob.bytes).to_string()),
            _ => None,
        }
    }
}

/// `N:TEXT`: the text so often, with the number of each repetition, from 1, in place of `#`.
fn repeated(rest: &str) -> Option<String> {
    let (digits, text) = rest.split_once(':')?;
    let plain = digits.bytes().all(|digit| digit.is_ascii_digit());
    let times: usize = digits.parse().ok().filter(|_| plain)?;
    // A number takes at most as many bytes as that of the last.
    let longest = text.len() + text.matches('#').count() * digits.len();
    (times.checked_mul(longest)? <= MOST_PADDING).then(|| {
        (1..=times)
            .map(|number| text.replace('#', &number.to_string()))
            .collect()
    })
}

/// The byte of exactly two hexadecimal digits.
fn byte(digits: &str) -> Option<u8> {
    let plain = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    plain.then(|| u8::from_str_radix(digits, 16).ok()).flatten()
}
