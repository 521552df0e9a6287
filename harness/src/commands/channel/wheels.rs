//! What wheels of the Python package index ship, among the channels: they are named `pypi:NAME==VERSION`.

use super::megabytes;
use crate::commands::{
    fail::{Failure, Result},
    terminal::Terminal,
};
use ocipick::{
    exit::ExitCode,
    inventory::{Discovery, RuntimeSource},
};
use ocipick_adapters::{
    InstalledWheel, PYPI_CHANNEL, RunDir, WheelInstaller, WheelRequest, channel::Store,
    process::Cancel,
};

/// Names, of which some are of wheels.
pub(super) struct NamedWheels {
    /// Wheels; none stands for all that are installed.
    pub(super) wheels: Vec<Option<WheelRequest>>,
    /// All others.
    pub(super) others: Vec<String>,
}

impl NamedWheels {
    pub(super) fn of(names: &[String]) -> Result<Self> {
        let mut named = Self {
            wheels: Vec::new(),
            others: Vec::new(),
        };
        for name in names {
            match name.split_once(':') {
                Some((PYPI_CHANNEL, asked)) => {
                    named
                        .wheels
                        .push(Some(asked.parse().map_err(Failure::usage)?));
                }
                _ if name == PYPI_CHANNEL => named.wheels.push(None),
                _ => named.others.push(name.clone()),
            }
        }
        Ok(named)
    }

    /// The wheels that are installed and named, each once.
    ///
    /// # Errors
    /// When one is named that is not installed.
    pub(super) fn installed(&self, store: &Store) -> Result<Vec<(String, String)>> {
        let mut all: Vec<(String, String)> = Vec::new();
        for asked in &self.wheels {
            let found = store.wheels_for(asked.as_ref());
            if let (Some(asked), true) = (asked, found.is_empty()) {
                return Err(Failure::usage(format!(
                    "{asked} is not installed (hint: ocipick channel install {asked})"
                )));
            }
            for wheel in found {
                if !all.contains(&wheel) {
                    all.push(wheel);
                }
            }
        }
        Ok(all)
    }
}

/// Installs the wheels that are named, and says what became of each.
pub(super) fn install(
    wheels: &[Option<WheelRequest>],
    renew: bool,
    store: &Store,
    run_dir: &RunDir,
    cancel: &Cancel,
    screen: Terminal,
) -> Result<ExitCode> {
    let requests: Option<Vec<&WheelRequest>> = wheels.iter().map(Option::as_ref).collect();
    let requests = requests.ok_or_else(|| {
        Failure::usage("`pypi` says not what to install (hint: pypi:NAME==VERSION)")
    })?;
    let installer = WheelInstaller::of_user(store, run_dir, cancel)?;
    let mut failed = 0;
    for request in &requests {
        match installer.install(request, renew) {
            Ok((wheel, is_new)) => {
                let how = if is_new {
                    format!("after {} s", wheel.record.seconds)
                } else {
                    "there already".to_owned()
                };
                screen.say(&format!("{}: {}; {how}", wheel.name(), describe(&wheel)));
            }
            Err(error) if error.is_interruption() => {
                screen.say(&format!("{request}: interrupted"));
                failed += 1;
                break;
            }
            Err(error) => {
                screen.say(&format!("{request}: error: {error}"));
                failed += 1;
            }
        }
    }
    Ok(match failed {
        0 => ExitCode::Success,
        all if all == requests.len() => ExitCode::Internal,
        _ => ExitCode::MeasuredInPart,
    })
}

/// Lists every wheel that is installed.
pub(super) fn list(store: &Store, screen: Terminal) -> Result<()> {
    for (package, version) in store.wheels() {
        match store.wheel(&package, &version) {
            Ok(None) => {}
            Ok(Some(wheel)) => {
                screen.print(&format!("{}  {}", wheel.name(), describe(&wheel)))?;
            }
            Err(error) => {
                screen.print(&format!(
                    "{PYPI_CHANNEL}:{package}=={version}  broken: {error}"
                ))?;
            }
        }
    }
    Ok(())
}

/// Removes the wheels that are named. Returns what was removed.
pub(super) fn remove(named: &NamedWheels, store: &Store, screen: Terminal) -> Result<Vec<String>> {
    let mut removed = Vec::new();
    for (package, version) in named.installed(store)? {
        if store.remove_wheel(&package, &version)? {
            let name = format!("{PYPI_CHANNEL}:{package}=={version}");
            screen.say(&format!("removed {name}"));
            removed.push(name);
        }
    }
    Ok(removed)
}

/// Whether a wheel is as it was installed and what it ships starts: lines, each with whether that is well.
pub(super) fn check(
    package: &str,
    version: &str,
    store: &Store,
    discovery: &Discovery<'_>,
) -> Vec<(bool, String)> {
    let request = WheelRequest {
        name: package.to_owned(),
        version: Some(version.to_owned()),
    };
    let mut lines = Vec::new();
    match store.wheel(package, version) {
        Ok(None) => lines.push((false, "it is gone".to_owned())),
        Ok(Some(wheel)) if wheel.is_unchanged() => {
            lines.push((
                true,
                format!("{} is as it was installed", wheel.record.tool),
            ));
        }
        Ok(Some(wheel)) => lines.push((false, format!("{} was changed", wheel.record.tool))),
        Err(error) => lines.push((false, error.to_string())),
    }
    match discovery.inventory(&[RuntimeSource::Wheel(Some(request))]) {
        Ok(inventory) => {
            let starts = inventory.runtimes.iter();
            lines.extend(starts.map(|runtime| (true, format!("{} starts", runtime.id()))));
            let missing = inventory.missing.iter();
            lines.extend(missing.map(|it| (false, format!("{}: {}", it.tool, it.why))));
        }
        Err(error) => lines.push((false, error.to_string())),
    }
    lines
}

/// What a wheel ships, in a line.
fn describe(wheel: &InstalledWheel) -> String {
    let record = &wheel.record;
    let mut text = format!("{} {}", record.tool, record.says);
    if let Some(linked) = &record.linked {
        let libraries = linked.libraries.iter();
        let libraries = libraries.map(|(name, version)| format!("{name} {version}"));
        let go = linked.go.iter().map(|version| format!("Go {version}"));
        let words: Vec<String> = go.chain(libraries).collect();
        text = format!("{text} ({})", words.join(", "));
    }
    format!("{text}; {}", megabytes(record.bytes))
}
