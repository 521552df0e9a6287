//! When releases of tools came out, so that nobody is blamed for not knowing a sentence that came
//! later without this being said.

use serde::Deserialize;
use std::{collections::BTreeMap, sync::OnceLock};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// By tool and version, the day on which the release was tagged.
    released: BTreeMap<String, BTreeMap<String, String>>,
}

/// The day on which a release of a tool was tagged, as in `2024-02-15`; nothing where that is not
/// known.
pub(super) fn released(tool: &str, version: &str) -> Option<&'static str> {
    static DATES: OnceLock<BTreeMap<String, BTreeMap<String, String>>> = OnceLock::new();
    let dates = DATES.get_or_init(|| read().unwrap_or_default());
    Some(dates.get(tool)?.get(version)?.as_str())
}

fn read() -> Result<BTreeMap<String, BTreeMap<String, String>>, toml::de::Error> {
    let file: File = toml::from_str(include_str!("releases.toml"))?;
    Ok(file.released)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_reads_and_has_days() {
        for (tool, versions) in read().unwrap() {
            for (version, date) in versions {
                let parts: Vec<usize> = date.split('-').map(str::len).collect();
                assert_eq!(parts, [4, 2, 2], "{tool} {version}: {date}");
            }
        }
        assert_eq!(released("docker", "20.10.24"), Some("2023-04-04"));
        assert_eq!(released("docker", "0.0.1"), None);
    }
}
