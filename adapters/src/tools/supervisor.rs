//! The daemon of a session: started, watched and ended where it is private, asked and kept
//! clean where it is the machine's own.

use crate::{
    DaemonCrash, Execution, HarnessError, Sandbox, Service, StartError,
    cleanup::CleanupJournal,
    mutant::{Mutant, on},
    process::{Cause, Daemon, DaemonError, Death, Invocation, Ran, RunError, flood_words, run},
};
use ocipick_records::Exit;
use std::{path::Path, time::Duration};

/// How long a daemon may take to end when asked.
const STOP: Duration = Duration::from_secs(10);
/// How long a daemon may take to be quite dead after a client lost its connection: it may still
/// be writing its panic.
const DYING: Duration = Duration::from_secs(3);

/// What dockerd writes to its log when it was asked to end, which it then takes its time for.
const LEAVING: &str = "Processing signal '";

/// Watches over the daemon of a session. Dropping it ends a private one.
pub(super) struct DaemonSupervisor {
    name: &'static str,
    service: Service,
    daemon: Option<Daemon>,
    cleanup: CleanupJournal,
    /// How long the log was when the trial began.
    log: u64,
}

impl DaemonSupervisor {
    /// A supervisor of a daemon that does not run yet, or is not ours.
    pub(super) fn new(name: &'static str, service: Service, sandbox: &Path) -> Self {
        Self {
            name,
            service,
            daemon: None,
            cleanup: CleanupJournal::in_room(sandbox),
            log: 0,
        }
    }

    /// Whether there is a private daemon to be started.
    pub(super) fn must_start(&self) -> bool {
        self.daemon.is_none() && self.service == Service::Private
    }

    /// Why the store of a daemon cannot lie in this directory, where it puts it into the options of
    /// overlay mounts.
    pub(super) fn may_mount(dir: &Path) -> Result<(), StartError> {
        let text = dir.to_string_lossy();
        match text.chars().find(|c| [',', ':', '\\'].contains(c)) {
            None => Ok(()),
            Some(c) => Err(StartError::NotStarted(format!(
                "its store would lie in {text}, and an overlay mount takes no path with `{c}` \
                 (hint: TMPDIR chooses another place)"
            ))),
        }
    }

    /// Takes over a daemon that was started.
    pub(super) fn adopt(&mut self, started: Result<Daemon, DaemonError>) -> Result<(), StartError> {
        let daemon = started.map_err(|error| match error {
            DaemonError::Run(RunError::Cancelled) => StartError::Cancelled,
            DaemonError::Run(RunError::Start { .. } | RunError::Isolation(_))
            | DaemonError::Ended { .. }
            | DaemonError::TooDeep { .. }
            | DaemonError::Silent { .. } => StartError::NotStarted(error.to_string()),
        })?;
        self.daemon = Some(daemon);
        Ok(())
    }

    /// Begins a trial. What will be in a daemon that is not ours is promised to be removed by
    /// these commands.
    pub(super) fn begin(&mut self, promised: &[Invocation]) -> Result<(), HarnessError> {
        self.log = self.daemon.as_ref().map_or(0, Daemon::log_length);
        match self.service {
            Service::Machine { .. } => self
                .cleanup
                .promise(promised)
                .map_err(|error| HarnessError::Harness(error.to_string())),
            Service::Private | Service::None => Ok(()),
        }
    }

    /// Ends a trial: finds out whether the daemon crashed, and, where it lives, removes what the
    /// trial made. `lost` are words of a client that lost its connection, and `question` is a
    /// command that only a living daemon answers.
    pub(super) fn end(
        &mut self,
        execution: &mut Execution,
        sandbox: &Sandbox,
        lost: &[&str],
        question: &Invocation,
        removal: &[Invocation],
    ) {
        let is_lost = execution.commands.iter().any(|ran| {
            let stderr = ran.stderr();
            lost.iter().any(|words| stderr.contains(words))
        });
        let is_lost = is_lost
            || self
                .daemon
                .as_ref()
                .is_some_and(|daemon| daemon.has_said(LEAVING, self.log));
        let death = self.death(
            if is_lost { DYING } else { Duration::ZERO },
            sandbox,
            question,
        );
        if death.is_none() {
            self.remove(execution, sandbox, removal);
        }
        match death {
            Some(Ended::FromOutside(words)) => {
                execution
                    .trouble
                    .get_or_insert(HarnessError::Outside(words));
            }
            Some(Ended::ByUs(words)) => {
                execution
                    .trouble
                    .get_or_insert(HarnessError::Flooded(words));
            }
            Some(Ended::ByItself(words)) => {
                execution.daemon_crash = Some(DaemonCrash {
                    words,
                    survived: false,
                });
            }
            // A panic that the daemon caught breaks off one request only; where the tool
            // succeeded all the same it was about something else.
            None if execution.succeeded() || on(Mutant::IgnoresDaemon) => {}
            None => {
                let words = match (&self.daemon, &self.service) {
                    (Some(daemon), _) => daemon
                        .panic_since(self.log)
                        .map(|panic| format!("{} panicked, and lives on\n{panic}", self.name)),
                    // Its log cannot be read, and it has just answered.
                    (None, Service::Machine { .. }) => {
                        execution.decisive_command().and_then(aborted).map(|words| {
                            let name = self.name;
                            format!(
                                "the machine's {name} gave up the request, and answers: {words}"
                            )
                        })
                    }
                    (None, Service::Private | Service::None) => None,
                };
                execution.daemon_crash = words.map(|words| DaemonCrash {
                    words,
                    survived: true,
                });
            }
        }
    }

