//! What stands in a cell, in every format that people read.

use crate::{
    analysis::{
        changes::versions::ReleaseSeries,
        embargo,
        matrix::{Matrix, MatrixRuntime, Row},
    },
    text,
};
use ocipick_records::{Host, Outcome, RefusalReason, Trial, UnmeasuredWhy};
use strum::VariantArray as _;

/// The mark of a row on which runtimes disagree.
pub(crate) const SPLIT: &str = "≠";
/// What stands in a cell without a trial.
pub(crate) const NO_TRIAL: &str = "–";
/// How many characters of a child's name are shown in a cell.
const NAME: usize = 28;
/// The same where there are many columns.
const BRIEF: usize = 14;

/// How a cell looks. The names are classes of the HTML page too.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum CellStyle {
    Picked,
    Refused,
    Nothing,
    Mixed,
    Crashed,
    Survived,
    TimedOut,
    Unstable,
    Unmeasured,
    Withheld,
}

impl CellStyle {
    /// All of them, in the order of the legend.
    pub(crate) const ALL: &[Self] = Self::VARIANTS;

    /// The word for it, which is also the name of its class in HTML.
    pub(crate) fn as_str(self) -> &'static str {
        self.into()
    }

    /// The symbol before the text; a pick has none.
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Picked => "",
            Self::Refused => "✗",
            Self::Nothing => "∅",
            Self::Mixed => "⚠",
            Self::Crashed => "☠",
            Self::Survived => "↯",
            Self::TimedOut => "⏱",
            Self::Unstable => "~",
            Self::Unmeasured => NO_TRIAL,
            Self::Withheld => "■",
        }
    }

    /// What it means, for the legend.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Picked => "a name: the child that was picked",
            Self::Refused => "a reason: it refused with an error",
            Self::Nothing => "success reported, and no usable image",
            Self::Mixed => "contradictory evidence",
            Self::Crashed => "the tool or its daemon died",
            Self::Survived => "its daemon panicked over the request, and lives on",
            Self::TimedOut => "did not end within its deadline",
            Self::Unstable => "differs when repeated",
            Self::Unmeasured => "not measured",
            Self::Withheld => "measured, and for private disclosure first",
        }
    }

    pub(crate) fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Picked { .. } => Self::Picked,
            Outcome::Refused { .. } => Self::Refused,
            Outcome::Nothing => Self::Nothing,
            Outcome::Mixed { .. } => Self::Mixed,
            Outcome::Crashed {
                survived: false, ..
            } => Self::Crashed,
            Outcome::Crashed { survived: true, .. } => Self::Survived,
            Outcome::TimedOut { .. } => Self::TimedOut,
            Outcome::Unstable { .. } => Self::Unstable,
            Outcome::Unmeasured { .. } if embargo::is_withheld(outcome) => Self::Withheld,
            Outcome::Unmeasured { .. } => Self::Unmeasured,
        }
    }
}

/// How much a cell says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CellWording {
    /// Reasons are written as in the results.
    Full,
    /// Reasons are cut to one word, for many columns; [`brief`] says which word is which.
    Brief,
}

/// A cell as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CellText {
    pub(crate) tone: CellStyle,
    pub(crate) text: String,
}

/// What stands in a cell: a symbol, unless a child was picked, and a word or two.
pub(crate) fn cell(trial: Option<&Trial>, wording: CellWording) -> CellText {
    trial.map_or_else(
        || CellText {
            tone: CellStyle::Unmeasured,
            text: NO_TRIAL.to_owned(),
        },
        |trial| outcome(&trial.outcome, wording),
    )
}

/// What stands in a cell of a matrix. Why nothing at all was measured of a runtime is said once,
/// above the tables, and not in each of its cells.
pub(crate) fn of_row(
    matrix: &Matrix<'_>,
    row: &Row<'_>,
    column: usize,
    wording: CellWording,
) -> CellText {
    let runtime = matrix.runtimes.get(column);
    if runtime.is_some_and(|runtime| runtime.unmeasured.is_some()) {
        return cell(None, wording);
    }
    cell(row.cells.get(column).copied().flatten(), wording)
}

