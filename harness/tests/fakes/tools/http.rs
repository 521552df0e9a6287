//! As much of an HTTP client as a fake tool needs.

use std::{
    error::Error,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::Arc,
};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};

/// Fetches a path. The connection is closed after the answer, so its end is that of the body.
pub(super) fn get(address: &str, path: &str) -> Result<Vec<u8>, String> {
    let asked = TcpStream::connect(address).and_then(|stream| ask(stream, address, path));
    answer(path, asked.map_err(|error| error.to_string()))
}

/// The same over TLS.
pub(super) fn get_over_tls(address: &str, path: &str, authority: &Path) -> Result<Vec<u8>, String> {
    let ask = || -> Result<(String, Vec<u8>), Box<dyn Error>> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(authority)? {
            roots.add(certificate?)?;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let place: SocketAddr = address.parse()?;
        let name = ServerName::IpAddress(place.ip().into());
        let tls = ClientConnection::new(Arc::new(config), name)?;
        let stream = StreamOwned::new(tls, TcpStream::connect(place)?);
        Ok(ask(stream, address, path)?)
    };
    answer(path, ask().map_err(|error| error.to_string()))
}

fn answer(path: &str, asked: Result<(String, Vec<u8>), String>) -> Result<Vec<u8>, String> {
    let (status, body) = asked.map_err(|error| format!("GET {path}: {error}"))?;
    if status == "200" {
        Ok(body)
    } else {
        Err(format!(
            "GET {path}: {status}: {}",
            String::from_utf8_lossy(&body)
        ))
    }
}

fn ask(
    mut stream: impl Read + Write,
    address: &str,
    path: &str,
) -> std::io::Result<(String, Vec<u8>)> {
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
