//! Embeds every recipe and clause file, so that the binary carries its corpus.

use std::{env, fmt::Write as _, fs, path::Path};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = env::var("CARGO_MANIFEST_DIR")?;
    let mut source = String::new();
    for (constant, folder) in [("RECIPES", "recipes"), ("CLAUSES", "clauses")] {
        let folder_path = Path::new(&root).join(folder);
        println!("cargo::rerun-if-changed={}", folder_path.display());
        writeln!(source, "pub(crate) const {constant}: &[(&str, &str)] = &[")?;
        for entry in walkdir::WalkDir::new(&folder_path).sort_by_file_name() {
            let entry = entry?;
            println!("cargo::rerun-if-changed={}", entry.path().display());
            if entry
                .path()
                .extension()
                .is_some_and(|extension| extension == "toml")
            {
                let relative = entry
                    .path()
                    .strip_prefix(&root)?
                    .to_string_lossy()
                    .into_owned();
                writeln!(
                    source,
                    "    ({relative:?}, include_str!({:?})),",
                    entry.path()
                )?;
            }
        }
        writeln!(source, "];")?;
    }
    fs::write(Path::new(&env::var("OUT_DIR")?).join("embedded.rs"), source)?;
    Ok(())
}
