//! Where output goes: results to standard output, everything else to standard error.

use super::{
    args::Color,
    fail::{Failure, Result},
};
use std::{
    fs,
    io::{self, IsTerminal as _, Write as _},
    path::Path,
};

/// The screen of the user.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    color: bool,
}

impl Screen {
    pub(crate) fn new(color: Color) -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let color = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => io::stdout().is_terminal() && !no_color,
        };
        Self { color }
    }

    pub(crate) fn color(self) -> bool {
        self.color
    }

    /// How many columns standard output has; none where it is no terminal.
    pub(crate) fn width(self) -> Option<usize> {
        let term = console::Term::stdout();
        term.is_term().then(|| usize::from(term.size().1))
    }

    /// Whether a person watches standard error.
    pub(crate) fn is_watched(self) -> bool {
        io::stderr().is_terminal()
    }

    /// Writes to standard output. A reader that goes away, as `head` does, is no error.
    pub(crate) fn print(self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        let written = out.write_all(text.as_bytes()).and_then(|()| {
            if text.ends_with('\n') {
                Ok(())
            } else {
                out.write_all(b"\n")
            }
        });
        match written.and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }

    /// Writes to a file and says so or, without one, to standard output.
    pub(crate) fn deliver(self, text: &str, file: Option<&Path>) -> Result<()> {
        match file {
            Some(path) => self.write(path, text),
            None => Ok(self.print(text)?),
        }
    }

    /// Writes a file, and says so.
    pub(crate) fn write(self, path: &Path, text: &str) -> Result<()> {
        fs::write(path, text).map_err(|error| Failure::cannot_write(path, &error))?;
        self.say(&format!("wrote {}", path.display()));
        Ok(())
    }

    /// Writes a line to standard error.
    pub(crate) fn say(self, line: &str) {
        // Nobody is left to be told when standard error is gone.
        let _ = writeln!(io::stderr().lock(), "{line}");
    }
}
