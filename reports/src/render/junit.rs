//! The matrix as JUnit XML, for continuous integration: one suite per runtime, one test per case.
//!
//! Whether a trial passes is not decided here: whoever writes the matrix down says it of each. What
//! was not measured is skipped, and so is a failure that is expected, with `xfail` in its message. A
//! run that did not finish is an error, because otherwise a file cut short would look green.

use super::cell;
use crate::{
    analysis::matrix::{Matrix, MatrixRuntime, Row, Table},
    text,
};
use ocipick_records::{Outcome, Trial};

/// How many characters of a tool's words are kept in a message.
const MESSAGE: usize = 400;
/// How many characters of all there is to know about a failure are kept.
const REPORT: usize = 16_000;
/// How many characters of standard error are kept.
const STDERR: usize = 4000;

/// How many tests of a suite ended in which way.
#[derive(Clone, Copy, Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    ms: u64,
}

/// What a check made of a trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JunitCheck {
    /// How the test ends.
    pub status: JunitStatus,
    /// The type of a failure or an error, in a word.
    pub kind: &'static str,
    /// Why it ends so, in a line; nothing where it simply passes.
    pub message: String,
    /// All there is to know about it, on several lines.
    pub report: String,
}

/// How a test ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JunitStatus {
    /// It passes.
    Passed,
    /// It fails.
    Failed,
    /// It could not be held against what was accepted.
    Error,
    /// It says nothing, or fails as it is expected to.
    Skipped,
}

/// Holds a trial against nothing but its outcome: a pick passes, and so does a refusal; what no tool
/// should do fails, and what was not measured is skipped. For matrices about which nothing else is
/// known.
#[must_use]
pub fn by_outcome(trial: &Trial) -> JunitCheck {
    let status = match &trial.outcome {
        Outcome::Picked { .. } | Outcome::Refused { .. } => JunitStatus::Passed,
        Outcome::Unmeasured { .. } => JunitStatus::Skipped,
        Outcome::Nothing
        | Outcome::Mixed { .. }
        | Outcome::Crashed { .. }
        | Outcome::TimedOut { .. }
        | Outcome::Unstable { .. } => JunitStatus::Failed,
    };
    JunitCheck {
        status,
        kind: trial.outcome.kind().as_str(),
        message: match status {
            JunitStatus::Passed => String::new(),
            JunitStatus::Failed | JunitStatus::Error | JunitStatus::Skipped => {
                cell::in_full(&trial.outcome)
            }
        },
        report: String::new(),
    }
}

/// Writes the matrix down; `check` says whether a trial passes.
#[must_use]
pub fn render(matrix: &Matrix<'_>, check: &dyn Fn(&Trial) -> JunitCheck) -> String {
    let mut body = Vec::new();
    let mut total = Counts::default();
    if !matrix.warnings.is_empty() {
        let counts = Counts {
            tests: matrix.warnings.len(),
            errors: matrix.warnings.len(),
            ..Counts::default()
        };
        let tests = (1..).zip(&matrix.warnings).flat_map(|(number, warning)| {
            [
                test_head("ocipick", &format!("results are complete #{number}"), 0),
                format!(
                    "      <error type=\"incomplete\" message=\"{}\"/>",
                    attribute(warning)
                ),
                "    </testcase>".to_owned(),
            ]
        });
        suite(&mut body, "ocipick", counts, &[], tests.collect());
        total.add(counts);
    }
    for (column, runtime) in matrix.runtimes.iter().enumerate() {
        let mut counts = Counts::default();
        let mut tests = Vec::new();
        for table in &matrix.tables {
            for row in table.rows() {
                let trial = row.cells.get(column).copied().flatten();
                tests.extend(test(runtime, table, row, trial, check, &mut counts));
            }
        }
        let properties = [
            ("tool", runtime.tool),
            ("version", runtime.version),
            ("flavour", runtime.flavour.unwrap_or_default()),
            ("channel", runtime.channel),
        ];
        suite(&mut body, &runtime.id, counts, &properties, tests);
        total.add(counts);
    }
    let mut lines = vec![
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>".to_owned(),
        format!("<testsuites name=\"ocipick\" {}>", total.attributes()),
    ];
    lines.extend(body);
    lines.push("</testsuites>\n".to_owned());
    lines.join("\n")
}

