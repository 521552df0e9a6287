//! Baselines on disk: a directory with a file per runtime.

use flate2::read::GzDecoder;
use ocipick_records::read_regular;
use ocipick_reports::baseline::{
    Baseline, BaselineBuild, BaselineError, BaselineSet, Merge, MergeError,
};
use std::{
    fmt, fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

/// Where baselines lie, from the root of the repository.
pub const DIR: &str = "baselines";

/// Why baselines cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum BaselinesError {
    /// A file has mistakes: the first one of each file.
    #[error("{}", list(.0))]
    Mistakes(Vec<BaselineError>),
    /// A file lies where another runtime's belongs.
    #[error(
        "{} is of {build}, and should be {place} (hint: move it there, or bless it anew)",
        path.display()
    )]
    Misplaced {
        /// The file.
        path: PathBuf,
        /// The runtime that it is of.
        build: Box<BaselineBuild>,
        /// Where it belongs, below the directory of all.
        place: String,
    },
    /// A directory that was named holds none.
    #[error(
        "{} holds no baselines (hint: they lie in it as TOOL/VERSION.txt, which `ocipick bless RESULTS --into {}` writes; without --baselines those of this version of ocipick are used)",
        .0.display(), .0.display()
    )]
    None(PathBuf),
    /// Outcomes that cannot be recorded.
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// A file or directory cannot be read or written.
    #[error("{}: {error} (hint: see that it is there and that you may read and write it)", path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

/// Baselines, and where they are from.
#[derive(Debug)]
pub struct Baselines {
    /// All of them.
    pub shelf: BaselineSet,
    /// Where they are from.
    pub source: BaselineSource,
}

/// Where baselines are from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaselineSource {
    /// A directory.
    Directory(PathBuf),
    /// They are compiled into the program.
    BuiltIn,
}

impl Baselines {
    /// Those below the directory that was named. Where none was, those of the working directory, or
    /// else those that are compiled in.
    ///
    /// # Errors
    ///
    /// Where the directory that was named holds none, or a file has mistakes or lies in the wrong
    /// place.
    pub fn find(named: Option<&Path>) -> Result<Self, BaselinesError> {
        let dir = named.unwrap_or(Path::new(DIR));
        let shelf = read(dir)?;
        if shelf.baselines().next().is_some() {
            return Ok(Self {
                shelf,
                source: BaselineSource::Directory(dir.to_owned()),
            });
        }
        match named {
            Some(dir) => Err(BaselinesError::None(dir.to_owned())),
            None => Self::built_in(),
        }
    }

    /// Those that are compiled in: the ones that the repository had when the program was built.
    ///
    /// # Errors
    ///
    /// Where they have mistakes, which no program that passed its tests has.
    pub fn built_in() -> Result<Self, BaselinesError> {
        let fail = |error| io_error(Path::new("the baselines that are compiled in"), error);
        let mut text = String::new();
        GzDecoder::new(BUILT_IN)
            .read_to_string(&mut text)
            .map_err(fail)?;
        let mut shelf = BaselineSet::default();
        let mut rest = text.as_str();
        // As `build.rs` writes it: the place, how long the text is, and the text.
        while let Some((head, after)) = rest.split_once('\n') {
            let part = head.split_once('\t').and_then(|(place, length)| {
                Some((place, after.split_at_checked(length.parse().ok()?)?))
            });
            let Some((place, (text, after))) = part else {
                return Err(fail(io::ErrorKind::InvalidData.into()));
            };
            let baseline = Baseline::parse(place, text);
            let baseline = baseline.map_err(|mistake| BaselinesError::Mistakes(vec![mistake]))?;
            shelf.put(place.to_owned(), baseline);
            rest = after;
        }
        Ok(Self {
            shelf,
            source: BaselineSource::BuiltIn,
        })
    }
}

impl fmt::Display for Baselines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.shelf.baselines().count();
        match &self.source {
            BaselineSource::Directory(dir) => {
                write!(f, "the {count} baselines in {}", dir.display())
            }
            BaselineSource::BuiltIn => write!(
                f,
                "the {count} baselines that came with ocipick {}",
                env!("CARGO_PKG_VERSION")
            ),
        }
    }
}

const BUILT_IN: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/baselines.gz"));

