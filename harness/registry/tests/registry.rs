//! The embedded registry as clients see it: raw HTTP over sockets.

#![expect(
    clippy::unwrap_used,
    reason = "clippy permits it in tests, but not in what tests share"
)]

use ocipick_corpus::{Blob, Case, Document};
use ocipick_records::HttpRequest;
use ocipick_registry::{Namespace, Registry, RegistryError};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, BufRead as _, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};

/// A connection over TLS.
type Tls = StreamOwned<ClientConnection, TcpStream>;

const INDEX_TYPE: &str =
    "application/vnd.oci.image.index.v1+json; charset=\"UTF-8\" ;Odd=Yes,text/html";

/// A case of odd bytes; different seeds share no content.
fn case(seed: &str) -> Arc<Case> {
    let index = [
        b"\xef\xbb\xbf{\"manifests\":[],\"seed\":\"",
        seed.as_bytes(),
        b"\xff\xc3\x28\"}\r\n\0trailing",
    ]
    .concat();
    let manifest = format!("{{\"seed\": \"{seed}\", \"config\": 1e400}}\n\n");
    let large: Vec<u8> = seed.bytes().cycle().take(1 << 20).collect();
    Arc::new(Case {
        id: "tests/registry".parse().unwrap(),
        title: String::new(),
        why: String::new(),
        origins: Vec::new(),
        clauses: Vec::new(),
        aliases: Vec::new(),
        asks: vec!["linux/amd64".parse().unwrap()],
        operations: BTreeSet::new(),
        faults: Vec::new(),
        layout_refs: Vec::new(),
        index: Document::new(INDEX_TYPE, index),
        documents: vec![Document::new("", manifest.into_bytes())],
        blobs: vec![
            Blob::new(format!("0123456789 {seed}").into_bytes()),
            Blob::new(large),
            Blob::new(Vec::new()),
        ],
        children: Vec::new(),
        source: String::new(),
        derivation: None,
    })
}

/// One connection that is kept alive.
struct Client<S = TcpStream>(BufReader<S>);

#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: u16,
    /// By lower-case name.
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Client {
    fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        Self(BufReader::new(stream))
    }
}

impl Client<Tls> {
    /// A connection over TLS that trusts the authorities of `trusted`, and nobody else.
    fn secure(address: SocketAddr, trusted: &str) -> Self {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(trusted.as_bytes()) {
            roots.add(certificate.unwrap()).unwrap();
        }
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::IpAddress(address.ip().into());
        let tls = ClientConnection::new(Arc::new(config), name).unwrap();
        let Client(stream) = Client::connect(address);
        Self(BufReader::new(StreamOwned::new(tls, stream.into_inner())))
    }
}

impl<S: Read + Write> Client<S> {
    fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)]) {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: registry\r\n");
        for (name, value) in headers {
            request.extend([name, ": ", value, "\r\n"]);
        }
        request += "\r\n";
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
    }

    fn receive(&mut self, method: &str) -> Answer {
        let mut line = || {
            let mut line = String::new();
            self.0.read_line(&mut line).unwrap();
            line.trim_end_matches("\r\n").to_owned()
        };
        let status = line()
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.get(..3)?.parse().ok())
            .unwrap();
        let mut headers = BTreeMap::new();
        loop {
            let header = line();
            if header.is_empty() {
                break;
            }
            let (name, value) = header.split_once(':').unwrap();
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        // Seconds may pass between two answers that are else equal.
        headers.remove("date");
        let length = match method {
            "HEAD" => 0,
            _ => headers["content-length"].parse().unwrap(),
        };
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        Answer {
            status,
            headers,
            body,
        }
    }

    fn ask(&mut self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(method, path, headers);
        self.receive(method)
    }

    fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, &[])
    }
}

impl Answer {
    fn code(&self) -> (u16, String) {
        assert_eq!(self.headers["content-type"], "application/json");
        let body: Value = serde_json::from_slice(&self.body).unwrap();
        let error = &body["errors"][0];
        assert!(error["message"].is_string() && error["detail"].is_object());
        (self.status, error["code"].as_str().unwrap().to_owned())
    }
}

