//! `ocipick channel` for releases of upstream, which are named TOOL@VERSION.

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
    GO_CHANNEL, GoBuilder, GoError, GoOutcome, GoRecord, GoRelease, Pins, ReleaseRequest, RunDir,
    Tool, channel::Store, process::Cancel,
};

/// What names on the command line are of.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Named {
    /// Channels of a distribution.
    pub(super) channels: Vec<String>,
    /// Releases of upstream.
    pub(super) releases: Vec<ReleaseRequest>,
    /// Every release of upstream.
    pub(super) all_releases: bool,
}

impl Named {
    /// Tells apart what is named.
    pub(super) fn of(names: &[String]) -> std::result::Result<Self, GoError> {
        let mut named = Self::default();
        for name in names {
            // As `--channel` takes it.
            let asked = name.strip_prefix("go:").unwrap_or(name);
            if name == GO_CHANNEL {
                named.all_releases = true;
            } else if asked.contains('@') {
                named.releases.push(asked.parse()?);
            } else {
                named.channels.push(name.clone());
            }
        }
        Ok(named)
    }

    /// The releases that are named, of those that were built; or the first name that is none's.
    pub(super) fn built(
        &self,
        store: &Store,
    ) -> std::result::Result<Vec<(Tool, String)>, ReleaseRequest> {
        let all = store.go_releases();
        if self.all_releases {
            return Ok(all);
        }
        let mut found: Vec<(Tool, String)> = Vec::new();
        for request in &self.releases {
            let of_tool = all.iter().filter(|(tool, _)| *tool == request.tool);
            let versions: Vec<String> = of_tool.map(|(_, version)| version.clone()).collect();
            let these = request.among(&versions);
            if these.is_empty() {
                return Err(request.clone());
            }
            for version in these {
                let release = (request.tool, version.clone());
                if !found.contains(&release) {
                    found.push(release);
                }
            }
        }
        Ok(found)
    }
}

/// Builds releases, one after the other: each build takes all processors.
pub(super) fn install(
    requests: &[ReleaseRequest],
    renew: bool,
    store: &Store,
    run_dir: &RunDir,
    cancel: &Cancel,
    screen: Terminal,
) -> Vec<GoOutcome> {
    let watch = |name: &str| screen.say(&format!("{name}: building"));
    let names: Vec<String> = requests.iter().map(ToString::to_string).collect();
    match GoBuilder::of_user(store, run_dir, cancel, &watch) {
        Ok(builder) => builder.install(requests, renew),
        // What is missing is missing for all of them, and said once.
        Err(error) => vec![GoOutcome {
            name: names.join(", "),
            result: Err(error),
        }],
    }
}

/// Says what became of every release.
pub(super) fn conclude(done: &[GoOutcome], screen: Terminal) -> ExitCode {
    let mut failed = 0;
    let mut interrupted = false;
    for GoOutcome { name, result } in done {
        match result {
            Ok((release, now)) => screen.say(&format!("{name}: {}", describe(release, *now))),
            Err(error) if error.is_interruption() => {
                interrupted = true;
                failed += 1;
                screen.say(&format!("{name}: interrupted"));
            }
            Err(error) => {
                failed += 1;
                screen.say(&format!("{name}: error: {error}"));
            }
        }
    }
    match failed {
        0 => ExitCode::Success,
        all if all == done.len() && !interrupted => ExitCode::Internal,
        _ => ExitCode::MeasuredInPart,
    }
}

fn describe(release: &GoRelease, now: bool) -> String {
    let record = &release.record;
    let when = if now {
        format!("after {} s", record.seconds)
    } else {
        "there already".to_owned()
    };
    format!(
        "{}Go {}, {}; {}; {when}",
        module(record),
        record.go,
        megabytes(record.bytes),
        pins(&record.pins)
    )
}

/// What it is of its module, where that is counted otherwise.
fn module(record: &GoRecord) -> String {
    match &record.release {
        Some(_) => format!("{} {}; ", record.module, record.version),
        None => String::new(),
    }
}

/// Whether it was linked with what the release pins.
fn pins(pins: &Pins) -> String {
    match pins {
        Pins::Same(_) => "libraries as upstream pins them".to_owned(),
        Pins::Differ(all) => {
            let words: Vec<String> = all.iter().map(ToString::to_string).collect();
            format!("linked otherwise than pinned: {}", words.join(", "))
        }
    }
}

