//! A mark that a process keeps although it clears its environment and begins a session of its own:
//! a limit that the kernel hands down to every descendant.
//!
//! Linux has not enforced the limit of resident memory (`RLIMIT_RSS`) since 2.4.30, and nobody sets
//! it. Ours is a number beyond all memory: which session a process is of, and of which call.

use super::{find_on_system, tree::MARKER};
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};
use sha2::{Digest as _, Sha256};
use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

/// So many bits tell the calls of a session apart.
const CALL_BITS: u32 = 20;
/// The highest bit that a limit other than "none" has.
const ABOVE_ALL: u64 = 1 << 62;

/// The tag of a call; none where this process may not set it. What is of no session is of this
/// process.
pub(super) fn of_call(session: &str, call: u64) -> Option<u64> {
    static MAY: OnceLock<bool> = OnceLock::new();
    let may = || {
        getrlimit(Resource::RLIMIT_RSS).is_ok_and(|(_, hard)| hard == RLIM_INFINITY)
            && find_on_system(Path::new(PROGRAM)).is_some()
    };
    let own;
    let session = if session.is_empty() {
        own = format!("{MARKER} {}", std::process::id());
        &own
    } else {
        session
    };
    MAY.get_or_init(may)
        .then(|| base(session) | call & ((1 << CALL_BITS) - 1))
}

/// What sets the limit, of util-linux as all that wraps tools.
const PROGRAM: &str = "prlimit";

/// The command line that runs a program with this tag.
pub(super) fn wrapped(
    program: &Path,
    args: &[OsString],
    tag: Option<u64>,
) -> Option<(PathBuf, Vec<OsString>)> {
    let tag = tag?;
    let mut words: Vec<OsString> = vec![format!("--rss={tag}:").into(), program.into()];
    words.extend_from_slice(args);
    Some((find_on_system(Path::new(PROGRAM))?, words))
}

/// The tag of a process, or whatever its limit is.
pub(super) fn read(pid: u32) -> Option<u64> {
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).ok()?;
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max resident set"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Whether a tag is of a session.
pub(super) fn is_of(tag: u64, session: &str) -> bool {
    tag >> CALL_BITS == base(session) >> CALL_BITS
}

/// The tag of a session, without that of a call. It depends on nothing but the name, so that a
/// later run knows the processes of one that was killed.
fn base(session: &str) -> u64 {
    let hash = Sha256::digest(session.as_bytes());
    let hash = hash
        .iter()
        .take(5)
        .fold(0, |hash, byte| hash << 8 | u64::from(*byte));
    ABOVE_ALL | hash << CALL_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_names_its_session_and_its_call() {
        let (a, b) = (of_call("ocipick-aaaaaa", 1), of_call("ocipick-aaaaaa", 2));
        let (Some(a), Some(b)) = (a, b) else {
            // Somebody limits resident memory, and there are no tags.
            return;
        };
        assert!(a != b && a < RLIM_INFINITY && a > 1 << 61);
        assert!(is_of(a, "ocipick-aaaaaa") && is_of(b, "ocipick-aaaaaa"));
        assert!(!is_of(a, "ocipick-aaaaab"));
        assert!(!is_of(RLIM_INFINITY, "ocipick-aaaaaa"));
        assert_eq!(
            of_call("ocipick-aaaaaa", 1 << CALL_BITS),
            Some(base("ocipick-aaaaaa"))
        );
    }

    #[test]
    fn a_limit_that_nobody_set_is_no_tag() {
        let own = read(std::process::id());
        assert!(own.is_none_or(|tag| !is_of(tag, "ocipick-aaaaaa")));
    }
}
