//! `ocipick channel remove`.

use super::{
    megabytes,
    releases::{self, Named},
    wheels::{self, NamedWheels},
};
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
    /// Remove the downloaded archives, and what Go has fetched and compiled, which are kept for the next
    /// installation
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
    let of_wheels = NamedWheels::of(&args.names)?;
    let named = Named::of(&of_wheels.others)?;
    let wheels = wheels::remove(&of_wheels, store, screen)?;
    let mut removed: Vec<&str> = wheels.iter().map(String::as_str).collect();
    for name in &named.channels {
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
    let built = releases::remove(&named, store, screen, &mut failure);
    removed.extend(built.iter().map(String::as_str));
    if args.archives {
        let bytes = store.remove_archives()? + store.remove_go_caches()?;
        screen.say(&format!("removed the archives, {}", megabytes(bytes)));
    }
    if args.json {
        screen.print_json(&RemovedChannels::of(removed, args.archives))?;
    }
    failure.map_or(Ok(ExitCode::Success), Err)
}
