//! The one piece of code that carries out what adapters describe: deadlines, the mark in the registry's
//! trace, whether a daemon lives, and cleaning up on every path.
//!
//! An adapter says what to run and what to look at. It decides neither when, nor what a failure means.

use crate::{
    Action, Adapter, Call, Execution, HarnessError, KnownOptions, RawObservation, Request,
    Retention, Runtime, Sandbox, Service, StartError, Support, Transport,
    process::{Daemon, DaemonError, DaemonSpec, Invocation, Ran, Readiness, fits_socket, run},
    supervisor::DaemonSupervisor,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

/// How long a daemon may take to answer after its start.
pub(crate) const DAEMON_START: Duration = Duration::from_secs(60);
/// How long a command that only looks may take.
pub(crate) const LOOK: Duration = Duration::from_secs(30);

/// A runtime in its sandbox: what an adapter has to work with.
#[derive(Debug)]
pub struct SandboxedTool {
    runtime: Runtime,
    sandbox: Sandbox,
    options: KnownOptions,
}

impl SandboxedTool {
    /// The runtime.
    #[must_use]
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Its sandbox.
    #[must_use]
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// A path below the directory of the sandbox.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.sandbox.dir().join(name)
    }

    /// The same as text.
    #[must_use]
    pub fn path_text(&self, name: &str) -> String {
        self.path(name).to_string_lossy().into_owned()
    }

    /// A command of the client: in the sandbox, or outside where the daemon is the machine's own.
    #[must_use]
    pub fn client(&self, args: &[&str], deadline: Duration) -> Invocation {
        let client = self.runtime.binary("client");
        match self.runtime.service {
            Service::Machine { .. } => self.sandbox.outside(&client, args, deadline),
            Service::Private | Service::None => self.sandbox.invocation(&client, args, deadline),
        }
    }

    /// Whether the help of a command of the client knows an option. It is asked once.
    #[must_use]
    pub fn knows_option(&self, command: &[&str], option: &str) -> bool {
        let client = self.runtime.binary("client");
        self.options.knows(&client, command, option, &self.sandbox)
    }
}

/// What a tool is asked in one trial.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The tool.
    pub tool: &'a SandboxedTool,
    /// What it is asked for.
    pub request: &'a Request<'a>,
    /// Number of the trial in its session, from 1.
    pub number: u32,
}

/// What an adapter looks with after the tool has succeeded, and where it writes down what it saw.
pub struct Look<'a> {
    tool: &'a SandboxedTool,
    execution: &'a mut Execution,
    /// What the tool says of the image that it now has.
    pub reported: RawObservation,
    /// What that image contains.
    pub materialised: RawObservation,
    /// What the tool calls the image, where that is not known beforehand.
    pub image: Option<String>,
}

impl Look<'_> {
    /// Runs a command that looks, and keeps what it showed.
    ///
    /// # Errors
    /// When it could not be run.
    pub fn run(&mut self, invocation: &Invocation) -> Result<Ran, HarnessError> {
        let at = self
            .execution
            .keep(run(invocation, self.tool.sandbox.cancel())?);
        Ok(self.execution.commands[at].clone())
    }

    /// Makes a call that looks, and keeps what was answered.
    ///
    /// # Errors
    /// When it could not be made.
    pub fn call(&mut self, call: Call) -> Result<Ran, HarnessError> {
        let ran = Action::from(call).carry_out(self.tool.sandbox.cancel())?;
        let at = self.execution.keep(ran);
        Ok(self.execution.commands[at].clone())
    }

    /// The command that did what was asked.
    #[must_use]
    pub fn decisive(&self) -> Option<&Ran> {
        self.execution.decisive_command()
    }

    /// Writes down what a reader should know.
    pub fn note(&mut self, words: String) {
        self.execution.notes.push(words);
    }
}

/// What removes what a trial has made.
#[derive(Clone, Debug, Default)]
pub struct Cleanup {
    /// Commands that remove what looking has made. They are run after a look only.
    pub look: Vec<Invocation>,
    /// Files and directories that asking and looking have made.
    pub look_files: Vec<PathBuf>,
    /// A directory that looking has mounted something on. What is below it is not the trial's.
    pub mount_point: Option<PathBuf>,
    /// Commands that remove the image.
    pub image: Vec<Invocation>,
    /// Calls that remove the image, of a daemon that is private. What one that is not ours is to be rid of is
    /// promised on disk, and a promise is commands.
    pub calls: Vec<Call>,
    /// Files and directories that are the image.
    pub image_files: Vec<PathBuf>,
    /// What a trial that was killed on its way leaves besides, in a daemon that is not ours.
    pub remains: Vec<Invocation>,
    /// What goes at last, in a daemon that is not ours. A private one goes with all it has.
    pub shared: Vec<Invocation>,
}

impl Cleanup {
    /// What is promised of a daemon that is not ours, before anything is asked of it.
    fn promised(&self) -> Vec<Invocation> {
        [&self.look[..], &self.image, &self.remains, &self.shared].concat()
    }

