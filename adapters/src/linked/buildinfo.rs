//! The build information in Go binaries: the compiler, and every module that was linked.
//!
//! Read as a foreign file: regular files only, in bounds, and whatever is not as expected is nothing.

use object::{Object as _, ObjectSection as _, ObjectSegment as _, ReadCache, ReadRef};
use std::{collections::BTreeMap, fs::File, path::Path};

/// The most that is read of one text. The longest one known is a tenth of it.
const MOST: u64 = 1 << 20;
/// How the information begins.
const MAGIC: &[u8] = b"\xff Go buildinf:";
/// What stands around the list of modules.
const SENTINEL: usize = 16;

/// What a binary says of its making.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct BuildInfo {
    /// Version of the compiler, as in `1.22.8`.
    pub(crate) go: String,
    /// The module that the program is of, and its version.
    pub(crate) main: Option<(String, String)>,
    /// Every other module, and its version.
    pub(crate) modules: BTreeMap<String, String>,
}

impl BuildInfo {
    /// What a file says; nothing where it is no Go binary that says anything.
    pub(crate) fn read(path: &Path) -> Option<Self> {
        // Whoever opens a pipe waits.
        if !path.metadata().ok()?.is_file() {
            return None;
        }
        let cache = ReadCache::new(File::open(path).ok()?);
        of_program(&cache)
    }

    /// The version of the program's own module, where that is one: what is built in a checkout
    /// has none.
    pub(crate) fn main_version(&self) -> Option<&str> {
        let (_, version) = self.main.as_ref()?;
        version.starts_with('v').then_some(version)
    }
}

fn of_program<'d, R: ReadRef<'d>>(data: R) -> Option<BuildInfo> {
    let file = object::File::parse(data).ok()?;
    let section = file.section_by_name(".go.buildinfo")?;
    let (offset, size) = section.file_range()?;
    let head = data.read_bytes_at(offset, size.min(MOST)).ok()?;
    if !head.starts_with(MAGIC) {
        return None;
    }
    let flags = *head.get(15)?;
    let (go, modules) = if flags & 2 != 0 {
        let (go, rest) = short_text(head.get(32..)?)?;
        (go, short_text(rest)?.0)
    } else {
        // Before 1.18: where the texts are, as the running program sees them.
        let reader = Reader {
            data,
            file: &file,
            width: usize::from(*head.get(14)?),
            big: flags & 1 != 0,
        };
        let at = |installation: usize| {
            reader.number(head.get(installation..installation.checked_add(reader.width)?)?)
        };
        (
            reader.text(at(16)?)?,
            reader.text(at(16 + reader.width)?).unwrap_or_default(),
        )
    };
    let go = String::from_utf8_lossy(go);
    let go = go.strip_prefix("go")?.split_whitespace().next()?.to_owned();
    let mut info = BuildInfo {
        go,
        ..BuildInfo::default()
    };
    if let Some(lines) = without_sentinels(modules) {
        info.read_modules(&String::from_utf8_lossy(lines));
    }
    Some(info)
}

/// A text after its length, and what follows it.
fn short_text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut length: usize = 0;
    for (at, byte) in bytes.iter().enumerate().take(5) {
        length |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            let rest = bytes.get(at + 1..)?;
            return Some((rest.get(..length)?, rest.get(length..)?));
        }
    }
    None
}

struct Reader<'f, 'd, R: ReadRef<'d>> {
    data: R,
    file: &'f object::File<'d, R>,
    width: usize,
    big: bool,
}

impl<'d, R: ReadRef<'d>> Reader<'_, 'd, R> {
    fn number(&self, bytes: &[u8]) -> Option<u64> {
        let number = match (bytes.len(), self.big) {
            (4, false) => u64::from(u32::from_le_bytes(bytes.try_into().ok()?)),
            (4, true) => u64::from(u32::from_be_bytes(bytes.try_into().ok()?)),
            (8, false) => u64::from_le_bytes(bytes.try_into().ok()?),
            (8, true) => u64::from_be_bytes(bytes.try_into().ok()?),
            _ => return None,
        };
        Some(number)
    }

