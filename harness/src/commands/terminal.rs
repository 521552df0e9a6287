//! Where output goes: results to standard output, everything else to standard error.

use super::{
    args::ColorChoice,
    fail::{Failure, Result},
};
use ocipick_reports::printable_text;
use serde::Serialize;
use std::{
    fs,
    io::{self, IsTerminal as _, Write as _},
    path::Path,
};

/// The screen of the user.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    color: bool,
}

impl Terminal {
    pub(crate) fn new(color: ColorChoice) -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let color = match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => io::stdout().is_terminal() && !no_color,
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

    /// Writes plain text to standard output, without what a terminal would take for a command or
    /// what reorders and hides other text: much of it comes from layouts, results and registries.
    pub(crate) fn print(self, text: &str) -> io::Result<()> {
        self.print_verbatim(&printable_text(text))
    }

    /// Writes a JSON document to standard output, its keys in the order of their names.
    pub(crate) fn print_json(self, document: &impl Serialize) -> io::Result<()> {
        let document = serde_json::to_value(document)?;
        self.print_verbatim(&format!("{document:#}"))
    }

    /// Writes a line of JSON to standard output, likewise.
    pub(crate) fn print_json_line(self, document: &impl Serialize) -> io::Result<()> {
        let document = serde_json::to_value(document)?;
        self.print_verbatim(&document.to_string())
    }

    /// Writes to standard output what is clean already, or is no text for people: colours, JSON. A
    /// reader that goes away, as `head` does, is no error.
    pub(crate) fn print_verbatim(self, text: &str) -> io::Result<()> {
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

    /// Writes a report to a file and says so or, without one, to standard output, as it is.
    pub(crate) fn deliver(self, text: &str, file: Option<&Path>) -> Result<()> {
        match file {
            Some(path) => self.write(path, text),
            None => Ok(self.print_verbatim(text)?),
        }
    }

    /// Writes a file, and says so.
    pub(crate) fn write(self, path: &Path, text: &str) -> Result<()> {
        fs::write(path, text).map_err(|error| Failure::cannot_write(path, &error))?;
        self.say(&format!("wrote {}", path.display()));
        Ok(())
    }

    /// Writes a line to standard error, cleaned as [`Terminal::print`] does.
    pub(crate) fn say(self, line: &str) {
        // Nobody is left to be told when standard error is gone.
        let _ = writeln!(io::stderr().lock(), "{}", printable_text(line));
    }
}

/// Standard error for the log, whose fields may hold foreign text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = printable_text(&String::from_utf8_lossy(bytes));
        io::stderr().lock().write_all(text.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}