fn below(namespace: &Namespace, path: &str) -> String {
    format!("/v2/{}{path}", namespace.repository())
}

#[test]
fn documents_come_as_authored_whatever_the_client_accepts() {
    let registry = Registry::start().unwrap();
    let case = case("odd");
    let namespace = registry.open("t1/odd/bytes", Arc::clone(&case)).unwrap();
    let mut client = Client::connect(registry.address());
    let digest = case.index.digest.as_str();
    for reference in ["latest", digest] {
        let answer = client.ask(
            "GET",
            &below(&namespace, &format!("/manifests/{reference}")),
            &[("Accept", "application/x.none")],
        );
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body, *case.index.bytes);
        assert_eq!(answer.headers["content-type"], INDEX_TYPE);
        assert_eq!(answer.headers["docker-content-digest"], digest);
        assert_eq!(
            answer.headers["docker-distribution-api-version"],
            "registry/2.0"
        );
    }
    let manifest = &case.documents[0];
    let answer = client.get(&below(
        &namespace,
        &format!("/manifests/{}", manifest.digest),
    ));
    assert_eq!(answer.body, *manifest.bytes);
    assert_eq!(answer.headers["content-type"], "");
    let answer = client.get(&below(&namespace, &format!("/blobs/{}", manifest.digest)));
    assert_eq!(answer.body, *manifest.bytes);
    assert_eq!(answer.headers["content-type"], "application/octet-stream");
}

#[test]
fn head_is_get_without_the_body() {
    let registry = Registry::start().unwrap();
    let case = case("head");
    let namespace = registry.open("t1/head", Arc::clone(&case)).unwrap();
    let mut client = Client::connect(registry.address());
    let mut paths = vec!["/v2/".to_owned(), "/v2/none/manifests/latest".to_owned()];
    for path in [
        "/manifests/latest",
        "/manifests/none",
        "/tags/list",
        "/referrers/sha256:00",
    ] {
        paths.push(below(&namespace, path));
    }
    for blob in &case.blobs {
        paths.push(below(&namespace, &format!("/blobs/{}", blob.digest)));
    }
    for path in &paths {
        let get = client.get(path);
        let head = client.ask("HEAD", path, &[]);
        assert_eq!(get.status, head.status, "{path}");
        assert_eq!(get.headers, head.headers, "{path}");
        assert_eq!(get.headers["content-length"], get.body.len().to_string());
    }
    for pair in namespace.trace().chunks(2) {
        assert_eq!(
            (pair[0].method.as_str(), pair[1].method.as_str()),
            ("GET", "HEAD")
        );
        assert_eq!(pair[0].status, pair[1].status);
        assert_eq!(pair[1].bytes, 0, "{}", pair[1].path);
    }
}

#[test]
fn blobs_come_whole_or_in_part() {
    let registry = Registry::start().unwrap();
    let case = case("range");
    let namespace = registry.open("t1/range", Arc::clone(&case)).unwrap();
    let mut client = Client::connect(registry.address());
    let large = &case.blobs[1];
    let path = below(&namespace, &format!("/blobs/{}", large.digest));
    let whole = client.get(&path);
    assert_eq!(whole.body, *large.bytes);
    assert_eq!(whole.headers["accept-ranges"], "bytes");
    let part = client.ask("GET", &path, &[("Range", "bytes=1000-900000")]);
    assert_eq!(part.status, 206);
    assert_eq!(part.headers["content-range"], "bytes 1000-900000/1048576");
    assert_eq!(part.body, large.bytes[1000..=900_000]);
    let outside = client.ask("GET", &path, &[("Range", "bytes=1048576-")]);
    assert_eq!(outside.code(), (416, "RANGE_INVALID".to_owned()));
    assert_eq!(outside.headers["content-range"], "bytes */1048576");
    let stale = client.ask(
        "GET",
        &path,
        &[("Range", "bytes=0-0"), ("If-Range", "\"x\"")],
    );
    assert_eq!(stale.status, 200);
    let manifest = below(&namespace, "/manifests/latest");
    let manifest = client.ask("GET", &manifest, &[("Range", "bytes=0-0")]);
    assert_eq!(manifest.status, 200);
    let seen: Vec<_> = namespace
        .close()
        .into_iter()
        .map(|r| (r.status, r.bytes, r.range))
        .collect();
    assert_eq!(seen[0], (200, 1 << 20, None));
    assert_eq!(
        seen[1],
        (206, 899_001, Some("bytes=1000-900000".to_owned()))
    );
    assert_eq!(seen[2].0, 416);
}