    /// The text that a string of Go, at this address, points to.
    fn text(&self, address: u64) -> Option<&'d [u8]> {
        let width = u64::try_from(self.width).ok()?;
        let head = self.bytes(address, width.checked_mul(2)?)?;
        let (at, length) = head.split_at_checked(self.width)?;
        let length = self.number(length)?;
        if length > MOST {
            return None;
        }
        self.bytes(self.number(at)?, length)
    }

    fn bytes(&self, address: u64, length: u64) -> Option<&'d [u8]> {
        let installation = self.file.segments().find_map(|segment| {
            let (offset, size) = segment.file_range();
            let inside = address.checked_sub(segment.address())?;
            (inside.checked_add(length)? <= size).then_some(offset.checked_add(inside)?)
        });
        self.data.read_bytes_at(installation?, length).ok()
    }
}

fn without_sentinels(text: &[u8]) -> Option<&[u8]> {
    let end = text.len().checked_sub(SENTINEL)?;
    let inner = text.get(SENTINEL..end)?;
    inner.ends_with(b"\n").then_some(inner)
}

impl BuildInfo {
    fn read_modules(&mut self, lines: &str) {
        let mut last = None;
        for line in lines.lines() {
            let mut parts = line.split('\t');
            let (Some(kind), Some(path)) = (parts.next(), parts.next()) else {
                continue;
            };
            let version = parts.next().unwrap_or_default().to_owned();
            match kind {
                "mod" => self.main = Some((path.to_owned(), version)),
                "dep" => {
                    self.modules.insert(path.to_owned(), version);
                    last = Some(path.to_owned());
                }
                // What took the place of the one before it.
                "=>" => {
                    if let Some(replaced) = last.take() {
                        self.modules.insert(replaced, version);
                    }
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use object::write;

    /// What Go writes of a program with these modules.
    pub(crate) fn modules(lines: &[&str]) -> String {
        let mut text = lines.join("\n");
        text.push('\n');
        format!("{}{text}{}", "0".repeat(SENTINEL), "f".repeat(SENTINEL))
    }

    fn length(text: &str) -> Vec<u8> {
        let mut rest = text.len();
        let mut bytes = Vec::new();
        while rest >= 0x80 {
            bytes.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
            rest >>= 7;
        }
        bytes.push(u8::try_from(rest).unwrap());
        bytes
    }

    fn elf(section: &[u8]) -> Vec<u8> {
        let mut object = write::Object::new(
            object::BinaryFormat::Elf,
            object::Architecture::X86_64,
            object::Endianness::Little,
        );
        let id = object.add_section(
            Vec::new(),
            b".go.buildinfo".to_vec(),
            object::SectionKind::Data,
        );
        object.append_section_data(id, section, 16);
        object.write().unwrap()
    }

    /// A program that says this of its making, as Go writes it since 1.18.
    pub(crate) fn program(go: &str, modules: &str) -> Vec<u8> {
        let mut section = MAGIC.to_vec();
        section.extend([8, 2]);
        section.resize(32, 0);
        for text in [go, modules] {
            section.extend(length(text));
            section.extend(text.as_bytes());
        }
        elf(&section)
    }

    #[test]
    fn modules_are_read_with_what_replaced_them() {
        let text = modules(&[
            "path\tgithub.com/google/go-containerregistry/cmd/crane",
            "mod\tgithub.com/google/go-containerregistry\tv0.22.1\th1:x",
            "dep\tgithub.com/containerd/platforms\tv1.0.0-rc.1\th1:x",
            "=>\tgithub.com/somebody/platforms\tv1.0.0-rc.4\th1:x",
            "dep\tgithub.com/a/b\tv0.1.0\th1:x",
            "build\t-tags=x",
        ]);
        let program = program("go1.27.1 X:nocoverageredesign", &text);
        let info = of_program(program.as_slice()).unwrap();
        assert_eq!(info.go, "1.27.1");
        assert_eq!(info.main_version(), Some("v0.22.1"));
        assert_eq!(
            info.modules,
            [
                ("github.com/a/b".to_owned(), "v0.1.0".to_owned()),
                (
                    "github.com/containerd/platforms".to_owned(),
                    "v1.0.0-rc.4".to_owned()
                ),
            ]
            .into()
        );
    }

    #[test]
    fn a_program_without_modules_still_names_its_compiler() {
        let info = of_program(program("go1.24.4", "").as_slice()).unwrap();
        assert_eq!((info.go.as_str(), info.main_version()), ("1.24.4", None));
        let devel = modules(&["mod\texample.org/a\t(devel)\t"]);
        let info = of_program(program("go1.24.4", &devel).as_slice()).unwrap();
        assert_eq!(info.main_version(), None);
    }

    /// A program of before 1.18: the texts lie elsewhere, and pointers lead there. The segment is
    /// the whole file, at address 0x1000.
    fn old_program(go: &str, modules: &str, far: bool) -> Vec<u8> {
        const BASE: u64 = 0x1000;
        let mut bytes = vec![0; 64 + 56];
        let section_at = bytes.len();
        let texts = section_at + 64;
        let go_at = texts;
        let modules_at = texts + go.len();
        let strings = [(go_at, go), (modules_at, modules)];
        let mut section = MAGIC.to_vec();
        section.extend([8, 0]);
        for number in 0..2 {
            let at = BASE + (section_at + 32 + number * 16) as u64;
            section.extend((if far { at << 40 } else { at }).to_le_bytes());
        }
        for (at, text) in strings {
            section.extend((BASE + at as u64).to_le_bytes());
            section.extend((text.len() as u64).to_le_bytes());
        }
        bytes.extend(&section);
        bytes.extend(go.as_bytes());
        bytes.extend(modules.as_bytes());
        let names_at = bytes.len();
        let names = b"\0.go.buildinfo\0.shstrtab\0";
        bytes.extend(names);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        let headers_at = bytes.len();
        let size = bytes.len() as u64;
        bytes.extend([0; 64]);
        let header = |name: u32, kind: u32, address: u64, at: usize, size: usize| {
            let mut header = Vec::new();
            header.extend(name.to_le_bytes());
            header.extend(kind.to_le_bytes());
            header.extend(3u64.to_le_bytes());
            for number in [address, at as u64, size as u64, 0, 1, 0] {
                header.extend(number.to_le_bytes());
            }
            header
        };
        bytes.extend(header(
            1,
            1,
            BASE + section_at as u64,
            section_at,
            section.len(),
        ));
        bytes.extend(header(15, 3, 0, names_at, names.len()));
        let mut head = b"\x7fELF\x02\x01\x01".to_vec();
        head.resize(16, 0);
        for number in [2u16, 62] {
            head.extend(number.to_le_bytes());
        }
        head.extend(1u32.to_le_bytes());
        for number in [0, 64, headers_at as u64] {
            head.extend(number.to_le_bytes());
        }
        head.extend(0u32.to_le_bytes());
        for number in [64u16, 56, 1, 64, 3, 2] {
            head.extend(number.to_le_bytes());
        }
        head.extend(1u32.to_le_bytes());
        head.extend(7u32.to_le_bytes());
        for number in [0, BASE, BASE, size, size, 0x1000] {
            head.extend(number.to_le_bytes());
        }
        bytes[..head.len()].copy_from_slice(&head);
        bytes
    }

    #[test]
    fn programs_of_old_compilers_are_read_through_their_pointers() {
        let text = modules(&["mod\tgithub.com/containers/skopeo\tv1.2.2\th1:x"]);
        let info = of_program(old_program("go1.15.9", &text, false).as_slice()).unwrap();
        assert_eq!(
            (info.go.as_str(), info.main_version()),
            ("1.15.9", Some("v1.2.2"))
        );
    }

    #[test]
    fn what_is_broken_or_hostile_says_nothing() {
        let good = program("go1.27.1", &modules(&["mod\ta\tv1\t"]));
        for end in 0..good.len() {
            let _ = of_program(&good[..end]);
        }
        assert_eq!(of_program(&b"#!/bin/sh\necho crane version 1\n"[..]), None);
        assert_eq!(
            of_program(old_program("go1.15.9", "", true).as_slice()),
            None
        );
        let mut endless = MAGIC.to_vec();
        endless.extend([8, 2]);
        endless.resize(32, 0);
        endless.extend([0xff; 16]);
        assert_eq!(of_program(elf(&endless).as_slice()), None);
        assert_eq!(BuildInfo::read(Path::new("/dev/zero")), None);
        assert_eq!(BuildInfo::read(Path::new("/nonexistent")), None);
    }
}
