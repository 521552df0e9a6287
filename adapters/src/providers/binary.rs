//! `binary`: a binary of the user's own, or a directory of them, under a label.

use super::{MachineDaemon, PATH_CHANNEL, Provider};
use crate::{
    Installation, Privileges, RunDir, Tool, UnknownTool, channel::DebianRelease,
    installation::is_program,
};
use std::{
    collections::BTreeMap,
    fmt, fs, io,
    path::{Path, PathBuf},
    str::FromStr,
};

/// The label of a binary that is given none.
pub const DEFAULT_LABEL: &str = "own";

/// What is the name of a source, now or one day, and so no label.
const SOURCES: [&str; 8] = [
    PATH_CHANNEL,
    "auto",
    "binary",
    "client",
    "debian",
    "go",
    "pypi",
    "registry",
];

/// A binary of the user's own, or a directory of them: `NAME[:LABEL]=PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserBinary {
    /// Which tool it is.
    pub tool: Tool,
    /// What it is called, in place of a channel.
    pub label: String,
    /// Where it lies.
    pub path: PathBuf,
}

/// Why a binary of the user's own is not measured. Every message ends with a hint.
#[derive(Debug, thiserror::Error)]
pub enum UserBinaryError {
    /// It is not said what is where.
    #[error(
        "`{0}` says no path (hint: NAME=PATH or NAME:LABEL=PATH, as in crane=./crane or crane:fix=./crane)"
    )]
    Form(String),
    /// It is no tool.
    #[error(transparent)]
    Tool(#[from] UnknownTool),
    /// It cannot be called that.
    #[error(
        "`{0}` is no label (hint: a letter, then letters, digits and `-`, all small, and not the name of a source)"
    )]
    Label(String),
    /// It is neither a program nor a directory.
    #[error(
        "{} is neither a program nor a directory of programs (hint: see that it is there and may be executed)",
        .0.display()
    )]
    Kind(PathBuf),
    /// Something that belongs to the tool is not in the directory.
    #[error(
        "{} has no `{missing}`, which {tool} takes (hint: name the directory that holds {})",
        .path.display(),
        .tool.binaries().join(" and ")
    )]
    Missing {
        /// What was given.
        path: PathBuf,
        /// The tool.
        tool: Tool,
        /// The program.
        missing: &'static str,
    },
    /// It cannot be copied.
    #[error("cannot copy {}: {source} (hint: see that it can be read, and that there is space)", .path.display())]
    Copy {
        /// The program.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl FromStr for UserBinary {
    type Err = UserBinaryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || UserBinaryError::Form(text.to_owned());
        let (name, path) = text.split_once('=').ok_or_else(form)?;
        let (tool, label) = name.split_once(':').unwrap_or((name, DEFAULT_LABEL));
        if path.is_empty() {
            return Err(form());
        }
        let tool = tool.parse()?;
        if !is_label(label) {
            return Err(UserBinaryError::Label(label.to_owned()));
        }
        Ok(Self {
            tool,
            label: label.to_owned(),
            path: path.into(),
        })
    }
}

impl fmt::Display for UserBinary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}={}", self.tool, self.label, self.path.display())
    }
}

/// Whether something of the user's own may be called that: it would not be taken for a source.
pub(super) fn is_label(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !SOURCES.contains(&text)
        && text.parse::<DebianRelease>().is_err()
}

