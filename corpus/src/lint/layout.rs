//! OCI layouts: the files about the blobs, and whether the blobs are what their names say.

use super::{
    Subject, Violation,
    blobs::{BlobIndex, IndexedBlob},
    context::LintContext,
    grammar,
    index::{Role, index},
    json::{self, Kind},
    path::Path,
    rule::Rule,
    walk::breaches,
};
use crate::{
    Algorithm, Case, LayoutError, PlatformRequest, Unread,
    digest::hex,
    layout::{Found, UNPACKED, file_contents, layouts, places},
};
use ocipick_records::Root;
use sha2::{Sha256, Sha512};
use std::{
    fs,
    io::{self, Read as _},
    path::{Path as Directory, PathBuf},
};

/// An OCI layout, with everything that is wrong with it.
#[derive(Debug)]
pub struct CheckedLayout {
    /// The directory.
    pub path: PathBuf,
    /// The case that it is; why it cannot be one, where it cannot.
    pub case: Result<Case, Unread>,
    /// Which clauses it breaks, in its files and in its documents.
    pub breaches: Vec<Violation>,
}

/// Checks every layout below `dir`, each by itself: one that cannot be read does not keep the others
/// from being checked.
///
/// # Errors
///
/// Where the directory cannot be walked.
pub fn check_layouts(
    dir: &Directory,
    ask: &PlatformRequest,
) -> Result<Vec<CheckedLayout>, LayoutError> {
    let mut checked = Vec::new();
    for Found { path, cases } in layouts(dir, ask)? {
        // What keeps a layout from being read keeps its files from being checked.
        let mut of_files = files(&path).unwrap_or_default();
        for case in cases {
            // What its files break is said once, however many indexes it names.
            let mut found = std::mem::take(&mut of_files);
            if let Ok(case) = &case {
                found.extend(breaches(case));
            }
            checked.push(CheckedLayout {
                path: path.clone(),
                case,
                breaches: found,
            });
        }
    }
    Ok(checked)
}

/// A file among the blobs.
struct Blob {
    /// The digest that its place stands for.
    claimed: String,
    length: u64,
}

/// What the files of a layout break.
pub(super) fn files(layout: &Directory) -> Result<Vec<Violation>, LayoutError> {
    let root = Root::open(layout).map_err(|error| LayoutError::file(layout, error))?;
    let mut found = Vec::new();
    let empty = BlobIndex::default();
    let mut context = LintContext {
        subject: Subject::Layout,
        shelf: &empty,
        breaches: &mut found,
    };
    header(&mut context, &root)?;
    let blobs = blobs(&mut context, &root)?;
    let mut shelf = BlobIndex::default();
    for blob in &blobs {
        let content = IndexedBlob {
            length: blob.length,
            bytes: None,
        };
        shelf.add(&blob.claimed, content);
    }
    let mut context = LintContext {
        subject: Subject::IndexJson,
        shelf: &shelf,
        breaches: &mut found,
    };
    match file_contents(&root, "index.json")? {
        Some(bytes) => {
            let read = json::read(&bytes);
            context.json(&read);
            if let Some(value) = read.value() {
                index(&mut context, value, Role::IndexJson);
            }
        }
        None => context.note(Rule::IndexJson, &Path::Root, "is not there"),
    }
    Ok(found)
}

/// The file `oci-layout`.
fn header(context: &mut LintContext<'_, '_>, root: &Root) -> Result<(), LayoutError> {
    let path = Path::Root.key("oci-layout");
    let Some(bytes) = file_contents(root, "oci-layout")? else {
        context.note(Rule::LayoutFile, &path, "is not there");
        return Ok(());
    };
    let read = json::read(&bytes);
    match read.value() {
        None => context.note(Rule::LayoutFile, &path, "is not JSON"),
        Some(value) if value.kind() != Kind::Object => {
            let what = value.kind().what();
            context.note(
                Rule::LayoutFile,
                &path,
                format!("is {what}, and should be an object"),
            );
        }
        Some(value) => {
            if value.text_of("imageLayoutVersion").is_none() {
                context.note(
                    Rule::LayoutFile,
                    &path,
                    "has no `imageLayoutVersion`, a string",
                );
            }
        }
    }
    Ok(())
}

/// The directory `blobs`, and everything in it that has a name of its own.
fn blobs(context: &mut LintContext<'_, '_>, root: &Root) -> Result<Vec<Blob>, LayoutError> {
    let folder = root.path().join("blobs");
    let mut blobs = Vec::new();
    if !folder.is_dir() {
        context.note(
            Rule::BlobsDirectory,
            &Path::Root.key("blobs"),
            "is no directory",
        );
        return Ok(blobs);
    }
    for place in places(root)? {
        let file = match root.open_regular(&place.path) {
            Ok(file) => file,
            Err(error) if error.is_directory() => continue,
            Err(error) => return Err(LayoutError::file(&root.path().join(&place.path), error)),
        };
        let claimed = place.claimed;
        let path = place.path.display().to_string();
        let Some((algorithm, _)) = grammar::digest(&claimed) else {
            let what = "has a name that is no digest".to_owned();
            context.note_at(Rule::BlobDigest, path, what);
            continue;
        };
        let (length, actual) = measure(file, algorithm)
            .map_err(|error| LayoutError::unreadable(&root.path().join(&place.path), error))?;
        if let Some(actual) = actual
            && actual != claimed
        {
            context.note_at(Rule::BlobDigest, path, format!("is {actual}"));
        }
        blobs.push(Blob { claimed, length });
    }
    Ok(blobs)
}

/// The length of a file, and its digest where the algorithm is known.
fn measure(mut file: fs::File, algorithm: &str) -> io::Result<(u64, Option<String>)> {
    fn digest<H: sha2::Digest>(
        file: &mut fs::File,
        name: &str,
    ) -> io::Result<(u64, Option<String>)> {
        let mut hasher = H::new();
        let mut buffer = vec![0; 1 << 16];
        let mut length = 0;
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok((length, Some(format!("{name}:{}", hex(&hasher.finalize()))))),
                count => {
                    hasher.update(&buffer[..count]);
                    length += count as u64;
                }
            }
        }
    }
    let length = file.metadata()?.len();
    if length > UNPACKED {
        // Larger than what a case can have: that is said where it is read.
        return Ok((length, None));
    }
    match algorithm.parse() {
        Ok(Algorithm::Sha256) => digest::<Sha256>(&mut file, algorithm),
        Ok(Algorithm::Sha512) => digest::<Sha512>(&mut file, algorithm),
        Err(_) => Ok((length, None)),
    }
}
