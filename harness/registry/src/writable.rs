//! Namespaces that are written to. What arrives is kept as it arrived: no document is read, no digest is
//! held against its content, and nothing that a manifest names has to be there. Whoever copies or pushes
//! is measured by what is in here afterwards, so the registry must not have an opinion of it.

use super::{
    RegistryError,
    error::RequestError,
    respond::{Ending, Reply, refused},
    route::{self, Access, Endpoint, InRepository, Route},
    table::{Named, Table},
    trace::Trace,
};
use bytes::Bytes;
use hyper::{
    Method, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, RANGE},
};
use ocipick_corpus::Digest;
use ocipick_records::HttpRequest;
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How many bytes one namespace keeps. Whoever sends more is answered with 413.
pub(super) const MOST: usize = 1 << 30;

const API_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");
const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
const UPLOAD: HeaderName = HeaderName::from_static("docker-upload-uuid");

/// A manifest that was sent, as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrivedManifest {
    /// The tag or digest under which it was sent.
    pub reference: String,
    /// The `Content-Type` with which it was sent, if any.
    pub media_type: Option<String>,
    /// The digest of its bytes.
    pub digest: String,
    /// Its bytes.
    pub bytes: Bytes,
}

/// Everything that a namespace was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrived {
    /// The manifests, in the order in which they arrived. Of one that was sent twice there are two.
    pub manifests: Vec<ArrivedManifest>,
    /// The blobs, by the digest that the client gave. Whether it is that of the bytes is for others to
    /// find out.
    pub blobs: BTreeMap<String, Bytes>,
}

impl Arrived {
    /// The manifest that a tag or digest leads to: the one that arrived last.
    #[must_use]
    pub fn manifest(&self, reference: &str) -> Option<&ArrivedManifest> {
        let mut latest = self.manifests.iter().rev();
        latest.find(|it| it.reference == reference || it.digest == reference)
    }

    /// The tags, in their order.
    #[must_use]
    pub fn tags(&self) -> BTreeSet<&str> {
        let references = self.manifests.iter().map(|it| it.reference.as_str());
        references.filter(|it| !it.contains(':')).collect()
    }

    fn bytes(&self) -> usize {
        let manifests = self.manifests.iter().map(|it| it.bytes.len());
        manifests.chain(self.blobs.values().map(Bytes::len)).sum()
    }
}

/// A namespace that is written to. Dropping it unmounts it.
#[derive(Debug)]
pub struct WritableNamespace {
    mounted: Arc<Writable>,
    mounts: Arc<WritableMounts>,
    address: SocketAddr,
}

impl WritableNamespace {
    /// The path of the repository.
    #[must_use]
    pub fn repository(&self) -> &str {
        &self.mounted.name
    }

    /// What to tell a tool to write to: `127.0.0.1:PORT/<repository>:<tag>`.
    #[must_use]
    pub fn reference(&self, tag: &str) -> String {
        format!("{}/{}:{tag}", self.address, self.mounted.name)
    }

    /// The requests so far, in the order in which they arrived.
    #[must_use]
    pub fn trace(&self) -> Vec<HttpRequest> {
        self.mounted.trace.snapshot()
    }

    /// What has arrived so far.
    #[must_use]
    pub fn arrived(&self) -> Arrived {
        self.mounted.kept().arrived.clone()
    }

    /// Unmounts the namespace and returns all its requests, and what arrived.
    #[must_use]
    pub fn close(self) -> (Vec<HttpRequest>, Arrived) {
        self.mounts.0.remove(&self.mounted);
        (self.trace(), self.arrived())
    }
}

impl Drop for WritableNamespace {
    fn drop(&mut self) {
        self.mounts.0.remove(&self.mounted);
    }
}

/// The writable namespaces that are open.
#[derive(Debug, Default)]
pub(super) struct WritableMounts(Table<Writable>);

impl Named for Writable {
    fn name(&self) -> &str {
        &self.name
    }
}

impl WritableMounts {
    /// Opens a namespace.
    ///
    /// # Errors
    /// If the name is illegal or taken.
    pub(super) fn mount(
        self: &Arc<Self>,
        name: &str,
        address: SocketAddr,
    ) -> Result<WritableNamespace, RegistryError> {
        let mounted = Arc::new(Writable {
            name: name.to_owned(),
            trace: Trace::begin(None),
            kept: Mutex::default(),
        });
        self.0.insert(&mounted)?;
        Ok(WritableNamespace {
            mounted,
            mounts: Arc::clone(self),
            address,
        })
    }

