//! Mount namespaces that are made once, and copied for every command.

use super::{
    Cancel, Isolation, RunError,
    command::stream_path,
    run::{Group, preparation_failed},
};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{self, File},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

/// A mount namespace with all its mounts, which no process is in. It lasts as long as this value,
/// and not longer than ocipick: nothing but an open file keeps it.
#[derive(Debug)]
pub struct MountNamespace {
    isolation: Isolation,
    file: File,
}

impl PartialEq for MountNamespace {
    fn eq(&self, other: &Self) -> bool {
        self.isolation == other.isolation
    }
}

impl Eq for MountNamespace {}

/// How long the mounts may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a look is taken whether they are there.
const LOOK: Duration = Duration::from_millis(2);

impl MountNamespace {
    /// Makes what `isolation` describes, for many commands. What needs no namespaces, and what
    /// was made before, is given back as it is.
    ///
    /// `env` marks the process that does it; its files have the stem `output`.
    ///
    /// # Errors
    /// When the namespaces cannot be made, or the user stopped it.
    pub fn prepare(
        isolation: &Isolation,
        env: &BTreeMap<String, String>,
        output: &Path,
        cancel: &Cancel,
    ) -> Result<Isolation, RunError> {
        match isolation {
            Isolation::None | Isolation::Processes | Isolation::Prepared(_) => {
                return Ok(isolation.clone());
            }
            Isolation::Namespaces { .. } | Isolation::Root { .. } => {}
        }
        let ready = stream_path(output, "ready");
        let _ = fs::remove_file(&ready);
        let (program, args) = isolation.make_and_wait(&ready);
        let group = Group::spawn(&program, &args, env, output, None)?;
        let made = wait_for(&group, &ready, output, cancel).and_then(|()| {
            let path = format!("/proc/{}/ns/mnt", group.leader());
            File::open(&path).map_err(|error| RunError::Isolation(format!("{path}: {error}")))
        });
        group.end();
        Ok(Isolation::Prepared(Arc::new(Self {
            isolation: isolation.clone(),
            file: made?,
        })))
    }

    /// What was made.
    #[must_use]
    pub fn isolation(&self) -> &Isolation {
        &self.isolation
    }

    /// The option of `nsenter` that names it. Children do not inherit the file; they see it
    /// among those of ocipick.
    pub(super) fn option(&self) -> OsString {
        use std::os::fd::AsRawFd as _;
        let (pid, number) = (std::process::id(), self.file.as_raw_fd());
        format!("--mount=/proc/{pid}/fd/{number}").into()
    }
}

fn wait_for(group: &Group, ready: &Path, output: &Path, cancel: &Cancel) -> Result<(), RunError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if ready.exists() {
            return Ok(());
        }
        if cancel.is_raised() {
            return Err(RunError::Cancelled);
        }
        match group.wait(LOOK) {
            None if Instant::now() < deadline => {}
            None => {
                let waited = PATIENCE.as_secs();
                let why = format!("the namespaces were not ready within {waited} s");
                return Err(RunError::Isolation(why));
            }
            Some(exit) => return Err(preparation_failed(exit, &stream_path(output, "stderr"))),
        }
    }
}
