//! Results as a small file: gzip, the same bytes for the same content on every machine.

use crate::read::MOST;
use flate2::{Compression, GzBuilder, bufread::MultiGzDecoder};
use std::io::{self, BufRead, Read, Write as _};

/// What a file in this form begins with.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

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
/// When it is packed and damaged, or too much to be a results file.
pub fn unpack(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    if !bytes.starts_with(&MAGIC) {
        return Ok(bytes);
    }
    let mut text = Vec::new();
    unpacked(bytes.as_slice())?.read_to_end(&mut text)?;
    Ok(text)
}

/// What is in a file, to be read bit by bit.
pub(crate) fn unpacked<'r>(mut packed: impl BufRead + 'r) -> io::Result<Box<dyn Read + 'r>> {
    let is_packed = packed.fill_buf()?.starts_with(&MAGIC);
    Ok(if is_packed {
        Box::new(Bounded {
            left: MOST,
            inner: MultiGzDecoder::new(packed),
        })
    } else {
        Box::new(Bounded {
            left: MOST,
            inner: packed,
        })
    })
}

/// Fails where there is more to read than the bound, rather than end there.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            io::Error::other(format!(
                "it has more than {} GiB, and no results file has",
                MOST >> 30
            ))
        })?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_longer_than_the_bound_is_an_error_and_no_end() {
        let bounded = |left| {
            let mut text = String::new();
            let inner = "0123456789".as_bytes();
            Bounded { inner, left }
                .read_to_string(&mut text)
                .map(|_| text)
        };
        assert_eq!(bounded(10).unwrap(), "0123456789");
        let error = bounded(9).unwrap_err().to_string();
        assert!(error.contains("more than 2 GiB"), "{error}");
    }
}