impl UserBinary {
    /// Copies it into the run directory, so that a build meanwhile changes nothing, and says where it
    /// lies now. What the tool starts besides, and is not in a directory of the user, is the machine's
    /// (`path`, as in the variable PATH).
    ///
    /// # Errors
    /// When it is no program, lacks what the tool takes, or cannot be copied.
    pub fn install(
        &self,
        run_dir: &RunDir,
        path: &std::ffi::OsStr,
        privileges: Privileges,
    ) -> Result<Installation, UserBinaryError> {
        let folder = run_dir
            .dir()
            .join("own")
            .join(&self.label)
            .join(self.tool.as_str());
        let failed = |path: &Path, source| UserBinaryError::Copy {
            path: path.to_owned(),
            source,
        };
        fs::create_dir_all(&folder).map_err(|error| failed(&folder, error))?;
        let mut copied_from = BTreeMap::new();
        let mut copy = |from: &Path, name: &Path| -> Result<(), UserBinaryError> {
            let to = folder.join(name);
            fs::copy(from, &to).map_err(|error| failed(from, error))?;
            let from = std::path::absolute(from).unwrap_or_else(|_| from.to_owned());
            copied_from.insert(to, from);
            Ok(())
        };
        let main = self.tool.binaries();
        if self.path.is_dir() {
            for name in main {
                if !is_program(&self.path.join(name)) {
                    return Err(UserBinaryError::Missing {
                        path: self.path.clone(),
                        tool: self.tool,
                        missing: name,
                    });
                }
            }
            let entries = fs::read_dir(&self.path).map_err(|error| failed(&self.path, error))?;
            for entry in entries {
                let from = entry.map_err(|error| failed(&self.path, error))?.path();
                if let Some(name) = from.file_name().filter(|_| is_program(&from)) {
                    copy(&from, Path::new(name))?;
                }
            }
        } else if is_program(&self.path) {
            match main {
                // Whatever the file is called.
                [only] => copy(&self.path, Path::new(only))?,
                several => {
                    let own = self.path.file_name().unwrap_or_default();
                    let missing = several.iter().find(|name| ***name != *own);
                    return Err(UserBinaryError::Missing {
                        path: self.path.clone(),
                        tool: self.tool,
                        missing: missing.map_or("daemon", String::as_str),
                    });
                }
            }
        } else {
            return Err(UserBinaryError::Kind(self.path.clone()));
        }
        let machine = Installation::this_machine(path, privileges);
        Ok(Installation {
            channel: self.label.clone(),
            provider: Provider::Binary,
            machine_daemon: MachineDaemon::Never,
            folders: [folder].into_iter().chain(machine.folders).collect(),
            distribution: None,
            dpkg: PathBuf::new(),
            copied_from,
            ..machine
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Cancel;
    use std::{ffi::OsStr, os::unix::fs::PermissionsExt as _};

    fn program(path: &Path) {
        fs::write(path, "#!/bin/sh\necho v1.2.3\n").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn a_binary_has_a_name_a_label_and_a_path() {
        let own = |text: &str| text.parse::<UserBinary>().map(|it| it.to_string());
        assert_eq!(own("crane=./crane").unwrap(), "crane:own=./crane");
        assert_eq!(own("docker:fix-2=/a=b").unwrap(), "docker:fix-2=/a=b");
        for text in [
            "crane",
            "crane=",
            "krane=./crane",
            "crane:=./x",
            "crane:Fix=./x",
            "crane:2=./x",
            "crane:sid=./x",
            "crane:path=./x",
            "crane:a b=./x",
        ] {
            let error = own(text).unwrap_err().to_string();
            assert!(error.contains("(hint: "), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_measured_is_a_copy_and_not_the_machine_s_own() {
        let dir = tempfile::tempdir().unwrap();
        let (run_dir, _) = RunDir::claim(dir.path(), false).unwrap();
        let privileges = Privileges::probe(run_dir.dir(), &Cancel::default());
        let install = |text: &str| {
            let own: UserBinary = text.parse().unwrap();
            own.install(&run_dir, OsStr::new("/usr/bin"), privileges)
        };
        let file = dir.path().join("crane-dev");
        program(&file);
        let found = install(&format!("crane:fix={}", file.display())).unwrap();
        let copy = found.find("crane").unwrap();
        assert!(copy.starts_with(run_dir.dir()));
        assert_eq!(found.copied_from[&copy], file);
        assert_eq!(
            (found.channel.as_str(), found.machine_daemon),
            ("fix", MachineDaemon::Never)
        );
        fs::write(&file, "other").unwrap();
        assert_ne!(fs::read(&copy).unwrap(), b"other");
    }

    #[test]
    fn what_the_tool_takes_must_be_there() {
        let dir = tempfile::tempdir().unwrap();
        let (run_dir, _) = RunDir::claim(dir.path(), false).unwrap();
        let privileges = Privileges::probe(run_dir.dir(), &Cancel::default());
        let install = |text: String| {
            let own: UserBinary = text.parse().unwrap();
            own.install(&run_dir, OsStr::new("/usr/bin"), privileges)
                .map(|_| ())
                .map_err(|error| error.to_string())
        };
        let bin = dir.path().join("bin");
        fs::create_dir(&bin).unwrap();
        program(&bin.join("ctr"));
        let of = |path: &Path| install(format!("containerd={}", path.display()));
        assert!(of(&bin).unwrap_err().contains("has no `containerd`"));
        assert!(
            of(&bin.join("ctr"))
                .unwrap_err()
                .contains("ctr and containerd")
        );
        program(&bin.join("containerd"));
        of(&bin).unwrap();
        let absent = of(&dir.path().join("absent")).unwrap_err();
        assert!(
            absent.contains("neither a program nor a directory"),
            "{absent}"
        );
    }
}
