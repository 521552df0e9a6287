//! The list of a channel's files, with which it can be told later that they are as they were.

use crate::process::Cancel;
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs::File,
    io::{self, Read as _},
    os::unix::fs::MetadataExt as _,
    path::Path,
};
use walkdir::WalkDir;

/// Every regular file below a directory, with its sha256.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PackageFiles {
    sums: BTreeMap<String, String>,
    /// How many bytes of disk everything takes.
    pub(super) bytes: u64,
}

/// How files differ from a list of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileDifference {
    /// Files that have another content.
    pub changed: Vec<String>,
    /// Files that are gone.
    pub gone: Vec<String>,
    /// Files that the list does not have. Tools make some where they run.
    pub added: Vec<String>,
}

impl FileDifference {
    /// Whether every file of the list is there and as it was.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.changed.is_empty() && self.gone.is_empty()
    }
}

impl PackageFiles {
    /// Reads every file below `root`.
    ///
    /// # Errors
    /// When something cannot be read, or the user wants to end.
    pub(super) fn below(root: &Path, cancel: &Cancel) -> io::Result<Self> {
        let mut files = Self::default();
        let mut linked = BTreeSet::new();
        for entry in WalkDir::new(root).same_file_system(true) {
            if cancel.is_raised() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let entry = entry.map_err(io::Error::from)?;
            let metadata = entry.metadata().map_err(io::Error::from)?;
            if metadata.nlink() < 2 || metadata.is_dir() || linked.insert(metadata.ino()) {
                // The unit of this number is 512 bytes, whatever the file system's is.
                files.bytes += metadata.blocks() * 512;
            }
            if metadata.is_file() {
                let path = entry.path().strip_prefix(root).unwrap_or(entry.path());
                let path = path.to_string_lossy().into_owned();
                files.sums.insert(path, sum(entry.path())?);
            }
        }
        Ok(files)
    }

    /// The list as `sha256sum --check` reads it, from inside the directory.
    pub(super) fn to_text(&self) -> String {
        let mut text = String::new();
        for (path, sum) in &self.sums {
            let _ = writeln!(text, "{sum}  {path}");
        }
        text
    }

    /// Reads back what [`PackageFiles::to_text`] wrote; nothing is known of the disk then.
    pub(super) fn from_text(text: &str) -> Self {
        let sums = text.lines().filter_map(|line| {
            let (sum, path) = line.split_once("  ")?;
            Some((path.to_owned(), sum.to_owned()))
        });
        Self {
            sums: sums.collect(),
            bytes: 0,
        }
    }

    /// How many files there are.
    pub(super) fn len(&self) -> usize {
        self.sums.len()
    }

    /// What is different in `now`.
    pub(super) fn difference(&self, now: &Self) -> FileDifference {
        let mut difference = FileDifference::default();
        for (path, sum) in &self.sums {
            match now.sums.get(path) {
                Some(now) if now == sum => {}
                Some(_) => difference.changed.push(path.clone()),
                None => difference.gone.push(path.clone()),
            }
        }
        let added = now
            .sums
            .keys()
            .filter(|path| !self.sums.contains_key(*path));
        difference.added = added.cloned().collect();
        difference
    }
}

/// sha256 of a text.
pub(super) fn sum_of(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// The sha256 of a file, as `sha256sum` writes it.
pub(crate) fn sum(path: &Path) -> io::Result<String> {
    let at =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    sum_of_file(File::open(path).map_err(at)?).map_err(at)
}

/// The sha256 of what is left of an open file.
pub(crate) fn sum_of_file(mut file: File) -> io::Result<String> {
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&digest.finalize())),
            read => digest.update(&buffer[..read]),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn differences_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
        let look = || PackageFiles::below(dir.path(), &Cancel::default()).unwrap();
        fs::create_dir(dir.path().join("bin")).unwrap();
        write("bin/a", "a");
        write("b", "b");
        write("c", "c");
        std::os::unix::fs::symlink("/nonexistent", dir.path().join("link")).unwrap();
        let before = PackageFiles::from_text(&look().to_text());
        assert_eq!(before.len(), 3);
        assert_eq!(before.difference(&look()), FileDifference::default());
        write("bin/a", "A");
        fs::remove_file(dir.path().join("b")).unwrap();
        write("d", "d");
        let difference = before.difference(&look());
        assert!(!difference.is_whole());
        assert_eq!(
            (difference.changed, difference.gone, difference.added),
            (
                vec!["bin/a".to_owned()],
                vec!["b".to_owned()],
                vec!["d".to_owned()]
            )
        );
    }

    #[test]
    fn the_list_is_that_of_sha256sum() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("empty"), "").unwrap();
        let text = PackageFiles::below(dir.path(), &Cancel::default())
            .unwrap()
            .to_text();
        assert_eq!(
            text,
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  empty\n"
        );
    }

    #[test]
    fn the_disk_is_counted_once() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, vec![1; 1 << 20]).unwrap();
        let once = PackageFiles::below(dir.path(), &Cancel::default())
            .unwrap()
            .bytes;
        fs::hard_link(&file, dir.path().join("again")).unwrap();
        let twice = PackageFiles::below(dir.path(), &Cancel::default())
            .unwrap()
            .bytes;
        assert!(once >= 1 << 20);
        assert!(twice - once < 1 << 16, "{once} and {twice}");
    }
}
