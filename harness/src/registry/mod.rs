//! The embedded registry: serves cases on loopback, byte for byte, and keeps what was asked of it.
//!
//! Every trial opens a namespace of its own, so that each request can be attributed to one
//! trial although trials run in parallel:
//!
//! ```no_run
//! # fn example(case: std::sync::Arc<ocipick_corpus::Case>) -> Result<(), ocipick::registry::RegistryError> {
//! let registry = ocipick::registry::Registry::start()?;
//! let namespace = registry.open("t17/duplicates/two-entries", case)?;
//! // … let a tool pull `namespace.reference()` …
//! let requests = namespace.close();
//! # Ok(())
//! # }
//! ```
//!
//! A request goes one way: `route` says what its path means, `namespace` finds whom it
//! belongs to, `trace` writes it down, `respond` makes the answer, and `server` sends it.
//! The answer is plain data until it is sent: there `misbehave` changes it where a case wants
//! the registry to.

mod error;
mod misbehave;
mod namespace;
mod respond;
mod route;
mod server;
mod tls;
mod trace;

pub use error::RegistryError;
pub use namespace::Namespace;
pub use server::Registry;
