//! The harness of ocipick: serves cases, lets tools resolve them, and judges what was seen.

pub mod baselines;
pub mod check;
pub mod classify;
pub mod exit;
pub mod host;
pub mod inventory;
pub mod json;
pub mod operations;
pub mod push;
pub mod resource_monitor;
pub mod results;
pub mod run;
pub mod site;

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs, path::Path};

    /// Whoever reads a name must not have to ask which of two it is.
    #[test]
    fn no_two_public_types_share_a_name() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let is_type =
            regex::Regex::new(r"(?m)^pub (?:struct|enum|trait|type|union) (\w+)").unwrap();
        let mut known: BTreeMap<String, String> = BTreeMap::new();
        for crate_ in [
            "records",
            "corpus",
            "adapters",
            "harness",
            "harness/registry",
            "reports",
        ] {
            for entry in walkdir::WalkDir::new(root.join(crate_).join("src")) {
                let path = entry.unwrap().into_path();
                if path.extension().is_none_or(|end| end != "rs") {
                    continue;
                }
                let text = fs::read_to_string(&path).unwrap();
                for found in is_type.captures_iter(&text) {
                    let at = path.display().to_string();
                    if let Some(other) = known.insert(found[1].to_owned(), at.clone()) {
                        panic!("{} is a type in {other} and in {at}", &found[1]);
                    }
                }
            }
        }
        assert!(known.len() > 200, "{}", known.len());
    }
}
