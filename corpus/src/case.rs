//! A case: one image index with its children, as the exact bytes to serve.

use crate::{Algorithm, Derivation, Digest, Fault, PlatformRequest, Wording};
use ocipick_records::{CaseId, Operation, Platform, RefusalReason};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

/// One image index with its children, what tools are asked for, and what is known about it.
#[derive(Clone, Debug)]
pub struct Case {
    /// `family/name`, never changed once published.
    pub id: CaseId,
    /// Ids that it had before.
    pub aliases: Vec<CaseId>,
    /// What the index is, in a line.
    pub title: String,
    /// Why someone should care, in a sentence.
    pub why: String,
    /// Reports, pull requests and advisories that this case comes from.
    pub origins: Vec<String>,
    /// The statements of specifications that bear on this case.
    pub clauses: Vec<ClauseUse>,
    /// What tools are asked for, each once and at least one: one trial per runtime and ask.
    pub asks: Vec<PlatformRequest>,
    /// The operations that the case is for; empty where it is for every one that makes sense.
    pub operations: BTreeSet<Operation>,
    /// The index under test.
    pub index: Document,
    /// Nested indexes and manifests that the registry serves by digest.
    pub documents: Vec<Document>,
    /// Configs and layers that the registry serves by digest.
    pub blobs: Vec<Blob>,
    /// Everything that an entry points at, by name, served or not.
    pub children: Vec<Child>,
    /// How the registry misbehaves, in the order in which faults are looked for.
    pub faults: Vec<Fault>,
    /// The entries of `index.json` where the case is an OCI layout.
    pub layout_refs: Vec<LayoutRef>,
    /// Where the case was written: a recipe file or a layout directory.
    pub source: String,
    /// What it was derived from, where it was.
    pub derivation: Option<Derivation>,
}

/// A JSON document with the media type it is served as. The bytes are never re-serialised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The digest by which it is asked for, of whatever algorithm.
    pub digest: Digest,
    /// The `Content-Type` it is served with.
    pub media_type: String,
    /// The document, byte for byte.
    pub bytes: Arc<[u8]>,
}

impl Document {
    /// Makes a document of authored bytes, known by its sha256.
    #[must_use]
    pub fn new(media_type: impl Into<String>, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self::known_by(Algorithm::Sha256, media_type, bytes)
    }

    /// Makes a document of authored bytes, known by its digest of this algorithm.
    #[must_use]
    pub fn known_by(
        algorithm: Algorithm,
        media_type: impl Into<String>,
        bytes: impl Into<Arc<[u8]>>,
    ) -> Self {
        let bytes = bytes.into();
        Self {
            digest: Digest::of(algorithm, &bytes),
            media_type: media_type.into(),
            bytes,
        }
    }
}

/// A config or layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// The digest by which it is asked for.
    pub digest: Digest,
    /// The `Content-Type` with which it is served to those that ask for it as a manifest, as a
    /// registry of layouts would. None in built-in cases, whose registry has it as a blob only.
    pub media_type: Option<String>,
    /// The blob, byte for byte.
    pub bytes: Arc<[u8]>,
}

impl Blob {
    /// Makes a blob of authored bytes, known by its sha256.
    #[must_use]
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        Self {
            digest: Digest::sha256(&bytes),
            media_type: None,
            bytes,
        }
    }
}

/// What an entry of the index points at, with everything by which a tool can name it.
///
/// In built-in cases every child is unique content, so that each of these names it alone.
/// Children of foreign layouts may share parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    /// The name it has in the recipe, or its place in a foreign index (`manifests[0]`).
    pub name: String,
    /// The digest by which entries name its manifest.
    pub manifest: Digest,
    /// Digests of its manifest by other algorithms, which tools may report.
    pub other_digests: Vec<Digest>,
    /// Digest of its config, which classic stores use as the image id.
    pub config: Option<Digest>,
    /// Its layers, base first.
    pub layers: Vec<Layer>,
    /// What `/ocipick/child` inside the image says; `None` where a foreign image has none.
    pub marker: Option<String>,
    /// What the label `ocipick.child` of its config says.
    pub label: Option<String>,
    /// How many layers its config tells a store to unpack; `None` where nobody can tell.
    pub unpacked: Option<usize>,
    /// The platform that its config names.
    pub platform: Option<Platform>,
    /// Whether the registry has its manifest.
    pub served: bool,
}

impl Child {
    /// Whether this is a digest of its manifest, by whatever algorithm.
    #[must_use]
    pub fn has_digest(&self, digest: &str) -> bool {
        let mut digests = std::iter::once(&self.manifest).chain(&self.other_digests);
        digests.any(|own| own.as_str() == digest)
    }

