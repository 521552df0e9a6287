//! Every key that a recipe may have, table by table. The JSON Schema of recipes is held against
//! these by a test.

/// The keys of a recipe.
pub(crate) const TOP_LEVEL: &[&str] = &[
    "title",
    "why",
    "origins",
    "platform",
    "platforms",
    "operations",
    "name",
    "aliases",
    "clauses",
    "axes",
    "except",
    "children",
    "index",
    "indexes",
    "entries",
    "faults",
    "layout",
];

/// The keys that say how a recipe expands, and are gone afterwards.
pub(crate) const EXPANSION: &[&str] = &["name", "aliases", "axes", "except"];

/// The keys of `[[axes]]`.
pub(crate) const AXIS: &[&str] = &["name", "values"];

/// The keys of `[[clauses]]`.
pub(crate) const CLAUSE: &[&str] = &[
    "id",
    "satisfied-by",
    "breached-by",
    "earlier",
    "leaves-open",
    "breached-where",
    "plain-where-said",
];

/// The keys of `[children.NAME]`.
pub(crate) const CHILD: &[&str] = &[
    "platform",
    "format",
    "manifest-type",
    "body-type",
    "config-type",
    "layer-type",
    "rootfs-type",
    "config-extra",
    "kind",
    "artifact-type",
    "annotations",
    "served",
    "algorithm",
    "compression",
    "text",
    "subject",
    "extra",
];

/// The keys of a child that mean nothing beside `text`, and what to do instead.
pub(crate) const NOT_BESIDE_CHILD_TEXT: &[&str] = &[
    "body-type",
    "config-type",
    "layer-type",
    "artifact-type",
    "annotations",
    "subject",
    "extra",
];

/// The keys of `[index]`.
pub(crate) const INDEX: &[&str] = &[
    "entries",
    "text",
    "format",
    "served-type",
    "body-type",
    "annotations",
    "subject",
    "artifact-type",
    "schema-version",
    "extra",
];

/// The keys that `[indexes.NAME]` may have besides.
pub(crate) const NESTED: &[&str] = &["served", "algorithm"];

/// The keys of an index that mean nothing beside `text`, besides `entries`.
pub(crate) const NOT_BESIDE_INDEX_TEXT: &[&str] = &[
    "body-type",
    "annotations",
    "subject",
    "artifact-type",
    "schema-version",
    "extra",
];

/// The keys of an element of `entries` that is a table.
pub(crate) const LISTED: &[&str] = &["of", "times"];

/// The keys of `[entries.NAME]`.
pub(crate) const ENTRY: &[&str] = &[
    "of",
    "media-type",
    "platform",
    "size",
    "digest",
    "artifact-type",
    "annotations",
    "urls",
    "data",
    "extra",
];

/// The keys of `[[faults]]`.
pub(crate) const FAULT: &[&str] = &[
    "on",
    "part",
    "methods",
    "times",
    "status",
    "headers",
    "body",
    "cut",
    "delay-ms",
    "bytes-of",
    "content-type",
    "digest-header",
    "content-length",
];

/// The keys of `[layout]`.
pub(crate) const LAYOUT: &[&str] = &["refs"];

/// The keys of an element of `refs`.
pub(crate) const LAYOUT_REF: &[&str] = &["of", "name"];
