//! Reads a document onto a tape.

use super::{Fault, FaultKind, Item, Read, Value, shortened};
use crate::lint::{number::fits_double, path};
use std::borrow::Cow;

/// Reads a document. Whatever is wrong with it is noted, and reading goes on where that is
/// possible.
pub(in crate::lint) fn read(bytes: &[u8]) -> Read<'_> {
    let mut reader = Reader {
        bytes,
        at: 0,
        tape: Vec::new(),
        open: Vec::new(),
        faults: Vec::new(),
    };
    if let Err(expected) = reader.document() {
        reader.tape.clear();
        let kind = if is_wide(bytes) {
            FaultKind::NotUtf8
        } else {
            let at = reader.at;
            FaultKind::Syntax { at, expected }
        };
        let place = String::new();
        reader.faults.push(Fault { kind, place });
    }
    Read {
        tape: reader.tape,
        faults: reader.faults,
    }
}

/// Whether a document is UTF-16 or UTF-32: its first character is one of ASCII with zeros about it,
/// or a byte-order mark.
fn is_wide(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, ..] | [_, 0, ..]
    )
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    tape: Vec<Item<'a>>,
    /// The arrays and objects that have begun and not ended, outermost first.
    open: Vec<Open>,
    faults: Vec<Fault>,
}

/// An array or object that has begun and not ended.
struct Open {
    /// Where it lies on the tape.
    at: usize,
    /// How many items have begun.
    count: usize,
    /// Where the key of the member lies that is being read.
    key: Option<usize>,
}

type Step<T> = Result<T, &'static str>;

impl<'a> Reader<'a> {
    fn document(&mut self) -> Step<()> {
        if self.bytes.starts_with(b"\xef\xbb\xbf") {
            self.at = 3;
            self.note(FaultKind::Mark);
        }
        self.value()?;
        while let Some(&mut Open {
            at,
            ref mut count,
            ref mut key,
        }) = self.open.last_mut()
        {
            *key = None;
            *count += 1;
            let is_first = *count == 1;
            let is_list = matches!(self.tape[at], Item::List(_));
            let close = if is_list { b']' } else { b'}' };
            self.space();
            if self.take(close) {
                self.close(at);
                continue;
            }
            if !is_first && !self.take(b',') {
                return Err(if is_list { "`,` or `]`" } else { "`,` or `}`" });
            }
            if !is_list {
                self.key()?;
            }
            self.value()?;
        }
        self.space();
        if self.at < self.bytes.len() {
            let at = self.at;
            self.note(FaultKind::Trailing { at });
        }
        Ok(())
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn key(&mut self) -> Step<()> {
        self.space();
        if self.peek() != Some(b'"') {
            return Err("a key");
        }
        let key = self.string()?;
        let at = self.tape.len();
        self.tape.push(Item::Key(key));
        if let Some(open) = self.open.last_mut() {
            open.key = Some(at);
        }
        self.space();
        if self.take(b':') { Ok(()) } else { Err("`:`") }
    }

    /// Reads a value, or the beginning of an array or object.
    fn value(&mut self) -> Step<()> {
        self.space();
        let item = match self.peek() {
            Some(b'{') => {
                self.begin(Item::Object(0));
                return Ok(());
            }
            Some(b'[') => {
                self.begin(Item::List(0));
                return Ok(());
            }
            Some(b'"') => Item::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => Item::Number(self.number()?),
            Some(b't') => self.word(b"true", Item::Bool(true))?,
            Some(b'f') => self.word(b"false", Item::Bool(false))?,
            Some(b'n') => self.word(b"null", Item::Null)?,
            Some(_) | None => return Err("a value"),
        };
        self.tape.push(item);
        Ok(())
    }

    fn begin(&mut self, item: Item<'a>) {
        self.at += 1;
        self.open.push(Open {
            at: self.tape.len(),
            count: 0,
            key: None,
        });
        self.tape.push(item);
    }

    fn close(&mut self, place: usize) {
        let end = self.tape.len();
        match &mut self.tape[place] {
            Item::List(known) => *known = end,
            Item::Object(known) => {
                *known = end;
                self.note_repeated(place);
            }
            Item::Null | Item::Bool(_) | Item::Number(_) | Item::Text(_) | Item::Key(_) => {}
        }
        self.open.pop();
    }

    fn note_repeated(&mut self, at: usize) {
        let object = Value {
            tape: &self.tape,
            at,
        };
        let mut names: Vec<&str> = object.members().map(|(name, _)| name).collect();
        names.sort_unstable();
        let repeated: Vec<FaultKind> = names
            .chunk_by(|one, other| one == other)
            .filter(|same| same.len() > 1)
            .map(|same| FaultKind::Repeated {
                name: same[0].to_owned(),
                count: same.len(),
            })
            .collect();
        for kind in repeated {
            let place = self.place(self.open.len() - 1);
            self.faults.push(Fault { kind, place });
        }
    }

    fn word(&mut self, word: &'static [u8], item: Item<'a>) -> Step<Item<'a>> {
        if self.bytes[self.at..].starts_with(word) {
            self.at += word.len();
            Ok(item)
        } else {
            Err("a value")
        }
    }

