//! What holds for every recipe, whatever it lists.

use super::{Source, cases};
use crate::Case;
use proptest::{collection::vec, prelude::*};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

/// A child of a recipe that is made up.
#[derive(Clone, Debug)]
struct AnyChild {
    platform: String,
    kind: &'static str,
    served: bool,
}

/// A recipe that is made up.
#[derive(Clone, Debug)]
pub(crate) struct AnyRecipe {
    children: Vec<AnyChild>,
    docker: bool,
    /// Which children the first entries of the index point at.
    entries: Vec<usize>,
}

impl AnyRecipe {
    /// Which child each entry of the index points at. Every child is listed once behind the
    /// others, so that none is left unused.
    fn listed(&self) -> Vec<usize> {
        let first = self.entries.iter().copied();
        first.chain(0..self.children.len()).collect()
    }

    fn text(&self) -> String {
        let mut text =
            String::from("title = 'Made up'\nwhy = 'It could be.'\nplatform = 'linux/amd64'\n");
        for (number, child) in self.children.iter().enumerate() {
            writeln!(
                text,
                "[children.c{number}]\nplatform = {}\nkind = {:?}\nserved = {}",
                child.platform, child.kind, child.served
            )
            .unwrap();
        }
        let format = if self.docker { "docker" } else { "oci" };
        let listed = self.listed();
        let names: Vec<String> = listed.iter().map(|child| format!("'c{child}'")).collect();
        writeln!(
            text,
            "[index]\nformat = '{format}'\nentries = [{}]",
            names.join(", ")
        )
        .unwrap();
        text
    }

    /// The case that the recipe becomes.
    pub(crate) fn case(&self) -> Case {
        let text = self.text();
        let source = Source {
            path: "corpus/recipes/made/up.toml",
            family: "made",
            stem: "up",
            text: &text,
        };
        let mut cases = cases(source, &BTreeMap::new()).unwrap_or_else(|mistakes| {
            panic!("{mistakes:?}\n{text}");
        });
        cases.remove(0)
    }
}

/// Any recipe with a few children, in any order and any number.
pub(crate) fn any_recipe() -> impl Strategy<Value = AnyRecipe> {
    let platform = prop_oneof![
        prop::sample::select(vec![
            "linux/amd64",
            "linux/arm/v7",
            "windows/x86_64",
            "a.b/c-d/e_f"
        ])
        .prop_map(|text| format!("{text:?}")),
        Just("false".to_owned()),
        // Any text at all, in the quoting that TOML and JSON share.
        any::<String>().prop_filter_map("no DEL, no placeholder", |text| {
            let fine = !text.contains(['\u{7f}', '$']);
            fine.then(|| format!("{{ os = {} }}", serde_json::to_string(&text).unwrap()))
        }),
        any::<i64>().prop_map(|number| format!("{{ features = [{number}], os = \"linux\" }}")),
    ];
    let kind = prop::sample::select(vec!["image", "attestation", "artifact"]);
    let child = (platform, kind, any::<bool>()).prop_map(|(platform, kind, served)| AnyChild {
        platform,
        kind,
        served,
    });
    (vec(child, 1..5), any::<bool>()).prop_flat_map(|(children, docker)| {
        vec(0..children.len(), 0..8).prop_map(move |entries| AnyRecipe {
            children: children.clone(),
            docker,
            entries,
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn indexes_are_json_with_true_digests_and_sizes(recipe in any_recipe()) {
        let case = recipe.case();
        let index: serde_json::Value = serde_json::from_slice(&case.index.bytes).unwrap();
        let manifests = index["manifests"].as_array().unwrap();
        let listed = recipe.listed();
        prop_assert_eq!(manifests.len(), listed.len());
        let sizes: BTreeMap<&str, usize> = case
            .documents
            .iter()
            .map(|document| (document.digest.as_str(), document.bytes.len()))
            .collect();
        for (place, entry) in manifests.iter().enumerate() {
            let child = &case.children[listed[place]];
            prop_assert_eq!(entry["digest"].as_str(), Some(child.manifest.as_str()));
            if child.served {
                let size = sizes[child.manifest.as_str()];
                prop_assert_eq!(entry["size"].as_u64(), Some(size as u64));
            } else {
                prop_assert!(!sizes.contains_key(child.manifest.as_str()));
            }
        }
    }

    #[test]
    fn every_child_is_its_own(recipe in any_recipe()) {
        let case = recipe.case();
        let mut seen = BTreeSet::new();
        for child in &case.children {
            prop_assert!(seen.insert(child.marker.clone().unwrap()));
            let config = child.config.iter().map(|config| config.as_str().to_owned());
            let layers = child.layers.iter().map(|layer| layer.digest.as_str().to_owned());
            for digest in [child.manifest.as_str().to_owned()].into_iter().chain(config).chain(layers) {
                prop_assert!(seen.insert(digest));
            }
        }
        for document in &case.documents {
            prop_assert!(document.digest.matches(&document.bytes));
        }
    }

    #[test]
    fn nothing_that_is_written_makes_it_panic(text in "[a-c\\[\\].= \"'{}$,0-9\n-]{0,80}") {
        let recipe = format!("title = 'x'\nwhy = 'x'\nplatform = 'a/b'\n[index]\nentries = [\"a\"]\n{text}");
        for text in [text, recipe] {
            let source = Source { path: "x", family: "x", stem: "x", text: &text };
            let _ = cases(source, &BTreeMap::new());
        }
    }
}
