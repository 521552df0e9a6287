//! The platform of an entry.

use super::{
    context::{LintContext, each, is_object, lacks},
    grammar,
    json::{Kind, Value},
    path::Path,
    rule::Rule,
};

/// `platform` of an entry of an OCI index.
pub(super) fn platform(
    context: &mut LintContext<'_, '_>,
    platform: Value<'_, '_>,
    path: &Path<'_>,
) {
    let otherwise = |what| {
        let what = format!("is {what}, and names neither architecture nor operating system");
        context.note(Rule::Architecture, path, what);
    };
    if !is_object(platform, otherwise) {
        return;
    }
    named(
        context,
        (platform, path),
        "architecture",
        (Rule::Architecture, Rule::ArchitectureName),
        grammar::is_goarch,
    );
    named(
        context,
        (platform, path),
        "os",
        (Rule::Os, Rule::OsName),
        grammar::is_goos,
    );
    variant(context, platform, path);
    each(platform, path, "os.version", |value, path| {
        if value.text().is_none() {
            let what = value.kind().what();
            context.note(
                Rule::OsVersion,
                path,
                format!("is {what}, and should be a string"),
            );
        }
    });
    each(platform, path, "os.features", |value, path| {
        let is_fine = value.kind() == Kind::List && value.items().all(|item| item.text().is_some());
        if !is_fine {
            let what = "should be an array of strings, and is something else";
            context.note(Rule::OsFeatures, path, what);
        }
    });
    each(platform, path, "features", |_, path| {
        context.note(Rule::Features, path, "is reserved for later versions");
    });
}

/// A property that has to be a string, and should be one of the names of Go.
pub(super) fn named(
    context: &mut LintContext<'_, '_>,
    (object, path): (Value<'_, '_>, &Path<'_>),
    key: &str,
    (required, known): (Rule, Rule),
    is_known: impl Fn(&str) -> bool,
) {
    let there = each(object, path, key, |value, path| match value.text() {
        Some(name) if is_known(name) => {}
        Some(_) => {
            let what = value.kind().what();
            context.note(known, path, format!("is {what}, which Go does not know"));
        }
        None => {
            let what = value.kind().what();
            context.note(required, path, format!("is {what}, and should be a string"));
        }
    });
    if !there {
        context.note(required, path, lacks(object, key));
    }
}

fn variant(context: &mut LintContext<'_, '_>, platform: Value<'_, '_>, path: &Path<'_>) {
    let architecture = platform.text_of("architecture").unwrap_or_default();
    each(platform, path, "variant", |value, path| {
        let Some(variant) = value.text() else {
            let what = value.kind().what();
            context.note(
                Rule::Variant,
                path,
                format!("is {what}, and should be a string"),
            );
            return;
        };
        if grammar::is_listed_variant(architecture, variant) == Some(false) {
            let what = value.kind().what();
            let what = format!("is {what}, which the table has not for {architecture}");
            context.note(Rule::Variant, path, what);
        }
    });
}
