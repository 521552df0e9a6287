//! What to run, and what came of it.

use super::Isolation;
use ocipick_records::Exit;
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};

/// A command to run once, to its end or its deadline.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// Program, as an absolute path inside the isolation.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its whole environment; nothing is inherited.
    pub env: BTreeMap<String, String>,
    /// What it can see of the machine.
    pub isolation: Isolation,
    /// After this long its process tree is ended.
    pub deadline: Duration,
    /// Its standard output and error go to files of this stem with `.stdout` and `.stderr`.
    pub output: PathBuf,
    /// A file that only the command's own namespace shows, such as one below a mount that it
    /// makes; its first 64 KiB are copied for [`Ran::revealed`] when the command succeeds.
    pub reveal: Option<Reveal>,
}

/// A file below a directory. What is in that directory may be data of strangers: nothing is shown
/// but a regular file, and no part of its path below the directory may be a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reveal {
    /// The directory.
    pub root: PathBuf,
    /// The path below it.
    pub file: String,
}

impl Invocation {
    /// The command line as a person would type it in a shell. Environment variables are left
    /// out but for `shown`, because most of them only keep the tool away from the machine's
    /// own settings.
    #[must_use]
    pub fn line(&self, shown: &[&str]) -> String {
        let mut line = String::new();
        for name in shown {
            if let Some(value) = self.env.get(*name) {
                let _ = write!(line, "{name}={} ", quote(value));
            }
        }
        if let Some(root) = self.isolation.root() {
            let _ = write!(line, "chroot {} ", quote(&root.to_string_lossy()));
        }
        line.push_str(&quote(&self.program.to_string_lossy()));
        for arg in &self.args {
            line.push(' ');
            line.push_str(&quote(arg));
        }
        line
    }
}

/// A command that ended.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The command line, for a shell.
    pub line: String,
    /// How it ended.
    pub exit: Exit,
    /// How long it took.
    pub duration: Duration,
    /// Processes that outlived it and had to be ended.
    pub survivors: usize,
    /// It failed, and the disk that its output goes to was full then. So its words may be lost.
    pub disk_full: bool,
    /// It was killed or stopped from outside, in these words, which says nothing about it.
    pub outside: Option<String>,
    output: PathBuf,
}

/// Output beyond this is not kept: no tool has that much to say, and a tool that prints garbage
/// must fill neither the memory nor the disk.
pub(super) const READ_LIMIT: u64 = 4 << 20;

impl Ran {
    /// A command whose output lies in files of the stem `output`. Only [`run`](super::run)
    /// makes one of a real process; this is for whoever judges what was recorded.
    #[must_use]
    pub fn recorded(
        line: String,
        exit: Exit,
        duration: Duration,
        survivors: usize,
        output: &Path,
    ) -> Self {
        Self {
            line,
            exit,
            duration,
            survivors,
            disk_full: false,
            outside: None,
            output: output.to_owned(),
        }
    }

    /// What it wrote to standard output, at most 4 MiB, with invalid UTF-8 replaced.
    #[must_use]
    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.stdout_bytes()).into_owned()
    }

    /// What it wrote to standard output, at most 4 MiB.
    #[must_use]
    pub fn stdout_bytes(&self) -> Vec<u8> {
        read_limited(&self.stdout_path())
    }

    /// The file that holds its standard output.
    #[must_use]
    pub fn stdout_path(&self) -> PathBuf {
        stream_path(&self.output, "stdout")
    }

    /// The file asked for with [`Invocation::reveal`]; `None` where it was not there.
    #[must_use]
    pub fn revealed(&self) -> Option<Vec<u8>> {
        let path = stream_path(&self.output, "revealed");
        path.exists().then(|| read_limited(&path))
    }

    /// What it wrote to standard error, at most 4 MiB, with invalid UTF-8 replaced.
    #[must_use]
    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&read_limited(&stream_path(&self.output, "stderr"))).into_owned()
    }

    /// The last words of the command, for a message: the end of standard error, or of
    /// standard output where there is no error.
    #[must_use]
    pub fn last_words(&self) -> String {
        let stderr = self.stderr();
        let said = if stderr.trim().is_empty() {
            self.stdout()
        } else {
            stderr
        };
        tail(&said, 10)
    }
}

/// The last `lines` lines of a text, without trailing blanks.
pub(crate) fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..]
        .join("\n")
        .trim_end()
        .to_owned()
}

pub(crate) fn stream_path(stem: &Path, stream: &str) -> PathBuf {
    let mut name = stem.as_os_str().to_owned();
    name.push(".");
    name.push(stream);
    name.into()
}

/// Writes what a command would have printed.
pub(crate) fn write_streams(stem: &Path, stdout: &str, stderr: &str) -> std::io::Result<()> {
    std::fs::write(stream_path(stem, "stdout"), stdout)?;
    std::fs::write(stream_path(stem, "stderr"), stderr)
}

pub(crate) fn read_limited(path: &Path) -> Vec<u8> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    if let Ok(file) = std::fs::File::open(path) {
        // A stream that cannot be read back counts as empty: the exit status is what decides,
        // and what is missing shows as missing evidence.
        let _ = file.take(READ_LIMIT).read_to_end(&mut bytes);
    }
    bytes
}

/// Words as a person would type them in a shell.
pub(crate) fn quoted<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.map(quote).collect::<Vec<_>>().join(" ")
}

fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(quote("docker"), "docker");
        assert_eq!(quote("a b"), "'a b'");
        assert_eq!(quote("it's"), r"'it'\''s'");
        assert_eq!(quote(""), "''");
    }

    #[test]
    fn tail_keeps_the_end() {
        assert_eq!(tail("a\nb\nc\n\n", 2), "c");
        assert_eq!(tail("a", 5), "a");
    }
}