#[test]
fn what_is_not_there_is_refused_in_the_words_of_the_specification() {
    let registry = Registry::start().unwrap();
    let case = case("errors");
    let namespace = registry.open("t1/errors", Arc::clone(&case)).unwrap();
    let mut client = Client::connect(registry.address());
    let blob = case.blobs[0].digest.as_str();
    for (method, path, status, code) in [
        ("GET", "/manifests/none".to_owned(), 404, "MANIFEST_UNKNOWN"),
        ("GET", format!("/manifests/{blob}"), 404, "MANIFEST_UNKNOWN"),
        (
            "GET",
            "/manifests/sha256:../x/y".to_owned(),
            404,
            "MANIFEST_UNKNOWN",
        ),
        ("GET", "/blobs/sha256:00".to_owned(), 404, "BLOB_UNKNOWN"),
        ("GET", "/blobs/latest".to_owned(), 404, "BLOB_UNKNOWN"),
        ("GET", format!("/referrers/{blob}"), 404, "UNSUPPORTED"),
        ("POST", "/blobs/uploads/".to_owned(), 405, "UNSUPPORTED"),
        ("DELETE", "/manifests/latest".to_owned(), 405, "UNSUPPORTED"),
        (
            "GET",
            "/more/manifests/latest".to_owned(),
            404,
            "NAME_UNKNOWN",
        ),
        ("GET", "/".to_owned(), 404, "UNSUPPORTED"),
    ] {
        let answer = client.ask(method, &below(&namespace, &path), &[]);
        assert_eq!(answer.code(), (status, code.to_owned()), "{method} {path}");
        assert_eq!(answer.headers.contains_key("allow"), status == 405);
        let traced = namespace.trace().pop().unwrap();
        assert_eq!((traced.path, traced.status), (path, status));
        assert_eq!(traced.bytes, answer.body.len() as u64);
    }
    let tags: Value =
        serde_json::from_slice(&client.get(&below(&namespace, "/tags/list")).body).unwrap();
    assert_eq!(
        tags,
        serde_json::json!({"name": "t1/errors", "tags": ["latest"]})
    );
}

#[test]
fn large_pushes_are_read_and_refused() {
    let registry = Registry::start().unwrap();
    let namespace = registry.open("t1/push", case("push")).unwrap();
    let mut client = Client::connect(registry.address());
    let path = below(&namespace, "/manifests/latest");
    client.send("PUT", &path, &[("Content-Length", "3000000")]);
    client
        .0
        .get_mut()
        .write_all(&vec![b'x'; 3_000_000])
        .unwrap();
    let answer = client.receive("PUT");
    assert_eq!(answer.code(), (405, "UNSUPPORTED".to_owned()));
    assert_eq!(answer.headers["allow"], "GET, HEAD");
    assert_eq!(
        client.get(&path).status,
        200,
        "the connection is still good"
    );
}

