//! The quick set: few cases that tell tools apart as all cases do.

use ocipick_records::CaseId;
use std::{collections::BTreeSet, sync::LazyLock};

static QUICK: LazyLock<BTreeSet<&str>> =
    LazyLock::new(|| include_str!("../quick.txt").lines().collect());

/// Whether a case is in the quick set (`corpus/quick.txt`), which is made of what was published: one case for each
/// family and each way in which the published runtimes fall into groups that do the same.
#[must_use]
pub fn is_quick(case: &CaseId) -> bool {
    QUICK.contains(case.as_str())
}
