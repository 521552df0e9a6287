//! containerd, driven through `ctr`, and through the plugin that Kubernetes asks.

mod api;
mod cri;
mod settings;

use super::image::{looked, sign, stored};
use crate::{
    Action, Adapter, Asked, BinaryOrigin, Cleanup, DaemonAdapter, DaemonDescription, DaemonWords,
    Detected, Flavour, GoModule, HarnessError, ImageSource, Installation, Look, MachineDaemon,
    Missing, RawFingerprint, RawObservation, Request, Runtime, Sandbox, SandboxedTool, Service,
    Support, Tool,
    calls::LOST,
    channel::DebianRelease,
    detect,
    driver::{DAEMON_START, LOOK},
    process::{Invocation, Ran, Reveal, run},
    rootfs,
};
use ocipick_corpus::{MARKER_FILE, marker_text};
use ocipick_records::{
    Configuration, FieldKind, Identity, Operation, Project, ToolInfo, Way, is_at_least,
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs, io,
    io::Read as _,
    path::{Path, PathBuf},
    sync::LazyLock,
    time::Duration,
};

pub(super) struct Containerd;

/// containerd 2 with the pull in the client, as before the transfer service.
const LOCAL: Flavour = Flavour::new("local");
/// The address of the machine's own containerd.
const MACHINE: &str = "/run/containerd/containerd.sock";

/// The labels are those of the template in the project's repository, and the contact that of its security
/// policy, as they stood in November 2026.
static INFO: LazyLock<ToolInfo> = LazyLock::new(|| {
    // containerd is a daemon; what pulls with it is its client.
    let configuration = |local: &str| {
        Configuration {
        lineage: "containerd".to_owned(),
        commands: ["pull", "import"]
            .map(|operation| {
                let command = format!("ctr images {operation}{local}");
                (operation.to_owned(), command)
            })
            .into(),
        reproduce: vec![
            format!("ctr images pull --plain-http{local} {{platform}}REFERENCE"),
            "mkdir -p picked && ctr images mount {platform}REFERENCE picked && cat picked/ocipick/child"
                .to_owned(),
        ],
        ..Configuration::default()
    }
    };
    ToolInfo {
        name: "containerd".to_owned(),
        binaries: ["ctr", "containerd"].map(str::to_owned).to_vec(),
        package: "containerd".to_owned(),
        configurations: vec![
            Configuration {
                // Since version 2 the client leaves a pull to the daemon, unless it is told otherwise.
                way: Some(Way {
                    name: "transfer service".to_owned(),
                    since: Some("2".to_owned()),
                }),
                with: Some("the transfer service".to_owned()),
                ..configuration("")
            },
            // Which is all that the client of containerd 1 can do.
            Configuration {
                flavour: Some(LOCAL.as_str().to_owned()),
                continues_plain: true,
                with: Some("--local".to_owned()),
                ..configuration(" --local")
            },
            kubernetes(cri::CRI, "Kubernetes' plugin", None),
            kubernetes(
                cri::CRI_LOCAL,
                "Kubernetes' plugin and use_local_image_pull",
                Some(
                    "# with use_local_image_pull = true in [plugins.\"io.containerd.cri.v1.images\"] of config.toml",
                ),
            ),
        ],
        project: Some(Project::new(
            "containerd/containerd",
            "https://github.com/containerd/containerd/security/advisories (Report a vulnerability)",
            "",
            &[
                ("Description", FieldKind::Description),
                ("Steps to reproduce the issue", FieldKind::Steps),
                (
                    "Describe the results you received and expected",
                    FieldKind::ReceivedAndExpected,
                ),
                (
                    "What version of containerd are you using?",
                    FieldKind::Version,
                ),
                ("Any other relevant information", FieldKind::More),
                (
                    "Show configuration if it is related to CRI plugin.",
                    FieldKind::Choice("It is not: the image was pulled with ctr".to_owned()),
                ),
            ],
        )),
    }
});

