//! Putting findings into words.

use super::{Sentence, wording};
use crate::{
    analysis::{
        findings::{Finding, FindingRow, OutcomeGroup, OutcomeShape, Severity},
        matrix::{Matrix, Row},
    },
    render::cell,
    text, ways,
};
use ocipick_records::Outcome;

/// How many characters of a foreign name or message are shown in a sentence.
const NAME: usize = 60;
/// How many further cases are named.
const NAMED: usize = 3;

/// One finding in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingText {
    /// What kind of surprise it is.
    pub severity: Severity,
    /// What the tools were asked to do.
    pub operation: String,
    /// Id of the case that serves as the example.
    pub case: String,
    /// The platform asked for in the example.
    pub platform: String,
    /// The row of the example, as the matrix labels it.
    pub example: String,
    /// What was observed in the example; a sentence without the case and without a full stop.
    pub observed: Sentence,
    /// What the index of the example is; empty where nobody said.
    pub title: String,
    /// The other rows in which the same runtimes are on the same sides and each side did the same,
    /// as the matrix labels them.
    pub likewise: Vec<String>,
    /// Further rows in which those that the finding is about did the same, and others did not.
    pub also: Vec<String>,
    /// The runtimes that the finding is about, by id.
    pub runtimes: Vec<String>,
}

