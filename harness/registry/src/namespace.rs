//! Namespaces: one case mounted under one name, for one trial.

use super::{
    RegistryError,
    misbehave::Faults,
    route::{self, Route},
    table::{Named, Table},
    trace::Trace,
};
use bytes::Bytes;
use hyper::header::HeaderValue;
use ocipick_corpus::{Case, Digest};
use ocipick_records::HttpRequest;
use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

/// The tag under which every namespace has its index.
const TAG: &str = "latest";

/// A case mounted in a registry under a name of its own. Dropping it unmounts it.
#[derive(Debug)]
pub struct Namespace {
    mounted: Arc<Mounted>,
    mounts: Arc<Mounts>,
    address: SocketAddr,
}

impl Namespace {
    /// The path of the repository, such as `t17/duplicates/two-entries`.
    #[must_use]
    pub fn repository(&self) -> &str {
        &self.mounted.name
    }

    /// What to tell a tool to pull: `127.0.0.1:PORT/<repository>:latest`.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("{}/{}:{TAG}", self.address, self.mounted.name)
    }

    /// The case that is served.
    #[must_use]
    pub fn case(&self) -> &Arc<Case> {
        &self.mounted.case
    }

    /// The requests so far, in the order in which they arrived.
    ///
    /// A request that is not answered yet has the status 0. `bytes` counts what was handed to
    /// the connection: where a client hangs up in the middle of a large blob, up to a few
    /// hundred kilobytes of that never reached it.
    #[must_use]
    pub fn trace(&self) -> Vec<HttpRequest> {
        self.mounted.trace.snapshot()
    }

    /// Unmounts the namespace and returns all its requests. Later ones are answered with 404
    /// and `NAME_UNKNOWN`.
    #[must_use]
    pub fn close(self) -> Vec<HttpRequest> {
        self.mounts.0.remove(&self.mounted);
        self.mounted.trace.snapshot()
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        self.mounts.0.remove(&self.mounted);
    }
}

/// The namespaces that are open.
#[derive(Debug, Default)]
pub(super) struct Mounts(Table<Mounted>);

impl Named for Mounted {
    fn name(&self) -> &str {
        &self.name
    }
}

impl Mounts {
    /// Mounts a case.
    ///
    /// # Errors
    ///
    /// If the name is illegal or taken, or if something of the case fits into no header.
    pub(super) fn mount(
        self: &Arc<Self>,
        name: &str,
        case: Arc<Case>,
        address: SocketAddr,
    ) -> Result<Namespace, RegistryError> {
        let mounted = Arc::new(Mounted::new(name, case)?);
        self.0.insert(&mounted)?;
        Ok(Namespace {
            mounted,
            mounts: Arc::clone(self),
            address,
        })
    }

    /// Whether a namespace of this name is open.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.now().contains_key(name)
    }

    /// What a path means, and the one namespace that the request belongs to.
    ///
    /// That is the repository which the path names. Where no such repository is open, it is
    /// the open one with the longest name above the path: a trial keeps the requests that a
    /// tool makes of a garbled digest.
    pub(super) fn find(&self, path: &str) -> Found {
        let mounts = self.0.now();
        let route = Route::of(path);
        if let Route::Repository(asked) = &route
            && let Some(mounted) = mounts.get(&asked.name)
        {
            return Found {
                path: asked.below.clone(),
                mounted: Some(Arc::clone(mounted)),
                route,
            };
        }
        let rest = path.strip_prefix("/v2/").unwrap_or_default();
        let above = rest
            .rmatch_indices('/')
            .find_map(|(at, _)| mounts.get_key_value(&rest[..at]));
        match above {
            Some((name, mounted)) => Found {
                path: route::decode(&rest[name.len()..]),
                mounted: Some(Arc::clone(mounted)),
                route: Route::within(path, name).unwrap_or(route),
            },
            None => Found {
                path: path.to_owned(),
                mounted: None,
                route,
            },
        }
    }
}

/// What a path was found to be.
#[derive(Debug)]
pub(super) struct Found {
    /// The namespace that the request belongs to.
    pub(super) mounted: Option<Arc<Mounted>>,
    /// The path below that namespace, decoded; the whole path where there is none.
    pub(super) path: String,
    /// What it asks for. Its repository need not be the namespace, nor be open at all.
    pub(super) route: Route,
}

