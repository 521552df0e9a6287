//! The versions of a tool along a line, and how many rows changed on the way to each of them.

use crate::{
    analysis::changes::{
        ChangeKind,
        versions::{ReleaseSeries, VersionChange},
    },
    render::cell,
    site::index::SiteIndex,
};
use ocipick_records::Outcome;
use serde::Serialize;
use strum::VariantArray as _;

/// What a bar shows: the kinds of change, with the direction where it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, strum::VariantArray)]
#[serde(rename_all = "kebab-case")]
enum Move {
    /// To what no tool should do.
    Failure,
    /// Away from it.
    Recovery,
    Pick,
    Acceptance,
}

impl Move {
    /// None where only the reason for refusing changed.
    fn of(change: &VersionChange<'_, '_>) -> Option<Self> {
        match change.kind {
            ChangeKind::Failure => match change.to.outcome() {
                Outcome::Picked { .. } | Outcome::Refused { .. } => Some(Self::Recovery),
                Outcome::Nothing
                | Outcome::Mixed { .. }
                | Outcome::Crashed { .. }
                | Outcome::TimedOut { .. }
                | Outcome::Unstable { .. }
                | Outcome::Unmeasured { .. } => Some(Self::Failure),
            },
            ChangeKind::Pick => Some(Self::Pick),
            ChangeKind::Acceptance => Some(Self::Acceptance),
            ChangeKind::Reason => None,
        }
    }
}

/// How far one version is from the next.
const STEP: usize = 132;
/// Where the first version is.
const MARGIN: usize = 70;
/// How high the highest pile of changes is, and how high a lane without any is.
const PILE: (usize, usize) = (110, 62);

#[derive(Serialize)]
pub(in crate::site) struct TimelineView {
    width: usize,
    height: usize,
    about: String,
    lanes: Vec<LaneView>,
    turns: Vec<ChangeKindView>,
}

#[derive(Serialize)]
struct ChangeKindView {
    turn: Move,
    symbol: &'static str,
    words: &'static str,
}

/// One configuration.
#[derive(Serialize)]
struct LaneView {
    name: String,
    /// Where its name stands.
    top: usize,
    /// The line on which its versions stand.
    y: usize,
    versions: Vec<VersionView>,
    steps: Vec<StepView>,
}

#[derive(Serialize)]
struct VersionView {
    x: usize,
    version: String,
    channel: Option<String>,
    measured: bool,
    href: String,
}

/// What changed from one version to the next that was measured.
#[derive(Serialize)]
struct StepView {
    x: usize,
    href: String,
    number: usize,
    title: String,
    /// Where the number stands.
    top: usize,
    parts: Vec<PartView>,
}

#[derive(Serialize)]
struct PartView {
    turn: Move,
    symbol: &'static str,
    y: usize,
    height: usize,
}