/// A paragraph for each release, and one line about what Go keeps.
pub(super) fn list(store: &Store, screen: Terminal) -> Result<()> {
    for (tool, version) in store.go_releases() {
        let name = format!("{tool}@{version}");
        match store.go_release(tool, &version) {
            Ok(None) => {}
            Ok(Some(release)) => screen.print(&outline(&name, &release))?,
            Err(error) => screen.print(&format!("{name:<16}  broken: {error}"))?,
        }
    }
    let bytes = store.go_caches_bytes();
    if bytes > 0 {
        screen.print(&format!(
            "{:<16}  {:>7}  modules and objects kept for the next build (ocipick channel remove --archives)",
            GO_CHANNEL,
            megabytes(bytes)
        ))?;
    }
    Ok(())
}

fn outline(name: &str, release: &GoRelease) -> String {
    let record = &release.record;
    let libraries: Vec<String> = record
        .libraries
        .iter()
        .map(|(library, version)| format!("{library} {version}"))
        .collect();
    let linked = match libraries.as_slice() {
        [] => String::new(),
        all => format!("; with {}", all.join(", ")),
    };
    format!(
        "{name:<16}  {:>7}  {}Go {}, {}; {}{linked}",
        megabytes(record.bytes),
        module(record),
        record.go,
        record.how,
        pins(&record.pins)
    )
}

/// Removes releases. Returns their names.
pub(super) fn remove(
    named: &Named,
    store: &Store,
    screen: Terminal,
    failure: &mut Option<Failure>,
) -> Vec<String> {
    let releases = match named.built(store) {
        Ok(releases) => releases,
        Err(request) => {
            failure.get_or_insert(Failure::usage(format!("{request} is not built")));
            return Vec::new();
        }
    };
    let mut removed = Vec::new();
    for (tool, version) in releases {
        let name = format!("{tool}@{version}");
        match store.remove_go_release(tool, &version) {
            Ok(_) => {
                screen.say(&format!("removed {name}"));
                removed.push(name);
            }
            Err(error) => {
                failure.get_or_insert(error.into());
            }
        }
    }
    removed
}

/// Something that was found of a release: which, whether it is as it should be, and what.
pub(super) type Finding = (String, bool, String);

/// Whether a release is as it was built, and starts.
pub(super) fn check(
    tool: Tool,
    version: &str,
    store: &Store,
    discovery: &Discovery<'_>,
) -> Vec<Finding> {
    let name = format!("{tool}@{version}");
    let bad = |line: String| (name.clone(), false, line);
    let source: RuntimeSource = match format!("{GO_CHANNEL}:{name}").parse() {
        Ok(source) => source,
        Err(error) => return vec![bad(error)],
    };
    let inventory = match discovery.inventory(&[source]) {
        Ok(inventory) => inventory,
        Err(error) => return vec![bad(error.to_string())],
    };
    let mut findings = Vec::new();
    if let Ok(Some(release)) = store.go_release(tool, version) {
        let changed = store.changed_binaries(&release);
        let count = release.record.sha256.len();
        findings.push(match changed.as_slice() {
            [] => (
                name.clone(),
                true,
                format!("{count} binaries are as they were built"),
            ),
            some => bad(format!(
                "not as built: {} (hint: ocipick channel install --renew {name})",
                some.join(", ")
            )),
        });
    }
    for runtime in &inventory.runtimes {
        let id = runtime.id();
        findings.push((name.clone(), true, format!("{id} starts")));
    }
    for missing in &inventory.missing {
        // A flavour that a version never had is not broken.
        let is_well = missing.flavour.is_some();
        let line = format!("{}: {}", missing.tool, missing.why);
        findings.push((name.clone(), is_well, line));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_of_a_distribution_or_of_upstream() {
        let names = ["sid", "crane@0.22.1", "go:crane@latest", "trixie"];
        let named = Named::of(&names.map(str::to_owned)).unwrap();
        assert_eq!(named.channels, ["sid", "trixie"]);
        let requests: Vec<String> = named.releases.iter().map(ToString::to_string).collect();
        assert_eq!(requests, ["crane@v0.22.1", "crane@latest"]);
        assert!(Named::of(&["go".to_owned()]).unwrap().all_releases);
        assert!(Named::of(&["krane@v1.0.0".to_owned()]).is_err());
    }

    #[test]
    fn what_was_not_built_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::at(dir.path());
        let named = Named::of(&["crane@0.22.1".to_owned()]).unwrap();
        let absent = named.built(&store).unwrap_err();
        assert_eq!(absent.to_string(), "crane@v0.22.1");
    }
}
