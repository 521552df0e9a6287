//! containerd, driven through `ctr`.

use super::{
    image::{looked, sign, stored},
    supervisor::DaemonSupervisor,
};
use crate::{
    Adapter, BinaryOrigin, Detected, Execution, Flavour, ImageSource, Installation, MachineDaemon,
    RawFingerprint, RawObservation, Request, Runtime, Sandbox, Service, Session, StartError,
    Support, Tool, ToolInfo, detect, mutant,
    process::{
        Daemon, DaemonError, DaemonSpec, Invocation, Ran, Readiness, Reveal, RunError, fits_socket,
        run,
    },
    rootfs,
};
use ocipick_corpus::{MARKER_FILE, marker_text};
use ocipick_records::{Identity, Operation, is_at_least};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    time::Duration,
};

/// What there is to know of it.
pub(super) const INFO: ToolInfo = ToolInfo {
    name: "containerd",
    binaries: &["ctr", "containerd"],
    package: "containerd",
    packages: |_| vec!["containerd"],
    needs: |_| vec!["runc"],
    snapshotter: |_| Some("overlayfs"),
};

pub(super) struct Containerd;

/// How long containerd may take to answer after its start.
const START: Duration = Duration::from_secs(60);
/// How long a client call that only looks may take.
const LOOK: Duration = Duration::from_secs(30);
/// The address of the machine's own containerd.
const MACHINE: &str = "/run/containerd/containerd.sock";

impl Adapter for Containerd {
    fn tool(&self) -> Tool {
        Tool::Containerd
    }