/// A case under its name, ready to be served.
#[derive(Debug)]
pub(super) struct Mounted {
    pub(super) name: String,
    pub(super) trace: Arc<Trace>,
    case: Arc<Case>,
    /// Digest of the index.
    tagged: String,
    contents: BTreeMap<String, StoredContent>,
    pub(super) faults: Faults,
}

/// A document or blob, ready to be sent: a clone shares the bytes.
#[derive(Clone, Debug)]
pub(super) struct StoredContent {
    pub(super) bytes: Bytes,
    /// What `Docker-Content-Digest` says.
    pub(super) digest: HeaderValue,
    /// What `Content-Type` says where it is a document, or a blob that is served as one.
    pub(super) media_type: Option<HeaderValue>,
}

impl Mounted {
    pub(super) fn new(name: &str, case: Arc<Case>) -> Result<Self, RegistryError> {
        let mut contents = BTreeMap::new();
        // The first of several with one digest wins, documents before blobs, as in `Case::content`.
        for document in std::iter::once(&case.index).chain(&case.documents) {
            let content = StoredContent::new(
                &document.digest,
                &document.bytes,
                Some(&document.media_type),
            )?;
            contents
                .entry(document.digest.as_str().to_owned())
                .or_insert(content);
        }
        for blob in &case.blobs {
            let content =
                StoredContent::new(&blob.digest, &blob.bytes, blob.media_type.as_deref())?;
            contents
                .entry(blob.digest.as_str().to_owned())
                .or_insert(content);
        }
        Ok(Self {
            name: name.to_owned(),
            trace: Trace::begin(None),
            tagged: case.index.digest.as_str().to_owned(),
            faults: Faults::of(&case)?,
            case,
            contents,
        })
    }

    /// The document with this tag or digest, and its media type.
    pub(super) fn manifest(&self, reference: &str) -> Option<(&StoredContent, &HeaderValue)> {
        let digest = if reference == TAG {
            &self.tagged
        } else {
            reference
        };
        let content = self.contents.get(digest)?;
        Some((content, content.media_type.as_ref()?))
    }

    /// The document or blob with this digest.
    pub(super) fn blob(&self, digest: &str) -> Option<&StoredContent> {
        self.contents.get(digest)
    }

    /// All tags.
    pub(super) fn tags(&self) -> [&str; 1] {
        [TAG]
    }
}

impl StoredContent {
    fn new(
        digest: &Digest,
        bytes: &Arc<[u8]>,
        media_type: Option<&str>,
    ) -> Result<Self, RegistryError> {
        let header = |header: &str, value: &str| {
            HeaderValue::from_bytes(value.as_bytes()).map_err(|_| RegistryError::Header {
                digest: digest.as_str().to_owned(),
                header: String::from(header),
                value: value.to_owned(),
            })
        };
        Ok(Self {
            bytes: Bytes::from_owner(Arc::clone(bytes)),
            digest: header("Docker-Content-Digest", digest.as_str())?,
            media_type: media_type
                .map(|media_type| header("Content-Type", media_type))
                .transpose()?,
        })
    }
}

