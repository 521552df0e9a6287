//! The page about the site: how it was measured, where everything comes from, and how far to trust
//! it.

use super::{
    Sink,
    index::SiteIndex,
    page_layout::{self, SiteSection},
    runtime,
    wording::{self, LegendView, LinkView},
};
use crate::{
    analysis::matrix::Table,
    render::cell,
    render::{RunSummary, Summary},
};
use ocipick_records::{ChannelRecord, RepeatedCells};
use serde::Serialize;

#[derive(Serialize)]
struct AboutPage {
    summary: Summary,
    runs: Vec<RunView>,
    legend: Vec<LegendView>,
    runtimes: Vec<RuntimeView>,
    revisions: Vec<String>,
}

#[derive(Serialize)]
struct RunView {
    run: Option<RunSummary>,
    corpus: String,
    /// What of the machine decides what is taken where no platform is asked for.
    machine: String,
    repeats: Option<String>,
    channels: Vec<ChannelView>,
}

#[derive(Serialize)]
struct ChannelView {
    name: String,
    base: Option<String>,
    packages: usize,
    bootstrapper: String,
    expired: Option<String>,
}

#[derive(Serialize)]
struct RuntimeView {
    runtime: LinkView,
    provenance: Vec<String>,
}

/// The page.
pub(super) fn page(site_index: &SiteIndex<'_>, sink: &mut impl Sink) {
    let matrix = site_index.matrix;
    let runs = matrix.runs.iter().zip(&site_index.summary.runs);
    let revisions = site_index.verdicts.revisions();
    let page = AboutPage {
        summary: site_index.summary.clone(),
        runs: runs
            .map(|(run, summary)| RunView {
                run: Some(summary.clone()),
                corpus: wording::line(&run.header.corpus.digest),
                machine: cell::machine(&run.header.host),
                repeats: run.header.repeats.map(|repeats| {
                    let which = match repeats.of {
                        RepeatedCells::Every => "every cell was",
                        RepeatedCells::Splits => {
                            "the cells of rows in which runtimes disagree, and cells that are \
                             neither a pick nor unmeasured, were"
                        }
                        RepeatedCells::Differences => {
                            "the cells of builds of somebody's own that differ from the released \
                             version, and those of that, were"
                        }
                    };
                    format!(
                        "{which} tried {} times, seed {}",
                        repeats.tries, repeats.seed
                    )
                }),
                channels: run.header.channels.iter().map(ChannelView::of).collect(),
            })
            .collect(),
        legend: wording::legend(matrix.tables.iter().flat_map(Table::rows)),
        runtimes: matrix
            .runtimes
            .iter()
            .enumerate()
            .map(|(column, it)| RuntimeView {
                runtime: LinkView {
                    text: cell::full_name(it),
                    href: site_index.runtime(column),
                },
                provenance: runtime::provenance(it),
            })
            .collect(),
        revisions: revisions
            .map(|(name, release)| format!("{name} {release}"))
            .collect(),
    };
    let sheet = ("about.html", "About this site", "about.html");
    page_layout::page(site_index, sink, SiteSection::About, sheet, &page);
}

impl ChannelView {
    fn of(record: &ChannelRecord) -> Self {
        Self {
            name: wording::title(&record.name),
            base: record.base.as_deref().map(wording::title),
            packages: record.packages.len(),
            bootstrapper: wording::title(&record.bootstrapper),
            expired: record.expired.as_deref().map(wording::line),
        }
    }
}
