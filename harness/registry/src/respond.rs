//! From a route to an answer. Pure: the answer is data, and nothing is sent here.

use super::{
    error::RequestError,
    misbehave::Misbehaviour,
    namespace::{Mounted, StoredContent},
    route::{Access, Endpoint, InRepository, Route},
};
use bytes::Bytes;
use hyper::{
    StatusCode,
    header::{
        ACCEPT_RANGES, ALLOW, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderName,
        HeaderValue,
    },
};
use serde_json::json;

const API_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");
const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// What of a request matters to its answer. `Accept` is not in here: the registry serves what
/// was authored, whatever the client says it would like.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) access: Access,
    pub(super) route: &'a Route,
    /// The path, for messages.
    pub(super) path: &'a str,
    /// The `Range` header, where it applies.
    pub(super) range: Option<&'a str>,
}

/// An answer, to be sent as it is.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    /// All headers, `Content-Length` included.
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// How the body ends.
    pub(super) ending: Ending,
}

/// How the body of an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// After as many bytes as `Content-Length` says.
    Whole,
    /// As HTTP ends a body whose length was not said.
    InChunks,
    /// Too early: the connection is closed after it.
    Cut,
}

/// What the case of `mounted` does to this request, if anything. Counts it as having happened.
pub(super) fn fault(
    access: &Access,
    route: &Route,
    mounted: Option<&Mounted>,
) -> Option<Misbehaviour> {
    match route {
        Route::Repository(InRepository { name, endpoint, .. }) => mounted
            .filter(|mounted| mounted.name == *name)?
            .faults
            .meet(access, endpoint),
        Route::Base | Route::Nowhere => None,
    }
}

/// Answers a request that may concern the namespace `mounted`, and that meets `fault`.
pub(super) fn respond(
    asked: &Asked<'_>,
    mounted: Option<&Mounted>,
    fault: Option<&Misbehaviour>,
) -> Reply {
    let instead = fault.and_then(Misbehaviour::bytes);
    let mut answer = attempt(asked, mounted, instead).unwrap_or_else(|refusal| refused(&refusal));
    if let Some(fault) = fault {
        fault.spoil(&mut answer);
    }
    answer
        .headers
        .insert(API_VERSION, HeaderValue::from_static("registry/2.0"));
    answer
        .headers
        .insert(CONTENT_LENGTH, HeaderValue::from(answer.body.len()));
    match asked.access {
        Access::Head => answer.body = Bytes::new(),
        Access::Get | Access::Write(_) => {}
    }
    if let Some(fault) = fault {
        fault.end(&mut answer);
    }
    answer
}

fn attempt(
    asked: &Asked<'_>,
    mounted: Option<&Mounted>,
    instead: Option<&Bytes>,
) -> Result<Reply, RequestError> {
    match asked.route {
        Route::Base => {
            read_only(&asked.access)?;
            Ok(found(JSON, Bytes::from_static(b"{}")))
        }
        Route::Nowhere => Err(RequestError::Endpoint {
            path: asked.path.to_owned(),
        }),
        Route::Repository(InRepository { name, endpoint, .. }) => {
            let mounted = mounted
                .filter(|mounted| mounted.name == *name)
                .ok_or_else(|| RequestError::NameUnknown { name: name.clone() })?;
            in_repository(asked, endpoint, mounted, instead)
        }
    }
}

fn in_repository(
    asked: &Asked<'_>,
    endpoint: &Endpoint,
    mounted: &Mounted,
    instead: Option<&Bytes>,
) -> Result<Reply, RequestError> {
    match endpoint {
        // An empty list says that no method at all is allowed here.
        Endpoint::Uploads => Err(not_allowed(&asked.access, "")),
        Endpoint::Tags => {
            read_only(&asked.access)?;
            let tags = json!({ "name": mounted.name, "tags": mounted.tags() });
            Ok(found(JSON, tags.to_string().into()))
        }
        Endpoint::Manifest(reference) => {
            read_only(&asked.access)?;
            let (content, media_type) =
                mounted
                    .manifest(reference)
                    .ok_or_else(|| RequestError::ManifestUnknown {
                        name: mounted.name.clone(),
                        reference: reference.clone(),
                    })?;
            let bytes = instead.unwrap_or(&content.bytes);
            let mut answer = found(media_type.clone(), bytes.clone());
            answer
                .headers
                .insert(CONTENT_DIGEST, content.digest.clone());
            Ok(answer)
        }
        Endpoint::Blob(digest) => {
            read_only(&asked.access)?;
            let content = mounted
                .blob(digest)
                .ok_or_else(|| RequestError::BlobUnknown {
                    name: mounted.name.clone(),
                    digest: digest.clone(),
                })?;
            // A range is defined for GET only; HEAD answers for the whole blob.
            let range = match asked.access {
                Access::Get => asked.range,
                Access::Head | Access::Write(_) => None,
            };
            blob(content, instead, range)
        }
        Endpoint::Referrers(digest) => {
            read_only(&asked.access)?;
            Err(RequestError::Referrers {
                digest: digest.clone(),
            })
        }
    }
}

