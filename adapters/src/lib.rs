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
mod rootfs;
mod run_dir;
mod runtime;
mod sandbox;
mod tool;
mod tools;

pub use adapter::{
    Adapter, Ask, Attempt, DaemonCrash, Identity, Layout, Leaves, Looked, MARKER_LABEL, Session,
    Sign, Source, StartError, Trouble,
};
pub use detect::detect;
pub use installation::{Masks, PATH_CHANNEL, Place, Rights};
pub use linked::{Linked, LinkedSource, Origin};
pub use run_dir::{Cleared, Gauge, Ground, GroundError};
pub use runtime::{Detected, Missing, Runtime, Service, names};
pub use sandbox::Room;
pub use tool::{Flavour, Operation, Tool, UnknownTool, short_version};
pub use tools::adapter;
