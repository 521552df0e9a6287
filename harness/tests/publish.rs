//! Publishing to a registry that wants a token, keeps what it gets, and refuses some of it.

#![expect(
    clippy::unwrap_used,
    reason = "clippy permits it in tests, but not in what tests share"
)]

use ocipick::push::{Client, Credentials, PublishError, Published, Target, publish};
use ocipick_corpus::{Case, Corpus};
use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// What the registry was sent, by path: the media type and the bytes.
type Kept = Arc<Mutex<BTreeMap<String, (String, Vec<u8>)>>>;

struct Asked {
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// A registry that answers each request as `refuses` says of a document, and keeps the rest.
fn registry(refuses: fn(&Asked) -> bool) -> (SocketAddr, Kept) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let kept = Kept::default();
    let keeps = Arc::clone(&kept);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let keeps = Arc::clone(&keeps);
            thread::spawn(move || serve(stream.unwrap(), address, &keeps, refuses));
        }
    });
    (address, kept)
}

fn serve(stream: TcpStream, address: SocketAddr, kept: &Kept, refuses: fn(&Asked) -> bool) {
    let mut reader = BufReader::new(stream);
    while let Some(asked) = read(&mut reader) {
        let (status, headers, body) = answer(&asked, address, kept, refuses);
        let answer = format!(
            "HTTP/1.1 {status} x\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        reader.get_mut().write_all(answer.as_bytes()).unwrap();
    }
}

fn answer(
    asked: &Asked,
    address: SocketAddr,
    kept: &Kept,
    refuses: fn(&Asked) -> bool,
) -> (u16, String, String) {
    let authorization = asked.headers.get("authorization").map(String::as_str);
    if let Some(query) = asked.path.strip_prefix("/token?") {
        assert!(
            query.contains("service=it&scope=repository:team/duplicates/two-entries:pull,push")
        );
        // `user:secret`
        return match authorization {
            Some("Basic dXNlcjpzZWNyZXQ=") => (200, String::new(), "{\"token\":\"t\"}".into()),
            _ => (401, String::new(), "who are you?".into()),
        };
    }
    if authorization != Some("Bearer t") {
        let challenge =
            format!("WWW-Authenticate: Bearer realm=\"http://{address}/token\",service=\"it\"\r\n");
        return (401, challenge, String::new());
    }
    let keep = |path: &str| {
        let media_type = asked.headers.get("content-type").cloned();
        let kind = media_type.unwrap_or_default();
        kept.lock()
            .unwrap()
            .insert(path.to_owned(), (kind, asked.body.clone()));
        (201, String::new(), String::new())
    };
    match asked.method.as_str() {
        "HEAD" => (404, String::new(), String::new()),
        "POST" => (202, "Location: /up?state=1\r\n".into(), String::new()),
        "PUT" if refuses(asked) => (400, String::new(), "{\"errors\": \n []}".into()),
        "PUT" => match asked.path.split_once("digest=") {
            Some((_, digest)) => keep(&digest.replace("%3A", ":")),
            None => keep(&asked.path),
        },
        other => panic!("{other}"),
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers
        .get("content-length")
        .map_or(0, |it| it.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Asked {
        method,
        path,
        headers,
        body,
    })
}

fn client(address: SocketAddr, password: &str) -> Client {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("auth.json");
    let text = format!("{{\"auths\": {{\"{address}\": {{\"auth\": \"{password}\"}}}}}}");
    std::fs::write(&file, text).unwrap();
    let file = file.to_string_lossy().into_owned();
    let target = Target::parse(&format!("{address}/team"), false).unwrap();
    let credentials = Credentials::find(&target, |name| {
        (name == "REGISTRY_AUTH_FILE").then(|| file.clone())
    });
    Client::new(target, credentials.unwrap())
}

fn case() -> Case {
    let corpus = Corpus::built_in().unwrap();
    let id = "duplicates/two-entries";
    let case = corpus.cases().iter().find(|case| case.id.as_str() == id);
    case.unwrap().clone()
}

const RIGHT: &str = "dXNlcjpzZWNyZXQ=";

#[test]
fn everything_arrives_as_it_was_authored() {
    let (address, kept) = registry(|_| false);
    let case = case();
    let published = publish(&client(address, RIGHT), &case).unwrap();
    let reference = format!("{address}/team/duplicates/two-entries:latest");
    assert_eq!(published, Published::Whole(reference));
    let kept = kept.lock().unwrap();
    let manifests = "/v2/team/duplicates/two-entries/manifests/";
    let index = &kept[&format!("{manifests}latest")];
    assert_eq!(
        *index,
        (case.index.media_type.clone(), case.index.bytes.to_vec())
    );
    for document in &case.documents {
        let sent = &kept[&format!("{manifests}{}", document.digest)];
        assert_eq!(
            *sent,
            (document.media_type.clone(), document.bytes.to_vec())
        );
    }
    for blob in &case.blobs {
        assert_eq!(kept[blob.digest.as_str()].1, *blob.bytes);
    }
    assert_eq!(kept.len(), 1 + case.documents.len() + case.blobs.len());
}

#[test]
fn what_the_registry_refuses_is_its_answer() {
    let (address, _) = registry(|asked| asked.path.ends_with("/latest"));
    let published = publish(&client(address, RIGHT), &case()).unwrap();
    let expected = Published::Refused {
        what: "index".to_owned(),
        status: 400,
        words: "{\"errors\": []}".to_owned(),
    };
    assert_eq!(published, expected);
    let (address, kept) = registry(|asked| asked.path.contains("/manifests/sha256:"));
    let published = publish(&client(address, RIGHT), &case()).unwrap();
    assert!(matches!(published, Published::Refused { what, .. } if what.starts_with("sha256:")));
    assert!(
        kept.lock()
            .unwrap()
            .keys()
            .all(|path| !path.ends_with("latest"))
    );
}

#[test]
fn a_wrong_password_ends_it() {
    let (address, kept) = registry(|_| false);
    let denied = publish(&client(address, "dXNlcjp3cm9uZw=="), &case()).unwrap_err();
    assert!(
        matches!(denied, PublishError::Denied { status: 401, .. }),
        "{denied}"
    );
    assert!(denied.to_string().contains("who are you?"), "{denied}");
    assert!(kept.lock().unwrap().is_empty());
}

/// What a host was asked, and with which `Authorization`.
type Heard = Arc<Mutex<Vec<(String, Option<String>)>>>;

/// A host that answers every request with this status and these headers, and keeps what it heard.
fn host(status: u16, headers: String) -> (SocketAddr, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heard = Heard::default();
    let keeps = Arc::clone(&heard);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            while let Some(asked) = read(&mut reader) {
                let authorization = asked.headers.get("authorization").cloned();
                let line = format!("{} {}", asked.method, asked.path);
                keeps.lock().unwrap().push((line, authorization));
                let answer =
                    format!("HTTP/1.1 {status} x\r\n{headers}Content-Length: 2\r\n\r\n{{}}");
                reader.get_mut().write_all(answer.as_bytes()).unwrap();
            }
        }
    });
    (address, heard)
}

