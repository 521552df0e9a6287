//! Faults: how the registry misbehaves when it is asked for one document or blob of a case.

use crate::Digest;
use std::{fmt, num::NonZeroU32, sync::Arc, time::Duration};

/// A fault of the registry, towards requests for one document or blob.
///
/// A request obeys the first fault of the case whose target it asks for, whose methods include
/// its own, and which has not yet happened as often as it may. Every other request is answered
/// well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What the recipe calls the target: `index`, or the name of a child or nested index.
    pub on: String,
    /// Which part of that.
    pub part: FaultPart,
    /// The document or blob, in the digest by which it is asked for. For the index under test
    /// requests by tag are meant as well.
    pub target: Digest,
    /// The requests that it happens to.
    pub methods: Methods,
    /// How many of those requests it happens to, the first ones; none: all.
    pub times: Option<NonZeroU32>,
    /// What happens.
    pub effects: Effects,
}

impl fmt::Display for Fault {
    /// In a line for people: what is asked for, how, how often, and what happens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part {
            FaultPart::Manifest => write!(f, "{}", self.on)?,
            FaultPart::Config | FaultPart::Layer => write!(f, "the {} of {}", self.part, self.on)?,
        }
        write!(f, ", {}", self.methods.as_strs().join(" and "))?;
        match self.times.map(NonZeroU32::get) {
            None => {}
            Some(1) => f.write_str(", the first time")?,
            Some(times) => write!(f, ", the first {times} times")?,
        }
        write!(f, ": {}", self.effects)
    }
}

/// A part of a child, or the one of an index.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    strum::Display,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(serialize_all = "kebab-case")]
pub enum FaultPart {
    /// The manifest of a child, or the document of an index.
    Manifest,
    /// The config.
    Config,
    /// The one layer.
    Layer,
}

impl FaultPart {
    /// The word for it in recipes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// The methods of requests that a fault happens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Methods {
    /// GET and HEAD.
    Both,
    /// GET alone.
    Get,
    /// HEAD alone.
    Head,
}

impl Methods {
    /// Whether a request with this method is among them.
    #[must_use]
    pub fn include(self, method: &str) -> bool {
        self.as_strs().contains(&method)
    }

    /// Their names, as in a request line.
    #[must_use]
    pub const fn as_strs(self) -> &'static [&'static str] {
        match self {
            Self::Both => &["GET", "HEAD"],
            Self::Get => &["GET"],
            Self::Head => &["HEAD"],
        }
    }
}

/// What happens to a request. What is not said here is as in a good answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// Another status, with what belongs to it.
    pub answer: Option<FaultAnswer>,
    /// Other bytes under the digest asked for.
    pub bytes: Option<Substitute>,
    /// The number of body bytes after which the connection is closed, although
    /// `Content-Length` promises all of them. HEAD has no body and no cut.
    pub cut: Option<u64>,
    /// How long nothing happens before the answer.
    pub delay: Option<Duration>,
    /// What `Content-Type` says instead.
    pub content_type: Option<HeaderFault>,
    /// What `Docker-Content-Digest` says instead.
    pub digest_header: Option<HeaderFault>,
    /// Whether `Content-Length` is left out, so that the body is sent in chunks.
    pub chunked: bool,
}

impl fmt::Display for Effects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words = Vec::new();
        if let Some(delay) = self.delay {
            words.push(format!("nothing for {} ms", delay.as_millis()));
        }
        if let Some(answer) = &self.answer {
            words.push(format!("status {}", answer.status));
            let headers = answer.headers.iter();
            words.extend(headers.map(|(name, value)| format!("{name}: {value}")));
            if let Some(body) = &answer.body {
                words.push(format!("another body of {} bytes", body.len()));
            }
        }
        if let Some(other) = &self.bytes {
            words.push(format!("the bytes of {}", other.of));
        }
        for (name, fault) in [
            ("Content-Type", &self.content_type),
            ("Docker-Content-Digest", &self.digest_header),
        ] {
            match fault {
                None => {}
                Some(HeaderFault::Absent) => words.push(format!("no {name}")),
                Some(HeaderFault::Says(text)) => words.push(format!("{name}: {text}")),
            }
        }
        if self.chunked {
            words.push("no Content-Length".to_owned());
        }
        if let Some(cut) = self.cut {
            words.push(format!("cut after {cut} bytes"));
        }
        f.write_str(&words.join(", "))
    }
}

/// A status other than the ordinary one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultAnswer {
    /// The status, from 200 to 599.
    pub status: u16,
    /// Headers to set besides the ordinary ones, in order.
    pub headers: Vec<(String, String)>,
    /// The body. Where there is none, an answer below 300 has the true one (or the one of
    /// [`Effects::bytes`]), one below 400 has none, and any other has the ordinary error document.
    pub body: Option<String>,
}

/// What stands in for a document or blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Substitute {
    /// The child or nested index that it is taken from.
    pub of: String,
    /// The true digest of the bytes.
    pub digest: Digest,
    /// The bytes.
    pub bytes: Arc<[u8]>,
}

/// A header that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderFault {
    /// It is left out.
    Absent,
    /// It says this.
    Says(String),
}