#[test]
fn a_trace_tells_what_was_asked() {
    let registry = Registry::start().unwrap();
    let case = case("trace");
    let namespace = registry.open("t1/trace", Arc::clone(&case)).unwrap();
    let mut client = Client::connect(registry.address());
    client.get("/v2/");
    let path = format!(
        "/v2/t1/trace/manifests/{}?ns=example.com",
        case.index.digest.as_str().replace(':', "%3A")
    );
    thread::sleep(Duration::from_millis(20));
    client.ask(
        "GET",
        &path,
        &[
            ("User-Agent", "tool/1.0 (odd)"),
            ("Accept", "application/a"),
            ("Accept", "application/b, application/c"),
        ],
    );
    let trace = namespace.trace();
    let [request] = &trace[..] else {
        panic!("one request, not {trace:?}")
    };
    assert_eq!(request.method, "GET");
    assert_eq!(request.path, format!("/manifests/{}", case.index.digest));
    assert_eq!(request.status, 200);
    assert_eq!(request.bytes, case.index.bytes.len() as u64);
    assert!((20..10_000).contains(&request.at_ms), "{}", request.at_ms);
    assert_eq!(request.user_agent.as_deref(), Some("tool/1.0 (odd)"));
    assert_eq!(
        request.accept.as_deref(),
        Some("application/a, application/b, application/c")
    );
    let unattributed = registry.unattributed();
    assert_eq!(unattributed.len(), 1);
    assert_eq!(
        (unattributed[0].path.as_str(), unattributed[0].status),
        ("/v2/", 200)
    );
}

#[test]
fn a_client_that_tries_https_first_reads_why_not() {
    let registry = Registry::start().unwrap();
    // Record header, handshake header, version 3.3, random, session id; extensions of padding.
    let mut hello = vec![0x16, 3, 1, 0x05, 0xf4, 1, 0, 0x05, 0xf0, 3, 3];
    hello.extend([0x5a; 32]);
    hello.push(32);
    hello.extend([0xa5; 32]);
    hello.resize(5 + 0x05f4, 0);
    for pause in [false, true] {
        let mut client = TcpStream::connect(registry.address()).unwrap();
        client
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        client.write_all(&hello[..1]).unwrap();
        if pause {
            thread::sleep(Duration::from_millis(100));
        }
        client.write_all(&hello[1..]).unwrap();
        thread::sleep(Duration::from_millis(50));
        let mut answer = String::new();
        // Fails if the server resets the connection.
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.0 400 Bad Request\r\n"));
        assert!(answer.ends_with("\r\n\r\nThis registry speaks plain HTTP.\n"));
    }
    assert_eq!(Client::connect(registry.address()).get("/v2/").status, 200);
}

#[test]
fn two_namespaces_of_one_case_do_not_mix() {
    let registry = Registry::start().unwrap();
    let case = case("twice");
    let one = registry.open("t1/x", Arc::clone(&case)).unwrap();
    let two = registry.open("t2/x", case).unwrap();
    let mut client = Client::connect(registry.address());
    assert_eq!(client.get(&below(&one, "/manifests/latest")).status, 200);
    assert_eq!(client.get(&below(&two, "/manifests/latest")).status, 200);
    assert_eq!(client.get(&below(&two, "/tags/list")).status, 200);
    assert_eq!((one.trace().len(), two.trace().len()), (1, 2));
    assert_eq!(
        one.reference(),
        format!("{}/t1/x:latest", registry.address())
    );
    assert!(matches!(
        registry.open("t1/x", self::case("other")),
        Err(RegistryError::Taken(_))
    ));
}

#[test]
fn a_closed_namespace_is_unknown() {
    let registry = Registry::start().unwrap();
    let namespace = registry.open("t1/closed", case("closed")).unwrap();
    let path = below(&namespace, "/manifests/latest");
    let mut client = Client::connect(registry.address());
    assert_eq!(client.get(&path).status, 200);
    assert_eq!(namespace.close().len(), 1);
    assert_eq!(client.get(&path).code(), (404, "NAME_UNKNOWN".to_owned()));
    drop(registry.open("t1/closed", case("closed")).unwrap());
    assert_eq!(client.get(&path).code(), (404, "NAME_UNKNOWN".to_owned()));
    assert_eq!(registry.unattributed().len(), 2);
    assert_eq!(registry.unattributed()[0].path, path);
}

