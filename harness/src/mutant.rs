//! Deliberate mistakes of the classifier, the controls and the rounds: a test of the tests.
//!
//! A mistake can be switched on in unit tests only, for the thread of the test. Everywhere else
//! [`on`] is a constant, and nothing of it is compiled.

/// A mistake that can be switched on in a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// A sign names the child next to its own.
    WrongChild,
    /// What is reported is taken for what is materialised, and the other way round.
    SwappedEvidence,
    /// What is reported stands for both kinds.
    ReportsForBoth,
    /// What is materialised stands for both kinds.
    ContentsForBoth,
    /// Signs of one look are joined where they should agree.
    JoinedSigns,
    /// A marker of another case is overlooked.
    StrangersIgnored,
    /// The exit code is not looked at.
    ExitIgnored,
    /// Death by a signal is a failure like any other.
    SignalRefuses,
    /// The end of the deadline is a failure like any other.
    DeadlineRefuses,
    /// A panic is a failure like any other.
    PanicRefuses,
    /// A daemon that crashed is overlooked.
    CrashIgnored,
    /// A panic that the daemon survived is taken for its death.
    PanicIsDeath,
    /// Trouble of the harness is overlooked.
    TroubleIgnored,
    /// A full disk explains nothing.
    FullDiskIgnored,
    /// Words that no phrase knows mean that nothing matched.
    WordsSwallowed,
    /// All that was printed decides, and not the message.
    NoiseDecides,
    /// A tool that never asked the registry has judged the index.
    UnaskedRefuses,
    /// What the registry withheld by mistake is a failure like any other.
    WithheldRefuses,
    /// Whether anything was fetched is not looked at.
    RequestsIgnored,
    /// Requests that failed count as fetched.
    FailuresFetch,
    /// Requests for headers count as fetched.
    HeadsFetch,
    /// The store is believed to have had everything before.
    StaleStore,
    /// Of children that look alike the first is named.
    AlikeGuessed,
    /// Other children that were fetched are not mentioned.
    OthersHidden,
    /// A look that failed has seen that there is nothing.
    FailedIsNothing,
    /// A look that hung has seen that there is nothing.
    HangIsNothing,
    /// An image that the machine had no space for was never there.
    TroubleIsNothing,
    /// An image without layers is none.
    EmptyIsNothing,
    /// An image without our marker is none.
    UnmarkedIsNothing,
    /// Every image could be one without layers.
    AnyImageEmpty,
    /// A pull is judged as an import is: without requests.
    PullIsImport,
    /// Any pick from the first control will do.
    AnyControl,
    /// A pick from the second control will do.
    AnyNoMatch,
    /// The most frequent of several outcomes stands for all.
    MajorityRules,
    /// Tries that could not be measured do not count.
    UnmeasuredDropped,
}

/// Whether a mistake is made: never, outside of tests.
#[cfg(not(test))]
pub(crate) const fn on(_: Mutant) -> bool {
    false
}

#[cfg(test)]
pub(crate) use switched::{on, with};

#[cfg(test)]
mod switched {
    use super::Mutant;
    use std::cell::Cell;

    thread_local! {
        static MADE: Cell<Option<Mutant>> = const { Cell::new(None) };
    }

    pub(crate) fn on(mutant: Mutant) -> bool {
        MADE.get() == Some(mutant)
    }

    /// Makes a mistake, on this thread, for as long as `run` takes.
    pub(crate) fn with<T>(mutant: Option<Mutant>, run: impl FnOnce() -> T) -> T {
        MADE.set(mutant);
        let result = run();
        MADE.set(None);
        result
    }
}

#[cfg(test)]
mod tests;
