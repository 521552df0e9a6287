//! The server: sockets, deadlines and the way of a request through the other modules.

use super::{
    Namespace, RegistryError, WritableNamespace,
    authority::Authority,
    error::RequestError,
    namespace::Mounts,
    respond::{Asked, Ending, Reply, fault, refused, respond},
    route::{Access, InRepository},
    tls,
    trace::{Arrival, Trace, TraceSlot},
    writable::{self, Writable, WritableMounts, Written},
};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper::{
    Response,
    body::{Body, Frame, Incoming, SizeHint},
    header::{
        ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, IF_RANGE, RANGE, USER_AGENT,
    },
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use ocipick_corpus::Case;
use ocipick_records::HttpRequest;
use std::{
    convert::Infallible,
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    num::NonZeroUsize,
    pin::{Pin, pin},
    sync::{Arc, mpsc},
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
    sync::watch,
    time::{Sleep, sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

/// How much a client may ask of the server before it is hung up on.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// From accepting a connection until its first byte.
    first_byte: Duration,
    /// From then, or from the end of the last answer, until the next request is complete up to
    /// its body. This also ends idle connections, so it is longer than clients pause.
    head: Duration,
    /// For the body of a request, which is read and thrown away.
    body: Duration,
    /// For the body of a request that is kept.
    written: Duration,
    /// Size in bytes of the head of a request, and of what is buffered of an answer.
    buffer_bytes: usize,
    /// Size in bytes of the body of a request.
    body_bytes: usize,
    /// For requests under way when the registry stops.
    grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            first_byte: Duration::from_secs(30),
            head: Duration::from_secs(120),
            body: Duration::from_secs(10),
            written: Duration::from_secs(120),
            buffer_bytes: 64 * 1024,
            body_bytes: 8 * 1024 * 1024,
            grace: Duration::from_millis(500),
        }
    }
}

/// How many bytes of a body are handed to the connection at a time. Small enough that the
/// trace of a broken connection is about right, large enough to cost nothing.
const PIECE_BYTES: usize = 64 * 1024;
/// How long a connection gets to send what it has, before it is cut.
const FLUSH: Duration = Duration::from_millis(20);
/// How many requests to no namespace are kept.
const UNATTRIBUTED: NonZeroUsize = NonZeroUsize::new(256).expect("256 is not zero");
/// How long to wait when no connection can be accepted, for want of descriptors for example.
const BACKOFF: Duration = Duration::from_millis(20);

/// A registry on loopback, with threads of its own. Cases are served read-only; namespaces that are
/// written to keep what arrives.
///
/// It listens on two ports: one for plain HTTP, and one for TLS with a certificate of an authority that was made
/// for this registry and is gone with it. What is asked and answered is the same on both.
///
/// Methods may be called from any thread and do not wait for requests. Dropping it stops it:
/// idle connections are closed at once, and requests under way get half a second.
pub struct Registry {
    state: Arc<State>,
    address: SocketAddr,
    tls: TlsEndpoint,
    /// `Some` until the registry is dropped.
    running: Option<Running>,
}

/// Where a registry speaks TLS, and whom a client has to trust that is to believe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsEndpoint {
    /// Where it listens.
    pub address: SocketAddr,
    /// The certificate of the authority, in PEM.
    pub authority: Arc<str>,
}

/// What is spoken on a port.
#[derive(Clone)]
enum Transport {
    Plain,
    Tls(TlsAcceptor),
}

struct Running {
    runtime: Runtime,
    /// Tells every connection to stop; each holds a receiver until it has.
    stop: watch::Sender<bool>,
    grace: Duration,
}

/// What all connections share.
#[derive(Debug)]
struct State {
    mounts: Arc<Mounts>,
    writables: Arc<WritableMounts>,
    unattributed: Arc<Trace>,
    limits: Limits,
}

impl Registry {
    /// Starts a registry without namespaces on two free ports of 127.0.0.1, one of them for TLS.
    ///
    /// # Errors
    ///
    /// If there are no threads or no ports to be had, or if no authority can be made.
    pub fn start() -> Result<Self, RegistryError> {
        Self::start_with(Limits::default())
    }

