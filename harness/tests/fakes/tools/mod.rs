//! The fake tools: their command lines, their words, and their faults.

mod buildah;
mod charliecloud;
mod containerd;
mod crane;
mod docker;
mod http;
mod image;
mod oci_client;
mod oras;
mod podman;
mod regctl;
mod scanners;
mod skopeo;
mod systemd;

use std::{
    env, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    thread,
    time::Duration,
};

/// How a fake tool ends: with this code, or with these words on standard error.
type Played = Result<u8, Refusal>;

/// What a fake tool says when it fails.
pub(super) struct Refusal {
    words: String,
    code: u8,
}

impl From<String> for Refusal {
    fn from(words: String) -> Self {
        Self { words, code: 1 }
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        error.to_string().into()
    }
}

/// A call of a fake tool.
pub(super) struct Call {
    /// The directory that it was called in by its name.
    folder: PathBuf,
    mode: String,
    args: Vec<String>,
}

/// Plays the tool that this executable was called as; `None` where it was called by its own
/// name.
pub(super) fn play() -> Option<ExitCode> {
    let mut args = env::args();
    let program = PathBuf::from(args.next()?);
    let name = program.file_name()?.to_str()?;
    let play: fn(&Call) -> Played = match name {
        "skopeo" => skopeo::play,
        "crane" => crane::play,
        "podman" => podman::play,
        "buildah" => buildah::play,
        "oras" => oras::play,
        "regctl" => regctl::play,
        "ocipick-oci-client" => oci_client::play,
        "ch-image" => charliecloud::play,
        "systemd-pull" => systemd::play,
        "trivy" => scanners::trivy,
        "syft" => scanners::syft,
        "docker" => docker::play,
        "dockerd" => docker::serve,
        "ctr" => containerd::play,
        "containerd" => containerd::serve,
        _ => return None,
    };
    let folder = program.parent()?.to_owned();
    let call = Call {
        mode: fs::read_to_string(folder.join("mode")).unwrap_or_default(),
        folder,
        args: args.collect(),
    };
    Some(match play(&call) {
        Ok(code) => code.into(),
        Err(refusal) => {
            err(&refusal.words);
            refusal.code.into()
        }
    })
}

impl Call {
    /// The mode for a repository: on the controls a fake behaves, unless it is told otherwise.
    fn mode_for(&self, repository: &str) -> &str {
        match self.mode.strip_suffix(" everywhere") {
            Some(mode) => mode,
            None if repository.contains("/controls/") => "honest",
            None => &self.mode,
        }
    }

    /// Counts the calls of that name, from 1.
    fn count(&self, name: &str) -> io::Result<u64> {
        use std::fs::OpenOptions;
        let file = self
            .folder
            .join(format!("count-{}", name.replace('/', "-")));
        let mut file = OpenOptions::new().create(true).append(true).open(file)?;
        file.write_all(b"x")?;
        Ok(file.metadata()?.len())
    }

    /// Writes down the process id of a daemon.
    fn write_down(&self) -> io::Result<()> {
        use std::fs::OpenOptions;
        let file = self.folder.join(crate::stage::PIDS);
        let mut file = OpenOptions::new().create(true).append(true).open(file)?;
        writeln!(file, "{}", std::process::id())
    }

    /// The value of an option, `--name VALUE`.
    fn option(&self, name: &str) -> Option<&str> {
        let at = self.args.iter().position(|arg| arg == name)?;
        self.args.get(at + 1).map(String::as_str)
    }

    /// The arguments that are no options, where these options have values.
    fn words(&self, with_value: &[&str]) -> Vec<&str> {
        let mut words = Vec::new();
        let mut args = self.args.iter();
        while let Some(arg) = args.next() {
            if with_value.contains(&arg.as_str()) {
                args.next();
            } else if !arg.starts_with("--") {
                words.push(arg.as_str());
            }
        }
        words
    }
}

fn out(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

fn err(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// What else lies beside a file or directory and has a name that begins like this: what a store
/// that remembers has of earlier trials.
fn remembered(beside: &Path, prefix: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(beside.parent()?).ok()?;
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path != beside)
        .filter(|path| {
            let name = path.file_name().map(|name| name.to_string_lossy());
            name.is_some_and(|name| name.starts_with(prefix))
        })
        .min()
}

/// The words of a failure that no phrase knows.
const MOON: &str = "the moon is full";

/// What a program in Go prints when it panics.
const PANIC: &str = "panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x5d2a1f]

goroutine 1 [running]:
main.pick({0xc0000b2000, 0x2, 0x2})
\t/src/pick.go:42 +0x1f
main.main()";

/// Prints without end.
fn shout() -> io::Result<u8> {
    let mut out = io::stdout().lock();
    loop {
        out.write_all(&[b'!'; 1 << 16])?;
    }
}

/// Waits until the file `go` is beside the tool.
fn wait_for_go(call: &Call) {
    while !call.folder.join("go").exists() {
        thread::sleep(Duration::from_millis(10));
    }
}

fn hang() -> ! {
    loop {
        thread::sleep(Duration::from_secs(3600));
    }
}

fn die_of_signal() -> ! {
    // The handler that Rust has for stack overflows gives up at the first one.
    loop {
        let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGSEGV);
    }
}

/// Ends as the memory killer, or a person, would end this process.
fn be_killed() -> ! {
    loop {
        let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL);
    }
}

/// Starts a process that has neither the session nor the environment of this one, and writes down
/// its id.
#[expect(
    clippy::disallowed_methods,
    reason = "this process plays a tool, and tools start what they like"
)]
fn hide_somebody(folder: &Path) -> io::Result<()> {
    let hidden = std::process::Command::new("setsid")
        .args(["sleep", "303"])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .spawn()?;
    let mut file = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join(crate::stage::HIDDEN))?;
    writeln!(file, "{}", hidden.id())
}

/// Bytes that mean nothing, in no encoding; the same every time.
fn garbage(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_u32;
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        })
        .collect()
}

/// Starts so many processes in sessions of their own that do not end when asked to. They are named
/// like daemons.
#[expect(
    clippy::disallowed_methods,
    reason = "this process plays a tool, and tools start what they like"
)]
fn leave_deaf_daemons(count: usize, folder: &Path) -> io::Result<()> {
    for number in 0..count {
        let ready = folder.join(format!("deaf{number}"));
        let _ = fs::remove_file(&ready);
        std::process::Command::new("setsid")
            .args([
                "sh",
                "-c",
                "trap '' TERM HUP INT; : > \"$0\"; while :; do sleep 1; done",
            ])
            .arg(&ready)
            .spawn()?;
        while !ready.exists() {
            thread::sleep(Duration::from_millis(5));
        }
    }
    Ok(())
}

/// Starts a process in a session of its own that holds our output, and waits until it is there.
#[expect(
    clippy::disallowed_methods,
    reason = "this process plays a tool, and tools start what they like"
)]
fn leave_somebody_behind() -> io::Result<()> {
    let left = std::process::Command::new("setsid")
        .args(["sleep", "60"])
        .spawn()?;
    let name = PathBuf::from(format!("/proc/{}/comm", left.id()));
    while fs::read_to_string(&name)?.trim() != "sleep" {
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

fn copy_dir(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}
