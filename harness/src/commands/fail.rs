//! Failures of a command, with the exit code that each stands for.

use ocipick::{
    against::AgainstError, baselines::BaselinesError, check::CheckError, exit::ExitCode,
    inventory::InventoryError, results::WriteError,
};
use ocipick_adapters::{
    GoError, PypiError, RunDirError,
    channel::{InstallError, StoreError},
};
use ocipick_corpus::CorpusError;
use ocipick_records::ReadError;
use ocipick_registry::RegistryError;
use std::{io, path::Path};

/// A command that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: ExitCode,
    pub(crate) error: anyhow::Error,
}

pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    pub(crate) fn usage(message: impl std::fmt::Display) -> Self {
        Self {
            exit: ExitCode::Usage,
            error: anyhow::anyhow!("{message}"),
        }
    }

    /// A file that the user named cannot be written.
    pub(crate) fn cannot_write(path: &Path, error: &io::Error) -> Self {
        Self::usage(format!("cannot write {}: {error}", path.display()))
    }

    pub(crate) fn internal(error: impl Into<anyhow::Error>) -> Self {
        Self {
            exit: ExitCode::Internal,
            error: error.into(),
        }
    }
}

macro_rules! exits_with {
    ($($error:ty => $exit:ident,)+) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self { exit: ExitCode::$exit, error: error.into() }
            }
        })+
    };
}

exits_with! {
    AgainstError => Usage,
    CorpusError => Usage,
    ReadError => Usage,
    RegistryError => Internal,
    RunDirError => Internal,
    InstallError => Internal,
    StoreError => Internal,
    io::Error => Internal,
    BaselinesError => Usage,
}

impl From<CheckError> for Failure {
    fn from(error: CheckError) -> Self {
        let exit = match &error {
            CheckError::Baselines(_) | CheckError::Changes(_) => ExitCode::Usage,
            CheckError::Expected(_) => ExitCode::Internal,
        };
        Self {
            exit,
            error: error.into(),
        }
    }
}

impl From<InventoryError> for Failure {
    fn from(error: InventoryError) -> Self {
        let exit = match &error {
            InventoryError::NoChannel(_)
            | InventoryError::NotBuilt(_)
            | InventoryError::NothingBuilt
            | InventoryError::NoWheel(_)
            | InventoryError::NoWheels
            | InventoryError::SameLabel { .. }
            | InventoryError::SameName(_)
            | InventoryError::Binary(_) => ExitCode::Usage,
            InventoryError::Sandbox(_) | InventoryError::Store(_) => ExitCode::Internal,
        };
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let store = ["OCIPICK_CACHE", "XDG_CACHE_HOME", "HOME"];
        let error = match &error {
            InventoryError::NoChannel(_) if !store.into_iter().any(is_set) => anyhow::anyhow!(
                "{error}; HOME is not set, so channels are looked for in /var/cache/ocipick"
            ),
            _ => error.into(),
        };
        Self { exit, error }
    }
}

impl From<PypiError> for Failure {
    fn from(error: PypiError) -> Self {
        let exit = match &error {
            PypiError::Form(_) => ExitCode::Usage,
            PypiError::NoPython
            | PypiError::NoPip(_)
            | PypiError::Pip { .. }
            | PypiError::NoTool { .. }
            | PypiError::NoVersion { .. }
            | PypiError::Io { .. }
            | PypiError::Store(_)
            | PypiError::Run(_) => ExitCode::Internal,
        };
        Self {
            exit,
            error: error.into(),
        }
    }
}

impl From<GoError> for Failure {
    fn from(error: GoError) -> Self {
        let exit = match &error {
            GoError::Form(_)
            | GoError::Tool(_)
            | GoError::NoModule { .. }
            | GoError::OtherMajor { .. }
            | GoError::Unnamed { .. }
            | GoError::NoMatch { .. } => ExitCode::Usage,
            GoError::NoGo
            | GoError::Fetch { .. }
            | GoError::NoModFile { .. }
            | GoError::LocalReplace { .. }
            | GoError::Build { .. }
            | GoError::Other { .. }
            | GoError::Unreadable { .. }
            | GoError::Io { .. }
            | GoError::Store(_)
            | GoError::Run(_) => ExitCode::Internal,
        };
        Self {
            exit,
            error: error.into(),
        }
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        let exit = match &error {
            WriteError::Open { .. }
            | WriteError::Busy(_)
            | WriteError::Foreign { .. }
            | WriteError::Resume(_)
            | WriteError::Different { .. } => ExitCode::Usage,
            WriteError::Record { .. } => ExitCode::Internal,
        };
        Self {
            exit,
            error: error.into(),
        }
    }
}
