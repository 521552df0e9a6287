//! Credentials, from the files in which docker and the containers tools keep them.

use super::Target;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fmt, fs, io,
    path::{Path, PathBuf},
};

/// A user and a password. Neither is ever printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `user:password` in base64, as the header wants it.
    basic: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}

/// Why an auth file is of no use.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// It cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// It is no auth file.
    #[error("{}: {source} (hint: containers-auth.json(5) says what it must look like)", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// Its entry for the registry is damaged.
    #[error("{}: the entry `{entry}` is not base64 of USER:PASSWORD", path.display())]
    Entry {
        /// The file.
        path: PathBuf,
        /// The key of the entry.
        entry: String,
    },
    /// The registry's credentials are with a helper.
    #[error(
        "{}: credentials of {host} are with the helper `{helper}`, which ocipick does not run (hint: log in with --authfile, and name that file in REGISTRY_AUTH_FILE)",
        path.display()
    )]
    Helper {
        /// The file.
        path: PathBuf,
        /// The registry.
        host: String,
        /// The helper.
        helper: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
    #[serde(default)]
    cred_helpers: BTreeMap<String, String>,
    #[serde(default)]
    creds_store: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    auth: Option<String>,
}

impl Credentials {
    /// What the `Authorization` header says.
    pub(super) fn header(&self) -> String {
        format!("Basic {}", self.basic)
    }

    /// The credentials for a registry, from the first file that has some: `REGISTRY_AUTH_FILE` alone
    /// where it is set, or else those of the containers tools and then docker's.
    ///
    /// # Errors
    ///
    /// When a file is there and cannot be read, or keeps them with a helper.
    pub fn find(
        target: &Target,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, AuthError> {
        for path in files(env) {
            let text = match fs::read(&path) {
                Ok(text) => text,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(source) => return Err(AuthError::Io { path, source }),
            };
            if let Some(found) = in_file(&path, &text, target)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

fn files(env: impl Fn(&str) -> Option<String>) -> Vec<PathBuf> {
    let dir = |name: &str| {
        env(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    if let Some(file) = dir("REGISTRY_AUTH_FILE") {
        return vec![file];
    }
    let home = dir("HOME");
    let config = dir("XDG_CONFIG_HOME").or_else(|| home.as_ref().map(|home| home.join(".config")));
    let docker = dir("DOCKER_CONFIG").or_else(|| home.as_ref().map(|home| home.join(".docker")));
    [
        dir("XDG_RUNTIME_DIR").map(|dir| dir.join("containers/auth.json")),
        config.map(|dir| dir.join("containers/auth.json")),
        docker.map(|dir| dir.join("config.json")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The entry of a namespace comes before that of the registry, the longest first.
fn in_file(path: &Path, text: &[u8], target: &Target) -> Result<Option<Credentials>, AuthError> {
    let file: File = serde_json::from_slice(text).map_err(|source| AuthError::Json {
        path: path.to_owned(),
        source,
    })?;
    let host = target.host();
    let mut keys = Vec::new();
    let mut namespace = target.path();
    while !namespace.is_empty() {
        keys.push(format!("{host}/{namespace}"));
        namespace = namespace.rsplit_once('/').map_or("", |(above, _)| above);
    }
    keys.extend([
        host.to_owned(),
        format!("https://{host}"),
        format!("https://{host}/"),
        format!("http://{host}"),
    ]);
    for key in keys {
        let Some(basic) = file.auths.get(&key).and_then(|entry| entry.auth.clone()) else {
            continue;
        };
        if basic.is_empty() {
            continue;
        }
        let is_pair = STANDARD
            .decode(&basic)
            .is_ok_and(|decoded| decoded.contains(&b':'));
        if !is_pair {
            return Err(AuthError::Entry {
                path: path.to_owned(),
                entry: key,
            });
        }
        return Ok(Some(Credentials { basic }));
    }
    // A store is asked for registries that were logged in to; those have an empty entry.
    let helper = file.cred_helpers.get(host).cloned();
    let helper = helper.or_else(|| {
        file.auths
            .contains_key(host)
            .then_some(file.creds_store)
            .flatten()
    });
    match helper {
        None => Ok(None),
        Some(helper) => Err(AuthError::Helper {
            path: path.to_owned(),
            host: host.to_owned(),
            helper,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(text: &str, target: &str) -> Result<Option<String>, AuthError> {
        let target = Target::parse(target, false).unwrap();
        let found = in_file(Path::new("auth.json"), text.as_bytes(), &target)?;
        Ok(found.map(|credentials| credentials.header()))
    }

    #[test]
    fn the_entry_of_the_namespace_comes_first() {
        let text = r#"{"auths": {
            "r.example": {"auth": "YTpi"},
            "r.example/team": {"auth": "Yzpk"}
        }}"#;
        let found = |target| look(text, target).unwrap();
        assert_eq!(found("r.example/team/x").as_deref(), Some("Basic Yzpk"));
        assert_eq!(found("r.example/other").as_deref(), Some("Basic YTpi"));
        assert_eq!(found("s.example"), None);
    }

    #[test]
    fn what_is_of_no_use_is_said() {
        let helper = r#"{"auths": {"r.example": {}}, "credsStore": "pass"}"#;
        let said = look(helper, "r.example").unwrap_err().to_string();
        assert!(said.contains("`pass`"), "{said}");
        assert!(look(helper, "s.example").unwrap().is_none());
        let damaged = r#"{"auths": {"r.example": {"auth": "c2VjcmV0"}}}"#;
        let said = look(damaged, "r.example").unwrap_err().to_string();
        assert!(
            said.contains("USER:PASSWORD") && !said.contains("c2VjcmV0"),
            "{said}"
        );
        assert!(look("{", "r.example").is_err());
    }

    #[test]
    fn the_usual_places_are_looked_at_in_order() {
        let env = |pairs: &'static [(&str, &str)]| {
            move |name: &str| {
                let found = pairs.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| (*value).to_owned())
            }
        };
        let alone = files(env(&[("REGISTRY_AUTH_FILE", "/a"), ("HOME", "/h")]));
        assert_eq!(alone, [PathBuf::from("/a")]);
        let usual = files(env(&[("HOME", "/h"), ("XDG_RUNTIME_DIR", "/r")]));
        assert_eq!(
            usual,
            [
                PathBuf::from("/r/containers/auth.json"),
                PathBuf::from("/h/.config/containers/auth.json"),
                PathBuf::from("/h/.docker/config.json"),
            ]
        );
    }
}