fn blob(
    content: &StoredContent,
    instead: Option<&Bytes>,
    header: Option<&str>,
) -> Result<Reply, RequestError> {
    let bytes = instead.unwrap_or(&content.bytes);
    let length = bytes.len();
    let mut answer = match header.map(|header| Range::of(header, length)) {
        None | Some(Range::Whole) => found(OCTETS, bytes.clone()),
        Some(Range::Part { first, end }) => {
            let mut answer = found(OCTETS, bytes.slice(first..end));
            answer.status = StatusCode::PARTIAL_CONTENT;
            let last = end - 1;
            insert_text(
                &mut answer,
                CONTENT_RANGE,
                &format!("bytes {first}-{last}/{length}"),
            );
            answer
        }
        Some(Range::Outside) => {
            return Err(RequestError::RangeInvalid {
                range: header.unwrap_or_default().to_owned(),
                length,
            });
        }
    };
    answer
        .headers
        .insert(CONTENT_DIGEST, content.digest.clone());
    answer
        .headers
        .insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    Ok(answer)
}

/// What a `Range` header asks of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Range {
    /// All of it. Several ranges, other units and malformed headers end here as well, as the
    /// HTTP specification permits or demands.
    Whole,
    /// The bytes from `first` up to, not including, `end`; never none.
    Part { first: usize, end: usize },
    /// Nothing that is there.
    Outside,
}

impl Range {
    fn of(header: &str, length: usize) -> Self {
        Self::parse(header, length).unwrap_or(Self::Whole)
    }

    /// `None` where this is not one range of bytes.
    fn parse(header: &str, length: usize) -> Option<Self> {
        // More digits than a number holds mean more bytes than there are.
        let number = |digits: &str| {
            (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
                .then(|| digits.parse().unwrap_or(usize::MAX))
        };
        let (unit, spec) = header.split_once('=')?;
        if !unit.trim().eq_ignore_ascii_case("bytes") {
            return None;
        }
        let (from, to) = spec.trim().split_once('-')?;
        let (first, end) = if from.is_empty() {
            (length.saturating_sub(number(to)?), length)
        } else {
            let first = number(from)?;
            let end = if to.is_empty() {
                length
            } else {
                let last: usize = number(to)?;
                if last < first {
                    return None;
                }
                last.saturating_add(1).min(length)
            };
            (first, end)
        };
        Some(if first < end {
            Self::Part { first, end }
        } else {
            Self::Outside
        })
    }
}

fn read_only(access: &Access) -> Result<(), RequestError> {
    match access {
        Access::Get | Access::Head => Ok(()),
        Access::Write(_) => Err(not_allowed(access, "GET, HEAD")),
    }
}

fn not_allowed(access: &Access, allow: &'static str) -> RequestError {
    RequestError::Method {
        method: access.method().to_owned(),
        allow,
    }
}

fn found(media_type: HeaderValue, body: Bytes) -> Reply {
    Reply {
        status: StatusCode::OK,
        headers: HeaderMap::from_iter([(CONTENT_TYPE, media_type)]),
        body,
        ending: Ending::Whole,
    }
}

pub(super) fn refused(refusal: &RequestError) -> Reply {
    let mut answer = found(JSON, refusal.body().into());
    answer.status = refusal.status();
    match refusal {
        RequestError::Method { allow, .. } | RequestError::NotAllowed { allow, .. } => {
            answer
                .headers
                .insert(ALLOW, HeaderValue::from_static(allow));
        }
        RequestError::RangeInvalid { length, .. } => {
            insert_text(&mut answer, CONTENT_RANGE, &format!("bytes */{length}"));
        }
        RequestError::NameUnknown { .. }
        | RequestError::ManifestUnknown { .. }
        | RequestError::BlobUnknown { .. }
        | RequestError::Referrers { .. }
        | RequestError::Endpoint { .. }
        | RequestError::Wanted { .. }
        | RequestError::UploadUnknown { .. }
        | RequestError::NoDigest
        | RequestError::TooLarge => {}
    }
    answer
}

/// Inserts a header made of plain ASCII, which therefore always is a legal value.
fn insert_text(answer: &mut Reply, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        answer.headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::namespace::{Mounted, example},
        *,
    };
    use hyper::Method;
    use proptest::prelude::*;
    use serde_json::Value;

    fn ask(method: &str, path: &str, range: Option<&str>) -> Reply {
        let mounted = Mounted::new("a/b", example()).unwrap();
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let asked = Asked {
            access: Access::of(&method),
            route: &Route::of(path),
            path,
            range,
        };
        respond(&asked, Some(&mounted), None)
    }

    fn code(answer: &Reply) -> String {
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        body["errors"][0]["code"].as_str().unwrap().to_owned()
    }

