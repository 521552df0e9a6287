//! The one layer of an image child: a tar archive, gzipped, with the same bytes for ever.

use crate::{Blob, Digest, Layer, elf};
use std::io;

/// A layer as stored, with the digests that name it.
pub(crate) struct BuiltLayer {
    /// The gzipped archive.
    pub(crate) blob: Blob,
    /// Its digests, compressed and not.
    pub(crate) layer: Layer,
}

/// Makes the layer of an image: `/ocipick/child` holds the text, and `/ocipick/say` prints it
/// where there is a program for the architecture.
pub(crate) fn image_layer(text: &[u8], machine: Option<elf::Machine>) -> BuiltLayer {
    let program = machine.map(|machine| elf::program(machine, text));
    let archive = archive(text, program.as_deref())
        .expect("writing to memory does not fail, and the names are short");
    let blob = Blob::new(gzip(&archive));
    let layer = Layer {
        digest: blob.digest.clone(),
        diff_id: Digest::sha256(&archive),
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

#[cfg(test)]
mod tests {
    use super::*;
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
    fn the_archive_is_plain_and_in_order() {
        let built = image_layer(b"a/b c\n", Some(elf::Machine::Amd64));
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
        let built = image_layer(b"a/b c\n", elf::Machine::named("riscv64"));
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
