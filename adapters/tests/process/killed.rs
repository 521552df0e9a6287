//! What becomes of a tool when ocipick itself is killed.

use crate::stage::{Stage, wait_until};
use ocipick_adapters::process::{Cancel, Isolation, MountNamespace, Reveal, run};
use std::{env, process::Command, time::Duration};

/// Set for the process that is to be killed: the directory of the stage.
const VICTIM: &str = "OCIPICK_TEST_VICTIM";
const IN_NAMESPACES: &str = "OCIPICK_TEST_VICTIM_IN_NAMESPACES";

/// In what the tool runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum In {
    TheMachine,
    Namespaces,
    PreparedNamespaces,
}

/// No test, but what the process that is killed does.
#[test]
fn victim() {
    let Some(dir) = env::var_os(VICTIM) else {
        return;
    };
    let mut sleep = Stage::plain().program("/bin/sleep", &["60"]);
    sleep.output = std::path::Path::new(&dir).join("out");
    sleep.env = [("STAGE".to_owned(), dir.into_string().unwrap())].into();
    if let Some(how) = env::var_os(IN_NAMESPACES) {
        sleep.isolation = Isolation::Namespaces { mounts: Vec::new() };
        sleep.reveal = Some(Reveal {
            root: "/".into(),
            file: "absent".to_owned(),
        });
        if how == "prepared" {
            let (made, cancel) = (sleep.output.with_file_name("made"), Cancel::default());
            sleep.isolation =
                MountNamespace::prepare(&sleep.isolation, &sleep.env, &made, &cancel).unwrap();
        }
    }
    run(&sleep, &Cancel::default()).unwrap();
}

#[expect(
    clippy::disallowed_methods,
    reason = "the process module is what this process is to use, and not to be started by"
)]
fn tools_end_with_a_killed_ocipick(stage: &Stage, place: In) {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--exact", "killed::victim", "--nocapture"])
        .env(VICTIM, stage.dir());
    match place {
        In::TheMachine => {}
        In::Namespaces => drop(command.env(IN_NAMESPACES, "own")),
        In::PreparedNamespaces => drop(command.env(IN_NAMESPACES, "prepared")),
    }
    let mut victim = command.stdout(std::process::Stdio::null()).spawn().unwrap();
    let sleeps = || {
        stage.alive().iter().any(|pid| {
            std::fs::read(format!("/proc/{pid}/cmdline"))
                .is_ok_and(|line| line.starts_with(b"/bin/sleep"))
        })
    };
    wait_until(Duration::from_secs(10), sleeps);
    victim.kill().unwrap();
    victim.wait().unwrap();
    wait_until(Duration::from_secs(2), || stage.alive().is_empty());
}

#[test]
fn on_the_machine_as_it_is() {
    tools_end_with_a_killed_ocipick(&Stage::plain(), In::TheMachine);
}

#[test]
fn in_a_copy_of_namespaces_below_the_shell_that_waits_to_reveal() {
    if let Some(stage) = Stage::namespaces() {
        tools_end_with_a_killed_ocipick(&stage, In::PreparedNamespaces);
    }
}

#[test]
fn in_namespaces_below_the_shell_that_waits_to_reveal() {
    if let Some(stage) = Stage::namespaces() {
        tools_end_with_a_killed_ocipick(&stage, In::Namespaces);
    }
}
