//! Children, whose manifests may name others.

use super::{Renderer, entries::descriptor};
use crate::{
    child::{self, BuiltChild, ChildSpec, ManifestSpec, Parts},
    json::Json,
};

impl<'a> Renderer<'a, '_, '_> {
    pub(super) fn child(&mut self, spec: &'a ChildSpec) -> Option<BuiltChild> {
        let bytes = match &spec.manifest {
            ManifestSpec::Text(text, span) => self.raw(text, span, Some(&spec.name))?,
            ManifestSpec::Ordinary { subject, extra } => {
                let subject = match subject {
                    Some((name, span)) => Some(descriptor(&self.known_target(name, span)?)),
                    None => None,
                };
                let extra = self.extra(extra)?;
                let manifest = child::manifest(spec, self.parts(spec), subject, extra);
                Json::Obj(manifest).pretty().into_bytes()
            }
        };
        let parts = self.parts(spec).clone();
        Some(child::build(spec, parts, bytes))
    }

    /// The config and the layer of a child, which need nothing else.
    pub(super) fn parts(&mut self, spec: &'a ChildSpec) -> &Parts {
        let (id, asked) = (self.id, self.spec.program_for());
        self.parts
            .entry(&spec.name)
            .or_insert_with(|| child::parts(spec, id, asked))
    }
}
