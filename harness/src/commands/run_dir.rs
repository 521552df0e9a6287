//! The run directory of a command, and the user's wish to end it.

use super::{
    fail::{Failure, Result},
    terminal::Terminal,
};
use ocipick::exit::ExitCode;
use ocipick_adapters::{
    RunDir,
    process::{Cancel, end_session},
};
use std::{
    path::PathBuf,
    sync::OnceLock,
    time::{Duration, Instant},
};

/// The session of this process, for whoever has to end it at once.
static SESSION: OnceLock<String> = OnceLock::new();

/// After this long a second wish to end is one, and no echo of the first: `timeout` and terminals
/// send a signal to a process and to its group.
const ECHO: Duration = Duration::from_millis(300);

/// Where private directories go. A variable that is empty is as good as none.
fn base() -> PathBuf {
    let named = std::env::temp_dir();
    if named.as_os_str().is_empty() {
        PathBuf::from("/tmp")
    } else {
        named
    }
}

/// Makes the private run directory of a command, after clearing away what killed ones left.
pub(crate) fn claim(screen: Terminal, keep: bool) -> Result<RunDir> {
    let (run_dir, cleared) = RunDir::claim(&base(), keep)?;
    let _ = SESSION.set(run_dir.session().to_owned());
    for gone in cleared {
        let processes = match gone.processes {
            0 => String::new(),
            1 => " with 1 process".to_owned(),
            many => format!(" with {many} processes"),
        };
        screen.say(&format!(
            "cleared away what an interrupted run left: {}{processes}",
            gone.dir.display()
        ));
        if let Some(trouble) = gone.trouble {
            screen.say(&format!("  but not all of it: {trouble}"));
        }
    }
    Ok(run_dir)
}

/// Raises `cancel` on Ctrl-C and when asked to terminate; on the second time ends at once.
pub(crate) fn listen(screen: Terminal, cancel: &Cancel) -> Result<()> {
    let cancel = cancel.clone();
    let mut first: Option<Instant> = None;
    ctrlc::set_handler(move || match first {
        None => {
            first = Some(Instant::now());
            screen.say("\nending: finishing what is recorded, ending the tools, clearing away");
            cancel.raise();
        }
        Some(at) if at.elapsed() < ECHO => {}
        Some(_) => end_at_once(screen),
    })
    .map_err(Failure::internal)
}

/// Ends whatever is under way: the tools first, since those that left their group would go on.
#[expect(
    clippy::exit,
    reason = "whoever asks twice does not want to wait for what hangs"
)]
fn end_at_once(screen: Terminal) {
    screen.say("ending at once; what is left is cleared away by the next run");
    if let Some(session) = SESSION.get() {
        end_session(session);
    }
    std::process::exit(ExitCode::MeasuredInPart.code().into());
}