/// The plugin that Kubernetes asks. A person asks it with `crictl`, which has a call for each of its own.
fn kubernetes(flavour: Flavour, with: &str, setting: Option<&str>) -> Configuration {
    let ask = "crictl --runtime-endpoint unix:///run/containerd/containerd.sock";
    let lines = [
        setting.map(str::to_owned),
        Some(format!("{ask} pull REFERENCE")),
        Some(format!("{ask} inspecti REFERENCE")),
    ];
    Configuration {
        flavour: Some(flavour.as_str().to_owned()),
        lineage: "containerd".to_owned(),
        with: Some(with.to_owned()),
        commands: BTreeMap::from([("pull".to_owned(), "crictl pull".to_owned())]),
        reproduce: lines.into_iter().flatten().collect(),
        ..Configuration::default()
    }
}

impl Adapter for Containerd {
    fn info(&self) -> &'static ToolInfo {
        &INFO
    }

    fn libraries(&self) -> &'static [(&'static str, &'static str)] {
        super::lineages::CONTAINERD
    }

    fn messages(&self) -> &'static [&'static str] {
        &[include_str!("../containerd.messages.toml")]
    }

    fn go_modules(&self) -> &'static [GoModule] {
        const V2: GoModule = GoModule {
            path: "github.com/containerd/containerd/v2",
            commands: &["cmd/containerd", "cmd/ctr", "cmd/containerd-shim-runc-v2"],
            tags: &[],
            // Only a snapshotter on btrfs would take it.
            cgo: false,
            names: None,
        };
        &[
            V2,
            GoModule {
                path: "github.com/containerd/containerd",
                ..V2
            },
        ]
    }

    fn packages(&self, _: &DebianRelease) -> Vec<&'static str> {
        vec!["containerd"]
    }

    fn needs(&self, _: &DebianRelease) -> Vec<&'static str> {
        vec!["runc"]
    }

    fn snapshotter(&self, _: Option<Flavour>) -> Option<&'static str> {
        Some("overlayfs")
    }

    fn detect(&self, tool: Tool, installation: &Installation, sandbox: &Sandbox) -> Detected {
        let Some(client) = installation.find("ctr") else {
            return detect::missing(tool, installation, "`ctr` is not there".to_owned());
        };
        let client_says = detect::version_of(&client, self.version_argument(), sandbox);
        let daemon = installation.find("containerd");
        let able = installation.privileges.root && installation.privileges.namespaces;
        let mut binaries = BTreeMap::from([("client", client)]);
        let mut versions = BTreeMap::from([("client", client_says.clone().unwrap_or_default())]);
        let (said, service) = match daemon {
            Some(daemon) if able => {
                let said = detect::version_of(&daemon, self.version_argument(), sandbox);
                binaries.insert("daemon", daemon);
                versions.insert("daemon", said.clone().unwrap_or_default());
                (said, Service::Private)
            }
            daemon => {
                let because = if daemon.is_none() {
                    "there is no `containerd`"
                } else {
                    "a private containerd takes root and mount namespaces"
                };
                match machine_version(installation, sandbox, &binaries["client"]) {
                    Some(said) => {
                        versions.insert("daemon", said.clone());
                        let address = MACHINE.to_owned();
                        (
                            Ok(said),
                            Service::Machine {
                                address,
                                because: because.to_owned(),
                            },
                        )
                    }
                    None => {
                        let why = format!("{because}, and no containerd of the machine answers");
                        return detect::missing(tool, installation, why);
                    }
                }
            }
        };
        let version = match detect::version(
            &said,
            installation,
            binaries.get("daemon").map(PathBuf::as_path),
            "containerd",
        ) {
            Ok(version) => version,
            Err(why) => return detect::missing(tool, installation, why),
        };
        let notes = match &service {
            Service::Machine { because, .. } => {
                vec![format!(
                    "the machine's own containerd was used, because {because}"
                )]
            }
            Service::Private | Service::None => Vec::new(),
        };
        let runtime = |flavour| Runtime {
            tool,
            version: version.clone(),
            flavour,
            installation: installation.clone(),
            binaries: binaries.clone(),
            versions: versions.clone(),
            service: service.clone(),
            notes: notes.clone(),
            origin: BinaryOrigin::default(),
        };
        let mut runtimes = vec![runtime(None)];
        if has_transfer_service(&version) {
            runtimes.push(runtime(Some(LOCAL)));
        }
        let mut missing = Vec::new();
        match &service {
            Service::Private => {
                let flavours = cri::flavours(&version).into_iter();
                runtimes.extend(flavours.map(|flavour| runtime(Some(flavour))));
            }
            // Kubernetes may be using that one.
            Service::Machine { because, .. } => missing.push(Missing {
                tool,
                flavour: Some(cri::CRI),
                channel: installation.channel.clone(),
                why: format!("the CRI is asked of a private containerd only, and {because}"),
                remedy: "run as root where mount namespaces can be made".to_owned(),
            }),
            Service::None => {}
        }
        Detected { runtimes, missing }
    }

    fn is_stateless(&self) -> bool {
        false
    }

    fn supports(&self, runtime: &Runtime, operation: Operation) -> Support {
        match operation {
            Operation::Pull => Support::Yes,
            Operation::Import if cri::is_asked(runtime.flavour) => {
                Support::No("the CRI has no import".to_owned())
            }
            Operation::Import => Support::where_(
                imports_for_platforms(&runtime.version),
                "before 1.6 ctr imports for its own platform only",
            ),
            operation @ (Operation::Run
            | Operation::Inspect
            | Operation::Scan
            | Operation::Copy
            | Operation::Push) => Support::not_carried_out(operation),
        }
    }

    fn can_be_asked(&self, runtime: &Runtime, request: &Request<'_>) -> Support {
        if cri::is_asked(runtime.flavour) {
            cri::can_be_asked(request)
        } else {
            Support::Yes
        }
    }

    fn prepare(&self, runtime: &Runtime, sandbox: &mut Sandbox) -> io::Result<()> {
        let dir = sandbox.dir();
        let address = address_in(runtime, dir);
        let settings = settings::settings(&runtime.version, runtime.flavour, dir, &address);
        fs::write(dir.join("config.toml"), settings)
    }

    fn daemon(&self) -> Option<&dyn DaemonAdapter> {
        Some(self)
    }

    fn actions(&self, asked: &Asked<'_>) -> Vec<Action> {
        let (tool, request) = (asked.tool, asked.request);
        if cri::is_asked(tool.runtime().flavour) {
            return vec![cri::pull(asked).into()];
        }
        let (reference, platform) = (request.reference(), request.platform_args());
        let mut args = vec!["images"];
        args.extend(match &request.source {
            ImageSource::Registry { .. } => &["pull", "--plain-http"][..],
            ImageSource::Layout(_) => &["import"][..],
        });
        args.extend(platform.iter().map(String::as_str));
        if tool.runtime().flavour == Some(LOCAL) {
            args.push("--local");
        }
        let archive;
        match &request.source {
            ImageSource::Registry { .. } => {
                if prints_chain(tool) {
                    args.push("--print-chainid");
                }
                args.push(&reference);
            }
            ImageSource::Layout(layout) => {
                archive = layout.archive.to_string_lossy().into_owned();
                args.push(&archive);
            }
        }
        vec![ctr(tool, &namespace(asked), &args, request.deadline).into()]
    }

    fn observe(&self, asked: &Asked<'_>, look: &mut Look<'_>) -> Result<(), HarnessError> {
        if cri::is_asked(asked.tool.runtime().flavour) {
            return cri::observe(asked, look);
        }
        if let Some(chain) = look.decisive().and_then(printed_chain) {
            let identity = Identity::ChainId(chain);
            look.reported =
                RawObservation::Seen(vec![sign("ctr images pull --print-chainid", identity)]);
        }
        if matches!(asked.request.source, ImageSource::Layout(_)) {
            collect(asked, look)?;
        }
        if asked.request.is_nameless() {
            look.image = name_given(asked, look)?;
        }
        let reference = look.image.clone();
        let reference = reference.unwrap_or_else(|| asked.request.reference());
        look_at(asked, look, &reference)
    }

    /// Only an image that was pulled is mounted. The mount goes in any case: it is of the look, and not of
    /// the pull. The namespace of a containerd that goes with the sandbox is nothing to remove.
    fn cleanup(&self, asked: &Asked<'_>, image: Option<&str>) -> Cleanup {
        if cri::is_asked(asked.tool.runtime().flavour) {
            return cri::cleanup(asked, image);
        }
        let (tool, namespace, point) = (asked.tool, &*namespace(asked), mount_point(asked));
        let target = point.to_string_lossy().into_owned();
        let reference = asked.request.reference();
        let image = image.unwrap_or(&reference);
        let ctr = |args: &[&str]| ctr(tool, namespace, args, LOOK);
        Cleanup {
            look: vec![ctr(&["images", "unmount", "--rm", &target])],
            mount_point: Some(point),
            image: vec![ctr(&["images", "rm", "--sync", image])],
            remains: vec![sweep(ctr(&[]))],
            shared: vec![ctr(&["namespaces", "rm", namespace])],
            ..Cleanup::default()
        }
    }
}

