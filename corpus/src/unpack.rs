//! Archives, however they are compressed, and never more of them than there is room for.

use crate::{Digest, digest::hex};
use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder, errors::FrameDecoderError};
use sha2::{Digest as _, Sha256};
use std::io::{self, BufRead, Read};

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// How frames begin that hold no content: these bytes, the first of which may have any lower half.
const SKIPPED: &[u8] = &[0x2a, 0x4d, 0x18];

/// How much of a layer is unpacked at most. A few kilobytes may hold terabytes of zeros, and layers
/// of other people are data of strangers.
pub const UNPACKED_LIMIT: u64 = 64 << 20;

/// What a layer holds, unpacked where it is compressed by gzip or zstd. Which of them it is the
/// bytes say, whatever its media type. After [`UNPACKED_LIMIT`] it ends.
///
/// # Errors
///
/// Where its beginning cannot be read, or is that of a compressed stream and no more.
pub fn unpacked<'a>(layer: impl BufRead + 'a) -> io::Result<Box<dyn Read + 'a>> {
    unpacked_up_to(UNPACKED_LIMIT, layer)
}

/// As [`unpacked`], up to this many bytes.
fn unpacked_up_to<'a>(limit: u64, mut layer: impl BufRead + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let start = layer.fill_buf()?;
    if start.starts_with(GZIP) {
        Ok(Box::new(MultiGzDecoder::new(layer).take(limit)))
    } else if start.starts_with(ZSTD) || is_skipped(start) {
        Ok(Box::new(Frames::new(layer)?.take(limit)))
    } else {
        Ok(Box::new(layer.take(limit)))
    }
}

fn is_skipped(start: &[u8]) -> bool {
    start
        .split_first()
        .is_some_and(|(first, rest)| first & 0xf0 == 0x50 && rest.starts_with(SKIPPED))
}

/// The frames of a stream of zstd, one after another. Tools that want to fetch parts of a layer write
/// a frame for every file, and frames without content behind them.
struct Frames<R: BufRead> {
    /// `None` only while a frame gives way to the next, and after the last.
    frame: Option<StreamingDecoder<R, FrameDecoder>>,
}

impl<R: BufRead> Frames<R> {
    fn new(source: R) -> io::Result<Self> {
        let frame = next_frame(source)?;
        Ok(Self { frame })
    }
}

/// The next frame with content, where there is one.
fn next_frame<R: BufRead>(mut source: R) -> io::Result<Option<StreamingDecoder<R, FrameDecoder>>> {
    loop {
        let start = source.fill_buf()?;
        if start.is_empty() {
            return Ok(None);
        }
        let broken = |error: FrameDecoderError| io::Error::new(io::ErrorKind::InvalidData, error);
        if !is_skipped(start) {
            return StreamingDecoder::new(source).map(Some).map_err(broken);
        }
        let mut head = [0; 8];
        source.read_exact(&mut head)?;
        let [_, _, _, _, length @ ..] = head;
        let length = u64::from(u32::from_le_bytes(length));
        io::copy(&mut source.by_ref().take(length), &mut io::sink())?;
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while let Some(frame) = &mut self.frame {
            let read = frame.read(into)?;
            if read > 0 || into.is_empty() {
                return Ok(read);
            }
            if let Some(frame) = self.frame.take() {
                self.frame = next_frame(frame.into_inner())?;
            }
        }
        Ok(0)
    }
}

/// The sha256 of what a layer unpacks to; nothing where it cannot be unpacked, or comes to more than
/// `limit` bytes.
pub(crate) fn digest_unpacked(layer: &[u8], limit: u64) -> Option<Digest> {
    let mut archive = unpacked_up_to(limit.saturating_add(1), layer).ok()?;
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

    fn text_of(stream: &[u8]) -> String {
        let mut text = String::new();
        unpacked(stream).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn a_real_stream_of_zstd_is_unpacked() {
        // `printf 'ocipick ocipick ocipick\n' | zstd -19 --no-check | xxd -i`
        assert_eq!(text_of(ZSTD_SAMPLE), "ocipick ocipick ocipick\n");
    }

    #[test]
    fn every_frame_of_a_stream_is_unpacked() {
        let skipped: &[u8] = &[0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, b'x', b'y', b'z'];
        let line = "ocipick ocipick ocipick\n";
        let two = [ZSTD_SAMPLE, skipped, ZSTD_SAMPLE, skipped].concat();
        assert_eq!(text_of(&two), line.repeat(2));
        let behind = [skipped, ZSTD_SAMPLE].concat();
        assert_eq!(text_of(&behind), line);
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
        assert_eq!(text_of(b"plain"), "plain");
    }

    /// A gigabyte of zeros, and a stream of zstd that says a byte a gigabyte of times.
    #[test]
    fn bombs_go_off_no_further_than_the_limit() {
        for bomb in bombs() {
            let bytes = io::copy(&mut unpacked(&*bomb).unwrap(), &mut io::sink()).unwrap();
            assert_eq!(bytes, UNPACKED_LIMIT, "{} bytes", bomb.len());
        }
    }

    fn bombs() -> [Vec<u8>; 3] {
        use flate2::{Compression, write::GzEncoder};
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        let most = UNPACKED_LIMIT + (1 << 20);
        io::copy(&mut io::repeat(0).take(most), &mut gzip).unwrap();
        // A frame of blocks that each say one byte 128 KiB of times: no checksum, no size of its
        // content, a window of 128 KiB, and of each block its size and kind.
        let mut zstd = [ZSTD, &[0x00, 0x38]].concat();
        let block = (128_u32 << 10) << 3 | 1 << 1;
        for last in std::iter::repeat_n(0, 1000).chain([1]) {
            zstd.extend(&(block | last).to_le_bytes()[..3]);
            zstd.push(0);
        }
        let plain = vec![0; usize::try_from(most).unwrap()];
        [gzip.finish().unwrap(), zstd, plain]
    }

    /// Compressed by the zstd command.
    const ZSTD_SAMPLE: &[u8] = &[
        0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x68, 0x7d, 0x00, 0x00, 0x48, 0x6f, 0x63, 0x69, 0x70, 0x69,
        0x63, 0x6b, 0x20, 0x0a, 0x01, 0x00, 0xbb, 0xcb, 0x05,
    ];
}
