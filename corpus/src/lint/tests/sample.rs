//! Valid documents, to be broken one at a time.

use crate::{
    Blob, Case, Child, Corpus, Document, LayoutRef,
    layer::Compression,
    lint::{Violation, breaches, rule::Rule},
    media_type::Format,
};
use ocipick_records::CaseId;
use std::{collections::BTreeSet, sync::LazyLock};

/// A case of valid documents, to be broken one at a time.
#[derive(Clone)]
pub(super) struct ValidCase {
    pub(super) index: String,
    pub(super) index_type: String,
    pub(super) manifest: String,
    pub(super) manifest_type: String,
    pub(super) config: String,
}

/// The documents of a bench.
#[derive(Clone, Copy, Debug)]
pub(super) enum Of {
    Index,
    IndexType,
    Manifest,
    Config,
    /// A docker list, with a docker manifest.
    List,
}

impl ValidCase {
    pub(super) fn oci() -> Self {
        let (index, manifest) = (Format::Oci.index(), Format::Oci.manifest());
        let (config, layer) = (Format::Oci.config(), Format::Oci.layer(Compression::Gzip));
        Self {
            index: format!(
                r#"{{"schemaVersion":2,"mediaType":"{index}","manifests":[{{"mediaType":"{manifest}","digest":"MANIFEST","size":M-SIZE,"platform":{{"architecture":"arm","os":"linux","variant":"v7"}}}}],"annotations":{{"a":""}}}}"#
            ),
            index_type: index.to_owned(),
            manifest: format!(
                r#"{{"schemaVersion":2,"mediaType":"{manifest}","config":{{"mediaType":"{config}","digest":"CONFIG","size":C-SIZE}},"layers":[{{"mediaType":"{layer}","digest":"LAYER","size":5}}]}}"#
            ),
            manifest_type: manifest.to_owned(),
            config: r#"{"architecture":"arm","os":"linux","rootfs":{"type":"layers","diff_ids":["LAYER"]}}"#.to_owned(),
        }
    }

    pub(super) fn docker() -> Self {
        let replace = |text: String| {
            let pairs = [
                (Format::Oci.index(), Format::Docker.index()),
                (Format::Oci.manifest(), Format::Docker.manifest()),
                (Format::Oci.config(), Format::Docker.config()),
                (
                    Format::Oci.layer(Compression::Gzip),
                    Format::Docker.layer(Compression::Gzip),
                ),
            ];
            pairs
                .iter()
                .fold(text, |text, (oci, docker)| text.replace(oci, docker))
        };
        let oci = Self::oci();
        Self {
            index: replace(oci.index),
            index_type: replace(oci.index_type),
            manifest: replace(oci.manifest),
            manifest_type: replace(oci.manifest_type),
            config: oci.config,
        }
    }

    /// Replaces what has to be in a document.
    pub(super) fn with(mut self, of: Of, from: &str, to: &str) -> Self {
        let text = match of {
            Of::Index | Of::List => &mut self.index,
            Of::IndexType => &mut self.index_type,
            Of::Manifest => &mut self.manifest,
            Of::Config => &mut self.config,
        };
        assert!(text.contains(from), "{of:?} has no {from}: {text}");
        *text = text.replacen(from, to, 1);
        self
    }

    pub(super) fn case(&self) -> Case {
        let layer = Blob::new(*b"layer");
        let layer_digest = layer.digest.as_str();
        let config = Blob::new(self.config.replace("LAYER", layer_digest).into_bytes());
        let manifest = self
            .manifest
            .replace("CONFIG", config.digest.as_str())
            .replace("C-SIZE", &config.bytes.len().to_string())
            .replace("LAYER", layer_digest);
        let manifest = Document::new(&self.manifest_type, manifest.into_bytes());
        let index = self
            .index
            .replace("MANIFEST", manifest.digest.as_str())
            .replace("M-SIZE", &manifest.bytes.len().to_string());
        let child = Child {
            name: "image".to_owned(),
            manifest: manifest.digest.clone(),
            ..FRAME.children[0].clone()
        };
        let index = Document::new(&self.index_type, bytes(&index));
        Case {
            layout_refs: vec![LayoutRef::latest(&index)],
            index,
            documents: vec![manifest],
            blobs: vec![config, layer],
            children: vec![child],
            ..FRAME.clone()
        }
    }

    pub(super) fn breaches(&self) -> Vec<Violation> {
        breaches(&self.case())
    }

    /// The rules that are broken, whatever the document.
    pub(super) fn rules(&self) -> BTreeSet<Rule> {
        self.breaches().iter().map(rule_of).collect()
    }
}

/// A case of which everything but the documents is taken.
static FRAME: LazyLock<Case> = LazyLock::new(|| {
    let corpus = Corpus::built_in().unwrap_or_else(|error| panic!("{error}"));
    corpus.get(&control()).unwrap().clone()
});

pub(super) fn control() -> CaseId {
    "controls/multi-platform".parse().unwrap()
}

/// A text as bytes, in which `¿` stands for a byte that no UTF-8 has.
fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for c in text.chars() {
        if c == '¿' {
            bytes.push(0xff);
        } else {
            bytes.extend(c.encode_utf8(&mut [0; 4]).bytes());
        }
    }
    bytes
}

/// The rule that a violation comes from, as far as it can be told.
pub(super) fn rule_of(breach: &Violation) -> Rule {
    let same = |rule: &&Rule| {
        let facts = rule.facts();
        (facts.clause, facts.level, facts.consequence)
            == (breach.clause, breach.level, breach.consequence)
    };
    *Rule::ALL
        .iter()
        .find(same)
        .unwrap_or_else(|| panic!("{breach}"))
}
