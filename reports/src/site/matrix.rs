//! The pages with the matrix, one per operation: cases by runtimes, with filters.
//!
//! All that filters need stands in attributes of the rows, so that the script works on a few
//! hundred short texts and never reads the table.

use super::{
    Sink,
    index::{self, SiteIndex},
    page_layout::{self, SiteSection},
    path,
    views::ViewsPage,
    wording::{self, LegendView, LinkView},
};
use crate::{
    analysis::{
        changes::versions::{
            AlikeVersions, ColumnFolding, Edge, FoldMode, Interval, ReleaseSeries, Step, intervals,
            steps,
        },
        consensus::Consensus,
        embargo,
        matrix::{CollapsedRow, FamilyRows, Row, Table},
    },
    render::{
        cell::{self, CellStyle, CellWording},
        family,
        head::Head,
    },
    text,
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The narrowest and the widest column, in characters.
const WIDTHS: (usize, usize) = (7, 17);

#[derive(Serialize)]
struct MatrixPage {
    operation: String,
    /// The tables of all operations, where there are several.
    operations: Vec<OperationView>,
    rows: usize,
    runtimes: usize,
    splits: usize,
    /// In which ways runtimes disagree.
    disagree: String,
    /// Whether an outcome changes within a line.
    changed: bool,
    /// Whether a version that differs when repeated has a steady neighbour.
    unsteady: bool,
    /// The page with the columns that this one folds, or the other way.
    #[serde(skip_serializing_if = "Option::is_none")]
    unfolded: Option<UnfoldedView>,
    lines: Vec<LineView>,
    columns: Vec<ColumnView>,
    families: Vec<FamilyView>,
    /// The clauses that cases of the table exercise; rows name them by their place.
    clauses: Vec<String>,
    legend: Vec<LegendView>,
    /// The runtimes without a trial of this operation.
    left_out: Vec<String>,
}

#[derive(Serialize)]
struct OperationView {
    name: String,
    href: String,
    current: bool,
}

/// The way between the table with folded columns and that with a column for every runtime.
#[derive(Serialize)]
struct UnfoldedView {
    /// Whether this is the one with a column for every runtime.
    is_this: bool,
    /// How many columns this one has.
    columns: usize,
    href: String,
}

#[derive(Serialize)]
struct LineView {
    number: usize,
    /// As the state in the URL names it.
    key: String,
    tool: String,
    flavour: Option<String>,
    /// Where its runtimes come from, where columns are divided by that.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    /// The page of the tool, where it has one.
    href: Option<String>,
    bands: Vec<VersionRangeView>,
}

#[derive(Serialize)]
struct VersionRangeView {
    #[serde(flatten)]
    head: Head,
    /// The page of the runtime, where it is one.
    href: Option<String>,
}

#[derive(Serialize)]
struct ColumnView {
    line: usize,
    width: usize,
}

#[derive(Serialize)]
struct FamilyView {
    anchor: String,
    id: String,
    title: String,
    /// What stands above its rows, and what follows it where that says more.
    heading: String,
    note: Option<String>,
    about: String,
    splits: usize,
    /// Of how many cases and platforms.
    rows: usize,
    lines: Vec<RowView>,
}

#[derive(Serialize)]
struct RowView {
    anchor: String,
    name: String,
    href: String,
    title: String,
    platform: Option<String>,
    alike: Vec<AlikeView>,
    split: bool,
    /// For each line the clusters that its runtimes are in, by number; `-` for what was not
    /// measured, and `#` for what is withheld.
    clusters: String,
    /// What each cluster did.
    tones: String,
    /// Lines in which an outcome changed.
    changed: String,
    /// The clauses, by their place in the list of the page.
    clauses: String,
    cells: Vec<CellView>,
}

/// A row that is the same in every cell.
#[derive(Serialize)]
struct AlikeView {
    anchor: String,
    name: String,
    title: String,
    href: String,
}

/// A cell, which may stand for neighbouring versions.
#[derive(Serialize)]
struct CellView {
    line: usize,
    tone: CellStyle,
    text: String,
    /// Over how many columns it goes.
    span: usize,
    /// Whether it is the first of its line.
    begins: bool,
    /// What came before it, where that was something else: for those who do not see the edge.
    before: Option<String>,
    unsteady: bool,
    /// Where its evidence is; none where there was no trial.
    href: Option<String>,
}

/// The tables of all operations on one page.
#[derive(Serialize)]
struct OnePage {
    tables: Vec<SectionView>,
    /// Where what is scanned is not what is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    views: Option<ViewsPage>,
}

#[derive(Serialize)]
struct SectionView {
    /// The part of the page that it is.
    section: String,
    /// Whether it is the first one, which gives the page its title and is filtered.
    first: bool,
    #[serde(flatten)]
    table: MatrixPage,
}

/// All operations on one page.
pub(super) fn alone(site_index: &SiteIndex<'_>, sink: &mut impl Sink) {
    let nothing = [NOTHING];
    let tables = tables(site_index, &nothing).iter().enumerate();
    let page = OnePage {
        tables: tables
            .map(|(number, table)| SectionView {
                section: section(table.operation),
                first: number == 0,
                table: MatrixPage::of(site_index, number, table, site_index.fold),
            })
            .collect(),
        views: ViewsPage::of(site_index),
    };
    let sheet = ("index.html", "Matrix", "report.html");
    page_layout::page(site_index, sink, SiteSection::Matrix, sheet, &page);
}

fn section(operation: &str) -> String {
    format!("of:{}", path::part(operation))
}

/// Other pages lead to a table even where nothing was measured.
const NOTHING: Table<'static> = Table {
    operation: "pull",
    families: Vec::new(),
};