    #[test]
    fn refusals_have_the_status_and_code_of_the_specification() {
        for (method, path, status, expected) in [
            ("GET", "/v2/a/manifests/latest", 404, "NAME_UNKNOWN"),
            ("POST", "/v2/a/blobs/uploads/", 404, "NAME_UNKNOWN"),
            ("GET", "/v2/a/b/manifests/other", 404, "MANIFEST_UNKNOWN"),
            ("GET", "/v2/a/b/blobs/sha256:00", 404, "BLOB_UNKNOWN"),
            ("GET", "/v2/a/b/referrers/sha256:00", 404, "UNSUPPORTED"),
            ("GET", "/v2/_catalog", 404, "UNSUPPORTED"),
            ("PUT", "/v2/a/b/manifests/latest", 405, "UNSUPPORTED"),
            ("DELETE", "/v2/a/b/blobs/sha256:00", 405, "UNSUPPORTED"),
            ("POST", "/v2/a/b/blobs/uploads/", 405, "UNSUPPORTED"),
            ("PATCH", "/v2/a/b/blobs/uploads/1", 405, "UNSUPPORTED"),
            ("GET", "/v2/a/b/blobs/uploads/1", 405, "UNSUPPORTED"),
            ("POST", "/v2/", 405, "UNSUPPORTED"),
        ] {
            let answer = ask(method, path, None);
            assert_eq!(
                (answer.status.as_u16(), code(&answer).as_str()),
                (status, expected),
                "{method} {path}"
            );
            assert_eq!(answer.headers.contains_key(ALLOW), status == 405, "{path}");
        }
    }

    #[test]
    fn head_says_what_get_would() {
        let case = example();
        for path in [
            "/v2/".to_owned(),
            "/v2/a/b/tags/list".to_owned(),
            "/v2/a/b/manifests/latest".to_owned(),
            "/v2/a/b/manifests/other".to_owned(),
            format!("/v2/a/b/blobs/{}", case.blobs[0].digest),
            format!("/v2/a/b/blobs/{}", case.index.digest),
        ] {
            let (get, head) = (ask("GET", &path, None), ask("HEAD", &path, None));
            assert_eq!(get.status, head.status, "{path}");
            assert_eq!(get.headers, head.headers, "{path}");
            assert_eq!(
                get.headers[CONTENT_LENGTH],
                get.body.len().to_string().as_str()
            );
            assert!(head.body.is_empty(), "{path}");
        }
    }

    #[test]
    fn a_blob_is_served_in_part() {
        let case = example();
        let path = format!("/v2/a/b/blobs/{}", case.blobs[0].digest);
        let part = ask("GET", &path, Some("bytes=2-4"));
        assert_eq!(part.status, StatusCode::PARTIAL_CONTENT);
        assert_eq!(part.headers[CONTENT_RANGE], "bytes 2-4/10");
        assert_eq!(part.headers[CONTENT_DIGEST], case.blobs[0].digest.as_str());
        assert_eq!(&part.body[..], b"234");
        let outside = ask("GET", &path, Some("bytes=10-"));
        assert_eq!(outside.status, StatusCode::RANGE_NOT_SATISFIABLE);
        assert_eq!(outside.headers[CONTENT_RANGE], "bytes */10");
        let head = ask("HEAD", &path, Some("bytes=2-4"));
        assert_eq!(head.status, StatusCode::OK);
        assert_eq!(head.headers[CONTENT_LENGTH], "10");
    }

    #[test]
    fn ranges_are_read_as_http_defines_them() {
        let part = |first, end| Range::Part { first, end };
        for (header, range) in [
            ("bytes=0-0", part(0, 1)),
            ("bytes=0-", part(0, 10)),
            ("Bytes=3-99", part(3, 10)),
            ("bytes=-3", part(7, 10)),
            ("bytes=-99", part(0, 10)),
            ("bytes=9-99999999999999999999999", part(9, 10)),
            ("bytes=10-", Range::Outside),
            ("bytes=99999999999999999999999-", Range::Outside),
            ("bytes=-0", Range::Outside),
            ("bytes=4-2", Range::Whole),
            ("bytes=0-1,3-4", Range::Whole),
            ("bytes=+1-2", Range::Whole),
            ("bytes=-", Range::Whole),
            ("bytes=", Range::Whole),
            ("lines=1-2", Range::Whole),
            ("", Range::Whole),
        ] {
            assert_eq!(Range::of(header, 10), range, "{header}");
        }
        assert_eq!(Range::of("bytes=0-", 0), Range::Outside);
        assert_eq!(Range::of("bytes=-1", 0), Range::Outside);
    }

    proptest! {
        #[test]
        fn no_range_leaves_its_blob(header in "(bytes=)?[-0-9, ]{0,30}", length in 0_usize..40) {
            match Range::of(&header, length) {
                Range::Part { first, end } => prop_assert!(first < end && end <= length),
                Range::Whole | Range::Outside => {}
            }
        }
    }
}
