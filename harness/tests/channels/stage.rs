//! A distribution made of a few small packages, and a user who provisions channels from it.

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use ocipick_adapters::{
    channel::Store,
    process::{Cancel, Invocation, Isolation, run},
};
use ocipick_records::Exit;
use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};
use tempfile::TempDir;

/// Every file of the fakes. They are scripts, since hooks of ours run between them.
const FAKES: [(&str, &str); 5] = [
    ("ask-for", include_str!("bin/ask-for")),
    ("mmdebstrap", include_str!("bin/mmdebstrap")),
    ("apt-get", include_str!("bin/apt-get")),
    ("apt-cache", include_str!("bin/apt-cache")),
    ("dpkg-deb", include_str!("bin/dpkg-deb")),
];

/// What each release has. `common` is the same in two of them.
const RELEASES: [(&str, &[(&str, &str)]); 4] = [
    ("bookworm", &[("common", "1"), ("skopeo", "1.9.3")]),
    (
        "trixie",
        &[("common", "2"), ("skopeo", "1.18.0"), ("umoci", "0.4.7")],
    ),
    (
        "sid",
        &[
            ("common", "2"),
            ("podman", "5.8.6"),
            ("runc", "1.3.6"),
            ("skopeo", "1.22.0"),
            ("umoci", "0.6.0"),
        ],
    ),
    ("experimental", &[("podman", "6.1.1"), ("common", "3")]),
];

/// Bytes of the program in each package.
const PROGRAM: usize = 200_000;

pub(crate) struct Stage {
    dir: TempDir,
}

pub(crate) struct Said {
    pub(crate) exit: Exit,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let stage = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        for folder in ["bin/releases", "bin/mirror", "tmp", "cache"] {
            fs::create_dir_all(stage.path(folder)).unwrap();
        }
        for (name, script) in FAKES {
            let path = stage.path("bin").join(name);
            fs::write(&path, script).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        for (release, packages) in RELEASES {
            let lines: String = packages
                .iter()
                .map(|(name, version)| format!("{name} {version}\n"))
                .collect();
            stage.write(&format!("bin/releases/{release}"), &lines);
            for (name, version) in packages {
                let file = format!("bin/mirror/{name}_{version}_amd64.deb");
                fs::write(stage.path(&file), archive(name, version)).unwrap();
            }
        }
        stage
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    pub(crate) fn store(&self) -> Store {
        Store::at(&self.path("cache"))
    }

    /// What the fakes did, in order.
    pub(crate) fn log(&self) -> Vec<String> {
        let log = fs::read_to_string(self.path("bin/log")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }

    /// How often the fakes did this.
    pub(crate) fn times(&self, what: &str) -> usize {
        self.log().iter().filter(|line| *line == what).count()
    }

    /// Every archive that was downloaded more than once.
    pub(crate) fn downloaded_twice(&self) -> Vec<String> {
        let log = self.log();
        let downloads = log.iter().filter(|line| line.starts_with("downloaded "));
        let mut twice: Vec<String> = downloads
            .filter(|line| self.times(line) > 1)
            .cloned()
            .collect();
        twice.dedup();
        twice
    }

    /// The names of what lies below `channels`, but for locks.
    pub(crate) fn channels(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("cache/channels"));
        let names = entries.into_iter().flatten().flatten();
        let mut names: Vec<String> = names
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| Path::new(name).extension().is_none_or(|it| it != "lock"))
            .collect();
        names.sort();
        names
    }

    /// Sends the signal that a fake asks for, which runs where it cannot see ocipick, to its ocipick.
    fn sends_what_is_asked_for(&self) {
        let path = self.path("bin/signal");
        let Ok(asked) = fs::read_to_string(&path) else {
            return;
        };
        fs::remove_file(path).unwrap();
        let (signal, pid) = asked.trim().split_once(' ').unwrap();
        let pid = Pid::from_raw(pid.parse().unwrap());
        kill(pid, signal.parse::<Signal>().unwrap()).unwrap();
    }

    pub(crate) fn types(&self, args: &[&str]) -> Said {
        self.runs(Path::new(env!("CARGO_BIN_EXE_ocipick")), args)
    }

    /// Runs a program with the environment of the user.
    pub(crate) fn runs(&self, program: &Path, args: &[&str]) -> Said {
        let text = |name: &str| self.path(name).to_string_lossy().into_owned();
        let env = [
            ("HOME", text("")),
            ("PATH", "/usr/bin:/bin:/usr/sbin:/sbin".to_owned()),
            ("TMPDIR", text("tmp")),
            ("OCIPICK_CACHE", text("cache")),
            ("OCIPICK_MMDEBSTRAP", text("bin/mmdebstrap")),
        ]
        .map(|(name, value)| (name.to_owned(), value));
        let output = tempfile::Builder::new()
            .tempdir_in(self.path("tmp"))
            .unwrap();
        let invocation = Invocation {
            program: program.to_owned(),
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            env: BTreeMap::from(env),
            isolation: Isolation::None,
            deadline: Duration::from_secs(120),
            output: output.path().join("said"),
            reveal: None,
        };
        let ended = AtomicBool::new(false);
        let ran = thread::scope(|scope| {
            let ran = scope.spawn(|| {
                let ran = run(&invocation, &Cancel::default());
                ended.store(true, Ordering::Relaxed);
                ran
            });
            while !ended.load(Ordering::Relaxed) {
                self.sends_what_is_asked_for();
                thread::sleep(Duration::from_millis(10));
            }
            ran.join().unwrap().unwrap()
        });
        let home = self.dir.path().to_string_lossy().into_owned();
        Said {
            exit: ran.exit,
            out: ran.stdout().replace(&home, "~"),
            err: ran.stderr().replace(&home, "~"),
        }
    }
}

/// A package in the way of the fake `dpkg-deb`: a program, the folder that every package has, and
/// the checksum of the program.
fn archive(name: &str, version: &str) -> Vec<u8> {
    let mut program = format!("#!/bin/sh\necho {name} version {version}\nexit\n").into_bytes();
    program.resize(PROGRAM, b'#');
    let path = format!("usr/bin/{name}");
    let doc = format!("usr/share/doc/{name}/copyright");
    let data = tar_of(&[(&path, &program, 0o755), (&doc, b"free\n", 0o644)]);
    let sums = format!("{}  {path}\n", md5(&program));
    let about = format!(
        "Package: {name}\nVersion: {version}\n\
         Static-Built-Using: golang-1.26 (= 1.26.1-1), golang-github-containers-image (= 5.39.1-3)\n"
    );
    let control = tar_of(&[
        ("./md5sums", sums.as_bytes(), 0o644),
        ("./control", about.as_bytes(), 0o644),
    ]);
    tar_of(&[("control.tar", &control, 0o644), ("data.tar", &data, 0o644)])
}

fn tar_of(files: &[(&str, &[u8], u32)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, bytes, mode) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(*mode);
        // `./` in front is kept only so.
        header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        builder.append(&header, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

/// What `md5sum` says of these bytes.
fn md5(bytes: &[u8]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, bytes).unwrap();
    let invocation = Invocation {
        program: PathBuf::from("/usr/bin/md5sum"),
        args: vec![file.to_string_lossy().into_owned()],
        env: BTreeMap::new(),
        isolation: Isolation::None,
        deadline: Duration::from_secs(10),
        output: dir.path().join("said"),
        reveal: None,
    };
    let said = run(&invocation, &Cancel::default()).unwrap().stdout();
    said.split_whitespace().next().unwrap().to_owned()
}
