//! The configs of OCI images.

use super::{
    context::{LintContext, each, is_object, lacks},
    grammar,
    json::{Kind, Value},
    path::Path,
    platform::named,
    rule::Rule,
};

/// Reads the config of an OCI image.
pub(super) fn config(context: &mut LintContext<'_, '_>, document: Value<'_, '_>) {
    let otherwise = |what| {
        context.note(
            Rule::RootFs,
            &Path::Root,
            format!("is {what}, and should be an object"),
        );
    };
    if !is_object(document, otherwise) {
        return;
    }
    named(
        context,
        (document, &Path::Root),
        "architecture",
        (Rule::ConfigArchitecture, Rule::ConfigArchitectureName),
        grammar::is_goarch,
    );
    named(
        context,
        (document, &Path::Root),
        "os",
        (Rule::ConfigOs, Rule::ConfigOsName),
        grammar::is_goos,
    );
    let there = each(document, &Path::Root, "rootfs", |rootfs, path| {
        let otherwise = |what| {
            context.note(
                Rule::RootFs,
                path,
                format!("is {what}, and should be an object"),
            );
        };
        if !is_object(rootfs, otherwise) {
            return;
        }
        let of_type = rootfs.text_of("type");
        if of_type != Some("layers") {
            context.note(Rule::RootFs, path, "is not of the type `layers`");
        }
        let diff_ids = rootfs.get("diff_ids");
        let are_texts = diff_ids.is_some_and(|list| {
            list.kind() == Kind::List && list.items().all(|item| item.text().is_some())
        });
        if !are_texts {
            context.note(Rule::RootFs, path, "has no `diff_ids`, an array of digests");
        }
    });
    if !there {
        context.note(Rule::RootFs, &Path::Root, lacks(document, "rootfs"));
    }
}