impl DaemonAdapter for Containerd {
    fn name(&self) -> &'static str {
        "containerd"
    }

    fn description(&self, tool: &SandboxedTool) -> DaemonDescription {
        let config = tool.path_text("config.toml");
        let program = tool.runtime().binary("daemon");
        DaemonDescription {
            invocation: tool
                .sandbox()
                .invocation(&program, &["--config", &config], DAEMON_START),
            log: tool.path("containerd.log"),
            socket: tool.path("c.sock"),
            longest_socket: tool.path("c.sock.ttrpc"),
            stale: ["c.sock", "c.sock.ttrpc"]
                .map(|name| tool.path(name))
                .to_vec(),
            helper: None,
            mounts: true,
        }
    }

    fn question(&self, tool: &SandboxedTool) -> Action {
        if cri::is_asked(tool.runtime().flavour) {
            return cri::question(tool).into();
        }
        ctr(tool, "ocipick", &["version"], LOOK).into()
    }

    fn words(&self) -> DaemonWords {
        DaemonWords {
            lost: &[
                "error reading from server: EOF",
                "connection refused",
                "connection reset",
                "transport is closing",
                "transport: Error",
                LOST,
            ],
            aborted: &["error reading from server", "transport is closing"],
            leaving: None,
        }
    }
}

