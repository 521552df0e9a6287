//! How a test of `cargo test` ends.

use super::{CheckStatus, CheckedTrial};

/// How a test ends that is one trial, with what is said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TestEnd {
    /// It passes.
    Passes,
    /// It is ignored, for the reason in this line: it says nothing, or fails as it is expected to.
    Ignored(String),
    /// It fails, with all there is to know.
    Fails(String),
}

impl TestEnd {
    /// The end of this trial.
    #[must_use]
    pub fn of(checked: &CheckedTrial) -> Self {
        let words = &checked.explained;
        match checked.status {
            CheckStatus::Passed | CheckStatus::New | CheckStatus::Reported => Self::Passes,
            CheckStatus::ExpectedFailure | CheckStatus::NotHeld | CheckStatus::NotMeasured(_) => {
                Self::Ignored(words.line.clone())
            }
            CheckStatus::UnexpectedPass | CheckStatus::Failed | CheckStatus::Lost(_) => {
                Self::Fails(words.report.clone())
            }
        }
    }
}
