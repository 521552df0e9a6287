//! The few requests of the distribution specification that a publication takes.

use super::{Credentials, Target};
use ocipick_corpus::{Digest, Document};
use serde::Deserialize;
use std::{cell::RefCell, time::Duration};
use ureq::{
    Agent, Body,
    http::{Method, Request, Response, header},
};

/// How long one request may take, with its answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many bytes of an answer are read for its words.
const WORDS: u64 = 64 << 10;

/// Why nothing can be published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The registry did not answer.
    #[error(
        "{url}: {source} (hint: is a registry there, and does it speak {scheme}? --plain-http is for one without TLS)"
    )]
    Unreachable {
        /// What was asked.
        url: String,
        /// The scheme that was spoken.
        scheme: &'static str,
        /// What happened.
        #[source]
        source: Box<ureq::Error>,
    },
    /// The registry denies access.
    #[error(
        "{url}: the registry denies access with status {status} (hint: log in with docker, podman or skopeo first): {words}"
    )]
    Denied {
        /// What was asked.
        url: String,
        /// The HTTP status.
        status: u16,
        /// The registry's own words.
        words: String,
    },
    /// The registry answered something that it should not.
    #[error("{url}: the registry answered {method} with status {status}: {words}")]
    Status {
        /// How it was asked.
        method: Method,
        /// What was asked.
        url: String,
        /// The HTTP status.
        status: u16,
        /// The registry's own words.
        words: String,
    },
    /// The registry's answer lacks something.
    #[error("{url}: {what}")]
    Answer {
        /// What was asked.
        url: String,
        /// What is wrong.
        what: String,
    },
}

/// Speaks to one registry.
pub struct Client {
    agent: Agent,
    target: Target,
    credentials: Option<Credentials>,
    /// What the `Authorization` header says, by repository, once a registry wanted one.
    granted: RefCell<Option<(String, String)>>,
}

impl Client {
    /// A client that has not spoken yet.
    #[must_use]
    pub fn new(target: Target, credentials: Option<Credentials>) -> Self {
        let agent = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("ocipick/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Self {
            agent,
            target,
            credentials,
            granted: RefCell::new(None),
        }
    }

    /// Where it publishes to.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Uploads a blob in one piece, unless the registry has it.
    pub(super) fn blob(
        &self,
        repository: &str,
        digest: &Digest,
        bytes: &[u8],
    ) -> Result<(), PublishError> {
        let there = self.target.url(&format!("/v2/{repository}/blobs/{digest}"));
        if self.ask(&Method::HEAD, &there, repository, None)?.status() == 200 {
            return Ok(());
        }
        let uploads = self.target.url(&format!("/v2/{repository}/blobs/uploads/"));
        let begun = self.ask(&Method::POST, &uploads, repository, Some(("", &[])))?;
        if begun.status() != 202 {
            return Err(failed(Method::POST, uploads, begun));
        }
        let location = begun
            .headers()
            .get(header::LOCATION)
            .and_then(|value| value.to_str().ok())
            .ok_or_else(|| PublishError::Answer {
                url: uploads.clone(),
                what: "the registry names no place to upload to".to_owned(),
            })?;
        let location = if location.starts_with('/') {
            self.target.url(location)
        } else {
            location.to_owned()
        };
        let joint = if location.contains('?') { '&' } else { '?' };
        let place = format!(
            "{location}{joint}digest={}",
            digest.as_str().replace(':', "%3A")
        );
        let body = ("application/octet-stream", bytes);
        let done = self.ask(&Method::PUT, &place, repository, Some(body))?;
        if done.status() == 201 {
            Ok(())
        } else {
            Err(failed(Method::PUT, place, done))
        }
    }

    /// Sends a document under a tag or digest, byte for byte. Returns the status and words of a
    /// registry that refuses it.
    pub(super) fn manifest(
        &self,
        repository: &str,
        reference: &str,
        document: &Document,
    ) -> Result<Option<(u16, String)>, PublishError> {
        let url = self
            .target
            .url(&format!("/v2/{repository}/manifests/{reference}"));
        let body = (document.media_type.as_str(), &*document.bytes);
        let answer = self.ask(&Method::PUT, &url, repository, Some(body))?;
        let status = answer.status().as_u16();
        if (200..300).contains(&status) {
            return Ok(None);
        }
        Ok(Some((status, words(answer))))
    }

