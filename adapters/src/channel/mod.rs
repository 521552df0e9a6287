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
pub use component::{Companion, Part, UnknownPart};
pub use error::InstallError;
pub use files::Difference;
pub(crate) use files::sum;
pub use install::{Installed, Installer};
pub use lock::Hold;
pub use packages::packages;
pub use progress::{Event, Stage};
pub use record::{Channel, ChannelRecord, PackageRecord};
pub(crate) use release::running_distribution;
pub use release::{Release, later_releases, running_release};
pub use store::{Store, StoreError};