    /// The commands that are due.
    fn commands(&self, looked: bool, leaves: Retention, service: &Service) -> Vec<Action> {
        let mut commands = Vec::new();
        let mut add = |more: &[Invocation]| commands.extend(more.iter().cloned().map(Action::from));
        if looked {
            add(&self.look);
        }
        if leaves == Retention::Nothing {
            add(&self.image);
            if matches!(service, Service::Machine { .. }) {
                add(&self.shared);
            }
            commands.extend(self.calls.iter().cloned().map(Action::from));
        }
        commands
    }

    fn remove_files(&self, leaves: Retention) {
        let image = match leaves {
            Retention::Nothing => &self.image_files[..],
            Retention::Image => &[],
        };
        for path in self.look_files.iter().chain(image) {
            remove(path);
        }
        if let Some(point) = &self.mount_point {
            let _ = fs::remove_dir(point);
        }
    }
}

/// Removes a file or a directory of the sandbox. What cannot be removed goes with the sandbox.
fn remove(path: &Path) {
    let is_dir = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir());
    let _ = if is_dir {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
}

/// How the daemon of a tool is started, asked and understood.
pub trait DaemonAdapter: Sync {
    /// What people call it, such as `dockerd`.
    fn name(&self) -> &'static str;

    /// How a private one is started.
    fn description(&self, tool: &SandboxedTool) -> DaemonDescription;

    /// What only a living daemon answers, in the configuration that is asked.
    fn question(&self, tool: &SandboxedTool) -> Action;

    /// Makes sure that a daemon that was started has the configuration that the flavour names.
    ///
    /// # Errors
    /// When it does not.
    fn check(&self, tool: &SandboxedTool) -> Result<(), StartError> {
        let _ = tool;
        Ok(())
    }

    /// What its client and its log say.
    fn words(&self) -> DaemonWords;
}

/// How a private daemon is started.
pub struct DaemonDescription {
    /// Its command; the deadline is how long it may take until it answers.
    pub invocation: Invocation,
    /// The file that takes all it prints.
    pub log: PathBuf,
    /// Its socket.
    pub socket: PathBuf,
    /// The longest path of a socket that it makes.
    pub longest_socket: PathBuf,
    /// What one that died has left, and would keep the next one from starting.
    pub stale: Vec<PathBuf>,
    /// A process that it starts for itself, and is of no use without.
    pub helper: Option<&'static str>,
    /// Whether its store is in overlay mounts, whose options take not every path.
    pub mounts: bool,
}

/// What the client and the log of a daemon say, as far as it means something.
#[derive(Clone, Copy, Debug)]
pub struct DaemonWords {
    /// How a client says that it lost the daemon.
    pub lost: &'static [&'static str],
    /// How a client says that its request was given up in the middle.
    pub aborted: &'static [&'static str],
    /// What the log says of a daemon that was asked to end, and takes its time for it.
    pub leaving: Option<&'static str>,
}

/// A runtime that is being measured. Dropping it ends its daemon and removes what it made.
pub struct Session<'a> {
    adapter: &'a dyn Adapter,
    supervisor: Option<DaemonSupervisor<'a>>,
    tool: SandboxedTool,
    trials: u32,
}

impl<'a> Session<'a> {
    /// Prepares to measure: makes configuration, starts nothing yet. Daemons are started by the first
    /// trial, on the thread that calls it.
    ///
    /// # Errors
    /// When the configuration cannot be written.
    pub fn open(
        adapter: &'a dyn Adapter,
        runtime: &Runtime,
        mut sandbox: Sandbox,
    ) -> io::Result<Self> {
        adapter.prepare(runtime, &mut sandbox)?;
        let supervisor = adapter
            .daemon()
            .map(|daemon| DaemonSupervisor::new(daemon, runtime.service.clone(), sandbox.dir()));
        Ok(Self {
            adapter,
            supervisor,
            tool: SandboxedTool {
                runtime: runtime.clone(),
                sandbox,
                options: KnownOptions::default(),
            },
            trials: 0,
        })
    }