    /// Asks, and asks once more with what the registry wants to see where it wants to see some.
    fn ask(
        &self,
        method: &Method,
        url: &str,
        repository: &str,
        body: Option<(&str, &[u8])>,
    ) -> Result<Response<Body>, PublishError> {
        let answer = self.send(method, url, self.grant(url, repository), body)?;
        if answer.status() != 401 {
            return denied_or(url, answer);
        }
        let challenge = answer
            .headers()
            .get(header::WWW_AUTHENTICATE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let Some(grant) = self.answer_to(&challenge, repository)? else {
            return Err(PublishError::Denied {
                url: url.to_owned(),
                status: 401,
                words: words(answer),
            });
        };
        *self.granted.borrow_mut() = Some((repository.to_owned(), grant));
        let answer = self.send(method, url, self.grant(url, repository), body)?;
        denied_or(url, answer)
    }

    /// What the `Authorization` header says. Nothing is shown to any other host, to which a registry
    /// may refer for uploads.
    fn grant(&self, url: &str, repository: &str) -> Option<String> {
        let is_ours = url.starts_with(&self.target.url("/"));
        let granted = self.granted.borrow();
        let (of, grant) = granted.as_ref()?;
        (is_ours && of == repository).then(|| grant.clone())
    }

    fn send(
        &self,
        method: &Method,
        url: &str,
        grant: Option<String>,
        body: Option<(&str, &[u8])>,
    ) -> Result<Response<Body>, PublishError> {
        let unreachable = |source| PublishError::Unreachable {
            url: url.to_owned(),
            scheme: if url.starts_with("https") {
                "HTTPS"
            } else {
                "HTTP"
            },
            source: Box::new(source),
        };
        let mut request = Request::builder().method(method.clone()).uri(url);
        if let Some(grant) = grant {
            request = request.header(header::AUTHORIZATION, grant);
        }
        let sent = match body {
            None => request
                .body(())
                .map_err(ureq::Error::from)
                .and_then(|request| self.agent.run(request)),
            Some((media_type, bytes)) => {
                if !media_type.is_empty() {
                    request = request.header(header::CONTENT_TYPE, media_type);
                }
                request
                    .body(bytes)
                    .map_err(ureq::Error::from)
                    .and_then(|request| self.agent.run(request))
            }
        };
        sent.map_err(unreachable)
    }

    /// What to show a registry that says this in `WWW-Authenticate`.
    fn answer_to(&self, challenge: &str, repository: &str) -> Result<Option<String>, PublishError> {
        let basic = self.credentials.as_ref().map(Credentials::header);
        let Some(parameters) = strip_scheme(challenge, "Bearer") else {
            return Ok(strip_scheme(challenge, "Basic").and(basic));
        };
        let Some(realm) = parameter(parameters, "realm") else {
            return Ok(None);
        };
        let joint = if realm.contains('?') { '&' } else { '?' };
        let service = parameter(parameters, "service").unwrap_or_default();
        let url = format!(
            "{realm}{joint}service={}&scope=repository:{repository}:pull,push",
            service.replace(' ', "%20")
        );
        let answer = self.send(&Method::GET, &url, basic, None)?;
        if answer.status() != 200 {
            return Err(PublishError::Denied {
                status: answer.status().as_u16(),
                url,
                words: words(answer),
            });
        }
        #[derive(Deserialize)]
        struct Token {
            #[serde(alias = "access_token")]
            token: String,
        }
        let said = words(answer);
        let token: Token = serde_json::from_str(&said).map_err(|error| PublishError::Answer {
            url,
            what: format!("this is no token: {error}"),
        })?;
        Ok(Some(format!("Bearer {}", token.token)))
    }
}

fn denied_or(url: &str, answer: Response<Body>) -> Result<Response<Body>, PublishError> {
    match answer.status().as_u16() {
        status @ (401 | 403) => Err(PublishError::Denied {
            url: url.to_owned(),
            status,
            words: words(answer),
        }),
        _ => Ok(answer),
    }
}

fn failed(method: Method, url: String, answer: Response<Body>) -> PublishError {
    PublishError::Status {
        method,
        url,
        status: answer.status().as_u16(),
        words: words(answer),
    }
}

/// What an answer says, in a line.
fn words(answer: Response<Body>) -> String {
    let text = answer
        .into_body()
        .into_with_config()
        .limit(WORDS)
        .lossy_utf8(true)
        .read_to_string()
        .unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn strip_scheme<'a>(challenge: &'a str, scheme: &str) -> Option<&'a str> {
    let (said, rest) = challenge.split_once(' ').unwrap_or((challenge, ""));
    said.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// A parameter of a challenge, such as `realm="…"`.
fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = parameters;
    loop {
        let (key, tail) = rest.trim_start_matches([',', ' ']).split_once('=')?;
        let (value, after) = match tail.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => tail.split_once(',').unwrap_or((tail, "")),
        };
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read_with_their_quotes() {
        let said = r#"realm="https://a.example/t?x=1,2",service="b c", scope=d"#;
        assert_eq!(parameter(said, "realm"), Some("https://a.example/t?x=1,2"));
        assert_eq!(parameter(said, "Service"), Some("b c"));
        assert_eq!(parameter(said, "scope"), Some("d"));
        assert_eq!(parameter(said, "error"), None);
        assert_eq!(strip_scheme("bearer x=1", "Bearer"), Some("x=1"));
        assert_eq!(strip_scheme("Basic", "Basic"), Some(""));
    }
}
