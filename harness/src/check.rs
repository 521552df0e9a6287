//! What this program holds trials against: baselines of the disk or its own, the expected failures that it
//! came with, and what a variable says about changes.

use crate::baselines::{Baselines, BaselinesError};
use ocipick_reports::check::{
    CheckPolicy,
    expected::{ExpectedFailures, ExpectedFailuresError},
    result::{CHANGES, Changes, ChangesError},
};
use std::path::Path;

/// Why there is nothing to hold trials against.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// Baselines that are not there, or cannot be read.
    #[error(transparent)]
    Baselines(#[from] BaselinesError),
    /// The list of expected failures has a mistake.
    #[error(transparent)]
    Expected(#[from] ExpectedFailuresError),
    /// The variable about changes means nothing.
    #[error(transparent)]
    Changes(#[from] ChangesError),
}

/// Reads the baselines below a directory or, where none is given, those of the working directory
/// or else those that are compiled in; the expected failures; and the variable about changes.
///
/// # Errors
///
/// When there are no baselines where they were said to be, or something has a mistake.
pub fn policy(baselines: Option<&Path>) -> Result<CheckPolicy, CheckError> {
    let changes = std::env::var(CHANGES).ok();
    let baselines = Baselines::find(baselines)?;
    Ok(CheckPolicy {
        source: baselines.to_string(),
        baselines: baselines.shelf,
        expected: expected_failures()?,
        changes: Changes::parse(changes.as_deref())?,
    })
}

/// The expected failures that are built into the program.
///
/// # Errors
///
/// When their file has a mistake.
pub fn expected_failures() -> Result<ExpectedFailures, ExpectedFailuresError> {
    ExpectedFailures::parse(include_str!("../known-findings.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_file_is_read() {
        expected_failures().unwrap();
    }
}
