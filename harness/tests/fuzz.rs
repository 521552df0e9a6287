//! What is fuzzed, without a fuzzer: on all seeds, which hold what was found, and on changes of them.

#[path = "../../fuzz/entries.rs"]
mod entries;

use proptest::prelude::*;
use std::{fs, path::Path};

/// A target: its name, and what takes any bytes.
type Target = (&'static str, fn(&[u8]));

const TARGETS: &[Target] = &[
    ("layout", entries::layout),
    ("archive", entries::archive),
    ("results", entries::results),
    ("recipe", entries::recipe),
    ("lint", entries::lint),
    ("request", entries::request),
];

fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/seeds")
        .join(target);
    let mut seeds: Vec<_> = fs::read_dir(&dir)
        .unwrap_or_else(|error| panic!("{}: {error}", dir.display()))
        .map(|entry| {
            let entry = entry.expect("the folder of seeds is read");
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, fs::read(entry.path()).expect("a seed is read"))
        })
        .collect();
    seeds.sort();
    seeds
}

#[test]
fn every_seed_is_read() {
    for (name, target) in TARGETS {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "{name}");
        for (_, bytes) in seeds {
            target(&bytes);
        }
    }
}

/// A seed with some bytes changed, cut out and put in.
fn changed(target: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let seeds: Vec<Vec<u8>> = seeds(target).into_iter().map(|(_, bytes)| bytes).collect();
    let change = (any::<prop::sample::Index>(), 0_usize..8, any::<Vec<u8>>());
    let changes = prop::collection::vec(change, 0..6);
    (prop::sample::select(seeds), changes).prop_map(|(mut bytes, changes)| {
        for (at, cut, put) in changes {
            let at = at.index(bytes.len() + 1);
            let end = (at + cut).min(bytes.len());
            bytes.splice(at..end, put.into_iter().take(8));
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_layout_is_read(bytes in changed("layout")) {
        entries::layout(&bytes);
    }

    #[test]
    fn any_archive_is_read(bytes in changed("archive")) {
        entries::archive(&bytes);
    }

    #[test]
    fn any_results_are_read(bytes in changed("results")) {
        entries::results(&bytes);
    }

    #[test]
    fn any_recipe_is_read(bytes in changed("recipe")) {
        entries::recipe(&bytes);
    }

    #[test]
    fn any_index_is_checked(bytes in changed("lint")) {
        entries::lint(&bytes);
    }

    #[test]
    fn any_request_is_answered(bytes in changed("request")) {
        entries::request(&bytes);
    }
}
