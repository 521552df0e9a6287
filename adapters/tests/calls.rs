//! Calls of gRPC on the socket of a daemon that is made for it: one that answers, refuses, hangs, or dies.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its stage has failed"
)]
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{HeaderMap, Request, Response, body::Incoming, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use ocipick_adapters::{
    Action, Call, Protocol, Unary,
    process::{Cancel, Ran, RunError},
};
use ocipick_records::Exit;
use std::{
    convert::Infallible,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

/// A message with one text, to ask and to answer with.
#[derive(Clone, PartialEq, prost::Message, serde::Serialize)]
struct Text {
    #[prost(string, tag = "1")]
    text: String,
}

/// What the daemon does when it is asked.
#[derive(Clone, Copy)]
enum Manner {
    /// Says what it was asked, by whom, and how.
    Answers,
    /// Refuses with a code and words.
    Refuses,
    /// Answers with something that is no message.
    Babbles,
    /// Never answers.
    Hangs,
    /// Closes the connection in the middle of the call.
    Dies,
}

struct Stage {
    dir: tempfile::TempDir,
}

impl Stage {
    fn with(manner: Manner) -> Self {
        let stage = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        let socket = std::os::unix::net::UnixListener::bind(stage.socket()).unwrap();
        socket.set_nonblocking(true).unwrap();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(serve(socket, manner));
        });
        stage
    }

    fn socket(&self) -> PathBuf {
        self.dir.path().join("c.sock")
    }

    fn call(&self, deadline: Duration) -> Call {
        let question = Text {
            text: "127.0.0.1:1/a:latest".to_owned(),
        };
        let unary = Unary::new::<Text>("/a.b.Service/Method".to_owned(), &question);
        Call {
            line: "tool pull it".to_owned(),
            socket: self.socket(),
            protocol: Protocol::Grpc(unary.with("containerd-namespace", "k8s.io")),
            deadline,
            output: self.dir.path().join("00000-call"),
        }
    }

    fn ask(&self) -> Result<Ran, RunError> {
        Action::from(self.call(Duration::from_secs(20))).carry_out(&Cancel::default())
    }
}

async fn serve(socket: std::os::unix::net::UnixListener, manner: Manner) {
    let socket = tokio::net::UnixListener::from_std(socket).unwrap();
    while let Ok((stream, _)) = socket.accept().await {
        let answer = service_fn(move |request| answer(request, manner));
        let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .serve_connection(TokioIo::new(stream), answer);
        let patience = match manner {
            Manner::Dies => Duration::from_millis(200),
            Manner::Answers | Manner::Refuses | Manner::Babbles | Manner::Hangs => {
                Duration::from_secs(60)
            }
        };
        let _ = tokio::time::timeout(patience, connection).await;
    }
}

async fn answer(
    request: Request<Incoming>,
    manner: Manner,
) -> Result<Response<http_body_util::combinators::BoxBody<Bytes, Infallible>>, Infallible> {
    let namespace = request.headers()["containerd-namespace"].clone();
    let method = request.uri().path().to_owned();
    let asked = request.into_body().collect().await.unwrap().to_bytes();
    let mut trailers = HeaderMap::new();
    let mut message = Vec::new();
    match manner {
        Manner::Hangs | Manner::Dies => std::future::pending().await,
        Manner::Refuses => {
            trailers.insert("grpc-status", "5".parse().unwrap());
            let words = "failed to pull: no match for platform";
            trailers.insert("grpc-message", words.parse().unwrap());
        }
        Manner::Babbles => {
            trailers.insert("grpc-status", "0".parse().unwrap());
            message = framed(b"\xff\xff\xff");
        }
        Manner::Answers => {
            trailers.insert("grpc-status", "0".parse().unwrap());
            let question = <Text as prost::Message>::decode(&asked[5..]).unwrap();
            let text = format!("{method} {} {}", namespace.to_str().unwrap(), question.text);
            message = framed(&prost::Message::encode_to_vec(&Text { text }));
        }
    }
    let body = Full::new(Bytes::from(message)).with_trailers(async move { Some(Ok(trailers)) });
    let response = Response::builder().header("content-type", "application/grpc");
    Ok(response.body(body.boxed()).unwrap())
}

/// A message with the five bytes before it that say how long it is.
fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[0], &length[..], message].concat()
}

#[test]
fn an_answer_is_what_a_command_would_have_printed() {
    let ran = Stage::with(Manner::Answers).ask();
    // The stage is gone, and with it the file: only how it ended is left.
    assert_eq!(ran.unwrap().exit, Exit::Code(0));
    let stage = Stage::with(Manner::Answers);
    let ran = stage.ask().unwrap();
    assert_eq!(ran.line, "tool pull it");
    assert_eq!(ran.stderr(), "");
    let answer: serde_json::Value = serde_json::from_str(&ran.stdout()).unwrap();
    assert_eq!(
        answer["text"],
        "/a.b.Service/Method k8s.io 127.0.0.1:1/a:latest"
    );
}

#[test]
fn a_refusal_is_a_failure_in_the_words_of_the_daemon() {
    let stage = Stage::with(Manner::Refuses);
    let ran = stage.ask().unwrap();
    assert_eq!(ran.exit, Exit::Code(1));
    assert_eq!(
        ran.stderr(),
        "rpc error: code = NotFound desc = failed to pull: no match for platform\n"
    );
    assert_eq!(ran.stdout(), "");
}

#[test]
fn what_is_no_answer_says_nothing_of_the_tool() {
    let stage = Stage::with(Manner::Babbles);
    let error = stage.ask().unwrap_err();
    assert!(matches!(error, RunError::Call { .. }), "{error}");
}

#[test]
fn a_daemon_that_hangs_is_left_at_the_deadline() {
    let stage = Stage::with(Manner::Hangs);
    let began = Instant::now();
    let call = stage.call(Duration::from_millis(300));
    let ran = Action::from(call).carry_out(&Cancel::default()).unwrap();
    assert_eq!(ran.exit, Exit::Deadline);
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_call_ends_when_the_user_wants_to_stop() {
    let stage = Stage::with(Manner::Hangs);
    let cancel = Cancel::default();
    let raise = cancel.clone();
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(200));
        raise.raise();
    });
    let ended = Action::from(stage.call(Duration::from_secs(60))).carry_out(&cancel);
    assert!(matches!(ended, Err(RunError::Cancelled)));
    // Nothing is begun after that.
    let ended = Action::from(stage.call(Duration::from_secs(60))).carry_out(&cancel);
    assert!(matches!(ended, Err(RunError::Cancelled)));
}

#[test]
fn a_connection_that_is_lost_is_said_to_be_lost() {
    for manner in [Some(Manner::Dies), None] {
        let stage = match manner {
            Some(manner) => Stage::with(manner),
            None => Stage {
                dir: tempfile::tempdir().unwrap(),
            },
        };
        let ran = stage.ask().unwrap();
        assert_eq!(ran.exit, Exit::Code(1));
        let words = ran.stderr();
        assert!(
            words.starts_with("the connection to the daemon was lost: "),
            "{words}"
        );
    }
}
