//! The wish of the user to end now, seen by every wait.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// A flag that is raised once, on Ctrl-C, and never lowered.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks everything that holds this flag to end.
    pub fn raise(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether somebody asked to end.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