    /// Whether there is nothing in its root file system: it has no layers, or its config names
    /// none to unpack, as that of an artifact does. A store may have it whole all the same.
    #[must_use]
    pub fn unpacks_to_nothing(&self) -> bool {
        self.layers.is_empty() || self.unpacked == Some(0)
    }
}

/// One layer, as stored and as unpacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Digest of the blob.
    pub digest: Digest,
    /// Digest of the uncompressed tar archive.
    pub diff_id: Digest,
}

/// An entry of the `index.json` of a layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayoutRef {
    /// What the recipe calls its target: `index`, or the name of a child or nested index.
    pub of: String,
    /// `mediaType` of the descriptor.
    pub media_type: String,
    /// The digest of the target.
    pub digest: Digest,
    /// The size of the target, in bytes.
    pub size: u64,
    /// `org.opencontainers.image.ref.name`; none where the entry has no name.
    pub name: Option<String>,
}

impl LayoutRef {
    /// What the index under test is called in recipes.
    pub const INDEX: &'static str = "index";
    /// The name that tools are asked for.
    pub const LATEST: &'static str = "latest";

    /// The one entry of an ordinary layout: the index under test, named `latest`.
    #[must_use]
    pub fn latest(index: &Document) -> Self {
        Self {
            of: Self::INDEX.to_owned(),
            media_type: index.media_type.clone(),
            digest: index.digest.clone(),
            size: index.bytes.len() as u64,
            name: Some(Self::LATEST.to_owned()),
        }
    }
}

/// A clause that a case exercises, and the outcomes that satisfy it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClauseUse {
    /// Id of the clause, as in `corpus/clauses`.
    pub id: String,
    /// For each ask of the case, in their order, the outcomes that satisfy the clause; empty
    /// where the clause is about something else than the pick. The lists are complete as far as
    /// picks go: to pick any other child breaks the clause.
    pub satisfied_by: Vec<(PlatformRequest, Vec<Expectation>)>,
    /// The same for earlier wordings that asked for something else, by the names of what those
    /// demanded. Where one is missing, nobody has said what satisfies it here.
    pub earlier: BTreeMap<String, Vec<(PlatformRequest, Vec<Expectation>)>>,
    /// The reasons for which a refusal breaks the clause in this case, where they are others than
    /// the clause itself names.
    pub breached_by: Option<BTreeSet<RefusalReason>>,
    /// Outcomes that show neither that the clause was followed nor that it was broken.
    pub leaves_open: Vec<Expectation>,
    /// What breaks the clause where the evidence shows it, whatever the outcome.
    pub breached_where: Vec<Sign>,
    /// What a tool's message says where a violation of an arguable clause is beyond dispute.
    pub plain_where_said: Option<String>,
}

/// What evidence can show besides the outcome.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// The tool unpacked this child by the diff ids that only its config tells.
    Unpacks(String),
    /// The tool reports a label that only the config of this child tells.
    ReadsLabels(String),
    /// The tool asked the registry for a manifest by something that is neither a digest nor a tag.
    OddReference,
}

impl Sign {
    /// The sign that these words of a recipe stand for.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == ODD_REFERENCE {
            return Some(Self::OddReference);
        }
        let named = |prefix: &str| {
            let name = text.strip_prefix(prefix)?;
            (!name.is_empty()).then(|| name.to_owned())
        };
        named(UNPACKS)
            .map(Self::Unpacks)
            .or_else(|| named(READS_LABELS).map(Self::ReadsLabels))
    }

    /// The child that it is about.
    #[must_use]
    pub fn child(&self) -> Option<&str> {
        match self {
            Self::Unpacks(child) | Self::ReadsLabels(child) => Some(child),
            Self::OddReference => None,
        }
    }
}

const UNPACKS: &str = "unpacks by the config of ";
const READS_LABELS: &str = "reports the labels of ";
const ODD_REFERENCE: &str = "asks by neither digest nor tag";

impl fmt::Display for Sign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unpacks(child) => write!(f, "{UNPACKS}{child}"),
            Self::ReadsLabels(child) => write!(f, "{READS_LABELS}{child}"),
            Self::OddReference => f.write_str(ODD_REFERENCE),
        }
    }
}

impl ClauseUse {
    /// Whether a trial of some kind can show that the clause is followed or broken here.
    #[must_use]
    pub fn can_show(&self) -> bool {
        let mut expected = self.satisfied_by.iter();
        expected.any(|(_, each)| !each.is_empty()) || !self.breached_where.is_empty()
    }

