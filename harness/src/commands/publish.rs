//! `ocipick publish`: results, and everything that is made of them, for others to read.

use super::{
    args::RevisionArgs,
    fail::{Failure, Result},
    results::read,
    terminal::Terminal,
};
use clap::Args;
use ocipick::exit::ExitCode;
use ocipick_corpus::Corpus;
use ocipick_reports::{
    analysis::{
        changes::versions::FoldMode,
        conformance::Verdicts,
        embargo::EmbargoPolicy,
        matrix::{CaseBook, Matrix},
    },
    publish::{data_names, excerpt, files, is_data, lines, pack, put, slim, unpack},
    site::{Site, Sources},
};
use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

/// The name of the site among what is published.
const SITE: &str = "site.tar.gz";

#[derive(Debug, Args)]
pub(crate) struct PublishArgs {
    /// Results files, or directories that hold one; several are merged
    #[arg(value_name = "RESULTS", required = true)]
    results: Vec<PathBuf>,
    /// Where to: what is there and no longer made is removed
    #[arg(long, value_name = "DIR", default_value = "reports/published")]
    into: PathBuf,
    /// A text with the marks `<!-- published -->` and `<!-- /published -->`, between which an excerpt
    /// goes
    #[arg(long, value_name = "FILE")]
    readme: Option<PathBuf>,
    /// Write nothing, and fail (code 3) where something is not as it would be written
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    revisions: RevisionArgs,
}

pub(crate) fn publish(args: &PublishArgs, screen: Terminal) -> Result<ExitCode> {
    let mut results = read(&args.results)?;
    let policy = EmbargoPolicy::built_in().map_err(Failure::internal)?;
    let withheld = slim(&mut results, policy);
    let cases: BTreeSet<&str> = withheld.iter().map(|cell| cell.case.as_str()).collect();
    if !cases.is_empty() {
        screen.say(&format!(
            "{} left out, whole, for private disclosure first",
            match cases.len() {
                1 => "1 case is".to_owned(),
                several => format!("{several} cases are"),
            }
        ));
    }
    let corpus = Corpus::built_in()?;
    let book = CaseBook::of(&corpus);
    let rules = args.revisions.rules(&corpus)?;
    let matrix = Matrix::build(&results, &book);
    let verdicts = Verdicts::of(&matrix, &rules);
    let data = data_names(&results);
    let mut made = files(&matrix, &verdicts);
    made.sort();
    let readme = match &args.readme {
        None => None,
        Some(path) => {
            let text = fs::read_to_string(path).map_err(|error| fail(path, &error))?;
            // Links are followed from where the text is.
            let from = path.parent().unwrap_or(Path::new(""));
            let below = args.into.strip_prefix(from).unwrap_or(&args.into);
            let below = below.to_string_lossy().into_owned();
            let text =
                put(&text, &excerpt(&matrix, &verdicts, &below, &data)).ok_or_else(|| {
                    Failure::usage(format!("{} has no marks for the excerpt", path.display()))
                })?;
            Some((path.clone(), text.into_bytes()))
        }
    };
    for (name, own) in data.into_iter().zip(&results) {
        made.push((name, pack(lines(own).as_bytes())));
    }
    let site = Site::build(&Sources {
        matrix: &matrix,
        verdicts: &verdicts,
        corpus: &corpus,
        fold: FoldMode::Auto,
    });
    let archive = archive(&site).map_err(Failure::internal)?;
    made.push((SITE.to_owned(), pack(&archive)));
    let made = made
        .into_iter()
        .map(|(name, bytes)| (args.into.join(name), bytes))
        .chain(readme)
        .collect::<Vec<_>>();
    if args.check {
        Ok(check(&args.into, &made, screen))
    } else {
        write(&args.into, &made, screen)
    }
}

/// The files of a site as a tar archive, the same bytes for the same site on every machine.
fn archive(site: &Site) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content) in &site.files {
        let mut header = tar::Header::new_ustar();
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        header.set_mtime(0);
        archive.append_data(&mut header, format!("site/{name}"), content.as_slice())?;
    }
    archive.into_inner()
}

fn write(into: &Path, made: &[(PathBuf, Vec<u8>)], screen: Terminal) -> Result<ExitCode> {
    let mut bytes = 0;
    for (path, content) in made {
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir).map_err(|error| fail(dir, &error))?;
        }
        fs::write(path, content).map_err(|error| fail(path, &error))?;
        bytes += content.len();
    }
    for stale in stale(into, made) {
        fs::remove_file(&stale).map_err(|error| fail(&stale, &error))?;
    }
    screen.say(&format!(
        "wrote {} files to {}, {} kB",
        made.len(),
        into.display(),
        bytes / 1000
    ));
    Ok(ExitCode::Success)
}

/// What an earlier publication has left. Badges of tools that are no longer measured would go on
/// saying what they said, and so would results that are not among those of the matrix.
fn stale(into: &Path, made: &[(PathBuf, Vec<u8>)]) -> Vec<PathBuf> {
    let wanted: BTreeSet<&Path> = made.iter().map(|(path, _)| path.as_path()).collect();
    let files = |dir: &Path| fs::read_dir(dir).into_iter().flatten().flatten();
    let data = files(into).filter(|it| it.file_name().to_str().is_some_and(is_data));
    let badges = files(&into.join("badges"));
    data.chain(badges)
        .map(|it| it.path())
        .filter(|path| !wanted.contains(path.as_path()))
        .collect()
}

fn check(into: &Path, made: &[(PathBuf, Vec<u8>)], screen: Terminal) -> ExitCode {
    let changed = made
        .iter()
        .filter(|(path, wanted)| !is_there(path, wanted))
        .map(|(path, _)| path.clone());
    let stale: Vec<String> = changed
        .chain(stale(into, made))
        .map(|path| path.display().to_string())
        .collect();
    if stale.is_empty() {
        return ExitCode::Success;
    }
    screen.say(&format!(
        "not as it would be written now: {} (hint: make publish)",
        stale.join(", ")
    ));
    ExitCode::CheckFailed
}

/// Whether a file has this content. What another version of the packer has packed is the same
/// content still.
fn is_there(path: &Path, wanted: &[u8]) -> bool {
    let there = fs::read(path).and_then(unpack);
    let wanted = unpack(wanted.to_vec());
    matches!((there, wanted), (Ok(there), Ok(wanted)) if there == wanted)
}

fn fail(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("{}: {error}", path.display()))
}
