//! Embeds the baselines of the repository, packed, so that `--check` works outside of a checkout.

use flate2::{Compression, GzBuilder};
use std::{
    env, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = env::var("CARGO_MANIFEST_DIR")?;
    let baselines = Path::new(&root).join("../baselines");
    println!("cargo::rerun-if-changed={}", baselines.display());
    let target = Path::new(&env::var("OUT_DIR")?).join("baselines.gz");
    let mut packed = GzBuilder::new()
        .mtime(0)
        .write(fs::File::create(target)?, Compression::best());
    for tool in entries(&baselines)?
        .into_iter()
        .filter(|path| path.is_dir())
    {
        println!("cargo::rerun-if-changed={}", tool.display());
        let of_tool = entries(&tool)?;
        for path in of_tool
            .iter()
            .filter(|path| path.extension().is_some_and(|end| end == "txt"))
        {
            println!("cargo::rerun-if-changed={}", path.display());
            let text = fs::read_to_string(path)?;
            let place = path.strip_prefix(&baselines)?.to_string_lossy();
            // What `baselines::built_in` reads: the place, how long the text is, and the text.
            write!(packed, "{place}\t{}\n{text}", text.len())?;
        }
    }
    packed.finish()?;
    Ok(())
}

/// What a directory holds, in order; nothing where there is none, as in a source package.
fn entries(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let read = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read?,
    };
    let mut entries = read
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    Ok(entries)
}
