//! Faults that a case wants: which request meets one, and what becomes of its answer.

use super::{
    RegistryError,
    error::RequestError,
    respond::{Ending, Reply},
    route::{Access, Endpoint},
};
use bytes::Bytes;
use hyper::{
    StatusCode,
    header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use ocipick_corpus::{Case, Effects, Fault, HeaderFault};
use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// The faults of a mounted case, with how often each has happened.
#[derive(Debug)]
pub(super) struct Faults(Vec<Armed>);

#[derive(Debug)]
struct Armed {
    fault: Fault,
    /// Whether requests by tag are meant as well.
    is_index: bool,
    happened: AtomicU32,
    misbehaviour: Misbehaviour,
}

/// What happens to one request, checked to fit into HTTP.
#[derive(Clone, Debug)]
pub(super) struct Misbehaviour {
    status: Option<StatusCode>,
    headers: HeaderMap,
    body: Option<Bytes>,
    bytes: Option<Bytes>,
    cut: Option<usize>,
    delay: Option<Duration>,
    content_type: Option<Stated>,
    digest_header: Option<Stated>,
    chunked: bool,
}

/// What a header says in place of the truth; nothing where it is left out.
type Stated = Option<HeaderValue>;

impl Faults {
    /// The faults of a case.
    ///
    /// # Errors
    ///
    /// If something of a fault fits into no HTTP answer.
    pub(super) fn of(case: &Case) -> Result<Self, RegistryError> {
        case.faults
            .iter()
            .map(|fault| {
                Ok(Armed {
                    is_index: fault.target == case.index.digest,
                    happened: AtomicU32::new(0),
                    misbehaviour: Misbehaviour::of(fault)?,
                    fault: fault.clone(),
                })
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// What happens to this request, if anything does. Counts it.
    pub(super) fn meet(&self, access: &Access, endpoint: &Endpoint) -> Option<Misbehaviour> {
        let (reference, by_tag) = match endpoint {
            Endpoint::Manifest(reference) => (reference, !reference.contains(':')),
            Endpoint::Blob(digest) => (digest, false),
            Endpoint::Tags | Endpoint::Uploads | Endpoint::Referrers(_) => return None,
        };
        self.0
            .iter()
            .find(|armed| {
                let asked = armed.fault.target.as_str() == reference || (by_tag && armed.is_index);
                asked && armed.fault.methods.include(access.method()) && armed.is_left()
            })
            .map(|armed| armed.misbehaviour.clone())
    }
}

impl Armed {
    /// Whether it may happen once more, and notes that it does.
    fn is_left(&self) -> bool {
        self.fault.times.is_none_or(|times| {
            self.happened
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |happened| {
                    (happened < times.get()).then_some(happened + 1)
                })
                .is_ok()
        })
    }
}

impl Misbehaviour {
    fn of(fault: &Fault) -> Result<Self, RegistryError> {
        let unfit = |header: &str, value: &str| RegistryError::Header {
            digest: fault.target.as_str().to_owned(),
            header: header.to_owned(),
            value: value.to_owned(),
        };
        let value = |header: &str, text: &str| {
            HeaderValue::from_bytes(text.as_bytes()).map_err(|_| unfit(header, text))
        };
        let stated = |header: &str, fault: Option<&HeaderFault>| match fault {
            None => Ok(None),
            Some(HeaderFault::Absent) => Ok(Some(None)),
            Some(HeaderFault::Says(text)) => Ok(Some(Some(value(header, text)?))),
        };
        let Effects {
            answer,
            bytes,
            cut,
            delay,
            content_type,
            digest_header,
            chunked,
        } = &fault.effects;
        let mut headers = HeaderMap::new();
        for (name, text) in answer.iter().flat_map(|answer| &answer.headers) {
            let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit(name, name))?;
            headers.append(key, value(name, text)?);
        }
        let status = answer
            .as_ref()
            .map(|answer| {
                StatusCode::from_u16(answer.status)
                    .map_err(|_| unfit("status", &answer.status.to_string()))
            })
            .transpose()?;
        Ok(Self {
            status,
            headers,
            body: answer
                .as_ref()
                .and_then(|answer| answer.body.clone())
                .map(Bytes::from),
            bytes: bytes
                .as_ref()
                .map(|substitute| Bytes::from_owner(std::sync::Arc::clone(&substitute.bytes))),
            cut: cut.map(|cut| usize::try_from(cut).unwrap_or(usize::MAX)),
            delay: *delay,
            content_type: stated("Content-Type", content_type.as_ref())?,
            digest_header: stated("Docker-Content-Digest", digest_header.as_ref())?,
            chunked: *chunked,
        })
    }

    /// How long nothing happens before the answer.
    pub(super) fn delay(&self) -> Option<Duration> {
        self.delay
    }

    /// The bytes that stand in for those asked for.
    pub(super) fn bytes(&self) -> Option<&Bytes> {
        self.bytes.as_ref()
    }

    /// Changes the headers and the body of an otherwise good answer.
    pub(super) fn spoil(&self, answer: &mut Reply) {
        if let Some(status) = self.status {
            self.restate(answer, status);
        }
        let headers = &mut answer.headers;
        for (name, stated) in [
            (CONTENT_TYPE, &self.content_type),
            (CONTENT_DIGEST, &self.digest_header),
        ] {
            match stated {
                None => {}
                Some(None) => {
                    headers.remove(name);
                }
                Some(Some(value)) => {
                    headers.insert(name, value.clone());
                }
            }
        }
        let mut seen = Vec::new();
        for (name, value) in &self.headers {
            // The first value of a name replaces what is there, the others stand beside it.
            if seen.contains(&name) {
                headers.append(name, value.clone());
            } else {
                headers.insert(name, value.clone());
                seen.push(name);
            }
        }
    }

    /// Decides how the body ends, once all of it is known.
    pub(super) fn end(&self, answer: &mut Reply) {
        if self.chunked {
            answer.headers.remove(CONTENT_LENGTH);
            answer.ending = Ending::InChunks;
        }
        if let Some(cut) = self.cut
            && cut < answer.body.len()
        {
            answer.body.truncate(cut);
            answer.ending = Ending::Cut;
        }
    }

    fn restate(&self, answer: &mut Reply, status: StatusCode) {
        answer.status = status;
        let body = match &self.body {
            Some(body) => Some((body.clone(), TEXT)),
            None if status.as_u16() < 300 => None,
            None if status.as_u16() < 400 => Some((Bytes::new(), TEXT)),
            None => Some((RequestError::Wanted { status }.body().into(), JSON)),
        };
        let Some((body, media_type)) = body else {
            return;
        };
        answer.body = body;
        // A good answer with other words keeps its type and digest: that is the point of it.
        if status.as_u16() >= 300 {
            answer.headers.insert(CONTENT_TYPE, media_type);
            answer.headers.remove(CONTENT_DIGEST);
            answer.headers.remove(ACCEPT_RANGES);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{namespace::Mounted, namespace::example, respond, route::Route},
        *,
    };
    use hyper::Method;
    use ocipick_corpus::{FaultPart, Methods, Substitute};
    use std::{num::NonZeroU32, sync::Arc};

    fn fault(effects: Effects) -> Fault {
        Fault {
            on: "index".to_owned(),
            part: FaultPart::Manifest,
            target: example().index.digest.clone(),
            methods: Methods::Both,
            times: None,
            effects,
        }
    }

    fn mounted(faults: Vec<Fault>) -> Mounted {
        let mut case = Arc::unwrap_or_clone(example());
        case.faults = faults;
        Mounted::new("a", Arc::new(case)).unwrap()
    }

    fn ask(mounted: &Mounted, method: Method, path: &str) -> Reply {
        let route = Route::of(path);
        let access = Access::of(&method);
        let fault = respond::fault(&access, &route, Some(mounted));
        let asked = respond::Asked {
            access,
            route: &route,
            path,
            range: None,
        };
        respond::respond(&asked, Some(mounted), fault.as_ref())
    }

    const TAG: &str = "/v2/a/manifests/latest";

    fn answered(status: u16, body: Option<&str>) -> Effects {
        Effects {
            answer: Some(ocipick_corpus::FaultAnswer {
                status,
                headers: vec![("Retry-After".to_owned(), "1".to_owned())],
                body: body.map(str::to_owned),
            }),
            ..Effects::default()
        }
    }

    #[test]
    fn a_status_comes_with_the_error_document_of_the_specification() {
        let mounted = mounted(vec![fault(answered(429, None))]);
        let answer = ask(&mounted, Method::GET, TAG);
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(answer.headers["retry-after"], "1");
        assert!(!answer.headers.contains_key(CONTENT_DIGEST));
        let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(body["errors"][0]["code"], "TOOMANYREQUESTS");
        let spoken = fault(answered(500, Some("oh no")));
        let answer = ask(&self::mounted(vec![spoken]), Method::GET, TAG);
        assert_eq!(&answer.body[..], b"oh no");
        let moved = fault(answered(307, None));
        assert!(
            ask(&self::mounted(vec![moved]), Method::GET, TAG)
                .body
                .is_empty()
        );
    }

    #[test]
    fn a_fault_is_over_when_it_has_happened_often_enough() {
        let mut first = fault(answered(503, None));
        first.times = NonZeroU32::new(2);
        let mounted = mounted(vec![first]);
        let by_digest = format!("/v2/a/manifests/{}", example().index.digest.as_str());
        let statuses: Vec<u16> = [TAG, &by_digest, TAG, &by_digest]
            .iter()
            .map(|path| ask(&mounted, Method::GET, path).status.as_u16())
            .collect();
        assert_eq!(statuses, [503, 503, 200, 200]);
    }

    #[test]
    fn a_fault_keeps_to_its_method_and_target() {
        let mut head = fault(answered(500, None));
        head.methods = Methods::Head;
        let mounted = mounted(vec![head]);
        assert_eq!(ask(&mounted, Method::HEAD, TAG).status, 500);
        assert_eq!(ask(&mounted, Method::GET, TAG).status, 200);
        let other = format!("/v2/a/manifests/{}", example().documents[0].digest.as_str());
        assert_eq!(ask(&mounted, Method::HEAD, &other).status, 200);
        assert_eq!(ask(&mounted, Method::HEAD, "/v2/a/tags/list").status, 200);
    }

    #[test]
    fn a_cut_promises_the_whole_body() {
        let whole = example().index.bytes.len();
        let cut = Effects {
            cut: Some(3),
            ..Effects::default()
        };
        let mounted = mounted(vec![fault(cut)]);
        let answer = ask(&mounted, Method::GET, TAG);
        assert_eq!(answer.headers[CONTENT_LENGTH], whole.to_string().as_str());
        assert_eq!((answer.body.len(), answer.ending), (3, Ending::Cut));
        let head = ask(&mounted, Method::HEAD, TAG);
        assert_eq!(head.headers[CONTENT_LENGTH], whole.to_string().as_str());
        assert_eq!((head.body.len(), head.ending), (0, Ending::Whole));
    }

    #[test]
    fn headers_can_be_left_out_or_lie() {
        let effects = Effects {
            content_type: Some(HeaderFault::Absent),
            digest_header: Some(HeaderFault::Says("sha256:0".to_owned())),
            chunked: true,
            ..Effects::default()
        };
        let mounted = mounted(vec![fault(effects)]);
        for method in [Method::GET, Method::HEAD] {
            let answer = ask(&mounted, method, TAG);
            assert!(!answer.headers.contains_key(CONTENT_TYPE));
            assert!(!answer.headers.contains_key(CONTENT_LENGTH));
            assert_eq!(answer.headers[CONTENT_DIGEST], "sha256:0");
            assert_eq!(answer.ending, Ending::InChunks);
        }
    }

    #[test]
    fn other_bytes_come_under_the_digest_asked_for() {
        let case = example();
        let mut wrong = fault(Effects {
            bytes: Some(Substitute {
                of: "other".to_owned(),
                digest: case.blobs[1].digest.clone(),
                bytes: Arc::from(*b"wrong"),
            }),
            ..Effects::default()
        });
        wrong.target = case.blobs[0].digest.clone();
        let digest = case.blobs[0].digest.as_str();
        let answer = ask(
            &mounted(vec![wrong]),
            Method::GET,
            &format!("/v2/a/blobs/{digest}"),
        );
        assert_eq!(&answer.body[..], b"wrong");
        assert_eq!(answer.headers[CONTENT_DIGEST], digest);
        assert_eq!(answer.headers[CONTENT_LENGTH], "5");
    }

    #[test]
    fn what_no_header_can_carry_is_refused() {
        let mut case = Arc::unwrap_or_clone(example());
        case.faults = vec![fault(Effects {
            content_type: Some(HeaderFault::Says("two\nlines".to_owned())),
            ..Effects::default()
        })];
        assert!(matches!(
            Mounted::new("a", Arc::new(case)),
            Err(RegistryError::Header { .. })
        ));
    }
}
