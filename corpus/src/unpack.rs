//! Archives, however they are compressed.

use crate::{Digest, digest::hex};
use flate2::bufread::MultiGzDecoder;
use sha2::{Digest as _, Sha256};
use std::io::{self, BufRead, Read};

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// What a layer holds, unpacked where it is compressed by gzip or zstd. Which of them it is the
/// bytes say, whatever its media type.
///
/// # Errors
///
/// Where its beginning cannot be read, or is that of a compressed stream and no more.
pub fn unpacked<'a>(mut layer: impl BufRead + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let start = layer.fill_buf()?;
    if start.starts_with(GZIP) {
        Ok(Box::new(MultiGzDecoder::new(layer)))
    } else if start.starts_with(ZSTD) {
        let decoder = ruzstd::decoding::StreamingDecoder::new(layer);
        let broken = |error| io::Error::new(io::ErrorKind::InvalidData, error);
        Ok(Box::new(decoder.map_err(broken)?))
    } else {
        Ok(Box::new(layer))
    }
}

/// The sha256 of what a layer unpacks to; nothing where it cannot be unpacked, or comes to more than
/// `limit` bytes.
pub(crate) fn digest_unpacked(layer: &[u8], limit: u64) -> Option<Digest> {
    let mut archive = unpacked(layer).ok()?.take(limit.saturating_add(1));
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut length = 0;
    loop {
        match archive.read(&mut buffer).ok()? {
            0 => break,
            count => {
                hasher.update(&buffer[..count]);
                length += count as u64;
            }
        }
    }
    let digest = || Digest::verbatim(format!("sha256:{}", hex(&hasher.finalize())));
    (length <= limit).then(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_real_stream_of_zstd_is_unpacked() {
        // `printf 'ocipick ocipick ocipick\n' | zstd -19 --no-check | xxd -i`
        let compressed = ZSTD_SAMPLE;
        let mut text = String::new();
        unpacked(compressed)
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, "ocipick ocipick ocipick\n");
    }

    #[test]
    fn the_digest_is_of_what_comes_out_and_no_bomb_is_unpacked() {
        let text = Digest::sha256(b"ocipick ocipick ocipick\n");
        assert_eq!(digest_unpacked(ZSTD_SAMPLE, 24), Some(text));
        assert_eq!(digest_unpacked(ZSTD_SAMPLE, 23), None);
        assert_eq!(digest_unpacked(ZSTD, 24), None);
    }

    #[test]
    fn what_is_cut_short_is_an_error_and_what_is_plain_is_left_alone() {
        assert!(unpacked(ZSTD).is_err());
        let mut text = String::new();
        unpacked(&b"plain"[..])
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, "plain");
    }

    /// Compressed by the zstd command.
    const ZSTD_SAMPLE: &[u8] = &[
        0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x68, 0x7d, 0x00, 0x00, 0x48, 0x6f, 0x63, 0x69, 0x70, 0x69,
        0x63, 0x6b, 0x20, 0x0a, 0x01, 0x00, 0xbb, 0xcb, 0x05,
    ];
}