    /// Whether a namespace of this name is open.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.now().contains_key(name)
    }

    /// The namespace that a path is in, and what it asks of it.
    pub(super) fn find(&self, path: &str) -> Option<(Arc<Writable>, InRepository)> {
        let mounts = self.0.now();
        // Every request comes by here, and mostly nothing is written to.
        if mounts.is_empty() {
            return None;
        }
        let Route::Repository(asked) = Route::of(path) else {
            return None;
        };
        let mounted = mounts.get(&asked.name).cloned()?;
        Some((mounted, asked))
    }
}

/// A namespace that is written to, under its name.
#[derive(Debug)]
pub(super) struct Writable {
    name: String,
    pub(super) trace: Arc<Trace>,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    arrived: Arrived,
    /// What has arrived of blobs that are not yet whole, by the number of the upload.
    uploads: BTreeMap<u64, Vec<u8>>,
    next: u64,
}

impl Kept {
    fn has_space_for(&self, more: usize) -> bool {
        let uploads: usize = self.uploads.values().map(Vec::len).sum();
        self.arrived.bytes() + uploads + more <= MOST
    }
}

/// A request to a writable namespace, with its body.
#[derive(Debug)]
pub(super) struct Written<'a> {
    pub(super) method: &'a Method,
    pub(super) asked: &'a InRepository,
    pub(super) query: &'a str,
    pub(super) media_type: Option<&'a str>,
    pub(super) body: Bytes,
}

impl Writable {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Every change under the lock is complete in itself, so a panic elsewhere spoils nothing.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a request, and keeps what it brings.
    pub(super) fn answer(&self, written: &Written<'_>) -> Reply {
        let access = Access::of(written.method);
        let mut reply = self
            .attempt(&access, written)
            .unwrap_or_else(|refusal| refused(&refusal));
        reply
            .headers
            .insert(API_VERSION, HeaderValue::from_static("registry/2.0"));
        if reply.status != StatusCode::NO_CONTENT {
            let length = HeaderValue::from(reply.body.len());
            reply.headers.insert(CONTENT_LENGTH, length);
        }
        if access == Access::Head {
            reply.body = Bytes::new();
        }
        reply
    }

    fn attempt(&self, access: &Access, written: &Written<'_>) -> Result<Reply, RequestError> {
        match &written.asked.endpoint {
            Endpoint::Tags => {
                self.reads(access, "GET, HEAD")?;
                let kept = self.kept();
                let tags = json!({ "name": self.name, "tags": kept.arrived.tags() });
                Ok(reply(StatusCode::OK, tags.to_string().into())
                    .with(CONTENT_TYPE, "application/json"))
            }
            Endpoint::Manifest(reference) if written.method == Method::PUT => {
                Ok(self.put_manifest(reference, written)?)
            }
            Endpoint::Manifest(reference) => {
                self.reads(access, "GET, HEAD, PUT")?;
                let kept = self.kept();
                let found = kept.arrived.manifest(reference);
                let manifest = found.ok_or_else(|| RequestError::ManifestUnknown {
                    name: self.name.clone(),
                    reference: reference.clone(),
                })?;
                let found = reply(StatusCode::OK, manifest.bytes.clone())
                    .with(CONTENT_DIGEST, &manifest.digest);
                Ok(match &manifest.media_type {
                    Some(media_type) => found.with(CONTENT_TYPE, media_type),
                    None => found,
                })
            }
            Endpoint::Blob(digest) => {
                self.reads(access, "GET, HEAD")?;
                let kept = self.kept();
                let found = kept.arrived.blobs.get(digest);
                let bytes = found.ok_or_else(|| RequestError::BlobUnknown {
                    name: self.name.clone(),
                    digest: digest.clone(),
                })?;
                Ok(reply(StatusCode::OK, bytes.clone())
                    .with(CONTENT_TYPE, "application/octet-stream")
                    .with(CONTENT_DIGEST, digest))
            }
            Endpoint::Uploads => self.upload(written),
            Endpoint::Referrers(digest) => {
                self.reads(access, "GET, HEAD")?;
                Err(RequestError::Referrers {
                    digest: digest.clone(),
                })
            }
        }
    }

    fn reads(&self, access: &Access, allow: &'static str) -> Result<(), RequestError> {
        match access {
            Access::Get | Access::Head => Ok(()),
            Access::Write(method) => Err(RequestError::NotAllowed {
                method: method.clone(),
                allow,
            }),
        }
    }

    fn put_manifest(&self, reference: &str, written: &Written<'_>) -> Result<Reply, RequestError> {
        let mut kept = self.kept();
        if !kept.has_space_for(written.body.len()) {
            return Err(RequestError::TooLarge);
        }
        let digest = Digest::sha256(&written.body).as_str().to_owned();
        let location = format!("/v2/{}/manifests/{digest}", self.name);
        kept.arrived.manifests.push(ArrivedManifest {
            reference: reference.to_owned(),
            media_type: written.media_type.map(str::to_owned),
            digest: digest.clone(),
            bytes: written.body.clone(),
        });
        Ok(reply(StatusCode::CREATED, Bytes::new())
            .with(LOCATION, &location)
            .with(CONTENT_DIGEST, &digest))
    }

