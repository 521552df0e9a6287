//! The answer to clients that try HTTPS first.
//!
//! They fall back to plain HTTP on loopback only if the reply to their hello starts with
//! `HTTP/`, and only if they get to read it: a socket closed over unread bytes sends a reset
//! that can overtake the reply.

use std::{io, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// Content type of the record that every TLS connection begins with: a handshake.
const HANDSHAKE: u8 = 0x16;
/// How long a client may take to read the reply and go.
const LINGER: Duration = Duration::from_secs(1);
/// More than any hello has; the rest of a connection that sends more is lost.
const HELLO_BYTES: usize = 128 * 1024;

/// HTTP/1.0, because clients look for no more than `HTTP/`, and it promises no more requests.
const REPLY: &[u8] = b"HTTP/1.0 400 Bad Request\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 33\r\n\
    Connection: close\r\n\
    \r\n\
    This registry speaks plain HTTP.\n";

/// Whether a connection that begins with this byte is meant to be TLS.
pub(super) fn is_hello(first: u8) -> bool {
    first == HANDSHAKE
}

/// Refuses TLS in plain HTTP, and waits (bounded) until the client has taken note.
///
/// # Errors
///
/// If the client goes away before it has read the reply.
pub(super) async fn refuse(mut stream: TcpStream) -> io::Result<()> {
    stream.write_all(REPLY).await?;
    stream.shutdown().await?;
    let drain = async {
        let mut buffer = [0; 4096];
        let mut left = HELLO_BYTES;
        while left > 0 {
            match stream.read(&mut buffer).await? {
                0 => break,
                read => left = left.saturating_sub(read),
            }
        }
        Ok(())
    };
    timeout(LINGER, drain).await.unwrap_or(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reply_is_as_long_as_it_says() {
        let reply = std::str::from_utf8(REPLY).unwrap();
        let (head, body) = reply.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.0 400 "));
        assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", body.len())));
    }
}
