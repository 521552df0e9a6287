//! The ground of a command, and the user's wish to end it.

use super::{
    fail::{Failure, Result},
    screen::Screen,
};
use ocipick_adapters::{Ground, process::Cancel};

/// Makes the private ground of a command, after clearing away what killed ones left.
pub(crate) fn claim(screen: Screen, keep: bool) -> Result<Ground> {
    let (ground, cleared) = Ground::claim(&std::env::temp_dir(), keep)?;
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
    Ok(ground)
}

/// Raises `cancel` on Ctrl-C and when asked to terminate.
pub(crate) fn listen(screen: Screen, cancel: &Cancel) -> Result<()> {
    let cancel = cancel.clone();
    ctrlc::set_handler(move || {
        if !cancel.is_raised() {
            screen.say("\nending: finishing what is recorded, ending the tools, clearing away");
        }
        cancel.raise();
    })
    .map_err(Failure::internal)
}
