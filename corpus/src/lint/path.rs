//! Places in a document, such as `manifests[2].platform`.

use super::json::shortened;
use std::fmt::{self, Write as _};

/// A place, as the way to it from the outside in. It is written out only where something is wrong.
#[derive(Clone, Copy, Debug)]
pub(super) enum Path<'p> {
    /// The whole document.
    Root,
    /// The value of a key.
    Key(&'p Path<'p>, &'p str),
    /// An item of an array.
    Item(&'p Path<'p>, usize),
    /// One of several values of one key, counted from 0.
    Again(&'p Path<'p>, usize),
}

impl<'p> Path<'p> {
    pub(super) const fn key(&'p self, key: &'p str) -> Self {
        Self::Key(self, key)
    }

    pub(super) const fn item(&'p self, at: usize) -> Self {
        Self::Item(self, at)
    }

    pub(super) const fn again(&'p self, repetition: usize) -> Self {
        Self::Again(self, repetition)
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Root => {}
            Self::Key(outer, key) => {
                outer.write(out);
                push_key(out, key);
            }
            Self::Item(outer, at) => {
                outer.write(out);
                push_item(out, *at);
            }
            Self::Again(outer, repetition) => {
                outer.write(out);
                if *repetition > 0 {
                    let _ = write!(out, "#{}", repetition + 1);
                }
            }
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        self.write(&mut out);
        f.write_str(&out)
    }
}

/// Appends the place of a member.
pub(super) fn push_key(out: &mut String, key: &str) {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !key.is_empty() && key.len() <= 100 && key.chars().all(is_plain) {
        if !out.is_empty() {
            out.push('.');
        }
        out.push_str(key);
    } else {
        out.push_str("[\"");
        out.push_str(&shortened(key));
        out.push_str("\"]");
    }
}

/// Appends the place of an item.
pub(super) fn push_item(out: &mut String, at: usize) {
    let _ = write!(out, "[{at}]");
}
