//! The page of builds: a distribution's build of a release against upstream's own one. There is none
//! where results hold no such pair.

use super::{
    Sink,
    index::SiteIndex,
    page_layout::{self, SiteSection},
    path,
    wording::{self, LinkView, OutcomeView},
};
use crate::{
    analysis::{
        builds::{BuildPair, DifferingRow},
        matrix::MatrixNote,
    },
    text,
};
use serde::Serialize;

/// Where it is.
pub(super) const PATH: &str = "builds.html";

#[derive(Serialize)]
struct BuildsPage {
    pairs: Vec<PairView>,
    /// Builds that do not stand for their release, where there is none of upstream to hold them
    /// against.
    others: Vec<String>,
}

/// Two builds of one release.
#[derive(Serialize)]
struct PairView {
    anchor: String,
    title: String,
    counts: String,
    cause: String,
    distribution: LinkView,
    upstream: LinkView,
    differing: Vec<DifferingView>,
    flaky: Vec<FlakyView>,
}

/// A row in which they differ.
#[derive(Serialize)]
struct DifferingView {
    operation: String,
    case: LinkView,
    built: OutcomeView,
    built_href: String,
    release: OutcomeView,
    release_href: String,
}

/// A row in which one of them differs when repeated.
#[derive(Serialize)]
struct FlakyView {
    operation: String,
    case: LinkView,
}

/// The page, where there is something to say.
pub(super) fn page(site_index: &SiteIndex<'_>, sink: &mut impl Sink) {
    let matrix = site_index.matrix;
    let pairs = BuildPair::all(matrix);
    if pairs.is_empty() {
        return;
    }
    let is_paired = |tool: &str, version: &str| {
        let mut built = pairs
            .iter()
            .filter_map(|pair| site_index.runtime_of(pair.distribution));
        built.any(|it| it.tool == tool && it.version == version)
    };
    let others = matrix.notes.iter().filter(|note| match note {
        MatrixNote::OtherBuild { tool, version, .. } => !is_paired(tool, version),
        MatrixNote::MeasuredAgain { .. } | MatrixNote::SeveralCorpora(_) => false,
    });
    let page = BuildsPage {
        others: others.map(ToString::to_string).collect(),
        pairs: pairs
            .iter()
            .map(|pair| PairView::of(site_index, pair))
            .collect(),
    };
    let sheet = (PATH, "Builds", "builds.html");
    page_layout::page(site_index, sink, SiteSection::Builds, sheet, &page);
}

impl PairView {
    fn of(site_index: &SiteIndex<'_>, pair: &BuildPair<'_, '_>) -> Self {
        let matrix = site_index.matrix;
        let runtime = |column: usize| LinkView {
            text: site_index
                .runtime_of(column)
                .map_or_else(String::new, |it| text::line(it.channel)),
            href: site_index.runtime(column),
        };
        let id = site_index.runtime_of(pair.distribution);
        Self {
            anchor: id.map_or_else(String::new, |it| path::part(&it.id)),
            title: pair.title(matrix),
            counts: pair.counts(),
            cause: pair.cause(matrix),
            distribution: runtime(pair.distribution),
            upstream: runtime(pair.upstream),
            differing: pair
                .differing
                .iter()
                .map(|it| DifferingView::of(site_index, pair, it))
                .collect(),
            flaky: pair
                .flaky
                .iter()
                .map(|it| FlakyView {
                    operation: text::line(it.operation),
                    case: LinkView {
                        text: wording::title(&it.row.label()),
                        href: site_index.row(it.operation, it.row.case, it.row.platform),
                    },
                })
                .collect(),
        }
    }
}

impl DifferingView {
    fn of(site_index: &SiteIndex<'_>, pair: &BuildPair<'_, '_>, it: &DifferingRow<'_, '_>) -> Self {
        let evidence = |column: usize| site_index.cell(it.row, it.operation, column);
        Self {
            operation: text::line(it.operation),
            case: LinkView {
                text: wording::title(&it.row.label()),
                href: site_index.row(it.operation, it.row.case, it.row.platform),
            },
            built: wording::outcome(&it.change.after.outcome),
            built_href: evidence(pair.distribution),
            release: wording::outcome(&it.change.before.outcome),
            release_href: evidence(pair.upstream),
        }
    }
}
