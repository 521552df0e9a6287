//! Goes through the documents of a case, from the index down.

use super::{
    Subject, Violation,
    blobs::{BlobIndex, Form, IndexedBlob, essence},
    config::config,
    context::LintContext,
    index::{Role, index},
    json::{self, Value},
    list::list,
    manifest::manifest,
    serving::Serving,
};
use crate::{Case, Document, LayoutRef, layout::contents};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Everything that the documents of a case break, from the index down.
///
/// Nothing is known of documents that are not served; what points at them is judged by itself.
/// Docker manifests are bound by no clause that is known.
#[must_use]
pub(super) fn breaches(case: &Case) -> Vec<Violation> {
    let mut shelf = BlobIndex::default();
    for blob in &case.blobs {
        shelf.add(blob.digest.as_str(), IndexedBlob::of(&blob.bytes));
    }
    for document in std::iter::once(&case.index).chain(&case.documents) {
        shelf.add(document.digest.as_str(), IndexedBlob::of(&document.bytes));
    }
    let names = case
        .children
        .iter()
        .rev()
        .map(|child| (child.manifest.as_str(), child.name.as_str()));
    let mut walk = Walk {
        serving: Serving::of(case),
        shelf,
        documents: case
            .documents
            .iter()
            .map(|document| (document.digest.as_str(), document))
            .collect(),
        names: names.collect(),
        followed: BTreeSet::new(),
        seen: BTreeSet::new(),
        breaches: Vec::new(),
    };
    walk.all_from(&case.index);
    if case.layout_refs != [LayoutRef::latest(&case.index)] {
        walk.index_json(case);
    }
    walk.breaches
}

struct Walk<'c> {
    serving: Serving<'c>,
    shelf: BlobIndex<'c>,
    /// The nested indexes and manifests, by digest.
    documents: BTreeMap<&'c str, &'c Document>,
    /// The names of children, by digest.
    names: BTreeMap<&'c str, &'c str>,
    /// What has been followed, and the type that entries gave it.
    followed: BTreeSet<(&'c str, Option<String>)>,
    /// What has been read, and as what.
    seen: BTreeSet<(&'c str, Option<Form>)>,
    breaches: Vec<Violation>,
}

/// An entry that leads to a document.
struct Pointer<'c> {
    document: &'c Document,
    media_type: Option<String>,
    place: String,
}

impl<'c> Walk<'c> {
    fn all_from(&mut self, index: &'c Document) {
        let subject = match self.names.get(index.digest.as_str()) {
            // What is served as an index can be a plain manifest in the layouts of others.
            Some(name) => Subject::Child((*name).to_owned()),
            None => Subject::Index,
        };
        let mut open: VecDeque<Pointer<'c>> = self.document(index, None, subject, "").into();
        while let Some(pointer) = open.pop_front() {
            open.extend(self.follow(&pointer));
        }
        let documents: Vec<&'c Document> = self.documents.values().copied().collect();
        for document in documents {
            let digest = document.digest.as_str();
            if !self.seen.iter().any(|(seen, _)| *seen == digest) {
                let subject = self.subject(document, || Subject::Stray(digest.to_owned()));
                self.document(document, None, subject, "");
            }
        }
    }

    /// The `index.json` of the layout, where the case says what is in it.
    fn index_json(&mut self, case: &Case) {
        let text = contents(case).pretty();
        let read = json::read(text.as_bytes());
        let mut context = LintContext {
            subject: Subject::IndexJson,
            shelf: &self.shelf,
            breaches: &mut self.breaches,
        };
        if let Some(value) = read.value() {
            index(&mut context, value, Role::IndexJson);
        }
    }

    fn subject(&self, document: &Document, otherwise: impl FnOnce() -> Subject) -> Subject {
        match self.names.get(document.digest.as_str()) {
            Some(name) => Subject::Child((*name).to_owned()),
            None => otherwise(),
        }
    }