    fn start_with(limits: Limits) -> Result<Self, RegistryError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("registry")
            .enable_all()
            .build()
            .map_err(RegistryError::Threads)?;
        let authority = Authority::make()?;
        let ((plain, address), (secure, secure_address)) = {
            let _inside = runtime.enter();
            let listen = || listen().map_err(RegistryError::Listen);
            (listen()?, listen()?)
        };
        let state = Arc::new(State {
            mounts: Arc::default(),
            writables: Arc::default(),
            unattributed: Trace::begin(Some(UNATTRIBUTED)),
            limits,
        });
        let (stop, stopping) = watch::channel(false);
        for (listener, transport) in [
            (plain, Transport::Plain),
            (secure, Transport::Tls(authority.acceptor)),
        ] {
            let (state, stopping) = (Arc::clone(&state), stopping.clone());
            runtime.spawn(accept(listener, transport, state, stopping));
        }
        // Each connection holds a receiver for as long as it is there, and so does each listener.
        drop(stopping);
        tracing::debug!(%address, %secure_address, "registry listens");
        Ok(Self {
            state,
            address,
            tls: TlsEndpoint {
                address: secure_address,
                authority: authority.certificate.into(),
            },
            running: Some(Running {
                runtime,
                stop,
                grace: limits.grace,
            }),
        })
    }

    /// Where it listens for plain HTTP.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it speaks TLS, and by whose authority.
    #[must_use]
    pub fn tls(&self) -> &TlsEndpoint {
        &self.tls
    }

    /// Mounts `case` under the repository path `name`, its index under the tag `latest`.
    ///
    /// # Errors
    ///
    /// If the distribution specification does not permit the name, if a namespace of this name
    /// is open, or if a media type or digest of the case fits into no HTTP header.
    pub fn open(&self, name: &str, case: Arc<Case>) -> Result<Namespace, RegistryError> {
        if self.state.writables.has(name) {
            return Err(RegistryError::Taken(name.to_owned()));
        }
        self.state.mounts.mount(name, case, self.address)
    }

    /// Opens an empty namespace under the repository path `name` that keeps what it is sent.
    ///
    /// # Errors
    ///
    /// If the distribution specification does not permit the name, or if a namespace of this name
    /// is open.
    pub fn open_writable(&self, name: &str) -> Result<WritableNamespace, RegistryError> {
        if self.state.mounts.has(name) {
            return Err(RegistryError::Taken(name.to_owned()));
        }
        self.state.writables.mount(name, self.address)
    }

    /// The latest requests that belong to no namespace, such as `GET /v2/`, in the order in
    /// which they arrived. At most 256 are kept; times count from the start of the registry.
    #[must_use]
    pub fn unattributed(&self) -> Vec<HttpRequest> {
        self.state.unattributed.snapshot()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let Some(Running {
            runtime,
            stop,
            grace,
        }) = self.running.take()
        else {
            return;
        };
        let (done, wait) = mpsc::channel();
        runtime.spawn(async move {
            stop.send_replace(true);
            stop.closed().await;
            // Nobody waits any more where the time was up before.
            let _ = done.send(());
        });
        if wait.recv_timeout(grace).is_err() {
            tracing::debug!("registry stops over requests under way");
        }
        // Not a plain drop: that waits without bound, and panics inside of another runtime.
        runtime.shutdown_background();
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("address", &self.address)
            .field("tls", &self.tls.address)
            .finish_non_exhaustive()
    }
}

fn listen() -> io::Result<(TcpListener, SocketAddr)> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok((TcpListener::from_std(listener)?, address))
}

/// Accepts connections until told to stop, each into a task of its own.
async fn accept(
    listener: TcpListener,
    transport: Transport,
    state: Arc<State>,
    mut stopping: watch::Receiver<bool>,
) {
    loop {
        let accepted = tokio::select! {
            _ = stopped(&mut stopping) => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (state, stopping) = (Arc::clone(&state), stopping.clone());
                let transport = transport.clone();
                tokio::spawn(async move {
                    if let Err(error) = connection(stream, transport, state, stopping).await {
                        tracing::debug!(%peer, error, "connection ended");
                    }
                });
            }
            Err(error) => {
                tracing::debug!(%error, "cannot accept a connection");
                sleep(BACKOFF).await;
            }
        }
    }
}

/// Returns when the registry stops.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // An error means that the registry is gone altogether.
    let _ = stopping.wait_for(|stop| *stop).await;
}

type ServerError = Box<dyn std::error::Error + Send + Sync>;

