//! `ocipick channel list`.

use super::{megabytes, releases, versions, wheels};
use crate::commands::{fail::Result, terminal::Terminal};
use clap::Args;
use ocipick::{exit::ExitCode, json::ChannelList};
use ocipick_adapters::channel::{InstalledChannel, Store};
use std::fmt::Write as _;

#[derive(Debug, Args)]
pub(crate) struct ChannelListArgs {
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn list(args: &ChannelListArgs, store: &Store, screen: Terminal) -> Result<ExitCode> {
    if args.json {
        screen.print_json(&ChannelList::of_store(store))?;
        return Ok(ExitCode::Success);
    }
    let names = store.names();
    if names.is_empty() && store.go_releases().is_empty() && store.wheels().is_empty() {
        screen.say("no channel is provisioned (hint: ocipick channel install --missing)");
    }
    for name in names {
        match store.look(&name) {
            Ok(None) => {}
            Ok(Some(channel)) => screen.print(&describe(&channel))?,
            Err(error) => screen.print(&format!("{name:<12}  broken: {error}"))?,
        }
    }
    releases::list(store, screen)?;
    wheels::list(store, screen)?;
    let archives = store.archives_bytes();
    if archives > 0 {
        screen.print(&format!(
            "{:<12}  {:>7}  kept for the next installation (ocipick channel remove --archives)",
            "archives",
            megabytes(archives)
        ))?;
    }
    Ok(ExitCode::Success)
}

/// A paragraph about a channel.
fn describe(channel: &InstalledChannel) -> String {
    let record = &channel.record;
    let size = record.bytes.map(megabytes).unwrap_or_default();
    let mut text = format!(
        "{:<12}  {size:>7}  {} packages with checksums, by {}",
        record.name,
        record.packages.len(),
        record.bootstrapper
    );
    let mut line = |title: &str, words: &str| {
        if !words.is_empty() {
            let _ = write!(text, "\n{:<12}  {title:<10}  {words}", "");
        }
    };
    line("tools", &versions(channel, &record.tools));
    line("companions", &versions(channel, &record.auxiliary_tools));
    if let Some(base) = &record.base {
        line("as in", &format!("{base}: {}", record.inherits.join(", ")));
    }
    line("lacks", &record.lacks.join(", "));
    if let Some(expired) = &record.expired {
        line(
            "past date",
            &format!("{expired}; accepted with --allow-expired, signatures verified"),
        );
    }
    text
}
