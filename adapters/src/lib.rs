//! How ocipick drives each container tool: detect, prepare, invoke, observe, clean up.
//!
//! Nothing here knows what a case means. An adapter is given a reference and a platform, and
//! returns evidence; what the evidence amounts to is decided elsewhere.

mod adapter;
pub mod channel;
mod cleanup;
mod detect;
mod installation;
mod linked;
pub mod mutant;
pub mod process;
mod providers;
mod rootfs;
mod run_dir;
mod runtime;
mod sandbox;
mod tool;
mod tools;

pub use adapter::{
    Adapter, DaemonCrash, Execution, HarnessError, ImageSource, LayoutInput, MARKER_LABEL,
    RawFingerprint, RawObservation, Request, Retention, Session, StartError, Support,
};
pub use detect::detect;
pub use installation::{BindMounts, Installation, Privileges};
pub use linked::BinaryOrigin;
pub use providers::{
    DEFAULT_LABEL, MachineDaemon, PATH_CHANNEL, Provider, UserBinary, UserBinaryError,
};
pub use run_dir::{Cleared, ResourceUsage, RunDir, RunDirError};
pub use runtime::{Detected, Missing, Runtime, Service, names};
pub use sandbox::Sandbox;
pub use tool::{Flavour, Tool, ToolInfo, UnknownTool, short_version};
pub use tools::adapter;
