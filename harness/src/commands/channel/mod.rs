//! `ocipick channel`: what is provisioned, whether it works, and taking it away.

mod check;
mod install;
mod list;
mod releases;
mod remove;
mod wheels;

use super::{fail::Result, terminal::Terminal};
use check::ChannelCheckArgs;
use clap::Subcommand;
use install::ChannelInstallArgs;
use list::ChannelListArgs;
use ocipick::exit::ExitCode;
use ocipick_adapters::channel::{Component, InstalledChannel, Store};
use remove::ChannelRemoveArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum ChannelCommand {
    /// List provisioned channels, and releases of upstream that were built
    List(ChannelListArgs),
    /// Provision releases of a distribution, or what this machine lacks, build releases of upstream, or install
    /// what wheels ship
    Install(ChannelInstallArgs),
    /// Remove provisioned channels and built releases, or what was downloaded for them
    Remove(ChannelRemoveArgs),
    /// Compare the files of channels and releases with what was installed, and start every tool
    Check(ChannelCheckArgs),
}

pub(crate) fn channel(command: &ChannelCommand, screen: Terminal) -> Result<ExitCode> {
    let store = Store::of_user(|name| std::env::var(name).ok());
    match command {
        ChannelCommand::List(args) => list::list(args, &store, screen),
        ChannelCommand::Install(args) => install::install(args, &store, screen),
        ChannelCommand::Remove(args) => remove::remove(args, &store, screen),
        ChannelCommand::Check(args) => check::check(args, &store, screen),
    }
}

/// Names with the versions of their packages.
fn versions(channel: &InstalledChannel, names: &[String]) -> String {
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
fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_up() {
        assert_eq!(megabytes(0), "0 MB");
        assert_eq!(megabytes(1), "1 MB");
        assert_eq!(megabytes(546_300_000), "547 MB");
    }
}