/// Reads every baseline below a directory. There are none where there is no directory.
///
/// # Errors
///
/// Where a file has mistakes or lies in the wrong place.
pub fn read(dir: &Path) -> Result<BaselineSet, BaselinesError> {
    let mut read: Vec<(PathBuf, String, Baseline)> = Vec::new();
    let mut mistakes = Vec::new();
    for path in files(dir)? {
        let text = text(&path)?;
        let place = path.strip_prefix(dir).unwrap_or(&path);
        let place: Vec<String> = place
            .iter()
            .map(|part| part.to_string_lossy().into_owned())
            .collect();
        match Baseline::parse(&path.display().to_string(), &text) {
            Ok(baseline) => read.push((path, place.join("/"), baseline)),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if !mistakes.is_empty() {
        return Err(BaselinesError::Mistakes(mistakes));
    }
    let mut shelf = BaselineSet::default();
    for (path, place, baseline) in read {
        let possible =
            [false, true].map(|named| BaselineSet::default().place(&baseline.build, named));
        if !possible.contains(&place) {
            let [plain, _] = possible;
            return Err(BaselinesError::Misplaced {
                path,
                build: Box::new(baseline.build),
                place: plain,
            });
        }
        shelf.put(place, baseline);
    }
    Ok(shelf)
}

/// The text of a baseline: a regular file, and not larger than any has reason to be.
fn text(path: &Path) -> Result<String, BaselinesError> {
    /// The largest of the repository has a tenth of a million bytes.
    const MOST: u64 = 64 << 20;
    let fail = |error| io_error(path, error);
    let bytes = read_regular(path, None, MOST)
        .map_err(|error| fail(io::Error::other(error.to_string())))?;
    String::from_utf8(bytes).map_err(|error| fail(io::Error::other(error)))
}

/// What recording did to one baseline.
#[derive(Debug)]
pub struct Recorded {
    /// The file.
    pub path: PathBuf,
    /// The runtime.
    pub build: BaselineBuild,
    /// What became of its lines.
    pub merge: Merge,
    /// How many lines were removed, because they were about nothing any more.
    pub pruned: usize,
}

/// Records new baselines below a directory: merges each with the one that is there, lets `prune`
/// take away what is gone, and writes it. `named` says of a runtime whether another build of its
/// version was measured beside it.
///
/// # Errors
///
/// Where something is there that cannot be read, or is of another corpus, or cannot be written.
pub fn record(
    dir: &Path,
    newer: Vec<Baseline>,
    named: impl Fn(&BaselineBuild) -> bool,
    prune: impl Fn(&mut Baseline) -> usize,
) -> Result<Vec<Recorded>, BaselinesError> {
    let mut shelf = read(dir)?;
    let mut all = Vec::new();
    for newer in newer {
        let build = newer.build.clone();
        let place = shelf.place(&build, named(&build));
        let found = shelf.baselines().find(|(taken, _)| *taken == place);
        let (mut baseline, merge) = match found {
            Some((_, older)) => {
                let mut baseline = older.clone();
                let merge = baseline.merge(newer)?;
                (baseline, merge)
            }
            None => {
                let merge = Merge {
                    added: newer.lines.len(),
                    ..Merge::default()
                };
                (newer, merge)
            }
        };
        let pruned = prune(&mut baseline);
        let path = dir.join(&place);
        write(&path, &baseline.to_string())?;
        shelf.put(place, baseline);
        all.push(Recorded {
            path,
            build,
            merge,
            pruned,
        });
    }
    Ok(all)
}

/// Writes a file whole or not at all.
fn write(path: &Path, text: &str) -> Result<(), BaselinesError> {
    let fail = |error| io_error(path, error);
    let dir = path.parent().unwrap_or(path);
    fs::create_dir_all(dir).map_err(fail)?;
    let unfinished = path.with_extension("unfinished");
    fs::write(&unfinished, text).map_err(fail)?;
    fs::rename(&unfinished, path).map_err(fail)
}

/// The files `TOOL/*.txt` below a directory, in order.
fn files(dir: &Path) -> Result<Vec<PathBuf>, BaselinesError> {
    let mut files = Vec::new();
    for tool in entries(dir)? {
        if tool.is_dir() {
            let of_tool = entries(&tool)?;
            files.extend(
                of_tool.into_iter().filter(|path| {
                    path.extension().is_some_and(|end| end == "txt") && path.is_file()
                }),
            );
        }
    }
    Ok(files)
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>, BaselinesError> {
    let read = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.map_err(|error| io_error(dir, error))?,
    };
    let mut entries = Vec::new();
    for entry in read {
        entries.push(entry.map_err(|error| io_error(dir, error))?.path());
    }
    entries.sort();
    Ok(entries)
}

fn io_error(path: &Path, error: io::Error) -> BaselinesError {
    BaselinesError::Io {
        path: path.to_owned(),
        error,
    }
}

fn list(mistakes: &[BaselineError]) -> String {
    let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    match lines.as_slice() {
        [one] => one.clone(),
        several => format!(
            "mistakes in {} baselines:\n  {}",
            several.len(),
            several.join("\n  ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "baseline 1\ntool crane\nversion 0.20.7\nchannel sid\n\
        corpus built-in 1 sha256:00\nocipick 0.1.0\n\n";

    fn dir(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (place, text) in files {
            write(&dir.path().join(place), text).unwrap();
        }
        dir
    }

    fn baseline(line: &str) -> Baseline {
        Baseline::parse("b.txt", &format!("{HEAD}{line}\n")).unwrap()
    }

    #[test]
    fn there_need_not_be_any() {
        let dir = dir(&[("README.md", "not a baseline"), ("crane/notes", "nor this")]);
        assert_eq!(read(dir.path()).unwrap().baselines().count(), 0);
        assert_eq!(
            read(&dir.path().join("absent"))
                .unwrap()
                .baselines()
                .count(),
            0
        );
    }

    #[test]
    fn baselines_of_the_repository_are_compiled_in() {
        let of_repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(DIR);
        let compiled = Baselines::built_in().unwrap();
        let shelf = read(&of_repository).unwrap();
        assert!(shelf.baselines().count() > 10);
        assert!(compiled.shelf.baselines().eq(shelf.baselines()));
    }

    #[test]
    fn a_directory_that_was_named_has_to_hold_baselines() {
        let empty = dir(&[("README.md", "not a baseline")]);
        let absent = empty.path().join("absent");
        for named in [empty.path(), &absent] {
            let error = Baselines::find(Some(named)).unwrap_err().to_string();
            assert!(error.contains("holds no baselines (hint: "), "{error}");
        }
        let one = dir(&[("crane/0.20.7.txt", HEAD)]);
        let found = Baselines::find(Some(one.path())).unwrap();
        assert_eq!(
            found.source,
            BaselineSource::Directory(one.path().to_owned())
        );
        // The working directory of this test has none.
        assert_eq!(
            Baselines::find(None).unwrap().source,
            BaselineSource::BuiltIn
        );
    }

    #[test]
    fn what_is_recorded_is_read_back_and_merged() {
        let dir = dir(&[]);
        let first = baseline("a pull linux/amd64 00 picked x\nb pull linux/amd64 00 nothing");
        record(dir.path(), vec![first], |_| false, |_| 0).unwrap();
        let second = baseline("b pull linux/amd64 00 picked x");
        let recorded = record(dir.path(), vec![second], |_| false, |_| 0).unwrap();
        assert_eq!(recorded[0].path, dir.path().join("crane/0.20.7.txt"));
        assert_eq!(
            (recorded[0].merge.changed.len(), recorded[0].merge.kept),
            (1, 1)
        );
        let shelf = read(dir.path()).unwrap();
        let (_, read) = shelf.baselines().next().unwrap();
        assert_eq!(
            *read,
            baseline("a pull linux/amd64 00 picked x\nb pull linux/amd64 00 picked x")
        );

        let prune = |baseline: &mut Baseline| baseline.prune(|key, _| key.case == "a");
        let third = baseline("b pull linux/amd64 00 picked x");
        let recorded = record(dir.path(), vec![third], |_| false, prune).unwrap();
        assert_eq!(recorded[0].pruned, 1);
    }

    #[test]
    fn mistakes_are_named_with_file_and_line() {
        let broken = format!("{HEAD}a pull linux/amd64 00 exploded\n");
        let dir = dir(&[("crane/0.20.7.txt", &broken), ("crane/0.20.8.txt", "x")]);
        let error = read(dir.path()).unwrap_err().to_string();
        assert!(
            error.contains("0.20.7.txt:8: `exploded` is no outcome"),
            "{error}"
        );
        assert!(error.contains("0.20.8.txt:1: the header needs"), "{error}");
    }

    #[test]
    fn a_file_of_another_runtime_is_misplaced() {
        let dir = dir(&[("docker/0.20.7.txt", HEAD)]);
        let error = read(dir.path()).unwrap_err().to_string();
        assert!(error.contains("should be crane/0.20.7.txt"), "{error}");
        let dir = self::dir(&[("crane/0.20.7#sid.txt", HEAD)]);
        assert!(read(dir.path()).is_ok());
    }
}
