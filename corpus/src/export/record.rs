//! What `case.json` and `corpus.json` hold.

use crate::{
    Case, Child, ClauseUse, Corpus, Document, Expectation, Family, Fault, HeaderFault, LayoutRef,
    PlatformRequest, Specification, Substitute, clause::Clause, digest_of, lint, lint::Violation,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// The version of the format of `case.json`.
pub const CASE_SCHEMA: &str = "ocipick.case/1";
/// The version of the format of `corpus.json`.
pub const CORPUS_SCHEMA: &str = "ocipick.corpus/1";

/// The JSON Schema of `corpus.json`, as text with a line end. That of `case.json` is the definition
/// `CaseRecord` in it.
///
/// Fields that it does not name are permitted, because later versions may add some.
#[must_use]
pub fn corpus_json_schema() -> String {
    let schema = schemars::schema_for!(CorpusRecord);
    // The alternate form is indented.
    format!("{:#}\n", schema.as_value())
}

/// Everything that is known of all cases.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct CorpusRecord {
    /// Always `ocipick.corpus/1`.
    #[schemars(extend("const" = CORPUS_SCHEMA))]
    schema: &'static str,
    /// One digest of everything that tools can see of these cases, in this order. Results that
    /// were measured with the same digest were measured on the same bytes.
    digest: String,
    /// The specifications that clauses belong to.
    specifications: Vec<SpecificationRecord>,
    /// The clauses that cases exercise, by id.
    clauses: Vec<ClauseRecord>,
    /// The families of cases, in the order of cases.
    families: Vec<FamilyRecord>,
    /// The cases, family by family.
    pub(super) cases: Vec<CaseRecord>,
}

/// A specification and its releases.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct SpecificationRecord {
    /// What the ids of its clauses begin with.
    id: String,
    /// What it calls itself.
    title: String,
    /// Its releases, the oldest first.
    releases: Vec<String>,
}

/// A statement of a specification, in the words of ocipick.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct ClauseRecord {
    /// Names it for ever.
    id: String,
    /// What it says, and what it said before: oldest first.
    wordings: Vec<WordingRecord>,
    /// The reasons for which a tool that refuses breaks it, unless the case names others.
    breached_by: Vec<&'static str>,
    /// How its wording changed, where that takes more words.
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<String>,
    /// Why somebody can dispute that a tool breaks it, where that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    arguable: Option<String>,
}

/// What a clause says from one release on.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct WordingRecord {
    /// The first release that has it; `main` where none has yet.
    since: String,
    /// The first release that no longer has it, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// How strongly it is said: `must`, `should`, `may`, `statement` or `silent`.
    level: &'static str,
    /// The statement.
    says: String,
    /// Where it stands.
    link: String,
    /// Names what it asks for, where that is something else than what the newest wording asks
    /// for.
    #[serde(skip_serializing_if = "Option::is_none")]
    demand: Option<String>,
}

/// Cases of one kind of ambiguity.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct FamilyRecord {
    /// The first part of the ids of its cases.
    id: String,
    /// What it is called.
    title: String,
    /// What its cases are about, in a sentence.
    about: String,
}

/// One image index with its children, and what is known about it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct CaseRecord {
    /// Always `ocipick.case/1`.
    #[schemars(extend("const" = CASE_SCHEMA))]
    schema: &'static str,
    /// `family/name`, which is for ever, and the directory of the case.
    id: String,
    /// Ids that it had before.
    aliases: Vec<String>,
    /// What the index is, in a line.
    title: String,
    /// Why someone should care, in a sentence.
    why: String,
    /// Reports, pull requests and advisories that it comes from.
    origins: Vec<String>,
    /// The platforms that tools are asked for; `default` asks for none, so that the default of the
    /// tool decides.
    asks: Vec<String>,
    /// The operations that the case is for: `pull`, `run`, `inspect`, `copy`, `import`, `push`;
    /// empty where it is for every one that makes sense.
    operations: Vec<&'static str>,
    /// One digest of everything that tools can see of it.
    digest: String,
    /// The index under test, which a registry has under the tag `latest`.
    index: DocumentRecord,
    /// Nested indexes and manifests that a registry has by digest. It has no others.
    documents: Vec<DocumentRecord>,
    /// What can be picked, and what entries point at in vain.
    children: Vec<ChildRecord>,
    /// The clauses that the case exercises.
    clauses: Vec<ClauseUseRecord>,
    /// The clauses that documents of the case break themselves.
    breaches: Vec<ViolationRecord>,
    /// How a registry has to misbehave. A request obeys the first fault that is meant for it and has
    /// not happened as often as it may. A layout cannot do any of that.
    faults: Vec<FaultRecord>,
    /// The case as an OCI layout.
    pub(super) layout: LayoutRecord,
}

