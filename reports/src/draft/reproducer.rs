//! A reproducer that needs nothing but the tool and Python.

use ocipick_corpus::Case;
use std::fmt::Write as _;

const TEMPLATE: &str = include_str!("../../templates/reproduce.py");

/// The script that serves a case; none where the registry has to misbehave, which it cannot do.
///
/// # Panics
/// Never: what is written goes to memory.
#[must_use]
pub fn script(case: &Case, title: &str, commands: &[String]) -> Option<String> {
    if !case.faults.is_empty() {
        return None;
    }
    let mut files = String::new();
    let documents = std::iter::once(&case.index).chain(&case.documents);
    let documents = documents.map(|it| (&it.digest, it.media_type.as_str(), &*it.bytes));
    let blobs = case.blobs.iter();
    let blobs = blobs.map(|it| (&it.digest, "application/octet-stream", &*it.bytes));
    for (digest, media_type, bytes) in documents.chain(blobs) {
        let _ = writeln!(
            files,
            "    {}: (\n        {},\n{}    ),",
            literal(digest.as_str()),
            literal(media_type),
            content(bytes)
        );
    }
    let mut children = String::new();
    for child in &case.children {
        let digests: Vec<String> = [Some(&child.manifest), child.config.as_ref()]
            .into_iter()
            .flatten()
            .map(|digest| literal(digest.as_str()))
            .collect();
        let _ = writeln!(
            children,
            "    {}: [{}],",
            literal(&child.name),
            digests.join(", ")
        );
    }
    let commands: Vec<String> = commands.iter().map(|it| literal(it)).collect();
    let script = TEMPLATE
        .replace("@@TITLE@@", &title.replace(['"', '\\'], "'"))
        .replace("@@INDEX@@", &literal(case.index.digest.as_str()))
        .replace("@@CHILDREN@@", &children)
        .replace("@@COMMANDS@@", &format!("[{}]", commands.join(", ")))
        .replace("@@REPOSITORY@@", &case.id.repository_path())
        // Last, because it could hold anything.
        .replace("@@FILES@@", &files);
    Some(script)
}

/// A text as Python writes it; JSON is written the same way.
fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Bytes, packed by zlib, as lines of base64, each a literal; Python puts neighbouring literals together.
fn content(bytes: &[u8]) -> String {
    const WIDTH: usize = 96;
    let encoded = packed(bytes);
    let mut lines = String::new();
    for line in encoded.as_bytes().chunks(WIDTH) {
        let line = String::from_utf8_lossy(line);
        let _ = writeln!(lines, "        \"{line}\"");
    }
    // A literal alone in brackets with a comma behind it is what stands in the tuple.
    lines.truncate(lines.len() - 1);
    lines.push_str(",\n");
    lines
}

fn packed(bytes: &[u8]) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use flate2::{Compression, write::ZlibEncoder};
    use std::io::Write as _;
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    let packed = encoder.write_all(bytes).and_then(|()| encoder.finish());
    STANDARD.encode(packed.expect("memory takes everything"))
}
