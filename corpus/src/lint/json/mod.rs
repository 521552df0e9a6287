//! Reads JSON as it is written: keys twice, odd bytes and what follows the end are seen, and nothing
//! is made regular.
//!
//! The values lie on a tape, one after the other, so that neither a document of many megabytes
//! nor one that nests a million arrays needs more than its own length.

mod reader;
#[cfg(test)]
mod tests;

pub(in crate::lint) use reader::read;

use std::borrow::Cow;

/// A JSON document, with what is wrong with it as JSON.
#[derive(Debug)]
pub(in crate::lint) struct Read<'a> {
    tape: Vec<Item<'a>>,
    pub(in crate::lint) faults: Vec<Fault>,
}

/// Something by which a document is not JSON, or not I-JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::lint) struct Fault {
    pub(in crate::lint) kind: FaultKind,
    /// The place of the value, such as `manifests[0].size`; empty for the whole document.
    pub(in crate::lint) place: String,
}

/// What is wrong with a document as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::lint) enum FaultKind {
    /// It breaks off, or has something that has no business there; nothing can be read.
    Syntax {
        /// The byte, counted from 0.
        at: usize,
        /// What should stand there.
        expected: &'static str,
    },
    /// It begins with a byte-order mark.
    Mark,
    /// Something follows the value.
    Trailing {
        /// The byte, counted from 0.
        at: usize,
    },
    /// A control character stands in a string as it is.
    Control,
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// An escape for half a character.
    Surrogate,
    /// A number that a double cannot hold, as it is written.
    Imprecise(String),
    /// Several members of one object have this name.
    Repeated {
        /// The name.
        name: String,
        /// How many there are.
        count: usize,
    },
}

/// One piece of the tape.
#[derive(Clone, Debug)]
enum Item<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    Text(Cow<'a, str>),
    Key(Cow<'a, str>),
    /// An array or object; the number is where on the tape it ends.
    List(usize),
    Object(usize),
}

/// A value of a document.
#[derive(Clone, Copy, Debug)]
pub(in crate::lint) struct Value<'j, 'a> {
    tape: &'j [Item<'a>],
    at: usize,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lint) enum Kind<'j> {
    Null,
    Bool(bool),
    /// A number, as it is written.
    Number(&'j str),
    Text(&'j str),
    List,
    Object,
}

impl Kind<'_> {
    /// What it is, for people.
    pub(in crate::lint) fn what(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(truth) => truth.to_string(),
            Self::Number(number) => format!("the number {}", shortened(number)),
            Self::Text("") => "an empty string".to_owned(),
            Self::Text(text) => format!("the string `{}`", shortened(text)),
            Self::List => "an array".to_owned(),
            Self::Object => "an object".to_owned(),
        }
    }
}

/// A text that fits into a sentence, on one line.
pub(in crate::lint) fn shortened(text: &str) -> Cow<'_, str> {
    const LONGEST: usize = 100;
    let plain = |c: char| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}');
    if text.len() <= LONGEST && text.chars().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut short = String::new();
    for c in text.chars().take(LONGEST) {
        if plain(c) {
            short.push(c);
        } else {
            short.extend(c.escape_default());
        }
    }
    if text.chars().count() > LONGEST {
        short.push('…');
    }
    Cow::Owned(short)
}

impl<'a> Read<'a> {
    /// The one value of the document; nothing where it cannot be read.
    pub(in crate::lint) fn value<'j>(&'j self) -> Option<Value<'j, 'a>> {
        let tape = self.tape.as_slice();
        (!tape.is_empty()).then_some(Value { tape, at: 0 })
    }
}

impl<'j, 'a> Value<'j, 'a> {
    pub(in crate::lint) fn kind(self) -> Kind<'j> {
        match &self.tape[self.at] {
            Item::Null => Kind::Null,
            Item::Bool(truth) => Kind::Bool(*truth),
            Item::Number(number) => Kind::Number(number),
            Item::Text(text) | Item::Key(text) => Kind::Text(text),
            Item::List(_) => Kind::List,
            Item::Object(_) => Kind::Object,
        }
    }

    pub(in crate::lint) fn text(self) -> Option<&'j str> {
        match self.kind() {
            Kind::Text(text) => Some(text),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::List | Kind::Object => None,
        }
    }

    /// Where on the tape the next value begins.
    fn end(self) -> usize {
        match &self.tape[self.at] {
            Item::List(end) | Item::Object(end) => *end,
            Item::Null | Item::Bool(_) | Item::Number(_) | Item::Text(_) | Item::Key(_) => {
                self.at + 1
            }
        }
    }

    /// The items of an array; none of anything else.
    pub(in crate::lint) fn items(self) -> impl Iterator<Item = Self> {
        let mut at = self.at + 1;
        let end = if self.kind() == Kind::List {
            self.end()
        } else {
            at
        };
        std::iter::from_fn(move || {
            let item = Self {
                tape: self.tape,
                at,
            };
            (at < end).then(|| {
                at = item.end();
                item
            })
        })
    }

    /// The members of an object, in order; none of anything else.
    pub(in crate::lint) fn members(self) -> impl Iterator<Item = (&'j str, Self)> {
        let mut at = self.at + 1;
        let end = if self.kind() == Kind::Object {
            self.end()
        } else {
            at
        };
        std::iter::from_fn(move || {
            if at >= end {
                return None;
            }
            let key = match &self.tape[at] {
                Item::Key(key) => key.as_ref(),
                // Every value of an object follows its key.
                Item::Null
                | Item::Bool(_)
                | Item::Number(_)
                | Item::Text(_)
                | Item::List(_)
                | Item::Object(_) => "",
            };
            let value = Self {
                tape: self.tape,
                at: at + 1,
            };
            at = value.end();
            Some((key, value))
        })
    }

    /// Every value of a key: readers differ in which of them they take.
    pub(in crate::lint) fn all(self, key: &str) -> impl Iterator<Item = Self> {
        self.members()
            .filter(move |(name, _)| *name == key)
            .map(|(_, value)| value)
    }

    /// The value of a key; the last of several, which is what most readers take.
    pub(in crate::lint) fn get(self, key: &str) -> Option<Self> {
        self.all(key).last()
    }

    /// The text of a key, where it is one.
    pub(in crate::lint) fn text_of(self, key: &str) -> Option<&'j str> {
        self.get(key).and_then(Self::text)
    }
}
