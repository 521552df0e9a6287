//! The results that a command reads, and what is left out of what it writes for others.

use super::{
    fail::{Failure, Result},
    terminal::Terminal,
};
use ocipick::results::FILE;
use ocipick_adapters::tool_infos;
use ocipick_records::Results;
use ocipick_reports::analysis::embargo::{EmbargoPolicy, redact};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// Reads a results file, and supplies what this program knows of tools.
pub(crate) fn read_file(file: &Path) -> Result<Results> {
    let mut results = Results::read(file)?;
    results.supplied_tools = tool_infos();
    Ok(results)
}

/// Reads results, each given as its file or as the directory that it is in.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Vec<Results>> {
    let files = paths.iter().map(|path| {
        if path.is_dir() {
            path.join(FILE)
        } else {
            path.clone()
        }
    });
    files.map(|file| read_file(&file)).collect()
}

/// Leaves the cases out of results that are for private disclosure first, unless they were asked for, and
/// says so to the person at the terminal.
pub(crate) fn withhold(results: &mut [Results], include: bool, screen: Terminal) -> Result<()> {
    if !include {
        let _: BTreeSet<String> = leave_out(results, screen)?;
    }
    Ok(())
}

/// The same of two results that are compared: what is left out of one is left out of the other.
pub(crate) fn withhold_of_both(
    old: Vec<Results>,
    new: Vec<Results>,
    screen: Terminal,
) -> Result<(Vec<Results>, Vec<Results>)> {
    let olds = old.len();
    let mut all = old;
    all.extend(new);
    let _: BTreeSet<String> = leave_out(&mut all, screen)?;
    let new = all.split_off(olds);
    Ok((all, new))
}

/// Leaves them out in any case, and returns which they are.
pub(crate) fn leave_out(results: &mut [Results], screen: Terminal) -> Result<BTreeSet<String>> {
    let policy = EmbargoPolicy::built_in().map_err(Failure::internal)?;
    let cells = redact(results, policy);
    let cases: BTreeSet<String> = cells.into_iter().map(|cell| cell.case).collect();
    if !cases.is_empty() {
        let cases = match cases.len() {
            1 => "1 case is".to_owned(),
            several => format!("{several} cases are"),
        };
        screen.say(&format!(
            "{cases} left out, whole: deaths, and split views that could be abused, are for private \
             disclosure first"
        ));
    }
    Ok(cases)
}
