//! Graphs: where things are drawn. The templates draw them as SVG.

pub(super) mod bars;
pub(super) mod heat;
pub(super) mod timeline;
