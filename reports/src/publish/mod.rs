//! What is published: results as data, and everything that is made of them.
//!
//! Pure: results in, files out. [`slim`] takes out what others need not have: what is for private
//! disclosure first, and what is of the machine that measured (command lines, times of single
//! requests, private directories). From what is left, [`files`] makes all the rest, so that anybody
//! can make it again and compare.

mod excerpt;
mod overview_chart;
mod private;
mod sanitize;

pub use excerpt::{BEGIN, END, excerpt, put};
pub use ocipick_records::{pack, unpack};
pub use overview_chart::picture;
pub use private::private_places;
pub(crate) use private::without_private_directories;
pub use sanitize::{sanitize, slim};

use crate::{
    analysis::{conformance::Verdicts, matrix::Matrix},
    render::{badge::badges, markdown, summary, verdicts},
};
use ocipick_records::{Record, Results};
use std::iter;

/// The name of the first results among what is published.
pub const DATA: &str = "results.jsonl.gz";

/// A name for each of several results among what is published: the first has [`DATA`], the others
/// are told apart by their operations.
#[must_use]
pub fn data_names(results: &[Results]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for own in results {
        let operations = own.header.operations.join("-");
        let wanted = iter::once(DATA.to_owned())
            .chain(iter::once(format!("results-{operations}.jsonl.gz")))
            .chain((2..).map(|number| format!("results-{operations}-{number}.jsonl.gz")))
            .find(|name| !names.contains(name));
        names.extend(wanted);
    }
    names
}

/// Whether a file of this name holds published results.
#[must_use]
pub fn is_data(name: &str) -> bool {
    name.starts_with("results") && name.ends_with(".jsonl.gz")
}

/// A file that is published: its path below the directory of all, with `/`, and its content.
pub type File = (String, Vec<u8>);

/// The lines of a results file. What [`Results::parse`] makes of them is the same again.
///
/// # Panics
/// Never: all keys are text.
#[must_use]
pub fn lines(results: &Results) -> String {
    let header = Record::Header(Box::new(results.header.clone()));
    let trials = results.trials.iter();
    let trials = trials.map(|trial| Record::Trial(Box::new(trial.clone())));
    let footer = results.footer.clone().map(Record::Footer);
    let mut text = String::new();
    for record in iter::once(header).chain(trials).chain(footer) {
        text.push_str(&serde_json::to_string(&record).expect("keys are text"));
        text.push('\n');
    }
    text
}

/// Everything that is made of published results, besides the results themselves.
#[must_use]
pub fn files(matrix: &Matrix<'_>, verdicts: &Verdicts<'_>) -> Vec<File> {
    let mut matrix_md = markdown::render(matrix, &markdown::MarkdownOptions::default());
    matrix_md.push('\n');
    matrix_md.push_str(&verdicts::markdown::render(matrix, verdicts, false));
    let mut files: Vec<File> = vec![
        ("matrix.md".to_owned(), matrix_md.into_bytes()),
        (
            "summary.json".to_owned(),
            summary::render(matrix).into_bytes(),
        ),
        (
            "overview.svg".to_owned(),
            picture(matrix, verdicts).into_bytes(),
        ),
    ];
    for badge in badges(matrix, verdicts) {
        let name = format!("badges/{}", badge.name);
        files.push((format!("{name}.json"), badge.json().into_bytes()));
        files.push((format!("{name}.svg"), badge.svg().into_bytes()));
    }
    files
}

#[cfg(test)]
mod tests;
