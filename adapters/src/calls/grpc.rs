//! Calls of gRPC, from messages that are written by hand: nothing is generated, so that building takes no `protoc`.

use super::Answer;
use bytes::{Buf as _, BufMut as _};
use hyper::http::uri::PathAndQuery;
use prost::Message;
use serde::Serialize;
use std::{error::Error as _, path::Path};
use tonic::{
    Code, Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    metadata::AsciiMetadataValue,
    transport::Endpoint,
};

/// A call with one question and one answer.
#[derive(Clone, Debug)]
pub struct Unary {
    /// `/package.Service/Method`.
    method: String,
    /// What is said besides, such as a namespace.
    metadata: Vec<(&'static str, String)>,
    /// The question, encoded.
    question: Vec<u8>,
    /// Reads the answer.
    read: fn(&[u8]) -> Result<String, String>,
}

/// The longest answer that is taken, as the kubelet has it.
const LONGEST: usize = 16 << 20;

impl Unary {
    /// A call of `method`, which is `/package.Service/Method`. The answer is kept as JSON.
    pub fn new<Reply: Message + Default + Serialize>(
        method: String,
        question: &impl Message,
    ) -> Self {
        Self {
            method,
            metadata: Vec::new(),
            question: question.encode_to_vec(),
            read: read::<Reply>,
        }
    }

    /// The same with a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.metadata.push((name, value.to_owned()));
        self
    }

    /// Asks on a socket. An error is not the daemon's: the call cannot be made, or its answer not be read.
    pub(super) async fn ask(&self, socket: &Path) -> Result<Answer, String> {
        let method: PathAndQuery = self
            .method
            .parse()
            .map_err(|error| format!("{}: {error}", self.method))?;
        let mut request = Request::new(self.question.clone());
        for (name, value) in &self.metadata {
            let value: AsciiMetadataValue = value
                .parse()
                .map_err(|error| format!("{name}: {value}: {error}"))?;
            request.metadata_mut().insert(*name, value);
        }
        let endpoint = Endpoint::from_shared(format!("unix:{}", socket.display()))
            .map_err(|error| error.to_string())?;
        let channel = match endpoint.connect().await {
            Ok(channel) => channel,
            Err(error) => return Ok(Answer::Failure(lost(&error))),
        };
        let mut client = Grpc::new(channel).max_decoding_message_size(LONGEST);
        if let Err(error) = client.ready().await {
            return Ok(Answer::Failure(lost(&error)));
        }
        match client.unary(request, method, Bytes).await {
            Ok(answer) => (self.read)(&answer.into_inner()).map(Answer::Text),
            Err(status) => Ok(Answer::Failure(words(&status))),
        }
    }
}

/// An answer as JSON, with a line break at its end.
fn read<Reply: Message + Default + Serialize>(answer: &[u8]) -> Result<String, String> {
    let answer = Reply::decode(answer).map_err(|error| error.to_string())?;
    let mut text = serde_json::to_string_pretty(&answer).map_err(|error| error.to_string())?;
    text.push('\n');
    Ok(text)
}

/// What is said of a call that failed: what the daemon answered, in the words of every client that is written in
/// Go, or how the connection was lost.
fn words(status: &Status) -> String {
    // What was answered comes from nothing but the answer.
    match status.source() {
        Some(cause) => lost(cause),
        None => format!(
            "rpc error: code = {} desc = {}\n",
            name(status.code()),
            status.message()
        ),
    }
}

/// How the connection to a daemon was lost, from the first cause to the last.
fn lost(error: &dyn std::error::Error) -> String {
    let mut words = format!("{LOST}: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        // Many an error repeats what caused it.
        if !words.ends_with(&next) {
            words.push_str(": ");
            words.push_str(&next);
        }
        cause = error.source();
    }
    words.push('\n');
    words
}

/// How ocipick says that a daemon did not answer a call.
pub(crate) const LOST: &str = "the connection to the daemon was lost";

/// A code as clients that are written in Go name it.
fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "Canceled",
        Code::Unknown => "Unknown",
        Code::InvalidArgument => "InvalidArgument",
        Code::DeadlineExceeded => "DeadlineExceeded",
        Code::NotFound => "NotFound",
        Code::AlreadyExists => "AlreadyExists",
        Code::PermissionDenied => "PermissionDenied",
        Code::ResourceExhausted => "ResourceExhausted",
        Code::FailedPrecondition => "FailedPrecondition",
        Code::Aborted => "Aborted",
        Code::OutOfRange => "OutOfRange",
        Code::Unimplemented => "Unimplemented",
        Code::Internal => "Internal",
        Code::Unavailable => "Unavailable",
        Code::DataLoss => "DataLoss",
        Code::Unauthenticated => "Unauthenticated",
    }
}

/// Messages as they are on the wire.
struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, message: Vec<u8>, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put_slice(&message);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut message = vec![0; from.remaining()];
        from.copy_to_slice(&mut message);
        Ok(Some(message))
    }
}
