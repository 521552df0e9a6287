//! The driver with a tool that is a few lines of shell: what is run in which order, what is cleaned up on
//! every path, and that the end of a daemon is seen.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its stage has failed"
)]
use ocipick_adapters::{
    Action, Adapter, Asked, Cleanup, DaemonAdapter, DaemonDescription, DaemonWords, Detected,
    Execution, HarnessError, ImageSource, Installation, Look, Privileges, RawObservation, Request,
    Retention, Runtime, Sandbox, SandboxedTool, Service, Session, Support, Tool,
    channel::DebianRelease,
    process::{Cancel, Invocation},
};
use ocipick_records::{Operation, ToolInfo};
use std::{
    cell::Cell,
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
    time::Duration,
};

/// A tool whose commands are given, and which writes down in a file what it is made to do.
#[derive(Default)]
struct Scripted {
    actions: Vec<&'static str>,
    look: &'static str,
    daemon: Option<ScriptedDaemon>,
    unaskable: bool,
}

struct ScriptedDaemon(&'static str);

const DEADLINE: Duration = Duration::from_secs(20);

fn shell(tool: &SandboxedTool, script: &str) -> Invocation {
    let script = format!("cd {}; {script}", tool.sandbox().dir().display());
    tool.sandbox()
        .invocation(Path::new("/bin/sh"), &["-c", &script], DEADLINE)
}

impl Adapter for Scripted {
    fn info(&self) -> &'static ToolInfo {
        static INFO: LazyLock<ToolInfo> = LazyLock::new(ToolInfo::default);
        &INFO
    }

    fn libraries(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    fn messages(&self) -> &'static [&'static str] {
        &[]
    }

    fn packages(&self, _: &DebianRelease) -> Vec<&'static str> {
        Vec::new()
    }

    fn detect(&self, _: Tool, _: &Installation, _: &Sandbox) -> Detected {
        Detected::default()
    }

    fn is_stateless(&self) -> bool {
        self.daemon.is_none()
    }

    fn supports(&self, _: &Runtime, _: Operation) -> Support {
        Support::Yes
    }

    fn can_be_asked(&self, _: &Runtime, _: &Request<'_>) -> Support {
        if self.unaskable {
            Support::No("never".to_owned())
        } else {
            Support::Yes
        }
    }

    fn daemon(&self) -> Option<&dyn DaemonAdapter> {
        self.daemon.as_ref().map(|it| it as _)
    }

    fn actions(&self, asked: &Asked<'_>) -> Vec<Action> {
        let actions = self.actions.iter();
        actions
            .map(|script| shell(asked.tool, script).into())
            .collect()
    }

    fn observe(&self, asked: &Asked<'_>, look: &mut Look<'_>) -> Result<(), HarnessError> {
        let ran = look.run(&shell(asked.tool, self.look))?;
        look.reported = RawObservation::Absent(ran.stdout().trim().to_owned());
        look.materialised = RawObservation::Empty("nothing".to_owned());
        look.image = Some("found".to_owned());
        if ran.exit.is_success() {
            Ok(())
        } else {
            Err(HarnessError::Harness("the look failed".to_owned()))
        }
    }

    fn cleanup(&self, asked: &Asked<'_>, image: Option<&str>) -> Cleanup {
        let image = image.unwrap_or("asked");
        Cleanup {
            look: vec![shell(asked.tool, "echo unlook >> log")],
            look_files: vec![asked.tool.path("looked")],
            image: vec![shell(asked.tool, &format!("echo remove-{image} >> log"))],
            image_files: vec![asked.tool.path("image")],
            shared: vec![shell(asked.tool, "echo shared >> log")],
            ..Cleanup::default()
        }
    }
}

impl DaemonAdapter for ScriptedDaemon {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn description(&self, tool: &SandboxedTool) -> DaemonDescription {
        DaemonDescription {
            invocation: shell(tool, self.0),
            log: tool.path("daemon.log"),
            socket: tool.path("up"),
            longest_socket: tool.path("up"),
            stale: vec![tool.path("up")],
            helper: None,
            mounts: false,
        }
    }

    fn question(&self, tool: &SandboxedTool) -> Action {
        shell(tool, "test -e up").into()
    }

    fn words(&self) -> DaemonWords {
        DaemonWords {
            lost: &["lost the daemon"],
            aborted: &[],
            leaving: None,
        }
    }
}

/// A session of a tool in a directory of its own.
struct Stage {
    dir: tempfile::TempDir,
    service: Service,
}

