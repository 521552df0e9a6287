//! Static executables, assembled by hand, that print a text and exit.
//!
//! A tool may be asked to run what it picked, and then the program must be there, for four
//! architectures, without a compiler and with the same bytes for ever. Each one is an ELF header,
//! two program headers, a dozen instructions (`write(1, text, length)`, then `exit(0)`) and the
//! text.

/// An architecture for which a program can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Machine {
    /// x86-64.
    Amd64,
    /// AArch64.
    Arm64,
    /// 32-bit ARM with the embedded ABI, in instructions that ARMv4 already has.
    Arm,
    /// 32-bit x86.
    I386,
}

impl Machine {
    /// The machine that an `architecture` means, in Go's spelling or in that of the kernel;
    /// letter case is no matter. Odd spellings are what cases are about, and their images
    /// should run all the same.
    pub(crate) fn named(architecture: &str) -> Option<Self> {
        match architecture.to_ascii_lowercase().as_str() {
            "amd64" | "x86_64" | "x86-64" => Some(Self::Amd64),
            "arm64" | "aarch64" => Some(Self::Arm64),
            "arm" | "armhf" | "armel" => Some(Self::Arm),
            "386" | "i386" | "i486" | "i586" | "i686" | "x86" => Some(Self::I386),
            _ => None,
        }
    }

    const fn is_64_bit(self) -> bool {
        match self {
            Self::Amd64 | Self::Arm64 => true,
            Self::Arm | Self::I386 => false,
        }
    }

    /// `e_machine`, of the ELF specification.
    const fn e_machine(self) -> u16 {
        match self {
            Self::I386 => 3,
            Self::Arm => 40,
            Self::Amd64 => 62,
            Self::Arm64 => 183,
        }
    }

    /// `e_flags`: ARM programs name the version of their ABI, five.
    const fn e_flags(self) -> u32 {
        match self {
            Self::Arm => 0x0500_0000,
            Self::Amd64 | Self::Arm64 | Self::I386 => 0,
        }
    }

    /// Where the file is loaded, as the linkers of each architecture do it.
    const fn base(self) -> u32 {
        match self {
            Self::Amd64 | Self::Arm64 => 0x0040_0000,
            Self::Arm => 0x0001_0000,
            Self::I386 => 0x0804_8000,
        }
    }

    /// The largest page that a kernel of this architecture may use.
    const fn page(self) -> u32 {
        match self {
            Self::Amd64 | Self::I386 => 0x1000,
            Self::Arm | Self::Arm64 => 0x1_0000,
        }
    }

    const fn headers(self) -> u32 {
        if self.is_64_bit() {
            64 + 2 * 56
        } else {
            52 + 2 * 32
        }
    }

    /// The instructions, for a text of `length` bytes that follows them at once.
    fn code(self, length: u32) -> Vec<u8> {
        match self {
            Self::Amd64 => amd64(length),
            Self::Arm64 => arm64(length),
            Self::Arm => arm(length),
            Self::I386 => {
                // The text has an absolute address, so the length of the code has to be known.
                let size = size(&i386(0, length));
                i386(self.base() + self.headers() + size, length)
            }
        }
    }
}

/// Makes an executable that prints `text` to standard output and exits with 0.
pub(crate) fn program(machine: Machine, text: &[u8]) -> Vec<u8> {
    let code = machine.code(size(text));
    let total = machine.headers() + size(&code) + size(text);
    let mut file = headers(machine, total);
    file.extend_from_slice(&code);
    file.extend_from_slice(text);
    file
}

