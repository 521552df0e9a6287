//! The bytes of documents, so that nothing in them is invisible.

use crate::site::wording;
use ocipick_corpus::{Case, Document};
use serde::Serialize;
use std::fmt::Write as _;

/// How many characters of a document are shown.
const SHOWN: usize = 20_000;
/// How many documents are shown beside the index.
const DOCUMENTS: usize = 12;

/// A document as text.
#[derive(Serialize)]
pub(super) struct RawView {
    what: &'static str,
    media_type: String,
    digest: String,
    size: usize,
    text: String,
    /// How many bytes are not shown.
    cut: usize,
}

/// The index under test, and the indexes below it.
pub(super) fn documents(case: &Case) -> Vec<RawView> {
    let is_child = |document: &&Document| {
        let mut children = case.children.iter();
        !children.any(|child| child.manifest == document.digest)
    };
    let nested = case.documents.iter().filter(is_child).take(DOCUMENTS);
    let nested = nested.map(|document| raw("Nested index", document));
    std::iter::once(raw("The index", &case.index))
        .chain(nested)
        .collect()
}

fn raw(what: &'static str, document: &Document) -> RawView {
    let (text, cut) = visible(&document.bytes);
    RawView {
        what,
        media_type: wording::line(&document.media_type),
        digest: document.digest.as_str().to_owned(),
        size: document.bytes.len(),
        text,
        cut,
    }
}

/// Bytes as text in which everything can be seen: what is no UTF-8, controls nothing but line ends,
/// and characters without a shape of their own are written as escapes. And how many bytes were left
/// out at the end.
fn visible(bytes: &[u8]) -> (String, usize) {
    let mut text = String::new();
    let mut shown = 0;
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if text.len() >= SHOWN {
                return (text, bytes.len() - shown);
            }
            shown += c.len_utf8();
            let ordinary = c == '\n' || c == '\t' || (!c.is_control() && is_visible(c));
            if ordinary {
                text.push(c);
            } else {
                let _ = write!(text, "⟨U+{:04X}⟩", u32::from(c));
            }
        }
        for byte in chunk.invalid() {
            shown += 1;
            let _ = write!(text, "⟨{byte:02X}⟩");
        }
    }
    (text, 0)
}

fn is_visible(c: char) -> bool {
    !crate::text::line(&format!("x{c}x")).eq("xx")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_document_is_invisible() {
        assert_eq!(
            visible("{\n\t\"ä\": \u{feff}\0\u{202e}}\r".as_bytes()).0,
            "{\n\t\"ä\": ⟨U+FEFF⟩⟨U+0000⟩⟨U+202E⟩}⟨U+000D⟩"
        );
        assert_eq!(visible(b"a\xff\xc3b").0, "a⟨FF⟩⟨C3⟩b");
        let (text, cut) = visible("x".repeat(SHOWN + 5).as_bytes());
        assert_eq!((text.len(), cut), (SHOWN, 5));
    }
}
