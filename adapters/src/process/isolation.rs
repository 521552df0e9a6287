//! What a process can see of the machine.
//!
//! With the rights for it, every tool runs in a mount namespace of its own, so that no mount
//! outlives it. It keeps its process id and its ordinary place in the process tree: as the
//! first process of a process namespace a tool would not die of its own signals, and that is
//! something ocipick reports. Its tree is ended by group and by marker instead.
//!
//! To make a namespace with all its mounts takes longer than many a command does. Who runs
//! several commands makes it once, as a [`MountNamespace`]; each of them then gets a copy of its own.

use super::{MountNamespace, Reveal};
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
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
    /// A copy of namespaces that were made before.
    Prepared(Arc<MountNamespace>),
    /// The machine as it is, but for process ids: all that the process starts dies with it, and it
    /// dies with ocipick, even when that is killed.
    Processes,
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

/// How every script begins.
macro_rules! fail {
    () => {
        r#"
fail() { echo "ocipick: cannot prepare the namespaces: $*" >&2; exit 117; }
"#
    };
}

/// Makes the mounts. `$1` is the new root or empty, `$2` the number of mounts, then come pairs of
/// paths.
///
/// The root is bound onto itself because containerd 2 looks for `/` among the mount points.
macro_rules! mounts {
    () => {
        r#"
root=$1; n=$2; shift 2
if [ -n "$root" ]; then
  mount --rbind "$root" "$root" || fail "root $root"
  cd "$root" || fail "root $root"
  mount --rbind /proc "$root/proc" || fail "proc"
  mount --rbind /sys "$root/sys" || fail "sys"
  mount --rbind /dev "$root/dev" || fail "dev"
  mount -t tmpfs -o mode=1777 tmpfs "$root/tmp" || fail "tmp"
  mount -t tmpfs -o mode=755 tmpfs "$root/run" || fail "run"
fi
while [ "$n" -gt 0 ]; do
  if [ -n "$root" ]; then mkdir -p "$root$2" || fail "$2"; fi
  if [ -d "$root$2" ]; then mount --rbind "$1" "$root$2" || fail "$2"; fi
  shift 2; n=$((n - 1))
done
"#
    };
}

/// Runs the command. `$1` is the directory below which a file is to be revealed or empty, `$2` its path
/// below that, `$3` where to, then comes the command; `root` is set. Nothing is revealed but the
/// beginning of a file, and no link is followed to it: there may be anything in an image.
macro_rules! command {
    () => {
        r#"
reveal() (
  cd -P "$1" 2>/dev/null || exit 0
  rest=$2
  while [ "${rest#*/}" != "$rest" ]; do
    part=${rest%%/*}; rest=${rest#*/}
    if [ -L "$part" ] || ! [ -d "$part" ]; then exit 0; fi
    cd -P "./$part" 2>/dev/null || exit 0
  done
  if [ -L "$rest" ] || ! [ -f "$rest" ]; then exit 0; fi
  head -c 65536 "./$rest" > "$3"
)
below=$1; file=$2; to=$3; shift 3
if [ -n "$root" ]; then
  set -- chroot "$root" "$@"
elif ! [ -f "$1" ] || ! [ -x "$1" ]; then
  echo "ocipick: there is no such program" >&2; exit 117
fi
if [ -z "$below" ]; then exec "$@"; fi
setpriv --pdeathsig KILL "$@"; status=$?
if [ "$status" -gt 128 ]; then kill -"$((status - 128))" $$ 2>/dev/null; fi
if [ "$status" -eq 0 ]; then
  reveal "$root$below" "$file" "$to" || fail "reveal"
fi
exit "$status"
"#
    };
}

/// Makes namespaces and runs a command in them.
const MAKE_AND_RUN: &str = concat!(fail!(), mounts!(), command!());
/// Runs a command in a copy of namespaces. `$1` is the root or empty.
const RUN: &str = concat!(fail!(), "root=$1; shift\n", command!());
/// Makes namespaces, makes the file `$1` to say so, and waits to be ended. Where ocipick was killed
/// before this process could be told to die with it, it has another parent by now.
const MAKE_AND_WAIT: &str = concat!(
    fail!(),
    "ready=$1; shift\n",
    mounts!(),
    ": > \"$ready\" || fail \"$ready\"; [ \"$PPID\" = \"${OCIPICK_CALL%%-*}\" ] && exec sleep 60\n"
);

/// Puts a command into a copy of the namespaces that it is in. The process dies with ocipick,
/// even when ocipick is killed. Every step replaces itself with the next, so the id that ocipick
/// waits for is that of the tool.
const UNSHARE: [&str; 4] = ["unshare", "--mount", "--propagation", "private"];

/// Puts a command into a namespace of process ids of its own. Its parent there is the first process
/// of it, with which all others end.
const UNSHARE_PROCESSES: [&str; 9] = [
    "unshare",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
    "sh",
    "-c",
    "\"$@\"; exit $?",
    "ocipick",
];

