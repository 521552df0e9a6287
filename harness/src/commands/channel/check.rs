//! `ocipick channel check`: whether what is provisioned works.

use super::{
    releases::{self, Named},
    versions,
    wheels::{self, NamedWheels},
};
use crate::commands::{
    fail::{Failure, Result},
    run_dir,
    terminal::Terminal,
};
use clap::Args;
use ocipick::{
    exit::ExitCode,
    inventory::{Discovery, RuntimeSource},
    json::ChannelFinding,
};
use ocipick_adapters::{
    PYPI_CHANNEL,
    channel::{FileDifference, Store, StoreError},
    process::Cancel,
};
use std::fmt::Write as _;

#[derive(Debug, Args)]
pub(crate) struct ChannelCheckArgs {
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Print it as JSON, a line per finding
    #[arg(long)]
    json: bool,
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
            let finding = ChannelFinding::of(name, is_well, line);
            self.screen.print_json_line(&finding)?;
        } else {
            self.screen.print(&format!("{name}: {line}"))?;
        }
        Ok(())
    }
}

pub(super) fn check(args: &ChannelCheckArgs, store: &Store, screen: Terminal) -> Result<ExitCode> {
    let teller = ChannelReporter {
        screen,
        json: args.json,
    };
    let cancel = Cancel::default();
    run_dir::listen(screen, &cancel)?;
    let mut of_wheels = NamedWheels::of(&args.names)?;
    let mut named = Named::of(&of_wheels.others)?;
    if args.names.is_empty() {
        named.channels = store.names();
        named.all_releases = true;
        of_wheels.wheels.push(None);
    }
    let installed = of_wheels.installed(store)?;
    let built = named
        .built(store)
        .map_err(|request| Failure::usage(format!("{request} is not built")))?;
    let names = named.channels;
    if names.is_empty() && built.is_empty() && installed.is_empty() {
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
    for (package, version) in installed {
        let name = format!("{PYPI_CHANNEL}:{package}=={version}");
        for (is_it, line) in wheels::check(&package, &version, store, &discovery) {
            is_well &= is_it;
            teller.tell(&name, is_it, &line)?;
        }
    }
    for (tool, version) in built {
        for (name, is_it, line) in releases::check(tool, &version, store, &discovery) {
            is_well &= is_it;
            teller.tell(&name, is_it, &line)?;
        }
    }
    Ok(if is_well {
        ExitCode::Success
    } else {
        ExitCode::CheckFailed
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
}
