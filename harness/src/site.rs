//! Writing a site below a directory.
//!
//! What an earlier site wrote is replaced, and what it no longer has is removed; nothing else is
//! ever touched. The file [`LIST`] names all that belongs to the site. A directory that holds
//! something, but no such list, is somebody else's.
//!
//! Everything is written elsewhere first. A new site then appears at once. In an old one each file
//! is replaced at once, so that a reader finds the old page or the new one, and never half of one;
//! what was cut short is completed by writing the site again.

use ocipick_reports::site::Site;
use std::{
    collections::BTreeSet,
    fs, io,
    path::{Component, Path, PathBuf},
};

/// Names every file of the site, below a line that says what the file is.
pub const LIST: &str = ".ocipick-site";
const FIRST_LINE: &str = "ocipick.site/1";
/// Where an old site gets its new files ready.
const STAGE: &str = ".ocipick-site-new";

/// Why a site could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// There is something else in the directory.
    #[error(
        "{} holds {found}, which no site of ocipick wrote (hint: name a directory that does not exist yet, or an empty one)",
        dir.display()
    )]
    Occupied {
        /// The directory.
        dir: PathBuf,
        /// Something in it.
        found: String,
    },
    /// The site needs a place where something else is.
    #[error("{} is in the way, and no site of ocipick wrote it (hint: move it away)", path.display())]
    InTheWay {
        /// What is there.
        path: PathBuf,
    },
    /// The list of what belongs to the site is not one of ours.
    #[error("{} is no list of the files of a site: {why}", path.display())]
    List {
        /// The list.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A file could not be read or written.
    #[error("cannot write {}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        #[source]
        error: io::Error,
    },
}

/// Writes a site below a directory, which is made if it does not exist.
///
/// # Errors
/// When the directory is somebody else's, or cannot be written. Nothing was changed then, unless
/// the error is an [`SiteError::Io`] in the middle of replacing an old site.
pub fn write(site: &Site, dir: &Path) -> Result<(), SiteError> {
    match fs::symlink_metadata(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => write_new(site, dir),
        Err(error) => Err(failed(dir)(error)),
        Ok(_) if !dir.is_dir() => Err(SiteError::InTheWay {
            path: dir.to_owned(),
        }),
        Ok(_) => {
            let old = read_list(dir)?;
            if old.is_none()
                && let Some(found) = anything_in(dir)?
            {
                return Err(SiteError::Occupied {
                    dir: dir.to_owned(),
                    found,
                });
            }
            replace(site, dir, &old.unwrap_or_default())
        }
    }
}

fn write_new(site: &Site, dir: &Path) -> Result<(), SiteError> {
    let parent = match dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    fs::create_dir_all(parent).map_err(failed(parent))?;
    let stage = tempfile::Builder::new()
        .prefix(STAGE)
        .tempdir_in(parent)
        .map_err(failed(parent))?;
    let top = stage.path().join("site");
    write_files(site, &top)?;
    write_list(&top, &paths(site))?;
    fs::rename(&top, dir).map_err(failed(dir))
}

fn replace(site: &Site, dir: &Path, old: &BTreeSet<String>) -> Result<(), SiteError> {
    let new = paths(site);
    for path in &new {
        check_free(dir, path, old)?;
    }
    let stage = dir.join(STAGE);
    remove_stage(&stage)?;
    write_files(site, &stage)?;
    // Whatever happens from here on, the list names all that is ours.
    write_list(dir, &old.union(&new).cloned().collect())?;
    for path in &new {
        let to = dir.join(path);
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent).map_err(failed(parent))?;
        }
        fs::rename(stage.join(path), &to).map_err(failed(&to))?;
    }
    for path in old.difference(&new) {
        remove(dir, path)?;
    }
    remove_stage(&stage)?;
    write_list(dir, &new)
}

fn paths(site: &Site) -> BTreeSet<String> {
    site.files.keys().cloned().collect()
}

fn write_files(site: &Site, top: &Path) -> Result<(), SiteError> {
    for (path, bytes) in &site.files {
        let file = top.join(path);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent).map_err(failed(parent))?;
        }
        fs::write(&file, bytes).map_err(failed(&file))?;
    }
    Ok(())
}