    fn digits(&mut self) -> Step<()> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at > start {
            Ok(())
        } else {
            Err("a digit")
        }
    }

    fn number(&mut self) -> Step<&'a str> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        let number = str::from_utf8(&self.bytes[start..self.at]).map_err(|_| "a digit")?;
        let is_short = number.len() <= 15 && !number.contains(['e', 'E']);
        if !is_short && !fits_double(number) {
            self.note(FaultKind::Imprecise(shortened(number).into_owned()));
        }
        Ok(number)
    }

    /// Reads a string, from its opening to its closing quotes.
    fn string(&mut self) -> Step<Cow<'a, str>> {
        self.at += 1;
        let mut text: Option<String> = None;
        let mut piece = self.at;
        let begun = self.faults.len();
        loop {
            match self.peek() {
                None => return Err("the end of a string"),
                Some(b'"') => break,
                Some(b'\\') => {
                    let before = self.decoded(piece, begun);
                    text.get_or_insert_default().push_str(&before);
                    self.at += 1;
                    let escaped = self.escape(begun)?;
                    text.get_or_insert_default().push(escaped);
                    piece = self.at;
                }
                Some(byte) => {
                    if byte < 0x20 {
                        self.note_once(FaultKind::Control, begun);
                    }
                    self.at += 1;
                }
            }
        }
        let rest = self.decoded(piece, begun);
        self.at += 1;
        Ok(match text {
            None => rest,
            Some(mut text) => {
                text.push_str(&rest);
                Cow::Owned(text)
            }
        })
    }

    /// The bytes from `start` up to here as text.
    fn decoded(&mut self, start: usize, begun: usize) -> Cow<'a, str> {
        let text = String::from_utf8_lossy(&self.bytes[start..self.at]);
        if matches!(text, Cow::Owned(_)) {
            self.note_once(FaultKind::NotUtf8, begun);
        }
        text
    }

    fn escape(&mut self, begun: usize) -> Step<char> {
        const WRONG: &str = "an escape such as \\n or \\u0041";
        let byte = self.peek().ok_or(WRONG)?;
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.unit().ok_or(WRONG)?;
                self.character(unit, begun)
            }
            _ => return Err(WRONG),
        })
    }

    /// The four hexadecimal digits of an escape.
    fn unit(&mut self) -> Option<u32> {
        let digits = self.bytes.get(self.at..self.at + 4)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        let unit = u32::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?;
        self.at += 4;
        Some(unit)
    }

    /// The character that begins with this unit of UTF-16; what is only half of one is noted.
    fn character(&mut self, unit: u32, begun: usize) -> char {
        if (0xd800..0xdc00).contains(&unit) && self.bytes[self.at..].starts_with(b"\\u") {
            let here = self.at;
            self.at += 2;
            match self.unit() {
                Some(low) if (0xdc00..0xe000).contains(&low) => {
                    let code = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                    return char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                }
                // What follows is a character of its own, or no escape at all.
                Some(_) | None => self.at = here,
            }
        }
        char::from_u32(unit).unwrap_or_else(|| {
            self.note_once(FaultKind::Surrogate, begun);
            char::REPLACEMENT_CHARACTER
        })
    }

    fn note(&mut self, kind: FaultKind) {
        let place = self.place(self.open.len());
        self.faults.push(Fault { kind, place });
    }

    /// Notes something of which a string can have any number, once for each string; `begun` is
    /// how many faults there were before it.
    fn note_once(&mut self, kind: FaultKind, begun: usize) {
        if self.faults[begun..].iter().all(|known| known.kind != kind) {
            self.note(kind);
        }
    }

    /// The place of what is being read, `depth` arrays and objects deep.
    fn place(&self, depth: usize) -> String {
        // Nobody reads the place of what is nested deeper, and writing it a million times long
        // for each of a million faults would take for ever.
        const DEEPEST: usize = 16;
        let mut place = String::new();
        for open in self.open.iter().take(depth.min(DEEPEST)) {
            let key = open.key.map(|at| {
                let tape = self.tape.as_slice();
                Value { tape, at }.text().unwrap_or_default()
            });
            match (&self.tape[open.at], key) {
                (Item::List(_), _) => path::push_item(&mut place, open.count.saturating_sub(1)),
                (_, Some(key)) => path::push_key(&mut place, key),
                // It is a key that is being read.
                (_, None) => {}
            }
        }
        place
    }
}
