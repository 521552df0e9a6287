//! Failures of a command, with the exit code that each stands for.

use ocipick::{
    baselines::BaselinesError, check::CheckerError, exit::Exit, inventory::FleetError,
    registry::RegistryError, results::WriteError,
};
use ocipick_adapters::{
    GroundError,
    channel::{InstallError, StoreError},
};
use ocipick_corpus::CorpusError;
use ocipick_records::ReadError;
use std::{io, path::Path};

/// A command that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) error: anyhow::Error,
}

pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    pub(crate) fn usage(message: impl std::fmt::Display) -> Self {
        Self {
            exit: Exit::Usage,
            error: anyhow::anyhow!("{message}"),
        }
    }

    /// A file that the user named cannot be written.
    pub(crate) fn cannot_write(path: &Path, error: &io::Error) -> Self {
        Self::usage(format!("cannot write {}: {error}", path.display()))
    }

    pub(crate) fn internal(error: impl Into<anyhow::Error>) -> Self {
        Self {
            exit: Exit::Internal,
            error: error.into(),
        }
    }
}

macro_rules! exits_with {
    ($($error:ty => $exit:ident,)+) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self { exit: Exit::$exit, error: error.into() }
            }
        })+
    };
}

exits_with! {
    CorpusError => Usage,
    ReadError => Usage,
    RegistryError => Internal,
    GroundError => Internal,
    InstallError => Internal,
    StoreError => Internal,
    io::Error => Internal,
    BaselinesError => Usage,
}

impl From<CheckerError> for Failure {
    fn from(error: CheckerError) -> Self {
        let exit = match &error {
            CheckerError::Baselines(_) | CheckerError::Changes(_) => Exit::Usage,
            CheckerError::Known(_) => Exit::Internal,
        };
        Self {
            exit,
            error: error.into(),
        }
    }
}

impl From<FleetError> for Failure {
    fn from(error: FleetError) -> Self {
        let exit = match &error {
            FleetError::NoChannel(_) => Exit::Usage,
            FleetError::Room(_) | FleetError::Store(_) => Exit::Internal,
        };
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let store = ["OCIPICK_CACHE", "XDG_CACHE_HOME", "HOME"];
        let error = match &error {
            FleetError::NoChannel(_) if !store.into_iter().any(is_set) => anyhow::anyhow!(
                "{error}; HOME is not set, so channels are looked for in /var/cache/ocipick"
            ),
            _ => error.into(),
        };
        Self { exit, error }
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        let exit = match &error {
            WriteError::Open { .. }
            | WriteError::Busy(_)
            | WriteError::Foreign { .. }
            | WriteError::Resume(_)
            | WriteError::Different { .. } => Exit::Usage,
            WriteError::Record { .. } => Exit::Internal,
        };
        Self {
            exit,
            error: error.into(),
        }
    }
}
