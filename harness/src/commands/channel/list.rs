//! `ocipick channel list`.

use super::{megabytes, versions};
use crate::commands::{fail::Result, terminal::Terminal};
use clap::Args;
use ocipick::exit::Exit;
use ocipick_adapters::channel::{Component, InstalledChannel, Store};
use std::fmt::Write as _;

#[derive(Debug, Args)]
pub(crate) struct ChannelListArgs {
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn list(args: &ChannelListArgs, store: &Store, screen: Terminal) -> Result<Exit> {
    let names = store.names();
    if args.json {
        let channels = names.iter().filter_map(|name| match store.look(name) {
            Ok(channel) => channel.map(|it| outline(&it)),
            Err(error) => Some(serde_json::json!({ "name": name, "broken": error.to_string() })),
        });
        let json = serde_json::json!({
            "channels": channels.collect::<Vec<_>>(),
            "archives_bytes": store.archives_bytes(),
        });
        screen.print_json("ocipick.channels/1", json)?;
        return Ok(Exit::Success);
    }
    if names.is_empty() {
        screen.say("no channel is provisioned (hint: ocipick channel install --missing)");
    }
    for name in names {
        match store.look(&name) {
            Ok(None) => {}
            Ok(Some(channel)) => screen.print(&describe(&channel))?,
            Err(error) => screen.print(&format!("{name:<12}  broken: {error}"))?,
        }
    }
    let archives = store.archives_bytes();
    if archives > 0 {
        screen.print(&format!(
            "{:<12}  {:>7}  kept for the next installation (ocipick channel remove --archives)",
            "archives",
            megabytes(archives)
        ))?;
    }
    Ok(Exit::Success)
}

/// A channel as JSON, without its packages.
fn outline(channel: &InstalledChannel) -> serde_json::Value {
    let record = &channel.record;
    let versions = record
        .tools
        .iter()
        .chain(&record.auxiliary_tools)
        .map(|name| {
            let part: Option<Component> = name.parse().ok();
            let version = part.and_then(|part| channel.part_version(part));
            (
                name.clone(),
                version.map_or(serde_json::Value::Null, Into::into),
            )
        });
    serde_json::json!({
        "name": record.name,
        "base": record.base,
        "bytes": record.bytes,
        "packages": record.packages.len(),
        "bootstrapper": record.bootstrapper,
        "tools": record.tools,
        "companions": record.auxiliary_tools,
        "versions": versions.collect::<serde_json::Map<_, _>>(),
        "lacks": record.lacks,
        "expired": record.expired,
    })
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
