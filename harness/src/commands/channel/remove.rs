//! `ocipick channel remove`.

use super::megabytes;
use crate::commands::{
    fail::{Failure, Result},
    terminal::Terminal,
};
use clap::Args;
use ocipick::{exit::ExitCode, json::RemovedChannels};
use ocipick_adapters::channel::Store;

#[derive(Debug, Args)]
pub(crate) struct ChannelRemoveArgs {
    #[arg(required_unless_present = "archives", value_name = "NAME")]
    names: Vec<String>,
    /// Remove the downloaded archives, which are kept for the next installation
    #[arg(long)]
    archives: bool,
    /// Print what was removed as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn remove(
    args: &ChannelRemoveArgs,
    store: &Store,
    screen: Terminal,
) -> Result<ExitCode> {
    let mut failure = None;
    let mut removed: Vec<&str> = Vec::new();
    for name in &args.names {
        match store.remove(name) {
            Ok(true) => {
                removed.push(name);
                screen.say(&format!("removed {name}"));
            }
            Ok(false) => {
                let words = format!("there is no channel `{name}`");
                failure.get_or_insert(Failure::usage(words));
            }
            Err(error) => {
                failure.get_or_insert(error.into());
            }
        }
    }
    if args.archives {
        let bytes = store.remove_archives()?;
        screen.say(&format!("removed the archives, {}", megabytes(bytes)));
    }
    if args.json {
        screen.print_json(&RemovedChannels::of(removed, args.archives))?;
    }
    failure.map_or(Ok(ExitCode::Success), Err)
}
