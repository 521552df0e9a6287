//! Deliberate mistakes of adapters: a test of the tests.
//!
//! With the feature `mutants`, which only tests of the harness ask for, a mistake can be switched on
//! for a thread. Without it `on` is a constant, and nothing of it is compiled.

use crate::{Execution, Tool};

/// A mistake that every adapter could make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// The image of the trial before is looked at.
    LooksAtEarlier,
    /// Whatever the exit code is, the tool succeeded.
    IgnoresExit,
    /// One look stands for both kinds of evidence.
    LooksOnce,
    /// The platform is left out of the command.
    ForgetsPlatform,
    /// What a trial made stays in the store.
    NeverRemoves,
    /// Nobody asks whether the daemon lives.
    IgnoresDaemon,
}

impl Mutant {
    /// Every mistake.
    pub const ALL: &[Self] = &[
        Self::LooksAtEarlier,
        Self::IgnoresExit,
        Self::LooksOnce,
        Self::ForgetsPlatform,
        Self::NeverRemoves,
        Self::IgnoresDaemon,
    ];

    /// What goes wrong, for a page.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::LooksAtEarlier => "the image of the trial before is looked at",
            Self::IgnoresExit => "every exit code is taken for success",
            Self::LooksOnce => "what is reported stands for what is materialised, too",
            Self::ForgetsPlatform => "the platform is not asked for",
            Self::NeverRemoves => "what a trial made stays in the store",
            Self::IgnoresDaemon => "nobody asks whether the daemon lives",
        }
    }

    /// Whether the adapter of a tool can make it.
    #[must_use]
    pub fn is_of(self, tool: Tool) -> bool {
        match (self, tool) {
            (Self::IgnoresDaemon, Tool::Docker | Tool::Containerd) => true,
            (Self::IgnoresDaemon, Tool::Podman | Tool::Skopeo | Tool::Crane) => false,
            _ => true,
        }
    }
}

/// Whether a mistake is made.
#[cfg(not(feature = "mutants"))]
pub(crate) const fn on(_: Mutant) -> bool {
    false
}

/// What is looked at: what is there now, save for a mistake.
#[cfg(not(feature = "mutants"))]
pub(crate) fn looked_at(now: &str) -> String {
    now.to_owned()
}

/// Whether the image of a trial is left where it is.
pub(crate) fn keeps() -> bool {
    on(Mutant::NeverRemoves) || on(Mutant::LooksAtEarlier)
}

/// To be called when an adapter has looked.
pub(crate) fn has_looked(attempt: &mut Execution) {
    if on(Mutant::LooksOnce) {
        attempt.materialised = attempt.reported.clone();
    }
}

#[cfg(feature = "mutants")]
pub use switched::with;
#[cfg(feature = "mutants")]
pub(crate) use switched::{looked_at, on};

#[cfg(feature = "mutants")]
mod switched {
    use super::Mutant;
    use std::cell::{Cell, RefCell};

    thread_local! {
        static MADE: Cell<Option<Mutant>> = const { Cell::new(None) };
        /// What was looked at in this trial, and in the one before.
        static SEEN: RefCell<[Option<String>; 2]> = const { RefCell::new([None, None]) };
    }

    pub(crate) fn on(mutant: Mutant) -> bool {
        MADE.get() == Some(mutant)
    }

    pub(crate) fn looked_at(now: &str) -> String {
        SEEN.with_borrow_mut(|[this, before]| {
            if this.as_deref() != Some(now) {
                *before = this.replace(now.to_owned());
            }
            let earlier = before.clone().filter(|_| on(Mutant::LooksAtEarlier));
            earlier.unwrap_or_else(|| now.to_owned())
        })
    }

    /// Makes a mistake, on this thread, for as long as `run` takes.
    pub fn with<T>(mutant: Option<Mutant>, run: impl FnOnce() -> T) -> T {
        MADE.set(mutant);
        SEEN.set([None, None]);
        let result = run();
        MADE.set(None);
        result
    }
}