#[test]
fn a_registry_ends_promptly_with_connections_open() {
    let registry = Registry::start().unwrap();
    let namespace = registry.open("t1/end", case("end")).unwrap();
    let mut idle = Client::connect(registry.address());
    assert_eq!(idle.get("/v2/").status, 200);
    let _silent = Client::connect(registry.address());
    let address = registry.address();
    thread::sleep(Duration::from_millis(50));
    let began = Instant::now();
    drop(registry);
    let took = began.elapsed();
    assert!(took < Duration::from_millis(400), "{took:?}");
    assert!(
        TcpStream::connect(address).is_err(),
        "the port is free again"
    );
    let mut rest = Vec::new();
    assert_eq!(idle.0.read_to_end(&mut rest).unwrap(), 0);
    assert!(namespace.close().is_empty());
}

#[test]
fn a_registry_ends_although_a_client_never_reads() {
    let registry = Registry::start().unwrap();
    let mut case = Arc::unwrap_or_clone(case("never"));
    case.blobs.push(Blob::new(vec![0; 32 << 20]));
    let path = format!("/blobs/{}", case.blobs[3].digest);
    let namespace = registry.open("t1/never", Arc::new(case)).unwrap();
    let mut stuck = Client::connect(registry.address());
    stuck.send("GET", &below(&namespace, &path), &[]);
    thread::sleep(Duration::from_millis(200));
    let mut other = Client::connect(registry.address());
    assert_eq!(
        other.get(&below(&namespace, "/manifests/latest")).status,
        200
    );
    let trace = namespace.trace();
    assert_eq!(trace[0].status, 200);
    assert!(trace[0].bytes < 32 << 20, "{} bytes sent", trace[0].bytes);
    let began = Instant::now();
    drop(registry);
    assert!(began.elapsed() < Duration::from_secs(2));
}

#[test]
fn many_clients_are_served_at_once_and_each_trace_is_whole() {
    const CLIENTS: usize = 32;
    const REQUESTS: usize = 200;
    const NAMESPACES: usize = 8;
    let registry = Registry::start().unwrap();
    let namespaces: Vec<_> = (0..NAMESPACES)
        .map(|n| {
            let case = case(&format!("many-{n}"));
            let namespace = registry
                .open(&format!("t{n}/many/clients"), Arc::clone(&case))
                .unwrap();
            (case, namespace)
        })
        .collect();
    // These hold their connections open and say nothing, or half of something.
    let mut slow: Vec<_> = (0..32)
        .map(|_| TcpStream::connect(registry.address()).unwrap())
        .collect();
    for stream in slow.iter_mut().step_by(2) {
        stream.write_all(b"GET /v2/t0/many/cl").unwrap();
    }
    let began = Instant::now();
    thread::scope(|scope| {
        for n in 0..CLIENTS {
            let (case, namespace) = &namespaces[n % NAMESPACES];
            let address = registry.address();
            scope.spawn(move || {
                let mut client = Client::connect(address);
                let agent = format!("client/{n}");
                for number in 0..REQUESTS {
                    let (path, bytes) = match number % 3 {
                        0 => ("/manifests/latest".to_owned(), &case.index.bytes),
                        1 => {
                            let document = &case.documents[0];
                            (format!("/manifests/{}", document.digest), &document.bytes)
                        }
                        _ => {
                            let blob = &case.blobs[0];
                            (format!("/blobs/{}", blob.digest), &blob.bytes)
                        }
                    };
                    // The number is told in a header that comes back in the trace.
                    let answer = client.ask(
                        "GET",
                        &below(namespace, &path),
                        &[("User-Agent", &agent), ("Accept", &number.to_string())],
                    );
                    assert_eq!(answer.status, 200);
                    assert_eq!(answer.body, **bytes);
                }
            });
        }
    });
    let took = began.elapsed();
    println!(
        "{} requests in {took:?}, {:.0} a second",
        CLIENTS * REQUESTS,
        (CLIENTS * REQUESTS) as f64 / took.as_secs_f64()
    );
    for (n, (_, namespace)) in namespaces.into_iter().enumerate() {
        let trace = namespace.close();
        assert_eq!(trace.len(), CLIENTS / NAMESPACES * REQUESTS);
        assert!(trace.is_sorted_by_key(|request| request.at_ms));
        let mut numbers: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for request in trace {
            assert_eq!(request.status, 200);
            assert!(request.bytes > 0);
            numbers
                .entry(request.user_agent.unwrap())
                .or_default()
                .push(request.accept.unwrap().parse().unwrap());
        }
        let clients = (n..CLIENTS).step_by(NAMESPACES);
        let expected: BTreeMap<_, _> = clients
            .map(|client| {
                (
                    format!("client/{client}"),
                    (0..REQUESTS).collect::<Vec<_>>(),
                )
            })
            .collect();
        assert_eq!(numbers, expected);
    }
}