fn write_list(top: &Path, paths: &BTreeSet<String>) -> Result<(), SiteError> {
    let mut text = format!("{FIRST_LINE}\n");
    for path in paths {
        text.push_str(path);
        text.push('\n');
    }
    let (file, next) = (top.join(LIST), top.join(format!("{LIST}-next")));
    fs::write(&next, text).map_err(failed(&next))?;
    fs::rename(&next, &file).map_err(failed(&file))
}

/// The files of an earlier site; nothing where there was none.
fn read_list(dir: &Path) -> Result<Option<BTreeSet<String>>, SiteError> {
    let path = dir.join(LIST);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(&path)(error)),
    };
    let wrong = |why: &str| SiteError::List {
        path: path.clone(),
        why: why.to_owned(),
    };
    let mut lines = text.lines();
    if lines.next() != Some(FIRST_LINE) {
        return Err(wrong("its first line is another"));
    }
    let mut paths = BTreeSet::new();
    for line in lines {
        // Nobody is to remove what is outside by writing into this file.
        let inside = Path::new(line)
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if line.is_empty() || !inside {
            return Err(wrong(&format!("{line:?} is not below the directory")));
        }
        paths.insert(line.to_owned());
    }
    Ok(Some(paths))
}

/// The name of something in a directory, if there is anything.
fn anything_in(dir: &Path) -> Result<Option<String>, SiteError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed(dir))? {
        let entry = entry.map_err(failed(dir))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    Ok(names.into_iter().min())
}

/// Checks that a file of the site takes no place but its own.
fn check_free(dir: &Path, path: &str, old: &BTreeSet<String>) -> Result<(), SiteError> {
    let mut at = dir.to_owned();
    let mut parts = Path::new(path).components().peekable();
    while let Some(part) = parts.next() {
        at.push(part);
        let Ok(found) = fs::symlink_metadata(&at) else {
            return Ok(());
        };
        let own = if parts.peek().is_some() {
            // A link would lead out of the directory.
            found.is_dir()
        } else {
            !found.is_dir() && old.contains(path)
        };
        if !own {
            return Err(SiteError::InTheWay { path: at });
        }
    }
    Ok(())
}

/// Removes a file that the site no longer has, and the folders that are empty without it.
fn remove(dir: &Path, path: &str) -> Result<(), SiteError> {
    let file = dir.join(path);
    let leads_out = file
        .ancestors()
        .skip(1)
        .take_while(|above| *above != dir)
        .any(Path::is_symlink);
    if leads_out {
        return Ok(());
    }
    match fs::remove_file(&file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&file)(error)),
        Ok(()) | Err(_) => {
            for above in file.ancestors().skip(1).take_while(|above| *above != dir) {
                // One that is not empty stays.
                if fs::remove_dir(above).is_err() {
                    break;
                }
            }
            Ok(())
        }
    }
}

