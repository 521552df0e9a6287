//! The one layer of an image child: a tar archive with the same bytes for ever, wrapped as gzip or
//! zstd, or not at all.

use crate::{Blob, Digest, Layer, elf};
use std::io;

/// How a layer is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum Compression {
    /// As gzip.
    Gzip,
    /// As a zstd frame.
    Zstd,
    /// As the archive itself.
    None,
}

/// A layer as stored, with the digests that name it.
pub(crate) struct BuiltLayer {
    /// The archive, wrapped.
    pub(crate) blob: Blob,
    /// Its digests, compressed and not.
    pub(crate) layer: Layer,
}

/// Makes the layer of an image: `/ocipick/child` holds the text, and `/ocipick/say` prints it
/// where there is a program for the architecture.
pub(crate) fn image_layer(
    text: &[u8],
    machine: Option<elf::Machine>,
    compression: Compression,
) -> BuiltLayer {
    let program = machine.map(|machine| elf::program(machine, text));
    let archive = archive(text, program.as_deref())
        .expect("writing to memory does not fail, and the names are short");
    let diff_id = Digest::sha256(&archive);
    let blob = Blob::new(match compression {
        Compression::Gzip => gzip(&archive),
        Compression::Zstd => zstd(&archive),
        Compression::None => archive,
    });
    let layer = Layer {
        digest: blob.digest.clone(),
        diff_id,
    };
    BuiltLayer { blob, layer }
}

fn archive(text: &[u8], program: Option<&[u8]>) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    let mut add = |name: &str, mode: u32, kind: tar::EntryType, content: &[u8]| {
        let mut header = tar::Header::new_ustar();
        header.set_path(name)?;
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(content.len() as u64);
        header.set_entry_type(kind);
        header.set_cksum();
        archive.append(&header, content)
    };
    add("ocipick/", 0o755, tar::EntryType::Directory, &[])?;
    add("ocipick/child", 0o644, tar::EntryType::Regular, text)?;
    if let Some(program) = program {
        add("ocipick/say", 0o755, tar::EntryType::Regular, program)?;
    }
    archive.into_inner()
}

/// Wraps bytes as gzip without compressing them.
///
/// It is written out here because even an uncompressed stream can be cut into blocks in many
/// ways, and the digests of the corpus must not hang on how a compressor does it this year.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    const LARGEST_BLOCK: usize = 0xffff;
    // RFC 1952: magic, deflate, no flags, mtime 0, no extra flags, operating system unknown.
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut rest = bytes;
    loop {
        let (block, after) = rest.split_at(rest.len().min(LARGEST_BLOCK));
        // RFC 1951: one bit says whether this is the last block, two are 00 for a stored one,
        // then the length and its complement.
        out.push(u8::from(after.is_empty()));
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(block);
        if after.is_empty() {
            break;
        }
        rest = after;
    }
    let mut checksum = flate2::Crc::new();
    checksum.update(bytes);
    out.extend_from_slice(&checksum.sum().to_le_bytes());
    out.extend_from_slice(&checksum.amount().to_le_bytes());
    out
}