    fn detect(&self, installation: &Installation, sandbox: &Sandbox) -> Detected {
        let Some(client) = installation.find("ctr") else {
            return detect::missing(
                Tool::Containerd,
                installation,
                "`ctr` is not there".to_owned(),
            );
        };
        let client_says = detect::version_of(&client, sandbox);
        let daemon = installation.find("containerd");
        let able = installation.privileges.root && installation.privileges.namespaces;
        let mut binaries = BTreeMap::from([("client", client)]);
        let mut versions = BTreeMap::from([("client", client_says.clone().unwrap_or_default())]);
        let (said, service) = match daemon {
            Some(daemon) if able => {
                let said = detect::version_of(&daemon, sandbox);
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
                        return detect::missing(Tool::Containerd, installation, why);
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
            Err(why) => return detect::missing(Tool::Containerd, installation, why),
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
            tool: Tool::Containerd,
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
            runtimes.push(runtime(Some(Flavour::Local)));
        }
        Detected {
            runtimes,
            missing: Vec::new(),
        }
    }

    fn is_stateless(&self) -> bool {
        false
    }

    fn supports(&self, runtime: &Runtime, operation: Operation) -> Support {
        match operation {
            Operation::Pull => Support::Yes,
            Operation::Import => Support::where_(
                imports_for_platforms(&runtime.version),
                "before 1.6 ctr imports for its own platform only",
            ),
            operation @ (Operation::Run
            | Operation::Inspect
            | Operation::Copy
            | Operation::Push) => Support::not_carried_out(operation),
        }
    }

    fn open(&self, runtime: &Runtime, sandbox: Sandbox) -> std::io::Result<Box<dyn Session>> {
        let address = match &runtime.service {
            Service::Machine { address, .. } => address.clone(),
            Service::Private | Service::None => {
                sandbox.dir().join("c.sock").to_string_lossy().into_owned()
            }
        };
        fs::write(
            sandbox.dir().join("config.toml"),
            settings(sandbox.dir(), &address),
        )?;
        Ok(Box::new(ContainerdSession {
            runtime: runtime.clone(),
            supervisor: DaemonSupervisor::new("containerd", runtime.service.clone(), sandbox.dir()),
            sandbox,
            address,
            trials: 0,
            prints_chain: None,
        }))
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

/// Every path is private; what has no part in pulling (CRI, NRI) stays off.
fn settings(dir: &Path, address: &str) -> String {
    // A path may have characters in it that mean something in TOML.
    let text = |text: &str| toml::Value::from(text).to_string();
    let below = |name: &str| text(&dir.join(name).to_string_lossy());
    format!(
        r#"version = 2
root = {root}
state = {state}
disabled_plugins = [
  "io.containerd.grpc.v1.cri",
  "io.containerd.cri.v1.images",
  "io.containerd.cri.v1.runtime",
  "io.containerd.podsandbox.controller.v1.podsandbox",
  "io.containerd.nri.v1.nri",
]

[grpc]
  address = {grpc}

[ttrpc]
  address = {ttrpc}

[plugins."io.containerd.internal.v1.opt"]
  path = {opt}
"#,
        root = below("root"),
        state = below("state"),
        grpc = text(address),
        ttrpc = text(&format!("{address}.ttrpc")),
        opt = below("opt"),
    )
}

struct ContainerdSession {
    runtime: Runtime,
    sandbox: Sandbox,
    supervisor: DaemonSupervisor,
    address: String,
    trials: u32,
    /// Whether `ctr images pull` can print the chain id, once it was asked.
    prints_chain: Option<bool>,
}

impl ContainerdSession {
    fn invocation(&self, namespace: &str, args: &[&str], deadline: Duration) -> Invocation {
        let mut all = vec!["--address", self.address.as_str(), "--namespace", namespace];
        all.extend(args);
        let client = self.runtime.binary("client");
        match self.runtime.service {
            Service::Machine { .. } => self.sandbox.outside(&client, &all, deadline),
            Service::Private | Service::None => self.sandbox.invocation(&client, &all, deadline),
        }
    }

    fn ctr(&self, namespace: &str, args: &[&str], deadline: Duration) -> Result<Ran, RunError> {
        run(
            &self.invocation(namespace, args, deadline),
            self.sandbox.cancel(),
        )
    }

    /// Whether a pull can print the chain id: neither through the transfer service, nor in 1.4.
    fn prints_chain(&mut self) -> bool {
        if has_transfer_service(&self.runtime.version) && self.runtime.flavour.is_none() {
            return false;
        }
        *self.prints_chain.get_or_insert_with(|| {
            let client = self.runtime.binary("client");
            !detect::lacks_option(
                &client,
                &["images", "pull"],
                "--print-chainid",
                &self.sandbox,
            )
        })
    }

    fn start_daemon(&self) -> Result<Daemon, DaemonError> {
        fits_socket("containerd", &self.sandbox.dir().join("c.sock.ttrpc"))?;
        for stale in ["c.sock", "c.sock.ttrpc"] {
            let _ = fs::remove_file(self.sandbox.dir().join(stale));
        }
        let config = self
            .sandbox
            .dir()
            .join("config.toml")
            .to_string_lossy()
            .into_owned();
        let spec = DaemonSpec {
            name: "containerd",
            invocation: self.sandbox.invocation(
                &self.runtime.binary("daemon"),
                &["--config", &config],
                START,
            ),
            log: self.sandbox.dir().join("containerd.log"),
            ready: &|| {
                if !self.sandbox.dir().join("c.sock").exists() {
                    return Readiness::NotYet;
                }
                match self.ctr("ocipick", &["version"], LOOK) {
                    Ok(ran) if ran.exit.is_success() => Readiness::Ready,
                    _ => Readiness::NotYet,
                }
            },
        };
        Daemon::start(&spec, self.sandbox.cancel())
    }

    /// Mounts what would run, which is where containerd chooses for good: a pull that ended
    /// well is no proof that there is anything to run.
    fn look(
        &self,
        execution: &mut Execution,
        request: &Request<'_>,
        namespace: &str,
        reference: &str,
    ) -> Result<(), RunError> {
        let reference = &*mutant::looked_at(reference);
        let platform = request.platform_args();
        let point = self.mount_point();
        if let Err(error) = fs::create_dir(&point) {
            execution.materialised =
                RawObservation::Failed(format!("{}: {error}", point.display()));
            return Ok(());
        }
        let target = point.to_string_lossy().into_owned();
        let mut args = vec!["images", "mount"];
        args.extend(platform.iter().map(String::as_str));
        args.extend([reference, &target]);
        let mut mount = self.invocation(namespace, &args, request.deadline);
        mount.reveal = Some(Reveal {
            root: point.clone(),
            file: MARKER_FILE.to_owned(),
        });
        let at = execution.keep(run(&mount, self.sandbox.cancel())?);
        let mounted = &execution.commands[at];
        let printed = mounted.stdout();
        let chain = printed
            .lines()
            .map(str::trim)
            .find(|line| line.starts_with("sha256:"));
        if !mounted.exit.is_success() {
            execution.materialised = RawObservation::Absent(mounted.last_words());
            if execution.reported == RawObservation::Not {
                execution.reported = execution.materialised.clone();
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
        execution.materialised = match (marker, &chain) {
            (Ok(Some(marker)), _) => {
                RawObservation::Seen(vec![sign(source, Identity::Marker(marker))])
            }
            (Ok(None), Some(chain)) => RawObservation::Seen(vec![sign(source, chain.clone())]),
            (Ok(None), None) => RawObservation::Empty("the mount is empty".to_owned()),
            (Err(error), _) => RawObservation::Failed(format!("/{MARKER_FILE}: {error}")),
        };
        let mut reported = match std::mem::take(&mut execution.reported) {
            RawObservation::Seen(signs) => signs,
            _ => chain.into_iter().map(|chain| sign(source, chain)).collect(),
        };
        // A chain id says nothing of images that have the same layers, and there is none of images
        // that have none; then what was stored tells more.
        if !has_marker {
            let at = execution.keep(self.ctr(namespace, &["content", "ls", "--quiet"], LOOK)?);
            reported.extend(stored("ctr content ls", &execution.commands[at]));
        }
        if matches!(execution.materialised, RawObservation::Empty(_)) {
            let exported = self.exported(execution, request, namespace, reference)?;
            reported.extend(exported);
        }
        execution.reported = looked(reported, "ctr printed no chain id");
        Ok(())
    }

    /// The config of the image that containerd exports for the platform that was asked for. It may
    /// have stored the manifests of others, too.
    fn exported(
        &self,
        execution: &mut Execution,
        request: &Request<'_>,
        namespace: &str,
        reference: &str,
    ) -> Result<Option<RawFingerprint>, RunError> {
        let dir = self.sandbox.dir();
        let name = format!("export{}.tar", self.trials);
        let target = dir.join(&name).to_string_lossy().into_owned();
        let platform = request.platform_args();
        let mut args = vec!["images", "export"];
        args.extend(platform.iter().map(String::as_str));
        args.extend([&*target, reference]);
        let at = execution.keep(self.ctr(namespace, &args, LOOK)?);
        let exported = execution.commands[at].exit.is_success();
        let config = exported
            .then(|| exported_config(dir, Path::new(&name)))
            .flatten();
        let _ = fs::remove_file(target);
        Ok(config.map(|config| sign("ctr images export", Identity::ConfigDigest(config))))
    }

    /// Looks at the image, under the name that it got where its layout has none for it.
    fn look_where_it_is(
        &self,
        execution: &mut Execution,
        request: &Request<'_>,
        namespace: &str,
        reference: &mut String,
    ) -> Result<(), RunError> {
        if matches!(request.source, ImageSource::Layout(_)) {
            self.collect(execution, namespace)?;
        }
        if request.is_nameless()
            && let Some(name) = self.name_given(execution, namespace)?
        {
            *reference = name;
        }
        self.look(execution, request, namespace, reference)
    }

    /// Has containerd collect what nothing refers to. All content of a layout is in its store after an
    /// import, and what is not of the image goes when containerd next collects, which is at a time
    /// of its own: without this, the look would find what is gone a moment later.
    fn collect(&self, execution: &mut Execution, namespace: &str) -> Result<(), RunError> {
        if matches!(self.runtime.service, Service::Machine { .. }) {
            return Ok(());
        }
        // What belongs to a lease is released when that ends, and nothing belongs to this one.
        for args in [
            &["leases", "create", "--id", LEASE][..],
            &["leases", "delete", "--sync", LEASE][..],
        ] {
            let at = execution.keep(self.ctr(namespace, args, LOOK)?);
            let asked = &execution.commands[at];
            if !asked.exit.is_success() {
                let note = format!("it was not asked to collect: {}", asked.last_words());
                execution.notes.push(note);
                return Ok(());
            }
        }
        Ok(())
    }

    /// What containerd calls the image of a layout that gives it no name, where it took just one.
    fn name_given(
        &self,
        execution: &mut Execution,
        namespace: &str,
    ) -> Result<Option<String>, RunError> {
        let at = execution.keep(self.ctr(namespace, &["images", "list", "--quiet"], LOOK)?);
        let listed = execution.commands[at].stdout();
        let mut names = listed
            .lines()
            .map(str::trim)
            .filter(|name| !name.is_empty());
        Ok(match (names.next(), names.next()) {
            (Some(name), None) => Some(name.to_owned()),
            _ => None,
        })
    }

    /// What is promised about a containerd that is not ours. After a pull that was killed on its
    /// way the whole namespace of the trial must be emptied before it can go.
    fn promised(&self, removal: &[Invocation; 3], namespace: &str) -> [Invocation; 4] {
        let mut sweep = self.invocation(namespace, &[], LOOK);
        let client = std::mem::replace(&mut sweep.program, PathBuf::from("/bin/sh"));
        let options = std::mem::take(&mut sweep.args);
        sweep.args = vec!["-c".to_owned(), SWEEP.to_owned(), "sh".to_owned()];
        sweep.args.push(client.to_string_lossy().into_owned());
        sweep.args.extend(options);
        let [unmount, remove, namespace] = removal.clone();
        [unmount, remove, sweep, namespace]
    }

    /// The commands that remove the image, its content, the mount and the namespace of a trial.
    fn removal(&self, reference: &str, namespace: &str) -> [Invocation; 3] {
        let target = self.mount_point().to_string_lossy().into_owned();
        [
            self.invocation(namespace, &["images", "unmount", "--rm", &target], LOOK),
            self.invocation(namespace, &["images", "rm", "--sync", reference], LOOK),
            self.invocation(namespace, &["namespaces", "rm", namespace], LOOK),
        ]
    }

    /// Where the image of this trial is mounted. The path of the mount is the key of its
    /// snapshot, and a key that exists is reused silently; so every trial has its own.
    fn mount_point(&self) -> PathBuf {
        self.sandbox.dir().join(format!("mount{}", self.trials))
    }
}

impl Session for ContainerdSession {
    fn start(&mut self) -> Result<(), StartError> {
        if !self.supervisor.must_start() {
            return Ok(());
        }
        DaemonSupervisor::may_mount(self.sandbox.dir())?;
        self.supervisor.adopt(self.start_daemon())
    }

    fn execute(&mut self, request: &Request<'_>) -> Execution {
        if let Err(error) = self.start() {
            return Execution::troubled(error.into());
        }
        let mut execution = Execution::default();
        self.trials += 1;
        let namespace = format!("ocipick-{}-{}", std::process::id(), self.trials);
        let (mut reference, platform) = (request.reference(), request.platform_args());
        let mut args = vec!["images"];
        args.extend(match &request.source {
            ImageSource::Registry { .. } => &["pull", "--plain-http"][..],
            ImageSource::Layout(_) => &["import"][..],
        });
        args.extend(platform.iter().map(String::as_str));
        if self.runtime.flavour == Some(Flavour::Local) {
            args.push("--local");
        }
        let archive;
        match &request.source {
            ImageSource::Registry { .. } => {
                if self.prints_chain() {
                    args.push("--print-chainid");
                }
                args.push(&reference);
            }
            ImageSource::Layout(layout) => {
                archive = layout.archive.to_string_lossy().into_owned();
                args.push(&archive);
            }
        }
        let removal = self.removal(&reference, &namespace);
        if let Err(trouble) = self.supervisor.begin(&self.promised(&removal, &namespace)) {
            return Execution::troubled(trouble);
        }
        match self.ctr(&namespace, &args, request.deadline) {
            Ok(ran) => execution.decisive = Some(execution.keep(ran)),
            Err(error) => {
                // What was pulled until now must not stay in a daemon that is not ours.
                execution.trouble = Some(error.into());
                self.supervisor
                    .remove(&mut execution, &self.sandbox, &removal);
                return execution;
            }
        }
        (request.done)();
        if execution.succeeded() {
            if let Some(chain) = execution.decisive_command().and_then(printed_chain) {
                let identity = Identity::ChainId(chain);
                execution.reported =
                    RawObservation::Seen(vec![sign("ctr images pull --print-chainid", identity)]);
            }
            if let Err(error) =
                self.look_where_it_is(&mut execution, request, &namespace, &mut reference)
            {
                execution.trouble = Some(error.into());
            }
            mutant::has_looked(&mut execution);
        }
        let removal = self.removal(&reference, &namespace);
        let question = self.invocation("ocipick", &["version"], LOOK);
        // Only an image that was pulled was mounted, and an empty namespace of a containerd that
        // goes with the sandbox is nothing to remove.
        let begin = usize::from(!execution.succeeded());
        let end = match self.runtime.service {
            // The mount goes all the same: it is of the look, and not of the pull.
            _ if request.leaves_image() => 1,
            Service::Machine { .. } => removal.len(),
            Service::Private | Service::None => removal.len() - 1,
        };
        let removal = &removal[begin..end];
        self.supervisor
            .end(&mut execution, &self.sandbox, LOST, &question, removal);
        let _ = fs::remove_dir(self.mount_point());
        execution
    }
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

/// How a client says that it lost the daemon.
const LOST: &[&str] = &[
    "error reading from server: EOF",
    "connection refused",
    "connection reset",
    "transport is closing",
    "transport: Error",
];

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_hold_paths_as_they_are() {
        for dir in ["/tmp/a", "/tmp/a \"b\" \\c'd", "/tmp/ü\nnext = 1"] {
            let text = settings(Path::new(dir), &format!("{dir}/c.sock"));
            let read: toml::Table = toml::from_str(&text).unwrap();
            assert_eq!(read["root"].as_str(), Some(&*format!("{dir}/root")));
            let address = read["ttrpc"]["address"].as_str();
            assert_eq!(address, Some(&*format!("{dir}/c.sock.ttrpc")));
            assert!(!read.contains_key("next"));
        }
    }
}
