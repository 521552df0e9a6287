//! Renders the documents of one case: its children, its nested indexes, and the index under test.

use super::{
    What,
    clauses::ClauseSpec,
    placeholder::{self, Piece},
    spec::{EntrySpec, Field, IndexContent, IndexSpec, PlatformSpec, SizeSpec, Spec, Template},
};
use crate::{
    Case, CaseId, Digest, Document, Expectation, LayoutRef,
    child::{self, BuiltChild, ChildSpec},
    json::{Json, Members, push, size},
    mistake::{MistakeKind, PlaceholderFault, Report},
    nearest::nearest,
    value::owned,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

/// Makes the case; nothing where something it needs is not there. What the index leads to is
/// added to `used`.
pub(crate) fn render(
    spec: &Spec,
    id: &CaseId,
    source: &str,
    used: &mut BTreeSet<(What, String)>,
    report: &mut Report<'_>,
) -> Option<Case> {
    let mut renderer = Renderer {
        spec,
        id,
        children: BTreeMap::new(),
        indexes: BTreeMap::new(),
        open: Vec::new(),
        used,
        report,
    };
    let index = renderer.index(&spec.index)?;
    let Renderer {
        children, indexes, ..
    } = renderer;
    let children: Vec<(&ChildSpec, BuiltChild)> = spec
        .children
        .iter()
        .filter_map(|child| Some((child, children.get(child.name.as_str())?.clone())))
        .collect();
    note_unreachable_picks(spec, id, &children, report);

    let nested = spec.indexes.iter().filter(|index| index.served);
    let nested = nested.filter_map(|index| indexes.get(index.name.as_str()).cloned());
    let served = || children.iter().filter(|(spec, _)| spec.served);
    Some(Case {
        id: id.clone(),
        title: spec.title.clone(),
        why: spec.why.clone(),
        origins: spec.origins.clone(),
        clauses: spec.clauses.iter().map(ClauseSpec::used).collect(),
        asks: spec.asks.clone(),
        operations: BTreeSet::new(),
        faults: Vec::new(),
        layout_refs: vec![LayoutRef::latest(&index)],
        index,
        documents: nested
            .chain(served().map(|(_, built)| built.manifest.clone()))
            .collect(),
        blobs: served()
            .flat_map(|(_, built)| [built.config.clone(), built.layer.clone()])
            .collect(),
        children: children
            .iter()
            .map(|(_, built)| built.child.clone())
            .collect(),
        source: source.to_owned(),
    })
}

fn note_unreachable_picks(
    spec: &Spec,
    id: &CaseId,
    reached: &[(&ChildSpec, BuiltChild)],
    report: &mut Report<'_>,
) {
    for (expectation, span) in spec.clauses.iter().flat_map(ClauseSpec::expectations) {
        match expectation {
            Expectation::Picks(name) => {
                let defined = spec.children.iter().any(|child| child.name == *name);
                if defined && !reached.iter().any(|(child, _)| child.name == *name) {
                    let kind = MistakeKind::PicksUnreachable {
                        name: name.clone(),
                        case: id.as_str().to_owned(),
                    };
                    report.add(span, kind);
                }
            }
            Expectation::Refuses | Expectation::RefusesOver(_) => {}
        }
    }
}

/// What an entry points at.
struct Target {
    digest: Digest,
    size: i128,
    media_type: String,
    platform: Option<Members>,
}

struct Renderer<'a, 'r, 't> {
    spec: &'a Spec,
    id: &'a CaseId,
    /// The children that were built on the way.
    children: BTreeMap<&'a str, BuiltChild>,
    /// The nested indexes that were rendered on the way.
    indexes: BTreeMap<&'a str, Document>,
    /// The nested indexes that are being rendered, outermost first.
    open: Vec<&'a str>,
    used: &'r mut BTreeSet<(What, String)>,
    report: &'r mut Report<'t>,
}

impl<'a> Renderer<'a, '_, '_> {
    fn index(&mut self, index: &'a IndexSpec) -> Option<Document> {
        let bytes = match &index.content {
            IndexContent::Text(text, span) => self.raw(text, span)?,
            IndexContent::Entries(names) => self.entries(index, names)?.pretty().into_bytes(),
        };
        Some(Document::new(&index.served_type, bytes))
    }

