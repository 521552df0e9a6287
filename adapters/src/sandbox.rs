//! The sandbox of a runtime: its private home, caches, configuration and trial directories.

use crate::{
    Action, Call, Protocol,
    installation::{BindMounts, Installation},
    process::{
        Cancel, Invocation, Isolation, MARKER, Mount, MountNamespace, Ran, RunError, SYSTEM_PATH,
        run,
    },
};
use nix::unistd::{User, geteuid};
use std::{
    cell::{Cell, OnceCell},
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

/// Everything that a runtime needs to run without touching the machine's own settings.
#[derive(Debug)]
pub struct Sandbox {
    dir: PathBuf,
    run_dir: PathBuf,
    installation: Installation,
    bind_mounts: BindMounts,
    env: BTreeMap<String, String>,
    cancel: Cancel,
    calls: Cell<u32>,
    mounts: Vec<Mount>,
    isolation: OnceCell<Isolation>,
    authority: Option<PathBuf>,
}

/// What a file with all authorities that are trusted is called in Debian.
const AUTHORITIES: &str = "ca-certificates.crt";

/// Trust for every image and no registry settings: what is measured is the choice, not the
/// signature policy of some machine.
const POLICY: &str = "{\"default\":[{\"type\":\"insecureAcceptAnything\"}]}\n";
const REGISTRIES: &str = "unqualified-search-registries = []\n\n[[registry]]\nlocation = \"127.0.0.1\"\ninsecure = true\n";

impl Sandbox {
    /// Makes the sandbox `dir` below the run directory of a session.
    ///
    /// # Errors
    /// When its directories and settings cannot be written.
    pub fn furnish(
        dir: &Path,
        run_dir: &Path,
        session: &str,
        installation: &Installation,
        cancel: &Cancel,
    ) -> io::Result<Self> {
        let folder = |name: &str| -> io::Result<PathBuf> {
            let path = dir.join(name);
            fs::create_dir_all(&path)?;
            Ok(path)
        };
        let bind_mounts = BindMounts {
            state: folder("state")?,
            run: folder("run")?,
            containers_config: folder("etc-containers")?,
        };
        // What exists below the hidden directories must go on existing inside.
        for name in ["containers", "docker", "containerd"] {
            fs::create_dir_all(bind_mounts.state.join(name))?;
        }
        fs::create_dir_all(bind_mounts.run.join("lock"))?;
        let policy = bind_mounts.containers_config.join("policy.json");
        let registries = bind_mounts.containers_config.join("registries.conf");
        fs::write(&policy, POLICY)?;
        fs::write(&registries, REGISTRIES)?;
        let home = folder("home")?;
        let tmp = folder("tmp")?;
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let env = [
            ("PATH", SYSTEM_PATH.to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            ("HOME", text(&home)),
            ("USER", user()),
            ("TMPDIR", text(&tmp)),
            ("XDG_CONFIG_HOME", text(&folder("home/.config")?)),
            ("XDG_CACHE_HOME", text(&folder("home/.cache")?)),
            ("XDG_DATA_HOME", text(&folder("home/.local/share")?)),
            ("XDG_RUNTIME_DIR", text(&folder("xdg")?)),
            ("DOCKER_CONFIG", text(&folder("home/.docker")?)),
            ("CONTAINERS_REGISTRIES_CONF", text(&registries)),
            ("REGISTRY_AUTH_FILE", text(&home.join("auth.json"))),
            (MARKER, session.to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        fs::write(home.join("auth.json"), "{}\n")?;
        Ok(Self {
            dir: dir.to_owned(),
            run_dir: run_dir.to_owned(),
            installation: installation.clone(),
            bind_mounts,
            env,
            cancel: cancel.clone(),
            calls: Cell::new(0),
            mounts: Vec::new(),
            isolation: OnceCell::new(),
            authority: None,
        })
    }

    /// Keeps the certificate of an authority, in PEM, for tools that ask a registry over TLS. Nobody outside of the
    /// sandbox trusts it by that, and no other authority is trusted in it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn trust(&mut self, certificate: &str) -> io::Result<()> {
        let dir = self.dir.join("authorities");
        fs::create_dir_all(&dir)?;
        fs::write(dir.join(AUTHORITIES), certificate)?;
        self.authority = Some(dir);
        Ok(())
    }

    /// The file with the one authority that is trusted, where there is one.
    #[must_use]
    pub fn authority(&self) -> Option<PathBuf> {
        Some(self.authority.as_ref()?.join(AUTHORITIES))
    }

    /// Shows that authority, and no other, where tools look for all that the machine trusts. To be called before the
    /// first command.
    pub(crate) fn mount_authority(&mut self) {
        if let Some(from) = self.authority.clone() {
            let at = PathBuf::from("/etc/ssl/certs");
            self.add_mount(Mount { from, at });
        }
    }

    /// The directory of the sandbox.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The installation that its tools come from.
    #[must_use]
    pub fn installation(&self) -> &Installation {
        &self.installation
    }

    /// The policy file that trusts every image.
    #[must_use]
    pub fn policy(&self) -> PathBuf {
        self.bind_mounts.containers_config.join("policy.json")
    }

    /// The wish of the user to end.
    #[must_use]
    pub fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// Sets a variable for every tool of the sandbox.
    pub fn set_env(&mut self, name: &str, value: &str) {
        self.env.insert(name.to_owned(), value.to_owned());
    }

    /// Shows a directory of the machine to every tool of the sandbox, where it has namespaces. To be
    /// called before the first command.
    pub(crate) fn add_mount(&mut self, mount: Mount) {
        self.mounts.push(mount);
    }

    /// A command of this sandbox. Its output goes to a numbered file.
    #[must_use]
    pub fn invocation(&self, program: &Path, args: &[&str], deadline: Duration) -> Invocation {
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        Invocation {
            program: program.to_owned(),
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            env: self.env.clone(),
            isolation: self.isolation(),
            deadline,
            output: self.output(&name),
            reveal: None,
        }
    }

    /// What the tools of this sandbox see. The namespaces are made for the first command; the
    /// others get copies.
    fn isolation(&self) -> Isolation {
        let make = || {
            let plain = self
                .installation
                .isolation(&self.run_dir, &self.bind_mounts);
            let plain = self.mounts.iter().cloned().fold(plain, Isolation::with);
            let output = self.dir.join("namespaces");
            MountNamespace::prepare(&plain, &self.env, &output, &self.cancel).unwrap_or_else(
                |error| {
                    // Every command then makes its own, or says itself why it cannot.
                    tracing::debug!(%error, "cannot make the namespaces of a room beforehand");
                    plain
                },
            )
        };
        self.isolation.get_or_init(make).clone()
    }

    /// Runs a command of this sandbox to its end.
    ///
    /// # Errors
    /// When it could not be run, or the user stopped it.
    pub fn run(&self, program: &Path, args: &[&str], deadline: Duration) -> Result<Ran, RunError> {
        run(&self.invocation(program, args, deadline), &self.cancel)
    }

    /// Carries out what cleans up: to its end even when the user wants to stop.
    ///
    /// # Errors
    /// When it could not be carried out.
    pub fn clean_up(&self, action: &Action) -> Result<Ran, RunError> {
        action.carry_out(&Cancel::default())
    }

    /// A call on a socket of this sandbox. What is answered goes to a numbered file.
    #[must_use]
    pub fn call(
        &self,
        socket: PathBuf,
        protocol: Protocol,
        line: String,
        deadline: Duration,
    ) -> Call {
        Call {
            line,
            socket,
            protocol,
            deadline,
            output: self.output("call"),
        }
    }

    /// Where the output of the next command goes.
    fn output(&self, name: &str) -> PathBuf {
        let call = self.calls.get();
        self.calls.set(call + 1);
        self.dir.join(format!("{call:05}-{name}"))
    }

    /// A command that sees the machine's `/run`, for a daemon of the machine.
    #[must_use]
    pub fn outside(&self, program: &Path, args: &[&str], deadline: Duration) -> Invocation {
        let mut invocation = self.invocation(program, args, deadline);
        if self.installation.root.is_none() {
            invocation.isolation = Isolation::None;
        } else {
            invocation.isolation = invocation.isolation.with(Mount::same(Path::new("/run")));
        }
        invocation
    }
}

/// The name of the user that tools run as. Some do not start without one.
fn user() -> String {
    let user = User::from_uid(geteuid()).ok().flatten();
    user.map_or_else(|| "root".to_owned(), |user| user.name)
}
