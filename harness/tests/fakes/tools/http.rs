//! As much of an HTTP client as a fake tool needs.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

/// Fetches a path. The connection is closed after the answer, so its end is that of the body.
pub(super) fn get(address: &str, path: &str) -> Result<Vec<u8>, String> {
    let (status, body) = ask(address, path).map_err(|error| format!("GET {path}: {error}"))?;
    if status == "200" {
        Ok(body)
    } else {
        Err(format!(
            "GET {path}: {status}: {}",
            String::from_utf8_lossy(&body)
        ))
    }
}

fn ask(address: &str, path: &str) -> std::io::Result<(String, Vec<u8>)> {
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: fake\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap_or(answer.len());
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let body = answer.get(end + 4..).unwrap_or_default().to_vec();
    Ok((status, body))
}
