//! Daemons, the dying and the deathless.

use crate::stage::{Stage, in_each_isolation, wait_until, within};
use ocipick_adapters::process::{
    Cancel, Cause, Daemon, DaemonError, DaemonSpec, Readiness, RunError,
};
use std::{fs, thread, time::Duration};

in_each_isolation! {
    a_daemon_is_there_when_it_answers
    one_that_never_answers_is_silent
    one_that_ends_at_once_is_quoted
    one_that_dies_of_a_signal_at_once_is_quoted
    one_that_is_not_there_is_not_started
    the_wish_to_end_is_heard_during_the_start
    a_death_is_told_with_the_first_words_of_the_panic
    a_death_without_panic_is_told_with_the_last_words
    the_living_has_no_death
    one_that_was_asked_to_end_from_outside_did_not_crash
    one_that_lost_its_helper_is_of_no_use
    one_that_listens_ends_by_itself
    one_that_does_not_listen_is_killed
    what_it_started_ends_with_it
    one_that_prints_without_end_is_ended_and_nobody_says_that_it_crashed
    one_that_prints_without_end_before_it_answers_is_ended
}

const SECOND: Duration = Duration::from_secs(1);

/// Starts a daemon that answers when the file `ready` is there.
fn start(stage: &Stage, text: &str, deadline: Duration) -> Result<Daemon, DaemonError> {
    start_unless(stage, text, deadline, &Cancel::default())
}

fn start_unless(
    stage: &Stage,
    text: &str,
    deadline: Duration,
    cancel: &Cancel,
) -> Result<Daemon, DaemonError> {
    let mut invocation = stage.script(text);
    invocation.deadline = deadline;
    let ready = || {
        if stage.path("ready").exists() {
            Readiness::Ready
        } else {
            Readiness::NotYet
        }
    };
    let spec = DaemonSpec {
        name: "fussd",
        invocation,
        log: stage.path("log"),
        ready: &ready,
    };
    Daemon::start(&spec, cancel)
}

#[track_caller]
fn refuses(stage: &Stage, text: &str, deadline: Duration) -> DaemonError {
    match start(stage, text, deadline) {
        Ok(_) => panic!("it started"),
        Err(error) => error,
    }
}

fn a_daemon_is_there_when_it_answers(stage: &Stage) {
    let daemon = start(
        stage,
        "echo warming up; sleep 0.2; echo > $D/ready; echo up >&2; sleep 60",
        20 * SECOND,
    )
    .unwrap();
    wait_until(5 * SECOND, || daemon.last_words() == "warming up\nup");
    drop(daemon);
    stage.is_deserted();
}

fn one_that_never_answers_is_silent(stage: &Stage) {
    let error = within(3 * SECOND, || {
        refuses(stage, "echo thinking; sleep 60", SECOND)
    });
    let DaemonError::Silent {
        name,
        patience,
        words,
    } = error
    else {
        panic!("{error}")
    };
    assert_eq!(
        (name.as_str(), patience, words.as_str()),
        ("fussd", SECOND, "thinking")
    );
    stage.is_deserted();
}

fn one_that_ends_at_once_is_quoted(stage: &Stage) {
    let error = refuses(stage, "echo 'no such driver' >&2; exit 3", 20 * SECOND);
    assert_eq!(
        error.to_string(),
        "fussd ended before it answered (exited with code 3); its last words: no such driver"
    );
    assert!(matches!(error, DaemonError::Ended { .. }));
}

fn one_that_dies_of_a_signal_at_once_is_quoted(stage: &Stage) {
    let error = refuses(stage, "echo oh; kill -SEGV $$", 20 * SECOND);
    assert_eq!(
        error.to_string(),
        "fussd ended before it answered (died of SIGSEGV); its last words: oh"
    );
}

