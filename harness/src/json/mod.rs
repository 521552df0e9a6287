//! What commands print with `--json`: a type for each document, from which its schema is derived.
//!
//! Stable: keys are only ever added. The documents of reports (matrix, summary, diff, draft) are in
//! `ocipick_reports::render`.

mod baselines;
mod bisection;
mod corpus;
mod releases;
mod runtimes;
#[cfg(test)]
mod tests;

pub use baselines::BlessedBaselines;
pub use bisection::{BisectionReport, BisectionStep, ReleaseChange};
pub use corpus::{
    BuiltCorpus, CaseInFull, CaseList, CheckedCaseRecord, CheckedCorpus, PushedCase,
    ServedReferences,
};
pub use releases::{ListedRelease, ReleaseOutline, ReleaseResult};
pub use runtimes::{ChannelFinding, ChannelList, InstalledChannels, RemovedChannels, RuntimeList};

use ocipick_records::document_schema;

/// The schemas of these documents, each as its path in the repository and its text.
#[must_use]
pub fn schemas() -> Vec<(&'static str, String)> {
    vec![
        (
            "corpus/schema/check.schema.json",
            // `absent` came later, and is not in what was written before.
            format!(
                "{:#}\n",
                schemars::schema_for!(CheckedCorpus<'_>).as_value()
            ),
        ),
        (
            "harness/schema/bisect.schema.json",
            document_schema::<BisectionReport>(),
        ),
        (
            "harness/schema/bless.schema.json",
            document_schema::<BlessedBaselines>(),
        ),
        (
            "harness/schema/cases.schema.json",
            document_schema::<CaseList<'_>>(),
        ),
        (
            "harness/schema/channel-check.schema.json",
            document_schema::<ChannelFinding<'_>>(),
        ),
        (
            "harness/schema/channel-install.schema.json",
            document_schema::<InstalledChannels<'_>>(),
        ),
        (
            "harness/schema/channel-remove.schema.json",
            document_schema::<RemovedChannels<'_>>(),
        ),
        (
            "harness/schema/channels.schema.json",
            document_schema::<ChannelList>(),
        ),
        (
            "harness/schema/corpus-build.schema.json",
            document_schema::<BuiltCorpus<'_>>(),
        ),
        (
            "harness/schema/corpus-push.schema.json",
            document_schema::<PushedCase<'_>>(),
        ),
        (
            "harness/schema/runtimes.schema.json",
            document_schema::<RuntimeList<'_>>(),
        ),
        (
            "harness/schema/serve.schema.json",
            document_schema::<ServedReferences<'_>>(),
        ),
        (
            "harness/schema/show.schema.json",
            document_schema::<CaseInFull<'_>>(),
        ),
    ]
}
