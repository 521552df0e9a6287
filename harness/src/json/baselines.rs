//! What `bless` prints.

use crate::baselines::Recorded;
use schemars::JsonSchema;
use serde::Serialize;

const BLESS: &str = "ocipick.bless/1";

/// What was recorded as accepted from now on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BlessedBaselines {
    /// Always `ocipick.bless/1`.
    #[schemars(extend("const" = BLESS))]
    schema: &'static str,
    /// Every baseline that was written.
    baselines: Vec<BlessedBaseline>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct BlessedBaseline {
    /// The file.
    path: String,
    /// The runtime.
    build: String,
    /// Cells with another answer than the one that was recorded.
    changed: Vec<ChangedAnswer>,
    /// How many cells were recorded for the first time, or of a case whose bytes are others now.
    new: usize,
    /// How many are as they were recorded.
    as_before: usize,
    /// How many were recorded before, and not measured now.
    kept: usize,
    /// How many were recorded on a processor of another level, not measured now, and taken out.
    other_level: usize,
    /// How many were removed, because they were about nothing any more.
    removed: usize,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ChangedAnswer {
    cell: String,
    before: String,
    now: String,
}

impl BlessedBaselines {
    /// Takes down what was recorded.
    #[must_use]
    pub fn of(recorded: &[Recorded]) -> Self {
        let baselines = recorded.iter().map(|it| {
            let changed = it.merge.changed.iter();
            let changed = changed.map(|(key, before, now)| ChangedAnswer {
                cell: key.to_string(),
                before: before.to_string(),
                now: now.to_string(),
            });
            BlessedBaseline {
                path: it.path.to_string_lossy().into_owned(),
                build: it.build.to_string(),
                changed: changed.collect(),
                new: it.merge.added,
                as_before: it.merge.same,
                kept: it.merge.kept - it.pruned.min(it.merge.kept),
                other_level: it.merge.other_level,
                removed: it.pruned,
            }
        });
        Self {
            schema: BLESS,
            baselines: baselines.collect(),
        }
    }
}