/// An outcome as it stands in a cell.
pub(crate) fn outcome(outcome: &Outcome, wording: CellWording) -> CellText {
    let tone = CellStyle::of(outcome);
    let full = wording == CellWording::Full;
    let most = if full { NAME } else { BRIEF };
    let words = match outcome {
        Outcome::Picked { child, .. } => name(child, most),
        Outcome::Refused { reason, .. } if full => reason.to_string(),
        Outcome::Refused { reason, .. } => brief(*reason).to_owned(),
        Outcome::Nothing => "nothing".to_owned(),
        Outcome::Mixed { children, .. } if children.is_empty() => "mixed".to_owned(),
        Outcome::Mixed { children, .. } => format!("mixed {}", name(&children.join("+"), most)),
        Outcome::Crashed { survived: true, .. } if !full => "panicked".to_owned(),
        Outcome::Crashed { .. } => outcome.gist(),
        Outcome::TimedOut { .. } => "timed out".to_owned(),
        Outcome::Unstable { .. } => "unstable".to_owned(),
        Outcome::Unmeasured {
            why: UnmeasuredWhy::Unknown,
            ..
        } => {
            return CellText {
                tone,
                text: "? unknown".to_owned(),
            };
        }
        Outcome::Unmeasured { why, .. } => why.to_string(),
    };
    CellText {
        tone,
        text: format!("{} {words}", tone.symbol()).trim_start().to_owned(),
    }
}

/// A reason for refusing, in one word.
pub(crate) fn brief(reason: RefusalReason) -> &'static str {
    match reason {
        RefusalReason::NoMatch => "no-match",
        RefusalReason::NestedUnsupported => "nested",
        RefusalReason::MediaType => "type",
        RefusalReason::MissingContent => "missing",
        RefusalReason::SizeMismatch => "size",
        RefusalReason::DigestMismatch => "digest",
        RefusalReason::Ambiguous => "ambiguous",
        RefusalReason::Malformed => "malformed",
        RefusalReason::PlatformMismatch => "platform",
        RefusalReason::UnreadableLayer => "layer",
        RefusalReason::TooLarge => "large",
        RefusalReason::NotFetched => "unfetched",
        RefusalReason::Denied => "denied",
        RefusalReason::RateLimited => "limited",
        RefusalReason::ServerError => "server",
        RefusalReason::Other => "other",
        RefusalReason::Unknown => "unknown",
    }
}

/// A child's name; never empty, so that a pick never looks like an empty cell.
fn name(child: &str, most: usize) -> String {
    let name = text::clip(&text::line(child), most);
    if name.is_empty() {
        "(no name)".to_owned()
    } else {
        name
    }
}

/// A cell in full, on one line; one without a trial says why.
pub(crate) fn cell_in_full(runtime: &MatrixRuntime<'_>, trial: Option<&Trial>) -> String {
    trial.map_or_else(
        || {
            let why = runtime.unmeasured.as_deref();
            let why = why.unwrap_or("no trial was recorded");
            format!("not measured: {}", text::line(why))
        },
        |trial| in_full(&trial.outcome),
    )
}

/// An outcome in full, on one line, with the tool's own words.
pub(crate) fn in_full(outcome: &Outcome) -> String {
    let words = |head: String, words: &str| {
        let words = text::line(words);
        if words.is_empty() {
            head
        } else {
            format!("{head}: {words}")
        }
    };
    match outcome {
        Outcome::Picked { child, digest } => {
            format!("picked {} ({})", text::line(child), text::line(digest))
        }
        Outcome::Refused { reason, message } => words(format!("refused, {reason}"), message),
        Outcome::Nothing => "nothing: success reported, and no usable image".to_owned(),
        Outcome::Mixed { children, .. } => {
            let children: Vec<String> = children.iter().map(|child| text::line(child)).collect();
            words("mixed".to_owned(), &text::list(&children))
        }
        Outcome::Crashed { what, .. } => words(outcome.gist(), what),
        Outcome::TimedOut { after_ms } => {
            format!("timed out after {}", text::duration(*after_ms))
        }
        Outcome::Unstable { observed } => {
            let observed: Vec<String> = observed
                .iter()
                .map(|seen| format!("{} ×{}", text::line(&seen.outcome.gist()), seen.count))
                .collect();
            words("unstable".to_owned(), &text::list(&observed))
        }
        Outcome::Unmeasured { detail, .. } if embargo::is_withheld(outcome) => {
            words("withheld".to_owned(), detail)
        }
        Outcome::Unmeasured {
            why: UnmeasuredWhy::Unknown,
            detail,
        } => words("unknown".to_owned(), detail),
        Outcome::Unmeasured { why, detail } => words(format!("not measured, {why}"), detail),
    }
}

