//! Verdicts and consensus as Markdown.

use super::{CASES, COUNTED, counts, few, keyword, peers::Peers, runtimes};
use crate::{
    matrix::Matrix,
    render::{
        cell,
        markdown::escape::{code, prose},
    },
    text,
    verdict::{ClauseTally, Rulebook, Verdicts},
};
use ocipick_corpus::Level;

/// Says what was broken by whom, and how the peers stand to each other. It follows the matrix.
#[must_use]
pub fn render<'m>(
    matrix: &'m Matrix<'_>,
    verdicts: &Verdicts<'m>,
    rulebook: &Rulebook<'m>,
    all: bool,
) -> String {
    let mut lines = Vec::new();
    let most = if all { usize::MAX - 1 } else { CASES };
    let peers = Peers::of(matrix);
    if !verdicts.is_empty() {
        lines.extend([
            "## Held against the specifications".to_owned(),
            String::new(),
        ]);
        let revisions: Vec<String> = verdicts
            .revisions
            .iter()
            .map(|(specification, release)| format!("{} {release}", code(specification)))
            .collect();
        lines.extend([format!("{}.", text::list(&revisions)), String::new()]);
        table(&mut lines, matrix, verdicts, &peers);
        let broken = verdicts.broken(rulebook);
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

fn table(lines: &mut Vec<String>, matrix: &Matrix<'_>, verdicts: &Verdicts<'_>, peers: &Peers) {
    lines.push(format!("| runtime | {} |", COUNTED.join(" | ")));
    lines.push(format!("| --- |{}", " ---: |".repeat(COUNTED.len())));
    for tally in verdicts.runtimes() {
        let Some(runtime) = matrix.runtimes.get(tally.column) else {
            continue;
        };
        let against = peers
            .against
            .get(&tally.column)
            .copied()
            .unwrap_or_default();
        let numbers = counts(&tally, against).map(|number| number.to_string());
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
            "**{}** [{}]({}), broken in {} of {}: {}",
            keyword(tally.level),
            prose(tally.clause),
            tally.link,
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
        let (cases, more) = few(&breaches.labels, most);
        let cases: Vec<String> = cases.iter().map(|label| code(label)).collect();
        let more = if more == 0 {
            String::new()
        } else {
            format!(" and {more} more")
        };
        lines.push(format!(
            "- {}: {} {}{more}",
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
