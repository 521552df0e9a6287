//! What every page has around what it tells.

use super::{SCRIPT, STYLE, Sink, index::SiteIndex, path};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ocipick_corpus::Digest;
use serde::Serialize;

/// What the browser may load: the script and the style of the site, from where the site is, be that
/// a server or a directory, and nothing else from anywhere. Widths stand in the pages, so that style
/// is allowed in them; scripts are not.
pub(super) const POLICY: &str = "default-src 'none'; script-src 'self' file:; \
     style-src 'self' file: 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// The parts of the site, as its navigation names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum SiteSection {
    Overview,
    Matrix,
    Findings,
    Views,
    Builds,
    Tools,
    Clauses,
    About,
}

/// A page: what is around it, and what it tells.
#[derive(Serialize)]
struct PageLayout<'p, T> {
    title: &'p str,
    /// What the browser may load.
    policy: String,
    /// The way to the top of the site.
    root: String,
    part: SiteSection,
    /// The parts that only some sites have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    extra_parts: Vec<NavigationEntry>,
    /// What a reader must know before anything else.
    warnings: &'p [String],
    /// What was measured, in a line.
    headline: String,
    page: &'p T,
    /// What stands in the page itself, where it is the only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    inline: Option<Inline>,
}

/// A part of the site that the navigation leads to where there is something to say.
#[derive(Clone, Serialize)]
pub(super) struct NavigationEntry {
    pub(super) part: SiteSection,
    pub(super) href: &'static str,
    pub(super) name: &'static str,
}

/// The style and the script of a page that needs nothing but itself.
#[derive(Serialize)]
struct Inline {
    style: &'static str,
    script: &'static str,
}

/// A page of the site.
pub(super) fn page<T: Serialize>(
    site_index: &SiteIndex<'_>,
    sink: &mut impl Sink,
    part: SiteSection,
    (path, title, template): (&str, &str, &'static str),
    page: &T,
) {
    let inline = site_index.alone.then(Inline::new);
    let sheet = PageLayout {
        title,
        policy: inline
            .as_ref()
            .map_or_else(|| POLICY.to_owned(), Inline::policy),
        root: path::root(path),
        part,
        extra_parts: site_index.extra_parts.clone(),
        warnings: &site_index.summary.warnings,
        headline: site_index.summary.headline(),
        page,
        inline,
    };
    sink.page(path.to_owned(), template, &sheet);
}

impl Inline {
    fn new() -> Self {
        Self {
            style: STYLE,
            script: SCRIPT,
        }
    }

    /// What the browser may run and load: this very script, the style in the page, and nothing from
    /// anywhere.
    fn policy(&self) -> String {
        // What stands between the tags is hashed, with the line end behind the first one.
        let digest = Digest::sha256(format!("\n{}", self.script).as_bytes());
        let hex = digest.encoded().as_bytes();
        let nibble = |c: &u8| char::from(*c).to_digit(16).unwrap_or_default();
        let bytes: Vec<u8> = hex
            .chunks(2)
            .map(|pair| pair.iter().fold(0, |byte, c| byte * 16 + nibble(c)))
            .filter_map(|byte| u8::try_from(byte).ok())
            .collect();
        let hash = STANDARD.encode(bytes);
        format!(
            "default-src 'none'; script-src 'sha256-{hash}'; style-src 'unsafe-inline'; \
             img-src data:; base-uri 'none'; form-action 'none'"
        )
    }
}
