//! OCI indexes, and the `index.json` of layouts.

use super::{
    blobs::Form,
    context::{LintContext, each, is_object, lacks},
    descriptor::descriptor,
    grammar,
    json::{Kind, Value, shortened},
    path::Path,
    platform,
    properties::{self, Wearer},
    rule::Rule,
};
use crate::media_type::Format;

/// Where an index stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// In a registry, or among the blobs of a layout.
    Content,
    /// As the `index.json` of a layout.
    IndexJson,
}

/// Reads an OCI index.
pub(super) fn index(context: &mut LintContext<'_, '_>, document: Value<'_, '_>, role: Role) {
    let otherwise = |what| {
        context.note(
            Rule::Manifests,
            &Path::Root,
            format!("is {what}, and should be an object"),
        );
    };
    if !is_object(document, otherwise) {
        return;
    }
    properties::schema_version(
        context,
        document,
        Rule::IndexVersion,
        Rule::IndexVersionWriting,
    );
    properties::own_type(
        context,
        document,
        Format::Oci.index(),
        Rule::IndexType,
        Rule::IndexTypeAbsent,
    );
    let key = "artifactType";
    properties::optional_type(context, document, &Path::Root, key, Rule::IndexArtifactType);
    let wearer = match role {
        Role::Content => Wearer::Other,
        Role::IndexJson => Wearer::IndexJsonEntry,
    };
    let there = each(document, &Path::Root, "manifests", |list, path| {
        if list.kind() != Kind::List {
            let what = list.kind().what();
            context.note(
                Rule::Manifests,
                path,
                format!("is {what}, and should be an array"),
            );
        }
        for (at, value) in list.items().enumerate() {
            let path = path.item(at);
            if descriptor(context, value, &path, wearer) {
                entry(context, value, &path, role);
            }
        }
    });
    if !there {
        context.note(Rule::Manifests, &Path::Root, lacks(document, "manifests"));
    }
    ambiguous(context, document, &["config", "layers"], "manifests");
    each(document, &Path::Root, "subject", |subject, path| {
        descriptor(context, subject, path, Wearer::Other);
    });
    properties::annotations(context, document, &Path::Root, Wearer::Other);
}

/// Notes keys of the other kind of document, where the one of this kind is there as well.
pub(super) fn ambiguous(
    context: &mut LintContext<'_, '_>,
    document: Value<'_, '_>,
    others: &[&str],
    own: &str,
) {
    let has = |key: &str| document.get(key).is_some();
    for other in others.iter().filter(|other| has(own) && has(other)) {
        let what = format!("stands beside `{own}`, so that this can be read as two things");
        context.note(Rule::Ambiguous, &Path::Root.key(other), what);
    }
}

/// What an entry says besides what every descriptor says.
fn entry(context: &mut LintContext<'_, '_>, entry: Value<'_, '_>, path: &Path<'_>, role: Role) {
    let media_type = entry.text_of("mediaType").unwrap_or_default();
    let form = Form::of_type(media_type);
    if !matches!(form, Some(Form::Index | Form::Manifest)) && !media_type.is_empty() {
        let what =
            "is not the type of OCI manifests or OCI indexes, which portable indexes keep to";
        context.note(Rule::ChildType, &path.key("mediaType"), what);
    }
    let there = each(entry, path, "platform", |value, path| {
        platform::platform(context, value, path);
    });
    let manifest = entry
        .text_of("digest")
        .and_then(|digest| context.shelf.manifest(digest));
    if !there && role == Role::Content {
        match (form, &manifest) {
            (Some(Form::Manifest), None) => {
                context.note(
                    Rule::ManifestPlatform,
                    path,
                    "has no `platform`, and is of a manifest",
                );
            }
            (Some(Form::Manifest), Some(manifest)) if manifest.is_image() => {
                context.note(
                    Rule::ManifestPlatform,
                    path,
                    "has no `platform`, and is of a manifest with the config of an image",
                );
            }
            (Some(Form::DockerManifest), Some(manifest)) => {
                if let Some(os) = manifest.os.as_deref().filter(|os| !os.is_empty()) {
                    let what = format!("has no `platform`, and is of an image for {os}");
                    context.note(Rule::PlatformAbsent, path, what);
                }
            }
            (Some(_) | None, _) => {}
        }
    }
    if let Some(own) = manifest
        .as_ref()
        .and_then(|manifest| manifest.own_type.as_deref())
        && grammar::is_media_type(media_type)
        && !own.eq_ignore_ascii_case(media_type)
    {
        let what = format!(
            "is `{}`, and the content says `{}`",
            shortened(media_type),
            shortened(own)
        );
        context.note(Rule::MediaTypeOther, &path.key("mediaType"), what);
    }
    if let (Some(Form::Manifest), Some(manifest), Some(artifact_type)) =
        (form, &manifest, entry.text_of("artifactType"))
    {
        let own = [&manifest.config_type, &manifest.artifact_type];
        let is_own = own
            .iter()
            .any(|known| known.as_deref() == Some(artifact_type));
        if !is_own {
            let what = "is neither the artifactType of the manifest nor the type of its config";
            context.note(Rule::ArtifactTypeOther, &path.key("artifactType"), what);
        }
    }
}
