//! The page of findings: splits, violations, crashes, and changes between versions.

use super::{
    Sink,
    graph::{bars::BarsView, heat::HeatView},
    index::{self, SiteIndex},
    page_layout::{self, SiteSection},
    path,
    wording::{self, LinkView, PieceView, RowsView},
};
use crate::{
    analysis::findings::{self, Changed, Severity},
    render::{
        findings::{FindingText, Statement, changed, sections},
        verdicts,
    },
    text,
};
use serde::Serialize;

/// Up to so many rows stand in the sentence itself.
const INLINE: usize = 4;

#[derive(Serialize)]
struct FindingsPage {
    kinds: Vec<KindView>,
    bars: BarsView,
    heat: Option<HeatView>,
    /// Which runtimes the map shows, where it does not show all.
    #[serde(skip_serializing_if = "Option::is_none")]
    heat_of: Option<String>,
    revisions: Vec<String>,
    broken: Vec<BrokenView>,
    changes: Vec<SectionView>,
}

/// Findings of one kind.
#[derive(Serialize)]
struct KindView {
    anchor: String,
    title: &'static str,
    about: &'static str,
    findings: Vec<FindingView>,
}

/// One finding, with its example.
#[derive(Serialize)]
pub(super) struct FindingView {
    pub(super) anchor: String,
    case: LinkView,
    title: String,
    observed: Vec<PieceView>,
    likewise: Vec<LinkView>,
    /// Rows in which only those that the finding is about did the same.
    also: Vec<LinkView>,
    also_words: String,
}

/// A clause that somebody broke.
#[derive(Serialize)]
struct BrokenView {
    keyword: &'static str,
    clause: LinkView,
    link: String,
    says: String,
    since: String,
    broken: usize,
    judged: usize,
    breaches: Vec<ViolationView>,
}

#[derive(Serialize)]
struct ViolationView {
    runtimes: String,
    rows: Vec<LinkView>,
}

#[derive(Serialize)]
struct SectionView {
    anchor: &'static str,
    title: &'static str,
    note: Option<String>,
    entries: Vec<EntryView>,
}

/// A change or a difference, with its rows.
#[derive(Serialize)]
pub(super) struct EntryView {
    pub(super) operation: Option<String>,
    what: Vec<PieceView>,
    /// Whether its rows are many, so that they are shown only on demand.
    long: bool,
    count: String,
    families: Vec<RowsView>,
}

/// The page.
pub(super) fn page(site_index: &SiteIndex<'_>, sink: &mut impl Sink) {
    let matrix = site_index.matrix;
    let mut kinds: Vec<KindView> = Vec::new();
    for finding in findings::all(matrix) {
        let (anchor, title, about) = kind(finding.severity);
        let view = FindingView::of(site_index, &FindingText::of(matrix, &finding));
        match kinds.last_mut() {
            Some(kind) if kind.anchor == anchor => kind.findings.push(view),
            Some(_) | None => kinds.push(KindView {
                anchor: anchor.to_owned(),
                title,
                about,
                findings: vec![view],
            }),
        }
    }
    let all: Vec<usize> = matrix
        .runtimes
        .iter()
        .enumerate()
        .filter(|(_, it)| it.unmeasured.is_none())
        .map(|(column, _)| column)
        .collect();
    let folding = site_index.fold.of(all.len());
    let shown = folding.distinct(matrix, &site_index.history.lines, &all);
    let revisions = site_index.verdicts.revisions();
    let page = FindingsPage {
        kinds,
        bars: BarsView::of(matrix),
        heat: HeatView::of(site_index, &shown),
        heat_of: (shown.len() < all.len()).then(|| {
            let of = text::count(all.len(), "runtime", "runtimes");
            format!(
                "Of {of}, those that are alike in every row are one, by the name of the newest."
            )
        }),
        revisions: revisions
            .map(|(name, release)| format!("{name} {release}"))
            .collect(),
        broken: broken(site_index),
        changes: changes(site_index),
    };
    let sheet = ("findings.html", "Findings", "findings.html");
    page_layout::page(site_index, sink, SiteSection::Findings, sheet, &page);
}