fn remove_stage(stage: &Path) -> Result<(), SiteError> {
    match fs::remove_dir_all(stage) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(stage)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> SiteError {
    let path = path.to_owned();
    move |error| SiteError::Io { path, error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(files: &[(&str, &str)]) -> Site {
        let files = files.iter();
        let files = files.map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
        Site {
            files: files.collect(),
        }
    }

    fn everything(dir: &Path) -> Vec<String> {
        let entries = walkdir::WalkDir::new(dir).sort_by_file_name();
        let entries = entries.into_iter().map(Result::unwrap);
        entries
            .filter(|entry| entry.file_type().is_file())
            .map(|entry| {
                let path = entry.path().strip_prefix(dir).unwrap();
                let text = fs::read_to_string(entry.path()).unwrap();
                format!("{}={}", path.display(), text.replace('\n', " "))
            })
            .collect()
    }

    #[test]
    fn a_site_replaces_its_own_files_and_no_others() {
        let sandbox = tempfile::tempdir().unwrap();
        let dir = sandbox.path().join("deep/site");
        write(&site(&[("index.html", "1"), ("case/a/b.html", "1")]), &dir).unwrap();
        fs::write(dir.join("case/notes.txt"), "mine").unwrap();
        fs::write(dir.join("CNAME"), "mine").unwrap();
        write(&site(&[("index.html", "2"), ("case/c.html", "2")]), &dir).unwrap();
        assert_eq!(
            everything(&dir),
            [
                ".ocipick-site=ocipick.site/1 case/c.html index.html ",
                "CNAME=mine",
                "case/c.html=2",
                "case/notes.txt=mine",
                "index.html=2",
            ]
        );
        assert!(!dir.join("case/a").exists(), "folders that are empty go");
        let beside = fs::read_dir(dir.parent().unwrap()).unwrap().count();
        assert_eq!(beside, 1, "nothing is left beside it");
    }

    #[test]
    fn a_directory_of_somebody_else_is_left_alone() {
        let sandbox = tempfile::tempdir().unwrap();
        let pages = site(&[("index.html", "1")]);
        fs::write(sandbox.path().join("thesis.txt"), "mine").unwrap();
        let error = write(&pages, sandbox.path()).unwrap_err();
        assert!(matches!(error, SiteError::Occupied { .. }), "{error}");
        assert!(error.to_string().contains("thesis.txt"), "{error}");
        assert_eq!(everything(sandbox.path()), ["thesis.txt=mine"]);

        let file = sandbox.path().join("thesis.txt");
        let error = write(&pages, &file).unwrap_err();
        assert!(matches!(error, SiteError::InTheWay { .. }), "{error}");

        // An empty directory is nobody's.
        let empty = sandbox.path().join("empty");
        fs::create_dir(&empty).unwrap();
        write(&pages, &empty).unwrap();
        assert_eq!(everything(&empty).len(), 2);
    }

    #[test]
    fn a_page_is_not_written_over_a_file_that_is_in_its_place() {
        let sandbox = tempfile::tempdir().unwrap();
        let dir = sandbox.path().join("site");
        write(&site(&[("index.html", "1")]), &dir).unwrap();
        fs::write(dir.join("about.html"), "mine").unwrap();
        let before = everything(&dir);
        let next = site(&[("index.html", "2"), ("about.html", "2")]);
        let error = write(&next, &dir).unwrap_err();
        assert!(matches!(error, SiteError::InTheWay { .. }), "{error}");
        assert_eq!(everything(&dir), before);
    }

    #[test]
    fn no_list_and_no_link_leads_out_of_the_directory() {
        let sandbox = tempfile::tempdir().unwrap();
        let outside = sandbox.path().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("b.html"), "mine").unwrap();
        let dir = sandbox.path().join("site");
        let old = site(&[("index.html", "1"), ("case/b.html", "1")]);
        write(&old, &dir).unwrap();

        let list = dir.join(LIST);
        let good = fs::read_to_string(&list).unwrap();
        for bad in ["../outside/b.html", "/etc/passwd", ""] {
            fs::write(&list, format!("{good}{bad}\n")).unwrap();
            let error = write(&site(&[("index.html", "2")]), &dir).unwrap_err();
            assert!(matches!(error, SiteError::List { .. }), "{bad}: {error}");
        }
        fs::write(&list, "something else\n").unwrap();
        let error = write(&old, &dir).unwrap_err();
        assert!(matches!(error, SiteError::List { .. }), "{error}");
        fs::write(&list, good).unwrap();

        fs::remove_dir_all(dir.join("case")).unwrap();
        std::os::unix::fs::symlink(&outside, dir.join("case")).unwrap();
        let error = write(&old, &dir).unwrap_err();
        assert!(matches!(error, SiteError::InTheWay { .. }), "{error}");
        write(&site(&[("index.html", "2")]), &dir).unwrap();
        assert_eq!(everything(&outside), ["b.html=mine"]);
    }

    #[test]
    fn a_site_that_was_cut_short_is_completed() {
        let sandbox = tempfile::tempdir().unwrap();
        let dir = sandbox.path().join("site");
        write(&site(&[("index.html", "1"), ("old.html", "1")]), &dir).unwrap();
        // As a kill leaves it: the list names both, and some files are there, some are not.
        fs::write(
            dir.join(LIST),
            format!("{FIRST_LINE}\nindex.html\nnew.html\nold.html\n"),
        )
        .unwrap();
        fs::write(dir.join("new.html"), "2").unwrap();
        fs::create_dir(dir.join(STAGE)).unwrap();
        fs::write(dir.join(STAGE).join("index.html"), "2").unwrap();
        write(&site(&[("index.html", "3"), ("new.html", "3")]), &dir).unwrap();
        assert_eq!(
            everything(&dir),
            [
                ".ocipick-site=ocipick.site/1 index.html new.html ",
                "index.html=3",
                "new.html=3",
            ]
        );
    }
}
