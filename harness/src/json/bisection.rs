//! `ocipick bisect --json`.

use ocipick_records::Outcome;
use schemars::JsonSchema;
use serde::Serialize;

const BISECTION: &str = "ocipick.bisection/1";

/// Between which releases an outcome changed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BisectionReport {
    /// Always `ocipick.bisection/1`.
    #[schemars(extend("const" = BISECTION))]
    schema: &'static str,
    /// Which tool.
    pub tool: String,
    /// Id of the case.
    pub case: String,
    /// The platform asked for, or `default`.
    pub platform: String,
    /// What the tool was asked to do.
    pub operation: String,
    /// Every release in the range, the oldest first.
    pub releases: Vec<String>,
    /// What was tried, in the order in which it was.
    pub steps: Vec<BisectionStep>,
    /// Where it changed; null where the ends of the range agree, or nothing was measured.
    pub change: Option<ReleaseChange>,
    /// Between which neighbours among what was measured it changed, too, and was not searched.
    pub others: Vec<ReleaseChange>,
}

/// A release that was tried.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BisectionStep {
    /// Which release.
    pub release: String,
    /// What it did; null where it could not be had or measured.
    pub outcome: Option<Outcome>,
    /// Why not.
    pub skipped: Option<String>,
    /// How long it took to build, where it was built now.
    pub built_seconds: Option<f64>,
}

/// A change between two releases.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ReleaseChange {
    /// The last release before it.
    pub before: String,
    /// The first release after it.
    pub after: String,
    /// What the one did.
    pub from: Outcome,
    /// What the other does.
    pub to: Outcome,
    /// The releases between them that could not be measured.
    pub skipped: Vec<String>,
}

impl BisectionReport {
    /// Of a search that has not begun.
    #[must_use]
    pub fn of(
        tool: &str,
        case: &str,
        platform: &str,
        operation: &str,
        releases: Vec<String>,
    ) -> Self {
        Self {
            schema: BISECTION,
            tool: tool.to_owned(),
            case: case.to_owned(),
            platform: platform.to_owned(),
            operation: operation.to_owned(),
            releases,
            steps: Vec::new(),
            change: None,
            others: Vec::new(),
        }
    }
}