#[test]
fn namespaces_come_and_go_while_others_are_read() {
    let registry = Registry::start().unwrap();
    let steady = registry.open("steady", case("steady")).unwrap();
    thread::scope(|scope| {
        for n in 0..4 {
            let registry = &registry;
            scope.spawn(move || {
                let case = case(&n.to_string());
                for round in 0..50 {
                    let name = format!("t{n}/{round}");
                    let namespace = registry.open(&name, Arc::clone(&case)).unwrap();
                    let mut client = Client::connect(registry.address());
                    let answer = client.get(&below(&namespace, "/manifests/latest"));
                    assert_eq!(answer.body, *case.index.bytes);
                    assert_eq!(namespace.close().len(), 1);
                }
            });
        }
        let mut client = Client::connect(registry.address());
        for _ in 0..500 {
            assert_eq!(client.get(&below(&steady, "/manifests/latest")).status, 200);
        }
    });
    assert_eq!(steady.close().len(), 500);
    assert!(registry.unattributed().is_empty());
}

/// What arrives of an answer until the server hangs up, and how long the answer took to begin.
fn all_of(registry: &Registry, path: &str) -> (String, Vec<u8>, Duration) {
    let mut client = Client::connect(registry.address());
    let began = Instant::now();
    client.send("GET", path, &[("Connection", "close")]);
    let mut head = String::new();
    client.0.read_line(&mut head).unwrap();
    let waited = began.elapsed();
    while !head.ends_with("\r\n\r\n") {
        client.0.read_line(&mut head).unwrap();
    }
    let mut body = Vec::new();
    // A connection that is reset has brought what it brought.
    let _ = client.0.read_to_end(&mut body);
    (head.to_ascii_lowercase(), body, waited)
}

#[test]
fn faults_reach_the_wire() {
    let registry = Registry::start().unwrap();
    let mut case = Arc::unwrap_or_clone(case("faults"));
    let fault = |effects| ocipick_corpus::Fault {
        on: "index".to_owned(),
        part: ocipick_corpus::FaultPart::Manifest,
        target: case.index.digest.clone(),
        methods: ocipick_corpus::Methods::Get,
        times: std::num::NonZeroU32::new(1),
        effects,
    };
    let large = case.blobs[1].clone();
    let cut_of_large = ocipick_corpus::Fault {
        target: large.digest.clone(),
        part: ocipick_corpus::FaultPart::Layer,
        ..fault(ocipick_corpus::Effects {
            cut: Some(300_000),
            ..Default::default()
        })
    };
    // Each happens once, so they come one after the other.
    case.faults = vec![
        fault(ocipick_corpus::Effects {
            cut: Some(7),
            ..Default::default()
        }),
        fault(ocipick_corpus::Effects {
            delay: Some(Duration::from_millis(300)),
            chunked: true,
            ..Default::default()
        }),
        cut_of_large,
    ];
    let case = Arc::new(case);
    let namespace = registry.open("t1/faults", Arc::clone(&case)).unwrap();
    let path = below(&namespace, "/manifests/latest");
    let index = &*case.index.bytes;

    let (head, body, _) = all_of(&registry, &path);
    assert!(
        head.contains(&format!("content-length: {}\r\n", index.len())),
        "{head}"
    );
    assert_eq!(body, index[..7]);

    let (head, body, waited) = all_of(&registry, &path);
    assert!(waited >= Duration::from_millis(300), "{waited:?}");
    assert!(!head.contains("content-length"), "{head}");
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    assert!(body.windows(index.len()).any(|part| part == index));

    let (head, body, waited) = all_of(&registry, &path);
    assert!(waited < Duration::from_millis(300), "{waited:?}");
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert_eq!(body, index);

    let (_, body, _) = all_of(
        &registry,
        &below(&namespace, &format!("/blobs/{}", large.digest)),
    );
    assert_eq!(body, large.bytes[..300_000]);

    let statuses: Vec<(u16, u64)> = namespace
        .trace()
        .iter()
        .map(|request| (request.status, request.bytes))
        .collect();
    let whole = index.len() as u64;
    assert_eq!(
        statuses,
        [(200, 7), (200, whole), (200, whole), (200, 300_000)]
    );
}