/// A case for the tests of this module: an index, one manifest, and two blobs.
#[cfg(test)]
pub(super) fn example() -> Arc<Case> {
    use ocipick_corpus::{Blob, Document};
    Arc::new(Case {
        id: "tests/example".parse().unwrap(),
        title: String::new(),
        why: String::new(),
        origins: Vec::new(),
        clauses: Vec::new(),
        aliases: Vec::new(),
        asks: vec!["linux/amd64".parse().unwrap()],
        operations: std::collections::BTreeSet::new(),
        faults: Vec::new(),
        layout_refs: Vec::new(),
        index: Document::new(
            "application/x.index; odd=\"yes\"",
            *b"{\"index\":\xff}\r\n\0",
        ),
        documents: vec![Document::new("application/x.manifest", *b"{}")],
        blobs: vec![Blob::new(*b"0123456789"), Blob::new(*b"")],
        children: Vec::new(),
        source: String::new(),
        derivation: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 5000))
    }

    fn belongs(mounts: &Mounts, path: &str) -> Option<(String, String)> {
        let found = mounts.find(path);
        found
            .mounted
            .map(|mounted| (mounted.name.clone(), found.path))
    }

    #[test]
    fn a_request_belongs_to_the_repository_it_names() {
        let mounts = Arc::new(Mounts::default());
        let _a = mounts.mount("t1/a", example(), address()).unwrap();
        let _b = mounts.mount("t1/a/b", example(), address()).unwrap();
        let _c = mounts
            .mount("t1/a/manifests", example(), address())
            .unwrap();
        for (path, name, below) in [
            ("/v2/t1/a/manifests/latest", "t1/a", "/manifests/latest"),
            ("/v2/t1/a/b/manifests/latest", "t1/a/b", "/manifests/latest"),
            ("/v2/t1/a/b/x", "t1/a/b", "/x"),
            ("/v2/t1/a/bx/x", "t1/a", "/bx/x"),
            ("/v2/t1/a/blobs/sha256:../x", "t1/a", "/blobs/sha256:../x"),
            ("/v2/t1/a/", "t1/a", "/"),
        ] {
            assert_eq!(
                belongs(&mounts, path),
                Some((name.to_owned(), below.to_owned())),
                "{path}"
            );
        }
        for path in [
            "/v2/",
            "/v2/t1/a",
            "/v2/t1/manifests/latest",
            "/t1/a/b",
            "*",
        ] {
            assert_eq!(belongs(&mounts, path), None, "{path}");
        }
    }

    #[test]
    fn a_name_is_taken_until_its_namespace_goes() {
        let mounts = Arc::new(Mounts::default());
        let first = mounts.mount("a", example(), address()).unwrap();
        assert!(matches!(
            mounts.mount("a", example(), address()),
            Err(RegistryError::Taken(_))
        ));
        assert!(belongs(&mounts, "/v2/a/tags/list").is_some());
        assert_eq!(first.reference(), "127.0.0.1:5000/a:latest");
        assert!(first.close().is_empty());
        assert!(belongs(&mounts, "/v2/a/tags/list").is_none());
        drop(mounts.mount("a", example(), address()).unwrap());
        assert!(mounts.0.now().is_empty());
    }

    #[test]
    fn what_no_tool_could_be_served_is_refused() {
        let mounts = Arc::new(Mounts::default());
        assert!(matches!(
            mounts.mount("Not/A/Name", example(), address()),
            Err(RegistryError::Name(_))
        ));
        let mut case = Arc::unwrap_or_clone(example());
        case.documents[0].media_type = "two\nlines".to_owned();
        assert!(matches!(
            mounts.mount("a", Arc::new(case), address()),
            Err(RegistryError::Header { header, .. }) if header == "Content-Type"
        ));
    }

    #[test]
    fn only_documents_are_manifests() {
        let case = example();
        let mounted = Mounted::new("a", Arc::clone(&case)).unwrap();
        let blob = case.blobs[0].digest.as_str();
        let document = case.documents[0].digest.as_str();
        assert!(mounted.manifest(blob).is_none());
        assert!(mounted.blob(blob).is_some());
        assert!(mounted.manifest(document).is_some());
        assert!(mounted.blob(document).is_some());
        assert!(mounted.manifest("latest").is_some());
        assert!(mounted.blob("latest").is_none());
    }

    #[test]
    fn a_blob_of_a_layout_is_served_as_a_manifest_too() {
        let mut case = Arc::unwrap_or_clone(example());
        case.blobs[0].media_type = Some("application/x.listed".to_owned());
        let digest = case.blobs[0].digest.to_string();
        let mounted = Mounted::new("a", Arc::new(case)).unwrap();
        let (content, media_type) = mounted.manifest(&digest).unwrap();
        assert_eq!(
            (&*content.bytes, media_type),
            (&b"0123456789"[..], &"application/x.listed".parse().unwrap())
        );
        assert!(mounted.blob(&digest).is_some());
    }

    #[test]
    fn bytes_are_shared_and_not_copied() {
        let case = example();
        let mounted = Mounted::new("a", Arc::clone(&case)).unwrap();
        let (content, _) = mounted.manifest("latest").unwrap();
        assert_eq!(content.bytes.as_ptr(), case.index.bytes.as_ptr());
    }
}