    /// The outcomes that satisfy the clause when tools are asked for this; empty where it says
    /// nothing of that.
    #[must_use]
    pub fn satisfied_by(&self, ask: &PlatformRequest) -> &[Expectation] {
        of_ask(&self.satisfied_by, ask)
    }

    /// The same for a wording of the clause: what an earlier one demanded can be something else.
    #[must_use]
    pub fn satisfied_as(&self, wording: &Wording, ask: &PlatformRequest) -> &[Expectation] {
        match &wording.demand {
            None => self.satisfied_by(ask),
            Some(demand) => self.earlier.get(demand).map_or(&[], |all| of_ask(all, ask)),
        }
    }

    /// The outcomes that satisfy the clause, where they are the same whatever is asked for.
    #[must_use]
    pub fn satisfied_alike(&self) -> Option<&[Expectation]> {
        let (_, first) = self.satisfied_by.first()?;
        let alike = self.satisfied_by.iter().all(|(_, each)| each == first);
        alike.then_some(first)
    }
}

/// An outcome that a clause accepts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Expectation {
    /// The tool picks this child.
    Picks(String),
    /// The tool refuses, for whatever reason.
    Refuses,
    /// The tool refuses, for this reason.
    RefusesOver(RefusalReason),
}

fn of_ask<'e>(
    all: &'e [(PlatformRequest, Vec<Expectation>)],
    ask: &PlatformRequest,
) -> &'e [Expectation] {
    let mut all = all.iter();
    all.find(|(of, _)| of == ask)
        .map_or(&[], |(_, expectations)| expectations)
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Picks(child) => write!(f, "picks {child}"),
            Self::Refuses => f.write_str("refuses"),
            Self::RefusesOver(refusal) => write!(f, "refuses {}", refusal.as_str()),
        }
    }
}

impl Case {
    /// Whether the case is for this operation: its recipe says so, or says nothing and it makes sense.
    /// A layout has no registry that could misbehave, and without that such a case asks nothing.
    #[must_use]
    pub fn is_for(&self, operation: Operation) -> bool {
        if self.operations.is_empty() {
            operation != Operation::Import || self.faults.is_empty()
        } else {
            self.operations.contains(&operation)
        }
    }

    /// What tools are asked for, in a line for people.
    #[must_use]
    pub fn asked(&self) -> String {
        let asks: Vec<String> = self.asks.iter().map(ToString::to_string).collect();
        asks.join(", ")
    }

    /// The child of that name.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Child> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The names of the children that satisfy `by`; none where nothing does, several where
    /// foreign children share content.
    pub fn children_where(&self, by: impl Fn(&Child) -> bool) -> BTreeSet<String> {
        self.children
            .iter()
            .filter(|child| by(child))
            .map(|child| child.name.clone())
            .collect()
    }

    /// Whether the index names one digest more than once. Tools that fetch entries side by side may
    /// then answer by a race, so that one look at such a case is not enough.
    #[must_use]
    pub fn lists_a_digest_twice(&self) -> bool {
        let mut seen = BTreeSet::new();
        let mut rest: &[u8] = &self.index.bytes;
        while let Some(at) = rest.windows(7).position(|window| window == b"sha256:") {
            rest = &rest[at + 7..];
            let Some(digits) = rest.get(..64) else { break };
            if digits.iter().all(u8::is_ascii_hexdigit) && !seen.insert(digits) {
                return true;
            }
        }
        false
    }

    /// Whether the registry has something under this digest for those that ask for a manifest.
    #[must_use]
    pub fn serves_manifest(&self, digest: &str) -> bool {
        let mut documents = std::iter::once(&self.index).chain(&self.documents);
        let mut blobs = self.blobs.iter().filter(|blob| blob.media_type.is_some());
        documents.any(|document| document.digest.as_str() == digest)
            || blobs.any(|blob| blob.digest.as_str() == digest)
    }

    /// The document or blob with this digest, and its media type where it is a document.
    #[must_use]
    pub fn content(&self, digest: &str) -> Option<(&[u8], Option<&str>)> {
        std::iter::once(&self.index)
            .chain(&self.documents)
            .find(|document| document.digest.as_str() == digest)
            .map(|document| (&*document.bytes, Some(document.media_type.as_str())))
            .or_else(|| {
                self.blobs
                    .iter()
                    .find(|blob| blob.digest.as_str() == digest)
                    .map(|blob| (&*blob.bytes, None))
            })
    }
}
