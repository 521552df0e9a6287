//! One command, however it behaves.

use crate::stage::{Stage, in_each_isolation, within};
use ocipick_adapters::process::{
    Cancel, Isolation, Mount, MountNamespace, Ran, Reveal, RunError, run,
};
use ocipick_records::Exit;
use std::{fs, path::Path, thread, time::Duration};

in_each_isolation! {
    exit_codes_are_kept
    death_by_signal_is_no_exit_code
    a_hang_ends_at_its_deadline_and_what_it_said_is_kept
    a_background_child_that_holds_the_output_holds_nobody
    who_leaves_the_session_is_ended_and_counted
    who_leaves_while_the_tool_hangs_is_ended_too
    who_clears_its_environment_is_ended_too
    who_was_killed_from_outside_is_told_from_who_crashed
    who_was_stopped_did_not_hang
    a_fork_loop_is_ended
    garbage_is_read_as_it_can_be
    huge_output_neither_blocks_nor_fills_the_memory
    output_without_end_is_ended_and_does_not_fill_the_disk
    a_program_that_is_not_there_is_not_started
    a_program_that_cannot_run_is_not_started
    a_tool_that_speaks_like_a_wrapper_is_still_the_tool
    the_wish_to_end_is_heard
    who_wants_to_end_already_starts_nothing
    nothing_is_inherited
    standard_input_is_empty
    a_command_that_fails_reveals_nothing
    no_mount_remains
}

fn exit_codes_are_kept(stage: &Stage) {
    for code in [0, 1, 2, 117, 125, 126, 127, 255] {
        let ran = stage.run(&format!("echo out; echo err >&2; exit {code}"));
        assert_eq!(ran.exit, Exit::Code(code));
        assert_eq!(
            (ran.stdout().as_str(), ran.stderr().as_str()),
            ("out\n", "err\n")
        );
        assert_eq!((ran.survivors, ran.last_words().as_str()), (0, "err"));
    }
}

fn death_by_signal_is_no_exit_code(stage: &Stage) {
    for (name, number) in [("SEGV", 11), ("ABRT", 6), ("KILL", 9), ("TERM", 15)] {
        let ran = stage.run(&format!("echo before; kill -{name} $$; sleep 60"));
        assert_eq!(ran.exit, Exit::Signal(number), "{name}");
        assert_eq!(ran.stdout(), "before\n");
    }
    stage.is_deserted();
}

fn a_hang_ends_at_its_deadline_and_what_it_said_is_kept(stage: &Stage) {
    let mut hang = stage.script("trap '' TERM INT HUP; echo partial; while :; do sleep 60; done");
    hang.deadline = Duration::from_millis(500);
    let ran = within(Duration::from_secs(2), || stage.try_run(&hang)).unwrap();
    assert_eq!(ran.exit, Exit::Deadline);
    assert!(ran.duration >= hang.deadline);
    assert_eq!(ran.stdout(), "partial\n");
    stage.is_deserted();
}

fn a_background_child_that_holds_the_output_holds_nobody(stage: &Stage) {
    let ran = within(Duration::from_secs(3), || {
        stage.run("sleep 60 & echo good; exit 0")
    });
    assert_eq!((ran.exit, ran.stdout().as_str()), (Exit::Code(0), "good\n"));
    stage.is_deserted();
}

/// Starts a process in a session of its own, which does not end with the group of its parent.
const ESCAPE: &str =
    "setsid sh -c 'echo $$ > $D/pid; exec sleep 60' & while [ ! -s $D/pid ]; do sleep 0.01; done\n";

fn who_leaves_the_session_is_ended_and_counted(stage: &Stage) {
    let ran = within(Duration::from_secs(3), || {
        stage.run(&format!("{ESCAPE} echo good; exit 0"))
    });
    assert_eq!((ran.exit, ran.stdout().as_str()), (Exit::Code(0), "good\n"));
    assert_eq!(ran.survivors, 1);
    stage.is_deserted();
}

fn who_leaves_while_the_tool_hangs_is_ended_too(stage: &Stage) {
    let mut hang = stage.script(&format!("{ESCAPE} sleep 60"));
    hang.deadline = Duration::from_millis(500);
    let ran = within(Duration::from_secs(3), || stage.try_run(&hang)).unwrap();
    assert_eq!((ran.exit, ran.survivors), (Exit::Deadline, 1));
    stage.is_deserted();
}

