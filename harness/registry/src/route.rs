//! What a method and a path mean. Pure: nothing here knows which namespaces are open.

use hyper::Method;

/// How a resource is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// `GET`.
    Get,
    /// `HEAD`.
    Head,
    /// Any other method; all of them would write.
    Write(String),
}

impl Access {
    pub(super) fn of(method: &Method) -> Self {
        if *method == Method::GET {
            Self::Get
        } else if *method == Method::HEAD {
            Self::Head
        } else {
            Self::Write(method.as_str().to_owned())
        }
    }

    pub(super) fn method(&self) -> &str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Write(method) => method,
        }
    }
}

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// `/v2/`, by which clients find out whether this is a registry.
    Base,
    /// Something in a repository, whether that is open or not.
    Repository(InRepository),
    /// Nothing that the distribution specification defines.
    Nowhere,
}

/// A path in a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InRepository {
    /// Name of the repository; may contain slashes.
    pub(super) name: String,
    /// The path below the repository, decoded, such as `/manifests/latest`.
    pub(super) below: String,
    /// What it asks for.
    pub(super) endpoint: Endpoint,
}

/// The endpoints of the distribution specification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// `/tags/list`.
    Tags,
    /// `/manifests/<tag or digest>`.
    Manifest(String),
    /// `/blobs/<digest>`.
    Blob(String),
    /// `/blobs/uploads/`, and what is below it.
    Uploads,
    /// `/referrers/<digest>`.
    Referrers(String),
}

impl Route {
    /// Reads a path (without its query) from the right, because names contain slashes.
    pub(super) fn of(path: &str) -> Self {
        if path == "/v2" || path == "/v2/" {
            return Self::Base;
        }
        path.strip_prefix("/v2/")
            .and_then(split_from_right)
            .filter(|(name, _, _)| !name.is_empty())
            .map_or(Self::Nowhere, |(name, below, endpoint)| {
                Self::Repository(InRepository {
                    name: decode(name),
                    below: decode(below),
                    endpoint,
                })
            })
    }

    /// Reads a path as one in the repository `name`, if it is below it and means anything.
    ///
    /// Read from the right, a digest that contains a slash belongs to no repository. Indexes
    /// under test have such digests (`sha256:../x`), and tools ask for them.
    pub(super) fn within(path: &str, name: &str) -> Option<Self> {
        let below = path.strip_prefix("/v2/")?.strip_prefix(name)?;
        let endpoint = if below == "/tags/list" {
            Endpoint::Tags
        } else if below == "/blobs/uploads" || below.starts_with("/blobs/uploads/") {
            Endpoint::Uploads
        } else {
            let (kind, reference) = below.strip_prefix('/')?.split_once('/')?;
            by_reference(kind, reference)?
        };
        Some(Self::Repository(InRepository {
            name: name.to_owned(),
            below: decode(below),
            endpoint,
        }))
    }
}

/// The name of the repository, the path below it, and what that asks for.
fn split_from_right(rest: &str) -> Option<(&str, &str, Endpoint)> {
    let (head, last) = rest.rsplit_once('/')?;
    let (name, endpoint) = if let Some(name) = head.strip_suffix("/blobs/uploads") {
        (name, Endpoint::Uploads)
    } else {
        let (name, kind) = head.rsplit_once('/')?;
        let endpoint = match (kind, last) {
            ("tags", "list") => Endpoint::Tags,
            ("blobs", "uploads") => Endpoint::Uploads,
            _ => by_reference(kind, last)?,
        };
        (name, endpoint)
    };
    Some((name, &rest[name.len()..], endpoint))
}

fn by_reference(kind: &str, reference: &str) -> Option<Endpoint> {
    match kind {
        "manifests" => Some(Endpoint::Manifest(decode(reference))),
        "blobs" => Some(Endpoint::Blob(decode(reference))),
        "referrers" => Some(Endpoint::Referrers(decode(reference))),
        _ => None,
    }
}

