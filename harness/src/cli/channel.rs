//! `ocipick channel`.

use super::{
    args::{Channel, Install},
    fail::{Failure, Result},
    ground,
    screen::Screen,
};
use indicatif::ProgressBar;
use ocipick::{
    exit::Exit,
    fleet::{Scout, Source},
};
use ocipick_adapters::{
    Tool,
    channel::{
        BOOTSTRAPPER, Installer, Release, Step, Store, bootstrapper, install_bootstrapper,
        later_releases, running_release,
    },
    process::Cancel,
};
use std::{collections::BTreeSet, fmt::Write as _, path::Path, time::Duration};

pub(crate) fn channel(command: &Channel, screen: Screen) -> Result<Exit> {
    let store = Store::of_user(|name| std::env::var(name).ok());
    match command {
        Channel::List => list(&store, screen),
        Channel::Install(args) => install(args, &store, screen),
        Channel::Remove { names } => {
            for name in names {
                if !store.remove(name).map_err(Failure::internal)? {
                    return Err(Failure::usage(format!("there is no channel `{name}`")));
                }
                screen.say(&format!("removed {name}"));
            }
            Ok(Exit::Success)
        }
        Channel::Check { names } => check(names, &store, screen),
    }
}

fn list(store: &Store, screen: Screen) -> Result<Exit> {
    let channels = store.list();
    if channels.is_empty() {
        screen.say("no channel is provisioned (hint: ocipick channel install --missing)");
    }
    for channel in channels {
        let record = &channel.record;
        let mut line = format!(
            "{:<10}  {:<42}  {} packages, by {}",
            record.name,
            record.tools.join(" "),
            record.packages.len(),
            record.bootstrapper
        );
        if let Some(expired) = &record.expired {
            let _ = write!(line, "; metadata past its date ({expired})");
        }
        screen.print(&line)?;
    }
    Ok(Exit::Success)
}

fn install(args: &Install, store: &Store, screen: Screen) -> Result<Exit> {
    let cancel = Cancel::default();
    ground::listen(screen, &cancel)?;
    let wanted: BTreeSet<Tool> = if args.tools.is_empty() {
        Tool::ALL.iter().copied().collect()
    } else {
        args.tools.iter().copied().collect()
    };
    let releases: Vec<Release> = args
        .names
        .iter()
        .map(|name| name.parse().map_err(Failure::usage))
        .collect::<Result<_>>()?;
    let wanted = if args.missing {
        lacking(&wanted, screen, &cancel)?
    } else {
        wanted
    };
    if wanted.is_empty() {
        screen.say("every tool is there already");
        return Ok(Exit::Success);
    }
    let releases = if args.missing {
        match provisionable() {
            Ok(release) => vec![release],
            Err(why) => {
                for tool in &wanted {
                    screen.say(&format!(
                        "{tool} is missing, and cannot be provisioned: {why}"
                    ));
                }
                return Ok(Exit::Success);
            }
        }
    } else {
        releases
    };
    if bootstrapper().is_none() {
        screen.say(&format!(
            "installing {BOOTSTRAPPER} with apt-get, which provisioning needs; nothing else is installed system-wide"
        ));
        install_bootstrapper(&cancel)?;
    }
    let spinner = screen.is_watched().then(ProgressBar::new_spinner);
    if let Some(spinner) = &spinner {
        spinner.enable_steady_tick(Duration::from_millis(200));
    }
    let step = |step: &Step| {
        let line = describe(step);
        match &spinner {
            Some(spinner) => spinner.set_message(line),
            None => screen.say(&line),
        }
    };
    let installer = Installer {
        store,
        allow_expired: args.allow_expired,
        cancel: &cancel,
        step: &step,
    };
    let done = provision(&installer, &releases, &wanted, args.missing);
    if let Some(spinner) = &spinner {
        spinner.finish_and_clear();
    }
    for line in done? {
        screen.say(&line);
    }
    Ok(Exit::Success)
}

/// Provisions every release with the tools that it has. With `later`, what a release lacks
/// comes from the first later one that has it.
fn provision(
    installer: &Installer<'_>,
    releases: &[Release],
    wanted: &BTreeSet<Tool>,
    later: bool,
) -> Result<Vec<String>> {
    let mut done = Vec::new();
    for release in releases {
        let (channel, lacks) = installer.install(release, wanted)?;
        done.push(format!(
            "{}: {}",
            channel.record.name,
            channel.record.tools.join(", ")
        ));
        for tool in lacks {
            if later {
                let newer = installer.first_with(tool, &later_releases(release))?;
                installer.install(&newer, &BTreeSet::from([tool]))?;
                done.push(format!("{newer}: {tool}, which {release} does not have"));
            } else {
                done.push(format!("{release} does not have {tool}"));
            }
        }
    }
    Ok(done)
}

fn describe(step: &Step) -> String {
    match step {
        Step::Asking(release, tool) => format!("asking whether {release} has {tool}"),
        Step::Provisioning(release, packages) => {
            format!("provisioning {release}: {}", packages.join(" "))
        }
        Step::Ready(release) => format!("{release} is ready"),
    }
}

/// The tools that neither this machine nor a provisioned channel has.
fn lacking(wanted: &BTreeSet<Tool>, screen: Screen, cancel: &Cancel) -> Result<BTreeSet<Tool>> {
    let ground = ground::claim(screen, false)?;
    let scout = Scout::of_user(&ground, cancel);
    let fleet = scout.fleet(&[Source::Auto])?;
    let there: BTreeSet<Tool> = fleet.runtimes.iter().map(|runtime| runtime.tool).collect();
    Ok(wanted.difference(&there).copied().collect())
}

/// The release to provision from, or why nothing can be provisioned here.
fn provisionable() -> std::result::Result<Release, String> {
    let release = running_release().ok_or("this machine does not run a release of Debian")?;
    if !Path::new("/usr/bin/apt-get").exists() {
        return Err("there is no apt-get".to_owned());
    }
    if !nix::unistd::geteuid().is_root() {
        return Err("it takes root; run `make matrix` as root, or install the tool".to_owned());
    }
    Ok(release)
}

fn check(names: &[String], store: &Store, screen: Screen) -> Result<Exit> {
    let cancel = Cancel::default();
    ground::listen(screen, &cancel)?;
    let names = if names.is_empty() {
        store
            .list()
            .into_iter()
            .map(|channel| channel.record.name)
            .collect()
    } else {
        names.to_vec()
    };
    let ground = ground::claim(screen, false)?;
    let scout = Scout::of_user(&ground, &cancel);
    let mut all_start = true;
    for name in names {
        let fleet = scout.fleet(&[Source::Release(name.clone())])?;
        for runtime in &fleet.runtimes {
            screen.print(&format!("{name}: {} starts", runtime.id()))?;
        }
        for missing in &fleet.missing {
            // A flavour that a version never had is not broken.
            all_start &= missing.flavour.is_some();
            screen.print(&format!("{name}: {}: {}", missing.tool, missing.why))?;
        }
    }
    Ok(if all_start {
        Exit::Success
    } else {
        Exit::CheckFailed
    })
}
