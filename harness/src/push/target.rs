//! Where to publish: a registry, and a path in it.

use ocipick_corpus::Case;
use std::net::IpAddr;

/// A registry, and the path below which every case gets a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    host: String,
    path: String,
    plain_http: bool,
}

/// A text that names no place to publish to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no registry (hint: HOST[:PORT][/PATH], such as localhost:5000/ocipick)")]
pub struct TargetError(String);

impl Target {
    /// Reads `HOST[:PORT][/PATH]`. Loopback is spoken to in plain HTTP, everything else in TLS
    /// unless `plain_http` says otherwise.
    ///
    /// # Errors
    ///
    /// When it has a scheme, or no host, or a path that cannot be part of a repository name.
    pub fn parse(text: &str, plain_http: bool) -> Result<Self, TargetError> {
        let fail = || TargetError(text.to_owned());
        let (host, path) = text.split_once('/').unwrap_or((text, ""));
        let path = path.trim_end_matches('/');
        let is_host =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
        let is_path = |c: char| {
            c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-' | '/')
        };
        let odd = path.starts_with('/') || path.contains("//") || !path.chars().all(is_path);
        // `http:` of a URL would pass for a host with an empty port.
        if host.is_empty() || host.ends_with(':') || !host.chars().all(is_host) || odd {
            return Err(fail());
        }
        Ok(Self {
            plain_http: plain_http || is_loopback(host),
            host: host.to_owned(),
            path: path.to_owned(),
        })
    }

    /// The registry, with its port.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path of the repository of a case.
    #[must_use]
    pub fn repository(&self, case: &Case) -> String {
        let own = case.id.repository_path();
        if self.path.is_empty() {
            own
        } else {
            format!("{}/{own}", self.path)
        }
    }

    /// The path below the registry, which credentials may be for.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What to tell a tool to pull.
    #[must_use]
    pub fn reference(&self, repository: &str) -> String {
        format!("{}/{repository}:latest", self.host)
    }

    /// Whether it is spoken to in TLS.
    pub(super) fn is_tls(&self) -> bool {
        !self.plain_http
    }

    /// Whether it is where this host and port are.
    pub(super) fn is_at(&self, authority: &str) -> bool {
        let port = if self.plain_http { ":80" } else { ":443" };
        let plain = |text: &str| {
            let text = text.to_ascii_lowercase();
            text.strip_suffix(port).map_or(text.clone(), str::to_owned)
        };
        plain(&self.host) == plain(authority)
    }

    /// The address of something in the registry.
    pub(super) fn url(&self, path: &str) -> String {
        let scheme = if self.plain_http { "http" } else { "https" };
        format!("{scheme}://{}{path}", self.host)
    }
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_plain_and_the_rest_is_not() {
        for (text, url) in [
            ("localhost:5000", "http://localhost:5000/v2/"),
            ("127.0.0.1:5000/a/b/", "http://127.0.0.1:5000/v2/"),
            ("[::1]:5000", "http://[::1]:5000/v2/"),
            ("registry.example/a", "https://registry.example/v2/"),
        ] {
            assert_eq!(Target::parse(text, false).unwrap().url("/v2/"), url);
        }
        let plain = Target::parse("registry.example", true).unwrap();
        assert_eq!(plain.url("/"), "http://registry.example/");
    }

    #[test]
    fn what_is_no_registry_is_refused() {
        for text in ["", "/a", "http://x/y", "x/A", "x//y", "a b", "x/y?z"] {
            assert!(Target::parse(text, false).is_err(), "{text}");
        }
    }
}
