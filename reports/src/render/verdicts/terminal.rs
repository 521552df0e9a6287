//! Verdicts and consensus for a terminal.

use super::{CASES, COUNTED, Overall, few, keyword, peers::Peers, remarks, runtimes};
use crate::{
    analysis::{
        conformance::{ClauseTally, Verdicts},
        matrix::Matrix,
    },
    render::{
        cell,
        paint::{Style, mark, paint, width},
    },
    text,
};
use ocipick_corpus::Level;

/// Says what was broken by whom, and how the peers stand to each other. It follows the matrix.
#[must_use]
pub fn render<'m>(
    matrix: &'m Matrix<'_>,
    verdicts: &Verdicts<'m>,
    color: bool,
    width: Option<usize>,
) -> String {
    let mut page = Page {
        text: String::new(),
        width: width.unwrap_or(usize::MAX),
    };
    let peers = Peers::of(matrix);
    if let Some(overall) = Overall::of(matrix, verdicts) {
        let broken = verdicts.broken();
        line(&mut page, "");
        line(
            &mut page,
            &format!(
                "{} {}",
                mark(Style::Bold, "Held against"),
                overall.revisions
            ),
        );
        table(&mut page, matrix, &overall);
        for tally in &broken {
            clause(&mut page, matrix, tally);
        }
        if broken.is_empty() {
            line(
                &mut page,
                "  no clause was broken, as far as cases say what satisfies it",
            );
        }
    }
    open(&mut page, &peers);
    paint(&page.text, color)
}

/// The text so far, and how many columns there are.
struct Page {
    text: String,
    width: usize,
}

/// Adds a line. What has no room goes on below, two columns further in.
fn line(page: &mut Page, text: &str) {
    let indent = text.len() - text.trim_start_matches(' ').len();
    let mut used = 0;
    for word in text.trim_start().split(' ') {
        let room = page.width.saturating_sub(used);
        if used == 0 {
            page.text.push_str(&" ".repeat(indent));
            used = indent;
        } else if width(word) < room {
            page.text.push(' ');
            used += 1;
        } else {
            page.text.push('\n');
            page.text.push_str(&" ".repeat(indent + 2));
            used = indent + 2;
        }
        page.text.push_str(word);
        used += width(word);
    }
    page.text.push('\n');
}

fn table(page: &mut Page, matrix: &Matrix<'_>, overall: &Overall) {
    let mut rows: Vec<(String, Vec<String>)> = vec![(
        String::new(),
        COUNTED.iter().map(|head| (*head).to_owned()).collect(),
    )];
    for (column, numbers) in &overall.runtimes {
        let Some(runtime) = matrix.runtimes.get(*column) else {
            continue;
        };
        let numbers = numbers.iter().enumerate();
        let numbers = numbers.map(|(place, number)| match (place, number) {
            (_, 0) => "·".to_owned(),
            (0, _) => mark(Style::Red, &number.to_string()),
            (1, _) => mark(Style::Yellow, &number.to_string()),
            _ => number.to_string(),
        });
        rows.push((cell::full_name(runtime), numbers.collect()));
    }
    let longest = rows.iter().map(|(label, _)| width(label)).max();
    let numbers: usize = COUNTED.iter().map(|head| width(head) + 2).sum();
    let room = page.width.saturating_sub(numbers + 2).max(8);
    let label = longest.unwrap_or(0).min(room);
    for (name, numbers) in rows {
        let name = text::clip(&name, label);
        let mut text = format!("  {name}{}", " ".repeat(label.saturating_sub(width(&name))));
        for (number, head) in numbers.iter().zip(COUNTED) {
            let room = width(head).saturating_sub(width(number));
            text.push_str("  ");
            text.push_str(&" ".repeat(room));
            text.push_str(number);
        }
        page.text.push_str(text.trim_end());
        page.text.push('\n');
    }
}

fn clause(page: &mut Page, matrix: &Matrix<'_>, tally: &ClauseTally<'_>) {
    let style = match tally.level {
        Level::Must => Style::Red,
        Level::Should | Level::May | Level::Statement | Level::Silent => Style::Yellow,
    };
    line(page, "");
    line(
        page,
        &format!(
            "  {} {} (since {}; broken in {} of {})",
            mark(style, keyword(tally.level)),
            mark(Style::Bold, tally.clause),
            tally.since(),
            tally.broken,
            text::count(tally.judged, "trial", "trials"),
        ),
    );
    line(page, &format!("    {}", tally.says));
    for breaches in &tally.breaches {
        let tools: Vec<String> = runtimes(matrix, &breaches.columns)
            .into_iter()
            .map(|(tool, versions)| format!("{tool} {}", text::list(&versions)))
            .collect();
        let (cases, more) = few(&breaches.rows, CASES);
        let more = if more == 0 {
            String::new()
        } else {
            format!(" and {more} more")
        };
        let remarks = remarks(matrix, breaches);
        line(page, &format!("    {}{remarks}", tools.join("; ")));
        let cases: Vec<&str> = cases.iter().map(|row| row.label.as_str()).collect();
        let cases = text::line(&cases.join(", "));
        line(page, &format!("      {} {cases}{more}", breaches.operation));
    }
}

fn open(page: &mut Page, peers: &Peers) {
    if peers.rows == 0 {
        return;
    }
    line(page, "");
    let names: Vec<String> = peers
        .open
        .iter()
        .map(|(label, _)| text::line(label))
        .collect();
    let (shown, more) = few(&names, CASES);
    let more = if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    };
    if names.is_empty() {
        line(
            page,
            &format!(
                "{} most peers agree in every row",
                mark(Style::Bold, "Peers")
            ),
        );
    } else {
        line(
            page,
            &format!(
                "{} no majority in {} of {}: {}{more}",
                mark(Style::Bold, "Peers"),
                names.len(),
                text::count(peers.rows, "row", "rows"),
                shown.join(", "),
            ),
        );
    }
}
