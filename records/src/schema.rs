//! JSON Schemas: of a line of a results file, and of what is written only.

use super::Record;
use schemars::{JsonSchema, generate::SchemaSettings};

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

/// The JSON Schema of a document that ocipick writes and does not read, as text with a line end: it
/// demands every key that is always written.
#[must_use]
pub fn document_schema<T: JsonSchema>() -> String {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator().into_root_schema_for::<T>();
    format!("{:#}\n", schema.as_value())
}