/// Starts a process that has neither the group nor the session nor the environment of its parent.
const HIDE: &str = "env -i setsid sh -c 'echo $$ > '$D'/hidden; exec sleep 303' &
    while [ ! -s $D/hidden ]; do sleep 0.01; done\n";

fn who_clears_its_environment_is_ended_too(stage: &Stage) {
    for end in ["exit 0", "exit 1", "kill -SEGV $$"] {
        let ran = stage.run(&format!("{HIDE} {end}"));
        assert_eq!(ran.survivors, 1, "{end}");
        let pid = fs::read_to_string(stage.path("hidden")).unwrap();
        let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        assert!(stat.is_empty() || stat.contains(") Z "), "{end}: {stat}");
        fs::remove_file(stage.path("hidden")).unwrap();
    }
}

fn who_was_killed_from_outside_is_told_from_who_crashed(stage: &Stage) {
    for name in ["KILL", "TERM", "HUP", "INT", "XFSZ"] {
        // What was started in the background of a shell ignores SIGINT, and by nohup SIGHUP; so does all that it
        // starts.
        if (name == "INT" && is_ignored(2)) || (name == "HUP" && is_ignored(1)) {
            continue;
        }
        let ran = stage.run(&format!("kill -{name} $$; sleep 60"));
        let words = ran.outside.unwrap_or_default();
        assert!(
            words.contains(&format!("from outside (SIG{name})")),
            "{words}"
        );
    }
    for name in ["SEGV", "ABRT", "BUS"] {
        let ran = stage.run(&format!("ulimit -c 0; kill -{name} $$; sleep 60"));
        assert_eq!(ran.outside, None, "{name}");
    }
    assert_eq!(stage.run("exit 1").outside, None);
}

/// Whether this process ignores a signal, by its number.
fn is_ignored(signal: u32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    u64::from_str_radix(ignored.unwrap().trim(), 16).unwrap() & (1 << (signal - 1)) != 0
}

fn who_was_stopped_did_not_hang(stage: &Stage) {
    let mut stopped = stage.script("kill -STOP $$; exit 1");
    stopped.deadline = Duration::from_millis(500);
    let ran = within(Duration::from_secs(3), || stage.try_run(&stopped)).unwrap();
    assert_eq!(ran.exit, Exit::Deadline);
    assert!(ran.outside.unwrap().contains("SIGSTOP"));
    stage.is_deserted();
}

fn a_fork_loop_is_ended(stage: &Stage) {
    let mut forks = stage.script("while :; do sleep 60 & done");
    forks.deadline = Duration::from_millis(200);
    let ran = within(Duration::from_secs(8), || stage.try_run(&forks)).unwrap();
    assert_eq!(ran.exit, Exit::Deadline);
    stage.is_deserted();
}

fn garbage_is_read_as_it_can_be(stage: &Stage) {
    let ran = stage.run(r"printf 'a\377\000\303(b'; printf '\200\201' >&2; exit 1");
    assert_eq!(ran.exit, Exit::Code(1));
    assert_eq!(ran.stdout_bytes(), b"a\xff\x00\xc3(b");
    assert_eq!(ran.stdout(), "a\u{fffd}\0\u{fffd}(b");
    assert_eq!(ran.stderr(), "\u{fffd}\u{fffd}");
}

fn huge_output_neither_blocks_nor_fills_the_memory(stage: &Stage) {
    const HUGE: u64 = 50 << 20;
    let ran = stage.run(&format!(
        "head -c {HUGE} /dev/zero; head -c {HUGE} /dev/zero >&2"
    ));
    assert_eq!(ran.exit, Exit::Code(0));
    assert_eq!(ran.stdout_bytes().len(), KEPT);
    assert_eq!(ran.stderr().len(), KEPT);
    is_kept_short(&ran);
}

/// How much of each stream is kept.
const KEPT: usize = 4 << 20;

fn is_kept_short(ran: &Ran) {
    let stdout = ran.stdout_path();
    for stream in [stdout.with_extension("stderr"), stdout] {
        let length = fs::metadata(&stream).unwrap().len();
        assert!(length <= KEPT as u64, "{}: {length}", stream.display());
    }
}

