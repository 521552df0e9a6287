//! The page of split views: where a scanner reads one child and a runtime takes another. There is
//! none where no row has both a scan and an operation that takes the image.

use super::{
    Sink, group,
    group::VersionGroup,
    index::{self, SiteIndex},
    page_layout::{self, SiteSection},
    path,
    wording::{self, LinkView, OutcomeView},
};
use crate::{
    analysis::{
        findings::{self, Finding, FindingRow, OutcomeGroup},
        matrix::Row,
        split_views::SplitViews,
    },
    text,
};
use serde::Serialize;

/// Where it is.
pub(super) const PATH: &str = "views.html";

/// Split views, on a page of their own or on that of the matrix.
#[derive(Serialize)]
pub(super) struct ViewsPage {
    /// In how many rows there is what, a paragraph for each operation that takes an image.
    counts: Vec<String>,
    groups: Vec<GroupView>,
}

/// Rows in which the same scanners and the same runtimes are on the same sides.
#[derive(Serialize)]
struct GroupView {
    anchor: String,
    /// Whether the newest versions are on different sides.
    newest: bool,
    title: String,
    scanned: Vec<SideView>,
    /// By which operation the image was taken.
    operation: String,
    taken: Vec<SideView>,
    /// The example first.
    rows: Vec<ViewRowView>,
}

/// Who reads or takes one child in the example.
#[derive(Serialize)]
struct SideView {
    outcome: OutcomeView,
    crowds: Vec<VersionGroup>,
    /// The same as text, where there are no pages to lead to.
    who: String,
}

#[derive(Serialize)]
struct ViewRowView {
    text: String,
    /// Where the evidence of the scan is, and that of the other operation; none where there is no
    /// page but one.
    links: Vec<LinkView>,
}

/// The page, where there is something to say.
pub(super) fn page(site_index: &SiteIndex<'_>, sink: &mut impl Sink) {
    if let Some(page) = ViewsPage::of(site_index) {
        let sheet = (PATH, "Split views", "views.html");
        page_layout::page(site_index, sink, SiteSection::Views, sheet, &page);
    }
}

impl ViewsPage {
    /// Nothing where no row has both a scan and an operation that takes the image.
    pub(super) fn of(site_index: &SiteIndex<'_>) -> Option<Self> {
        let all = SplitViews::of(site_index.matrix);
        let findings = findings::split_views(site_index.matrix);
        (!all.is_empty()).then(|| Self {
            counts: all
                .iter()
                .map(|views| views.counts.words(views.operation))
                .collect(),
            groups: findings
                .iter()
                .filter_map(|finding| GroupView::of(site_index, finding))
                .collect(),
        })
    }
}

impl GroupView {
    fn of(site_index: &SiteIndex<'_>, finding: &Finding<'_, '_>) -> Option<Self> {
        let example = finding.example()?;
        let taken = example.taken?;
        let (scanners, runtimes) = example.scanned_and_taken();
        let sides = |row: &Row<'_>, groups: &[OutcomeGroup<'_>]| {
            let groups = groups.iter();
            let sides = groups.map(|group| SideView::of(site_index, row, group));
            sides.collect()
        };
        let rows = std::iter::once(example).chain(finding.likewise());
        Some(Self {
            anchor: format!(
                "{}/{}",
                path::parts(example.row.case),
                index::row_anchor(taken.operation, example.row.platform)
            ),
            newest: finding.is_of_newest(),
            title: text::line(example.row.title),
            scanned: sides(example.row, scanners),
            operation: text::line(taken.operation),
            taken: sides(taken.row, runtimes),
            rows: rows
                .map(|row| ViewRowView::of(site_index, finding.operation, row))
                .collect(),
        })
    }
}

impl SideView {
    fn of(site_index: &SiteIndex<'_>, row: &Row<'_>, group: &OutcomeGroup<'_>) -> Self {
        let crowds = group::of(site_index, row, &group.runtimes);
        Self {
            outcome: wording::outcome(group.outcome),
            who: group::text(&crowds),
            crowds: if site_index.alone { Vec::new() } else { crowds },
        }
    }
}

impl ViewRowView {
    fn of(site_index: &SiteIndex<'_>, operation: &str, row: &FindingRow<'_, '_>) -> Self {
        let link = |operation: &str, row: &Row<'_>| {
            Some(LinkView {
                text: text::line(operation),
                href: site_index.elsewhere(|| site_index.row(operation, row.case, row.platform))?,
            })
        };
        let taken = row.taken.and_then(|it| link(it.operation, it.row));
        Self {
            text: wording::title(&row.row.label()),
            links: link(operation, row.row).into_iter().chain(taken).collect(),
        }
    }
}
