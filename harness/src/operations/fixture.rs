//! A case as an OCI layout, for the tools that read layouts: as a directory, and as an archive of
//! it. Both go when the trial is over.

use ocipick_corpus::{Case, image_name, write_layout};
use std::{
    fs::{self, File},
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
};

/// The layout of one trial.
pub(super) struct LayoutFixture {
    dir: PathBuf,
    name: String,
}

impl LayoutFixture {
    /// Writes the layout and its archive below `dir`, which must not be there yet.
    ///
    /// # Errors
    ///
    /// When they cannot be written, or when a layout cannot hold the case.
    pub(super) fn pack(case: &Case, dir: PathBuf) -> Result<Self, String> {
        let fixture = Self {
            dir,
            name: image_name(case),
        };
        write_layout(case, &fixture.layout()).map_err(|error| error.to_string())?;
        fixture
            .archive_all()
            .map_err(|error| format!("{}: {error}", fixture.archive().display()))?;
        Ok(fixture)
    }

    /// The directory.
    pub(super) fn layout(&self) -> PathBuf {
        self.dir.join("layout")
    }

    /// The archive.
    pub(super) fn archive(&self) -> PathBuf {
        self.dir.join("layout.tar")
    }

    /// The name that the layout gives the index.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The archive is the same wherever and whenever it is made: only names and bytes go in.
    fn archive_all(&self) -> io::Result<()> {
        let layout = self.layout();
        let mut archive = tar::Builder::new(BufWriter::new(File::create(self.archive())?));
        let mut entries: Vec<PathBuf> = walkdir::WalkDir::new(&layout)
            .min_depth(1)
            .into_iter()
            .map(|entry| Ok(entry.map_err(io::Error::from)?.into_path()))
            .collect::<io::Result<_>>()?;
        entries.sort();
        for path in entries {
            append(&mut archive, &layout, &path)?;
        }
        archive.into_inner()?.flush()
    }
}

fn append(archive: &mut tar::Builder<impl io::Write>, root: &Path, path: &Path) -> io::Result<()> {
    let name = path.strip_prefix(root).map_err(io::Error::other)?;
    let mut header = tar::Header::new_gnu();
    header.set_mtime(0);
    if path.is_dir() {
        header.set_entry_type(tar::EntryType::Directory);
        header.set_mode(0o755);
        header.set_size(0);
        return archive.append_data(&mut header, name, io::empty());
    }
    let bytes = fs::read(path)?;
    header.set_mode(0o644);
    header.set_size(bytes.len() as u64);
    archive.append_data(&mut header, name, bytes.as_slice())
}

impl Drop for LayoutFixture {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.dir)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(dir = %self.dir.display(), %error, "cannot remove a layout");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ocipick_corpus::Corpus;
    use std::collections::BTreeMap;

    #[test]
    fn the_archive_holds_what_the_directory_holds() {
        let corpus = Corpus::built_in().unwrap();
        let case = &corpus.cases()[0];
        let run_dir = tempfile::tempdir().unwrap();
        let fixture = LayoutFixture::pack(case, run_dir.path().join("l0")).unwrap();
        let mut archive = tar::Archive::new(File::open(fixture.archive()).unwrap());
        let mut held = BTreeMap::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().into_owned();
            if entry.header().entry_type().is_file() {
                let mut bytes = Vec::new();
                io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
                held.insert(path, bytes);
            }
        }
        let read = |name: &str| fs::read(fixture.layout().join(name)).unwrap();
        assert_eq!(held[Path::new("index.json")], read("index.json"));
        let digest = case.index.digest.as_str().replace(':', "/");
        assert_eq!(held[&Path::new("blobs").join(digest)], *case.index.bytes);
        let contents = String::from_utf8(read("index.json")).unwrap();
        assert!(contents.contains(fixture.name()), "{contents}");
        let dir = run_dir.path().join("l0");
        drop(fixture);
        assert!(!dir.exists());
    }
}
