//! `client`: a command of the user's own, for a client that ocipick does not know.

use super::{MachineDaemon, Provider, binary::is_label};
use crate::{Installation, Privileges, Tool, tools::Client};
use std::{
    ffi::OsStr,
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

/// Name of the channel of clients.
pub const CLIENT_CHANNEL: &str = "client";

/// A client that ocipick does not know: `NAME='CMD…'`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserClient {
    name: String,
    command: String,
}

/// Why something is no client. Every message ends with a hint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserClientError {
    /// It is not said what is to be run.
    #[error("`{0}` says no command (hint: NAME='COMMAND', as in mine='./fetch.sh')")]
    Form(String),
    /// It cannot be called that.
    #[error(
        "`{0}` is no name of a client (hint: a letter, then letters, digits and `-`, all small, and not the name of a source)"
    )]
    Name(String),
    /// That is a tool that ocipick drives.
    #[error(
        "{0} is a tool that ocipick drives itself (hint: --tool {0}=PATH for a build of it, or another name)"
    )]
    Known(String),
}

impl FromStr for UserClient {
    type Err = UserClientError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || UserClientError::Form(text.to_owned());
        let (name, command) = text.split_once('=').ok_or_else(form)?;
        if command.trim().is_empty() {
            return Err(form());
        }
        if name.parse::<Tool>().is_ok() {
            return Err(UserClientError::Known(name.to_owned()));
        }
        if !is_label(name) {
            return Err(UserClientError::Name(name.to_owned()));
        }
        Ok(Self {
            name: name.to_owned(),
            command: command.to_owned(),
        })
    }
}

impl fmt::Display for UserClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.command)
    }
}

impl UserClient {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The client as a tool, whose command is carried out in `directory`. Tools stay for as long as the process
    /// does, and so does this one.
    #[must_use]
    pub fn tool(&self, directory: &Path) -> Tool {
        let client = Client::new(&self.name, &self.command, directory);
        Tool::of(Box::leak(Box::new(client)))
    }

    /// Where it is: on this machine, with the variable PATH of the user.
    #[must_use]
    pub fn installation(path: &OsStr, privileges: Privileges) -> Installation {
        Installation {
            channel: CLIENT_CHANNEL.to_owned(),
            provider: Provider::Client,
            machine_daemon: MachineDaemon::Never,
            distribution: None,
            dpkg: PathBuf::new(),
            ..Installation::this_machine(path, privileges)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_a_name_and_a_command() {
        let client: UserClient = "mine=./fetch.sh --a=b".parse().unwrap();
        assert_eq!(client.name(), "mine");
        assert_eq!(client.to_string(), "mine=./fetch.sh --a=b");
        let tool = client.tool(Path::new("/"));
        assert_eq!(tool.as_str(), "mine");
        assert!(Tool::ALL.iter().all(|known| *known < tool));
    }

    #[test]
    fn what_is_no_client_says_how_one_is_written() {
        for text in [
            "mine", "mine=", "mine= ", "=x", "Mine=x", "client=x", "sid=x", "crane=x",
        ] {
            let error = text.parse::<UserClient>().unwrap_err().to_string();
            assert!(error.contains("(hint: "), "{text}: {error}");
        }
    }
}
