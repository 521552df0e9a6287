//! OCI manifests: the children of an index.

use super::{
    context::{LintContext, each, is_object, lacks},
    descriptor::descriptor,
    index::ambiguous,
    json::{Kind, Value},
    path::Path,
    properties::{self, Wearer},
    rule::Rule,
};
use crate::media_type::{EMPTY, Format};

/// Reads an OCI manifest. Gives back the digest of its config, where that is the config of an OCI
/// image.
pub(super) fn manifest<'j>(
    context: &mut LintContext<'_, '_>,
    document: Value<'j, '_>,
) -> Option<&'j str> {
    let otherwise = |what| {
        let what = format!("is {what}, and should be an object");
        context.note(Rule::ManifestConfig, &Path::Root, what);
    };
    if !is_object(document, otherwise) {
        return None;
    }
    properties::schema_version(
        context,
        document,
        Rule::ManifestVersion,
        Rule::ManifestVersionWriting,
    );
    properties::own_type(
        context,
        document,
        Format::Oci.manifest(),
        Rule::ManifestType,
        Rule::ManifestTypeAbsent,
    );
    let key = "artifactType";
    properties::optional_type(
        context,
        document,
        &Path::Root,
        key,
        Rule::ManifestArtifactType,
    );
    let there = each(document, &Path::Root, "config", |config, path| {
        descriptor(context, config, path, Wearer::Other);
    });
    if !there {
        context.note(Rule::ManifestConfig, &Path::Root, lacks(document, "config"));
    }
    let config = document.get("config");
    let config_type = config.and_then(|config| config.text_of("mediaType"));
    if config_type == Some(EMPTY) && document.get(key).is_none() {
        let what = "has no `artifactType`, and its config is the empty one";
        context.note(Rule::EmptyConfig, &Path::Root, what);
    }
    layers(context, document);
    ambiguous(context, document, &["manifests"], "config");
    if config.is_none() {
        ambiguous(context, document, &["manifests"], "layers");
    }
    each(document, &Path::Root, "subject", |subject, path| {
        descriptor(context, subject, path, Wearer::Other);
    });
    properties::annotations(context, document, &Path::Root, Wearer::Other);
    config
        .filter(|_| config_type == Some(Format::Oci.config()))
        .and_then(|config| config.text_of("digest"))
}

fn layers(context: &mut LintContext<'_, '_>, document: Value<'_, '_>) {
    let there = each(document, &Path::Root, "layers", |list, path| {
        if list.kind() != Kind::List {
            let what = list.kind().what();
            context.note(
                Rule::Layers,
                path,
                format!("is {what}, and should be an array"),
            );
            return;
        }
        let mut none = true;
        for (at, layer) in list.items().enumerate() {
            none = false;
            let path = path.item(at);
            if layer.kind() == Kind::Object {
                descriptor(context, layer, &path, Wearer::Other);
            } else {
                let what = layer.kind().what();
                context.note(
                    Rule::Layers,
                    &path,
                    format!("is {what}, and should be a descriptor"),
                );
            }
        }
        if none {
            context.note(Rule::NoLayers, path, "is empty");
        }
    });
    if !there {
        context.note(Rule::NoLayers, &Path::Root, lacks(document, "layers"));
    }
}
