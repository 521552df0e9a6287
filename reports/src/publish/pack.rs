//! Results as a small file: gzip, the same bytes for the same content on every machine.

use flate2::{Compression, GzBuilder, read::MultiGzDecoder};
use std::io::{self, Read as _, Write as _};

/// What a file in this form begins with.
const MAGIC: [u8; 2] = [0x1f, 0x8b];
/// More than this is no results file, but an attack on whoever reads it.
const MOST: u64 = 4 << 30;

/// Packs a file.
///
/// # Panics
/// Never: memory takes everything.
#[must_use]
pub fn pack(bytes: &[u8]) -> Vec<u8> {
    // No name, no time, no system.
    let builder = GzBuilder::new().mtime(0).operating_system(255);
    let mut encoder = builder.write(Vec::new(), Compression::best());
    let packed = encoder.write_all(bytes).and_then(|()| encoder.finish());
    packed.expect("memory takes everything")
}

/// What is in a file: unpacked where it is packed, and as it is otherwise.
///
/// # Errors
/// When it is packed and damaged.
pub fn unpack(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    if !bytes.starts_with(&MAGIC) {
        return Ok(bytes);
    }
    let mut text = Vec::new();
    let read = MultiGzDecoder::new(bytes.as_slice())
        .take(MOST)
        .read_to_end(&mut text)?;
    if read as u64 == MOST {
        return Err(io::Error::other("it unpacks to more than 4 GiB"));
    }
    Ok(text)
}