fn challenge(realm: &str) -> String {
    format!("WWW-Authenticate: Bearer realm=\"{realm}\",service=\"it\"\r\n")
}

#[test]
fn a_foreign_token_service_without_tls_is_not_even_asked() {
    let (foreign, heard) = host(200, String::new());
    let (address, ours) = host(401, challenge(&format!("http://{foreign}/token")));
    let denied = publish(&client(address, RIGHT), &case()).unwrap_err();
    assert!(matches!(denied, PublishError::Realm { .. }), "{denied}");
    let said = denied.to_string();
    assert!(
        said.contains(&foreign.to_string()) && said.contains("without TLS"),
        "{said}"
    );
    assert!(!said.contains("secret") && !said.contains(RIGHT), "{said}");
    assert_eq!(*heard.lock().unwrap(), []);
    // Nor is the registry itself shown anything that it did not ask for.
    assert!(
        ours.lock()
            .unwrap()
            .iter()
            .all(|(_, shown)| shown.is_none())
    );
}

#[test]
fn what_looks_like_the_registry_and_is_another_host_gets_nothing() {
    let (foreign, heard) = host(200, String::new());
    for realm in [
        format!("http://ours@{foreign}/token"),
        format!("HTTP://{foreign}/token"),
        format!("//{foreign}/token"),
    ] {
        let (address, _) = host(401, challenge(&realm));
        let denied = publish(&client(address, RIGHT), &case()).unwrap_err();
        assert!(
            matches!(denied, PublishError::Realm { .. }),
            "{realm}: {denied}"
        );
    }
    assert_eq!(*heard.lock().unwrap(), []);
}

#[test]
fn a_redirect_takes_the_password_nowhere() {
    let (foreign, heard) = host(200, String::new());
    // The token service, which is the registry itself, sends elsewhere.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            while let Some(asked) = read(&mut reader) {
                let (status, headers) = if asked.path.starts_with("/token") {
                    (307, format!("Location: http://{foreign}/token\r\n"))
                } else {
                    (401, challenge(&format!("http://{address}/token")))
                };
                let answer = format!("HTTP/1.1 {status} x\r\n{headers}Content-Length: 0\r\n\r\n");
                reader.get_mut().write_all(answer.as_bytes()).unwrap();
            }
        }
    });
    let denied = publish(&client(address, RIGHT), &case()).unwrap_err();
    assert!(
        matches!(denied, PublishError::Denied { status: 307, .. }),
        "{denied}"
    );
    assert_eq!(*heard.lock().unwrap(), []);
}

#[test]
fn a_foreign_place_for_an_upload_is_shown_no_authorization() {
    let (foreign, heard) = host(201, String::new());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            while let Some(asked) = read(&mut reader) {
                let (status, headers) =
                    match (asked.headers.get("authorization"), asked.method.as_str()) {
                        (None, _) => (401, "WWW-Authenticate: Basic realm=\"x\"\r\n".to_owned()),
                        (Some(_), "HEAD") => (404, String::new()),
                        (Some(_), "POST") => (202, format!("Location: http://{foreign}/up\r\n")),
                        (Some(_), _) => (201, String::new()),
                    };
                let body = if asked.method == "HEAD" { "" } else { "{}" };
                let answer = format!(
                    "HTTP/1.1 {status} x\r\n{headers}Content-Length: {}\r\n\r\n{body}",
                    body.len()
                );
                reader.get_mut().write_all(answer.as_bytes()).unwrap();
            }
        }
    });
    let told = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&told);
    let client = client(address, RIGHT).telling(move |place| {
        hears.lock().unwrap().push(place.to_owned());
    });
    let published = publish(&client, &case()).unwrap();
    assert!(matches!(published, Published::Whole(_)), "{published:?}");
    let heard = heard.lock().unwrap();
    assert!(!heard.is_empty());
    assert!(heard.iter().all(|(_, shown)| shown.is_none()), "{heard:?}");
    assert_eq!(*told.lock().unwrap(), [format!("http://{address}")]);
}
