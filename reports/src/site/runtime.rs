//! The page of a runtime: what exactly was run, how it stands to clauses and peers, and all that it
//! did.

use super::{
    Sink,
    findings::EntryView,
    group,
    index::{self, SiteIndex},
    page_layout::{self, SiteSection},
    wording::{self, LinkView, OutcomeView},
};
use crate::{
    analysis::{
        consensus::Consensus,
        findings,
        matrix::{MatrixRuntime, Row},
    },
    render::{
        cell::{self, CellWording},
        verdicts::{COUNTED, Overall},
    },
    text,
};
use ocipick_records::{Footer, OutcomeKind, SURVIVED};
use serde::Serialize;

#[derive(Serialize)]
struct RuntimePage {
    name: String,
    tool: LinkView,
    version: String,
    flavour: Option<String>,
    channel: String,
    unmeasured: Option<String>,
    /// What exactly was run, in lines.
    provenance: Vec<String>,
    /// How often each kind of outcome occurred.
    outcomes: Vec<(String, usize)>,
    /// Verdicts and peers, in numbers.
    numbers: Vec<(&'static str, usize)>,
    /// In how many cases a requirement was broken, in words; nothing where it was not measured.
    requirements: Option<String>,
    /// How many requirements a pull can show to be followed or broken.
    shown: usize,
    /// What changed on the way to it.
    changes: Vec<EntryView>,
    before: Option<LinkView>,
    after: Option<LinkView>,
    families: Vec<FamilyView>,
}

#[derive(Serialize)]
struct FamilyView {
    id: String,
    operation: Option<String>,
    rows: Vec<RowView>,
}

#[derive(Serialize)]
struct RowView {
    case: LinkView,
    title: String,
    outcome: OutcomeView,
    evidence: String,
    /// What most others do, where that is something else.
    others: Option<String>,
}

/// The page of every runtime.
pub(super) fn pages(site_index: &SiteIndex<'_>, sink: &mut impl Sink) {
    let overall = Overall::of(site_index.matrix, site_index.verdicts);
    let changed = findings::changed(site_index.matrix, &site_index.history);
    for (column, runtime) in site_index.matrix.runtimes.iter().enumerate() {
        let changes = changed.iter().filter(|change| change.to == column);
        let numbers = overall.as_ref().and_then(|overall| {
            let mut runtimes = overall.runtimes.iter();
            runtimes
                .find(|(known, _)| *known == column)
                .map(|(_, numbers)| *numbers)
        });
        let page = RuntimePage {
            numbers: COUNTED
                .into_iter()
                .zip(numbers.into_iter().flatten())
                .collect(),
            requirements: runtime
                .unmeasured
                .is_none()
                .then(|| site_index.verdicts.requirements_of(column).words()),
            shown: site_index.verdicts.requirements(),
            changes: changes
                .map(|it| EntryView::of_change(site_index, it))
                .collect(),
            ..RuntimePage::of(site_index, column, runtime)
        };
        let path = site_index.runtime(column);
        let sheet = (path.as_str(), page.name.as_str(), "runtime.html");
        page_layout::page(site_index, sink, SiteSection::Tools, sheet, &page);
    }
}

impl RuntimePage {
    fn of(site_index: &SiteIndex<'_>, column: usize, runtime: &MatrixRuntime<'_>) -> Self {
        let survived = site_index
            .matrix
            .trials_of(column)
            .filter(|trial| trial.outcome.is_survived_panic())
            .count();
        let trials = site_index.matrix.trials_of(column);
        let outcomes = Footer::count(trials.map(|trial| &trial.outcome));
        let mut lines = site_index.history.lines.iter();
        let line = lines.find(|line| line.columns.contains(&column));
        let near = |step: isize| {
            let line = line?;
            let place = line.columns.iter().position(|it| *it == column)?;
            let column = *line.columns.get(place.checked_add_signed(step)?)?;
            Some(LinkView {
                text: cell::version(site_index.matrix, column),
                href: site_index.runtime(column),
            })
        };
        Self {
            name: cell::full_name(runtime),
            tool: LinkView {
                text: wording::title(runtime.tool),
                href: index::tool(runtime.tool),
            },
            version: wording::title(runtime.version),
            flavour: runtime.flavour.map(wording::title),
            channel: match runtime.build().mark() {
                Some(mark) => wording::title(&format!("{}, {mark}", runtime.channel)),
                None => wording::title(runtime.channel),
            },
            unmeasured: runtime.unmeasured.as_deref().map(wording::line),
            provenance: provenance(runtime),
            outcomes: outcomes
                .into_iter()
                .filter(|(_, count)| *count > 0)
                .flat_map(|(kind, count)| match kind {
                    OutcomeKind::Crashed => vec![
                        (kind.to_string(), count.saturating_sub(survived)),
                        (SURVIVED.to_owned(), survived),
                    ],
                    _ => vec![(kind.to_string(), count)],
                })
                .filter(|(_, count)| *count > 0)
                .collect(),
            numbers: Vec::new(),
            requirements: None,
            shown: 0,
            changes: Vec::new(),
            before: near(-1),
            after: near(1),
            families: families(site_index, column),
        }
    }
}

/// What exactly was run, in lines.
pub(super) fn provenance(runtime: &MatrixRuntime<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(record) = runtime.record {
        let it = &record.provenance;
        for (role, path) in &it.binaries {
            lines.push(wording::line(&match it.versions.get(role) {
                Some(version) => format!("{role}: {path}, which says {version}"),
                None => format!("{role}: {path}"),
            }));
        }
        for (package, version) in &it.packages {
            lines.push(wording::line(&format!("package {package} {version}")));
        }
        let build = runtime.build();
        lines.extend(build.lines().iter().map(|line| wording::line(line)));
        if let Some(snapshotter) = &it.snapshotter {
            lines.push(wording::line(&format!("images are kept by {snapshotter}")));
        }
        lines.extend(it.notes.iter().map(|note| wording::line(note)));
    }
    lines
}

fn families(site_index: &SiteIndex<'_>, column: usize) -> Vec<FamilyView> {
    let several = site_index.matrix.tables.len() > 1;
    let mut families = Vec::new();
    for table in &site_index.matrix.tables {
        for family in &table.families {
            let rows = family.rows.iter();
            let rows: Vec<RowView> = rows
                .filter_map(|row| RowView::of(site_index, table.operation, row, column))
                .collect();
            if !rows.is_empty() {
                families.push(FamilyView {
                    id: wording::title(family.id),
                    operation: several.then(|| wording::title(table.operation)),
                    rows,
                });
            }
        }
    }
    families
}

impl RowView {
    fn of(
        site_index: &SiteIndex<'_>,
        operation: &str,
        row: &Row<'_>,
        column: usize,
    ) -> Option<Self> {
        let trial = row.cells.get(column).copied().flatten()?;
        let consensus = Consensus::of(site_index.matrix, row);
        let others = consensus.as_ref().and_then(|consensus| {
            let majority = consensus.majority()?;
            let alone = trial.outcome.is_measured() && !majority.columns.contains(&column);
            alone.then(|| {
                let crowds = group::of(site_index, row, &majority.columns);
                let outcome = cell::outcome(majority.outcome, CellWording::Full).text;
                format!("{outcome}: {}", group::text(&crowds))
            })
        });
        Some(Self {
            case: LinkView {
                text: wording::title(&row.short_label()),
                href: site_index.row(operation, row.case, row.platform),
            },
            title: text::line(row.title),
            outcome: wording::outcome(&trial.outcome),
            evidence: site_index.cell(row, operation, column),
            others,
        })
    }
}
