//! The site: a matrix as static pages that need neither a server nor a network.
//!
//! Pure: results, verdicts and the corpus in, the bytes of every file out. Equal input gives equal
//! bytes. Each kind of page has a file here, which turns the matrix into a context, and a template,
//! which turns the context into HTML. All text is escaped there; none of it is trusted. Scripts add
//! filters and keys; without them every row is there, and every link works.
//!
//! Addresses are permanent: `case/FAMILY/NAME.html#RUNTIME` is the evidence behind a cell whatever
//! else is measured later.

mod about;
mod builds;
mod case;
mod clause;
mod findings;
mod graph;
mod group;
mod index;
mod matrix;
mod overview;
mod page_layout;
mod path;
mod renderer;
mod runtime;
mod tool;
mod views;
mod wording;

use crate::analysis::{changes::versions::FoldMode, conformance::Verdicts, matrix::Matrix};
use index::SiteIndex;
use ocipick_corpus::Corpus;
use renderer::TemplateRenderer;
use serde::Serialize;
use std::collections::BTreeMap;

const STYLE: &str = include_str!("../../templates/site/style.css");
const SCRIPT: &str = include_str!("../../templates/site/site.js");

/// What a site is made of.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'s> {
    /// What was measured.
    pub matrix: &'s Matrix<'s>,
    /// The same, held against the specifications.
    pub verdicts: &'s Verdicts<'s>,
    /// The cases: what was served, and why.
    pub corpus: &'s Corpus,
    /// Whether columns are folded as those of a wide table.
    pub fold: FoldMode,
}

/// A site: the bytes of each file, by its path with slashes below the top of the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Every file. The first page is `index.html`.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Site {
    /// Makes the site.
    ///
    /// # Panics
    /// Never: the templates are part of this crate, and its tests render every kind of page.
    #[must_use]
    pub fn build(sources: &Sources<'_>) -> Self {
        let mut printer = TemplateRenderer::new();
        every_page(&SiteIndex::of(sources), &mut printer);
        let mut files = printer.files;
        for (path, text) in [("style.css", STYLE), ("site.js", SCRIPT)] {
            files.insert(path.to_owned(), text.as_bytes().to_vec());
        }
        Self { files }
    }

    /// How many bytes all files have together.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.files.values().map(|bytes| bytes.len() as u64).sum()
    }
}

/// The matrix as one page that needs nothing but itself: that of the site, with its style and its
/// script in it. What other pages tell is not in it, and nothing in it leads there.
///
/// # Panics
/// Never: the template is part of this crate, and its tests render every kind of outcome.
#[must_use]
pub fn one_page(sources: &Sources<'_>) -> String {
    let mut printer = TemplateRenderer::new();
    matrix::alone(&SiteIndex::alone(sources), &mut printer);
    let page = printer.files.into_values().next().unwrap_or_default();
    String::from_utf8_lossy(&page).into_owned()
}

/// All that the templates are given, by the paths of the pages, as JSON: what snapshot tests
/// compare, because markup changes more often than what is said.
///
/// # Panics
/// Never: all keys are text, and all numbers are finite.
#[must_use]
pub fn contexts(sources: &Sources<'_>) -> BTreeMap<String, serde_json::Value> {
    let mut recorder = Recorder(BTreeMap::new());
    every_page(&SiteIndex::of(sources), &mut recorder);
    recorder.0
}

/// What becomes of the contexts of pages.
trait Sink {
    fn page<T: Serialize>(&mut self, path: String, template: &'static str, context: &T);
}

struct Recorder(BTreeMap<String, serde_json::Value>);

impl Sink for Recorder {
    fn page<T: Serialize>(&mut self, path: String, _template: &'static str, context: &T) {
        let context = serde_json::to_value(context).expect("keys are text and numbers are finite");
        self.0.insert(path, context);
    }
}

fn every_page(site_index: &SiteIndex<'_>, sink: &mut impl Sink) {
    overview::page(site_index, sink);
    matrix::pages(site_index, sink);
    case::pages(site_index, sink);
    runtime::pages(site_index, sink);
    tool::pages(site_index, sink);
    clause::pages(site_index, sink);
    findings::page(site_index, sink);
    views::page(site_index, sink);
    builds::page(site_index, sink);
    about::page(site_index, sink);
}
