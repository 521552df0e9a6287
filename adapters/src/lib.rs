//! How ocipick drives each container tool: detect, prepare, invoke, observe, clean up.
//!
//! Nothing here knows what a case means. An adapter is given a reference and a platform, and
//! returns evidence; what the evidence amounts to is decided elsewhere.

mod adapter;
pub mod channel;
mod detect;
mod ground;
mod linked;
pub mod mutant;
mod place;
pub mod process;
mod room;
mod rootfs;
mod runtime;
mod tool;
mod tools;
mod undo;

pub use adapter::{
    Adapter, Ask, Attempt, DaemonCrash, Identity, Layout, Leaves, Looked, MARKER_LABEL, Session,
    Sign, Source, StartError, Trouble,
};
pub use detect::detect;
pub use ground::{Cleared, Gauge, Ground, GroundError};
pub use linked::{Linked, LinkedSource, Origin};
pub use place::{Masks, PATH_CHANNEL, Place, Rights};
pub use room::Room;
pub use runtime::{Detected, Missing, Runtime, Service, names};
pub use tool::{Flavour, Operation, Tool, UnknownTool, short_version};
pub use tools::adapter;
