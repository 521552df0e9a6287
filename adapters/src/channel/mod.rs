//! Channels: releases of a distribution, provisioned side by side without touching the system.

mod bootstrap;
mod component;
mod error;
mod files;
mod install;
mod lock;
mod packages;
mod progress;
mod recall;
mod record;
mod release;
mod store;
mod text;

pub use bootstrap::{BOOTSTRAPPER, BOOTSTRAPPER_VARIABLE, Bootstrapper, install_bootstrapper};
pub use component::{AuxiliaryTool, Component, UnknownComponent};
pub use error::InstallError;
pub use files::FileDifference;
pub(crate) use files::{sum, sum_of_file};
pub use install::{Installed, Installer};
pub use lock::SharedLock;
pub(crate) use lock::{ExclusiveLock, Others, claim, hold};
pub use packages::packages;
pub use progress::{ProgressEvent, Stage};
pub use record::{InstalledChannel, PackageRecord, ProvisioningRecord};
pub(crate) use release::running_distribution;
pub use release::{DebianRelease, later_releases, os_release, running_release};
pub use store::{Store, StoreError};