impl FindingText {
    /// Puts a finding into words.
    #[must_use]
    pub fn of(matrix: &Matrix<'_>, finding: &Finding<'_, '_>) -> Self {
        let example = finding.example();
        let labels = |rows: &[FindingRow<'_, '_>]| -> Vec<String> {
            let mut labels: Vec<String> =
                rows.iter().map(|it| text::line(&it.row.label())).collect();
            labels.dedup();
            labels
        };
        let of_row = |of: fn(&Row<'_>) -> String| example.map_or_else(String::new, |it| of(it.row));
        Self {
            severity: finding.severity,
            operation: finding.operation.to_owned(),
            case: of_row(|row| row.case.to_owned()),
            platform: of_row(|row| row.platform.to_owned()),
            example: of_row(|row| text::line(&row.label())),
            observed: example.map_or_else(Sentence::default, |it| {
                observed(matrix, finding.severity, finding.operation, it)
                    .words(&machine(matrix, it.row.platform))
            }),
            title: of_row(|row| text::line(row.title)),
            likewise: labels(finding.likewise()),
            also: labels(finding.also()),
            runtimes: finding
                .runtimes()
                .iter()
                .filter_map(|column| matrix.runtimes.get(*column))
                .map(|runtime| runtime.id.clone())
                .collect(),
        }
    }

    /// The whole finding, as one or two sentences: `case: what was observed; what the index is.
    /// Likewise in 2 more cases: a and b. The same of this runtime in 1 more case, where others do
    /// something else: c.`
    #[must_use]
    pub fn sentence(&self) -> Sentence {
        let mut sentence = Sentence::of_name(&text::line(&self.case))
            .words(": ")
            .then(self.observed.clone());
        let title = self.title.trim_end_matches('.');
        if !title.is_empty() {
            sentence = sentence.words("; ").words(&lower_first(title));
        }
        sentence = sentence.words(".");
        if !self.likewise.is_empty() {
            sentence = sentence
                .words(" Likewise in ")
                .words(&text::count(self.likewise.len(), "more case", "more cases"))
                .words(": ")
                .then(named(&self.likewise))
                .words(".");
        }
        if !self.also.is_empty() {
            sentence = sentence
                .words(" ")
                .words(&self.also())
                .words(": ")
                .then(named(&self.also))
                .words(".");
        }
        sentence
    }

    /// What is said before the rows in [`Self::also`](field@Self::also): `The same of this runtime
    /// in 80 more cases, where others do something else`.
    #[must_use]
    pub fn also(&self) -> String {
        format!(
            "The same of {} in {}, where others do something else",
            if self.runtimes.len() == 1 {
                "this runtime"
            } else {
                "these runtimes"
            },
            text::count(self.also.len(), "more case", "more cases"),
        )
    }
}

fn named(labels: &[String]) -> Sentence {
    let more = labels.len();
    let mut named: Vec<Sentence> = labels
        .iter()
        .take(if more == NAMED + 1 { more } else { NAMED })
        .map(|label| Sentence::of_name(&text::clip(label, NAME)))
        .collect();
    if named.len() < more {
        named.push(Sentence::of_words(&format!("{} more", more - named.len())));
    }
    Sentence::list(named)
}

/// What the outcome depends on besides the index: the machine, where the tool chose the platform
/// itself, and its system, where another one was asked for.
fn machine(matrix: &Matrix<'_>, platform: &str) -> String {
    let Some(host) = matrix.runs.last().map(|run| &run.header.host) else {
        return String::new();
    };
    if platform == "default" {
        let machines = cell::machines(matrix).unwrap_or_default();
        return text::line(&format!(", with no platform asked for, on {machines}"));
    }
    let system = platform.split('/').next().unwrap_or_default();
    if system.is_empty() || host.os.is_empty() || system == host.os {
        String::new()
    } else {
        text::line(&format!(", on {}", cell::system(&host.os)))
    }
}

fn observed(
    matrix: &Matrix<'_>,
    surprise: Severity,
    operation: &str,
    row: &FindingRow<'_, '_>,
) -> Sentence {
    let (subjects, others) = row.sides.split_at(row.subjects.min(row.sides.len()));
    let all: Vec<usize> = row.row.measured().map(|(column, _)| column).collect();
    let clause = |camp: &OutcomeGroup<'_>, exact| {
        let who = match camp.runtimes.as_slice() {
            [only] if exact => one(matrix, operation, row.row, *only),
            runtimes => who(matrix, runtimes, &all, exact),
        };
        who.words(" ").then(deed(camp, camp.runtimes.len() > 1))
    };
    let clauses = |camps: &[OutcomeGroup<'_>], exact| {
        Sentence::clauses(camps.iter().map(|camp| clause(camp, exact)).collect())
    };
    match surprise {
        Severity::SplitView => {
            let (scanned, taken) = row.scanned_and_taken();
            let beside = row.taken.map(|taken| (taken.operation, taken.row));
            let beside = beside.unwrap_or((operation, row.row));
            views((operation, row.row), scanned, matrix)
                .words(", while ")
                .then(views(beside, taken, matrix))
        }
        Severity::Crash | Severity::HollowSuccess | Severity::Hang | Severity::SurvivedPanic => {
            let subject = clauses(subjects, true);
            if others.is_empty() {
                subject
            } else {
                subject.words(", while ").then(clauses(others, false))
            }
        }
        Severity::DifferentPicks => match (subjects, others) {
            ([few, many], []) => clause(few, true).words(" where ").then(clause(many, false)),
            (_, []) => clauses(subjects, true),
            (_, _) => clauses(subjects, true)
                .words(", while ")
                .then(clauses(others, false)),
        },
        Severity::Lone | Severity::PickOrRefuse => match others {
            [many] => match many.outcome {
                Outcome::Picked { .. } => {
                    let them = who(matrix, &many.runtimes, &all, false);
                    clauses(subjects, true)
                        .words(" what ")
                        .then(them)
                        .words(" ")
                        .words(verb(operation, many.runtimes.len() > 1))
                }
                Outcome::Refused { .. }
                | Outcome::Nothing
                | Outcome::Mixed { .. }
                | Outcome::Crashed { .. }
                | Outcome::TimedOut { .. }
                | Outcome::Unstable { .. }
                | Outcome::Unmeasured { .. } => clauses(subjects, true)
                    .words(" where ")
                    .then(clause(many, false)),
            },
            _ => clauses(&row.sides, true),
        },
        Severity::DifferentReasons => clauses(&row.sides, true),
    }
}

