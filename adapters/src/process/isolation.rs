//! What a process can see of the machine.
//!
//! With the rights for it, every tool runs in a mount namespace of its own, so that no mount
//! outlives it. It keeps its process id and its ordinary place in the process tree: as the
//! first process of a process namespace a tool would not die of its own signals, and that is
//! something ocipick reports. Its tree is ended by group and by marker instead.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

/// What a process can see of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// No namespaces: the process sees the machine as it is.
    None,
    /// Namespaces of its own on the machine's root.
    Namespaces {
        /// Private directories that hide directories of the machine.
        mounts: Vec<Mount>,
    },
    /// Namespaces of its own, and another root directory.
    Root {
        /// The root directory of a channel.
        root: PathBuf,
        /// Directories of the machine that are visible at the same or another path.
        mounts: Vec<Mount>,
    },
}

/// A directory that a process sees at another place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// The directory on the machine.
    pub from: PathBuf,
    /// Where the process sees it. In [`Isolation::Namespaces`] a mount whose place does not
    /// exist on the machine is left out, since nothing may be made there.
    pub at: PathBuf,
}

impl Mount {
    /// A directory that stays at its path.
    #[must_use]
    pub fn same(path: &Path) -> Self {
        Self {
            from: path.to_owned(),
            at: path.to_owned(),
        }
    }
}

/// Exit code of the preparing script when it fails before the tool starts. Out of the range
/// that the tools in question use.
pub(super) const PREPARATION_FAILED: i32 = 117;
/// How the preparing script introduces its own errors.
pub(super) const PREPARATION_PREFIX: &str = "ocipick: cannot prepare the namespaces";
/// How it says that there is no such program, with the same exit code.
pub(super) const NO_PROGRAM: &str = "ocipick: there is no such program";

/// `$1` is the file to reveal or empty, `$2` where to, `$3` the number of mounts, then pairs of
/// paths, then the command.
const NAMESPACES: &str = r#"
fail() { echo "ocipick: cannot prepare the namespaces: $*" >&2; exit 117; }
reveal=$1; to=$2; n=$3; shift 3
while [ "$n" -gt 0 ]; do
  if [ -d "$2" ]; then mount --rbind "$1" "$2" || fail "$2"; fi
  shift 2; n=$((n - 1))
done
if ! [ -f "$1" ] || ! [ -x "$1" ]; then echo "ocipick: there is no such program" >&2; exit 117; fi
if [ -z "$reveal" ]; then exec "$@"; fi
setpriv --pdeathsig KILL "$@"; status=$?
if [ "$status" -eq 0 ] && [ -e "$reveal" ]; then cp "$reveal" "$to" || fail "reveal"; fi
exit "$status"
"#;

/// As above, with the new root in front.
/// The root is bound onto itself because containerd 2 looks for `/` among the mount points.
const ROOT: &str = r#"
fail() { echo "ocipick: cannot prepare the namespaces: $*" >&2; exit 117; }
root=$1; reveal=$2; to=$3; n=$4; shift 4
mount --rbind "$root" "$root" || fail "root $root"
cd "$root" || fail "root $root"
mount --rbind /proc "$root/proc" || fail "proc"
mount --rbind /sys "$root/sys" || fail "sys"
mount --rbind /dev "$root/dev" || fail "dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp" || fail "tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/run" || fail "run"
while [ "$n" -gt 0 ]; do
  mkdir -p "$root$2" && mount --rbind "$1" "$root$2" || fail "$2"
  shift 2; n=$((n - 1))
done
if [ -z "$reveal" ]; then exec chroot "$root" "$@"; fi
setpriv --pdeathsig KILL chroot "$root" "$@"; status=$?
if [ "$status" -eq 0 ] && [ -e "$root$reveal" ]; then
  cp "$root$reveal" "$to" || fail "reveal"
fi
exit "$status"
"#;

impl Isolation {
    /// The other root directory, where there is one.
    #[must_use]
    pub fn root(&self) -> Option<&Path> {
        match self {
            Self::None | Self::Namespaces { .. } => None,
            Self::Root { root, .. } => Some(root),
        }
    }

    /// The same isolation with one more mount; nothing changes without namespaces.
    #[must_use]
    pub fn with(mut self, mount: Mount) -> Self {
        match &mut self {
            Self::None => {}
            Self::Namespaces { mounts } | Self::Root { mounts, .. } => mounts.push(mount),
        }
        self
    }

    /// The command line that runs `program` with `args` in this isolation.
    ///
    /// `reveal` is a file that the command makes visible only in its own namespace, as a mount
    /// does, and where to copy it after success. Without namespaces the caller can read it.
    pub(super) fn wrap(
        &self,
        program: &Path,
        args: &[String],
        reveal: Option<(&Path, &Path)>,
    ) -> (PathBuf, Vec<OsString>) {
        let mut words: Vec<OsString> = Vec::new();
        // The process dies with ocipick, even when ocipick is killed. Every step replaces
        // itself with the next, so the id that ocipick waits for is that of the tool.
        let namespaces = [
            "--pdeathsig",
            "KILL",
            "unshare",
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-c",
        ];
        let pairs = |words: &mut Vec<OsString>, mounts: &[Mount]| {
            let (from, to) = reveal.unwrap_or((Path::new(""), Path::new("")));
            words.extend([from.into(), to.into()]);
            words.push(mounts.len().to_string().into());
            for mount in mounts {
                words.push(mount.from.clone().into());
                words.push(mount.at.clone().into());
            }
        };
        match self {
            Self::None => words.extend(["--pdeathsig", "KILL", "--"].map(OsString::from)),
            Self::Namespaces { mounts } => {
                words.extend(namespaces.map(OsString::from));
                words.extend([NAMESPACES, "ocipick"].map(OsString::from));
                pairs(&mut words, mounts);
            }
            Self::Root { root, mounts } => {
                words.extend(namespaces.map(OsString::from));
                words.extend([ROOT, "ocipick"].map(OsString::from));
                words.push(root.clone().into());
                pairs(&mut words, mounts);
            }
        }
        words.push(program.to_owned().into());
        words.extend(args.iter().map(OsString::from));
        ("setpriv".into(), words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_comes_last_and_whole() {
        let isolation = Isolation::Root {
            root: "/channel".into(),
            mounts: vec![Mount::same(Path::new("/ground"))],
        };
        let (program, words) = isolation.wrap(
            Path::new("/usr/bin/skopeo"),
            &["copy".into(), "a b".into()],
            None,
        );
        assert_eq!(program, Path::new("setpriv"));
        let tail: Vec<_> = words[words.len() - 9..].to_vec();
        assert_eq!(
            tail,
            [
                "/channel",
                "",
                "",
                "1",
                "/ground",
                "/ground",
                "/usr/bin/skopeo",
                "copy",
                "a b"
            ]
        );
    }
}
