//! Whether a disk is full. Where there is none, a tool cannot even say so: its words go to
//! files on the same disk.

use nix::sys::statvfs::statvfs;
use ocipick_records::Exit;
use std::path::Path;

/// With less than this free, somebody who wanted to write more has met the end of the disk.
const LEAST: u64 = 256 << 10;

/// What is said where the disk was full.
pub(crate) const DISK_FULL: &str =
    "the disk with the private directories is full (hint: TMPDIR chooses another place)";

/// Whether the disk that `file` lies on, or is to lie on, is full.
pub(super) fn is_full(file: &Path) -> bool {
    has_less_than(file.parent().unwrap_or(file), LEAST)
}

/// Whether something failed whose output goes to files of this stem, on a disk that is full now. To be asked at
/// once, before anybody clears away what fills it.
pub(crate) fn failed_on_full_disk(exit: Exit, output: &Path) -> bool {
    !exit.is_success() && is_full(output)
}

/// Whether fewer bytes than `least`, or no more files, can be written into a directory.
pub(crate) fn has_less_than(dir: &Path, least: u64) -> bool {
    statvfs(dir).is_ok_and(|disk| {
        // Root may use what is kept for it.
        let blocks = if nix::unistd::geteuid().is_root() {
            disk.blocks_free()
        } else {
            disk.blocks_available()
        };
        let has_inodes = disk.files() == 0 || disk.files_free() > 0;
        blocks.saturating_mul(disk.fragment_size()) < least || !has_inodes
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_is_written_to_is_not_full() {
        let dir = tempfile::tempdir().unwrap();
        assert!(!is_full(&dir.path().join("file")));
        assert!(!is_full(Path::new("/nonexistent/file")));
        assert!(has_less_than(dir.path(), u64::MAX));
    }
}