fn one_that_is_not_there_is_not_started(stage: &Stage) {
    let spec = DaemonSpec {
        name: "fussd",
        invocation: stage.program(stage.path("absent").to_str().unwrap(), &[]),
        log: stage.path("log"),
        ready: &|| Readiness::NotYet,
    };
    let Err(error) = Daemon::start(&spec, &Cancel::default()) else {
        panic!("it started")
    };
    assert!(
        matches!(error, DaemonError::Run(RunError::Start { .. })),
        "{error:?}"
    );
}

fn the_wish_to_end_is_heard_during_the_start(stage: &Stage) {
    let cancel = Cancel::default();
    let started = thread::scope(|scope| {
        scope.spawn(|| {
            stage.wait_for("begun");
            cancel.raise();
        });
        within(3 * SECOND, || {
            start_unless(stage, "echo > $D/begun; sleep 60", 20 * SECOND, &cancel)
        })
    });
    assert!(matches!(
        started,
        Err(DaemonError::Run(RunError::Cancelled))
    ));
    stage.is_deserted();
}

const PANICS: &str = "
echo > $D/ready
echo 'level=info msg=\"all is well\"'
while [ ! -e $D/now ]; do sleep 0.01; done
echo 'panic: runtime error: index out of range [0] with length 0'
echo
echo 'goroutine 1 [running]:'
echo 'main.main()'
exit 2
";

fn a_death_is_told_with_the_first_words_of_the_panic(stage: &Stage) {
    let mut daemon = start(stage, PANICS, 20 * SECOND).unwrap();
    assert_eq!(daemon.death(Duration::ZERO), None);
    fs::write(stage.path("now"), "").unwrap();
    let death = daemon.death(5 * SECOND).unwrap();
    assert_eq!(death.what, "fussd exited with code 2");
    assert_eq!(death.cause, Cause::Itself);
    assert!(
        death
            .words
            .starts_with("panic: runtime error: index out of range [0] with length 0\n"),
        "{}",
        death.words
    );
    assert!(death.words.contains("goroutine 1 [running]:\nmain.main()"));
    // Whoever asks again is told the same.
    assert_eq!(daemon.death(Duration::ZERO), Some(death));
    // One that is dead need not be killed.
    assert!(!daemon.stop(SECOND));
}

fn a_death_without_panic_is_told_with_the_last_words(stage: &Stage) {
    let text = "echo > $D/ready; echo last words; sleep 0.1; kill -KILL $$";
    let mut daemon = start(stage, text, 20 * SECOND).unwrap();
    let death = daemon.death(5 * SECOND).unwrap();
    assert_eq!(
        (death.words.as_str(), death.cause),
        ("last words", Cause::Outside)
    );
    assert!(
        death
            .what
            .starts_with("fussd was killed from outside (SIGKILL); "),
        "{}",
        death.what
    );
}

const SHOUTS: &str = "while :; do head -c 1048576 /dev/zero; done";

fn one_that_prints_without_end_is_ended_and_nobody_says_that_it_crashed(stage: &Stage) {
    let text = format!("trap '' TERM; echo > $D/ready; {SHOUTS}");
    let mut daemon = start(stage, &text, 20 * SECOND).unwrap();
    let death = daemon.death(15 * SECOND).unwrap();
    assert_eq!(
        (death.what.as_str(), death.cause),
        (
            "fussd printed more than 64 MiB, and was ended",
            Cause::Flood
        )
    );
    drop(daemon);
    stage.is_deserted();
    assert!(fs::metadata(stage.path("log")).unwrap().len() <= 4 << 20);
}

fn one_that_prints_without_end_before_it_answers_is_ended(stage: &Stage) {
    let error = within(15 * SECOND, || refuses(stage, SHOUTS, 20 * SECOND));
    assert!(
        error.to_string().starts_with(
            "fussd ended before it answered (printed more than 64 MiB, and was ended)"
        ),
        "{error}"
    );
    stage.is_deserted();
    assert!(fs::metadata(stage.path("log")).unwrap().len() <= 4 << 20);
}

