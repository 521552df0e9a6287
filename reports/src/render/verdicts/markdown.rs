//! Verdicts and consensus as Markdown.

use super::{CASES, COUNTED, Overall, few, keyword, peers::Peers, remarks, runtimes};
use crate::{
    analysis::{
        conformance::{ClauseTally, Verdicts},
        matrix::Matrix,
    },
    render::{
        cell,
        markdown::escape::{code, prose},
    },
    text,
};
use ocipick_corpus::Level;

/// Says what was broken by whom, and how the peers stand to each other. It follows the matrix.
#[must_use]
pub fn render<'m>(matrix: &'m Matrix<'_>, verdicts: &Verdicts<'m>, all: bool) -> String {
    let mut lines = Vec::new();
    let most = if all { usize::MAX - 1 } else { CASES };
    let peers = Peers::of(matrix);
    if let Some(overall) = Overall::of(matrix, verdicts) {
        lines.extend([
            "## Held against the specifications".to_owned(),
            String::new(),
        ]);
        lines.extend([format!("{}.", prose(&overall.revisions)), String::new()]);
        table(&mut lines, matrix, &overall);
        let broken = verdicts.broken();
        for (level, title) in [
            (Level::Must, "Requirements that were broken (MUST)"),
            (
                Level::Should,
                "Recommendations that were not followed (SHOULD)",
            ),
        ] {
            let tallies: Vec<&ClauseTally<'_>> =
                broken.iter().filter(|it| it.level == level).collect();
            lines.extend([format!("### {title}"), String::new()]);
            if tallies.is_empty() {
                lines.extend(["None.".to_owned(), String::new()]);
            }
            for tally in tallies {
                clause(&mut lines, matrix, tally, most);
            }
        }
    }
    open(&mut lines, &peers, most);
    lines.join("\n")
}

fn table(lines: &mut Vec<String>, matrix: &Matrix<'_>, overall: &Overall) {
    lines.push(format!("| runtime | {} |", COUNTED.join(" | ")));
    lines.push(format!("| --- |{}", " ---: |".repeat(COUNTED.len())));
    for (column, numbers) in &overall.runtimes {
        let Some(runtime) = matrix.runtimes.get(*column) else {
            continue;
        };
        let numbers = numbers.map(|number| number.to_string());
        lines.push(format!(
            "| {} | {} |",
            code(&cell::full_name(runtime)).replace('|', "\\|"),
            numbers.join(" | ")
        ));
    }
    lines.push(String::new());
}

fn clause(lines: &mut Vec<String>, matrix: &Matrix<'_>, tally: &ClauseTally<'_>, most: usize) {
    lines.extend([
        format!(
            "**{}** [{}]({}), since {}, broken in {} of {}: {}",
            keyword(tally.level),
            prose(tally.clause),
            tally.link,
            prose(&tally.since()),
            tally.broken,
            text::count(tally.judged, "trial", "trials"),
            prose(tally.says),
        ),
        String::new(),
    ]);
    for breaches in &tally.breaches {
        let tools: Vec<String> = runtimes(matrix, &breaches.columns)
            .into_iter()
            .map(|(tool, versions)| format!("{} {}", code(&tool), prose(&text::list(&versions))))
            .collect();
        let (cases, more) = few(&breaches.rows, most);
        let cases: Vec<String> = cases.iter().map(|row| code(&row.label)).collect();
        let more = if more == 0 {
            String::new()
        } else {
            format!(" and {more} more")
        };
        let remarks = match remarks(matrix, breaches).trim() {
            "" => String::new(),
            remarks => format!(" {}", prose(remarks)),
        };
        lines.push(format!(
            "- {}{remarks}: {} {}{more}",
            text::list(&tools),
            prose(&breaches.operation),
            cases.join(", ")
        ));
    }
    lines.push(String::new());
}

fn open(lines: &mut Vec<String>, peers: &Peers, most: usize) {
    if peers.rows == 0 {
        return;
    }
    lines.extend(["## Peers".to_owned(), String::new()]);
    if peers.open.is_empty() {
        lines.extend(["Most agree in every row.".to_owned(), String::new()]);
        return;
    }
    lines.extend([
        format!(
            "No outcome has a majority in {} of {}. In brackets stands how split they are, from 0 \
             (all agree) to 1 (no two do).",
            peers.open.len(),
            text::count(peers.rows, "row", "rows")
        ),
        String::new(),
    ]);
    let names: Vec<String> = peers
        .open
        .iter()
        .map(|(label, split)| format!("- {} ({split:.2})", code(label)))
        .collect();
    // A list has room for more than a sentence.
    let (shown, more) = few(&names, most.saturating_mul(5));
    lines.extend(shown.iter().cloned());
    if more > 0 {
        lines.push(format!("- and {more} more"));
    }
    lines.push(String::new());
}