    fn follow(&mut self, pointer: &Pointer<'c>) -> Vec<Pointer<'c>> {
        let digest = pointer.document.digest.as_str();
        if !self.followed.insert((digest, pointer.media_type.clone())) {
            return Vec::new();
        }
        let subject = self.subject(pointer.document, || Subject::Nested(pointer.place.clone()));
        let prefix = format!("{}.", pointer.place);
        let claimed = pointer.media_type.as_deref();
        self.document(pointer.document, claimed, subject, &prefix)
    }

    /// Reads a document as what its entry says that it is, which counts before anything else
    /// (`image-spec/media-types/conflict-digest-ok`). Gives back what it leads to.
    fn document(
        &mut self,
        document: &'c Document,
        claimed: Option<&str>,
        subject: Subject,
        prefix: &str,
    ) -> Vec<Pointer<'c>> {
        let digest = document.digest.as_str();
        let read = json::read(&document.bytes);
        let value = read.value();
        let form = form(claimed.unwrap_or(self.serving.media_type(document)), value);
        let is_new = !self.seen.iter().any(|(seen, _)| *seen == digest);
        if !self.seen.insert((digest, form)) {
            return Vec::new();
        }
        let mut context = LintContext {
            subject,
            shelf: &self.shelf,
            breaches: &mut self.breaches,
        };
        if is_new {
            let is_index = context.subject == Subject::Index;
            self.serving.check(&mut context, document, value, is_index);
        }
        let mut config_of = None;
        match form {
            Some(Form::Index) => {
                context.json(&read);
                if let Some(value) = value {
                    index(&mut context, value, Role::Content);
                }
            }
            Some(Form::List) => list(&mut context, &read),
            Some(Form::Manifest) => {
                context.json(&read);
                config_of = value.and_then(|value| manifest(&mut context, value));
                if let Some(value) = value {
                    self.serving.check_blobs(&mut context, value);
                }
            }
            Some(Form::DockerManifest) | None => {}
        }
        if let Some(digest) = config_of {
            let name = context.subject.name().unwrap_or("index").to_owned();
            self.config(digest, name);
        }
        match (form, value) {
            (Some(Form::Index | Form::List), Some(value)) => self.pointers(value, prefix),
            (Some(_) | None, _) => Vec::new(),
        }
    }

    fn config(&mut self, digest: &str, name: String) {
        let content = self.shelf.get(digest).and_then(|content| content.bytes);
        let Some(bytes) = content else { return };
        let read = json::read(bytes);
        let mut context = LintContext {
            subject: Subject::Config(name),
            shelf: &self.shelf,
            breaches: &mut self.breaches,
        };
        context.json(&read);
        if let Some(value) = read.value() {
            config(&mut context, value);
        }
    }

    /// The entries of an index that lead to documents that are here. Where a key stands there
    /// several times, each of its values is followed.
    fn pointers(&self, index: Value<'_, '_>, prefix: &str) -> Vec<Pointer<'c>> {
        let mut pointers = Vec::new();
        let entries = index.all("manifests").flat_map(Value::items);
        for (at, entry) in entries.enumerate() {
            for digest in entry.all("digest").filter_map(Value::text) {
                if let Some(&document) = self.documents.get(digest) {
                    pointers.push(Pointer {
                        document,
                        media_type: entry.text_of("mediaType").map(str::to_owned),
                        place: format!("{prefix}manifests[{at}]"),
                    });
                }
            }
        }
        pointers
    }
}

/// What a document of this media type is to be read as. Where the type says nothing, it is what the
/// document says itself, or what its keys are those of.
fn form(media_type: &str, value: Option<Value<'_, '_>>) -> Option<Form> {
    const GENERIC: &[&str] = &[
        "",
        "application/json",
        "application/octet-stream",
        "text/plain",
    ];
    if !GENERIC.contains(&essence(media_type)) {
        return Form::of_type(media_type);
    }
    match value?.text_of("mediaType") {
        Some(own) => Form::of_type(own),
        None => Form::of_keys(value?),
    }
}
