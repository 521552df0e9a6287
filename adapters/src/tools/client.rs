//! A client that ocipick does not know: a command of the user's own, told in variables what to fetch, and where to
//! write what came of it.

use super::image::sign;
use crate::{
    Action, Adapter, Asked, Cleanup, Detected, HarnessError, ImageSource, Installation, Look,
    RawObservation, Runtime, Sandbox, Service, Support, Tool,
    channel::DebianRelease,
    process::{Ran, SYSTEM_PATH, quoted},
    rootfs,
};
use ocipick_corpus::MARKER_FILE;
use ocipick_records::{Configuration, Exit, Identity, Operation, ToolInfo};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// The version of what says none.
const UNVERSIONED: &str = "unversioned";
/// What carries out the command.
const SHELL: &str = "/bin/sh";
/// The exit code of what is not supported, which is also that of a shell that finds no program.
const NOT_SUPPORTED: i32 = 127;

/// The file with the digest of the manifest, in the directory of a trial.
const DIGEST: &str = "digest";
/// The directory with the file system of the image, beside it.
const ROOTFS: &str = "rootfs";

/// A digest and a line feed are never longer.
const DIGEST_LIMIT: u64 = 4096;

/// A client of the user's own.
#[derive(Debug)]
pub(crate) struct Client {
    info: &'static ToolInfo,
    command: String,
    directory: PathBuf,
}

impl Client {
    /// A client of this name, which is this command of a shell in this directory. What is known of a tool stays for as
    /// long as the process does.
    pub(crate) fn new(name: &str, command: &str, directory: &Path) -> Self {
        let operations = ["pull", "import", "scan"];
        let commands = operations.map(|operation| (operation.to_owned(), command.to_owned()));
        let reproduce = format!(
            "OCIPICK_OPERATION=pull OCIPICK_REFERENCE=REFERENCE OCIPICK_OUT=out sh -c {}",
            quoted([command].into_iter())
        );
        let info = ToolInfo {
            name: name.to_owned(),
            configurations: vec![Configuration {
                lineage: name.to_owned(),
                commands: BTreeMap::from(commands),
                reproduce: vec![reproduce],
                ..Configuration::default()
            }],
            ..ToolInfo::default()
        };
        Self {
            info: Box::leak(Box::new(info)),
            command: command.to_owned(),
            directory: directory.to_owned(),
        }
    }

    /// What the shell is given: everything that the client is told, so that a person can repeat it.
    fn script(&self, asked: &Asked<'_>) -> String {
        let platform = asked.request.platform.map(ToString::to_string);
        let reference = match &asked.request.source {
            ImageSource::Registry { .. } => asked.request.reference(),
            ImageSource::Layout(layout) => layout.path(layout.dir),
        };
        let out = directory(asked).to_string_lossy().into_owned();
        let told = [
            ("OCIPICK_OPERATION", asked.request.operation.as_str()),
            ("OCIPICK_REFERENCE", &reference),
            ("OCIPICK_PLATFORM", platform.as_deref().unwrap_or_default()),
            ("OCIPICK_OUT", &out),
        ];
        let told: Vec<String> = told
            .iter()
            .map(|(name, value)| format!("{name}={}", quoted([*value].into_iter())))
            .collect();
        let here = self.directory.to_string_lossy();
        format!(
            "cd {} && export {} && mkdir -p \"$OCIPICK_OUT\" && {{ {}\n}}",
            quoted([&*here].into_iter()),
            told.join(" "),
            self.command
        )
    }
}

