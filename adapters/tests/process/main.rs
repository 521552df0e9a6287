//! The process module against processes that misbehave: shell scripts that hang, fork, escape,
//! die and shout.

#![expect(
    clippy::unwrap_used,
    reason = "clippy permits it in tests, but not in what tests share"
)]

mod daemon;
mod killed;
mod run;
mod stage;
