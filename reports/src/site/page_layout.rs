//! What every page has around what it tells.

use super::{Sink, index::SiteIndex, path};
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
    Tools,
    Clauses,
    About,
}

/// A page: what is around it, and what it tells.
#[derive(Serialize)]
struct PageLayout<'p, T> {
    title: &'p str,
    /// What the browser may load.
    policy: &'static str,
    /// The way to the top of the site.
    root: String,
    part: SiteSection,
    /// What a reader must know before anything else.
    warnings: &'p [String],
    /// What was measured, in a line.
    headline: String,
    page: &'p T,
}

/// A page of the site.
pub(super) fn page<T: Serialize>(
    site_index: &SiteIndex<'_>,
    sink: &mut impl Sink,
    part: SiteSection,
    (path, title, template): (&str, &str, &'static str),
    page: &T,
) {
    let sheet = PageLayout {
        title,
        policy: POLICY,
        root: path::root(path),
        part,
        warnings: &site_index.summary.warnings,
        headline: site_index.summary.headline(),
        page,
    };
    sink.page(path.to_owned(), template, &sheet);
}
