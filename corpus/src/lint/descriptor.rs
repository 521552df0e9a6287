//! Descriptors: what they have to say, and whether it is true.

use super::{
    context::{LintContext, each, is_object, lacks},
    grammar,
    json::{Kind, Value, shortened},
    number::{Whole, whole},
    path::Path,
    properties::{self, Wearer},
    rule::Rule,
};
use crate::{Algorithm, Digest, media_type::EMPTY};

/// Reads a descriptor; says whether it is one at all.
pub(super) fn descriptor(
    context: &mut LintContext<'_, '_>,
    value: Value<'_, '_>,
    path: &Path<'_>,
    wearer: Wearer,
) -> bool {
    let otherwise = |what| {
        context.note(
            Rule::MediaType,
            path,
            format!("is {what}, and should be a descriptor"),
        );
    };
    if !is_object(value, otherwise) {
        return false;
    }
    media_type(context, value, path);
    digest(context, value, path);
    size(context, value, path);
    urls(context, value, path);
    properties::annotations(context, value, path, wearer);
    data(context, value, path);
    properties::optional_type(context, value, path, "artifactType", Rule::ArtifactType);
    empty(context, value, path);
    true
}

fn media_type(context: &mut LintContext<'_, '_>, descriptor: Value<'_, '_>, path: &Path<'_>) {
    properties::optional_type(context, descriptor, path, "mediaType", Rule::MediaType);
    if descriptor.get("mediaType").is_none() {
        context.note(Rule::MediaType, path, lacks(descriptor, "mediaType"));
    }
}

fn digest(context: &mut LintContext<'_, '_>, descriptor: Value<'_, '_>, path: &Path<'_>) {
    let there = each(descriptor, path, "digest", |value, path| {
        let Some(text) = value.text() else {
            let what = value.kind().what();
            context.note(
                Rule::Digest,
                path,
                format!("is {what}, and should be a string"),
            );
            return;
        };
        let Some((algorithm, encoded)) = grammar::digest(text) else {
            let what = value.kind().what();
            let what = format!("is {what}, which is not an algorithm, a colon and a value");
            context.note(Rule::DigestGrammar, path, what);
            return;
        };
        let (rule, digits) = match algorithm {
            "sha256" => (Rule::Sha256, 64),
            "sha512" => (Rule::Sha512, 128),
            "blake3" => (Rule::Blake3, 64),
            _ => {
                let what = format!("is of {}, and not of sha256", shortened(algorithm));
                context.note(Rule::Algorithm, path, what);
                return;
            }
        };
        if !grammar::is_hex(encoded, digits) {
            let encoded = shortened(encoded);
            let what = format!(
                "is `{encoded}` of {algorithm}, which takes {digits} hexadecimal digits in lower case"
            );
            context.note(rule, path, what);
        } else if algorithm != "sha256" {
            context.note(
                Rule::Algorithm,
                path,
                format!("is of {algorithm}, and not of sha256"),
            );
        }
    });
    if !there {
        context.note(Rule::Digest, path, lacks(descriptor, "digest"));
    }
}

fn size(context: &mut LintContext<'_, '_>, descriptor: Value<'_, '_>, path: &Path<'_>) {
    let there = each(descriptor, path, "size", |value, path| {
        let Kind::Number(number) = value.kind() else {
            let what = value.kind().what();
            context.note(
                Rule::Size,
                path,
                format!("is {what}, and should be a number"),
            );
            return;
        };
        let shown = shortened(number);
        let (size, is_dressed) = match whole(number) {
            Whole::Plain(size) => (size, false),
            Whole::Dressed(size) => (size, true),
            Whole::Huge | Whole::Broken => {
                let what = format!("is {shown}, which is no whole number of 64 bits");
                context.note(Rule::Size, path, what);
                return;
            }
        };
        if i64::try_from(size).is_err() {
            let what = format!("is {shown}, which is no whole number of 64 bits");
            context.note(Rule::Size, path, what);
            return;
        }
        if is_dressed {
            context.note(
                Rule::SizeWriting,
                path,
                format!("is {size}, written as {shown}"),
            );
        }
        if size < 0 {
            context.note(
                Rule::NegativeSize,
                path,
                format!("is {shown}, which is below zero"),
            );
        }
        let wrong = wrong_size(context, descriptor, size);
        if let Some(what) = wrong {
            context.note(Rule::SizeMismatch, path, what);
        }
    });
    if !there {
        context.note(Rule::Size, path, lacks(descriptor, "size"));
    }
}

/// Says how long the content is, where it is at hand and not of that size.
pub(super) fn wrong_size(
    context: &LintContext<'_, '_>,
    descriptor: Value<'_, '_>,
    size: i128,
) -> Option<String> {
    let length = context.shelf.get(descriptor.text_of("digest")?)?.length;
    (i128::from(length) != size).then(|| format!("is {size}, and the content has {length} bytes"))
}

/// Whether it can be told what the digest of something should be.
fn is_known(digest: &Digest) -> bool {
    let algorithm = digest.algorithm();
    algorithm.is_some_and(|algorithm| algorithm.parse::<Algorithm>().is_ok())
}

/// A descriptor of the type of what is empty is of an empty JSON object.
fn empty(context: &mut LintContext<'_, '_>, descriptor: Value<'_, '_>, path: &Path<'_>) {
    const CONTENT: &[u8] = b"{}";
    let is_of_type = descriptor.text_of("mediaType") == Some(EMPTY);
    if let Some(digest) = descriptor.text_of("digest").filter(|_| is_of_type) {
        let digest = Digest::verbatim(digest);
        let is_other = is_known(&digest) && !digest.matches(CONTENT);
        if is_other {
            let what = "is of the type of what is empty, and not the digest of `{}`";
            context.note(Rule::EmptyDescriptor, &path.key("digest"), what);
        }
    }
}

fn urls(context: &mut LintContext<'_, '_>, descriptor: Value<'_, '_>, path: &Path<'_>) {
    each(descriptor, path, "urls", |list, path| {
        if list.kind() != Kind::List {
            let what = list.kind().what();
            context.note(
                Rule::Urls,
                path,
                format!("is {what}, and should be an array of URIs"),
            );
        }
        for (at, item) in list.items().enumerate() {
            let path = path.item(at);
            match item.text().map(grammar::scheme) {
                Some(Some(scheme)) => {
                    let is_usual = ["http", "https"]
                        .iter()
                        .any(|usual| scheme.eq_ignore_ascii_case(usual));
                    if !is_usual {
                        let what = format!("is of the scheme {scheme}, and not of http or https");
                        context.note(Rule::UrlScheme, &path, what);
                    }
                }
                Some(None) | None => {
                    let what = item.kind().what();
                    context.note(Rule::Urls, &path, format!("is {what}, which is no URI"));
                }
            }
        }
    });
}

fn data(context: &mut LintContext<'_, '_>, descriptor: Value<'_, '_>, path: &Path<'_>) {
    each(descriptor, path, "data", |value, path| {
        let Some(data) = value.text().and_then(grammar::base64) else {
            let what = "is not base64 (with the plain alphabet, padded)";
            context.note(Rule::Data, path, what);
            return;
        };
        let Some(digest) = descriptor.text_of("digest") else {
            return;
        };
        let is_other = match context.shelf.get(digest).and_then(|content| content.bytes) {
            Some(content) => content != data,
            None => {
                let digest = Digest::verbatim(digest);
                is_known(&digest) && !digest.matches(&data)
            }
        };
        if is_other {
            let what = format!("holds {} bytes that are not the content", data.len());
            context.note(Rule::DataOther, path, what);
        }
    });
}