impl Stage {
    fn new(service: Service) -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            service,
        }
    }

    fn room(&self) -> PathBuf {
        self.dir.path().join("r0")
    }

    fn open<'a>(&self, tool: &'a Scripted) -> Session<'a> {
        let privileges = Privileges {
            root: false,
            namespaces: false,
        };
        let installation = Installation::this_machine(OsStr::new("/bin"), privileges);
        let runtime = Runtime {
            tool: "crane".parse().unwrap(),
            version: "1".to_owned(),
            flavour: None,
            installation: installation.clone(),
            binaries: BTreeMap::new(),
            versions: BTreeMap::new(),
            service: self.service.clone(),
            notes: Vec::new(),
            origin: Default::default(),
        };
        let cancel = Cancel::default();
        let sandbox = Sandbox::furnish(
            &self.room(),
            self.dir.path(),
            "session",
            &installation,
            &cancel,
        );
        Session::open(tool, &runtime, sandbox.unwrap()).unwrap()
    }

    fn log(&self) -> Vec<String> {
        let text = fs::read_to_string(self.room().join("log")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

fn execute(session: &mut Session<'_>, leaves: Retention, done: &dyn Fn()) -> Execution {
    session.execute(&Request {
        operation: Operation::Pull,
        source: ImageSource::Registry {
            address: ([127, 0, 0, 1], 1).into(),
            repository: "a/b",
            tag: "latest",
        },
        platform: None,
        leaves,
        deadline: DEADLINE,
        done,
    })
}

#[test]
fn it_is_done_before_anybody_looks_and_then_all_is_removed() {
    let stage = Stage::new(Service::None);
    let tool = Scripted {
        actions: vec!["echo one >> log", "touch image; echo two >> log"],
        look: "touch looked; echo look >> log; echo seen",
        ..Scripted::default()
    };
    let mut session = stage.open(&tool);
    let before = Cell::new(Vec::new());
    let execution = execute(&mut session, Retention::Nothing, &|| {
        let mut calls = before.take();
        calls.push(stage.log());
        before.set(calls);
    });
    assert_eq!(before.take(), [["one", "two"]], "once, and before the look");
    assert_eq!(
        stage.log(),
        ["one", "two", "look", "unlook", "remove-found"],
        "a private store keeps what is shared"
    );
    assert!(execution.succeeded() && execution.trouble.is_none());
    assert_eq!(execution.decisive, Some(1));
    assert_eq!(
        execution.reported,
        RawObservation::Absent("seen".to_owned())
    );
    assert_eq!(
        execution.materialised,
        RawObservation::Empty("nothing".to_owned())
    );
    assert!(!stage.room().join("image").exists() && !stage.room().join("looked").exists());
}

#[test]
fn what_failed_is_not_looked_at_and_removed_all_the_same() {
    let stage = Stage::new(Service::None);
    let tool = Scripted {
        actions: vec!["echo one >> log; touch image; exit 3", "echo two >> log"],
        look: "echo look >> log",
        ..Scripted::default()
    };
    let execution = execute(&mut stage.open(&tool), Retention::Nothing, &|| {});
    assert!(!execution.succeeded());
    assert_eq!(execution.decisive, Some(0), "the one that failed decides");
    assert_eq!(execution.reported, RawObservation::Not);
    assert_eq!(stage.log(), ["one", "remove-asked"]);
    assert!(!stage.room().join("image").exists());
}

#[test]
fn an_image_that_is_to_stay_stays_and_what_looking_made_goes() {
    let stage = Stage::new(Service::None);
    let tool = Scripted {
        actions: vec!["touch image"],
        look: "touch looked",
        ..Scripted::default()
    };
    let mut session = stage.open(&tool);
    execute(&mut session, Retention::Image, &|| {});
    assert_eq!(stage.log(), ["unlook"]);
    assert!(stage.room().join("image").exists() && !stage.room().join("looked").exists());
}

#[test]
fn a_look_that_fails_is_trouble_and_leaves_nothing() {
    let stage = Stage::new(Service::None);
    let tool = Scripted {
        actions: vec!["touch image"],
        look: "exit 1",
        ..Scripted::default()
    };
    let execution = execute(&mut stage.open(&tool), Retention::Nothing, &|| {});
    let expected = HarnessError::Harness("the look failed".to_owned());
    assert_eq!(execution.trouble, Some(expected));
    assert_eq!(stage.log(), ["unlook", "remove-found"]);
}

#[test]
fn what_a_tool_cannot_be_asked_is_not_asked() {
    let stage = Stage::new(Service::None);
    let tool = Scripted {
        actions: vec!["echo one >> log"],
        unaskable: true,
        ..Scripted::default()
    };
    let execution = execute(&mut stage.open(&tool), Retention::Nothing, &|| {});
    let expected = HarnessError::CannotBeAsked("never".to_owned());
    assert_eq!(execution.trouble, Some(expected));
    assert!(stage.log().is_empty());
}

#[test]
fn in_a_daemon_that_is_not_ours_everything_goes() {
    let stage = Stage::new(Service::Machine {
        address: "x".to_owned(),
        because: "y".to_owned(),
    });
    let tool = Scripted {
        actions: vec!["touch up"],
        look: "true",
        daemon: Some(ScriptedDaemon("exit 1")),
        ..Scripted::default()
    };
    let execution = execute(&mut stage.open(&tool), Retention::Nothing, &|| {});
    assert!(execution.trouble.is_none(), "{:?}", execution.trouble);
    assert_eq!(stage.log(), ["unlook", "remove-found", "shared"]);
    assert!(
        !stage.room().join("undo.json").exists(),
        "the promise is kept"
    );
}

/// A daemon that runs until it is told to die, in words.
const UNTIL_TOLD: &str = "touch up; echo start >> log; \
    until test -e die; do sleep 0.05; done; rm -f up die; echo 'panic: boom'; exit 2";

#[test]
fn a_daemon_that_dies_is_seen_and_started_anew() {
    let stage = Stage::new(Service::Private);
    let dies = Scripted {
        actions: vec![
            "touch die; until ! test -e up; do sleep 0.05; done; echo 'lost the daemon' >&2; exit 1",
        ],
        daemon: Some(ScriptedDaemon(UNTIL_TOLD)),
        ..Scripted::default()
    };
    let mut session = stage.open(&dies);
    for _ in 0..2 {
        let execution = execute(&mut session, Retention::Nothing, &|| {});
        let crash = execution.daemon_crash.expect("it died");
        assert!(
            !crash.survived && crash.words.contains("panic: boom"),
            "{crash:?}"
        );
    }
    assert_eq!(
        stage.log(),
        ["start", "start"],
        "nothing is removed from a dead daemon"
    );
}

#[test]
fn a_daemon_that_lives_is_no_crash_and_ends_with_the_session() {
    let stage = Stage::new(Service::Private);
    let tool = Scripted {
        actions: vec!["exit 1"],
        daemon: Some(ScriptedDaemon(UNTIL_TOLD)),
        ..Scripted::default()
    };
    let mut session = stage.open(&tool);
    for _ in 0..2 {
        let execution = execute(&mut session, Retention::Nothing, &|| {});
        assert!(execution.daemon_crash.is_none() && execution.trouble.is_none());
    }
    drop(session);
    assert_eq!(stage.log(), ["start", "remove-asked", "remove-asked"]);
}

#[test]
fn a_panic_that_is_survived_is_no_death() {
    let stage = Stage::new(Service::Private);
    let tool = Scripted {
        actions: vec!["touch panic; while test -e panic; do sleep 0.05; done; exit 1"],
        daemon: Some(ScriptedDaemon(
            "touch up; while true; do if test -e panic; then \
             printf 'http: panic serving @: boom\\ngoroutine 7 [running]:\\n'; rm panic; fi; sleep 0.05; done",
        )),
        ..Scripted::default()
    };
    let execution = execute(&mut stage.open(&tool), Retention::Nothing, &|| {});
    let crash = execution.daemon_crash.expect("it panicked");
    assert!(
        crash.survived && crash.words.starts_with("scripted panicked, and lives on"),
        "{crash:?}"
    );
    assert_eq!(stage.log(), ["remove-asked"]);
}

#[test]
fn a_daemon_that_does_not_start_is_trouble() {
    let stage = Stage::new(Service::Private);
    let tool = Scripted {
        actions: vec!["echo one >> log"],
        daemon: Some(ScriptedDaemon("echo no; exit 4")),
        ..Scripted::default()
    };
    let execution = execute(&mut stage.open(&tool), Retention::Nothing, &|| {});
    assert!(
        matches!(&execution.trouble, Some(HarnessError::NotStarted(words)) if words.contains("no")),
        "{:?}",
        execution.trouble
    );
    assert!(stage.log().is_empty());
}