    /// Uploads: `POST` begins one, `PATCH` brings a piece of it, `PUT` the last piece and the digest.
    fn upload(&self, written: &Written<'_>) -> Result<Reply, RequestError> {
        let mut kept = self.kept();
        let parameter = |name: &str| {
            let mut pairs = written.query.split('&').filter_map(|it| it.split_once('='));
            pairs.find_map(|(key, value)| (key == name).then(|| route::decode(value)))
        };
        let (method, below) = (written.method, written.asked.below.as_str());
        let number = below.strip_prefix("/blobs/uploads/").unwrap_or_default();
        if !kept.has_space_for(written.body.len()) {
            return Err(RequestError::TooLarge);
        }
        if number.is_empty() {
            if method != Method::POST {
                return Err(RequestError::NotAllowed {
                    method: method.as_str().to_owned(),
                    allow: "POST",
                });
            }
            // A whole blob at once. What is to be mounted from elsewhere is not here, so an upload begins,
            // as the specification has it.
            if let Some(digest) = parameter("digest") {
                return Ok(self.created(&mut kept, &digest, written.body.clone()));
            }
            let number = kept.next;
            kept.next += 1;
            kept.uploads.insert(number, written.body.to_vec());
            return Ok(self.accepted(number, written.body.len()));
        }
        let unknown = || RequestError::UploadUnknown {
            upload: number.to_owned(),
        };
        let number: u64 = number.parse().map_err(|_| unknown())?;
        let so_far = kept.uploads.get_mut(&number).ok_or_else(unknown)?;
        match *method {
            Method::PATCH => {
                so_far.extend_from_slice(&written.body);
                let length = so_far.len();
                Ok(self.accepted(number, length))
            }
            Method::PUT => {
                let digest = parameter("digest").ok_or(RequestError::NoDigest)?;
                so_far.extend_from_slice(&written.body);
                let bytes = kept.uploads.remove(&number).unwrap_or_default();
                Ok(self.created(&mut kept, &digest, bytes.into()))
            }
            Method::GET => {
                let length = so_far.len();
                Ok(self.accepted(number, length).status(StatusCode::NO_CONTENT))
            }
            Method::DELETE => {
                kept.uploads.remove(&number);
                Ok(reply(StatusCode::NO_CONTENT, Bytes::new()))
            }
            _ => Err(RequestError::NotAllowed {
                method: method.as_str().to_owned(),
                allow: "GET, PATCH, PUT, DELETE",
            }),
        }
    }

    fn created(&self, kept: &mut Kept, digest: &str, bytes: Bytes) -> Reply {
        kept.arrived.blobs.insert(digest.to_owned(), bytes);
        reply(StatusCode::CREATED, Bytes::new())
            .with(LOCATION, &format!("/v2/{}/blobs/{digest}", self.name))
            .with(CONTENT_DIGEST, digest)
    }

    /// An upload of which so many bytes are there.
    fn accepted(&self, number: u64, length: usize) -> Reply {
        let location = format!("/v2/{}/blobs/uploads/{number}", self.name);
        // The specification counts from 0 to the last byte, and has no word for none.
        let range = format!("0-{}", length.saturating_sub(1));
        reply(StatusCode::ACCEPTED, Bytes::new())
            .with(LOCATION, &location)
            .with(RANGE, &range)
            .with(UPLOAD, &number.to_string())
    }
}

fn reply(status: StatusCode, body: Bytes) -> Reply {
    Reply {
        status,
        headers: HeaderMap::new(),
        body,
        ending: Ending::Whole,
    }
}

impl Reply {
    /// The same with a header; without it where the text fits into none.
    fn with(mut self, name: HeaderName, text: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(text) {
            self.headers.insert(name, value);
        }
        self
    }

    fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ODD: &[u8] = b"{\"manifests\": [1e400],}\n\0";

    struct Client(Arc<Writable>);

    impl Client {
        fn new() -> (Self, WritableNamespace) {
            let mounts = Arc::new(WritableMounts::default());
            let address = SocketAddr::from(([127, 0, 0, 1], 0));
            let namespace = mounts.mount("a/b", address).unwrap();
            (Self(Arc::clone(&namespace.mounted)), namespace)
        }

        fn sends(&self, method: Method, url: &str, media_type: Option<&str>, body: &[u8]) -> Reply {
            let (path, query) = url.split_once('?').unwrap_or((url, ""));
            let Route::Repository(asked) = Route::of(&format!("/v2/a/b{path}")) else {
                panic!("{url}")
            };
            self.0.answer(&Written {
                method: &method,
                asked: &asked,
                query,
                media_type,
                body: Bytes::copy_from_slice(body),
            })
        }
    }

