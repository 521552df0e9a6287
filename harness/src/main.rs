//! The command line of ocipick.

mod commands;

use nix::sys::signal::{SigSet, Signal};
use std::process::ExitCode;

fn main() -> ExitCode {
    // A file that may not become so large (ulimit -f) is an error of whoever writes it, and no end
    // of everything. Threads inherit this, and processes do not.
    let mut too_large = SigSet::empty();
    too_large.add(Signal::SIGXFSZ);
    let _ = too_large.thread_block();
    ExitCode::from(commands::main().code())
}
