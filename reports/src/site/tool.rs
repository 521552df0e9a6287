//! The page of a tool with its versions as a timeline of changes, and the list of tools.

use super::{
    Sink,
    findings::EntryView,
    graph::timeline::{self, TimelineView},
    index::{self, SiteIndex},
    page_layout::{self, SiteSection},
    wording::{self, LinkView},
};
use crate::{
    analysis::{
        changes::versions::{ReleaseSeries, VersionChange},
        findings,
    },
    render::{
        cell,
        findings::{flaky, flavours, unchanged},
        verdicts::{COUNTED, Overall},
    },
    text,
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Serialize)]
struct ToolPage {
    name: String,
    timeline: Option<TimelineView>,
    lines: Vec<LineView>,
    /// Versions that differ when repeated.
    wavering: Vec<EntryView>,
    /// In what configurations of one version differ.
    parted: Vec<EntryView>,
}

/// One configuration.
#[derive(Serialize)]
struct LineView {
    name: String,
    /// Whose code chooses, where that has another name.
    voice: Option<String>,
    runtimes: Vec<RuntimeView>,
    steps: Vec<StepView>,
    /// What is said where nothing changed.
    unchanged: Vec<EntryView>,
}

#[derive(Serialize)]
struct RuntimeView {
    runtime: LinkView,
    channel: String,
    unmeasured: Option<String>,
    /// Verdicts and peers, in numbers.
    numbers: Vec<usize>,
}

/// What changed on the way to one version.
#[derive(Serialize)]
struct StepView {
    anchor: String,
    runtime: LinkView,
    rows: usize,
    /// In how many rows only the reason for refusing changed.
    reasons: usize,
    entries: Vec<EntryView>,
}

#[derive(Serialize)]
struct ToolsPage {
    counted: &'static [&'static str],
    tools: Vec<ToolView>,
    missing: Vec<(String, String)>,
}

#[derive(Serialize)]
struct ToolView {
    tool: LinkView,
    lines: Vec<LineView>,
}

/// The page of every tool, and the list of them.
pub(super) fn pages(site_index: &SiteIndex<'_>, sink: &mut impl Sink) {
    let tools: BTreeSet<&str> = site_index
        .history
        .lines
        .iter()
        .map(|line| line.tool)
        .collect();
    let maker = Maker::of(site_index);
    for tool in &tools {
        let page = maker.tool(tool);
        let path = index::tool(tool);
        let sheet = (path.as_str(), page.name.as_str(), "tool.html");
        page_layout::page(site_index, sink, SiteSection::Tools, sheet, &page);
    }
    let mut listed: Vec<ToolView> = Vec::new();
    for (number, line) in site_index.history.lines.iter().enumerate() {
        let link = LinkView {
            text: wording::title(line.tool),
            href: index::tool(line.tool),
        };
        let view = maker.line(number, line);
        match listed.last_mut() {
            Some(last) if last.tool == link => last.lines.push(view),
            Some(_) | None => listed.push(ToolView {
                tool: link,
                lines: vec![view],
            }),
        }
    }
    let summary = &site_index.summary;
    let missing = summary.unmeasured.iter();
    let page = ToolsPage {
        counted: &COUNTED,
        tools: listed,
        missing: missing
            .map(|it| (it.runtime.clone(), it.why.clone()))
            .collect(),
    };
    let sheet = ("tools.html", "Tools", "tools.html");
    page_layout::page(site_index, sink, SiteSection::Tools, sheet, &page);
}

struct Maker<'m, 's> {
    site_index: &'m SiteIndex<'s>,
    numbers: BTreeMap<usize, Vec<usize>>,
    changed: Vec<findings::Changed<'m>>,
    unchanged: Vec<findings::Unchanged<'m>>,
}

impl<'m, 's> Maker<'m, 's> {
    fn of(site_index: &'m SiteIndex<'s>) -> Self {
        let overall = Overall::of(site_index.matrix, site_index.verdicts);
        let numbers = overall.into_iter().flat_map(|overall| overall.runtimes);
        Self {
            site_index,
            numbers: numbers
                .map(|(column, numbers)| (column, numbers.to_vec()))
                .collect(),
            changed: findings::changed(site_index.matrix, &site_index.history),
            unchanged: findings::unchanged(site_index.matrix, &site_index.history),
        }
    }

    fn tool(&self, tool: &str) -> ToolPage {
        let site_index = self.site_index;
        let lines = site_index.history.lines.iter().enumerate();
        let lines: Vec<LineView> = lines
            .filter(|(_, line)| line.tool == tool)
            .map(|(number, line)| self.line(number, line))
            .collect();
        let (matrix, history) = (site_index.matrix, &site_index.history);
        let is_of = |line: usize| history.lines.get(line).is_some_and(|it| it.tool == tool);
        let unsteady = history.unsteady.iter().filter(|it| is_of(it.line));
        let differences = findings::differences(matrix, history);
        let differences = differences.iter().filter(|it| {
            let left = it.versions.first().map(|(left, _)| *left);
            left.is_some_and(|left| matrix.runtimes.get(left).is_some_and(|it| it.tool == tool))
        });
        ToolPage {
            name: text::line(tool),
            timeline: TimelineView::of(site_index, tool),
            lines,
            wavering: unsteady
                .map(|it| EntryView::of(site_index, &flaky(matrix, history, it)))
                .collect(),
            parted: differences
                .map(|it| EntryView::of(site_index, &flavours(matrix, it)))
                .collect(),
        }
    }

    fn line(&self, number: usize, line: &ReleaseSeries<'_>) -> LineView {
        let site_index = self.site_index;
        let name = line.name();
        let voice = line.lineage;
        let stayed = self.unchanged.iter().filter(|it| it.line == number);
        LineView {
            voice: (voice != line.tool).then(|| text::line(voice)),
            runtimes: line
                .columns
                .iter()
                .filter_map(|column| self.runtime(*column))
                .collect(),
            steps: line
                .columns
                .iter()
                .filter_map(|column| self.step(number, *column))
                .collect(),
            unchanged: stayed
                .map(|it| {
                    let said = unchanged(site_index.matrix, &site_index.history, it);
                    EntryView::of(site_index, &said)
                })
                .collect(),
            name,
        }
    }

    fn runtime(&self, column: usize) -> Option<RuntimeView> {
        let runtime = self.site_index.runtime_of(column)?;
        Some(RuntimeView {
            runtime: LinkView {
                text: wording::title(&runtime.id),
                href: self.site_index.runtime(column),
            },
            channel: match runtime.build().mark() {
                Some(mark) => wording::title(&format!("{}, {mark}", runtime.channel)),
                None => wording::title(runtime.channel),
            },
            unmeasured: runtime.unmeasured.as_deref().map(wording::line),
            numbers: self.numbers.get(&column).cloned().unwrap_or_default(),
        })
    }

    fn step(&self, line: usize, column: usize) -> Option<StepView> {
        let site_index = self.site_index;
        let here = |it: &&VersionChange<'_, '_>| it.line == line && it.to.column == column;
        let rows = site_index.history.behaviour().filter(here).count();
        let all = site_index.history.changes.iter().filter(here).count();
        let entries = self.changed.iter().filter(|it| it.to == column);
        (all > 0).then(|| StepView {
            reasons: all - rows,
            anchor: timeline::step_anchor(site_index, column),
            runtime: LinkView {
                text: cell::version(site_index.matrix, column),
                href: site_index.runtime(column),
            },
            rows,
            entries: entries
                .map(|it| EntryView::of_change(site_index, it))
                .collect(),
        })
    }
}