    fn text(reply: &Reply, name: HeaderName) -> String {
        reply.headers[&name].to_str().unwrap().to_owned()
    }

    #[test]
    fn what_is_written_is_read_back_as_it_was() {
        let (client, namespace) = Client::new();
        let odd = "application/odd; q=1";
        let put = client.sends(Method::PUT, "/manifests/latest", Some(odd), ODD);
        assert_eq!(put.status, StatusCode::CREATED);
        let digest = text(&put, CONTENT_DIGEST);
        assert_eq!(text(&put, LOCATION), format!("/v2/a/b/manifests/{digest}"));
        for reference in ["latest", &digest] {
            let got = client.sends(Method::GET, &format!("/manifests/{reference}"), None, b"");
            assert_eq!((got.status, &*got.body), (StatusCode::OK, ODD));
            assert_eq!(text(&got, CONTENT_TYPE), odd);
            let head = client.sends(Method::HEAD, &format!("/manifests/{reference}"), None, b"");
            assert_eq!(text(&head, CONTENT_LENGTH), ODD.len().to_string());
            assert!(head.body.is_empty());
        }
        let tags = client.sends(Method::GET, "/tags/list", None, b"");
        assert_eq!(&*tags.body, br#"{"name":"a/b","tags":["latest"]}"#);
        let (_, arrived) = namespace.close();
        assert_eq!(arrived.manifests.len(), 1);
        assert_eq!(&*arrived.manifests[0].bytes, ODD);
    }

    #[test]
    fn blobs_arrive_whole_in_pieces_and_under_any_digest() {
        let (client, namespace) = Client::new();
        let at_once = client.sends(
            Method::POST,
            "/blobs/uploads/?digest=sha256%3Aaa",
            None,
            b"x",
        );
        assert_eq!(at_once.status, StatusCode::CREATED);
        let begun = client.sends(
            Method::POST,
            "/blobs/uploads/?mount=sha256:bb&from=c",
            None,
            b"",
        );
        assert_eq!(begun.status, StatusCode::ACCEPTED);
        let upload = text(&begun, LOCATION).replace("/v2/a/b", "");
        for (piece, range) in [("12", "0-1"), ("345", "0-4")] {
            let patched = client.sends(Method::PATCH, &upload, None, piece.as_bytes());
            assert_eq!(patched.status, StatusCode::ACCEPTED);
            assert_eq!(text(&patched, RANGE), range);
        }
        let asked = client.sends(Method::GET, &upload, None, b"");
        assert_eq!(asked.status, StatusCode::NO_CONTENT);
        let nameless = client.sends(Method::PUT, &upload, None, b"");
        assert_eq!(nameless.status, StatusCode::BAD_REQUEST);
        let put = client.sends(
            Method::PUT,
            &format!("{upload}?digest=sha256:bb"),
            None,
            b"6",
        );
        assert_eq!(put.status, StatusCode::CREATED);
        let gone = client.sends(Method::PATCH, &upload, None, b"7");
        assert_eq!(gone.status, StatusCode::NOT_FOUND);
        let got = client.sends(Method::GET, "/blobs/sha256:bb", None, b"");
        assert_eq!(&*got.body, b"123456");
        let arrived = namespace.arrived();
        assert_eq!(&*arrived.blobs["sha256:aa"], b"x");
        assert_eq!(arrived.blobs.len(), 2);
    }

    #[test]
    fn what_is_not_there_or_not_allowed_is_refused_as_the_specification_says() {
        let (client, _namespace) = Client::new();
        for (method, url, status) in [
            (Method::GET, "/manifests/latest", 404),
            (Method::HEAD, "/blobs/sha256:aa", 404),
            (Method::DELETE, "/manifests/latest", 405),
            (Method::PUT, "/blobs/uploads/", 405),
            (Method::PATCH, "/blobs/uploads/7", 404),
            (Method::PATCH, "/blobs/uploads/x", 404),
            (Method::GET, "/referrers/sha256:aa", 404),
        ] {
            let reply = client.sends(method.clone(), url, None, b"");
            assert_eq!(reply.status.as_u16(), status, "{method} {url}");
        }
    }

    #[test]
    fn a_name_is_open_once_and_free_again_afterwards() {
        let mounts = Arc::new(WritableMounts::default());
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let first = mounts.mount("a", address).unwrap();
        assert!(matches!(
            mounts.mount("a", address),
            Err(RegistryError::Taken(_))
        ));
        assert!(mounts.find("/v2/a/tags/list").is_some());
        drop(first);
        assert!(!mounts.has("a") && mounts.mount("a", address).is_ok());
        assert!(matches!(
            mounts.mount("A", address),
            Err(RegistryError::Name(_))
        ));
    }
}
