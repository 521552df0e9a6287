//! Somebody who types commands.

use ocipick_adapters::process::{Cancel, Invocation, Isolation, run};
use ocipick_records::Exit;
use std::{collections::BTreeMap, fs, path::PathBuf, time::Duration};
use tempfile::TempDir;

/// A user with an empty home, no tools, and no provisioned channels.
pub(crate) struct User {
    home: TempDir,
}

pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl User {
    pub(crate) fn new() -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn types(&self, args: &[&str]) -> Said {
        self.types_where("/nonexistent", args)
    }

    /// The same, with tools in that directory.
    pub(crate) fn types_where(&self, tools: &str, args: &[&str]) -> Said {
        let home = self.home.path().to_string_lossy().into_owned();
        let env = [("HOME", home.as_str()), ("PATH", tools), ("TMPDIR", &home)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let invocation = Invocation {
            program: PathBuf::from(env!("CARGO_BIN_EXE_ocipick")),
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            env: BTreeMap::from(env),
            isolation: Isolation::None,
            // Only against hanging: a debug build on a busy machine takes more than a minute to publish.
            deadline: Duration::from_secs(300),
            output: self.path("said"),
            reveal: None,
        };
        let ran = run(&invocation, &Cancel::default()).unwrap();
        let Exit::Code(code) = ran.exit else {
            panic!("{:?}", ran.exit)
        };
        let plain = |text: String| text.replace(&home, "~");
        Said {
            code,
            out: plain(ran.stdout()),
            err: plain(ran.stderr()),
        }
    }
}