fn the_living_has_no_death(stage: &Stage) {
    let text = "echo > $D/ready; echo panic: not at all; sleep 60";
    let mut daemon = start(stage, text, 20 * SECOND).unwrap();
    assert_eq!(daemon.death(Duration::from_millis(100)), None);
}

fn one_that_was_asked_to_end_from_outside_did_not_crash(stage: &Stage) {
    for end in [
        "trap 'exit 0' TERM; kill -TERM $$; sleep 60",
        "kill -TERM $$; sleep 60",
        "echo 'SIGQUIT: quit'; exit 2",
    ] {
        let text = format!("echo > $D/ready; sleep 0.1; {end}");
        let mut daemon = start(stage, &text, 20 * SECOND).unwrap();
        let death = daemon.death(5 * SECOND).unwrap();
        assert_eq!(death.cause, Cause::Outside, "{death:?}");
        assert!(death.what.contains("from outside"), "{death:?}");
        fs::remove_file(stage.path("ready")).unwrap();
    }
}

/// A child by the name of its program.
const HELPER: &str = "ln -sf /bin/sleep $D/helperd; $D/helperd 60 &
    while [ \"$(cat /proc/$!/comm)\" != helperd ]; do sleep 0.01; done; echo > $D/ready; ";

fn one_that_lost_its_helper_is_of_no_use(stage: &Stage) {
    for (end, cause) in [
        ("kill -KILL $!; wait; echo gone", Cause::Outside),
        (
            "kill -SEGV $!; wait; echo 'exited error=\"signal: segmentation fault\"'",
            Cause::Itself,
        ),
    ] {
        let text = format!(
            "{HELPER} while [ ! -e $D/now ]; do sleep 0.01; done; {end}; while :; do sleep 0.05; done"
        );
        let mut daemon = start(stage, &text, 20 * SECOND).unwrap();
        daemon.watch_helper("helperd");
        assert_eq!(daemon.lost_helper(0), None);
        fs::write(stage.path("now"), "").unwrap();
        wait_until(5 * SECOND, || {
            daemon.lost_helper(0).is_some() && daemon.log_length() > 0
        });
        let lost = daemon.lost_helper(0).unwrap();
        assert_eq!(lost.cause, cause, "{lost:?}");
        assert!(lost.what.starts_with("the helperd of fussd "), "{lost:?}");
        assert_eq!(daemon.death(Duration::ZERO), None);
        for file in ["now", "ready"] {
            fs::remove_file(stage.path(file)).unwrap();
        }
    }
}

fn one_that_listens_ends_by_itself(stage: &Stage) {
    let text =
        "trap 'echo > $D/tidied; exit 0' TERM; echo > $D/ready; while :; do sleep 0.05; done";
    let daemon = start(stage, text, 20 * SECOND).unwrap();
    assert!(
        !within(3 * SECOND, || daemon.stop(10 * SECOND)),
        "it was killed"
    );
    assert!(stage.path("tidied").exists());
    stage.is_deserted();
}

fn one_that_does_not_listen_is_killed(stage: &Stage) {
    let text = "trap '' TERM; echo > $D/ready; while :; do sleep 0.05; done";
    let daemon = start(stage, text, 20 * SECOND).unwrap();
    let grace = Duration::from_millis(300);
    assert!(
        within(2 * SECOND, || daemon.stop(grace)),
        "it ended by itself"
    );
    stage.is_deserted();
}

fn what_it_started_ends_with_it(stage: &Stage) {
    let text = "
        sleep 60 &
        setsid sh -c 'trap \"\" TERM HUP; echo > $D/ready; while :; do sleep 0.05; done' &
        wait
    ";
    let daemon = start(stage, text, 20 * SECOND).unwrap();
    assert!(stage.alive().len() >= 3);
    within(3 * SECOND, || drop(daemon));
    stage.is_deserted();
}
