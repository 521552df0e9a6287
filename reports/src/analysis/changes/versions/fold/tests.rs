use super::*;
use crate::{
    analysis::{changes::versions::lines, matrix::CaseBook},
    made::{results, trial},
};
use ocipick_records::{Outcome, Provenance, RefusalReason, Results, RuntimeRecord, UnmeasuredWhy};
use proptest::prelude::*;

fn outcome(kind: u8) -> Outcome {
    match kind {
        0 | 1 => Outcome::Picked {
            child: ["first", "last"][usize::from(kind)].into(),
            digest: "sha256:aa".into(),
        },
        2 => Outcome::Refused {
            reason: RefusalReason::NoMatch,
            message: String::new(),
        },
        3 => Outcome::Nothing,
        _ => Outcome::Unmeasured {
            why: UnmeasuredWhy::Unsupported,
            detail: String::new(),
        },
    }
}

/// Results of runtimes `TOOL@VERSION` or `TOOL@VERSION+FLAVOUR`, each from a source and with a
/// kind of outcome for each case; none is no trial.
fn made_of(cells: &[(String, &str, Vec<Option<u8>>)]) -> Results {
    let mut trials = Vec::new();
    let mut records = Vec::new();
    for (id, channel, kinds) in cells {
        let mut record = None;
        for (case, kind) in kinds.iter().enumerate() {
            let mut trial = trial(id, &format!("a/{case}"), outcome(kind.unwrap_or_default()));
            trial.channel = (*channel).to_owned();
            trial.runtime = format!("{id}#{channel}");
            record = Some(RuntimeRecord {
                id: trial.runtime.clone(),
                tool: trial.tool.clone(),
                version: trial.version.clone(),
                flavour: trial.flavour.clone(),
                channel: trial.channel.clone(),
                provenance: Provenance::default(),
                unmeasured: None,
            });
            trials.extend(kind.is_some().then_some(trial));
        }
        records.extend(record);
    }
    let mut results = results(trials);
    results.header.runtimes = records;
    results
}

/// The columns as `TOOL[+FLAVOUR] SOURCES: FIRST–LAST (COUNT)`.
fn columns(cells: &[(&str, &str, &[u8])], mode: FoldMode) -> Vec<String> {
    let cells: Vec<(String, &str, Vec<Option<u8>>)> = cells
        .iter()
        .map(|(id, source, kinds)| {
            let kinds = kinds.iter().map(|kind| Some(*kind)).collect();
            ((*id).to_owned(), *source, kinds)
        })
        .collect();
    let (results, book) = ([made_of(&cells)], CaseBook::default());
    let matrix = Matrix::build(&results, &book);
    let table = &matrix.tables[0];
    let folding = mode.of(table.columns().len());
    let mut shown = Vec::new();
    for line in folding.lines(&matrix, &lines(&matrix), table) {
        for band in folding.bands(&line, table.rows()) {
            let version = |column: usize| matrix.runtimes[column].version;
            let source = line.source().map(|source| format!(" {source}"));
            let count = folding.count(&band).map(|count| format!(" ({count})"));
            shown.push(format!(
                "{}{}: {}–{}{}",
                line.name(),
                source.unwrap_or_default(),
                version(band.first()),
                version(band.last()),
                count.unwrap_or_default()
            ));
        }
    }
    shown
}

const CRANES: [(&str, &str, &[u8]); 6] = [
    ("crane@0.1", "go", &[0, 0]),
    ("crane@0.2", "go", &[0, 0]),
    ("crane@0.3", "sid", &[0, 1]),
    ("crane@0.3", "go", &[0, 0]),
    ("crane@0.4", "go", &[0, 2]),
    ("skopeo@1", "sid", &[0, 0]),
];

#[test]
fn wide_tables_are_folded_within_each_source() {
    assert_eq!(
        columns(&CRANES, FoldMode::Always),
        [
            "skopeo Debian: 1–1",
            "crane go: 0.1–0.3 (3)",
            "crane go: 0.4–0.4",
            "crane Debian: 0.3–0.3",
        ]
    );
}

#[test]
fn narrow_tables_tell_no_sources_apart_and_count_nothing() {
    assert_eq!(
        columns(&CRANES, FoldMode::Auto),
        [
            "skopeo: 1–1",
            "crane: 0.1–0.2",
            "crane: 0.3–0.3",
            "crane: 0.3–0.3",
            "crane: 0.4–0.4",
        ]
    );
    assert_eq!(columns(&CRANES, FoldMode::Never).len(), CRANES.len());
}