    /// What the tool speaks with a registry.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.adapter.transport()
    }

    /// Starts the daemon, if the tool has one and it does not run, and makes sure that it is in the
    /// configuration that the flavour names.
    ///
    /// # Errors
    /// When the runtime cannot be measured.
    pub fn start(&mut self) -> Result<(), StartError> {
        let (Some(daemon), Some(supervisor)) = (self.adapter.daemon(), &mut self.supervisor) else {
            return Ok(());
        };
        if !supervisor.must_start() {
            return Ok(());
        }
        let description = daemon.description(&self.tool);
        if description.mounts {
            may_mount(self.tool.sandbox.dir())?;
        }
        supervisor.adopt(started(daemon, &self.tool, description))?;
        daemon.check(&self.tool)
    }

    /// Takes one image from where `request` says, for one platform or the tool's default, and looks at
    /// what came of it. Leaves nothing of the image in the store, unless it is asked to.
    pub fn execute(&mut self, request: &Request<'_>) -> Execution {
        if let Support::No(why) = self.adapter.can_be_asked(&self.tool.runtime, request) {
            return Execution::troubled(HarnessError::CannotBeAsked(why));
        }
        if let Err(error) = self.start() {
            return Execution::troubled(error.into());
        }
        self.trials += 1;
        let asked = Asked {
            tool: &self.tool,
            request,
            number: self.trials,
        };
        let cleanup = self.adapter.cleanup(&asked, None);
        if let Some(supervisor) = &mut self.supervisor
            && let Err(trouble) = supervisor.begin(&cleanup.promised())
        {
            return Execution::troubled(trouble);
        }
        let mut execution = Execution::default();
        for action in self.adapter.actions(&asked) {
            match action.carry_out(self.tool.sandbox.cancel()) {
                Ok(ran) => execution.decisive = Some(execution.keep(ran)),
                Err(error) => {
                    // What was taken until now must not stay in a daemon that is not ours.
                    execution.trouble = Some(error.into());
                    let all =
                        cleanup.commands(true, Retention::Nothing, &self.tool.runtime.service);
                    self.remove(&mut execution, &all);
                    cleanup.remove_files(Retention::Nothing);
                    return execution;
                }
            }
            if !execution.succeeded() {
                break;
            }
        }
        (request.done)();
        let mut image = None;
        let succeeded = execution.succeeded();
        let failed = execution.decisive_command().filter(|_| !succeeded);
        if let Some(why) = failed.and_then(|ran| self.adapter.declines(ran)) {
            execution
                .trouble
                .get_or_insert(HarnessError::CannotBeAsked(why));
        }
        if succeeded {
            let mut look = Look {
                tool: &self.tool,
                execution: &mut execution,
                reported: RawObservation::Not,
                materialised: RawObservation::Not,
                image: None,
            };
            let looked = self.adapter.observe(&asked, &mut look);
            let (reported, materialised) = (look.reported, look.materialised);
            image = look.image;
            execution.reported = reported;
            execution.materialised = materialised;
            if let Err(trouble) = looked {
                execution.trouble = Some(trouble);
            }
        }
        let cleanup = self.adapter.cleanup(&asked, image.as_deref());
        let removal = cleanup.commands(succeeded, request.leaves, &self.tool.runtime.service);
        let is_alive = match (self.adapter.daemon(), &mut self.supervisor) {
            (Some(daemon), Some(supervisor)) => {
                supervisor.end(&mut execution, &self.tool, &daemon.question(&self.tool))
            }
            (Some(_) | None, _) => true,
        };
        if is_alive {
            self.remove(&mut execution, &removal);
        }
        cleanup.remove_files(request.leaves);
        execution
    }

    /// Removes what a trial made, even when the user wants to stop.
    fn remove(&self, execution: &mut Execution, removal: &[Action]) {
        for action in removal {
            execution.removed(self.tool.sandbox.clean_up(action));
        }
        if let Some(supervisor) = &self.supervisor {
            supervisor.kept();
        }
    }
}

impl Drop for Session<'_> {
    /// Ends the daemon, and removes what no removal of the sandbox could.
    fn drop(&mut self) {
        // First the daemon, then what it lives in.
        drop(self.supervisor.take());
        for command in self.adapter.farewell(&self.tool) {
            if let Err(error) = self.tool.sandbox.clean_up(&command.into()) {
                tracing::warn!(%error, "cannot remove the private store of a tool");
            }
        }
    }
}

/// Starts a private daemon and waits until it answers.
fn started(
    daemon: &dyn DaemonAdapter,
    tool: &SandboxedTool,
    description: DaemonDescription,
) -> Result<Daemon, DaemonError> {
    fits_socket(daemon.name(), &description.longest_socket)?;
    for stale in &description.stale {
        remove(stale);
    }
    let spec = DaemonSpec {
        name: daemon.name(),
        invocation: description.invocation,
        log: description.log,
        ready: &|| {
            if !description.socket.exists() {
                return Readiness::NotYet;
            }
            match daemon.question(tool).carry_out(tool.sandbox.cancel()) {
                Ok(ran) if ran.exit.is_success() => Readiness::Ready,
                Ok(_) | Err(_) => Readiness::NotYet,
            }
        },
    };
    let mut started = Daemon::start(&spec, tool.sandbox.cancel())?;
    if let Some(helper) = description.helper {
        started.watch_helper(helper);
    }
    Ok(started)
}

/// Why the store of a daemon cannot lie in this directory, where it puts it into the options of overlay
/// mounts.
fn may_mount(dir: &Path) -> Result<(), StartError> {
    let text = dir.to_string_lossy();
    match text.chars().find(|c| [',', ':', '\\'].contains(c)) {
        None => Ok(()),
        Some(c) => Err(StartError::NotStarted(format!(
            "its store would lie in {text}, and an overlay mount takes no path with `{c}` \
             (hint: TMPDIR chooses another place)"
        ))),
    }
}
