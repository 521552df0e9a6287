//! Running one command to its end, its deadline, or the user's wish to stop.

use super::{
    Cancel,
    command::{Invocation, READ_LIMIT, Ran, read_limited, stream_path, tail},
    disk_full::failed_on_full_disk,
    isolation::{NO_PROGRAM, PREPARATION_FAILED, PREPARATION_PREFIX},
    output_limit::{is_flooded, shorten},
    outside::{MemoryKills, STOPPED, is_from_outside, outside_in},
    system::{SYSTEM_PATH, find_on_system},
    tag,
    tree::{MARKER, end_all, end_group, has_marker, is_stopped},
};
use nix::unistd::Pid;
use ocipick_records::Exit;
use std::{
    collections::BTreeMap,
    ffi::OsString,
    io,
    os::unix::process::{CommandExt as _, ExitStatusExt as _},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

/// Why a command could not be run, which says nothing about the tool.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The process could not be started.
    #[error("cannot start {program}: {source}")]
    Start {
        /// The program.
        program: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The namespaces could not be made.
    #[error("{0}")]
    Isolation(String),
    /// A call on a socket could not be made, or its answer not be read.
    #[error("cannot carry out `{line}`: {why}")]
    Call {
        /// The command line by which a person repeats it.
        line: String,
        /// Why not.
        why: String,
    },
    /// The user wants to stop.
    #[error("interrupted")]
    Cancelled,
}

/// How often a wait looks whether the user wants to stop, and how much was printed.
const LOOK: Duration = Duration::from_millis(100);
/// How long the leader may take to be reaped after its group was killed.
const REAP: Duration = Duration::from_secs(5);

/// Runs a command to its end. Its output goes to files, so that a grandchild that keeps a
/// pipe open cannot hold ocipick, and what was printed before a deadline is kept.
///
/// # Errors
/// When the command could not be run, or the user stopped it. A tool that fails, hangs or dies
/// is no error: that is in [`Ran::exit`].
pub fn run(invocation: &Invocation, cancel: &Cancel) -> Result<Ran, RunError> {
    if cancel.is_raised() {
        return Err(RunError::Cancelled);
    }
    let line = invocation.line(&[]);
    tracing::debug!(%line, "run");
    let began = Instant::now();
    let kills = MemoryKills::now();
    let group = Group::start(invocation, None)?;
    let deadline = began + invocation.deadline;
    let streams = ["stdout", "stderr"].map(|stream| stream_path(&invocation.output, stream));
    let exit = loop {
        let now = Instant::now();
        if now >= deadline {
            break Exit::Deadline;
        }
        match group.wait(LOOK.min(deadline - now)) {
            Some(exit) => break exit,
            None if cancel.is_raised() => {
                group.end();
                return Err(RunError::Cancelled);
            }
            None if is_flooded(&streams) => break Exit::OutputLimit,
            None => {}
        }
    };
    let duration = began.elapsed();
    let outside = match exit {
        Exit::Signal(signal) if is_from_outside(signal) => {
            Some(kills.words(signal, group.leader().as_raw()))
        }
        Exit::Deadline if is_stopped(group.leader()) => Some(STOPPED.to_owned()),
        Exit::Signal(_) | Exit::Code(_) | Exit::Deadline | Exit::OutputLimit => None,
    };
    let disk_full = failed_on_full_disk(exit, &invocation.output);
    let survivors = group.end();
    for stream in &streams {
        shorten(stream, READ_LIMIT);
    }
    if let Exit::Code(code) = exit {
        preparation(invocation, code, &stream_path(&invocation.output, "stderr"))?;
    }
    let mut ran = Ran::recorded(line, exit, duration, survivors, &invocation.output);
    ran.disk_full = disk_full;
    ran.outside = match exit {
        Exit::Code(1..) => outside_in(&ran.stderr()).map(|words| format!("was ended ({words})")),
        _ => outside,
    };
    Ok(ran)
}

/// Tells a failure of the wrappers from a failure of the tool.
pub(super) fn preparation(
    invocation: &Invocation,
    code: i32,
    stderr: &Path,
) -> Result<(), RunError> {
    if code == 0 {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&read_limited(stderr)).into_owned();
    // Each of them says why it cannot start the program at the end of a line of its own.
    let not_started = (code == PREPARATION_FAILED && said.starts_with(NO_PROGRAM))
        || (matches!(code, 126 | 127)
            && [
                "setpriv: failed to execute",
                "unshare: failed to execute",
                "chroot: failed to run command",
            ]
            .iter()
            .any(|wrapper| said.starts_with(wrapper)));
    if not_started {
        let why = said.trim_end().rsplit(": ").next().unwrap_or_default();
        return Err(RunError::Start {
            program: invocation.program.display().to_string(),
            source: io::Error::other(why.to_owned()),
        });
    }
    let ours = (code == PREPARATION_FAILED && said.contains(PREPARATION_PREFIX))
        || (code == 125 && said.starts_with("chroot: "))
        || ["unshare: ", "setpriv: ", "nsenter: ", "prlimit: "]
            .iter()
            .any(|wrapper| said.starts_with(wrapper));
    if ours {
        Err(RunError::Isolation(tail(&said, 3)))
    } else {
        Ok(())
    }
}

/// What is said where the namespaces could not be made.
pub(super) fn preparation_failed(exit: Exit, stderr: &Path) -> RunError {
    let said = String::from_utf8_lossy(&read_limited(stderr)).into_owned();
    RunError::Isolation(match (exit, said.trim()) {
        (Exit::Code(code), "") => format!("{PREPARATION_PREFIX}: exit code {code}"),
        (Exit::Signal(signal), "") => format!("{PREPARATION_PREFIX}: signal {signal}"),
        (Exit::Code(_) | Exit::Signal(_) | Exit::Deadline | Exit::OutputLimit, said) => {
            tail(said, 3)
        }
    })
}

/// A started process with everything that it starts.
pub(super) struct Group {
    handle: Arc<duct::Handle>,
    leader: Pid,
    marker: String,
    tag: Option<u64>,
}

impl Group {
    pub(super) fn start(invocation: &Invocation, log: Option<&Path>) -> Result<Self, RunError> {
        let revealed = stream_path(&invocation.output, "revealed");
        // What an earlier command of the same output revealed was not revealed by this one.
        let _ = std::fs::remove_file(&revealed);
        let reveal = invocation
            .reveal
            .as_ref()
            .map(|reveal| (reveal, revealed.as_path()));
        let (program, args) =
            invocation
                .isolation
                .wrap(&invocation.program, &invocation.args, reveal);
        Self::spawn(&program, &args, &invocation.env, &invocation.output, log).map_err(|error| {
            match error {
                // The wrappers are of no interest to whoever wanted the program.
                RunError::Start { source, .. } => RunError::Start {
                    program: invocation.program.display().to_string(),
                    source,
                },
                RunError::Isolation(_) | RunError::Call { .. } | RunError::Cancelled => error,
            }
        })
    }

    /// Starts a program of the system with nothing but this environment.
    pub(super) fn spawn(
        program: &Path,
        args: &[OsString],
        env: &BTreeMap<String, String>,
        output: &Path,
        log: Option<&Path>,
    ) -> Result<Self, RunError> {
        let call = next_call();
        let marker = format!("{}-{call}", std::process::id());
        let tag = tag::of_call(env.get(MARKER).map_or("", String::as_str), call);
        let (stdout, stderr) = match log {
            Some(log) => (log.to_owned(), None),
            None => (
                stream_path(output, "stdout"),
                Some(stream_path(output, "stderr")),
            ),
        };
        let mut env: BTreeMap<OsString, OsString> = env
            .iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        env.entry("PATH".into())
            .or_insert_with(|| SYSTEM_PATH.into());
        env.insert(CALL_MARKER.into(), (&marker).into());
        let start = |source| RunError::Start {
            program: program.display().to_string(),
            source,
        };
        let program = find_on_system(program).ok_or_else(|| {
            start(io::Error::new(
                io::ErrorKind::NotFound,
                format!("`{}` of util-linux is not installed", program.display()),
            ))
        })?;
        let (program, args) = match tag::wrapped(&program, args, tag) {
            Some(wrapped) => wrapped,
            None => (program, args.to_vec()),
        };
        // In duct the redirection that is written last is made first; the one of standard
        // error must see where standard output goes.
        let expression = expression(&program, &args).stdin_null();
        let expression = match stderr {
            Some(stderr) => expression.stderr_path(stderr),
            None => expression.stderr_to_stdout(),
        };
        let expression = expression
            .stdout_path(&stdout)
            .full_env(env)
            .unchecked()
            .before_spawn(|command| {
                command.process_group(0);
                Ok(())
            });
        let handle = expression.start().map_err(start)?;
        let leader = handle
            .pids()
            .first()
            .and_then(|pid| i32::try_from(*pid).ok())
            .map(Pid::from_raw)
            .ok_or_else(|| start(io::Error::other("the process has no id")))?;
        Ok(Self {
            handle: Arc::new(handle),
            leader,
            marker,
            tag,
        })
    }

    pub(super) fn leader(&self) -> Pid {
        self.leader
    }

    /// Something that ends the leader, and does nothing when it has ended before.
    pub(super) fn killer(&self) -> impl Fn() + Send + 'static {
        let handle = Arc::clone(&self.handle);
        move || {
            let _ = handle.kill();
        }
    }

    /// Waits up to `patience` for the leader to end.
    pub(super) fn wait(&self, patience: Duration) -> Option<Exit> {
        let status = self.handle.wait_timeout(patience).ok().flatten()?.status;
        Some(match (status.code(), status.signal()) {
            (Some(code), _) => Exit::Code(code),
            (None, Some(signal)) => Exit::Signal(signal),
            (None, None) => Exit::Code(-1),
        })
    }

    /// Ends whatever is left of the tree, and returns how many processes had outlived the
    /// leader outside its group.
    pub(super) fn end(&self) -> usize {
        end_group(self.leader, || {
            let _ = self.handle.try_wait();
        });
        let _ = self.handle.wait_timeout(REAP);
        end_all(|pid| {
            tag::read(pid).is_some_and(|found| Some(found) == self.tag)
                || has_marker(pid, CALL_MARKER, &self.marker)
        })
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place where processes are started"
)]
fn expression(program: &Path, args: &[OsString]) -> duct::Expression {
    duct::cmd(program, args)
}

/// Marks the processes of one call, beside [`MARKER`], which marks those of a session, and beside
/// the tag, which a tool that clears its environment still has.
const CALL_MARKER: &str = "OCIPICK_CALL";

fn next_call() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static CALLS: AtomicU64 = AtomicU64::new(0);
    CALLS.fetch_add(1, Ordering::Relaxed)
}