    fn entries(&mut self, index: &'a IndexSpec, names: &[(String, Range<usize>)]) -> Option<Json> {
        let mut members = Members::new();
        push(&mut members, "schemaVersion", Json::Int(2));
        if let Some(body_type) = &index.body_type {
            push(&mut members, "mediaType", Json::str(body_type));
        }
        // Every entry is tried, so that every mistake is noted.
        let entries: Vec<Option<Json>> = names
            .iter()
            .map(|(name, span)| self.listed(name, span))
            .collect();
        let entries: Option<Vec<Json>> = entries.into_iter().collect();
        push(&mut members, "manifests", Json::Arr(entries?));
        if let Some(annotations) = &index.annotations {
            push(&mut members, "annotations", self.annotations(annotations)?);
        }
        Some(Json::Obj(members))
    }

    /// The entry that a name in a list of entries stands for.
    fn listed(&mut self, name: &str, span: &Range<usize>) -> Option<Json> {
        let spec = self.spec;
        if let Some(entry) = spec.entries.iter().find(|entry| entry.name == name) {
            self.used.insert((What::Entry, name.to_owned()));
            return self.entry(entry);
        }
        if !self.is_target(name) {
            let known: Vec<&str> = self
                .targets()
                .chain(spec.entries.iter().map(|entry| entry.name.as_str()))
                .collect();
            let kind = MistakeKind::EntryUndefined {
                name: name.to_owned(),
                nearest: nearest(name, known.iter().copied()).map(str::to_owned),
                known: owned(known),
            };
            self.report.add(span, kind);
            return None;
        }
        let target = self.target(name, span)?;
        let mut members = Members::new();
        push(&mut members, "mediaType", Json::str(target.media_type));
        push(&mut members, "digest", Json::str(target.digest.as_str()));
        push(&mut members, "size", Json::Int(target.size));
        if let Some(platform) = target.platform {
            push(&mut members, "platform", Json::Obj(platform));
        }
        Some(Json::Obj(members))
    }

    fn entry(&mut self, entry: &'a EntrySpec) -> Option<Json> {
        let (of, span) = &entry.of;
        if !self.is_target(of) {
            let kind = MistakeKind::TargetUndefined {
                name: of.clone(),
                nearest: nearest(of, self.targets()).map(str::to_owned),
                known: owned(self.targets()),
            };
            self.report.add(span, kind);
            return None;
        }
        let target = self.target(of, span)?;
        let mut members = Members::new();
        match &entry.media_type {
            Field::Ordinary => push(&mut members, "mediaType", Json::str(target.media_type)),
            Field::Absent => {}
            Field::Written((text, span)) => {
                let text = self.text(text, span)?;
                push(&mut members, "mediaType", Json::Str(text));
            }
        }
        let digest = match &entry.digest {
            Some((text, span)) => self.text(text, span)?,
            None => target.digest.as_str().to_owned(),
        };
        push(&mut members, "digest", Json::Str(digest));
        let size = match &entry.size {
            Field::Ordinary => Some(target.size),
            Field::Absent => None,
            Field::Written(SizeSpec::Number(number)) => Some(*number),
            Field::Written(SizeSpec::OffBy(difference)) => {
                Some(target.size.saturating_add(*difference))
            }
        };
        if let Some(size) = size {
            push(&mut members, "size", Json::Int(size));
        }
        let platform = match &entry.platform {
            Field::Ordinary => target.platform.map(Json::Obj),
            Field::Absent => None,
            Field::Written(PlatformSpec::Null) => Some(Json::Null),
            Field::Written(PlatformSpec::Keys(keys)) => Some(Json::Obj(keys.clone())),
        };
        if let Some(platform) = platform {
            push(&mut members, "platform", platform);
        }
        if let Some((text, span)) = &entry.artifact_type {
            let text = self.text(text, span)?;
            push(&mut members, "artifactType", Json::Str(text));
        }
        if let Some(annotations) = &entry.annotations {
            push(&mut members, "annotations", self.annotations(annotations)?);
        }
        Some(Json::Obj(members))
    }

    fn annotations(&mut self, annotations: &[Template]) -> Option<Json> {
        let mut members = Members::new();
        for (key, text, span) in annotations {
            let text = self.text(text, span)?;
            push(&mut members, key, Json::Str(text));
        }
        Some(Json::Obj(members))
    }

    fn targets(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let children = self.spec.children.iter().map(|child| child.name.as_str());
        children.chain(self.spec.indexes.iter().map(|index| index.name.as_str()))
    }

    fn is_target(&self, name: &str) -> bool {
        self.targets().any(|target| target == name)
    }

