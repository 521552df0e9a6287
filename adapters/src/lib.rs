//! How ocipick drives each container tool. Each is described by an adapter, one file per tool; the driver
//! carries out what they describe: detect, prepare, ask, observe, clean up.
//!
//! Nothing here knows what a case means. A tool is given a reference and a platform, and what was seen is
//! returned; what the evidence amounts to is decided elsewhere.

mod adapter;
mod calls;
pub mod channel;
mod cleanup;
mod detect;
mod driver;
mod installation;
mod linked;
pub mod process;
mod providers;
mod rootfs;
mod run_dir;
mod runtime;
mod sandbox;
mod supervisor;
mod tool;
mod tools;

pub use adapter::{
    Adapter, COMMON_MESSAGES, DaemonCrash, Execution, HarnessError, ImageSource, LayoutInput,
    MARKER_LABEL, RawFingerprint, RawObservation, Request, Retention, StartError, Support,
    Transport,
};
pub use calls::{Action, Call, Protocol, Unary};
pub(crate) use detect::KnownOptions;
pub use detect::detect;
pub use driver::{
    Asked, Cleanup, DaemonAdapter, DaemonDescription, DaemonWords, Look, SandboxedTool, Session,
};
pub use installation::{BindMounts, Installation, Privileges};
pub use linked::BinaryOrigin;
pub use providers::{
    BuiltModule, CLIENT_CHANNEL, Companion, DEFAULT_LABEL, GO_CHANNEL, GoBuilder, GoError,
    GoModule, GoOutcome, GoRecord, GoRelease, InstalledWheel, MachineDaemon, PATH_CHANNEL,
    PYPI_CHANNEL, PinDifference, Pins, Provider, PypiError, ReleaseNames, ReleaseRequest,
    UserBinary, UserBinaryError, UserClient, UserClientError, WheelInstaller, WheelRecord,
    WheelRequest, WhichRelease,
};
pub use run_dir::{Cleared, ResourceUsage, RunDir, RunDirError};
pub use runtime::{Detected, Missing, Runtime, Service, names};
pub use sandbox::Sandbox;
pub use tool::{Flavour, Tool, UnknownTool, short_version, tool_infos};
pub use tools::adapter;
