//! Properties that several kinds of documents have.

use super::{
    context::{LintContext, each, is_object, lacks},
    grammar,
    json::{Kind, Value, shortened},
    number::{Whole, whole},
    path::Path,
    rule::Rule,
};

/// Where annotations stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wearer {
    /// On an entry of the `index.json` of a layout.
    IndexJsonEntry,
    /// Anywhere else.
    Other,
}

/// The annotation that names a reference.
const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// `schemaVersion`: `rule` says that it is 2, `writing` that it is written as a whole number.
pub(super) fn schema_version(
    context: &mut LintContext<'_, '_>,
    document: Value<'_, '_>,
    rule: Rule,
    writing: Rule,
) {
    let there = each(document, &Path::Root, "schemaVersion", |value, path| {
        let Kind::Number(number) = value.kind() else {
            let what = value.kind().what();
            context.note(rule, path, format!("is {what}, and should be the number 2"));
            return;
        };
        match whole(number) {
            Whole::Plain(2) => {}
            Whole::Dressed(2) => {
                context.note(
                    writing,
                    path,
                    format!("is 2, written as {}", shortened(number)),
                );
            }
            Whole::Plain(_) | Whole::Dressed(_) | Whole::Huge | Whole::Broken => {
                context.note(
                    rule,
                    path,
                    format!("is {}, and should be 2", shortened(number)),
                );
            }
        }
    });
    if !there {
        context.note(rule, &Path::Root, lacks(document, "schemaVersion"));
    }
}

/// `mediaType` of a document itself: `rule` says which one it is, `absent` that it is there.
pub(super) fn own_type(
    context: &mut LintContext<'_, '_>,
    document: Value<'_, '_>,
    right: &str,
    rule: Rule,
    absent: Rule,
) {
    let there = each(document, &Path::Root, "mediaType", |value, path| {
        let is_right = value
            .text()
            .is_some_and(|text| text.eq_ignore_ascii_case(right));
        if !is_right {
            let what = value.kind().what();
            context.note(rule, path, format!("is {what}, and should be `{right}`"));
        }
    });
    if !there {
        context.note(absent, &Path::Root, lacks(document, "mediaType"));
    }
}

/// A property that is a media type where it is there.
pub(super) fn optional_type(
    context: &mut LintContext<'_, '_>,
    object: Value<'_, '_>,
    path: &Path<'_>,
    key: &str,
    rule: Rule,
) {
    each(object, path, key, |value, path| {
        if !value.text().is_some_and(grammar::is_media_type) {
            let what = value.kind().what();
            context.note(rule, path, format!("is {what}, which is no media type"));
        }
    });
}

/// `annotations` of anything.
pub(super) fn annotations(
    context: &mut LintContext<'_, '_>,
    object: Value<'_, '_>,
    path: &Path<'_>,
    wearer: Wearer,
) {
    each(object, path, "annotations", |map, path| {
        if map.kind() == Kind::Null {
            let what = "is null, where no annotations are none at all or an empty map";
            context.note(Rule::AnnotationsNull, path, what);
            return;
        }
        let otherwise = |what| {
            context.note(
                Rule::Annotations,
                path,
                format!("is {what}, and should be a map"),
            );
        };
        if !is_object(map, otherwise) {
            return;
        }
        for (key, value) in map.members() {
            if value.text().is_none() {
                let what = value.kind().what();
                let path = path.key(key);
                context.note(
                    Rule::Annotations,
                    &path,
                    format!("is {what}, and should be a string"),
                );
            }
        }
        repeated(context, map, path);
        each(map, path, REF_NAME, |name, path| {
            ref_name(context, name, path, wearer);
        });
    });
}

fn repeated(context: &mut LintContext<'_, '_>, map: Value<'_, '_>, path: &Path<'_>) {
    let mut keys: Vec<&str> = map.members().map(|(key, _)| key).collect();
    keys.sort_unstable();
    for same in keys.chunk_by(|one, other| one == other) {
        if let [key, _, ..] = same {
            let (key, count) = (shortened(key), same.len());
            let what = format!("has the key `{key}` {count} times");
            context.note(Rule::RepeatedAnnotation, path, what);
        }
    }
}

fn ref_name(
    context: &mut LintContext<'_, '_>,
    name: Value<'_, '_>,
    path: &Path<'_>,
    wearer: Wearer,
) {
    match wearer {
        Wearer::Other => {
            let what = "names a reference, which is for the entries of an index.json";
            context.note(Rule::RefNamePlace, path, what);
        }
        Wearer::IndexJsonEntry => {
            if let Some(text) = name.text()
                && !grammar::is_ref_name(text)
            {
                let what = format!("is `{}`, which no reference is called", shortened(text));
                context.note(Rule::RefName, path, what);
            }
        }
    }
}