impl Isolation {
    /// The other root directory, where there is one.
    #[must_use]
    pub fn root(&self) -> Option<&Path> {
        match self {
            Self::None | Self::Namespaces { .. } | Self::Processes => None,
            Self::Root { root, .. } => Some(root),
            Self::Prepared(namespace) => namespace.isolation().root(),
        }
    }

    fn mounts(&self) -> &[Mount] {
        match self {
            Self::None | Self::Processes => &[],
            Self::Namespaces { mounts } | Self::Root { mounts, .. } => mounts,
            Self::Prepared(namespace) => namespace.isolation().mounts(),
        }
    }

    /// The same isolation with one more mount; nothing changes without namespaces.
    #[must_use]
    pub fn with(self, mount: Mount) -> Self {
        match self {
            Self::None => Self::None,
            Self::Processes => Self::Processes,
            Self::Namespaces { mut mounts } => {
                mounts.push(mount);
                Self::Namespaces { mounts }
            }
            Self::Root { root, mut mounts } => {
                mounts.push(mount);
                Self::Root { root, mounts }
            }
            // What was made before does not have it.
            Self::Prepared(namespace) => namespace.isolation().clone().with(mount),
        }
    }

    /// What is true of every command: it dies with ocipick. One that may make namespaces is root's, and may make nothing
    /// that root itself could not remove again, as systemd-pull does with the layers that it unpacks.
    fn leash(&self) -> Vec<OsString> {
        let mut words = vec!["--pdeathsig", "KILL"];
        match self {
            Self::None | Self::Processes => {}
            Self::Namespaces { .. } | Self::Root { .. } | Self::Prepared(_) => {
                words.push("--bounding-set=-linux_immutable");
            }
        }
        words.into_iter().map(OsString::from).collect()
    }

    /// The command line that runs `program` with `args` in this isolation.
    ///
    /// `reveal` is a file that the command makes visible only in its own namespace, as a mount
    /// does, and where to copy it after success. Without namespaces the caller can read it.
    pub(super) fn wrap(
        &self,
        program: &Path,
        args: &[String],
        reveal: Option<(&Reveal, &Path)>,
    ) -> (PathBuf, Vec<OsString>) {
        let mut words = self.leash();
        let revealed = |words: &mut Vec<OsString>| {
            let (root, file, to) = reveal.map_or_else(Default::default, |(reveal, to)| {
                (reveal.root.clone(), reveal.file.clone(), to.to_owned())
            });
            words.extend([root.into(), file.into(), to.into()]);
        };
        match self {
            Self::None => words.push("--".into()),
            Self::Processes => words.extend(UNSHARE_PROCESSES.map(OsString::from)),
            Self::Namespaces { .. } | Self::Root { .. } => {
                words.extend(UNSHARE.map(OsString::from));
                words.extend(["sh", "-c", MAKE_AND_RUN, "ocipick"].map(OsString::from));
                self.push_mounts(&mut words);
                revealed(&mut words);
            }
            Self::Prepared(namespace) => {
                words.push("nsenter".into());
                words.push(namespace.option());
                words.extend(UNSHARE.map(OsString::from));
                match (reveal, self.root()) {
                    (Some(_), root) => {
                        words.extend(["sh", "-c", RUN, "ocipick"].map(OsString::from));
                        words.push(root.unwrap_or(Path::new("")).into());
                        revealed(&mut words);
                    }
                    (None, Some(root)) => words.extend(["chroot".into(), root.into()]),
                    (None, None) => words.push("--".into()),
                }
            }
        }
        words.push(program.into());
        words.extend(args.iter().map(OsString::from));
        ("setpriv".into(), words)
    }

    /// The command line that makes the namespaces, makes the file `ready`, and waits.
    pub(super) fn make_and_wait(&self, ready: &Path) -> (PathBuf, Vec<OsString>) {
        let mut words = self.leash();
        words.extend(UNSHARE.map(OsString::from));
        words.extend(["sh", "-c", MAKE_AND_WAIT, "ocipick"].map(OsString::from));
        words.push(ready.into());
        self.push_mounts(&mut words);
        ("setpriv".into(), words)
    }

    fn push_mounts(&self, words: &mut Vec<OsString>) {
        words.push(self.root().unwrap_or(Path::new("")).into());
        words.push(self.mounts().len().to_string().into());
        for mount in self.mounts() {
            words.extend([mount.from.clone().into(), mount.at.clone().into()]);
        }
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
        let tail: Vec<_> = words[words.len() - 10..].to_vec();
        assert_eq!(
            tail,
            [
                "/channel",
                "1",
                "/ground",
                "/ground",
                "",
                "",
                "",
                "/usr/bin/skopeo",
                "copy",
                "a b"
            ]
        );
    }
}