    /// Builds the child or nested index of that name; nothing where there is none, or where it
    /// cannot be built, which is then noted.
    fn target(&mut self, name: &str, span: &Range<usize>) -> Option<Target> {
        let spec = self.spec;
        if let Some(child) = spec.children.iter().find(|child| child.name == name) {
            self.used.insert((What::Child, name.to_owned()));
            let built = self
                .children
                .entry(&child.name)
                .or_insert_with(|| child::build(child, self.id, spec.program_for()));
            return Some(Target {
                digest: built.manifest.digest.clone(),
                size: size(&built.manifest.bytes),
                media_type: child.manifest_type.clone(),
                platform: child.platform.clone(),
            });
        }
        let index = spec.indexes.iter().find(|index| index.name == name)?;
        self.used.insert((What::Index, name.to_owned()));
        if let Some(place) = self.open.iter().position(|open| *open == name) {
            let mut cycle = owned(self.open[place..].iter().copied());
            cycle.push(name.to_owned());
            self.report.add(span, MistakeKind::Cycle(cycle));
            return None;
        }
        if !self.indexes.contains_key(name) {
            self.open.push(&index.name);
            let rendered = self.index(index);
            self.open.pop();
            self.indexes.insert(&index.name, rendered?);
        }
        let document = self.indexes.get(name)?;
        Some(Target {
            digest: document.digest.clone(),
            size: size(&document.bytes),
            media_type: document.media_type.clone(),
            platform: None,
        })
    }

    /// A text of an entry, its placeholders replaced.
    fn text(&mut self, text: &str, span: &Range<usize>) -> Option<String> {
        let mut out = String::new();
        let mut whole = true;
        for piece in placeholder::pieces(text) {
            match piece {
                Piece::Literal(literal) => out.push_str(literal),
                Piece::Unclosed(rest) => {
                    placeholder::unclosed(rest, span, self.report);
                    whole = false;
                }
                Piece::Placeholder(inner) if inner.starts_with("byte:") => {
                    placeholder::wrong(inner, span, PlaceholderFault::ByteInText, self.report);
                    whole = false;
                }
                Piece::Placeholder(inner) => match self.property(inner, span) {
                    Some(property) => out.push_str(&property),
                    None => whole = false,
                },
            }
        }
        whole.then_some(out)
    }

    /// A raw text, its placeholders replaced.
    fn raw(&mut self, text: &str, span: &Range<usize>) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let mut whole = true;
        for piece in placeholder::pieces(text) {
            match piece {
                Piece::Literal(literal) => out.extend_from_slice(literal.as_bytes()),
                Piece::Unclosed(rest) => {
                    placeholder::unclosed(rest, span, self.report);
                    whole = false;
                }
                Piece::Placeholder(inner) => {
                    let bytes = match inner.strip_prefix("byte:") {
                        Some(digits) => {
                            let byte = byte(digits);
                            if byte.is_none() {
                                let fault = PlaceholderFault::Byte;
                                placeholder::wrong(inner, span, fault, self.report);
                            }
                            byte.map(|byte| vec![byte])
                        }
                        None => self.property(inner, span).map(String::into_bytes),
                    };
                    match bytes {
                        Some(bytes) => out.extend_from_slice(&bytes),
                        None => whole = false,
                    }
                }
            }
        }
        whole.then_some(out)
    }

    /// The value of `NAME.digest`, `NAME.size` or `NAME.media-type`.
    fn property(&mut self, inner: &str, span: &Range<usize>) -> Option<String> {
        let (name, property) = inner.split_once('.').unwrap_or((inner, ""));
        if !self.is_target(name) {
            let fault = PlaceholderFault::Undefined {
                nearest: nearest(name, self.targets()).map(str::to_owned),
                known: owned(self.targets()),
            };
            placeholder::wrong(inner, span, fault, self.report);
            return None;
        }
        let target = self.target(name, span)?;
        match property {
            "digest" => Some(target.digest.as_str().to_owned()),
            "size" => Some(target.size.to_string()),
            "media-type" => Some(target.media_type),
            _ => {
                placeholder::wrong(inner, span, PlaceholderFault::Property, self.report);
                None
            }
        }
    }
}

/// The byte of exactly two hexadecimal digits.
fn byte(digits: &str) -> Option<u8> {
    let plain = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    plain.then(|| u8::from_str_radix(digits, 16).ok()).flatten()
}
