//! What a report looks like where the project has no template.

use ocipick_records::{FieldKind, FormField};

/// The fields of a report to a project without a template, or that nothing is known of.
#[must_use]
pub fn plain_form() -> Vec<FormField> {
    [
        ("What happens", FieldKind::Description),
        ("How to reproduce it", FieldKind::Steps),
        ("What was expected", FieldKind::Expected),
        ("Version", FieldKind::Version),
        ("More", FieldKind::More),
    ]
    .map(|(label, asks)| FormField {
        label: label.to_owned(),
        asks,
    })
    .to_vec()
}