/// What a client reads of a case whose registry misbehaves, until each of its connections is cut, and what the
/// registry writes down of it but for the times.
fn read_of<S: Read + Write>(
    registry: &Registry,
    connect: impl Fn() -> Client<S>,
) -> (Vec<Vec<u8>>, Vec<HttpRequest>) {
    let mut case = Arc::unwrap_or_clone(case("both"));
    let large = case.blobs[1].clone();
    let fault = |effects| ocipick_corpus::Fault {
        on: "index".to_owned(),
        part: ocipick_corpus::FaultPart::Layer,
        target: large.digest.clone(),
        methods: ocipick_corpus::Methods::Get,
        times: std::num::NonZeroU32::new(1),
        effects,
    };
    let cut = ocipick_corpus::Effects {
        cut: Some(300_000),
        ..Default::default()
    };
    let in_chunks = ocipick_corpus::Effects {
        chunked: true,
        ..Default::default()
    };
    case.faults = vec![fault(cut), fault(in_chunks)];
    let case = Arc::new(case);
    let namespace = registry.open("t1/both", Arc::clone(&case)).unwrap();
    let large = format!("/blobs/{}", large.digest);
    let index = format!("/manifests/{}", case.index.digest);
    let asked = [
        ("GET", "/manifests/latest", None),
        ("HEAD", index.as_str(), None),
        ("GET", &index, None),
        ("GET", &large, None),
        ("GET", &large, None),
        ("GET", &large, Some("bytes=5-9")),
        ("GET", "/manifests/none", None),
        ("PATCH", "/manifests/latest", None),
        ("GET", "/tags/list", None),
    ];
    let read = asked.map(|(method, path, range)| {
        let mut client = connect();
        let mut headers = vec![("Connection", "close"), ("User-Agent", "both/1")];
        headers.extend(range.map(|range| ("Range", range)));
        client.send(method, &below(&namespace, path), &headers);
        let mut bytes = Vec::new();
        // TLS tells an end from a cut, and of the latter all that came before is kept.
        match client.0.read_to_end(&mut bytes) {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{error}"),
        }
        let date = bytes.windows(8).position(|part| part == b"\r\nDate: ");
        if let Some(at) = date {
            let end = bytes[at + 2..].iter().position(|byte| *byte == b'\r');
            bytes.drain(at..at + 2 + end.unwrap());
        }
        bytes
    });
    let requests = namespace.close().into_iter();
    let requests = requests.map(|request| HttpRequest {
        at_ms: 0,
        ..request
    });
    (read.to_vec(), requests.collect())
}

#[test]
fn a_case_is_the_same_over_tls_as_over_plain_http() {
    let registry = Registry::start().unwrap();
    let tls = registry.tls().clone();
    let plain = read_of(&registry, || Client::connect(registry.address()));
    let secure = read_of(&registry, || Client::secure(tls.address, &tls.authority));
    assert_eq!(plain.1, secure.1);
    assert!(plain.1.len() == 9 && plain.1[3].bytes == 300_000);
    for (number, (plain, secure)) in plain.0.iter().zip(&secure.0).enumerate() {
        let text = |bytes: &[u8]| {
            String::from_utf8_lossy(bytes)
                .chars()
                .take(2000)
                .collect::<String>()
        };
        assert!(
            plain == secure,
            "{number}: {}\n{}",
            text(plain),
            text(secure)
        );
    }
}