fn output_without_end_is_ended_and_does_not_fill_the_disk(stage: &Stage) {
    for (to, other) in [("", ">&2"), (">&2", "")] {
        let text = format!(
            "echo first words {to}; echo beside it {other}; trap '' TERM
             while :; do head -c 1048576 /dev/zero {to}; done"
        );
        let ran = within(Duration::from_secs(15), || stage.run(&text));
        assert_eq!(ran.exit, Exit::OutputLimit);
        let (loud, quiet) = match to {
            "" => (ran.stdout(), ran.stderr()),
            _ => (ran.stderr(), ran.stdout()),
        };
        assert!(loud.starts_with("first words\n") && loud.len() == KEPT);
        assert_eq!(quiet, "beside it\n");
        is_kept_short(&ran);
        stage.is_deserted();
    }
}

#[track_caller]
fn not_started(stage: &Stage, program: &Path) {
    let program = program.to_str().unwrap();
    let error = stage.try_run(&stage.program(program, &["x"])).unwrap_err();
    assert!(matches!(error, RunError::Start { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .starts_with(&format!("cannot start {program}: ")),
        "{error}"
    );
}

fn a_program_that_is_not_there_is_not_started(stage: &Stage) {
    not_started(stage, &stage.path("absent"));
    not_started(stage, Path::new(""));
}

fn a_program_that_cannot_run_is_not_started(stage: &Stage) {
    let file = stage.path("file");
    fs::write(&file, "no program").unwrap();
    not_started(stage, &file);
    not_started(stage, stage.dir());
}

fn a_tool_that_speaks_like_a_wrapper_is_still_the_tool(stage: &Stage) {
    for (words, code) in [
        ("ocipick: cannot prepare the namespaces: says who", 1),
        ("chroot: it is not the way", 1),
        ("error: unshare: operation not permitted", 1),
    ] {
        let ran = stage.run(&format!("echo '{words}' >&2; exit {code}"));
        assert_eq!(ran.exit, Exit::Code(code), "{words}");
    }
}

fn the_wish_to_end_is_heard(stage: &Stage) {
    let cancel = Cancel::default();
    let hang = stage.script(&format!("{ESCAPE} echo > $D/ready; sleep 60"));
    let error = thread::scope(|scope| {
        scope.spawn(|| {
            stage.wait_for("ready");
            cancel.raise();
        });
        within(Duration::from_secs(4), || run(&hang, &cancel)).unwrap_err()
    });
    assert!(matches!(error, RunError::Cancelled), "{error}");
    stage.is_deserted();
}

fn who_wants_to_end_already_starts_nothing(stage: &Stage) {
    let cancel = Cancel::default();
    cancel.raise();
    let error = run(&stage.script("echo > $D/started"), &cancel).unwrap_err();
    assert!(matches!(error, RunError::Cancelled), "{error}");
    assert!(!stage.path("started").exists());
}

fn nothing_is_inherited(stage: &Stage) {
    let mut env = stage.program("/usr/bin/env", &[]);
    env.env.insert("GIVEN".to_owned(), "a b".to_owned());
    let ran = stage.try_run(&env).unwrap();
    let names: Vec<String> = ran
        .stdout()
        .lines()
        .map(|line| line.split('=').next().unwrap().to_owned())
        // What a shell that stands in front adds of its own.
        .filter(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(&name.as_str()))
        .collect();
    let mut sorted = names.clone();
    sorted.sort();
    assert_eq!(sorted, ["D", "GIVEN", "OCIPICK_CALL", "PATH", "STAGE"]);
    assert!(ran.stdout().contains("GIVEN=a b\n"));
    // The check above can only fail where there is something to inherit.
    assert!(std::env::vars_os().any(|(name, _)| name == "CARGO_MANIFEST_DIR" || name == "HOME"));
}

fn standard_input_is_empty(stage: &Stage) {
    let ran = within(Duration::from_secs(3), || stage.run("wc -c"));
    assert_eq!(ran.stdout().trim(), "0");
}

fn a_command_that_fails_reveals_nothing(stage: &Stage) {
    let mut fails = stage.script("echo text > $D/file; exit 3");
    fails.reveal = reveal(&stage.path(""), "file");
    let ran = stage.try_run(&fails).unwrap();
    assert_eq!((ran.exit, ran.revealed()), (Exit::Code(3), None));
    let mut lacks = stage.script("exit 0");
    lacks.reveal = reveal(&stage.path(""), "absent");
    assert_eq!(stage.try_run(&lacks).unwrap().revealed(), None);
}

fn no_mount_remains(stage: &Stage) {
    let mut mounts = stage.script("findmnt --target $D/at --noheadings --output TARGET");
    fs::create_dir_all(stage.path("at")).unwrap();
    fs::create_dir_all(stage.path("from")).unwrap();
    mounts.isolation = mounts.isolation.with(Mount {
        from: stage.path("from"),
        at: stage.path("at"),
    });
    let ran = stage.try_run(&mounts).unwrap();
    assert_eq!(ran.exit, Exit::Code(0));
    // What is added to namespaces that were made before makes new ones.
    let was_mounted = ran.stdout().trim() == stage.path("at").to_str().unwrap();
    assert_eq!(was_mounted, *stage.isolation() != Isolation::None);
    assert_eq!(stage.mounts(), Vec::<String>::new());
}

#[test]
fn a_file_below_a_mount_of_the_command_is_revealed() {
    let Some(stage) = Stage::namespaces() else {
        return;
    };
    fs::create_dir(stage.path("at")).unwrap();
    let mut mounts = stage.script("mount -t tmpfs tmpfs $D/at && echo text > $D/at/file");
    mounts.reveal = reveal(&stage.path("at"), "file");
    let ran = stage.try_run(&mounts).unwrap();
    assert_eq!(ran.revealed().unwrap(), b"text\n");
    assert!(!stage.path("at/file").exists());
    assert_eq!(stage.mounts(), Vec::<String>::new());
    // The next command of this name does not find what the last one revealed.
    let mut lacks = stage.script("exit 0");
    lacks.reveal = reveal(&stage.path("at"), "file");
    assert_eq!(stage.try_run(&lacks).unwrap().revealed(), None);
}

#[test]
fn of_what_is_revealed_only_the_beginning_is_copied() {
    let Some(stage) = Stage::namespaces() else {
        return;
    };
    let mut huge = stage.script("truncate --size 1T $D/file");
    huge.reveal = reveal(&stage.path(""), "file");
    let ran = within(Duration::from_secs(5), || stage.try_run(&huge)).unwrap();
    assert_eq!(ran.revealed().unwrap(), vec![0; 1 << 16]);
    let mut endless = stage.script("exit 0");
    endless.reveal = reveal(Path::new("/dev"), "zero");
    assert_eq!(stage.try_run(&endless).unwrap().revealed(), None);
}

fn reveal(root: &Path, file: &str) -> Option<Reveal> {
    Some(Reveal {
        root: root.to_owned(),
        file: file.to_owned(),
    })
}

/// An image can hold links that lead out of it, to any file of the machine.
#[test]
fn what_a_link_leads_to_is_not_revealed() {
    for stage in [Stage::namespaces(), Stage::prepared()]
        .into_iter()
        .flatten()
    {
        fs::create_dir_all(stage.path("at/folder")).unwrap();
        fs::create_dir_all(stage.path("outside")).unwrap();
        for file in ["secret", "outside/child", "at/folder/within"] {
            fs::write(stage.path(file), "secret").unwrap();
        }
        let revealed = |script: &str| {
            let clean = "cd $D/at && rm -rf ocipick && ";
            let mut links = stage.script(&format!("{clean}{script}"));
            links.reveal = reveal(&stage.path("at"), "ocipick/child");
            within(Duration::from_secs(5), || stage.try_run(&links))
                .unwrap()
                .revealed()
        };
        assert_eq!(
            revealed("mkdir ocipick && echo x > ocipick/child").unwrap(),
            b"x\n"
        );
        for script in [
            "mkdir ocipick && ln -s $D/secret ocipick/child",
            "mkdir ocipick && ln -s ../../secret ocipick/child",
            "mkdir ocipick && ln -s ../folder/within ocipick/child",
            "mkdir ocipick && ln -s /proc/self/environ ocipick/child",
            "mkdir ocipick && mkfifo ocipick/child",
            "mkdir -p ocipick/child",
            "ln -s $D/outside ocipick",
            "ln -s ../outside ocipick",
            "ln -s / ocipick",
            "echo x > ocipick",
        ] {
            assert_eq!(revealed(script), None, "{script}");
        }
    }
}

/// The shell that waits to reveal must not turn a signal into an exit code.
#[test]
fn a_signal_below_a_reveal_is_no_exit_code() {
    let Some(stage) = Stage::namespaces() else {
        return;
    };
    for (name, number) in [("SEGV", 11), ("KILL", 9)] {
        let mut dies = stage.script(&format!("ulimit -c 0; kill -{name} $$"));
        dies.reveal = reveal(stage.dir(), "file");
        let ran = stage.try_run(&dies).unwrap();
        assert_eq!(ran.exit, Exit::Signal(number), "{name}");
        assert_eq!(ran.outside.is_some(), name == "KILL");
    }
    let mut fails = stage.script("exit 255");
    fails.reveal = reveal(stage.dir(), "file");
    assert_eq!(stage.try_run(&fails).unwrap().exit, Exit::Code(255));
}

/// A bootstrapper that is killed takes all with it that it has started.
#[test]
fn whoever_has_process_ids_of_its_own_takes_all_with_it() {
    if Stage::namespaces().is_none() {
        return;
    }
    let stage = Stage::plain();
    let mut tree =
        stage.script("setsid sh -c 'sleep 60 & sleep 60 & echo > $D/there; wait' & wait");
    tree.isolation = Isolation::Processes;
    thread::scope(|scope| {
        let running = scope.spawn(|| stage.try_run(&tree).unwrap());
        stage.wait_for("there");
        let alive = stage.alive();
        assert!(alive.len() >= 4, "{alive:?}");
        let leader = alive
            .into_iter()
            .find(|pid| {
                fs::read_to_string(format!("/proc/{pid}/comm"))
                    .is_ok_and(|comm| comm == "unshare\n")
            })
            .unwrap();
        let leader = nix::unistd::Pid::from_raw(i32::try_from(leader).unwrap());
        nix::sys::signal::kill(leader, nix::sys::signal::Signal::SIGKILL).unwrap();
        let ran = running.join().unwrap();
        assert_eq!((ran.exit, ran.survivors), (Exit::Signal(9), 0));
    });
    stage.is_deserted();
    // How it ends is told as it is.
    let mut fails = stage.script("exit 7");
    fails.isolation = Isolation::Processes;
    assert_eq!(stage.try_run(&fails).unwrap().exit, Exit::Code(7));
}

#[test]
fn a_hang_below_a_reveal_is_ended() {
    let Some(stage) = Stage::namespaces() else {
        return;
    };
    let mut hang = stage.script("sleep 60");
    hang.reveal = reveal(&stage.path(""), "file");
    hang.deadline = Duration::from_millis(300);
    let ran = within(Duration::from_secs(2), || stage.try_run(&hang)).unwrap();
    assert_eq!((ran.exit, ran.survivors), (Exit::Deadline, 0));
    stage.is_deserted();
}

#[test]
fn namespaces_that_cannot_be_made_are_not_blamed_on_the_tool() {
    let Some(stage) = Stage::namespaces() else {
        return;
    };
    fs::create_dir(stage.path("at")).unwrap();
    let lost = Mount {
        from: stage.path("absent"),
        at: stage.path("at"),
    };
    for isolation in [
        Isolation::Root {
            root: stage.path("absent"),
            mounts: Vec::new(),
        },
        // A root without the directories that a root has.
        Isolation::Root {
            root: stage.path("at"),
            mounts: Vec::new(),
        },
        Isolation::Namespaces { mounts: vec![lost] },
    ] {
        let mut invocation = stage.script("echo started > $D/started");
        invocation.isolation = isolation.clone();
        let error = stage.try_run(&invocation).unwrap_err();
        assert!(
            matches!(error, RunError::Isolation(_)),
            "{isolation:?}: {error:?}"
        );
        assert!(
            error.to_string().contains("cannot prepare the namespaces"),
            "{error}"
        );
        assert!(!stage.path("started").exists());
        assert_eq!(stage.mounts(), Vec::<String>::new());
    }
}

/// The machine's own programs and libraries, under another root.
fn another_root(stage: &Stage) -> Isolation {
    let root = stage.path("root");
    for folder in ["proc", "sys", "dev", "tmp", "run", "bin"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    let mounts = ["/bin", "/usr", "/lib", "/lib64"]
        .iter()
        .filter(|folder| Path::new(folder).is_dir())
        .map(|folder| Mount::same(Path::new(folder)))
        .collect();
    Isolation::Root { root, mounts }
}

fn is_another_root(stage: &Stage, isolation: &Isolation) {
    let mut inside = stage.program("/bin/sh", &["-c", "pwd; ls /; kill -SEGV $$"]);
    inside.isolation = isolation.clone();
    let ran = stage.try_run(&inside).unwrap();
    assert_eq!(ran.exit, Exit::Signal(11), "{}", ran.stderr());
    assert!(ran.stdout().starts_with("/\n"), "{}", ran.stdout());
    assert!(!ran.stdout().contains("home") && ran.stdout().contains("proc"));
    assert!(ran.line.starts_with("chroot "), "{}", ran.line);
    let mut absent = stage.program("/absent", &[]);
    absent.isolation = isolation.clone();
    let error = stage.try_run(&absent).unwrap_err();
    assert!(matches!(error, RunError::Start { .. }), "{error:?}");
    assert_eq!(stage.mounts(), Vec::<String>::new());
}

#[test]
fn another_root_is_another_root() {
    if let Some(stage) = Stage::namespaces() {
        is_another_root(&stage, &another_root(&stage));
    }
}

/// What `chattr +i` needs is bit 9 of what a process may get.
#[test]
fn nothing_can_be_made_that_root_cannot_remove() {
    for stage in [Stage::namespaces(), Stage::prepared()]
        .into_iter()
        .flatten()
    {
        let ran = stage.run("sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status");
        let said = ran.stdout();
        let rights = u64::from_str_radix(said.trim(), 16).unwrap();
        assert_eq!(rights & (1 << 9), 0, "{said}");
        assert_ne!(rights, 0, "{said}");
    }
}

#[test]
fn commands_in_a_copy_do_not_see_the_mounts_of_each_other() {
    let Some(stage) = Stage::prepared() else {
        return;
    };
    fs::create_dir(stage.path("at")).unwrap();
    let mounted = stage.run("mount -t tmpfs tmpfs $D/at && echo text > $D/at/file; ls $D/at");
    assert_eq!(mounted.stdout(), "file\n");
    assert_eq!(stage.run("ls $D/at").stdout(), "");
    let mut mounts = stage.script("mount -t tmpfs tmpfs $D/at && echo text > $D/at/file");
    mounts.reveal = reveal(&stage.path("at"), "file");
    assert_eq!(
        stage.try_run(&mounts).unwrap().revealed().unwrap(),
        b"text\n"
    );
    assert_eq!(stage.mounts(), Vec::<String>::new());
}

#[test]
fn namespaces_that_cannot_be_made_beforehand_say_why() {
    let Some(stage) = Stage::namespaces() else {
        return;
    };
    let isolation = Isolation::Root {
        root: stage.path("absent"),
        mounts: Vec::new(),
    };
    let (env, output) = (std::collections::BTreeMap::new(), stage.path("namespaces"));
    let error = MountNamespace::prepare(&isolation, &env, &output, &Cancel::default()).unwrap_err();
    assert!(matches!(error, RunError::Isolation(_)), "{error:?}");
    assert!(
        error
            .to_string()
            .contains("cannot prepare the namespaces: root"),
        "{error}"
    );
    assert_eq!(stage.mounts(), Vec::<String>::new());
}

#[test]
fn another_root_is_another_root_in_a_copy_as_well() {
    let Some(stage) = Stage::namespaces() else {
        return;
    };
    let isolation = another_root(&stage);
    let (env, output) = (std::collections::BTreeMap::new(), stage.path("namespaces"));
    let prepared = MountNamespace::prepare(&isolation, &env, &output, &Cancel::default()).unwrap();
    is_another_root(&stage, &prepared);
    // What one command writes to the root's own /run is there for the next, as on a machine.
    let mut writes = stage.program("/bin/sh", &["-c", "echo text > /run/file"]);
    writes.isolation = prepared.clone();
    stage.try_run(&writes).unwrap();
    let mut reads = stage.program("/bin/sh", &["-c", "cat /run/file"]);
    reads.isolation = prepared;
    assert_eq!(stage.try_run(&reads).unwrap().stdout(), "text\n");
    assert!(!stage.path("root/run/file").exists());
}
