//! The report that a scanner writes of a trial, as JSON.

use crate::{Asked, Look, RawObservation, rootfs};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The most that is read of a report.
const LIMIT: u64 = 64 << 20;

/// The report of a trial.
pub(super) fn report(asked: &Asked<'_>) -> PathBuf {
    asked.tool.path(&format!("report{}.json", asked.number))
}

/// Takes both kinds of evidence from the report of a trial. That it cannot be read says nothing of the image.
pub(super) fn look_at(
    asked: &Asked<'_>,
    look: &mut Look<'_>,
    reported: fn(&Value) -> RawObservation,
    materialised: fn(&Value) -> RawObservation,
) {
    (look.reported, look.materialised) = match read(&report(asked)) {
        Ok(report) => (reported(&report), materialised(&report)),
        Err(words) => {
            let failed = RawObservation::Failed(words);
            (failed.clone(), failed)
        }
    };
}

/// A report, as it was written.
///
/// # Errors
/// Why it cannot be read, in words.
fn read(path: &Path) -> Result<Value, String> {
    let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else {
        return Err("the report has no name".to_owned());
    };
    match rootfs::read(dir, Path::new(name), LIMIT) {
        Ok(Some(bytes)) => {
            serde_json::from_slice(&bytes).map_err(|error| format!("the report: {error}"))
        }
        Ok(None) => Err("no report was written".to_owned()),
        Err(error) => Err(format!("the report: {error}")),
    }
}