/// A JSON document. Its bytes lie below `blobs` in the layout.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct DocumentRecord {
    /// The digest by which it is asked for.
    digest: String,
    /// The `Content-Type` it is served with.
    media_type: String,
    /// Its length in bytes.
    size: u64,
}

/// What an entry points at, with everything by which a tool can name it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct ChildRecord {
    /// Its name in the case.
    name: String,
    /// The digest by which entries name its manifest.
    manifest: String,
    /// Digests of its manifest by other algorithms, where entries name it by another than sha256.
    other_digests: Vec<String>,
    /// Digest of its config.
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<String>,
    /// Its layers, base first.
    layers: Vec<LayerRecord>,
    /// What `/ocipick/child` inside the image says, and `/ocipick/say` prints.
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
    /// The platform that its config names.
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<String>,
    /// Whether a registry has its manifest.
    served: bool,
}

/// One layer, as stored and as unpacked.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct LayerRecord {
    /// Digest of the blob.
    digest: String,
    /// Digest of the uncompressed archive.
    diff_id: String,
}

/// A clause that a case exercises.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct ClauseUseRecord {
    /// The clause.
    id: String,
    /// For each platform asked, the outcomes that satisfy it: `picks CHILD`, `refuses`, or
    /// `refuses REASON`. Empty where it is about something else than the pick.
    satisfied_by: BTreeMap<String, Vec<String>>,
    /// The same for earlier wordings, by the names of what those demanded.
    earlier: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// The reasons for which a refusal breaks it here, where they are others than the clause names.
    #[serde(skip_serializing_if = "Option::is_none")]
    breached_by: Option<Vec<&'static str>>,
    /// Outcomes that show neither that it was followed nor that it was broken.
    leaves_open: Vec<String>,
    /// What breaks it where the evidence shows it, whatever the outcome.
    breached_where: Vec<String>,
    /// What a tool's message says where a violation of an arguable clause is beyond dispute.
    #[serde(skip_serializing_if = "Option::is_none")]
    plain_where_said: Option<String>,
}

/// Everything by which one document breaks one clause.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct ViolationRecord {
    /// The clause.
    clause: &'static str,
    /// The document that breaks it.
    document: String,
    /// How strongly the clause says what is broken.
    level: &'static str,
    /// What it means for whoever reads the document: `invalid`, `untrusted`, `weak` or `odd`.
    consequence: &'static str,
    /// The first place where it is broken; empty for the whole document.
    place: String,
    /// What is wrong there.
    what: String,
    /// In how many more places.
    more: usize,
}

/// A misbehaviour of a registry, towards requests for one document or blob.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct FaultRecord {
    /// In a line for people.
    says: String,
    /// The document or blob. For the index under test requests by tag are meant as well.
    target: String,
    /// What the target is called: `index`, or the name of a child or nested index.
    on: String,
    /// Which part of that: `manifest`, `config` or `layer`.
    part: &'static str,
    /// The requests that it happens to: `GET`, `HEAD`, or both.
    methods: Vec<&'static str>,
    /// How many of those requests it happens to, the first ones; all where this is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<u32>,
    /// The status of the answer, where it is not the ordinary one.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// Headers besides the ordinary ones, as names and values.
    headers: Vec<(String, String)>,
    /// The body, where it is another. Without one, an answer below 300 has the true one, one below
    /// 400 has none, and any other has an error document of the distribution specification.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    /// Other bytes under the digest asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<SubstituteRecord>,
    /// The number of body bytes after which the connection is closed, although `Content-Length`
    /// promises all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    cut: Option<u64>,
    /// For how many milliseconds nothing happens before the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    delay_ms: Option<u64>,
    /// What `Content-Type` says instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<HeaderRecord>,
    /// What `Docker-Content-Digest` says instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest_header: Option<HeaderRecord>,
    /// Whether `Content-Length` is left out, so that the body is sent in chunks.
    chunked: bool,
}

