//! What changed from one version to the next, what did not, what differs when repeated, and in what
//! configurations differ.

use super::{Rows, Sentence, wording};
use crate::{
    analysis::{
        changes::{
            ChangeKind,
            versions::{FlakyCell, History, ReleaseSeries, VersionChange},
        },
        findings::{self, ByOldCode, Changed, FlavourDifference, OutcomeShape, Unchanged},
        matrix::Matrix,
    },
    text,
};
use ocipick_records::Outcome;

/// What is said of some rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What the tools were asked to do.
    pub operation: String,
    /// What was observed; a sentence without the rows and without a full stop.
    pub what: Sentence,
    /// Where it was observed.
    pub rows: Rows,
    /// In how many rows it holds, of what holds in too many to name them.
    pub unnamed: usize,
}

/// Statements of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its name in addresses.
    pub anchor: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What to know before relying on it.
    pub note: Option<String>,
    /// What is said; never empty.
    pub statements: Vec<Statement>,
}

/// What is said above changes of the reason alone.
pub const REASONS: &str = "Both versions refuse. The reason is read from the tool's words, so that \
                           new words alone can look like this.";

/// Everything that is said of versions and configurations, by kind.
#[must_use]
pub fn sections(matrix: &Matrix<'_>, history: &History<'_, '_>) -> Vec<Section> {
    let (changes, reasons) = by_weight(findings::changed(matrix, history));
    let say = |changes: &[Changed<'_>]| -> Vec<Statement> {
        let changes = changes.iter();
        changes.map(|it| changed(matrix, history, it)).collect()
    };
    let mut all = say(&changes);
    let stayed = findings::unchanged(matrix, history);
    all.extend(stayed.iter().map(|it| unchanged(matrix, history, it)));
    let unsteady = history.unsteady.iter();
    let differences = findings::differences(matrix, history);
    let section = |anchor, title, note, statements| Section {
        anchor,
        title,
        note,
        statements,
    };
    let mut sections = vec![
        section(
            "changes",
            "Changed from one version to the next",
            caution(history),
            all,
        ),
        section(
            "reasons",
            "Refused for another reason than before",
            Some(REASONS.to_owned()),
            say(&reasons),
        ),
        section(
            "unstable",
            "Different when repeated, so neither changed nor the same",
            None,
            unsteady.map(|it| flaky(matrix, history, it)).collect(),
        ),
        section(
            "configurations",
            "Different by configuration, in one version",
            None,
            differences.iter().map(|it| flavours(matrix, it)).collect(),
        ),
    ];
    sections.retain(|it| !it.statements.is_empty());
    sections
}

/// The changes of what tools do, and those of nothing but the reason for refusing.
#[must_use]
pub fn by_weight(changed: Vec<Changed<'_>>) -> (Vec<Changed<'_>>, Vec<Changed<'_>>) {
    changed
        .into_iter()
        .partition(|it| it.kind != ChangeKind::Reason)
}

/// What to know before relying on the changes: how many of them rest on cells that were tried only
/// once. Nothing where all were tried more often. Changes of the reason alone are not counted.
#[must_use]
pub fn caution(history: &History<'_, '_>) -> Option<String> {
    let (once, all) = (history.resting_on_one_try(), history.behaviour().count());
    let of_all = if once == all {
        "all of them rest".to_owned()
    } else if once == 1 {
        "1 of them rests".to_owned()
    } else {
        format!("{once} of them rest")
    };
    (once > 0).then(|| {
        format!(
            "{}; {of_all} on cells that were tried once, where a race looks like a change \
             (--repeat 3 tells them apart).",
            text::count(all, "change", "changes"),
        )
    })
}