/// Since 1.6 `ctr images import` has `--platform`. An import of all platforms would select nothing.
fn imports_for_platforms(version: &str) -> bool {
    is_at_least(version, "1.6")
}

/// Since containerd 2 `ctr images pull` goes through the transfer service unless it is told to
/// work locally.
fn has_transfer_service(version: &str) -> bool {
    is_at_least(version, "2")
}

fn machine_version(
    installation: &Installation,
    sandbox: &Sandbox,
    client: &Path,
) -> Option<String> {
    if installation.machine_daemon == MachineDaemon::Never {
        return None;
    }
    let asked = run(
        &sandbox.outside(client, &["--address", MACHINE, "version"], LOOK),
        sandbox.cancel(),
    )
    .ok()?;
    let printed = asked.stdout();
    let server = printed.split("Server:").nth(1)?;
    let version = server
        .lines()
        .find_map(|line| line.trim().strip_prefix("Version:"))?;
    asked.exit.is_success().then(|| version.trim().to_owned())
}

/// Where the daemon of a runtime listens.
fn address_in(runtime: &Runtime, dir: &Path) -> String {
    match &runtime.service {
        Service::Machine { address, .. } => address.clone(),
        Service::Private | Service::None => dir.join("c.sock").to_string_lossy().into_owned(),
    }
}

/// The namespace of a trial.
fn namespace(asked: &Asked<'_>) -> String {
    format!("ocipick-{}-{}", std::process::id(), asked.number)
}

/// Where the image of this trial is mounted. The path of the mount is the key of its snapshot, and a key
/// that exists is reused silently; so every trial has its own.
fn mount_point(asked: &Asked<'_>) -> PathBuf {
    asked.tool.path(&format!("mount{}", asked.number))
}

/// A command of the client in a namespace.
fn ctr(tool: &SandboxedTool, namespace: &str, args: &[&str], deadline: Duration) -> Invocation {
    let address = address_in(tool.runtime(), tool.sandbox().dir());
    let mut all = vec!["--address", address.as_str(), "--namespace", namespace];
    all.extend(args);
    tool.client(&all, deadline)
}

