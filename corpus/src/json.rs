//! An ordered JSON value and its deterministic writer.
//!
//! Everything that ocipick authors and serves is written here. `serde_json::Value` sorts keys or
//! keeps them, depending on a feature that any crate of the build can switch on, and every digest
//! of the corpus would change with it.

/// A JSON value that keeps its keys in the order in which they were added, twice where they
/// were added twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number of any size that a descriptor could claim.
    Int(i128),
    /// A number that is not whole, as it was written.
    Float(String),
    /// A string.
    Str(String),
    /// An array.
    Arr(Vec<Json>),
    /// In an array, one item so often, one after the other.
    Times(Box<Json>, usize),
    /// An object.
    Obj(Members),
}

/// The members of an object, in order.
pub(crate) type Members = Vec<(String, Json)>;

impl Json {
    /// Makes a string value.
    pub(crate) fn str(text: impl Into<String>) -> Self {
        Self::Str(text.into())
    }

    /// Makes an object of strings.
    pub(crate) fn strings(pairs: &[(String, String)]) -> Self {
        Self::Obj(
            pairs
                .iter()
                .map(|(key, value)| (key.clone(), Self::str(value)))
                .collect(),
        )
    }

    /// Makes an object of members with literal keys.
    pub(crate) fn object<const N: usize>(members: [(&str, Json); N]) -> Self {
        Self::Obj(
            members
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        )
    }

    /// The value indented by two spaces, without a newline at the end.
    pub(crate) fn pretty(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, 0);
        text
    }

    fn write(&self, out: &mut String, depth: usize) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Int(number) => out.push_str(&number.to_string()),
            Self::Float(number) => out.push_str(number),
            Self::Str(text) => write_string(out, text),
            Self::Arr(items) => write_block(out, depth, ['[', ']'], items, |out, item| {
                item.write(out, depth + 1);
            }),
            Self::Times(item, times) => {
                let start = out.len();
                item.write(out, depth);
                let mut again = String::from(",\n");
                indent(&mut again, depth);
                again.push_str(&out[start..]);
                for _ in 1..*times {
                    out.push_str(&again);
                }
            }
            Self::Obj(members) => {
                write_block(out, depth, ['{', '}'], members, |out, (key, value)| {
                    write_string(out, key);
                    out.push_str(": ");
                    value.write(out, depth + 1);
                });
            }
        }
    }
}

/// Appends a member with a literal key.
pub(crate) fn push(members: &mut Members, key: &str, value: Json) {
    members.push((key.to_owned(), value));
}

/// The number of bytes as descriptors count them.
pub(crate) fn size(bytes: &[u8]) -> i128 {
    // A slice never holds more than `isize::MAX` bytes, so this loses nothing.
    bytes.len() as i128
}

fn write_block<T>(
    out: &mut String,
    depth: usize,
    [open, close]: [char; 2],
    items: &[T],
    mut write: impl FnMut(&mut String, &T),
) {
    out.push(open);
    for (place, item) in items.iter().enumerate() {
        out.push_str(if place == 0 { "\n" } else { ",\n" });
        indent(out, depth + 1);
        write(out, item);
    }
    if !items.is_empty() {
        out.push('\n');
        indent(out, depth);
    }
    out.push(close);
}

fn indent(out: &mut String, depth: usize) {
    for _ in 0..depth {
        out.push_str("  ");
    }
}

fn write_string(out: &mut String, text: &str) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\u{1f}' => {
                let code = c as usize;
                out.push_str("\\u00");
                out.push(char::from(DIGITS[code >> 4]));
                out.push(char::from(DIGITS[code & 15]));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_keys_in_the_order_given_and_repeats_them() {
        let value = Json::object([
            ("b", Json::Int(1)),
            ("a", Json::Arr(vec![Json::Null, Json::Bool(true)])),
            ("b", Json::Obj(vec![])),
            ("c", Json::Arr(vec![])),
            ("d", Json::Float("1.50".to_owned())),
        ]);
        assert_eq!(
            value.pretty(),
            "{\n  \"b\": 1,\n  \"a\": [\n    null,\n    true\n  ],\n  \"b\": {},\n  \"c\": [],\n  \"d\": 1.50\n}"
        );
    }

    #[test]
    fn an_item_that_stands_there_several_times_is_written_as_if_it_were_several() {
        let item = || Json::object([("a", Json::Arr(vec![Json::Int(1)]))]);
        let several = Json::Arr(vec![Json::Null, item(), item(), item(), Json::Null]);
        let times = Json::Times(Box::new(item()), 3);
        let short = Json::Arr(vec![Json::Null, times, Json::Null]);
        assert_eq!(short.pretty(), several.pretty());
    }

    #[test]
    fn strings_are_escaped_as_serde_json_escapes_them() {
        let everything: String = ('\0'..='\u{ff}')
            .chain("\u{2028}🦀\u{fffd}".chars())
            .collect();
        let written = Json::str(everything.clone()).pretty();
        let read: String = serde_json::from_str(&written).unwrap();
        assert_eq!(read, everything);
    }
}
