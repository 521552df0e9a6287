//! Docker manifest lists. What is described of them binds nobody.

use super::{
    blobs::Form,
    context::{LintContext, each, is_object, lacks},
    descriptor::wrong_size,
    index::ambiguous,
    json::{Kind, Read, Value},
    number::{Whole, whole},
    path::Path,
    properties,
    rule::Rule,
};
use crate::media_type::Format;

/// Reads a docker manifest list.
pub(super) fn list(context: &mut LintContext<'_, '_>, read: &Read<'_>) {
    let Some(document) = read.value() else {
        context.note(Rule::ListManifests, &Path::Root, "cannot be read as JSON");
        return;
    };
    let otherwise = |what| {
        context.note(
            Rule::ListManifests,
            &Path::Root,
            format!("is {what}, and should be an object"),
        );
    };
    if !is_object(document, otherwise) {
        return;
    }
    properties::schema_version(context, document, Rule::ListVersion, Rule::ListVersion);
    let right = Format::Docker.index();
    properties::own_type(context, document, right, Rule::ListType, Rule::ListType);
    let there = each(document, &Path::Root, "manifests", |list, path| {
        if list.kind() != Kind::List {
            let what = list.kind().what();
            context.note(
                Rule::ListManifests,
                path,
                format!("is {what}, and should be an array"),
            );
        }
        for (at, value) in list.items().enumerate() {
            entry(context, value, &path.item(at));
        }
    });
    if !there {
        context.note(
            Rule::ListManifests,
            &Path::Root,
            lacks(document, "manifests"),
        );
    }
    ambiguous(context, document, &["config", "layers"], "manifests");
}

fn entry(context: &mut LintContext<'_, '_>, entry: Value<'_, '_>, path: &Path<'_>) {
    let otherwise = |what| {
        context.note(
            Rule::ListEntry,
            path,
            format!("is {what}, and should be an object"),
        );
    };
    if !is_object(entry, otherwise) {
        return;
    }
    for key in ["mediaType", "digest"] {
        let there = each(entry, path, key, |value, path| {
            if value.text().is_none() {
                let what = value.kind().what();
                context.note(
                    Rule::ListEntry,
                    path,
                    format!("is {what}, and should be a string"),
                );
            }
        });
        if !there {
            context.note(Rule::ListEntry, path, lacks(entry, key));
        }
    }
    if let Some(media_type) = entry.text_of("mediaType")
        && Form::of_type(media_type) != Some(Form::DockerManifest)
    {
        let what = "is not that of docker manifests, which lists are of as a rule";
        context.note(Rule::ListChildType, &path.key("mediaType"), what);
    }
    size(context, entry, path);
    platform(context, entry, path);
}

fn size(context: &mut LintContext<'_, '_>, entry: Value<'_, '_>, path: &Path<'_>) {
    let there = each(entry, path, "size", |value, path| {
        let number = match value.kind() {
            Kind::Number(number) => whole(number),
            Kind::Null | Kind::Bool(_) | Kind::Text(_) | Kind::List | Kind::Object => Whole::Broken,
        };
        let Whole::Plain(size) = number else {
            let what = value.kind().what();
            context.note(
                Rule::ListEntry,
                path,
                format!("is {what}, and should be a whole number"),
            );
            return;
        };
        if let Some(what) = wrong_size(context, entry, size) {
            context.note(Rule::ListSize, path, what);
        }
    });
    if !there {
        context.note(Rule::ListEntry, path, lacks(entry, "size"));
    }
}

fn platform(context: &mut LintContext<'_, '_>, entry: Value<'_, '_>, path: &Path<'_>) {
    let there = each(entry, path, "platform", |platform, path| {
        let otherwise = |what| {
            context.note(
                Rule::ListPlatform,
                path,
                format!("is {what}, and should be an object"),
            );
        };
        if !is_object(platform, otherwise) {
            return;
        }
        for key in ["architecture", "os"] {
            let there = each(platform, path, key, |value, path| {
                if value.text().is_none() {
                    let what = value.kind().what();
                    let what = format!("is {what}, and should be a string");
                    context.note(Rule::ListPlatform, path, what);
                }
            });
            if !there {
                context.note(Rule::ListPlatform, path, lacks(platform, key));
            }
        }
    });
    if !there {
        context.note(Rule::ListPlatform, path, lacks(entry, "platform"));
    }
}
