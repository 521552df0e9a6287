//! `ocipick channel`: what is provisioned, whether it works, and taking it away.

use super::{
    args::ChannelCommand as Command,
    fail::{Failure, Result},
    provision::install,
    run_dir,
    terminal::Terminal,
};
use ocipick::{
    exit::Exit,
    inventory::{Discovery, RuntimeSource},
};
use ocipick_adapters::{
    channel::{Component, FileDifference, InstalledChannel, Store, StoreError},
    process::Cancel,
};
use std::fmt::Write as _;

pub(crate) fn channel(command: &Command, screen: Terminal) -> Result<Exit> {
    let store = Store::of_user(|name| std::env::var(name).ok());
    match command {
        Command::List { json } => list(&store, *json, screen),
        Command::Install(args) => install(args, &store, screen),
        Command::Remove {
            names,
            archives,
            json,
        } => remove(names, *archives, *json, &store, screen),
        Command::Check { names, json } => check(names, *json, &store, screen),
    }
}

fn list(store: &Store, json: bool, screen: Terminal) -> Result<Exit> {
    let names = store.names();
    if json {
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

/// Names with the versions of their packages.
pub(super) fn versions(channel: &InstalledChannel, names: &[String]) -> String {
    let words: Vec<String> = names
        .iter()
        .map(|name| {
            let part: Option<Component> = name.parse().ok();
            match part.and_then(|part| channel.part_version(part)) {
                Some(version) => format!("{name} {version}"),
                None => name.clone(),
            }
        })
        .collect();
    words.join(", ")
}

/// Bytes as people say them, in units of a million.
pub(super) fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1_000_000))
}

fn remove(
    names: &[String],
    archives: bool,
    json: bool,
    store: &Store,
    screen: Terminal,
) -> Result<Exit> {
    let mut failure = None;
    let mut removed: Vec<&str> = Vec::new();
    for name in names {
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
    if archives {
        let bytes = store.remove_archives()?;
        screen.say(&format!("removed the archives, {}", megabytes(bytes)));
    }
    if json {
        let json = serde_json::json!({ "removed": removed, "archives": archives });
        screen.print_json("ocipick.channel-remove/1", json)?;
    }
    failure.map_or(Ok(Exit::Success), Err)
}

/// Prints findings about channels, as lines or as JSON lines.
#[derive(Clone, Copy)]
struct ChannelReporter {
    screen: Terminal,
    json: bool,
}

impl ChannelReporter {
    fn tell(self, name: &str, is_well: bool, line: &str) -> Result<()> {
        if self.json {
            let json = serde_json::json!({ "channel": name, "well": is_well, "says": line });
            self.screen
                .print_json_line("ocipick.channel-check/1", json)?;
        } else {
            self.screen.print(&format!("{name}: {line}"))?;
        }
        Ok(())
    }
}

fn check(names: &[String], json: bool, store: &Store, screen: Terminal) -> Result<Exit> {
    let teller = ChannelReporter { screen, json };
    let cancel = Cancel::default();
    run_dir::listen(screen, &cancel)?;
    let names = if names.is_empty() {
        store.names()
    } else {
        names.to_vec()
    };
    if names.is_empty() {
        screen.say("no channel is provisioned (hint: ocipick channel install --missing)");
    }
    let run_dir = run_dir::claim(screen, false)?;
    let discovery = Discovery::of_user(&run_dir, &cancel);
    let mut is_well = true;
    for name in names {
        // The inventory keeps the channel from being replaced meanwhile.
        let inventory = match discovery.inventory(&[RuntimeSource::Release(name.clone())]) {
            Ok(inventory) => inventory,
            Err(error) => {
                is_well = false;
                teller.tell(&name, false, &error.to_string())?;
                continue;
            }
        };
        for channel in &inventory.channels {
            let (line, is_whole) = wholeness(&name, store.verify(channel, &cancel))?;
            is_well &= is_whole;
            teller.tell(&name, is_whole, &line)?;
        }
        for runtime in &inventory.runtimes {
            teller.tell(&name, true, &format!("{} starts", runtime.id()))?;
        }
        for missing in &inventory.missing {
            // A flavour that a version never had is not broken.
            is_well &= missing.flavour.is_some();
            teller.tell(
                &name,
                missing.flavour.is_some(),
                &format!("{}: {}", missing.tool, missing.why),
            )?;
        }
        for channel in &inventory.channels {
            for (auxiliary_tool, started) in discovery.auxiliary_tools(channel)? {
                let starts = started.is_ok();
                is_well &= starts;
                let line = match started {
                    Ok(_) => format!(
                        "{} starts",
                        versions(channel, &[auxiliary_tool.to_string()])
                    ),
                    Err(why) => format!("{auxiliary_tool}: {why}"),
                };
                teller.tell(&name, starts, &line)?;
            }
        }
    }
    Ok(if is_well {
        Exit::Success
    } else {
        Exit::CheckFailed
    })
}

/// What became of the files of a channel, in one line, and whether they are as they were.
fn wholeness(
    name: &str,
    verified: std::result::Result<Option<(usize, FileDifference)>, StoreError>,
) -> Result<(String, bool)> {
    const SHOWN: usize = 3;
    let some = |files: &[String]| {
        let mut text = files[..files.len().min(SHOWN)].join(", ");
        if files.len() > SHOWN {
            let _ = write!(text, " and {} more", files.len() - SHOWN);
        }
        text
    };
    let (files, difference) = match verified {
        Ok(Some(verified)) => verified,
        Ok(None) => {
            let line = format!(
                "what its files were was not written down (hint: ocipick channel install --renew {name})"
            );
            return Ok((line, true));
        }
        Err(error @ (StoreError::Broken { .. } | StoreError::Io { .. })) => {
            return Ok((error.to_string(), false));
        }
        Err(error) => return Err(error.into()),
    };
    let mut line = if difference.is_whole() {
        format!("{files} files are as they were installed")
    } else {
        let all = [&difference.changed[..], &difference.gone].concat();
        format!(
            "{} of {files} files are not as they were installed: {} (hint: ocipick channel install --renew {name})",
            all.len(),
            some(&all)
        )
    };
    if !difference.added.is_empty() {
        let _ = write!(
            line,
            "; {} came since: {}",
            difference.added.len(),
            some(&difference.added)
        );
    }
    Ok((line, difference.is_whole()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn said(difference: FileDifference) -> (String, bool) {
        wholeness("sid", Ok(Some((9, difference)))).unwrap_or_else(|failure| {
            panic!("{}", failure.error);
        })
    }

    #[test]
    fn what_came_since_is_told_and_is_no_damage() {
        let (line, is_whole) = said(FileDifference {
            added: files(&["etc/docker/key.json"]),
            ..FileDifference::default()
        });
        assert!(is_whole);
        assert_eq!(
            line,
            "9 files are as they were installed; 1 came since: etc/docker/key.json"
        );
    }

    #[test]
    fn damage_is_told_with_some_of_its_places() {
        let (line, is_whole) = said(FileDifference {
            changed: files(&["a", "b"]),
            gone: files(&["c", "d", "e"]),
            added: Vec::new(),
        });
        assert!(!is_whole);
        assert_eq!(
            line,
            "5 of 9 files are not as they were installed: a, b, c and 2 more (hint: ocipick channel install --renew sid)"
        );
    }

    #[test]
    fn sizes_are_rounded_up() {
        assert_eq!(megabytes(0), "0 MB");
        assert_eq!(megabytes(1), "1 MB");
        assert_eq!(megabytes(546_300_000), "547 MB");
    }
}
