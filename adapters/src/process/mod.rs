//! Every child process of ocipick goes through here: own process group, clean environment,
//! deadline, output to files, whole tree ended, nothing left behind.

mod cancel;
mod command;
mod daemon;
mod disk_full;
mod isolation;
mod namespace;
mod output_limit;
mod outside;
mod panic;
mod run;
mod system;
mod tag;
mod tree;

pub use cancel::Cancel;
pub use command::{Invocation, Ran, Reveal};
pub(crate) use command::{quoted, write_streams};
pub(crate) use daemon::fits_socket;
pub use daemon::{Cause, Daemon, DaemonError, DaemonSpec, Death, Readiness};
pub(crate) use disk_full::{DISK_FULL, failed_on_full_disk, has_less_than};
pub use isolation::{Isolation, Mount};
pub use namespace::MountNamespace;
pub use output_limit::{OUTPUT_LIMIT, flood_words};
pub use outside::{is_from_outside, outside_in};
pub use panic::panic_in;
pub use run::{RunError, run};
pub use system::{SYSTEM_PATH, find_on_system};
pub use tree::{MARKER, end_marked, end_session};
pub(crate) use tree::{of_session, resident};
