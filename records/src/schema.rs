//! The JSON Schema of a line of a results file.

use super::Record;

/// The JSON Schema of one line of a results file, as text with a line end.
///
/// It is published as `reports/schema/results.schema.json`. Fields that it does not name are
/// permitted, because later versions may add some.
#[must_use]
pub fn json_schema() -> String {
    let schema = schemars::schema_for!(Record);
    // The alternate form is indented.
    format!("{:#}\n", schema.as_value())
}