fn suite(
    lines: &mut Vec<String>,
    name: &str,
    counts: Counts,
    properties: &[(&str, &str)],
    tests: Vec<String>,
) {
    lines.push(format!(
        "  <testsuite name=\"{}\" {}>",
        attribute(name),
        counts.attributes()
    ));
    let properties: Vec<String> = properties
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| {
            format!(
                "      <property name=\"{name}\" value=\"{}\"/>",
                attribute(value)
            )
        })
        .collect();
    if !properties.is_empty() {
        lines.push("    <properties>".to_owned());
        lines.extend(properties);
        lines.push("    </properties>".to_owned());
    }
    lines.extend(tests);
    lines.push("  </testsuite>".to_owned());
}

fn test(
    runtime: &MatrixRuntime<'_>,
    table: &Table<'_>,
    row: &Row<'_>,
    trial: Option<&Trial>,
    check: &dyn Fn(&Trial) -> JunitCheck,
    counts: &mut Counts,
) -> Vec<String> {
    counts.tests += 1;
    let class = format!("{}.{}", runtime.id, table.operation);
    let name = row.label();
    let Some(trial) = trial else {
        counts.skipped += 1;
        return vec![
            test_head(&class, &name, 0),
            skipped(&cell::cell_in_full(runtime, None)),
            "    </testcase>".to_owned(),
        ];
    };
    counts.ms += trial.duration_ms;
    let in_full = cell::in_full(&trial.outcome);
    let checked = check(trial);
    let failed = |element: &str| {
        let head = format!(
            "      <{element} type=\"{}\" message=\"{}\"",
            attribute(checked.kind),
            attribute(&text::clip(&checked.message, MESSAGE))
        );
        if checked.report.is_empty() {
            format!("{head}/>")
        } else {
            let report = text::tail(&checked.report, REPORT);
            format!("{head}>{}</{element}>", content(&report))
        }
    };
    let result = match checked.status {
        JunitStatus::Passed => None,
        JunitStatus::Skipped => {
            counts.skipped += 1;
            Some(skipped(&checked.message))
        }
        JunitStatus::Failed => {
            counts.failures += 1;
            Some(failed("failure"))
        }
        JunitStatus::Error => {
            counts.errors += 1;
            Some(failed("error"))
        }
    };
    let mut lines = vec![test_head(&class, &name, trial.duration_ms)];
    lines.extend(result);
    let mut said = text::clip(&in_full, MESSAGE);
    if checked.status == JunitStatus::Passed && !checked.message.is_empty() {
        said = format!("{said}\n{}", text::clip(&checked.message, MESSAGE));
    }
    lines.push(format!("      <system-out>{}</system-out>", content(&said)));
    let stderr = text::block(&trial.evidence.stderr_tail);
    let stderr = stderr.trim_end();
    if !stderr.is_empty() {
        lines.push(format!(
            "      <system-err>{}</system-err>",
            content(&text::tail(stderr, STDERR))
        ));
    }
    lines.push("    </testcase>".to_owned());
    lines
}

fn test_head(class: &str, name: &str, ms: u64) -> String {
    format!(
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{}\">",
        attribute(class),
        attribute(name),
        seconds(ms)
    )
}

fn skipped(message: &str) -> String {
    format!(
        "      <skipped message=\"{}\"/>",
        attribute(&text::clip(message, MESSAGE))
    )
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.tests += other.tests;
        self.failures += other.failures;
        self.errors += other.errors;
        self.skipped += other.skipped;
        self.ms += other.ms;
    }

    fn attributes(self) -> String {
        format!(
            "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{}\"",
            self.tests,
            self.failures,
            self.errors,
            self.skipped,
            seconds(self.ms)
        )
    }
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

/// Text on one line, for an attribute.
fn attribute(text: &str) -> String {
    escape(&text::line(text))
}

/// Text of several lines, for an element.
fn content(text: &str) -> String {
    escape(&text::block(text))
}

/// Escapes, and replaces what XML does not permit in any form; control characters are gone by now.
fn escape(text: &str) -> String {
    text::attribute(text)
        .replace('\'', "&apos;")
        .replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}