/// `docker: refused nested-unsupported → picked inner between 20.10.24 (bookworm) and 26.1.5
/// (trixie)`.
#[must_use]
pub fn changed(matrix: &Matrix<'_>, history: &History<'_, '_>, it: &Changed<'_>) -> Statement {
    let side = |side: fn(&VersionChange<'_, '_>) -> Outcome| -> Vec<Outcome> {
        it.rows.iter().map(|change| side(change)).collect()
    };
    let before = side(|change| change.from.outcome().clone());
    let after = side(|change| change.to.outcome().clone());
    let mut what = Sentence::of_name(&line(history, it.line))
        .words(": ")
        .then(wording::done(it.before, &before))
        .words(" → ")
        .then(wording::done(it.after, &after))
        .words(" between ")
        .words(&wording::version(matrix, it.from))
        .words(" and ")
        .words(&wording::version(matrix, it.to));
    for (measured, why) in [(false, "not measured"), (true, "different when repeated")] {
        let between: Vec<String> = it
            .between
            .iter()
            .filter(|(_, it)| *it == measured)
            .map(|(column, _)| wording::version(matrix, *column))
            .collect();
        if !between.is_empty() {
            what = what.words(&format!(", with {} {why}", text::list(&between)));
        }
    }
    if let Some((by_old_code, column)) = it.by_old_code {
        let runtime = matrix.runtimes.get(column);
        let name = flavour(runtime.and_then(|it| it.flavour));
        what = match by_old_code {
            ByOldCode::Stays => what.words(", but not with ").then(name),
            ByOldCode::Follows => what.words(", with ").then(name).words(" too"),
            ByOldCode::Differs(shape) => {
                let done = side(|it| it.companion.map_or(it.to, |it| it.side()).outcome().clone());
                what.words("; with ")
                    .then(name)
                    .words(" ")
                    .then(wording::done(shape, &done))
            }
        };
    }
    let rows = it.rows.iter();
    Statement {
        operation: it.operation.to_owned(),
        what,
        rows: Rows::of(rows.map(|change| (change.family, change.row))),
        unnamed: 0,
    }
}

/// `skopeo from 1.9.3 (bookworm) to 1.22.0 (sid)`: that nothing changed is for the format to say.
#[must_use]
pub fn unchanged(matrix: &Matrix<'_>, history: &History<'_, '_>, it: &Unchanged<'_>) -> Statement {
    Statement {
        operation: it.operation.to_owned(),
        what: Sentence::of_name(&line(history, it.line))
            .words(" from ")
            .words(&wording::version(matrix, it.first))
            .words(" to ")
            .words(&wording::version(matrix, it.last)),
        rows: Rows::default(),
        unnamed: it.rows,
    }
}

/// `containerd 1.6.20 (bookworm): picked same ×2 and refused size-mismatch ×1; before it 1.4.13
/// (bullseye) picked same`.
#[must_use]
pub fn flaky(matrix: &Matrix<'_>, history: &History<'_, '_>, it: &FlakyCell<'_, '_>) -> Statement {
    let mut what = Sentence::of_name(&line(history, it.line))
        .words(" ")
        .words(&wording::version(matrix, it.at.column))
        .words(": ")
        .then(wording::observed(it.at.outcome()));
    for (side, word) in [(it.before, "before"), (it.after, "after")] {
        if let Some(side) = side {
            what = what
                .words(&format!("; {word} it "))
                .words(&wording::version(matrix, side.column))
                .words(" ")
                .then(wording::alone(side.outcome()));
        }
    }
    Statement {
        operation: it.operation.to_owned(),
        what,
        rows: Rows::of(std::iter::once((it.family, it.row))),
        unnamed: 0,
    }
}

/// `docker: picked inner, but with +containerd-store nothing, in 26.1.5 (trixie)`.
#[must_use]
pub fn flavours(matrix: &Matrix<'_>, it: &FlavourDifference<'_>) -> Statement {
    let first = it.versions.first().copied().unwrap_or_default();
    let (left, right) = (matrix.runtimes.get(first.0), matrix.runtimes.get(first.1));
    let done = |shape: OutcomeShape, outcomes: Vec<Outcome>| wording::done(shape, &outcomes);
    let rows = || it.rows.iter();
    let versions: Vec<String> = it
        .versions
        .iter()
        .map(|(column, _)| wording::version(matrix, *column))
        .collect();
    let tool = left.map_or("", |runtime| runtime.tool);
    let mut what = Sentence::of_name(&text::line(tool)).words(": ");
    if let Some(plain) = left.and_then(|runtime| runtime.flavour) {
        what = what.words("with ").then(flavour(Some(plain))).words(" ");
    }
    what = what
        .then(done(
            it.left,
            rows().map(|it| it.left.outcome().clone()).collect(),
        ))
        .words(", but with ")
        .then(flavour(right.and_then(|runtime| runtime.flavour)))
        .words(" ")
        .then(done(
            it.right,
            rows().map(|it| it.right.outcome().clone()).collect(),
        ))
        .words(", in ")
        .words(&text::list(&versions));
    Statement {
        operation: it.operation.to_owned(),
        what,
        rows: Rows::of(rows().map(|it| (it.family, it.row))),
        unnamed: 0,
    }
}

fn line(history: &History<'_, '_>, line: usize) -> String {
    let line = history.lines.get(line);
    line.map_or_else(String::new, ReleaseSeries::name)
}

fn flavour(flavour: Option<&str>) -> Sentence {
    Sentence::of_name(&text::line(&format!("+{}", flavour.unwrap_or_default())))
}
