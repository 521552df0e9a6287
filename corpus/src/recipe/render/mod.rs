//! Renders the documents of one case: its children, its nested indexes, and the index under test.

mod entries;
mod faults;
mod manifests;
mod text;

use super::{
    What,
    spec::{ClauseSpec, IndexContent, IndexSpec, Spec},
};
use crate::{
    Case, Digest, Document, Expectation, LayoutRef,
    child::{BuiltChild, ChildSpec, Parts},
    diagnostic::{DiagnosticKind, DiagnosticReport},
    json::{Members, size},
    nearest::nearest,
    value::owned,
};
use ocipick_records::CaseId;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

/// Makes the case; nothing where something it needs is not there. What it leads to is added to
/// `used`.
pub(crate) fn render(
    spec: &Spec,
    id: &CaseId,
    source: &str,
    used: &mut BTreeSet<(What, String)>,
    report: &mut DiagnosticReport<'_>,
) -> Option<Case> {
    let mut renderer = Renderer {
        spec,
        id,
        parts: BTreeMap::new(),
        children: BTreeMap::new(),
        indexes: BTreeMap::new(),
        open: Vec::new(),
        used,
        report,
    };
    let index = renderer.index(&spec.index)?;
    // Both may lead to more than the index does.
    let layout_refs = renderer.layout_refs(&index);
    let faults = renderer.faults(&index);
    let (layout_refs, faults) = (layout_refs?, faults?);
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
        aliases: Vec::new(),
        title: spec.title.clone(),
        why: spec.why.clone(),
        origins: spec.origins.clone(),
        clauses: spec.clauses.iter().map(ClauseSpec::used).collect(),
        asks: spec.asks.clone(),
        operations: spec.operations.clone(),
        faults,
        layout_refs,
        index,
        documents: nested
            .chain(served().map(|(_, built)| built.manifest.clone()))
            .collect(),
        blobs: served()
            .flat_map(|(_, built)| [built.parts.config.clone(), built.parts.layer.clone()])
            .collect(),
        children: children
            .iter()
            .map(|(_, built)| built.child.clone())
            .collect(),
        source: source.to_owned(),
        derivation: None,
    })
}

fn note_unreachable_picks(
    spec: &Spec,
    id: &CaseId,
    reached: &[(&ChildSpec, BuiltChild)],
    report: &mut DiagnosticReport<'_>,
) {
    for (expectation, span) in spec.clauses.iter().flat_map(ClauseSpec::expectations) {
        match expectation {
            Expectation::Picks(name) => {
                let defined = spec.children.iter().any(|child| child.name == *name);
                if defined && !reached.iter().any(|(child, _)| child.name == *name) {
                    let kind = DiagnosticKind::PicksUnreachable {
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
    bytes: Arc<[u8]>,
    media_type: String,
    platform: Option<Members>,
}

impl Target {
    fn of(document: &Document, platform: Option<&Members>) -> Self {
        Self {
            digest: document.digest.clone(),
            bytes: Arc::clone(&document.bytes),
            media_type: document.media_type.clone(),
            platform: platform.cloned(),
        }
    }

    fn size(&self) -> i128 {
        size(&self.bytes)
    }
}

struct Renderer<'a, 'r, 't> {
    spec: &'a Spec,
    id: &'a CaseId,
    /// The configs and layers that were built on the way.
    parts: BTreeMap<&'a str, Parts>,
    /// The children that were built on the way.
    children: BTreeMap<&'a str, BuiltChild>,
    /// The nested indexes that were rendered on the way.
    indexes: BTreeMap<&'a str, Document>,
    /// The children and nested indexes that are being made, outermost first.
    open: Vec<&'a str>,
    used: &'r mut BTreeSet<(What, String)>,
    report: &'r mut DiagnosticReport<'t>,
}

impl<'a> Renderer<'a, '_, '_> {
    fn index(&mut self, index: &'a IndexSpec) -> Option<Document> {
        let bytes = match &index.content {
            IndexContent::Text(text, span) => self.raw(text, span, None)?,
            IndexContent::Entries { .. } => self.entries(&index.content)?.pretty().into_bytes(),
        };
        Some(Document::known_by(
            index.algorithm,
            &index.served_type,
            bytes,
        ))
    }

    /// The entries of `index.json`.
    fn layout_refs(&mut self, index: &Document) -> Option<Vec<LayoutRef>> {
        let Some(specs) = &self.spec.layout else {
            return Some(vec![LayoutRef::latest(index)]);
        };
        let refs: Vec<Option<LayoutRef>> = specs
            .iter()
            .map(|spec| {
                let target = if spec.of == LayoutRef::INDEX {
                    Target::of(index, None)
                } else {
                    self.known_target(&spec.of, &spec.span)?
                };
                Some(LayoutRef {
                    of: spec.of.clone(),
                    digest: target.digest,
                    size: target.bytes.len() as u64,
                    media_type: target.media_type,
                    name: spec.name.clone(),
                })
            })
            .collect();
        refs.into_iter().collect()
    }

    fn targets(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let children = self.spec.children.iter().map(|child| child.name.as_str());
        children.chain(self.spec.indexes.iter().map(|index| index.name.as_str()))
    }

    fn is_target(&self, name: &str) -> bool {
        self.targets().any(|target| target == name)
    }

    /// The child or nested index of that name; where there is none, that is noted.
    fn known_target(&mut self, name: &str, span: &Range<usize>) -> Option<Target> {
        if !self.is_target(name) {
            let kind = DiagnosticKind::TargetUndefined {
                name: name.to_owned(),
                nearest: nearest(name, self.targets()).map(str::to_owned),
                known: owned(self.targets()),
            };
            self.report.add(span, kind);
            return None;
        }
        self.target(name, span)
    }

    /// Builds the child or nested index of that name; nothing where there is none, or where it
    /// cannot be built, which is then noted.
    fn target(&mut self, name: &str, span: &Range<usize>) -> Option<Target> {
        let spec = self.spec;
        if let Some(child) = spec.children.iter().find(|child| child.name == name) {
            self.used.insert((What::Child, name.to_owned()));
            if !self.children.contains_key(name) {
                let built = self.once(&child.name, span, |this| this.child(child))?;
                self.children.insert(&child.name, built);
            }
            let built = self.children.get(name)?;
            return Some(Target::of(&built.manifest, child.platform.as_ref()));
        }
        let index = spec.indexes.iter().find(|index| index.name == name)?;
        self.used.insert((What::Index, name.to_owned()));
        if !self.indexes.contains_key(name) {
            let rendered = self.once(&index.name, span, |this| this.index(index))?;
            self.indexes.insert(&index.name, rendered);
        }
        Some(Target::of(self.indexes.get(name)?, None))
    }

    /// Makes something that may need others; nothing where those need it in turn.
    fn once<T>(
        &mut self,
        name: &'a str,
        span: &Range<usize>,
        make: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        if let Some(place) = self.open.iter().position(|open| *open == name) {
            let mut cycle = owned(self.open[place..].iter().copied());
            cycle.push(name.to_owned());
            self.report.add(span, DiagnosticKind::Cycle(cycle));
            return None;
        }
        self.open.push(name);
        let made = make(self);
        self.open.pop();
        made
    }
}