/// Wraps bytes as one zstd frame without compressing them, for the same reason.
fn zstd(bytes: &[u8]) -> Vec<u8> {
    // RFC 8878, 3.1.1.2.4: no block is larger than this, whatever the window.
    const LARGEST_BLOCK: usize = 128 << 10;
    const LAST: u32 = 1;
    // 3.1.1: magic; then 10 (the content size has four bytes), 1 (a single segment, so that no
    // window is named), and zeros (no checksum, no dictionary).
    let mut out = vec![0x28, 0xb5, 0x2f, 0xfd, 0b1010_0000];
    let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&size.to_le_bytes());
    let mut rest = bytes;
    loop {
        let (block, after) = rest.split_at(rest.len().min(LARGEST_BLOCK));
        // 3.1.1.2: one bit says whether this is the last block, two are 00 for a raw one, then
        // the length, in three bytes.
        let length = u32::try_from(block.len()).unwrap_or(u32::MAX);
        let header = length << 3 | if after.is_empty() { LAST } else { 0 };
        out.extend_from_slice(&header.to_le_bytes()[..3]);
        out.extend_from_slice(block);
        if after.is_empty() {
            return out;
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unpack::unpacked;
    use std::io::Read as _;

    fn gunzip(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        flate2::read::GzDecoder::new(bytes)
            .read_to_end(&mut out)
            .unwrap();
        out
    }

    #[test]
    fn gzip_is_read_back_at_every_length_that_matters() {
        for length in [0, 1, 0xfffe, 0xffff, 0x1_0000, 0x2_0005] {
            let bytes: Vec<u8> = (0..length).map(|n: u32| n.to_le_bytes()[0]).collect();
            assert_eq!(gunzip(&gzip(&bytes)), bytes, "{length}");
        }
    }

    #[test]
    fn zstd_is_read_back_at_every_length_that_matters() {
        for length in [0, 1, 255, 256, 0x1_ffff, 0x2_0000, 0x2_0001, 0x5_0005] {
            let bytes: Vec<u8> = (0..length).map(|n: u32| n.to_le_bytes()[0]).collect();
            let mut out = Vec::new();
            unpacked(&*zstd(&bytes))
                .unwrap()
                .read_to_end(&mut out)
                .unwrap();
            assert_eq!(out, bytes, "{length}");
        }
    }

    #[test]
    fn the_archive_is_the_same_however_it_is_wrapped() {
        let machine = Some(elf::Machine::Amd64);
        let built = |compression| image_layer(b"a/b c\n", machine, compression);
        let plain = built(Compression::None);
        assert_eq!(plain.layer.digest, plain.layer.diff_id);
        for compression in [Compression::Gzip, Compression::Zstd] {
            let wrapped = built(compression);
            assert_eq!(wrapped.layer.diff_id, plain.layer.diff_id);
            assert_ne!(wrapped.layer.digest, plain.layer.digest);
            let mut out = Vec::new();
            unpacked(&*wrapped.blob.bytes)
                .unwrap()
                .read_to_end(&mut out)
                .unwrap();
            assert_eq!(out, &*plain.blob.bytes);
        }
    }

    #[test]
    fn the_archive_is_plain_and_in_order() {
        let machine = Some(elf::Machine::Amd64);
        let built = image_layer(b"a/b c\n", machine, Compression::Gzip);
        let archive = gunzip(&built.blob.bytes);
        assert_eq!(built.layer.diff_id, Digest::sha256(&archive));
        let mut archive = tar::Archive::new(archive.as_slice());
        let found: Vec<_> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let mut entry = entry.unwrap();
                let mut content = Vec::new();
                entry.read_to_end(&mut content).unwrap();
                let header = entry.header();
                assert_eq!(
                    (
                        header.mtime().unwrap(),
                        header.uid().unwrap(),
                        header.gid().unwrap()
                    ),
                    (0, 0, 0)
                );
                (
                    String::from_utf8(entry.path_bytes().into_owned()).unwrap(),
                    header.mode().unwrap(),
                    content,
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                ("ocipick/".to_owned(), 0o755, vec![]),
                ("ocipick/child".to_owned(), 0o644, b"a/b c\n".to_vec()),
                (
                    "ocipick/say".to_owned(),
                    0o755,
                    elf::program(elf::Machine::Amd64, b"a/b c\n")
                ),
            ]
        );
    }

    #[test]
    fn an_architecture_without_a_program_has_the_text_alone() {
        let built = image_layer(
            b"a/b c\n",
            elf::Machine::named("riscv64"),
            Compression::Gzip,
        );
        let archive = gunzip(&built.blob.bytes);
        assert_eq!(
            tar::Archive::new(archive.as_slice())
                .entries()
                .unwrap()
                .count(),
            2
        );
    }
}
