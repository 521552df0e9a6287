//! The embedded registry: serves cases on loopback, byte for byte, and keeps what was asked of it.
//!
//! Every trial opens a namespace of its own, so that each request can be attributed to one
//! trial although trials run in parallel:
//!
//! ```no_run
//! # fn example(case: std::sync::Arc<ocipick_corpus::Case>) -> Result<(), ocipick_registry::RegistryError> {
//! let registry = ocipick_registry::Registry::start()?;
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

mod authority;
mod error;
mod misbehave;
mod namespace;
mod respond;
mod route;
mod server;
mod table;
mod tls;
mod trace;
mod writable;

pub use error::RegistryError;
pub use namespace::Namespace;
pub use server::{Registry, TlsEndpoint};
pub use writable::{Arrived, ArrivedManifest, WritableNamespace};

use hyper::Method;
use namespace::Mounts;
use ocipick_corpus::Case;
use respond::Asked;
use route::Access;
use std::{net::SocketAddr, sync::Arc};

/// What a registry answers that serves the case as `a`, without a connection: the status. Nothing
/// where it cannot serve the case, or the method is none.
///
/// This is how requests are fuzzed.
#[must_use]
pub fn answer(case: &Arc<Case>, method: &str, path: &str, range: Option<&str>) -> Option<u16> {
    let mounts = Arc::new(Mounts::default());
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let _namespace = mounts.mount("a", Arc::clone(case), address).ok()?;
    let access = Access::of(&Method::from_bytes(method.as_bytes()).ok()?);
    let found = mounts.find(path);
    let mounted = found.mounted.as_deref();
    let fault = respond::fault(&access, &found.route, mounted);
    let asked = Asked {
        access,
        route: &found.route,
        path,
        range,
    };
    let answer = respond::respond(&asked, mounted, fault.as_ref());
    Some(answer.status.as_u16())
}