/// A header that is not as it should be.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum HeaderRecord {
    /// It is left out.
    Absent,
    /// It says this.
    Says(String),
}

/// What stands in for a document or blob.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct SubstituteRecord {
    /// The child or nested index that it is taken from.
    of: String,
    /// The digest of the bytes.
    digest: String,
    /// The bytes in base64, where the layout does not have them.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<String>,
}

/// The case as an OCI layout, in the directory of the case.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct LayoutRecord {
    /// The entries of `index.json`.
    refs: Vec<LayoutRefRecord>,
    /// Content whose digest cannot be the name of a file.
    pub(super) missing: Vec<Held>,
}

/// An entry of `index.json`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct LayoutRefRecord {
    /// What it points at: `index`, or the name of a child or nested index.
    of: String,
    /// The digest of that.
    digest: String,
    /// The name by which tools ask for it; none where the entry has no name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// Content that no file of the layout holds.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct Held {
    /// The digest by which it is asked for.
    digest: String,
    /// The bytes in base64.
    data: String,
}

impl Held {
    pub(super) fn of((digest, bytes): &(&str, &[u8])) -> Self {
        Self {
            digest: (*digest).to_owned(),
            data: BASE64_STANDARD.encode(bytes),
        }
    }
}

impl CorpusRecord {
    pub(super) fn of(corpus: &Corpus, specifications: &[Specification], cases: &[&Case]) -> Self {
        Self {
            schema: CORPUS_SCHEMA,
            digest: digest_of(cases.iter().copied()).as_str().to_owned(),
            specifications: specifications.iter().map(specification).collect(),
            clauses: corpus.clauses().iter().map(clause).collect(),
            families: corpus.families().iter().map(family).collect(),
            cases: cases.iter().map(|one| case(one)).collect(),
        }
    }
}

fn strings<T: ToString>(all: impl IntoIterator<Item = T>) -> Vec<String> {
    all.into_iter().map(|one| one.to_string()).collect()
}

fn specification(specification: &Specification) -> SpecificationRecord {
    let releases = specification.releases();
    SpecificationRecord {
        id: specification.id.clone(),
        title: specification.title.clone(),
        releases: releases.map(|release| release.name().to_owned()).collect(),
    }
}

fn clause(clause: &Clause) -> ClauseRecord {
    let wordings = clause.wordings.iter().map(|wording| WordingRecord {
        since: wording.since.name().to_owned(),
        until: wording.until.as_ref().map(|until| until.name().to_owned()),
        level: wording.level.as_str(),
        says: wording.says.clone(),
        link: wording.link.clone(),
        demand: wording.demand.clone(),
    });
    ClauseRecord {
        id: clause.id.clone(),
        wordings: wordings.collect(),
        breached_by: clause
            .breached_by
            .iter()
            .map(|over| over.as_str())
            .collect(),
        history: clause.history.clone(),
        arguable: clause.arguable.clone(),
    }
}

fn family(family: &Family) -> FamilyRecord {
    FamilyRecord {
        id: family.id.clone(),
        title: family.title.clone(),
        about: family.about.clone(),
    }
}

fn case(case: &Case) -> CaseRecord {
    CaseRecord {
        schema: CASE_SCHEMA,
        id: case.id.as_str().to_owned(),
        aliases: strings(&case.aliases),
        title: case.title.clone(),
        why: case.why.clone(),
        origins: case.origins.clone(),
        asks: strings(&case.asks),
        operations: case.operations.iter().map(|it| it.as_str()).collect(),
        digest: digest_of([case]).as_str().to_owned(),
        index: document(&case.index),
        documents: case.documents.iter().map(document).collect(),
        children: case.children.iter().map(child).collect(),
        clauses: case.clauses.iter().map(clause_use).collect(),
        breaches: lint::grouped(&case.breaches())
            .iter()
            .map(|group| breach(group.first, group.more))
            .collect(),
        faults: case.faults.iter().map(|one| fault(one, case)).collect(),
        layout: LayoutRecord {
            refs: case.layout_refs.iter().map(layout_ref).collect(),
            missing: Vec::new(),
        },
    }
}