#[test]
fn who_does_not_trust_the_authority_is_told_nothing() {
    let registry = Registry::start().unwrap();
    let other = Registry::start().unwrap();
    let namespace = registry.open("t1/secret", case("secret")).unwrap();
    let address = registry.tls().address;
    let path = below(&namespace, "/manifests/latest");
    let request = format!("GET {path} HTTP/1.1\r\nHost: registry\r\n\r\n");
    for trusted in ["", &other.tls().authority] {
        let mut client = Client::secure(address, trusted);
        let error = client
            .0
            .get_mut()
            .write_all(request.as_bytes())
            .unwrap_err();
        assert!(
            error.to_string().contains("invalid peer certificate"),
            "{error}"
        );
    }
    // In plain text nothing is said there, either.
    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A reset is an answer as well.
    let _ = client.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP/"), "{answer:?}");
    assert!(namespace.trace().is_empty() && registry.unattributed().is_empty());
    let authority = registry.tls().authority.to_string();
    let trusted = Client::secure(address, &authority).get(&path);
    assert_eq!(trusted.status, 200);
}

/// What is pushed is what is pulled from there, byte for byte, over one connection, and beside a case.
#[test]
fn what_is_pushed_is_kept_as_it_arrived() {
    let registry = Registry::start().unwrap();
    let case = case("beside");
    let served = registry.open("t1/case", case).unwrap();
    let namespace = registry.open_writable("t1/kept").unwrap();
    for taken in ["t1/kept", "t1/case"] {
        assert!(matches!(
            registry.open_writable(taken),
            Err(RegistryError::Taken(_))
        ));
    }
    let mut client = Client::connect(registry.address());
    let mut write = |method: &str, path: &str, media_type: &str, body: &[u8]| {
        let length = body.len().to_string();
        let headers = [("Content-Type", media_type), ("Content-Length", &length)];
        client.send(method, path, &headers);
        client.0.get_mut().write_all(body).unwrap();
        client.receive(method)
    };
    let layer = [7; 100_000];
    let begun = write(
        "POST",
        "/v2/t1/kept/blobs/uploads/",
        "application/octet-stream",
        b"",
    );
    assert_eq!(begun.status, 202);
    let upload = begun.headers["location"].clone();
    let patched = write("PATCH", &upload, "application/octet-stream", &layer);
    assert_eq!(
        (patched.status, patched.headers["range"].as_str()),
        (202, "0-99999")
    );
    let put = write("PUT", &format!("{upload}?digest=sha256:aa"), "", b"");
    assert_eq!(put.status, 201);
    let odd = b"{ \"manifests\": [1e400] }\n";
    let put = write("PUT", "/v2/t1/kept/manifests/v1", INDEX_TYPE, odd);
    assert_eq!(put.status, 201);
    let refused = write("PUT", "/v2/t1/case/manifests/v1", INDEX_TYPE, odd);
    assert_eq!(refused.status, 405, "a case is never written to");
    let got = client.get("/v2/t1/kept/manifests/v1");
    assert_eq!((got.status, got.body.as_slice()), (200, odd.as_slice()));
    assert_eq!(got.headers["content-type"], INDEX_TYPE);
    let got = client.get("/v2/t1/kept/blobs/sha256:aa");
    assert_eq!(got.body, layer);
    let (requests, arrived) = namespace.close();
    assert_eq!(requests.len(), 6);
    assert_eq!(&*arrived.manifest("v1").unwrap().bytes, odd);
    assert_eq!(arrived.blobs.len(), 1);
    assert_eq!(client.get("/v2/t1/kept/manifests/v1").status, 404);
    assert_eq!(served.close().len(), 1);
}
