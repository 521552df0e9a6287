//! Where the programs of the system lie: those that wrap tools, and those that provision them.

use std::path::{Path, PathBuf};

/// The folders of the system's programs, as in the variable PATH. Children get this one, since
/// nothing of the user's own environment is theirs.
pub const SYSTEM_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A program of the system; an absolute path only has to be there.
#[must_use]
pub fn find_on_system(program: &Path) -> Option<PathBuf> {
    std::env::split_paths(SYSTEM_PATH)
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_by_name_and_by_path() {
        let shell = find_on_system(Path::new("sh")).unwrap();
        assert_eq!(find_on_system(&shell), Some(shell));
        assert_eq!(find_on_system(Path::new("/nonexistent/sh")), None);
        assert_eq!(find_on_system(Path::new("no-such-program")), None);
    }
}