fn document(document: &Document) -> DocumentRecord {
    DocumentRecord {
        digest: document.digest.as_str().to_owned(),
        media_type: document.media_type.clone(),
        size: document.bytes.len() as u64,
    }
}

fn child(child: &Child) -> ChildRecord {
    let layers = child.layers.iter().map(|layer| LayerRecord {
        digest: layer.digest.as_str().to_owned(),
        diff_id: layer.diff_id.as_str().to_owned(),
    });
    ChildRecord {
        name: child.name.clone(),
        manifest: child.manifest.as_str().to_owned(),
        other_digests: strings(&child.other_digests),
        config: child.config.as_ref().map(ToString::to_string),
        layers: layers.collect(),
        marker: child.marker.clone(),
        platform: child.platform.as_ref().map(ToString::to_string),
        served: child.served,
    }
}

fn clause_use(used: &ClauseUse) -> ClauseUseRecord {
    let per_ask = |all: &[(PlatformRequest, Vec<Expectation>)]| {
        let each = all.iter();
        each.map(|(ask, each)| (ask.to_string(), strings(each)))
            .collect()
    };
    let earlier = used.earlier.iter();
    ClauseUseRecord {
        id: used.id.clone(),
        satisfied_by: per_ask(&used.satisfied_by),
        earlier: earlier
            .map(|(demand, all)| (demand.clone(), per_ask(all)))
            .collect(),
        breached_by: used
            .breached_by
            .as_ref()
            .map(|over| over.iter().map(|refusal| refusal.as_str()).collect()),
        leaves_open: strings(&used.leaves_open),
        breached_where: strings(&used.breached_where),
        plain_where_said: used.plain_where_said.clone(),
    }
}

fn breach(breach: &Violation, more: usize) -> ViolationRecord {
    ViolationRecord {
        clause: breach.clause,
        document: breach.document.to_string(),
        level: breach.level.as_str(),
        consequence: breach.consequence.as_str(),
        place: breach.place.clone(),
        what: breach.what.clone(),
        more,
    }
}

fn fault(fault: &Fault, case: &Case) -> FaultRecord {
    let effects = &fault.effects;
    let answer = effects.answer.as_ref();
    let header = |header: &HeaderFault| match header {
        HeaderFault::Absent => HeaderRecord::Absent,
        HeaderFault::Says(text) => HeaderRecord::Says(text.clone()),
    };
    FaultRecord {
        says: fault.to_string(),
        target: fault.target.as_str().to_owned(),
        on: fault.on.clone(),
        part: fault.part.as_str(),
        methods: fault.methods.as_strs().to_vec(),
        times: fault.times.map(std::num::NonZeroU32::get),
        status: answer.map(|answer| answer.status),
        headers: answer.map_or_else(Vec::new, |answer| answer.headers.clone()),
        body: answer.and_then(|answer| answer.body.clone()),
        bytes: effects.bytes.as_ref().map(|other| substitute(other, case)),
        cut: effects.cut,
        delay_ms: effects
            .delay
            .map(|delay| u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)),
        content_type: effects.content_type.as_ref().map(header),
        digest_header: effects.digest_header.as_ref().map(header),
        chunked: effects.chunked,
    }
}

fn substitute(other: &Substitute, case: &Case) -> SubstituteRecord {
    let is_there = case.content(other.digest.as_str()).is_some();
    SubstituteRecord {
        of: other.of.clone(),
        digest: other.digest.as_str().to_owned(),
        data: (!is_there).then(|| BASE64_STANDARD.encode(&other.bytes)),
    }
}

fn layout_ref(entry: &LayoutRef) -> LayoutRefRecord {
    LayoutRefRecord {
        of: entry.of.clone(),
        digest: entry.digest.as_str().to_owned(),
        name: entry.name.clone(),
    }
}
