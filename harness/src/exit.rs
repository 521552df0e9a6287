//! The exit codes of `ocipick`, in one place.

/// How a run of `ocipick` ended, as scripts see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Everything asked for was done, and measured.
    Success = 0,
    /// Something failed that has to do neither with the input nor with a tool.
    Internal = 1,
    /// A wrong option, or bad input.
    Usage = 2,
    /// A conformance check failed.
    CheckFailed = 3,
    /// Nothing was measured.
    NothingMeasured = 4,
    /// Done or measured in part: some channel could not be provisioned, some runtime failed its
    /// controls or did not start, some layout could not be read, trouble kept a cell from being
    /// measured, or the run was interrupted.
    MeasuredInPart = 5,
}

impl Exit {
    /// The code.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}

/// The table of exit codes, for `--help`.
pub const HELP: &str = "\
Exit codes:
  0  everything asked for was done, and measured
  1  internal error
  2  wrong option, or bad input
  3  a conformance check failed
  4  nothing was measured
  5  done or measured in part: a channel could not be provisioned, a runtime failed its controls
     or did not start, a layout could not be read, trouble kept a cell from being measured, or
     the run was interrupted";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_as_contracted_and_documented() {
        for (exit, code) in [
            (Exit::Success, 0),
            (Exit::Internal, 1),
            (Exit::Usage, 2),
            (Exit::CheckFailed, 3),
            (Exit::NothingMeasured, 4),
            (Exit::MeasuredInPart, 5),
        ] {
            assert_eq!(exit.code(), code);
            assert!(HELP.contains(&format!("\n  {code}  ")));
        }
    }
}
