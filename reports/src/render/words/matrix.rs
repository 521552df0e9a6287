//! What a reader must, or should, know of results, in words.

use crate::{
    analysis::matrix::{MatrixNote, MatrixWarning, WarningKind},
    text,
};
use std::fmt;

/// How many cells that were measured again are named.
const NAMED: usize = 3;

impl fmt::Display for MatrixWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.runs == 1 {
            f.write_str("This run")?;
        } else {
            let started = text::line(&self.started);
            write!(
                f,
                "Run {} of {} (started {started})",
                self.number, self.runs
            )?;
        }
        match self.what {
            WarningKind::Unfinished { planned, torn } => {
                let torn = if torn {
                    ", and its last record was cut in the middle"
                } else {
                    ""
                };
                write!(
                    f,
                    " did not finish: {} of {planned} planned trials were recorded{torn}. The rest \
                     was not measured.",
                    self.trials
                )
            }
            WarningKind::ChangedAfterwards { said } => write!(
                f,
                " ended with {said} trials, but {} are in its file: it was changed afterwards.",
                self.trials
            ),
        }
    }
}

impl fmt::Display for MatrixNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MeasuredAgain { cells, differing } => {
                if *cells == 1 {
                    f.write_str("1 cell was")?;
                } else {
                    write!(f, "{cells} cells were")?;
                }
                f.write_str(" measured more than once; the later one is shown (")?;
                if differing.is_empty() {
                    f.write_str("all agree with the earlier ones")?;
                } else {
                    let shown: Vec<String> = differing
                        .iter()
                        .take(NAMED)
                        .map(|it| {
                            format!(
                                "{} of {}: {}, before {}",
                                text::line(&it.case),
                                text::line(&it.runtime),
                                text::line(&it.later.gist()),
                                text::line(&it.earlier.gist()),
                            )
                        })
                        .collect();
                    write!(f, "those that differ: {}", shown.join("; "))?;
                    let more = differing.len() - shown.len();
                    if more > 0 {
                        write!(f, " and {more} more")?;
                    }
                }
                f.write_str(").")
            }
            Self::OtherBuild {
                tool,
                version,
                build,
            } => {
                let (tool, version) = (text::line(tool), text::line(version));
                let mark = build.mark().unwrap_or_default();
                let note = build.note().unwrap_or_default();
                write!(f, "{tool} {version} is {mark}: {}.", text::line(&note))
            }
            Self::SeveralCorpora(number) => write!(
                f,
                "The results are of {number} different selections or versions of the corpus; a case \
                 may not be the same bytes in all of them."
            ),
        }
    }
}
