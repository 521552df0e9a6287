//! What must be undone in a daemon that is not ours, written down before it is done.
//!
//! A private daemon dies with its sandbox. The machine's own goes on, and a run that is killed in
//! the middle of a trial would leave an image in it. So the commands that remove it are on disk
//! first; the next run carries them out.

use crate::process::{Cancel, Invocation, Isolation, run};
use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::Duration,
};

/// Name of the file in the directory of a sandbox.
const FILE: &str = "undo.json";
/// No record is longer.
const LIMIT: u64 = 1 << 20;
/// How long one of the commands may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Writes down commands that undo something.
#[derive(Debug)]
pub(crate) struct CleanupJournal {
    path: PathBuf,
}

impl CleanupJournal {
    /// The record of a sandbox.
    pub(crate) fn in_room(dir: &Path) -> Self {
        Self {
            path: dir.join(FILE),
        }
    }

    /// Promises that these commands will be run, by this run or the next.
    pub(crate) fn promise(&self, commands: &[Invocation]) -> io::Result<()> {
        let lines: Vec<Vec<String>> = commands
            .iter()
            .map(|command| {
                std::iter::once(command.program.to_string_lossy().into_owned())
                    .chain(command.args.iter().cloned())
                    .collect()
            })
            .collect();
        let text = serde_json::to_vec(&lines)?;
        fs::write(&self.path, text)
    }

    /// They were run.
    pub(crate) fn kept(&self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Reads a record: a file of this user, and nothing that it links to or that waits for others.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = fs::OpenOptions::new()
        .read(true)
        .custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK)
        .open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.uid() != nix::unistd::geteuid().as_raw() {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut bytes = Vec::new();
    file.by_ref().take(LIMIT).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Runs the cleanup journals of an abandoned run directory. Returns how many commands they had.
///
/// Whoever calls this has made sure that it is a run directory, into which nobody else can write.
pub(crate) fn carry_out(run_dir: &Path) -> usize {
    let mut done = 0;
    for sandbox in fs::read_dir(run_dir).into_iter().flatten().flatten() {
        if !sandbox.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let path = sandbox.path().join(FILE);
        let Ok(bytes) = read(&path) else { continue };
        let Ok(commands) = serde_json::from_slice::<Vec<Vec<String>>>(&bytes) else {
            continue;
        };
        for (number, command) in commands.into_iter().enumerate() {
            let mut words = command.into_iter();
            let Some(program) = words.next() else {
                continue;
            };
            let invocation = Invocation {
                program: program.into(),
                args: words.collect(),
                env: BTreeMap::new(),
                isolation: Isolation::None,
                deadline: PATIENCE,
                output: sandbox.path().join(format!("undo{number}")),
                reveal: None,
            };
            match run(&invocation, &Cancel::default()) {
                Ok(_) => done += 1,
                Err(error) => tracing::warn!(%error, "cannot undo what a killed run did"),
            }
        }
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_promised_is_done_by_the_next_run() {
        let run_dir = tempfile::tempdir().unwrap();
        let sandbox = run_dir.path().join("r00.0");
        fs::create_dir(&sandbox).unwrap();
        let left = run_dir.path().join("left behind");
        fs::write(&left, "x").unwrap();
        let command = Invocation {
            program: "/bin/rm".into(),
            args: vec![left.to_string_lossy().into_owned()],
            env: BTreeMap::new(),
            isolation: Isolation::None,
            deadline: PATIENCE,
            output: sandbox.join("unused"),
            reveal: None,
        };
        let cleanup = CleanupJournal::in_room(&sandbox);
        cleanup.promise(std::slice::from_ref(&command)).unwrap();
        assert_eq!(carry_out(run_dir.path()), 1);
        assert!(!left.exists());
        cleanup.kept();
        assert_eq!(carry_out(run_dir.path()), 0);
        // What a link names was promised by nobody.
        let elsewhere = run_dir.path().join("elsewhere.json");
        fs::write(&elsewhere, r#"[["/bin/true"]]"#).unwrap();
        std::os::unix::fs::symlink(&elsewhere, sandbox.join(FILE)).unwrap();
        assert_eq!(carry_out(run_dir.path()), 0);
        fs::remove_file(sandbox.join(FILE)).unwrap();
        nix::unistd::mkfifo(&sandbox.join(FILE), nix::sys::stat::Mode::S_IRUSR).unwrap();
        assert_eq!(carry_out(run_dir.path()), 0);
    }
}