/// Whether a pull can print the chain id: neither through the transfer service, nor in 1.4.
fn prints_chain(tool: &SandboxedTool) -> bool {
    let runtime = tool.runtime();
    (!has_transfer_service(&runtime.version) || runtime.flavour.is_some())
        && tool.knows_option(&["images", "pull"], "--print-chainid")
}

/// Mounts what would run, which is where containerd chooses for good: a pull that ended well is no proof
/// that there is anything to run.
fn look_at(asked: &Asked<'_>, look: &mut Look<'_>, reference: &str) -> Result<(), HarnessError> {
    let (tool, namespace) = (asked.tool, &*namespace(asked));
    let platform = asked.request.platform_args();
    let point = mount_point(asked);
    if let Err(error) = fs::create_dir(&point) {
        look.materialised = RawObservation::Failed(format!("{}: {error}", point.display()));
        return Ok(());
    }
    let target = point.to_string_lossy().into_owned();
    let mut args = vec!["images", "mount"];
    args.extend(platform.iter().map(String::as_str));
    args.extend([reference, &target]);
    let mut mount = ctr(tool, namespace, &args, asked.request.deadline);
    mount.reveal = Some(Reveal {
        root: point.clone(),
        file: MARKER_FILE.to_owned(),
    });
    let mounted = look.run(&mount)?;
    let printed = mounted.stdout();
    let chain = printed
        .lines()
        .map(str::trim)
        .find(|line| line.starts_with("sha256:"));
    if !mounted.exit.is_success() {
        look.materialised = RawObservation::Absent(mounted.last_words());
        if look.reported == RawObservation::Not {
            look.reported = look.materialised.clone();
        }
        return Ok(());
    }
    let chain = chain.map(|chain| Identity::ChainId(chain.to_owned()));
    let marker = match mounted.revealed() {
        Some(bytes) => Ok(marker_text(&*bytes)),
        // A mount of a containerd that is not ours is there for everybody.
        None => rootfs::marker(&point),
    };
    let has_marker = matches!(marker, Ok(Some(_)));
    let source = "ctr images mount";
    look.materialised = match (marker, &chain) {
        (Ok(Some(marker)), _) => RawObservation::Seen(vec![sign(source, Identity::Marker(marker))]),
        (Ok(None), Some(chain)) => RawObservation::Seen(vec![sign(source, chain.clone())]),
        (Ok(None), None) => RawObservation::Empty("the mount is empty".to_owned()),
        (Err(error), _) => RawObservation::Failed(format!("/{MARKER_FILE}: {error}")),
    };
    let mut reported = match std::mem::take(&mut look.reported) {
        RawObservation::Seen(signs) => signs,
        _ => chain.into_iter().map(|chain| sign(source, chain)).collect(),
    };
    // A chain id says nothing of images that have the same layers, and there is none of images that have
    // none; then what was stored tells more.
    if !has_marker {
        let listed = look.run(&ctr(tool, namespace, &["content", "ls", "--quiet"], LOOK))?;
        reported.extend(stored("ctr content ls", &listed));
    }
    if matches!(look.materialised, RawObservation::Empty(_)) {
        reported.extend(exported(asked, look, reference)?);
    }
    look.reported = looked(reported, "ctr printed no chain id");
    Ok(())
}

/// The config of the image that containerd exports for the platform that was asked for. It may have stored
/// the manifests of others, too.
fn exported(
    asked: &Asked<'_>,
    look: &mut Look<'_>,
    reference: &str,
) -> Result<Option<RawFingerprint>, HarnessError> {
    let dir = asked.tool.sandbox().dir();
    let name = format!("export{}.tar", asked.number);
    let target = dir.join(&name).to_string_lossy().into_owned();
    let platform = asked.request.platform_args();
    let mut args = vec!["images", "export"];
    args.extend(platform.iter().map(String::as_str));
    args.extend([&*target, reference]);
    let exported = look.run(&ctr(asked.tool, &namespace(asked), &args, LOOK))?;
    let config = exported
        .exit
        .is_success()
        .then(|| exported_config(dir, Path::new(&name)))
        .flatten();
    let _ = fs::remove_file(target);
    Ok(config.map(|config| sign("ctr images export", Identity::ConfigDigest(config))))
}