/// The system of a machine as people write it.
pub(crate) fn system(os: &str) -> String {
    match os {
        "linux" => "Linux".to_owned(),
        "windows" => "Windows".to_owned(),
        "darwin" => "macOS".to_owned(),
        other => text::line(other),
    }
}

/// What of a machine decides what a tool takes that is asked for no platform.
pub(crate) fn machine(host: &Host) -> String {
    match &host.cpu_level {
        Some(level) => text::line(&format!(
            "a {}/{} machine ({level})",
            host.os, host.architecture
        )),
        None => text::line(&format!(
            "a {}/{} machine (its CPU level was not recorded)",
            host.os, host.architecture
        )),
    }
}

/// The machines of these runs, likewise: each once, in the order of the runs.
pub(crate) fn machines(matrix: &Matrix<'_>) -> Option<String> {
    let mut machines: Vec<String> = Vec::new();
    for run in &matrix.runs {
        let machine = machine(&run.header.host);
        if !machines.contains(&machine) {
            machines.push(machine);
        }
    }
    (!machines.is_empty()).then(|| text::list(&machines))
}

/// What was asked for where that was no platform, as the end of a sentence.
pub(crate) fn asked_for(row: &Row<'_>) -> Option<String> {
    (row.platform == "default").then(|| "each tool's own default platform".to_owned())
}

/// The version at the head of a column, with the channel where the line has it from several.
pub(crate) fn version(matrix: &Matrix<'_>, column: usize) -> String {
    let Some(runtime) = matrix.runtimes.get(column) else {
        return String::new();
    };
    let version = short(runtime.version);
    let several = matrix.runtimes.iter().any(|other| {
        other.tool == runtime.tool
            && other.flavour == runtime.flavour
            && other.version == runtime.version
            && other.channel != runtime.channel
    });
    if several {
        format!("{version} ({})", short(runtime.channel))
    } else {
        version
    }
}

/// The version at the head of a column.
pub(crate) fn plain_version(matrix: &Matrix<'_>, column: usize) -> String {
    let runtime = matrix.runtimes.get(column);
    runtime.map_or_else(String::new, |runtime| short(runtime.version))
}

/// The runtimes that were measured elsewhere and have no cell among these columns; where a whole
/// line has none, its name is enough.
pub(crate) fn left_out(
    matrix: &Matrix<'_>,
    lines: &[ReleaseSeries<'_>],
    columns: &[usize],
) -> Vec<String> {
    let mut names = Vec::new();
    for line in lines {
        let left: Vec<&MatrixRuntime<'_>> = line
            .columns
            .iter()
            .filter(|column| !columns.contains(column))
            .filter_map(|column| matrix.runtimes.get(*column))
            .filter(|runtime| runtime.unmeasured.is_none())
            .collect();
        if !line.columns.iter().any(|column| columns.contains(column)) && left.len() > 1 {
            names.push(line.name());
        } else {
            names.extend(left.iter().map(|runtime| text::line(&runtime.id)));
        }
    }
    names
}

fn short(text: &str) -> String {
    text::clip(&text::line(text), 24)
}

/// The runtime as it is named in text for people: its id, and where it comes from.
pub(crate) fn full_name(runtime: &MatrixRuntime<'_>) -> String {
    // Where the id carries the channel, once is enough.
    let id = runtime
        .id
        .strip_suffix(runtime.channel)
        .and_then(|rest| rest.strip_suffix('#'))
        .unwrap_or(&runtime.id);
    text::line(&format!("{id} ({})", runtime.channel))
}