impl TimelineView {
    /// The lines of a tool; nothing where none has two versions.
    pub(in crate::site) fn of(site_index: &SiteIndex<'_>, tool: &str) -> Option<Self> {
        let lines = site_index.history.lines.iter().enumerate();
        let lines: Vec<(usize, &ReleaseSeries<'_>)> =
            lines.filter(|(_, line)| line.tool == tool).collect();
        if lines.iter().all(|(_, line)| line.columns.len() < 2) {
            return None;
        }
        let most = |line: usize| {
            let mut numbers: std::collections::BTreeMap<usize, usize> = Default::default();
            for change in site_index.history.behaviour().filter(|it| it.line == line) {
                *numbers.entry(change.to.column).or_default() += 1;
            }
            numbers.into_values().max().unwrap_or(0)
        };
        let highest = lines.iter().map(|(line, _)| most(*line)).max().unwrap_or(0);
        let mut lanes = Vec::new();
        let mut turns: Vec<Move> = Vec::new();
        let mut top = 0;
        for (number, line) in &lines {
            let own = most(*number);
            let pile = if own == 0 {
                0
            } else {
                own * PILE.0 / highest + 24
            };
            let y = top + pile + 36;
            let lane = LaneView::of(site_index, *number, line, (top + 10, y), highest);
            turns.extend(
                lane.steps
                    .iter()
                    .flat_map(|step| &step.parts)
                    .map(|it| it.turn),
            );
            lanes.push(lane);
            top = y + PILE.1;
        }
        turns.sort_unstable();
        turns.dedup();
        let longest = lines.iter().map(|(_, line)| line.columns.len()).max();
        Some(Self {
            width: 2 * MARGIN + STEP * longest.unwrap_or(1).saturating_sub(1),
            height: top,
            about: format!(
                "The versions of {} that were measured, oldest first, and in how many rows what \
                 it does changed on the way to each of them; the list below says the same in words.",
                crate::text::line(tool)
            ),
            lanes,
            turns: turns.into_iter().map(ChangeKindView::of).collect(),
        })
    }
}

impl ChangeKindView {
    fn of(turn: Move) -> Self {
        let (symbol, words) = match turn {
            Move::Failure => ("☠", "to a crash, hang, empty success or contradiction"),
            Move::Recovery => (
                "✓",
                "away from a crash, hang, empty success or contradiction",
            ),
            Move::Pick => ("≠", "from one child to another"),
            Move::Acceptance => ("✗", "between a refusal and a pick"),
        };
        Self {
            turn,
            symbol,
            words,
        }
    }
}

impl LaneView {
    fn of(
        site_index: &SiteIndex<'_>,
        number: usize,
        line: &ReleaseSeries<'_>,
        (top, y): (usize, usize),
        highest: usize,
    ) -> Self {
        let x = |place: usize| MARGIN + STEP * place;
        let versions = line.columns.iter().enumerate().map(|(place, column)| {
            let runtime = site_index.runtime_of(*column);
            VersionView {
                x: x(place),
                version: cell::plain_version(site_index.matrix, *column),
                channel: runtime
                    .filter(|_| site_index.matrix.has_channels())
                    .map(|it| crate::text::clip(&crate::text::line(it.channel), 18)),
                measured: runtime.is_some_and(|it| it.unmeasured.is_none()),
                href: site_index.runtime(*column),
            }
        });
        let steps = line
            .columns
            .iter()
            .enumerate()
            .filter_map(|(place, column)| {
                let changes: Vec<_> = site_index
                    .history
                    .behaviour()
                    .filter(|it| it.line == number && it.to.column == *column)
                    .collect();
                let counts: Vec<_> = Move::VARIANTS
                    .iter()
                    .map(|turn| {
                        let moves = changes.iter().filter_map(|it| Move::of(it));
                        (*turn, moves.filter(|it| it == turn).count())
                    })
                    .filter(|(_, count)| *count > 0)
                    .collect();
                let mut parts = Vec::new();
                let mut bottom = y - 10;
                for (turn, count) in counts.iter().copied() {
                    // Never so low that nobody sees it.
                    let height = (count * PILE.0 / highest).max(3);
                    bottom = bottom.saturating_sub(height);
                    parts.push(PartView {
                        turn,
                        symbol: ChangeKindView::of(turn).symbol,
                        y: bottom,
                        height,
                    });
                }
                let said: Vec<String> = counts
                    .into_iter()
                    .map(|(turn, count)| format!("{count} {}", ChangeKindView::of(turn).words))
                    .collect();
                (!changes.is_empty()).then(|| StepView {
                    x: x(place),
                    href: format!("#{}", step_anchor(site_index, *column)),
                    number: changes.len(),
                    title: format!(
                        "{} rows changed on the way to {}: {}",
                        changes.len(),
                        cell::version(site_index.matrix, *column),
                        said.join(", ")
                    ),
                    // Clear of the bar: the number is centred on this line.
                    top: bottom.saturating_sub(11),
                    parts,
                })
            });
        Self {
            name: line.name(),
            top,
            y,
            versions: versions.collect(),
            steps: steps.collect(),
        }
    }
}

/// The part of the page of a tool that tells what changed on the way to a version.
pub(in crate::site) fn step_anchor(site_index: &SiteIndex<'_>, column: usize) -> String {
    let runtime = site_index.runtime_of(column);
    runtime.map_or_else(String::new, |it| {
        format!("to-{}", crate::site::path::part(&it.id))
    })
}
