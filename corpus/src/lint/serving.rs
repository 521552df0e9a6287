//! How documents are served: what their headers say, and which faults never end.
//!
//! A fault that happens a few times and no more tries the patience of clients, and says nothing of
//! the document.

use super::{
    blobs::essence,
    context::LintContext,
    grammar,
    json::{self, Value, shortened},
    path::Path,
    rule::Rule,
};
use crate::{Algorithm, Case, Digest, Document, Effects, HeaderFault, Substitute};

/// The lasting effects of the faults of a case.
#[derive(Clone, Copy)]
pub(super) struct Serving<'c>(&'c Case);

impl<'c> Serving<'c> {
    pub(super) fn of(case: &'c Case) -> Self {
        Self(case)
    }

    /// What always happens to those who get this document or blob, where the answer is a good one
    /// otherwise.
    fn effects(self, digest: &Digest) -> Option<&'c Effects> {
        let mut faults = self.0.faults.iter();
        let lasting = faults.find(|fault| {
            fault.target == *digest && fault.times.is_none() && fault.methods.include("GET")
        });
        lasting
            .map(|fault| &fault.effects)
            .filter(|effects| effects.answer.is_none())
    }

    /// The `Content-Type` that a document comes with; empty where there is none.
    pub(super) fn media_type(self, document: &'c Document) -> &'c str {
        let effects = self.effects(&document.digest);
        match effects.and_then(|effects| effects.content_type.as_ref()) {
            None => &document.media_type,
            Some(HeaderFault::Absent) => "",
            Some(HeaderFault::Says(text)) => text,
        }
    }

    /// What stands in for a document or blob.
    pub(super) fn substitute(self, digest: &Digest) -> Option<&'c Substitute> {
        self.effects(digest)?.bytes.as_ref()
    }

    /// What `Docker-Content-Digest` says, where it is not the digest of what is sent.
    fn wrong_header(self, document: &'c Document) -> Option<&'c str> {
        let effects = self.effects(&document.digest)?;
        let bytes = effects
            .bytes
            .as_ref()
            .map_or(&document.bytes, |it| &it.bytes);
        let stated = match &effects.digest_header {
            None => document.digest.as_str(),
            Some(HeaderFault::Absent) => return None,
            Some(HeaderFault::Says(text)) => text,
        };
        let Some((algorithm, _)) = grammar::digest(stated) else {
            return Some(stated);
        };
        // Nobody can tell what others come to (`distribution-spec/pull/dcd-may-differ`).
        let is_known = algorithm.parse::<Algorithm>().is_ok();
        (is_known && !Digest::verbatim(stated).matches(bytes)).then_some(stated)
    }

    /// Notes headers that contradict the body, or say too much. `is_index` is whether it is asked
    /// for by tag, so that there is no digest to check.
    pub(super) fn check(
        self,
        context: &mut LintContext<'_, '_>,
        document: &'c Document,
        value: Option<Value<'_, '_>>,
        is_index: bool,
    ) {
        let path = Path::Root.key("Content-Type");
        let media_type = self.media_type(document);
        let bare = essence(media_type);
        if bare.len() != media_type.len() {
            let what = format!("is `{}`, with parameters", shortened(media_type));
            context.note(Rule::TypeParameters, &path, what);
        }
        let substitute = self.substitute(&document.digest);
        let sent = substitute.map(|substitute| json::read(&substitute.bytes));
        let body = match &sent {
            Some(sent) => sent.value(),
            None => value,
        };
        let own = body.into_iter().flat_map(|body| body.all("mediaType"));
        for own in own.filter_map(Value::text) {
            if !bare.is_empty() && !own.eq_ignore_ascii_case(bare) {
                let (bare, own) = (shortened(bare), shortened(own));
                let what = format!("is `{bare}`, and the body says `{own}`");
                context.note(Rule::TypeConflict, &path, what);
            }
        }
        if let Some(substitute) = substitute
            && !is_index
        {
            let what = format!(
                "comes with the bytes of {}, which its digest is not of",
                substitute.of
            );
            context.note(Rule::ContentOther, &Path::Root, what);
        }
        if let Some(stated) = self.wrong_header(document) {
            let path = Path::Root.key("Docker-Content-Digest");
            let what = format!("is `{}`, which the body is not of", shortened(stated));
            context.note(Rule::DigestHeader, &path, what);
        }
    }

    /// Notes configs and layers of a manifest that are not what comes under their digests.
    pub(super) fn check_blobs(self, context: &mut LintContext<'_, '_>, manifest: Value<'_, '_>) {
        let mut check = |descriptor: Value<'_, '_>, path: &Path<'_>| {
            let digest = descriptor.text_of("digest").map(Digest::verbatim);
            if let Some(substitute) = digest.and_then(|digest| self.substitute(&digest)) {
                let what = format!(
                    "comes with the bytes of {}, which its digest is not of",
                    substitute.of
                );
                context.note(Rule::ContentOther, path, what);
            }
        };
        if let Some(config) = manifest.get("config") {
            check(config, &Path::Root.key("config"));
        }
        let layers = manifest.get("layers").into_iter().flat_map(Value::items);
        for (at, layer) in layers.enumerate() {
            check(layer, &Path::Root.key("layers").item(at));
        }
    }
}
