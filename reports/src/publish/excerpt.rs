//! The part of the README that shows what is published.

use crate::{
    analysis::{
        conformance::{Verdict, Verdicts},
        findings,
        matrix::Matrix,
    },
    render::{
        Summary,
        badge::badges,
        findings::{FindingText, SentencePart},
    },
    text,
};

/// The line before the excerpt.
pub const BEGIN: &str = "<!-- published -->";
/// The line behind it.
pub const END: &str = "<!-- /published -->";

/// The excerpt; paths begin with `below`, the directory of what is published as the README sees it.
/// `data` names the files of results there.
#[must_use]
pub fn excerpt(
    matrix: &Matrix<'_>,
    verdicts: &Verdicts<'_>,
    below: &str,
    data: &[String],
) -> String {
    let summary = Summary::of(matrix);
    let mut lines = vec![
        format!(
            "![How many rows each runtime picked, refused, or failed at]({below}/overview.svg)"
        ),
        String::new(),
        format!(
            "{} on {}. {}. {}.",
            text::count(summary.runtimes, "runtime", "runtimes"),
            text::count(summary.cases, "case", "cases"),
            summary.disagreements.words(summary.rows),
            summary.counts(),
        ),
        String::new(),
    ];
    for warning in &summary.warnings {
        lines.extend([format!("**{}**", text::line(warning)), String::new()]);
    }
    let mut findings = findings::most_surprising(matrix, 3).into_iter().peekable();
    if findings.peek().is_some() {
        lines.extend(["What surprises most:".to_owned(), String::new()]);
    }
    for finding in findings {
        let sentence: String = FindingText::of(matrix, &finding)
            .sentence()
            .pieces()
            .iter()
            .map(|piece| match piece {
                SentencePart::Words(words) => words.clone(),
                SentencePart::Name(name) => format!("`{}`", name.replace('`', "'")),
            })
            .collect();
        lines.push(format!("- {sentence}"));
    }
    lines.extend([
        String::new(),
        "| tool | newest version | cases measured, requirements broken |".to_owned(),
        "| --- | --- | --- |".to_owned(),
    ]);
    for badge in badges(matrix, verdicts) {
        let (tool, version) = badge.label.split_once(' ').unwrap_or((&badge.label, "–"));
        lines.push(format!("| {tool} | {version} | {} |", badge.message));
    }
    let judged = verdicts.entries.iter();
    let broken = judged.filter(|it| it.reasoned.verdict == Verdict::Deviates);
    let data: Vec<String> = data
        .iter()
        .map(|name| format!("[`{name}`]({below}/{name})"))
        .collect();
    lines.extend([
        String::new(),
        format!(
            "A pull can show {} to be followed or broken. Arguable is a breach by one of two readings; not \
             judged is a case in which the tool crashed, hung, contradicted itself, wavered, or ended with \
             success and nothing. Recommendations (SHOULD) were not followed in {} trials. All of it: [the matrix]({below}/matrix.md), \
             [a summary for programs]({below}/summary.json), the data in {}, and a site in \
             `{below}/site.tar.gz`.",
            text::count(
                verdicts.requirements(),
                "requirement (MUST)",
                "requirements (MUST)"
            ),
            broken.count(),
            text::list(&data)
        ),
    ]);
    lines.join("\n")
}

/// Puts an excerpt between the marks of a text; none where it has no marks.
#[must_use]
pub fn put(readme: &str, excerpt: &str) -> Option<String> {
    let (before, rest) = readme.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{excerpt}\n{END}{after}"))
}