/// Where findings of a kind stand, what they are called, and why they matter.
pub(super) fn kind(surprise: Severity) -> (&'static str, &'static str, &'static str) {
    match surprise {
        Severity::Crash => (
            "crash",
            "Crashes",
            "A tool or its daemon crashed over data that anyone can publish. One fault that was seen in \
             several versions and cases is one finding.",
        ),
        Severity::HollowSuccess => (
            "hollow-success",
            "Success that is none",
            "A tool reported success, and there is no usable image, or one without a file system, or \
             the evidence contradicts itself, or it differs when repeated.",
        ),
        Severity::Hang => ("hang", "Hangs", "A tool did not end within its deadline."),
        Severity::SurvivedPanic => (
            "survived-panic",
            "Panics that were survived",
            "A daemon panicked over the request, which was lost, and lives on: the next one is answered.",
        ),
        Severity::SplitView => (
            "split-view",
            "Split views",
            "A scanner reads one child, and a runtime takes another.",
        ),
        Severity::DifferentPicks => (
            "different-picks",
            "Different picks",
            "Tools succeed with different children: what one of them scans is not what another runs.",
        ),
        Severity::Lone => (
            "lone",
            "One tool alone",
            "One tool does one thing, and all others do another.",
        ),
        Severity::PickOrRefuse => (
            "pick-or-refuse",
            "Picked or refused",
            "Some tools pick a child where others refuse.",
        ),
        Severity::DifferentReasons => (
            "different-reasons",
            "Different reasons",
            "All refuse, for different reasons.",
        ),
    }
}

impl FindingView {
    pub(super) fn of(site_index: &SiteIndex<'_>, finding: &FindingText) -> Self {
        let (kind, _, _) = kind(finding.severity);
        let operation = &finding.operation;
        let links = |labels: &[String]| -> Vec<LinkView> {
            labels
                .iter()
                .map(|label| LinkView {
                    text: text::clip(label, 60),
                    href: site_index.label(operation, label).unwrap_or_default(),
                })
                .collect()
        };
        Self {
            anchor: format!(
                "{kind}/{}/{}",
                path::parts(&finding.case),
                index::row_anchor(operation, &finding.platform)
            ),
            case: LinkView {
                text: wording::title(&finding.case),
                href: site_index.row(operation, &finding.case, &finding.platform),
            },
            title: finding.title.clone(),
            observed: wording::pieces(&finding.observed),
            likewise: links(&finding.likewise),
            also: links(&finding.also),
            also_words: finding.also(),
        }
    }
}

fn broken(site_index: &SiteIndex<'_>) -> Vec<BrokenView> {
    let broken = site_index.verdicts.broken().into_iter();
    broken
        .map(|tally| BrokenView {
            keyword: verdicts::keyword(tally.level),
            clause: LinkView {
                text: tally.clause.to_owned(),
                href: index::clause(tally.clause),
            },
            link: tally.link.to_owned(),
            since: tally.since(),
            says: tally.says.to_owned(),
            broken: tally.broken,
            judged: tally.judged,
            breaches: tally
                .breaches
                .iter()
                .map(|breaches| ViolationView {
                    runtimes: format!(
                        "{}{}",
                        runtimes(site_index, &breaches.columns),
                        verdicts::remarks(site_index.matrix, breaches)
                    ),
                    rows: breaches
                        .rows
                        .iter()
                        .map(|row| LinkView {
                            text: wording::title(&row.label),
                            href: site_index.row(&breaches.operation, &row.case, &row.platform),
                        })
                        .collect(),
                })
                .collect(),
        })
        .collect()
}

/// Runtimes by tool and version, as text.
pub(super) fn runtimes(site_index: &SiteIndex<'_>, columns: &[usize]) -> String {
    let tools: Vec<String> = verdicts::runtimes(site_index.matrix, columns)
        .into_iter()
        .map(|(tool, versions)| format!("{tool} {}", text::list(&versions)))
        .collect();
    tools.join("; ")
}

fn changes(site_index: &SiteIndex<'_>) -> Vec<SectionView> {
    sections(site_index.matrix, &site_index.history)
        .into_iter()
        .map(|section| SectionView {
            anchor: section.anchor,
            title: section.title,
            note: section.note,
            entries: section
                .statements
                .iter()
                .map(|it| EntryView::of(site_index, it))
                .collect(),
        })
        .collect()
}

impl EntryView {
    pub(super) fn of_change(site_index: &SiteIndex<'_>, change: &Changed<'_>) -> Self {
        let statement = changed(site_index.matrix, &site_index.history, change);
        Self::of(site_index, &statement)
    }

    pub(super) fn of(site_index: &SiteIndex<'_>, it: &Statement) -> Self {
        Self {
            operation: (site_index.matrix.tables.len() > 1).then(|| text::line(&it.operation)),
            what: wording::pieces(&it.what),
            long: it.rows.count() > INLINE,
            count: if it.unnamed > 0 {
                format!("no change in {}", text::count(it.unnamed, "row", "rows"))
            } else {
                text::count(it.rows.count(), "row", "rows")
            },
            families: wording::rows(site_index, &it.operation, &it.rows),
        }
    }
}