/// Has containerd collect what nothing refers to. All content of a layout is in its store after an import,
/// and what is not of the image goes when containerd next collects, which is at a time of its own: without
/// this, the look would find what is gone a moment later.
fn collect(asked: &Asked<'_>, look: &mut Look<'_>) -> Result<(), HarnessError> {
    let tool = asked.tool;
    if matches!(tool.runtime().service, Service::Machine { .. }) {
        return Ok(());
    }
    // What belongs to a lease is released when that ends, and nothing belongs to this one.
    for args in [
        &["leases", "create", "--id", LEASE][..],
        &["leases", "delete", "--sync", LEASE][..],
    ] {
        let ran = look.run(&ctr(tool, &namespace(asked), args, LOOK))?;
        if !ran.exit.is_success() {
            look.note(format!("it was not asked to collect: {}", ran.last_words()));
            return Ok(());
        }
    }
    Ok(())
}

/// What containerd calls the image of a layout that gives it no name, where it took just one.
fn name_given(asked: &Asked<'_>, look: &mut Look<'_>) -> Result<Option<String>, HarnessError> {
    let args = ["images", "list", "--quiet"];
    let listed = look.run(&ctr(asked.tool, &namespace(asked), &args, LOOK))?;
    let listed = listed.stdout();
    let mut names = listed
        .lines()
        .map(str::trim)
        .filter(|name| !name.is_empty());
    Ok(match (names.next(), names.next()) {
        (Some(name), None) => Some(name.to_owned()),
        _ => None,
    })
}

/// What empties the namespace of a command, which can only be removed when it is empty: after a pull that
/// was killed on its way there is more in it than the image.
fn sweep(mut ctr: Invocation) -> Invocation {
    let client = std::mem::replace(&mut ctr.program, PathBuf::from("/bin/sh"));
    let options = std::mem::take(&mut ctr.args);
    ctr.args = vec!["-c".to_owned(), SWEEP.to_owned(), "sh".to_owned()];
    ctr.args.push(client.to_string_lossy().into_owned());
    ctr.args.extend(options);
    ctr
}

/// The chain id that a pull printed, where it did.
fn printed_chain(pulled: &Ran) -> Option<String> {
    let printed = pulled.stdout();
    let chain = printed
        .split("chain ID:")
        .nth(1)?
        .split_whitespace()
        .next()
        // An image without layers has no chain, and what ctr prints next is another matter.
        .filter(|chain| chain.starts_with("sha256:"))?;
    Some(chain.to_owned())
}

/// The config of the one image in an archive that containerd wrote.
fn exported_config(dir: &Path, archive: &Path) -> Option<String> {
    let mut archive = tar::Archive::new(rootfs::file(dir, archive).ok()??);
    for entry in archive.entries_with_seek().ok()? {
        let entry = entry.ok()?;
        if entry.path().ok()?.as_os_str() == "manifest.json" {
            let images: Vec<Value> = serde_json::from_reader(entry.take(1 << 20)).ok()?;
            let [image] = &images[..] else { return None };
            let (_, encoded) = image["Config"].as_str()?.rsplit_once('/')?;
            return Some(format!("sha256:{encoded}"));
        }
    }
    None
}

/// The lease that ends so that containerd collects.
const LEASE: &str = "ocipick-collect";

/// Empties a namespace, which can only be removed when it is empty. The arguments are `ctr` with
/// the options that name the daemon and the namespace. Snapshots go from the top down.
const SWEEP: &str = r#"
"$@" leases ls -q | while read -r it; do "$@" leases rm "$it"; done
"$@" images ls -q | while read -r it; do "$@" images rm --sync "$it"; done
for round in 1 2 3 4 5 6 7 8; do
  "$@" snapshots ls | tail -n +2 | while read -r it rest; do "$@" snapshots rm "$it"; done
done
"$@" content ls -q | while read -r it; do "$@" content rm "$it"; done
"$@" content active | tail -n +2 | while read -r it rest; do "$@" content abort "$it"; done
true
"#;
