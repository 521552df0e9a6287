//! What a tool is asked by: a command, or a call on the socket of its daemon.
//!
//! A call is carried out as a command is. It has a deadline and ends when the user wants to stop, how it ended is
//! said by an exit code, and what was answered lies in the files of its output: the answer as standard output, the
//! refusal as standard error. So whoever judges what was seen need not know which of the two it was.

mod grpc;

pub(crate) use grpc::LOST;
pub use grpc::Unary;

use crate::process::{
    Cancel, Invocation, Ran, RunError, failed_on_full_disk, outside_in, run, write_streams,
};
use ocipick_records::Exit;
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

/// One thing that is asked.
#[derive(Clone, Debug)]
pub enum Action {
    /// A command.
    Command(Invocation),
    /// A call on a socket.
    Call(Call),
}

impl From<Invocation> for Action {
    fn from(command: Invocation) -> Self {
        Self::Command(command)
    }
}

impl From<Call> for Action {
    fn from(call: Call) -> Self {
        Self::Call(call)
    }
}

impl Action {
    /// Carries it out, to its end or its deadline.
    ///
    /// # Errors
    /// When it could not be carried out, or the user stopped it. A tool that fails or hangs is no error: that is
    /// in [`Ran::exit`].
    pub fn carry_out(&self, cancel: &Cancel) -> Result<Ran, RunError> {
        match self {
            Self::Command(command) => run(command, cancel),
            Self::Call(call) => call.carry_out(cancel),
        }
    }
}

/// A call on the socket of a daemon, to be answered once.
#[derive(Clone, Debug)]
pub struct Call {
    /// The command line by which a person repeats it.
    pub line: String,
    /// The socket.
    pub socket: PathBuf,
    /// What is asked.
    pub protocol: Protocol,
    /// After this long the call is given up.
    pub deadline: Duration,
    /// The answer, or why there is none, goes to files of this stem with `.stdout` and `.stderr`.
    pub output: PathBuf,
}

/// What is spoken on a socket.
#[derive(Clone, Debug)]
pub enum Protocol {
    /// A call of gRPC with one question and one answer.
    Grpc(Unary),
}

/// How a call was answered.
enum Answer {
    /// With this text.
    Text(String),
    /// With a refusal, or not at all; in these words.
    Failure(String),
}

/// How often a wait looks whether the user wants to stop.
const LOOK: Duration = Duration::from_millis(50);

/// How a call ended.
enum Ended {
    Answered(Result<Answer, String>),
    Deadline,
    Cancelled,
}

impl Call {
    /// Calls, and keeps what is answered.
    ///
    /// # Errors
    /// When the call could not be made, the user stopped it, or the answer cannot be read, which says that ocipick
    /// does not know this daemon well enough.
    fn carry_out(&self, cancel: &Cancel) -> Result<Ran, RunError> {
        if cancel.is_raised() {
            return Err(RunError::Cancelled);
        }
        tracing::debug!(line = %self.line, "call");
        let began = Instant::now();
        let trouble = |why: String| RunError::Call {
            line: self.line.clone(),
            why,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| trouble(error.to_string()))?;
        let ended = runtime.block_on(async {
            let Protocol::Grpc(question) = &self.protocol;
            tokio::select! {
                answer = question.ask(&self.socket) => Ended::Answered(answer),
                () = tokio::time::sleep(self.deadline) => Ended::Deadline,
                () = raised(cancel) => Ended::Cancelled,
            }
        });
        // What is left of the connection goes with it, by which the daemon learns that nobody waits any more.
        drop(runtime);
        let duration = began.elapsed();
        let (exit, stdout, stderr) = match ended {
            Ended::Cancelled => return Err(RunError::Cancelled),
            Ended::Deadline => (Exit::Deadline, String::new(), String::new()),
            Ended::Answered(answer) => match answer.map_err(trouble)? {
                Answer::Text(text) => (Exit::Code(0), text, String::new()),
                Answer::Failure(words) => (Exit::Code(1), String::new(), words),
            },
        };
        write_streams(&self.output, &stdout, &stderr)
            .map_err(|error| trouble(format!("{}: {error}", self.output.display())))?;
        let mut ran = Ran::recorded(self.line.clone(), exit, duration, 0, &self.output);
        ran.disk_full = failed_on_full_disk(exit, &self.output);
        ran.outside = match exit {
            Exit::Code(1..) => outside_in(&stderr).map(|words| format!("was ended ({words})")),
            Exit::Code(_) | Exit::Signal(_) | Exit::Deadline | Exit::OutputLimit => None,
        };
        Ok(ran)
    }
}

/// Waits until the user wants to stop.
async fn raised(cancel: &Cancel) {
    while !cancel.is_raised() {
        tokio::time::sleep(LOOK).await;
    }
}