/// Waits for the first byte of a connection, and answers it in what is spoken there.
async fn connection(
    stream: TcpStream,
    transport: Transport,
    state: Arc<State>,
    mut stopping: watch::Receiver<bool>,
) -> Result<(), ServerError> {
    let limits = state.limits;
    // Otherwise the last piece of a large blob waits for an acknowledgement.
    stream.set_nodelay(true)?;
    let mut first = [0];
    let peeked = tokio::select! {
        () = stopped(&mut stopping) => return Ok(()),
        peeked = timeout(limits.first_byte, stream.peek(&mut first)) => peeked,
    };
    let Ok(peeked) = peeked else {
        return Err("nothing was sent".into());
    };
    if peeked? == 0 {
        return Ok(());
    }
    match transport {
        Transport::Plain if tls::is_hello(first[0]) => Ok(tls::refuse(stream).await?),
        Transport::Plain => answer(stream, state, stopping).await,
        Transport::Tls(acceptor) => {
            let greeted = tokio::select! {
                () = stopped(&mut stopping) => return Ok(()),
                greeted = timeout(limits.head, acceptor.accept(stream)) => greeted,
            };
            answer(greeted??, state, stopping).await
        }
    }
}

/// Answers the requests of a connection until it ends.
async fn answer<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    state: Arc<State>,
    mut stopping: watch::Receiver<bool>,
) -> Result<(), ServerError> {
    let limits = state.limits;
    let service = service_fn(|request| {
        let state = Arc::clone(&state);
        async move { Ok::<_, Infallible>(serve(&state, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(limits.buffer_bytes)
        // A client that has said all it will say still wants its answer.
        .half_close(true)
        // As other registries write them.
        .title_case_headers(true)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return Ok(ended?),
        () = stopped(&mut stopping) => {}
    }
    connection.as_mut().graceful_shutdown();
    Ok(connection.await?)
}

/// Takes one request through attribution, trace and answer.
async fn serve(state: &State, request: hyper::Request<Incoming>) -> Response<Sending> {
    if let Some((mounted, asked)) = state.writables.find(request.uri().path()) {
        return write(state, &mounted, &asked, request).await;
    }
    let found = state.mounts.find(request.uri().path());
    let headers = request.headers();
    let range = text(headers, &RANGE);
    let trace = found
        .mounted
        .as_ref()
        .map_or(&state.unattributed, |mounted| &mounted.trace);
    let place = trace.arrived(Arrival {
        method: request.method().as_str().to_owned(),
        path: found.path.clone(),
        user_agent: text(headers, &USER_AGENT),
        accept: joined(headers, &ACCEPT),
        range: range.clone(),
    });
    let asked = Asked {
        access: Access::of(request.method()),
        route: &found.route,
        path: &found.path,
        // The answers carry no validator, so none that a client names can hold.
        range: range.as_deref().filter(|_| !headers.contains_key(IF_RANGE)),
    };
    let fault = fault(&asked.access, asked.route, found.mounted.as_deref());
    let Reply {
        status,
        headers,
        body,
        ending,
    } = respond(&asked, found.mounted.as_deref(), fault.as_ref());
    discard(request.into_body(), &state.limits).await;
    if let Some(delay) = fault.and_then(|fault| fault.delay()) {
        sleep(delay).await;
    }
    place.answered(status.as_u16());
    let mut response = Response::new(Sending {
        rest: body,
        ending,
        flushed: None,
        place,
    });
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// Takes one request to a writable namespace through trace and answer.
async fn write(
    state: &State,
    mounted: &Arc<Writable>,
    asked: &InRepository,
    request: hyper::Request<Incoming>,
) -> Response<Sending> {
    let (parts, body) = request.into_parts();
    let place = mounted.trace.arrived(Arrival {
        method: parts.method.as_str().to_owned(),
        path: asked.below.clone(),
        user_agent: text(&parts.headers, &USER_AGENT),
        accept: joined(&parts.headers, &ACCEPT),
        range: text(&parts.headers, &RANGE),
    });
    let media_type = text(&parts.headers, &CONTENT_TYPE);
    let limited = Limited::new(body, writable::MOST);
    let reply = match timeout(state.limits.written, limited.collect()).await {
        Ok(Ok(body)) => mounted.answer(&Written {
            method: &parts.method,
            asked,
            query: parts.uri.query().unwrap_or_default(),
            media_type: media_type.as_deref(),
            body: body.to_bytes(),
        }),
        // Cut off, too much, or out of time: nothing of it is kept.
        Ok(Err(_)) | Err(_) => refused(&RequestError::TooLarge),
    };
    place.answered(reply.status.as_u16());
    let mut response = Response::new(Sending {
        rest: reply.body,
        ending: reply.ending,
        flushed: None,
        place,
    });
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    response
}

/// Reads the body of a request, so that a client which first sends all of it gets to read the
/// answer. A body beyond the limits is cut off, which closes the connection after the answer.
async fn discard(mut body: Incoming, limits: &Limits) {
    let all = async {
        let mut left = limits.body_bytes;
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, Bytes::len);
            match left.checked_sub(length) {
                Some(rest) => left = rest,
                None => return,
            }
        }
    };
    // Out of time is cut off as well.
    let _ = timeout(limits.body, all).await;
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).map(lossy)
}

fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values: Vec<String> = headers.get_all(name).iter().map(lossy).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

fn lossy(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

/// The body of an answer, which notes in the trace what is taken from it.
#[derive(Debug)]
struct Sending {
    rest: Bytes,
    ending: Ending,
    /// Time for the connection to send what it was given, before it is cut.
    flushed: Option<Pin<Box<Sleep>>>,
    place: TraceSlot,
}

/// The end of a body that is cut.
#[derive(Debug, thiserror::Error)]
#[error("the case wants the body cut here")]
struct Cut;

impl Body for Sending {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if self.rest.is_empty() {
            return match self.ending {
                Ending::Whole | Ending::InChunks => Poll::Ready(None),
                Ending::Cut => self
                    .flushed
                    .get_or_insert_with(|| Box::pin(sleep(FLUSH)))
                    .as_mut()
                    .poll(context)
                    .map(|()| Some(Err(Cut))),
            };
        }
        let length = self.rest.len().min(PIECE_BYTES);
        let piece = self.rest.split_to(length);
        self.place.sent(length);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        match self.ending {
            Ending::Whole => self.rest.is_empty(),
            Ending::InChunks | Ending::Cut => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self.ending {
            Ending::Whole => SizeHint::with_exact(self.rest.len() as u64),
            Ending::InChunks | Ending::Cut => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::namespace::example, *};
    use std::{
        io::{Read as _, Write as _},
        net::TcpStream as Client,
        time::Instant,
    };

    fn impatient() -> Registry {
        Registry::start_with(Limits {
            first_byte: Duration::from_millis(100),
            head: Duration::from_millis(100),
            body: Duration::from_millis(100),
            body_bytes: 1000,
            buffer_bytes: 8192,
            ..Limits::default()
        })
        .unwrap()
    }

    /// Sends the text and reads until the server hangs up.
    fn talk(registry: &Registry, text: &[u8]) -> (String, Duration) {
        let began = Instant::now();
        let mut client = Client::connect(registry.address()).unwrap();
        client
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        client.write_all(text).unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).unwrap();
        (
            String::from_utf8_lossy(&answer).into_owned(),
            began.elapsed(),
        )
    }

    #[test]
    fn a_client_that_says_too_little_is_hung_up_on() {
        let registry = impatient();
        for text in ["", "G", "GET /v2/ HTTP/1.1\r\nHost: x\r\nX-"] {
            let (answer, took) = talk(&registry, text.as_bytes());
            assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
            assert!(took < Duration::from_secs(5), "{took:?}");
        }
        assert!(registry.unattributed().is_empty());
    }

    #[test]
    fn a_client_that_says_too_much_is_told_so() {
        let registry = impatient();
        let head = format!("GET /v2/ HTTP/1.1\r\nX-Long: {}\r\n\r\n", "x".repeat(9000));
        let (answer, _) = talk(&registry, head.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }

    #[test]
    fn bodies_that_do_not_end_get_their_answer() {
        let registry = impatient();
        let _namespace = registry.open("a", example()).unwrap();
        for sent in [10, 5000] {
            let request = format!(
                "PUT /v2/a/manifests/latest HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{}",
                "x".repeat(sent)
            );
            let (answer, took) = talk(&registry, request.as_bytes());
            assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
            assert!(took < Duration::from_secs(5), "{took:?}");
        }
    }

    #[test]
    fn a_request_under_way_does_not_hold_up_the_end() {
        let registry = Registry::start().unwrap();
        let mut client = Client::connect(registry.address()).unwrap();
        client.write_all(b"GET /v2/ HT").unwrap();
        std::thread::sleep(Duration::from_millis(50));
        let began = Instant::now();
        drop(registry);
        assert!(began.elapsed() < Duration::from_secs(2));
    }
}