/// Undoes percent-encoding; a text that does not decode to UTF-8 is left as it is.
pub(super) fn decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let nibble = |at: usize| tail.get(at).and_then(|&b| char::from(b).to_digit(16));
        match (first, nibble(0), nibble(1)) {
            (b'%', Some(high), Some(low)) => {
                // Two hexadecimal digits always fit into a byte.
                bytes.push(u8::try_from(high * 16 + low).unwrap_or(u8::MAX));
                rest = &tail[2..];
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// Whether the distribution specification permits this as the name of a repository.
pub(super) fn is_repository_name(name: &str) -> bool {
    fn is_component(component: &str) -> bool {
        let alphanumeric = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let bytes = component.as_bytes();
        bytes.first().is_some_and(alphanumeric)
            && bytes.last().is_some_and(alphanumeric)
            && component
                .split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
                .all(|between| {
                    matches!(between, "" | "." | "_" | "__") || between.bytes().all(|b| b == b'-')
                })
    }
    name.split('/').all(is_component)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn within(name: &str, below: &str, endpoint: Endpoint) -> Route {
        Route::Repository(InRepository {
            name: name.into(),
            below: below.into(),
            endpoint,
        })
    }

    #[test]
    fn every_endpoint_is_known() {
        let table = [
            ("/v2", Route::Base),
            ("/v2/", Route::Base),
            ("/", Route::Nowhere),
            ("*", Route::Nowhere),
            ("/v1/_ping", Route::Nowhere),
            ("/v2/_catalog", Route::Nowhere),
            ("/v2//manifests/latest", Route::Nowhere),
            ("/v2/manifests/latest", Route::Nowhere),
            ("/v2/a/tags/list", within("a", "/tags/list", Endpoint::Tags)),
            (
                "/v2/a/b/manifests/v1",
                within("a/b", "/manifests/v1", Endpoint::Manifest("v1".into())),
            ),
            (
                "/v2/a/manifests/",
                within("a", "/manifests/", Endpoint::Manifest("".into())),
            ),
            (
                "/v2/a/blobs/sha256:00",
                within("a", "/blobs/sha256:00", Endpoint::Blob("sha256:00".into())),
            ),
            (
                "/v2/a/blobs/sha256%3A00",
                within("a", "/blobs/sha256:00", Endpoint::Blob("sha256:00".into())),
            ),
            (
                "/v2/a/referrers/sha256:00",
                within(
                    "a",
                    "/referrers/sha256:00",
                    Endpoint::Referrers("sha256:00".into()),
                ),
            ),
            (
                "/v2/a/blobs/uploads",
                within("a", "/blobs/uploads", Endpoint::Uploads),
            ),
            (
                "/v2/a/blobs/uploads/",
                within("a", "/blobs/uploads/", Endpoint::Uploads),
            ),
            (
                "/v2/a/blobs/uploads/1-2",
                within("a", "/blobs/uploads/1-2", Endpoint::Uploads),
            ),
            (
                "/v2/a/manifests/b/manifests/c",
                within(
                    "a/manifests/b",
                    "/manifests/c",
                    Endpoint::Manifest("c".into()),
                ),
            ),
            (
                "/v2/a/blobs/uploads/manifests/c",
                within(
                    "a/blobs/uploads",
                    "/manifests/c",
                    Endpoint::Manifest("c".into()),
                ),
            ),
        ];
        for (path, route) in table {
            assert_eq!(Route::of(path), route, "{path}");
        }
    }

    #[test]
    fn a_digest_with_slashes_is_found_within_a_known_name() {
        let path = "/v2/t1/x/manifests/sha256:../../y";
        assert_eq!(Route::of(path), Route::Nowhere);
        assert_eq!(
            Route::within(path, "t1/x"),
            Some(within(
                "t1/x",
                "/manifests/sha256:../../y",
                Endpoint::Manifest("sha256:../../y".into())
            ))
        );
        assert_eq!(Route::within(path, "t1/xy"), None);
        assert_eq!(Route::within(path, "t1"), None);
    }

    #[test]
    fn decoding_leaves_alone_what_is_not_encoded_text() {
        for (text, decoded) in [
            ("a%2Fb%3a", "a/b:"),
            ("%", "%"),
            ("%2", "%2"),
            ("%zz", "%zz"),
            ("%ff", "%ff"),
            ("%%41", "%A"),
        ] {
            assert_eq!(decode(text), decoded, "{text}");
        }
    }

    #[test]
    fn names_follow_the_grammar_of_the_specification() {
        for name in ["a", "0/a", "a.b_c__d---e/f", "t17/duplicates/two-entries"] {
            assert!(is_repository_name(name), "{name}");
        }
        for name in [
            "", "/", "a/", "/a", "a//b", "A", "a..b", "a___b", "-a", "a-", "a.-b", "a:b", "ä",
        ] {
            assert!(!is_repository_name(name), "{name}");
        }
    }

    fn name() -> impl Strategy<Value = String> {
        "[a-z0-9]{1,6}((\\.|_|__|-{1,3})[a-z0-9]{1,4}){0,2}(/[a-z0-9]{1,8}|/manifests|/blobs|/tags){0,4}"
    }

    proptest! {
        #[test]
        fn any_path_means_something_or_nothing(path in "\\PC*") {
            let _ = Route::of(&path);
            let _ = Route::of(&format!("/v2/{path}"));
            let _ = Route::within(&path, "a");
            let _ = decode(&path);
        }

        #[test]
        fn a_manifest_path_gives_back_its_parts(name in name(), reference in "[a-zA-Z0-9_][a-zA-Z0-9._:-]{0,70}") {
            prop_assert!(is_repository_name(&name));
            let below = format!("/manifests/{reference}");
            let path = format!("/v2/{name}{below}");
            let expected = within(&name, &below, Endpoint::Manifest(reference.as_str().into()));
            prop_assert_eq!(&Route::of(&path), &expected);
            prop_assert_eq!(Route::within(&path, &name), Some(expected));
        }

        #[test]
        fn encoding_changes_nothing(reference in "[a-z0-9:+@ ]{1,20}") {
            let encoded: String = reference.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let path = format!("/v2/a/blobs/{encoded}");
            let below = format!("/blobs/{reference}");
            prop_assert_eq!(
                Route::of(&path),
                within("a", &below, Endpoint::Blob(reference.as_str().into()))
            );
        }
    }
}