    /// Removes what a trial made, even when the user wants to stop.
    pub(super) fn remove(
        &self,
        execution: &mut Execution,
        sandbox: &Sandbox,
        removal: &[Invocation],
    ) {
        for command in removal {
            match sandbox.clean_up(command) {
                Ok(ran) => {
                    execution.removal += ran.duration;
                    match ran.exit {
                        Exit::Deadline => execution.notes.push(format!("hung: {}", ran.line)),
                        Exit::OutputLimit => {
                            let words = flood_words();
                            execution.notes.push(format!("{words}: {}", ran.line));
                        }
                        Exit::Code(_) | Exit::Signal(_) => {}
                    }
                }
                Err(error) => {
                    execution
                        .notes
                        .push(format!("while removing the image: {error}"));
                }
            }
        }
        self.cleanup.kept();
    }

    /// Whether the daemon is gone, and its first words.
    fn death(
        &mut self,
        patience: Duration,
        sandbox: &Sandbox,
        question: &Invocation,
    ) -> Option<Ended> {
        if on(Mutant::IgnoresDaemon) {
            return None;
        }
        if let Some(daemon) = &mut self.daemon {
            let mut death = daemon.death(patience);
            if death.is_none() && daemon.lost_helper(self.log).is_some() {
                // The helper of a daemon that is killed dies with it, and may be seen to be dead first.
                death = daemon.death(DYING);
            }
            let Death { what, words, cause } = match death {
                Some(death) => death,
                // It lives, but of what use is that?
                None => match (daemon.lost_helper(self.log), daemon.stopped()) {
                    (Some(death), _) => death,
                    (None, Some(what)) => Death {
                        what,
                        words: String::new(),
                        cause: Cause::Outside,
                    },
                    (None, None) => return None,
                },
            };
            self.daemon = None;
            return Some(match cause {
                Cause::Itself => Ended::ByItself(format!("{what}\n{words}")),
                Cause::Outside => Ended::FromOutside(what),
                Cause::Flood => Ended::ByUs(what),
            });
        }
        match &self.service {
            // The machine's own daemon cannot be watched, only asked.
            Service::Machine { .. } => {
                let asked = run(question, sandbox.cancel()).ok()?;
                let words = || format!("the machine's {}: {}", self.name, asked.last_words());
                (!asked.exit.is_success()).then(|| Ended::ByItself(words()))
            }
            Service::Private | Service::None => None,
        }
    }
}

/// What a client says whose request was given up without an answer: the connection to its daemon ended
/// in the middle. An end of file alone is not that, since a daemon passes on what a registry does.
fn aborted(client: &Ran) -> Option<String> {
    let stderr = client.stderr();
    ends_in_the_middle(&stderr).then(|| client.last_words())
}

fn ends_in_the_middle(stderr: &str) -> bool {
    [
        "error during connect",
        "error reading from server",
        "transport is closing",
    ]
    .iter()
    .any(|words| stderr.contains(words))
        && stderr.contains("EOF")
}

/// How a daemon came to its end.
enum Ended {
    /// It crashed, and these are its first words.
    ByItself(String),
    /// It was ended, for this reason.
    ByUs(String),
    /// Somebody else ended it, or what it cannot do without; in these words.
    FromOutside(String),
}

impl Drop for DaemonSupervisor {
    fn drop(&mut self) {
        if let Some(daemon) = self.daemon.take()
            && daemon.stop(STOP)
        {
            tracing::warn!(daemon = self.name, "did not end when asked, and was killed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ends_in_the_middle;

    #[test]
    fn only_the_connection_to_the_daemon_counts() {
        for lost in [
            "error during connect: Post \"http://%2Frun%2Fdocker.sock/v1.47/images/create\": EOF",
            "ctr: rpc error: code = Unavailable desc = error reading from server: EOF",
        ] {
            assert!(ends_in_the_middle(lost), "{lost}");
        }
        for passed_on in [
            "unexpected EOF",
            "Error response from daemon: Get \"http://127.0.0.1:5000/v2/\": EOF",
            "error during connect: permission denied",
            "",
        ] {
            assert!(!ends_in_the_middle(passed_on), "{passed_on}");
        }
    }
}
