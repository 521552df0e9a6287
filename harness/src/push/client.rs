//! The few requests of the distribution specification that a publication takes.

use super::{Credentials, Target};
use ocipick_corpus::{Digest, Document};
use serde::Deserialize;
use std::{cell::RefCell, collections::BTreeSet, time::Duration};
use ureq::{
    Agent, Body,
    http::{Method, Request, Response, Uri, header},
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
    /// The registry names a token service to which no credentials go.
    #[error(
        "{registry} names the token service {realm}, and gets no credentials of yours: {why} (hint: credentials go to the registry that you named and to token services over HTTPS)"
    )]
    Realm {
        /// The registry that was named.
        registry: String,
        /// What it says about the token service.
        realm: String,
        /// Why nothing is shown to it.
        why: &'static str,
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

/// Hears to whom credentials go, each once and before they do.
type Hears = Box<dyn Fn(&str)>;

/// Speaks to one registry.
pub struct Client {
    agent: Agent,
    target: Target,
    credentials: Option<Credentials>,
    /// What the `Authorization` header says, by repository, once a registry wanted one.
    granted: RefCell<Option<(String, String)>>,
    /// Who was shown the credentials.
    shown: RefCell<BTreeSet<String>>,
    hears: Hears,
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
            shown: RefCell::default(),
            hears: Box::new(|_| ()),
        }
    }

    /// The same client, which says to whom it shows the credentials: each place once, as a URL without
    /// a path, before they go there.
    #[must_use]
    pub fn telling(mut self, hears: impl Fn(&str) + 'static) -> Self {
        self.hears = Box::new(hears);
        self
    }

    /// The credentials, as they are shown to this place.
    fn show(&self, to: &str) -> Option<String> {
        let credentials = self.credentials.as_ref()?;
        if self.shown.borrow_mut().insert(to.to_owned()) {
            (self.hears)(to);
        }
        Some(credentials.header())
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
        if self.target.is_tls() && !starts_with_https(&location) {
            return Err(PublishError::Answer {
                url: uploads,
                what: format!("the registry wants the upload without TLS, at {location}"),
            });
        }
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

    /// The token service that a realm is, as a URL without a path, where it may see credentials: over
    /// TLS, as docker has it, or where it is the registry itself, spoken to without TLS as the user
    /// has it.
    fn token_service(&self, realm: &str) -> Result<String, &'static str> {
        let uri: Uri = realm.parse().map_err(|_| "it is no URL")?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err("it is no URL with a host");
        };
        if authority.as_str().contains('@') {
            return Err("it names a user");
        }
        match scheme {
            "https" => Ok(format!("https://{authority}")),
            "http" if self.target.is_tls() => {
                Err("it is spoken to without TLS, and the registry with")
            }
            "http" if !self.target.is_at(authority.as_str()) => {
                Err("it is another host, spoken to without TLS")
            }
            "http" => Ok(format!("http://{authority}")),
            _ => Err("it is spoken to in another protocol"),
        }
    }

    /// What to show a registry that says this in `WWW-Authenticate`.
    fn answer_to(&self, challenge: &str, repository: &str) -> Result<Option<String>, PublishError> {
        let Some(parameters) = strip_scheme(challenge, "Bearer") else {
            return Ok(
                strip_scheme(challenge, "Basic").and_then(|_| self.show(&self.target.url("")))
            );
        };
        let Some(realm) = parameter(parameters, "realm") else {
            return Ok(None);
        };
        let basic = match self.token_service(realm) {
            Ok(place) => self.show(&place),
            // Without credentials there are none to lose, and a registry without TLS may be asked.
            Err(_) if self.credentials.is_none() && !self.target.is_tls() => None,
            Err(why) => {
                return Err(PublishError::Realm {
                    registry: self.target.host().to_owned(),
                    realm: realm.to_owned(),
                    why,
                });
            }
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

fn starts_with_https(url: &str) -> bool {
    let scheme = url.get(..8);
    scheme.is_some_and(|it| it.eq_ignore_ascii_case("https://"))
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

    fn of(registry: &str, realm: &str) -> Result<String, &'static str> {
        let target = Target::parse(registry, false).unwrap();
        Client::new(target, None).token_service(realm)
    }

    #[test]
    fn token_services_see_credentials_over_tls_or_are_the_registry_itself() {
        for (registry, realm, place) in [
            (
                "r.example",
                "https://auth.example/t?x",
                "https://auth.example",
            ),
            (
                "r.example",
                "https://r.example:8443/t",
                "https://r.example:8443",
            ),
            (
                "127.0.0.1:5000",
                "https://auth.example/t",
                "https://auth.example",
            ),
            (
                "127.0.0.1:5000",
                "http://127.0.0.1:5000/t",
                "http://127.0.0.1:5000",
            ),
            ("localhost", "http://LOCALHOST:80/t", "http://LOCALHOST:80"),
        ] {
            assert_eq!(of(registry, realm).as_deref(), Ok(place), "{realm}");
        }
        for (registry, realm) in [
            ("r.example", "http://r.example/t"),
            ("r.example", "http://auth.example/t"),
            ("127.0.0.1:5000", "http://127.0.0.1:5001/t"),
            ("127.0.0.1:5000", "http://127.0.0.2:5000/t"),
            ("127.0.0.1:5000", "http://localhost:5000/t"),
            ("127.0.0.1:5000", "http://127.0.0.1:5000@foreign.example/t"),
            ("127.0.0.1:5000", "https://127.0.0.1:5000@foreign.example/t"),
            ("127.0.0.1:5000", "http:///t"),
            ("127.0.0.1:5000", "/t"),
            ("127.0.0.1:5000", "ftp://127.0.0.1:5000/t"),
            ("127.0.0.1:5000", ""),
        ] {
            assert!(of(registry, realm).is_err(), "{realm}");
        }
    }
}