/// Markers and code are a few hundred bytes, so that lengths always fit; a longer text
/// would be cut short rather than wrapped round.
fn size(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

/// The ELF header and two program headers: one loads the file as it stands, readable and
/// executable; the other keeps the stack from being executable.
fn headers(machine: Machine, total: u32) -> Vec<u8> {
    const LOAD: u32 = 1;
    const GNU_STACK: u32 = 0x6474_e551;
    const READ_EXECUTE: u32 = 5;
    const READ_WRITE: u32 = 6;
    let wide = machine.is_64_bit();
    let mut out = Fields {
        bytes: Vec::new(),
        wide,
    };
    out.bytes.extend_from_slice(b"\x7fELF");
    // Class, little-endian, version 1, System V ABI, and padding.
    out.bytes
        .extend_from_slice(&[if wide { 2 } else { 1 }, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    out.half(2); // e_type: executable
    out.half(machine.e_machine());
    out.word(1); // e_version
    out.address(machine.base() + machine.headers()); // e_entry
    out.address(if wide { 64 } else { 52 }); // e_phoff
    out.address(0); // e_shoff
    out.word(machine.e_flags());
    out.half(if wide { 64 } else { 52 }); // e_ehsize
    out.half(if wide { 56 } else { 32 }); // e_phentsize
    out.half(2); // e_phnum
    out.half(if wide { 64 } else { 40 }); // e_shentsize
    out.half(0); // e_shnum
    out.half(0); // e_shstrndx
    out.program_header(LOAD, READ_EXECUTE, machine.base(), total, machine.page());
    out.program_header(GNU_STACK, READ_WRITE, 0, 0, 16);
    out.bytes
}

/// Little-endian fields, with addresses as wide as the class of the file.
struct Fields {
    bytes: Vec<u8>,
    wide: bool,
}

impl Fields {
    fn half(&mut self, value: u16) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    fn word(&mut self, value: u32) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    fn address(&mut self, value: u32) {
        if self.wide {
            self.bytes
                .extend_from_slice(&u64::from(value).to_le_bytes());
        } else {
            self.word(value);
        }
    }

    /// `p_flags` comes second in 64-bit files and second to last in 32-bit ones.
    fn program_header(&mut self, kind: u32, flags: u32, address: u32, length: u32, align: u32) {
        self.word(kind);
        if self.wide {
            self.word(flags);
        }
        self.address(0); // p_offset
        self.address(address); // p_vaddr
        self.address(address); // p_paddr
        self.address(length); // p_filesz
        self.address(length); // p_memsz
        if !self.wide {
            self.word(flags);
        }
        self.address(align);
    }
}

/// System calls by number in `rax`: write is 1, exit is 60. Intel SDM, volume 2.
fn amd64(length: u32) -> Vec<u8> {
    let mut code = vec![
        0xb8, 1, 0, 0, 0, // mov eax, 1        B8+rd id
        0xbf, 1, 0, 0, 0, // mov edi, 1        B8+rd id
        0x48, 0x8d, 0x35, 16, 0, 0, 0,    // lea rsi, [rip+16]  REX.W 8D /r, mod 00 rm 101
        0xba, // mov edx, length               B8+rd id
    ];
    code.extend_from_slice(&length.to_le_bytes());
    code.extend_from_slice(&[
        0x0f, 0x05, // syscall                 0F 05
        0xb8, 60, 0, 0, 0, // mov eax, 60
        0x31, 0xff, // xor edi, edi            31 /r
        0x0f, 0x05, // syscall
    ]);
    code
}

/// System calls by number in `eax`: write is 4, exit is 1. Intel SDM, volume 2.
fn i386(text: u32, length: u32) -> Vec<u8> {
    let mut code = vec![
        0xb8, 4, 0, 0, 0, // mov eax, 4        B8+rd id
        0xbb, 1, 0, 0, 0,    // mov ebx, 1        B8+rd id
        0xb9, // mov ecx, text                 B8+rd id
    ];
    code.extend_from_slice(&text.to_le_bytes());
    code.push(0xba); // mov edx, length         B8+rd id
    code.extend_from_slice(&length.to_le_bytes());
    code.extend_from_slice(&[
        0xcd, 0x80, // int 0x80                CD ib
        0xb8, 1, 0, 0, 0, // mov eax, 1
        0x31, 0xdb, // xor ebx, ebx            31 /r
        0xcd, 0x80, // int 0x80
    ]);
    code
}

/// System calls by number in `x8`: write is 64, exit is 93. Arm ARM, section C6.2.
fn arm64(length: u32) -> Vec<u8> {
    // MOVZ Xd, #imm16 is D2800000 | imm16 << 5 | Rd.
    let movz = |register: u32, value: u32| 0xd280_0000 | (value & 0xffff) << 5 | register;
    const SVC: u32 = 0xd400_0001; // SVC #0
    words(&[
        movz(8, 64),
        movz(0, 1),
        // ADR Xd, label is 10000000 | immlo << 29 | immhi << 5 | Rd, relative to itself:
        // the text begins six instructions further on.
        0x1000_0000 | ((6 * 4) >> 2) << 5 | 1,
        movz(2, length),
        SVC,
        movz(8, 93),
        movz(0, 0),
        SVC,
    ])
}

/// System calls by number in `r7`: write is 4, exit is 1. Arm ARM, section A8.8 (encodings A1).
fn arm(length: u32) -> Vec<u8> {
    // MOV Rd, #imm8 is E3A00000 | Rd << 12 | imm8.
    let mov = |register: u32, value: u32| 0xe3a0_0000 | register << 12 | value;
    const SVC: u32 = 0xef00_0000; // SVC #0
    words(&[
        mov(7, 4),
        mov(0, 1),
        // ADD Rd, PC, #imm8 is E28F0000 | Rd << 12 | imm8; PC is two instructions ahead.
        0xe28f_0000 | 1 << 12 | ((9 - 2 - 2) * 4),
        // LDR Rt, [PC, #imm12] is E59F0000 | Rt << 12 | imm12: the word after the last
        // instruction, because a length need not fit an immediate value.
        0xe59f_0000 | 2 << 12 | ((8 - 3 - 2) * 4),
        SVC,
        mov(7, 1),
        mov(0, 0),
        SVC,
        length,
    ])
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        fs,
        io::Write as _,
        os::unix::fs::OpenOptionsExt as _,
        process::{Output, Stdio},
    };

    const TEXT: &[u8] = b"duplicates/two-entries first\n";

    fn number(file: &[u8], at: usize, width: usize) -> u64 {
        let mut bytes = [0; 8];
        bytes[..width].copy_from_slice(&file[at..at + width]);
        u64::from_le_bytes(bytes)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the corpus knows no adapters, and this runs its own program for a moment"
    )]
    fn run(file: &[u8]) -> std::io::Result<Output> {
        let root = tempfile::tempdir()?;
        let path = root.path().join("say");
        fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o755)
            .open(&path)?
            .write_all(file)?;
        std::process::Command::new(&path)
            .stdin(Stdio::null())
            .output()
    }

    #[test]
    fn headers_say_what_the_file_is() {
        for (machine, e_machine, wide) in [
            (Machine::Amd64, 62, true),
            (Machine::Arm64, 183, true),
            (Machine::Arm, 40, false),
            (Machine::I386, 3, false),
        ] {
            let file = program(machine, TEXT);
            assert!(file.len() < 400, "{machine:?}: {} bytes", file.len());
            assert_eq!(&file[..4], b"\x7fELF");
            assert_eq!(file[4], if wide { 2 } else { 1 });
            assert_eq!(number(&file, 18, 2), e_machine);
            let width = if wide { 8 } else { 4 };
            let entry = number(&file, 24, width);
            let header = usize::try_from(number(&file, 24 + width, width)).unwrap();
            assert_eq!(number(&file, header, 4), 1, "the first segment is loaded");
            let (flags, address, length) = if wide {
                (header + 4, header + 16, header + 32)
            } else {
                (header + 24, header + 8, header + 16)
            };
            assert_eq!(number(&file, flags, 4), 5);
            let (address, length) = (number(&file, address, width), number(&file, length, width));
            assert_eq!(length, file.len() as u64);
            assert!((address..address + length).contains(&entry));
            assert_eq!(
                address % number(&file, header + if wide { 48 } else { 28 }, width),
                0
            );
            assert!(file.ends_with(TEXT));
        }
    }

    #[test]
    fn arm64_instructions_are_the_documented_words() {
        assert_eq!(
            arm64(29),
            words(&[
                0xd280_0808, // mov x8, #64
                0xd280_0020, // mov x0, #1
                0x1000_00c1, // adr x1, .+24
                0xd280_03a2, // mov x2, #29
                0xd400_0001, // svc #0
                0xd280_0ba8, // mov x8, #93
                0xd280_0000, // mov x0, #0
                0xd400_0001, // svc #0
            ])
        );
    }

    #[test]
    fn arm_instructions_are_the_documented_words() {
        assert_eq!(
            arm(29),
            words(&[
                0xe3a0_7004, // mov r7, #4
                0xe3a0_0001, // mov r0, #1
                0xe28f_1014, // add r1, pc, #20
                0xe59f_200c, // ldr r2, [pc, #12]
                0xef00_0000, // svc #0
                0xe3a0_7001, // mov r7, #1
                0xe3a0_0000, // mov r0, #0
                0xef00_0000, // svc #0
                29,
            ])
        );
    }

    #[test]
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    fn the_program_of_this_machine_prints_its_text() {
        let output = run(&program(Machine::Amd64, TEXT)).unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(output.stdout, TEXT);
    }

    #[test]
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    fn the_32_bit_program_prints_its_text_where_the_kernel_runs_it() {
        const ENOEXEC: i32 = 8;
        match run(&program(Machine::I386, TEXT)) {
            Ok(output) => {
                assert!(output.status.success(), "{output:?}");
                assert_eq!(output.stdout, TEXT);
            }
            Err(error) => assert_eq!(error.raw_os_error(), Some(ENOEXEC), "{error}"),
        }
    }
}
