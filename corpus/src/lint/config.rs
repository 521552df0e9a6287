//! The configs of OCI images.

use super::{
    context::{Desk, each, is_object, lacks},
    grammar,
    json::{Kind, Value},
    path::Path,
    platform::named,
    rule::Rule,
};

/// Reads the config of an OCI image.
pub(super) fn config(desk: &mut Desk<'_, '_>, document: Value<'_, '_>) {
    let otherwise = |what| {
        desk.note(
            Rule::RootFs,
            &Path::Root,
            format!("is {what}, and should be an object"),
        );
    };
    if !is_object(document, otherwise) {
        return;
    }
    named(
        desk,
        (document, &Path::Root),
        "architecture",
        (Rule::ConfigArchitecture, Rule::ConfigArchitectureName),
        grammar::is_goarch,
    );
    named(
        desk,
        (document, &Path::Root),
        "os",
        (Rule::ConfigOs, Rule::ConfigOsName),
        grammar::is_goos,
    );
    let there = each(document, &Path::Root, "rootfs", |rootfs, path| {
        let otherwise = |what| {
            desk.note(
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
            desk.note(Rule::RootFs, path, "is not of the type `layers`");
        }
        let diff_ids = rootfs.get("diff_ids");
        let are_texts = diff_ids.is_some_and(|list| {
            list.kind() == Kind::List && list.items().all(|item| item.text().is_some())
        });
        if !are_texts {
            desk.note(Rule::RootFs, path, "has no `diff_ids`, an array of digests");
        }
    });
    if !there {
        desk.note(Rule::RootFs, &Path::Root, lacks(document, "rootfs"));
    }
}
