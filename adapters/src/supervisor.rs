//! The daemon of a session: watched and ended where it is private, asked where it is the machine's own.

use crate::{
    Action, DaemonAdapter, DaemonCrash, Execution, HarnessError, SandboxedTool, Service,
    StartError,
    cleanup::CleanupJournal,
    process::{Cause, Daemon, DaemonError, Death, Invocation, Ran, RunError},
};
use std::{path::Path, time::Duration};

/// How long a daemon may take to end when asked.
const STOP: Duration = Duration::from_secs(10);
/// How long a daemon may take to be quite dead after a client lost its connection: it may still
/// be writing its panic.
const DYING: Duration = Duration::from_secs(3);

/// Watches over the daemon of a session. Dropping it ends a private one.
pub(crate) struct DaemonSupervisor<'a> {
    adapter: &'a dyn DaemonAdapter,
    service: Service,
    daemon: Option<Daemon>,
    cleanup: CleanupJournal,
    /// How long the log was when the trial began.
    log: u64,
}

impl<'a> DaemonSupervisor<'a> {
    /// A supervisor of a daemon that does not run yet, or is not ours.
    pub(crate) fn new(adapter: &'a dyn DaemonAdapter, service: Service, sandbox: &Path) -> Self {
        Self {
            adapter,
            service,
            daemon: None,
            cleanup: CleanupJournal::in_room(sandbox),
            log: 0,
        }
    }

    /// Whether there is a private daemon to be started.
    pub(crate) fn must_start(&self) -> bool {
        self.daemon.is_none() && self.service == Service::Private
    }

    /// Takes over a daemon that was started.
    pub(crate) fn adopt(&mut self, started: Result<Daemon, DaemonError>) -> Result<(), StartError> {
        let daemon = started.map_err(|error| match error {
            DaemonError::Run(RunError::Cancelled) => StartError::Cancelled,
            DaemonError::Run(
                RunError::Start { .. } | RunError::Isolation(_) | RunError::Call { .. },
            )
            | DaemonError::Ended { .. }
            | DaemonError::TooDeep { .. }
            | DaemonError::Silent { .. } => StartError::NotStarted(error.to_string()),
        })?;
        self.daemon = Some(daemon);
        Ok(())
    }

    /// Begins a trial. What will be in a daemon that is not ours is promised to be removed by
    /// these commands.
    pub(crate) fn begin(&mut self, promised: &[Invocation]) -> Result<(), HarnessError> {
        self.log = self.daemon.as_ref().map_or(0, Daemon::log_length);
        match self.service {
            Service::Machine { .. } => self
                .cleanup
                .promise(promised)
                .map_err(|error| HarnessError::Harness(error.to_string())),
            Service::Private | Service::None => Ok(()),
        }
    }

    /// Ends a trial: finds out whether the daemon crashed. `question` is what only a living daemon
    /// answers. Returns whether it lives.
    pub(crate) fn end(
        &mut self,
        execution: &mut Execution,
        tool: &SandboxedTool,
        question: &Action,
    ) -> bool {
        let words = self.adapter.words();
        let is_lost = execution.commands.iter().any(|ran| {
            let stderr = ran.stderr();
            words.lost.iter().any(|words| stderr.contains(words))
        });
        let is_leaving = self.daemon.as_ref().is_some_and(|daemon| {
            let said = |words| daemon.has_said(words, self.log);
            words.leaving.is_some_and(said)
        });
        let patience = if is_lost || is_leaving {
            DYING
        } else {
            Duration::ZERO
        };
        let death = self.death(patience, tool, question);
        let is_alive = death.is_none();
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
            None if execution.succeeded() => {}
            None => {
                execution.daemon_crash = self.panic(execution).map(|words| DaemonCrash {
                    words,
                    survived: true,
                });
            }
        }
        is_alive
    }

    /// What a daemon that lives says of a request that it gave up.
    fn panic(&self, execution: &Execution) -> Option<String> {
        let name = self.adapter.name();
        match (&self.daemon, &self.service) {
            (Some(daemon), _) => daemon
                .panic_since(self.log)
                .map(|panic| format!("{name} panicked, and lives on\n{panic}")),
            // Its log cannot be read, and it has just answered.
            (None, Service::Machine { .. }) => {
                let words = aborted(execution.decisive_command()?, self.adapter.words().aborted)?;
                Some(format!(
                    "the machine's {name} gave up the request, and answers: {words}"
                ))
            }
            (None, Service::Private | Service::None) => None,
        }
    }

    /// What was promised about a daemon that is not ours is done.
    pub(crate) fn kept(&self) {
        self.cleanup.kept();
    }

    /// Whether the daemon is gone, and its first words.
    fn death(
        &mut self,
        patience: Duration,
        tool: &SandboxedTool,
        question: &Action,
    ) -> Option<Ended> {
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
                let asked = question.carry_out(tool.sandbox().cancel()).ok()?;
                let name = self.adapter.name();
                let words = || format!("the machine's {name}: {}", asked.last_words());
                (!asked.exit.is_success()).then(|| Ended::ByItself(words()))
            }
            Service::Private | Service::None => None,
        }
    }
}

/// What a client says whose request was given up without an answer: the connection to its daemon ended
/// in the middle. An end of file alone is not that, since a daemon passes on what a registry does.
fn aborted(client: &Ran, aborted: &[&str]) -> Option<String> {
    let stderr = client.stderr();
    ends_in_the_middle(&stderr, aborted).then(|| client.last_words())
}

fn ends_in_the_middle(stderr: &str, aborted: &[&str]) -> bool {
    aborted.iter().any(|words| stderr.contains(words)) && stderr.contains("EOF")
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

impl Drop for DaemonSupervisor<'_> {
    fn drop(&mut self) {
        if let Some(daemon) = self.daemon.take()
            && daemon.stop(STOP)
        {
            tracing::warn!(
                daemon = self.adapter.name(),
                "did not end when asked, and was killed"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ends_in_the_middle;
    use crate::{Tool, adapter};

    #[test]
    fn only_the_connection_to_the_daemon_counts() {
        let aborted = |tool: &str| {
            let daemon = adapter(tool.parse::<Tool>().unwrap()).daemon();
            daemon.unwrap().words().aborted
        };
        let ends_in_the_middle = |stderr: &str| {
            ["docker", "containerd"]
                .iter()
                .any(|tool| ends_in_the_middle(stderr, aborted(tool)))
        };
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
