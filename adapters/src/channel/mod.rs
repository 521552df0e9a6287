//! Channels: releases of a distribution, provisioned side by side without touching the system.

mod install;
mod packages;
mod release;
mod store;

pub use install::{
    BOOTSTRAPPER, InstallError, Installer, Step, bootstrapper, install_bootstrapper,
};
pub use packages::packages;
pub use release::{Release, later_releases, running_release};
pub use store::{Channel, ChannelRecord, Hold, PackageRecord, Store, StoreError};
