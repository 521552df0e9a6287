//! The matrix as JUnit XML, for continuous integration: one suite per runtime, one test per case.
//!
//! Whether a trial passes is decided by [`crate::check`], and shown here. What was not measured is
//! skipped, and so is a failure that is expected, with `xfail` in its message. A run that did not
//! finish is an error, because otherwise a file cut short would look green.

use super::cell;
use crate::{
    analysis::matrix::{Matrix, MatrixRuntime, Row, Table},
    check::{CheckStatus, CheckedTrials},
    text,
};
use ocipick_records::Trial;

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

/// Writes the matrix down, with what became of its trials.
#[must_use]
pub fn render(matrix: &Matrix<'_>, checked: &CheckedTrials<'_>) -> String {
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
                    attribute(&warning.to_string())
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
                tests.extend(test(runtime, table, row, trial, checked, &mut counts));
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
    checked: &CheckedTrials<'_>,
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
    let Some(checked) = checked.of(trial) else {
        counts.skipped += 1;
        return vec![
            test_head(&class, &name, trial.duration_ms),
            skipped(&format!("held against nothing: {in_full}")),
            "    </testcase>".to_owned(),
        ];
    };
    let words = &checked.explained;
    let failed = |element: &str| {
        let head = format!(
            "      <{element} type=\"{}\" message=\"{}\"",
            attribute(checked.kind),
            attribute(&text::clip(&words.line, MESSAGE))
        );
        let report = text::tail(&words.report, REPORT);
        format!("{head}>{}</{element}>", content(&report))
    };
    let result = match checked.status {
        CheckStatus::Passed | CheckStatus::New | CheckStatus::Reported => None,
        CheckStatus::ExpectedFailure | CheckStatus::NotHeld | CheckStatus::NotMeasured(_) => {
            counts.skipped += 1;
            Some(skipped(&words.line))
        }
        CheckStatus::UnexpectedPass | CheckStatus::Failed => {
            counts.failures += 1;
            Some(failed("failure"))
        }
        CheckStatus::Lost(_) => {
            counts.errors += 1;
            Some(failed("error"))
        }
    };
    let mut lines = vec![test_head(&class, &name, trial.duration_ms)];
    let mut said = text::clip(&in_full, MESSAGE);
    if result.is_none() && !words.line.is_empty() {
        said = format!("{said}\n{}", text::clip(&words.line, MESSAGE));
    }
    lines.extend(result);
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