/// Who took which child by an operation: `trivy (all 2) scans first and syft scans last`.
fn views(
    (operation, row): (&str, &Row<'_>),
    groups: &[OutcomeGroup<'_>],
    matrix: &Matrix<'_>,
) -> Sentence {
    let all: Vec<usize> = row.measured().map(|(column, _)| column).collect();
    let clause = |group: &OutcomeGroup<'_>| {
        let several = group.runtimes.len() > 1;
        let who = who(matrix, &group.runtimes, &all, true).words(" ");
        match group.outcome {
            Outcome::Picked { child, .. } => who
                .words(verb(operation, several))
                .words(" ")
                .name(&name(child)),
            Outcome::Refused { .. }
            | Outcome::Nothing
            | Outcome::Mixed { .. }
            | Outcome::Crashed { .. }
            | Outcome::TimedOut { .. }
            | Outcome::Unstable { .. }
            | Outcome::Unmeasured { .. } => who.then(deed(group, several)),
        }
    };
    Sentence::clauses(groups.iter().map(clause).collect())
}

/// The name of one runtime that a sentence is about: by the command that was given where that is
/// not its own name, with the way that it goes, and what the other way does.
fn one(matrix: &Matrix<'_>, operation: &str, row: &Row<'_>, column: usize) -> Sentence {
    let Some(runtime) = matrix.runtimes.get(column) else {
        return Sentence::default();
    };
    let id = name(&runtime.id);
    let configuration = runtime.configuration();
    let mut phrase = match ways::command_of_other(configuration, runtime.tool, operation) {
        Some(command) => Sentence::of_name(&command).words(" of ").name(&id),
        None => Sentence::of_name(&id),
    };
    let mut notes: Vec<Sentence> = Vec::new();
    let way = ways::way(configuration, runtime.version);
    // Where the id says it already, once is enough.
    if let Some(way) = way.filter(|_| runtime.flavour.is_none()) {
        notes.push(Sentence::of_words(&way));
    }
    notes.extend(wording::build(runtime).map(|it| Sentence::of_words(&it)));
    let other = matrix.runtimes.iter().position(|other| {
        other.tool == runtime.tool
            && other.version == runtime.version
            && other.channel == runtime.channel
            && other.flavour != runtime.flavour
    });
    if let Some(other) = other
        && let Some(it) = matrix.runtimes.get(other)
        && let Some(with) = ways::with(it.configuration(), it.flavour)
        && row.measured().any(|(measured, _)| measured == other)
        && let Some(trial) = row.cells.get(other).copied().flatten()
    {
        let camp = OutcomeGroup {
            outcome: &trial.outcome,
            shape: OutcomeShape::of_trial(trial),
            runtimes: vec![other],
        };
        let with = if with.starts_with('-') {
            Sentence::of_words("with ").name(&with)
        } else {
            Sentence::of_words(&format!("with {with}"))
        };
        notes.push(with.words(" it ").then(deed(&camp, false)));
    }
    if notes.is_empty() {
        return phrase;
    }
    let last = notes.len() - 1;
    phrase = phrase.words(" (");
    for (place, note) in notes.into_iter().enumerate() {
        phrase = phrase.then(note);
        if place < last {
            phrase = phrase.words("; ");
        }
    }
    phrase.words(")")
}

/// The names of runtimes, of which `all` were measured in the row. Those that the sentence is
/// about are named exactly; of others the tool is enough where all its runtimes did the same.
/// Three or more versions in a row are named by the first and the last of them.
fn who(matrix: &Matrix<'_>, camp: &[usize], all: &[usize], exact: bool) -> Sentence {
    let mut names: Vec<Sentence> = Vec::new();
    let mut left = camp;
    while let [column, rest @ ..] = left {
        left = rest;
        let Some(runtime) = matrix.runtimes.get(*column) else {
            continue;
        };
        let of_tool = |columns: &[usize]| {
            columns
                .iter()
                .filter_map(|column| matrix.runtimes.get(*column))
                .filter(|other| other.tool == runtime.tool)
                .count()
        };
        let known = matrix
            .runtimes
            .iter()
            .filter(|other| other.tool == runtime.tool)
            .count();
        let number = of_tool(all);
        if of_tool(camp) == number && number > 1 {
            let measured = if number < known { " measured" } else { "" };
            let name = Sentence::of_name(&name(runtime.tool));
            names.push(name.words(&format!(" (all {number}{measured})")));
            left = left.get(number - 1..).unwrap_or(&[]);
        } else if known == 1 && !exact {
            names.push(Sentence::of_name(&name(runtime.tool)));
        } else {
            let run = run(matrix, camp, all, *column);
            let name = Sentence::of_name(&name(&runtime.id));
            match run.last().and_then(|last| matrix.runtimes.get(*last)) {
                Some(last) if run.len() > 2 => {
                    let last = text::clip(&text::line(last.version), NAME);
                    names.push(name.words(" to ").name(&last));
                    left = left.get(run.len() - 1..).unwrap_or(&[]);
                }
                Some(_) | None if exact => names.push(match runtime.build().mark() {
                    Some(build) => name.words(&format!(" ({build})")),
                    None => name,
                }),
                Some(_) | None => names.push(name),
            }
        }
    }
    Sentence::list(names)
}

/// The versions of one line from `first` on that are of the outcome group, up to the next one that was
/// measured and is not.
fn run(matrix: &Matrix<'_>, camp: &[usize], all: &[usize], first: usize) -> Vec<usize> {
    let line = |column: usize| matrix.runtimes.get(column).map(|it| (it.tool, it.flavour));
    all.iter()
        .copied()
        .filter(|column| *column >= first)
        .take_while(|column| line(*column) == line(first) && camp.contains(column))
        .collect()
}

/// What they did, as the end of a sentence.
fn deed(camp: &OutcomeGroup<'_>, several: bool) -> Sentence {
    let form = |one: &'static str, more: &'static str| {
        Sentence::of_words(if several { more } else { one })
    };
    match camp.outcome {
        Outcome::Picked { child, .. } => form("picks ", "pick ").name(&name(child)),
        Outcome::Refused { reason, .. } => form("refuses", "refuse")
            .words(" (")
            .name(reason.as_str())
            .words(")"),
        Outcome::Nothing if camp.shape == OutcomeShape::WithoutFiles => form(
            "ends with success, and an image that was stored whole and has no file system",
            "end with success, and an image that was stored whole and has no file system",
        ),
        Outcome::Nothing => form(
            "ends with success and no usable image",
            "end with success and no usable image",
        ),
        Outcome::Mixed { children, .. } => {
            let phrase = form("leaves", "leave").words(" contradictory evidence");
            if children.is_empty() {
                phrase
            } else {
                let children = children.iter().map(|child| Sentence::of_name(&name(child)));
                phrase
                    .words(" (")
                    .then(Sentence::list(children.collect()))
                    .words(")")
            }
        }
        Outcome::Crashed { what, survived } => {
            let phrase = if *survived {
                form("panics and lives on", "panic and live on")
            } else {
                form("crashes", "crash")
            };
            let what = name(cause(what));
            if what.is_empty() {
                phrase
            } else {
                phrase.words(" (").words(&what).words(")")
            }
        }
        Outcome::TimedOut { after_ms } => form("does", "do")
            .words(" not end within ")
            .words(&text::duration(*after_ms)),
        Outcome::Unstable { observed } => {
            let observed = observed.iter().map(|seen| {
                Sentence::of_name(&name(&seen.outcome.gist())).words(&format!(" ×{}", seen.count))
            });
            form("differs", "differ")
                .words(" from one attempt to the next (")
                .then(Sentence::list(observed.collect()))
                .words(")")
        }
        Outcome::Unmeasured { .. } => form("was", "were").words(" not measured"),
    }
}

/// What those that succeed do with the image.
fn verb(operation: &str, several: bool) -> &'static str {
    match (operation, several) {
        ("pull", false) => "pulls",
        ("pull", true) => "pull",
        ("run", false) => "runs",
        ("run", true) => "run",
        ("inspect", false) => "inspects",
        ("inspect", true) => "inspect",
        ("scan", false) => "scans",
        ("scan", true) => "scan",
        ("copy", false) => "copies",
        ("copy", true) => "copy",
        ("import", false) => "imports",
        ("import", true) => "import",
        ("push", false) => "pushes",
        ("push", true) => "push",
        (_, false) => "takes",
        (_, true) => "take",
    }
}

