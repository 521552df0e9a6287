//! Tools that select by what must not matter, each of which its relation must see.

use crate::{
    Test,
    stage::{Stage, TWO_ENTRIES, case, same},
};
use anyhow::Result;
use ocipick_corpus::Relation;
use ocipick_records::RepeatedCells;
use ocipick_reports::analysis::metamorphic::RelationResult;
use std::collections::BTreeMap;

pub(crate) const TESTS: &[Test] = &[
    ("relations::hold-for-an-honest-tool", hold),
    ("relations::tool-that-counts-entries", counts),
    ("relations::tool-that-looks-at-one-entry", looks_at_one),
    ("relations::tool-that-refuses-annotations", annotations),
    ("relations::tool-that-refuses-fields", fields),
    ("relations::store-that-remembers", remembers),
    ("relations::store-that-forgets", forgets),
    ("relations::nothing-is-claimed-of-one-look", one_look),
    (
        "relations::nothing-is-claimed-of-who-alternates",
        alternates,
    ),
];

/// What becomes of every relation with two equal entries, in this mode.
fn standings(tool: &str, mode: &str, tries: u32) -> Result<BTreeMap<String, RelationResult>> {
    let base = case(TWO_ENTRIES)?;
    let derived = Relation::ALL.iter().map(|relation| relation.derive(&base));
    let derived: Vec<_> = derived.collect::<Result<_, _>>()?;
    let seen = Stage::new()?
        .with(&[tool], mode)?
        .about([vec![base], derived].concat())
        .repeating(tries, RepeatedCells::Every, 1)
        .run()?;
    Ok(seen.standings(tool))
}

/// These relations must be violated, and no others. A tool without a store cannot be asked about its
/// store.
fn expect(tool: &str, mode: &str, violated: &[Relation]) -> Result<()> {
    let found = standings(tool, mode, 3)?;
    for &relation in Relation::ALL {
        let wanted = match relation {
            Relation::WarmStore if tool == "skopeo" => RelationResult::NotCompared,
            _ if violated.contains(&relation) => RelationResult::Changed,
            _ => RelationResult::Holds,
        };
        same(
            relation.as_str(),
            &found.get(relation.as_str()),
            &Some(&wanted),
        )?;
    }
    Ok(())
}

fn hold() -> Result<()> {
    expect("skopeo", "honest", &[])
}

fn counts() -> Result<()> {
    let both = [Relation::OtherPlatformLast, Relation::OtherPlatformFirst];
    expect("skopeo", "counts", &both)
}

fn looks_at_one() -> Result<()> {
    let first = [Relation::OtherPlatformFirst];
    expect("skopeo", "looks-at-the-first-entry", &first)
}

fn annotations() -> Result<()> {
    let both = [Relation::IndexAnnotation, Relation::EntryAnnotations];
    expect("skopeo", "refuses-annotations", &both)
}

fn fields() -> Result<()> {
    let both = [Relation::UnknownIndexField, Relation::UnknownEntryFields];
    expect("skopeo", "refuses-what-it-does-not-know", &both)
}

fn remembers() -> Result<()> {
    expect("podman", "remembers", &[Relation::WarmStore])
}

fn forgets() -> Result<()> {
    expect("podman", "honest", &[])
}

/// Twice is not often enough.
fn one_look() -> Result<()> {
    let found = standings("skopeo", "counts", 2)?;
    let last = found.get(Relation::OtherPlatformLast.as_str());
    same("twice", &last, &Some(&RelationResult::Unrepeated))
}

/// Who differs without any change says nothing about changes.
fn alternates() -> Result<()> {
    let found = standings("skopeo", "alternates", 3)?;
    let changed = found
        .values()
        .any(|standing| *standing == RelationResult::Changed);
    same("a change", &changed, &false)
}
