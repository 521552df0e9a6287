//! The harness of ocipick: serves cases, lets tools resolve them, and judges what was seen.

pub mod against;
pub mod baselines;
pub mod check;
pub mod classify;
pub mod exit;
pub mod host;
pub mod inventory;
pub mod json;
pub mod operations;
pub mod push;
pub mod quick;
pub mod resource_monitor;
pub mod results;
pub mod run;
pub mod site;

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeMap,
        fs,
        path::{Path, PathBuf},
    };

    /// The Rust files of a crate, with what is in them.
    fn sources(crate_: &str) -> Vec<(PathBuf, String)> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let files = walkdir::WalkDir::new(root.join(crate_).join("src"));
        files
            .into_iter()
            .map(|entry| entry.unwrap().into_path())
            .filter(|path| path.extension().is_some_and(|end| end == "rs"))
            .map(|path| (path.clone(), fs::read_to_string(&path).unwrap()))
            .collect()
    }

    /// A test that is named as what notices a mistake is there.
    #[test]
    fn the_tests_that_notice_mistakes_are_there() {
        let page = include_str!("../../docs/trust.md");
        let (_, table) = page.split_once("<!-- by hand: begin -->").unwrap();
        let (table, _) = table.split_once("<!-- by hand: end -->").unwrap();
        let tests = [
            include_str!("classify/classifier/tests.rs"),
            include_str!("run/controls.rs"),
            include_str!("run/repeat.rs"),
        ];
        let mut names = 0;
        for row in table.lines().filter(|line| line.starts_with("| ")).skip(1) {
            let named: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
            assert!(!named.is_empty(), "{row}");
            for name in named {
                let test = format!("#[test]\n{{indent}}fn {name}()");
                let is_there = |source: &&str| {
                    ["", "    "]
                        .iter()
                        .any(|indent| source.contains(&test.replace("{indent}", indent)))
                };
                assert!(tests.iter().any(is_there), "{name}");
                names += 1;
            }
        }
        assert!(names > 12, "{names}");
    }

    /// Whoever reads a name must not have to ask which of two it is.
    #[test]
    fn no_two_public_types_share_a_name() {
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
            for (path, text) in sources(crate_) {
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

    /// What there is to know of a tool stands in its own file, and comes to others through the header.
    #[test]
    fn neither_reports_nor_the_harness_name_a_tool() {
        let names = ocipick_adapters::Tool::ALL.iter().map(|tool| tool.as_str());
        let names: Vec<&str> = names.chain(["ctr", "dockerd"]).collect();
        let is_name = regex::Regex::new(&format!(r"\b({})\b", names.join("|"))).unwrap();
        // A name that machines are given by default; where credentials are kept; and who keeps them.
        let excused = ["publish/private.rs", "push/auth.rs", "push/client.rs"];
        let begins_tests =
            regex::Regex::new(r"#\[cfg\(test\)\]\s+(pub(\(\w+\))? )?mod \w+ \{").unwrap();
        let mut seen = 0;
        for crate_ in ["harness", "reports"] {
            for (path, text) in sources(crate_) {
                let is_test = path.ends_with("tests.rs") || path.ends_with("made.rs");
                if is_test || excused.iter().any(|excused| path.ends_with(excused)) {
                    continue;
                }
                let code = begins_tests.split(&text).next().unwrap();
                for (number, line) in (1..).zip(code.lines()) {
                    let line = line.trim();
                    let is_said = line.contains('"') || line.ends_with('\\');
                    assert!(
                        line.starts_with("//") || !is_said || !is_name.is_match(line),
                        "{}:{number}: {line}",
                        path.display()
                    );
                    seen += 1;
                }
            }
        }
        assert!(seen > 10_000, "{seen}");
    }
}