/// What a program panicked over, where its words say so: what stands before it is of the log, and
/// differs from run to run.
fn cause(what: &str) -> &str {
    let serving = what.split_once("panic serving ");
    let caught = serving.and_then(|(_, rest)| rest.split_once(": "));
    let own = || what.split_once("panic: ");
    caught
        .or_else(own)
        .map_or(what, |(_, cause)| cause.lines().next().unwrap_or(cause))
}

fn name(text: &str) -> String {
    text::clip(&text::line(text), NAME)
}

/// `Two entries` becomes `two entries`, and `OCI index` stays.
fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            let rest = text.get(first.len_utf8()..).unwrap_or_default();
            first.to_lowercase().chain(rest.chars()).collect()
        }
        (Some('A'), Some(' ')) => format!("a{}", text.get(1..).unwrap_or_default()),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_named_by_its_cause_and_not_by_what_the_log_puts_before_it() {
        let caught = "dockerd panicked, and lives on\n2026/01/01 12:00:00 http: panic serving @: \
                      runtime error: nil\ngoroutine 5 [running]:\nf()";
        assert_eq!(cause(caught), "runtime error: nil");
        let died = "dockerd exited with code 2\npanic: runtime error: nil\n\ngoroutine 1";
        assert_eq!(cause(died), "runtime error: nil");
        assert_eq!(
            cause("the tool died of signal 11"),
            "the tool died of signal 11"
        );
    }
}
