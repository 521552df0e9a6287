//! Indexes as lists of entries.

use super::{Renderer, Target};
use crate::{
    diagnostic::DiagnosticKind,
    json::{Json, Members, push},
    nearest::nearest,
    recipe::{
        What,
        spec::{DataSpec, EntrySpec, Field, IndexContent, Listed, PlatformSpec, SizeSpec},
    },
    value::owned,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};

impl<'a> Renderer<'a, '_, '_> {
    pub(super) fn entries(&mut self, content: &'a IndexContent) -> Option<Json> {
        let IndexContent::Entries {
            schema_version,
            body_type,
            artifact_type,
            entries,
            subject,
            annotations,
            extra,
        } = content
        else {
            return None;
        };
        let mut members = Members::new();
        if let Some(version) = schema_version {
            push(&mut members, "schemaVersion", version.clone());
        }
        if let Some(body_type) = body_type {
            push(&mut members, "mediaType", Json::str(body_type));
        }
        if let Some((text, span)) = artifact_type {
            let text = self.text(text, span)?;
            push(&mut members, "artifactType", Json::Str(text));
        }
        // Every entry is tried, so that every mistake is noted.
        let entries: Vec<Option<Json>> = entries.iter().map(|each| self.listed(each)).collect();
        let entries: Option<Vec<Json>> = entries.into_iter().collect();
        push(&mut members, "manifests", Json::Arr(entries?));
        if let Some((name, span)) = subject {
            let target = self.known_target(name, span)?;
            push(&mut members, "subject", Json::Obj(descriptor(&target)));
        }
        if let Some(annotations) = annotations {
            let annotations = Json::strings(&self.pairs(annotations)?);
            push(&mut members, "annotations", annotations);
        }
        members.extend(self.extra(extra)?);
        Some(Json::Obj(members))
    }

    /// The entry that an element of a list of entries stands for, as often as it says.
    fn listed(&mut self, listed: &'a Listed) -> Option<Json> {
        let entry = self.entry_of_name(listed)?;
        Some(match listed.times {
            1 => entry,
            times => Json::Times(Box::new(entry), times),
        })
    }

    fn entry_of_name(&mut self, listed: &'a Listed) -> Option<Json> {
        let Listed { name, span, .. } = listed;
        let spec = self.spec;
        if let Some(entry) = spec.entries.iter().find(|entry| entry.name == *name) {
            self.used.insert((What::Entry, name.clone()));
            return self.entry(entry);
        }
        if !self.is_target(name) {
            let known: Vec<&str> = self
                .targets()
                .chain(spec.entries.iter().map(|entry| entry.name.as_str()))
                .collect();
            let kind = DiagnosticKind::EntryUndefined {
                name: name.clone(),
                nearest: nearest(name, known.iter().copied()).map(str::to_owned),
                known: owned(known),
            };
            self.report.add(span, kind);
            return None;
        }
        let target = self.target(name, span)?;
        let mut members = descriptor(&target);
        if let Some(platform) = target.platform {
            push(&mut members, "platform", Json::Obj(platform));
        }
        Some(Json::Obj(members))
    }

    fn entry(&mut self, entry: &'a EntrySpec) -> Option<Json> {
        let (of, span) = &entry.of;
        let target = self.known_target(of, span)?;
        let mut members = Members::new();
        match &entry.media_type {
            Field::Ordinary => push(&mut members, "mediaType", Json::str(&target.media_type)),
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
            Field::Ordinary => Some(target.size()),
            Field::Absent => None,
            Field::Written(SizeSpec::Number(number)) => Some(*number),
            Field::Written(SizeSpec::OffBy(difference)) => {
                Some(target.size().saturating_add(*difference))
            }
        };
        if let Some(size) = size {
            push(&mut members, "size", Json::Int(size));
        }
        let platform = match &entry.platform {
            Field::Ordinary => target.platform.clone().map(Json::Obj),
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
            let annotations = Json::strings(&self.pairs(annotations)?);
            push(&mut members, "annotations", annotations);
        }
        if let Some(urls) = &entry.urls {
            let urls: Vec<Option<Json>> = urls
                .iter()
                .map(|(text, span)| self.text(text, span).map(Json::Str))
                .collect();
            let urls = urls.into_iter().collect::<Option<_>>()?;
            push(&mut members, "urls", Json::Arr(urls));
        }
        match &entry.data {
            None => {}
            Some(DataSpec::True) => {
                push(
                    &mut members,
                    "data",
                    Json::Str(BASE64_STANDARD.encode(&target.bytes)),
                );
            }
            Some(DataSpec::Text((text, span))) => {
                let text = self.text(text, span)?;
                push(&mut members, "data", Json::Str(text));
            }
        }
        members.extend(self.extra(&entry.extra)?);
        Some(Json::Obj(members))
    }
}

/// Type, digest and size of a target.
pub(super) fn descriptor(target: &Target) -> Members {
    let mut members = Members::new();
    push(&mut members, "mediaType", Json::str(&target.media_type));
    push(&mut members, "digest", Json::str(target.digest.as_str()));
    push(&mut members, "size", Json::Int(target.size()));
    members
}