impl Adapter for Client {
    fn info(&self) -> &'static ToolInfo {
        self.info
    }

    fn libraries(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    fn messages(&self) -> &'static [&'static str] {
        &[]
    }

    fn packages(&self, _: &DebianRelease) -> Vec<&'static str> {
        Vec::new()
    }

    fn detect(&self, tool: Tool, installation: &Installation, _: &Sandbox) -> Detected {
        let runtime = Runtime {
            tool,
            version: UNVERSIONED.to_owned(),
            flavour: None,
            installation: installation.clone(),
            binaries: BTreeMap::from([("client", PathBuf::from(SHELL))]),
            versions: BTreeMap::from([("client", self.command.clone())]),
            service: Service::None,
            notes: Vec::new(),
            origin: crate::BinaryOrigin::default(),
        };
        Detected {
            runtimes: vec![runtime],
            missing: Vec::new(),
        }
    }

    fn is_stateless(&self) -> bool {
        true
    }

    /// Which of them it does it says itself, when it is asked.
    fn supports(&self, _: &Runtime, operation: Operation) -> Support {
        match operation {
            Operation::Pull | Operation::Import | Operation::Scan => Support::Yes,
            operation @ (Operation::Run
            | Operation::Inspect
            | Operation::Copy
            | Operation::Push) => Support::not_carried_out(operation),
        }
    }

    /// A client is found, and finds its own programs, as the user's shell would.
    fn prepare(&self, runtime: &Runtime, sandbox: &mut Sandbox) -> io::Result<()> {
        let system = std::env::split_paths(SYSTEM_PATH);
        let folders = runtime.installation.folders.iter().cloned().chain(system);
        let path = std::env::join_paths(folders).map_err(io::Error::other)?;
        sandbox.set_env("PATH", &path.to_string_lossy());
        Ok(())
    }

    fn actions(&self, asked: &Asked<'_>) -> Vec<Action> {
        let script = self.script(asked);
        vec![
            asked
                .tool
                .client(&["-c", &script], asked.request.deadline)
                .into(),
        ]
    }

    fn declines(&self, ran: &Ran) -> Option<String> {
        (ran.exit == Exit::Code(NOT_SUPPORTED)).then(|| {
            let words = ran.last_words();
            let words = if words.is_empty() { "nothing" } else { &words };
            format!(
                "the client ended with code {NOT_SUPPORTED}, by which it does not support this, and said: {words}"
            )
        })
    }

    fn observe(&self, asked: &Asked<'_>, look: &mut Look<'_>) -> Result<(), HarnessError> {
        let out = directory(asked);
        look.reported = written_digest(&out);
        look.materialised = look_into(&out);
        Ok(())
    }

    fn cleanup(&self, asked: &Asked<'_>, _: Option<&str>) -> Cleanup {
        Cleanup {
            image_files: vec![directory(asked)],
            ..Cleanup::default()
        }
    }
}

/// The directory that a trial writes to.
fn directory(asked: &Asked<'_>) -> PathBuf {
    asked.tool.path(&format!("image{}", asked.number))
}

/// The digest of the manifest that it says to have.
fn written_digest(out: &Path) -> RawObservation {
    match rootfs::read(out, Path::new(DIGEST), DIGEST_LIMIT) {
        Ok(bytes) => {
            let text = String::from_utf8(bytes.unwrap_or_default()).unwrap_or_default();
            match text.trim() {
                "" => RawObservation::Absent("the client wrote no digest".to_owned()),
                digest => {
                    let digest = Identity::ManifestDigest(digest.to_owned());
                    RawObservation::Seen(vec![sign("digest of the client", digest)])
                }
            }
        }
        Err(error) => RawObservation::Failed(format!("{DIGEST}: {error}")),
    }
}

/// What is in the file system that it has laid out.
fn look_into(out: &Path) -> RawObservation {
    let root = out.join(ROOTFS);
    let is_dir = fs::symlink_metadata(&root).is_ok_and(|metadata| metadata.is_dir());
    if !is_dir {
        return RawObservation::NotShown("the client laid out no file system in rootfs".to_owned());
    }
    match rootfs::marker(&root) {
        Ok(Some(marker)) => {
            RawObservation::Seen(vec![sign("rootfs of the client", Identity::Marker(marker))])
        }
        Ok(None) if is_empty(&root) => {
            RawObservation::Empty("nothing is in the rootfs of the client".to_owned())
        }
        Ok(None) => {
            RawObservation::Unmarked(format!("the rootfs of the client has no /{MARKER_FILE}"))
        }
        Err(error) => RawObservation::Failed(format!("{ROOTFS}/{MARKER_FILE}: {error}")),
    }
}

fn is_empty(dir: &Path) -> bool {
    fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_wrote_is_evidence() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path();
        assert!(matches!(written_digest(out), RawObservation::Absent(_)));
        assert!(matches!(look_into(out), RawObservation::NotShown(_)));
        fs::write(out.join(DIGEST), "sha256:a\n").unwrap();
        let digest = Identity::ManifestDigest("sha256:a".to_owned());
        let seen = RawObservation::Seen(vec![sign("digest of the client", digest)]);
        assert_eq!(written_digest(out), seen);
        std::os::unix::fs::symlink("/", out.join(ROOTFS)).unwrap();
        assert!(matches!(look_into(out), RawObservation::NotShown(_)));
        fs::remove_file(out.join(ROOTFS)).unwrap();
        fs::create_dir(out.join(ROOTFS)).unwrap();
        assert!(matches!(look_into(out), RawObservation::Empty(_)));
        fs::create_dir(out.join("rootfs/etc")).unwrap();
        assert!(matches!(look_into(out), RawObservation::Unmarked(_)));
        fs::create_dir(out.join("rootfs/ocipick")).unwrap();
        fs::write(out.join("rootfs/ocipick/child"), "a case first\n").unwrap();
        assert!(matches!(look_into(out), RawObservation::Seen(_)));
    }
}