#[test]
fn what_is_alike_in_all_versions_is_one_column_that_names_its_sources() {
    let alike = CRANES.map(|(id, source, _)| (id, source, &[0, 1][..]));
    assert_eq!(
        columns(&alike, FoldMode::Always),
        ["skopeo Debian: 1–1", "crane go, Debian: 0.1–0.4 (5)"]
    );
}

#[test]
fn of_columns_that_no_row_tells_apart_the_newest_is_one_of_those_that_differ() {
    let cells: Vec<(String, &str, Vec<Option<u8>>)> = CRANES
        .iter()
        .map(|(id, source, kinds)| {
            let kinds = kinds.iter().map(|kind| Some(*kind)).collect();
            ((*id).to_owned(), *source, kinds)
        })
        .collect();
    let (results, book) = ([made_of(&cells)], CaseBook::default());
    let matrix = Matrix::build(&results, &book);
    let all: Vec<usize> = (0..matrix.runtimes.len()).collect();
    let of = |folding: ColumnFolding| {
        let distinct = folding.distinct(&matrix, &lines(&matrix), &all);
        let names = distinct.into_iter();
        let names = names.map(|it| matrix.runtimes[it].id.clone());
        names.collect::<Vec<_>>()
    };
    assert_eq!(of(ColumnFolding::ByVersion).len(), CRANES.len());
    assert_eq!(
        of(ColumnFolding::BySource),
        [
            "skopeo@1",
            "crane@0.2",
            "crane@0.3#sid",
            "crane@0.3#go",
            "crane@0.4"
        ]
    );
}

#[test]
fn a_table_is_wide_beyond_thirty_columns() {
    assert_eq!(FoldMode::Auto.of(30), ColumnFolding::ByVersion);
    assert_eq!(FoldMode::Auto.of(31), ColumnFolding::BySource);
    assert_eq!(FoldMode::Never.of(200), ColumnFolding::Apart);
    assert_eq!(FoldMode::Always.of(2), ColumnFolding::BySource);
}

proptest! {
    /// Whatever was measured: every runtime of a table is in exactly one column, a column is of one
    /// tool and configuration and in the order of versions, and all that it stands for have equal
    /// cells in every row, so that no cell is lost.
    #[test]
    fn folding_loses_no_cell(
        cells in prop::collection::vec(
            (0..3_usize, 0..9_u8, prop::bool::ANY, 0..3_usize, prop::collection::vec(
                prop::option::weighted(0.9, 0..5_u8), 3,
            )),
            1..50,
        ),
        mode in 0..3_usize,
    ) {
        let cells: Vec<(String, &str, Vec<Option<u8>>)> = cells
            .into_iter()
            .map(|(tool, version, flavour, source, kinds)| {
                let tool = ["crane", "containerd", "unknown"][tool];
                let flavour = if flavour { "+cri" } else { "" };
                let source = ["sid", "trixie", "go"][source];
                (format!("{tool}@{version}{flavour}"), source, kinds)
            })
            .collect();
        let (results, book) = ([made_of(&cells)], CaseBook::default());
        let matrix = Matrix::build(&results, &book);
        let mode = [FoldMode::Auto, FoldMode::Always, FoldMode::Never][mode];
        for table in &matrix.tables {
            let folding = mode.of(table.columns().len());
            let mut seen: Vec<usize> = Vec::new();
            for line in folding.lines(&matrix, &lines(&matrix), table) {
                for band in folding.bands(&line, table.rows()) {
                    prop_assert!(!band.columns.is_empty());
                    prop_assert!(band.columns.is_sorted());
                    let first = &matrix.runtimes[band.first()];
                    for column in &band.columns {
                        let runtime = &matrix.runtimes[*column];
                        prop_assert_eq!(runtime.tool, first.tool);
                        prop_assert_eq!(runtime.flavour, first.flavour);
                        for row in table.rows() {
                            let cell = |column: usize| row.cells[column].map(|it| &it.outcome);
                            prop_assert_eq!(cell(*column), cell(band.first()));
                        }
                    }
                    seen.extend(&band.columns);
                }
            }
            seen.sort_unstable();
            prop_assert_eq!(seen, table.columns());
        }
    }
}