fn tables<'t, 's>(site_index: &SiteIndex<'s>, nothing: &'t [Table<'s>]) -> &'t [Table<'s>]
where
    's: 't,
{
    match site_index.matrix.tables.as_slice() {
        [] => nothing,
        tables => tables,
    }
}

/// The page of every operation.
pub(super) fn pages(site_index: &SiteIndex<'_>, sink: &mut impl Sink) {
    let nothing = [NOTHING];
    for (number, table) in tables(site_index, &nothing).iter().enumerate() {
        let mut show = |fold: FoldMode, path: &str| {
            let page = MatrixPage::of(site_index, number, table, fold);
            let title = format!("Matrix: {}", page.operation);
            let sheet = (path, title.as_str(), "matrix.html");
            page_layout::page(site_index, sink, SiteSection::Matrix, sheet, &page);
        };
        show(site_index.fold, &index::table(number, table.operation));
        if is_folded(site_index.fold, table) {
            let path = index::unfolded_table(number, table.operation);
            show(FoldMode::Never, &path);
        }
    }
}

/// Whether the columns of a table are folded as those of a wide one.
fn is_folded(fold: FoldMode, table: &Table<'_>) -> bool {
    match fold.of(table.columns().len()) {
        ColumnFolding::BySource => true,
        ColumnFolding::Apart | ColumnFolding::ByVersion => false,
    }
}

/// The part of the matrix that shows a family.
pub(super) fn family_anchor(family: &str) -> String {
    format!("{}/", path::parts(family))
}

impl MatrixPage {
    fn of(site_index: &SiteIndex<'_>, number: usize, table: &Table<'_>, fold: FoldMode) -> Self {
        let own = table.columns();
        let folding = fold.of(own.len());
        let lines = folding.lines(site_index.matrix, &site_index.history.lines, table);
        let lines: Vec<(ReleaseSeries<'_>, Vec<AlikeVersions>)> = lines
            .into_iter()
            .map(|line| {
                let bands = folding.bands(&line, table.rows());
                (line, bands)
            })
            .collect();
        let clauses: BTreeSet<&str> = table
            .rows()
            .flat_map(|row| clauses(site_index, table.operation, row))
            .collect();
        let clauses: Vec<&str> = clauses.into_iter().collect();
        let maker = Maker {
            site_index,
            table,
            lines: &lines,
            folding,
            clauses: clauses.iter().copied().zip(0..).collect(),
            prefix: if site_index.alone && number > 0 {
                format!("{}:", path::part(table.operation))
            } else {
                String::new()
            },
        };
        let families: Vec<FamilyView> = table
            .families
            .iter()
            .map(|family| maker.family(family))
            .collect();
        let cells = || {
            let rows = families.iter().flat_map(|family| &family.lines);
            rows.flat_map(|row| &row.cells)
        };
        let several = site_index.matrix.tables.len() > 1;
        let operations = site_index
            .matrix
            .tables
            .iter()
            .enumerate()
            .filter(|_| several);
        Self {
            operation: wording::title(table.operation),
            operations: operations
                .map(|(place, it)| OperationView {
                    name: wording::title(it.operation),
                    href: if site_index.alone {
                        format!("#{}", section(it.operation))
                    } else {
                        index::table(place, it.operation)
                    },
                    current: place == number,
                })
                .collect(),
            rows: table.rows().count(),
            runtimes: own.len(),
            splits: table.splits(),
            disagree: table.disagreements().words(table.rows().count()),
            changed: cells().any(|cell| cell.before.is_some()),
            unsteady: cells().any(|cell| cell.unsteady),
            unfolded: unfolded(site_index, number, table, fold, &lines),
            columns: maker.columns(&families),
            lines: maker.heads(),
            clauses: clauses.iter().map(|id| (*id).to_owned()).collect(),
            legend: wording::legend(table.rows()),
            left_out: cell::left_out(site_index.matrix, &site_index.history.lines, &own),
            families,
        }
    }
}

/// The way to the other form of a table, where there are two of it.
fn unfolded(
    site_index: &SiteIndex<'_>,
    number: usize,
    table: &Table<'_>,
    fold: FoldMode,
    lines: &[(ReleaseSeries<'_>, Vec<AlikeVersions>)],
) -> Option<UnfoldedView> {
    let is_this = fold != site_index.fold;
    let other = || {
        if is_this {
            index::table(number, table.operation)
        } else {
            index::unfolded_table(number, table.operation)
        }
    };
    let has_other = is_folded(site_index.fold, table);
    let href = site_index.elsewhere(other).filter(|_| has_other)?;
    Some(UnfoldedView {
        is_this,
        columns: lines.iter().map(|(_, bands)| bands.len()).sum(),
        href,
    })
}

/// The clauses that a case exercises.
fn clauses<'s>(site_index: &SiteIndex<'s>, operation: &str, row: &Row<'_>) -> BTreeSet<&'s str> {
    let entries = site_index
        .verdicts
        .of_row(operation, row.case, row.platform);
    entries
        .iter()
        .map(|entry| entry.rule.clause.as_str())
        .collect()
}

struct Maker<'m, 's> {
    site_index: &'m SiteIndex<'s>,
    table: &'m Table<'s>,
    lines: &'m [(ReleaseSeries<'m>, Vec<AlikeVersions>)],
    folding: ColumnFolding,
    clauses: BTreeMap<&'m str, usize>,
    /// What parts of the page are named with, where it has the tables of several operations.
    prefix: String,
}

impl Maker<'_, '_> {
    fn heads(&self) -> Vec<LineView> {
        let heads = self.lines.iter().enumerate();
        heads
            .map(|(number, (line, bands))| LineView {
                number,
                key: match line.source() {
                    Some(source) => path::part(&format!("{}~{source}", line.name())),
                    None => path::part(&line.name()),
                },
                source: line.source(),
                tool: text::line(line.tool),
                flavour: line.flavour.map(|it| text::line(&format!("+{it}"))),
                href: self.site_index.elsewhere(|| index::tool(line.tool)),
                bands: bands.iter().map(|band| self.band(band)).collect(),
            })
            .collect()
    }

    fn band(&self, band: &AlikeVersions) -> VersionRangeView {
        let one = band.columns.len() == 1;
        VersionRangeView {
            head: Head::of(self.site_index.matrix, band, self.folding),
            href: self
                .site_index
                .elsewhere(|| self.site_index.runtime(band.first()))
                .filter(|_| one),
        }
    }

    /// How wide each column is: as wide as the texts that stand in it alone, within limits.
    fn columns(&self, families: &[FamilyView]) -> Vec<ColumnView> {
        let mut columns: Vec<ColumnView> = Vec::new();
        for (number, (_, bands)) in self.lines.iter().enumerate() {
            for band in bands {
                let head = Head::of(self.site_index.matrix, band, self.folding);
                let channel = head.channel.as_deref().unwrap_or_default();
                columns.push(ColumnView {
                    line: number,
                    width: head.version.chars().count().max(channel.chars().count()) + 2,
                });
            }
        }
        for row in families.iter().flat_map(|family| &family.lines) {
            let mut place = 0;
            for cell in &row.cells {
                if cell.span == 1
                    && let Some(column) = columns.get_mut(place)
                {
                    column.width = column.width.max(cell.text.chars().count() + 2);
                }
                place += cell.span;
            }
        }
        for column in &mut columns {
            column.width = column.width.clamp(WIDTHS.0, WIDTHS.1);
        }
        columns
    }

    fn family(&self, family: &FamilyRows<'_>) -> FamilyView {
        let folds = family.folded();
        let (heading, note) = family::heading(family.id, family.title);
        FamilyView {
            heading,
            note,
            anchor: format!("{}{}", self.prefix, family_anchor(family.id)),
            id: text::line(family.id),
            title: text::line(family.title),
            about: text::line(family.about),
            splits: family.rows.iter().filter(|row| row.is_split()).count(),
            rows: family.rows.len(),
            lines: folds.iter().map(|fold| self.row(fold)).collect(),
        }
    }

    fn row(&self, fold: &CollapsedRow<'_, '_>) -> RowView {
        let row = fold.row;
        let (clusters, tones) = self.clusters(row);
        let mut clauses = self.clauses(row);
        for row in &fold.alike {
            clauses.extend(self.clauses(row));
        }
        let clauses: Vec<String> = clauses.iter().map(usize::to_string).collect();
        let changed: Vec<String> = self
            .lines
            .iter()
            .enumerate()
            .filter(|(_, (line, _))| {
                let changed = |step: &Step<'_>| matches!(step, Step::Changed { .. });
                steps(line, row).iter().any(changed)
            })
            .map(|(number, _)| number.to_string())
            .collect();
        RowView {
            anchor: self.anchor(row),
            name: wording::title(row.name()),
            href: self.told(row),
            title: text::line(row.title),
            platform: row.among_platforms.then(|| wording::title(row.platform)),
            alike: fold.alike.iter().map(|row| self.alike(row)).collect(),
            split: row.is_split(),
            clusters,
            tones,
            changed: changed.join(" "),
            clauses: clauses.join(" "),
            cells: self
                .lines
                .iter()
                .enumerate()
                .flat_map(|(number, (line, bands))| self.cells(row, number, line, bands))
                .collect(),
        }
    }

    fn alike(&self, row: &Row<'_>) -> AlikeView {
        AlikeView {
            anchor: self.anchor(row),
            name: wording::title(&row.short_label()),
            title: text::line(row.title),
            href: self.told(row),
        }
    }

    /// The part of the page that shows a row.
    fn anchor(&self, row: &Row<'_>) -> String {
        format!("{}{}", self.prefix, anchor(row))
    }

    /// Where a row is told of: on the page of its case, or nowhere but here.
    fn told(&self, row: &Row<'_>) -> String {
        let operation = self.table.operation;
        let page = || self.site_index.row(operation, row.case, row.platform);
        let elsewhere = self.site_index.elsewhere(page);
        elsewhere.unwrap_or_else(|| format!("#{}", self.anchor(row)))
    }

    fn clauses(&self, row: &Row<'_>) -> BTreeSet<usize> {
        let clauses = clauses(self.site_index, self.table.operation, row).into_iter();
        clauses
            .filter_map(|id| self.clauses.get(id).copied())
            .collect()
    }

    /// See [`RowView::clusters`] and [`RowView::tones`].
    fn clusters(&self, row: &Row<'_>) -> (String, String) {
        let clusters = Consensus::of(self.site_index.matrix, row);
        let clusters = clusters.map_or_else(Vec::new, |consensus| consensus.clusters);
        let cluster = |column: usize| {
            let mut places = clusters.iter();
            let place = places.position(|cluster| cluster.columns.contains(&column));
            let trial = row.cells.get(column).copied().flatten();
            match place {
                Some(place) => place.to_string(),
                None if trial.is_some_and(|it| embargo::is_withheld(&it.outcome)) => "#".to_owned(),
                None => "-".to_owned(),
            }
        };
        let lines: Vec<String> = self
            .lines
            .iter()
            .map(|(line, _)| {
                let known: BTreeSet<String> =
                    line.columns.iter().map(|column| cluster(*column)).collect();
                let known: Vec<String> = known.into_iter().collect();
                known.join(".")
            })
            .collect();
        let tones: Vec<&str> = clusters
            .iter()
            .map(|cluster| CellStyle::of(cluster.outcome).as_str())
            .collect();
        (lines.join(" "), tones.join(" "))
    }

    fn cells(
        &self,
        row: &Row<'_>,
        number: usize,
        line: &ReleaseSeries<'_>,
        bands: &[AlikeVersions],
    ) -> Vec<CellView> {
        let matrix = self.site_index.matrix;
        let steps = steps(line, row);
        let cell = |(place, interval): (usize, Interval<'_>)| {
            let first = interval.columns.first().copied().unwrap_or_default();
            let shown = cell::of_row(matrix, row, first, CellWording::Full);
            let inside = |band: &&AlikeVersions| interval.columns.contains(&band.first());
            CellView {
                line: number,
                tone: shown.tone,
                text: shown.text,
                span: bands.iter().filter(inside).count(),
                begins: place == 0,
                before: steps.iter().find_map(|step| match step {
                    Step::Changed { from, to, .. } if to.column == first => {
                        let version = cell::version(matrix, from.column);
                        let outcome = cell::outcome(from.outcome(), CellWording::Full).text;
                        Some(format!("{outcome} in {version}"))
                    }
                    Step::Changed { .. } | Step::Flaky { .. } => None,
                }),
                unsteady: interval.edge == Edge::Flaky,
                href: interval.trial.and_then(|_| {
                    let site_index = self.site_index;
                    site_index.elsewhere(|| site_index.cell(row, self.table.operation, first))
                }),
            }
        };
        intervals(line, row)
            .into_iter()
            .enumerate()
            .map(cell)
            .collect()
    }
}

fn anchor(row: &Row<'_>) -> String {
    let case = path::parts(row.case);
    if row.among_platforms {
        format!("{case}:{}", path::parts(row.platform))
    } else {
        case
    }
}

/// A link to the rows of a family in the matrix.
pub(super) fn family_link(table: usize, operation: &str, family: &str) -> LinkView {
    LinkView {
        text: text::line(family),
        href: format!(
            "{}#{}",
            index::table(table, operation),
            family_anchor(family)
        ),
    }
}
