//! What is left out of what is written for others to read.

use super::{
    fail::{Failure, Result},
    screen::Screen,
};
use ocipick_reports::{
    embargo::{Policy, redact},
    results::Results,
};

/// Takes what is for private disclosure out of results, unless it was asked for, and says so.
pub(crate) fn withhold(results: &mut [Results], include: bool, screen: Screen) -> Result<()> {
    if include {
        return Ok(());
    }
    let policy = Policy::built_in().map_err(Failure::internal)?;
    let cells = redact(results, policy).len();
    if cells > 0 {
        let (cells, are) = match cells {
            1 => ("1 cell".to_owned(), "is"),
            several => (format!("{several} cells"), "are"),
        };
        screen.say(&format!(
            "{cells} {are} withheld: crashes, and split views that could be abused, are for private \
             disclosure first (--include-embargoed shows them)"
        ));
    }
    Ok(())
}
